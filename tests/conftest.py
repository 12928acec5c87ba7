"""Fixtures of all Python tests: sample extracts, the database built from them, warm runs.

`make test` runs several workers. The first one that needs a slow fixture makes it for all.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from filelock import FileLock

from warm import Warm

PROJECT = Path(__file__).resolve().parents[1]

LONGEST_FIRST = (
    "test_incremental",
    "test_build",
    "test_kills",
    "test_random_kills",
    "test_faults",
    "test_reference",
    "test_corrections",
)
"""Slow test files. They run first, so that no worker is busy with one of them at the end."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds --thorough."""
    parser.addoption(
        "--thorough", action="store_true", help="every kill, fault and day, not a selection"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Puts slow files first; leaves out tests marked thorough unless --thorough is given."""
    if not config.getoption("--thorough"):
        left_out = [item for item in items if item.get_closest_marker("thorough")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    rank = {name: place for place, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: rank.get(item.path.stem, len(rank)))


def made_once(
    tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]
) -> Path:
    """A folder that `make` has filled, once for all workers of a run."""
    base = tmp_path_factory.getbasetemp()
    root = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, whole = root / name, root / f"{name}.whole"
    with FileLock(root / f"{name}.lock"):
        if not whole.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            whole.touch()
    return folder


@pytest.fixture(scope="session")
def sample_extracts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of sample extracts: 0.5 % of the brief's rows, every corner case included."""

    def make(folder: Path) -> None:
        subprocess.run(
            [
                sys.executable,
                str(PROJECT / "scripts" / "make_sample_data.py"),
                *("--scale", "0.005", "--seed", "7", "--corner-cases"),
                *("--out", str(folder / "extracts")),
            ],
            check=True,
            capture_output=True,
        )

    return made_once(tmp_path_factory, "sample", make) / "extracts"


def build_environment(
    extracts: Path, database: Path, scratch: Path | None = None
) -> dict[str, str]:
    """An environment in which the runner builds `database`; dbt's files go to `scratch`."""
    scratch = scratch or database.parent
    return os.environ | {
        "BEHAVIORAL_DATA_DIR": str(extracts),
        "BEHAVIORAL_DB": str(database),
        "BEHAVIORAL_HASH_KEY": "a key for tests only",
        "DBT_TARGET_PATH": str(scratch / "target"),
        "DBT_LOG_PATH": str(scratch / "logs"),
    }


class SmallWorld(NamedTuple):
    """Extracts of 200 voters, and the database that a build without data tests made from them."""

    extracts: Path
    database: Path
    statements: int
    """How many SQL statements that build ran."""


@pytest.fixture(scope="session")
def small_world(tmp_path_factory: pytest.TempPathFactory, warm: Warm) -> SmallWorld:
    """The database for the tests of faults: as small as possible, because they build it often."""

    def make(folder: Path) -> None:
        made = (PROJECT / "scripts" / "make_sample_data.py", "--scale", "0.00005")
        out = ("--corner-cases", "--out", str(folder / "extracts"))
        command = [sys.executable, *map(str, made), *out]
        subprocess.run(command, check=True, capture_output=True)
        (folder / "published").mkdir()
        database = folder / "published" / "behavioral.duckdb"
        plants = [["small_build", []], ["counted_statements", [str(folder / "statements")]]]
        run = warm.run(
            "build",
            env=build_environment(folder / "extracts", database, folder),
            first=("plant", "several", [plants]),
        )
        assert run.returncode == 0, run.stderr

    folder = made_once(tmp_path_factory, "small_world", make)
    statements = int((folder / "statements").read_text())
    return SmallWorld(folder / "extracts", folder / "published" / "behavioral.duckdb", statements)


@pytest.fixture(scope="session")
def sample_build(
    sample_extracts: Path, tmp_path_factory: pytest.TempPathFactory, warm: Warm
) -> tuple[Path, str]:
    """The published database of the sample, built by the runner, and what the runner printed."""

    def make(folder: Path) -> None:
        environment = build_environment(sample_extracts, folder / "behavioral.duckdb")
        run = warm.run("build", env=environment)
        assert run.returncode == 0, run.stderr
        (folder / "stderr").write_text(run.stderr)

    folder = made_once(tmp_path_factory, "warehouse", make)
    return folder / "behavioral.duckdb", (folder / "stderr").read_text()


@pytest.fixture(scope="session")
def sample_database(sample_build: tuple[Path, str]) -> Path:
    """The published database of the sample."""
    return sample_build[0]


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warm]:
    """A process that runs the runner without the start of dbt."""
    base = tmp_path_factory.getbasetemp()
    root = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with FileLock(root / "parsed.lock"):
        server = Warm(tmp_path_factory.mktemp("warm"), root / "parsed")
    yield server
    server.close()
