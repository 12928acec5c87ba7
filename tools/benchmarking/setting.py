"""The setting of a run: the extracts, the scratch folder, the database, and the repeats."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarking.contracts import declared_columns
from benchmarking.processes import MeasuringError, attempt_job, run_command, run_job
from enrichment.paths import PROJECT

SIZES = (100, 1_000, 10_000)
"""Numbers of ids in a segment; all voters come on top."""

DAYS = ("news", "news_and_people")
"""The days of the section incremental: the second changes persons too."""

RUNNER = PROJECT / "scripts" / "segment.py"
SAMPLE_MAKER = PROJECT / "scripts" / "make_sample_data.py"
FULL_VOTERS = 81_000

Log = Callable[[str], None]


@dataclass(frozen=True)
class Setting:
    """The paths and numbers of a run.

    ``data`` are the required extracts, ``delivered`` these and the optional ones; ``work`` is a
    scratch folder on their file system; ``given`` a published database to use instead of a new one;
    ``calls`` the warm calls of each question and size; ``threads`` those of DuckDB; ``limit_s`` the
    time limit of a statement of the brief; ``days`` those of the section incremental; ``built`` the
    figures of a full build by this code, if there are any.
    """

    scale: float
    data: Path
    delivered: Path
    work: Path
    given: Path | None
    calls: int
    scales: tuple[float, ...]
    voters: int | None
    threads: int
    limit_s: float
    log: Log
    days: tuple[str, ...] = DAYS
    built: Mapping[str, Any] = field(default_factory=dict)

    @property
    def database(self) -> Path:
        """The database for questions."""
        return self.given or self.own_database

    @property
    def own_database(self) -> Path:
        """The database of the section build."""
        return self.work / "full" / "behavioral.duckdb"

    def environment(self, database: Path, data: Path | None = None) -> dict[str, str]:
        """The environment of a build or a question; dbt writes to the scratch folder only."""
        return {
            "BEHAVIORAL_DATA_DIR": str(data or self.data),
            "BEHAVIORAL_DB": str(database),
            "BEHAVIORAL_HASH_KEY": "of measurements only",
            "DBT_TARGET_PATH": str(self.work / "target"),
            "DBT_LOG_PATH": str(self.work / "logs"),
        }

    def require_database(self) -> Path:
        """The database, built now if it is missing, or older than the code or the extracts."""
        if self.given is not None:
            return self.given
        if not self.is_built():
            self.log("building the database for the questions")
            built, _ = build(self, self.database)
            if not built["is_finished"]:
                raise MeasuringError("the build failed")
        return self.database

    def is_built(self) -> bool:
        """Whether the own database is there, and no older than the code and the extracts."""
        arguments = {"database": str(self.own_database), "data": str(self.data)}
        return self.own_database.is_file() and bool(
            run_job("build.is_current", arguments)[0]["is_current"]
        )


def make_extracts(
    folder: Path, scale: float, voters: int | None, log: Log, *, shape: str | None = None
) -> None:
    """Makes sample extracts unless they are there. Raises MeasuringError."""
    arguments = ["--scale", str(scale), "--out", str(folder)]
    if shape is not None:
        arguments += ["--shape", shape]
    if voters is not None:
        arguments += ["--voters", str(voters)]
    log(f"making sample extracts at scale {scale:g}, unless they are there")
    if run_command([sys.executable, str(SAMPLE_MAKER), *arguments]).exit_code != 0:
        raise MeasuringError("the sample extracts were not made")


def required_extracts(delivered: Path, out: Path) -> Path:
    """Makes ``out`` a folder of links to the required extracts of ``delivered``; returns it."""
    shutil.rmtree(out, ignore_errors=True)
    for table in declared_columns():
        (out / table).mkdir(parents=True)
        link((delivered / table).glob("*.parquet"), out / table)
    return out


def link(files: Iterable[Path], folder: Path) -> None:
    """Puts links to files into a folder: hard ones, where the file system is the same."""
    for file in files:
        try:
            os.link(file, folder / file.name)
        except OSError:  # another file system
            (folder / file.name).symlink_to(file.resolve())


def build(
    setting: Setting,
    database: Path,
    *,
    data: Path | None = None,
    is_full: bool = True,
    threads: int | None = None,
    memory_limit: str | None = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Builds and publishes ``database`` as the runner does, in a child that listens to dbt.

    Returns the figures, and what the listener heard (`sections.build.run_build`): CPU and wall
    seconds of the whole process, and of dbt's start-up, which is everything before dbt knows its
    nodes; the size of the database. A build that fails has ``is_finished`` false.
    """
    database.parent.mkdir(parents=True, exist_ok=True)
    environment = setting.environment(database, data)
    if memory_limit is not None:
        environment["BEHAVIORAL_MEMORY_LIMIT"] = memory_limit
    heard, usage = attempt_job(
        "build.run_build", {"is_full": is_full, "threads": threads}, environment=environment
    )
    is_finished = usage.exit_code == 0 and heard.get("exit_code") == 0
    figures: dict[str, Any] = {"is_finished": is_finished, **usage.figures()}
    if is_finished:
        from sample_data.pairs import halves

        figures |= {
            "startup_cpu_s": heard["startup_cpu_s"],
            "startup_wall_s": heard["startup_wall_s"],
            "net_cpu_s": round(usage.cpu_s - heard["startup_cpu_s"], 3),
            "net_wall_s": round(usage.wall_s - heard["startup_wall_s"], 3),
            "database_mb": round(database.stat().st_size / 1e6, 1),
            "private_mb": round(sum(half.stat().st_size for half in halves(database)[1:]) / 1e6, 1),
            "nodes": len(heard["nodes"]),
        }
    if memory_limit is not None:
        figures |= {
            "memory_limit": memory_limit,
            "is_limit_applied": heard.get("memory_limits") == [memory_limit],
        }
    return figures, heard
