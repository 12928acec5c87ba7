"""Prove that incremental builds produce the same database as full builds: `make equivalence`.

Creates sample extracts below `--data`, or uses existing ones, and changes a copy of them day by
day, and with them the definitions and the limits of retention. Each day it runs an incremental
build and a full one and compares both databases. Messages are handed over every third day, and
every sixth somebody asks to be erased. It prints one line per day. Exit code 0: equal on every day
and no message handed over twice; 1: different, or a command failed; 2: bad arguments.
"""

from __future__ import annotations

import csv
import shutil
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated

import duckdb
import typer

from benchmarking.processes import run_command
from make_sample_data import RefusedError, make
from sample_data.acting import ERASED, HANDED_OVER, Acting
from sample_data.days import ACCEPTED, Days, prepare
from sample_data.equality import compare
from sample_data.pairs import copy_pair

PROJECT = Path(__file__).resolve().parent.parent


class BuildFailedError(Exception):
    """A build ended with an exit code other than 0."""


def run_runner(
    database: Path,
    *arguments: str,
    extracts: Path,
    project: Path = PROJECT,
    definitions: Path = PROJECT / "definitions",
) -> float:
    """Runs the runner of a project; returns its CPU seconds. Raises BuildFailedError."""
    database.parent.mkdir(parents=True, exist_ok=True)
    environment = {
        "BEHAVIORAL_DATA_DIR": str(extracts),
        "BEHAVIORAL_DB": str(database),
        "BEHAVIORAL_DEFINITIONS_DIR": str(definitions),
        "BEHAVIORAL_HASH_KEY": "a key for samples only",
        "DBT_TARGET_PATH": str(database.parent / "target"),
        "DBT_LOG_PATH": str(database.parent / "logs"),
    }
    command = [sys.executable, str(project / "scripts" / "segment.py"), *arguments]
    usage = run_command(command, environment=environment)
    if usage.exit_code:
        raise BuildFailedError(f"a command ended with exit code {usage.exit_code}; see above")
    return usage.cpu_s


class Site:
    """A copy of the project, whose seed `retention` changes, with extracts and definitions."""

    def __init__(self, data: Path, seed: int) -> None:
        """Copies the project below `data`."""
        self.extracts = data / "extracts"
        self.project = data / "project"
        shutil.rmtree(self.project, ignore_errors=True)
        left_out = (".*", "warehouse", "data", "target", "logs", "benchmark", "__pycache__")
        shutil.copytree(PROJECT, self.project, ignore=shutil.ignore_patterns(*left_out))
        definitions = data / "definitions"
        shutil.rmtree(definitions, ignore_errors=True)
        self.acting = Acting(definitions, self.extracts, seed)

    def run(self, database: Path, *arguments: str) -> float:
        """Runs the runner of the copy; returns its CPU seconds. Raises BuildFailedError."""
        return run_runner(
            database,
            *arguments,
            extracts=self.extracts,
            project=self.project,
            definitions=self.acting.definitions,
        )

    def build(self, database: Path, as_of: str | None, *, full_refresh: bool = False) -> float:
        """Builds a database with the limits of the day."""
        self.limit(self.acting.limits)
        options = ["--as-of", as_of] if as_of else []
        options += ["--full-refresh"] if full_refresh else []
        return self.run(database, "build", *options, *(f"--accept={check}" for check in ACCEPTED))

    def limit(self, days: Mapping[str, int]) -> None:
        """Writes the limits into the seed."""
        file = self.project / "seeds" / "retention.csv"
        with file.open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
        with file.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(row | {"days": days.get(row["kind"], "")} for row in rows)


def clock(database: Path) -> date:
    """The reference date of a published database."""
    with duckdb.connect(str(database), read_only=True) as con:
        found = con.execute("select as_of_date from marts.build_info").fetchone()
    if found is None:
        raise BuildFailedError(f"{database.name} has no build")
    return date.fromisoformat(str(found[0]))


def check(data: Path, scale: float, days: int, seed: int) -> bool:
    """Applies days, compares after each, and returns whether all days were as they should be."""
    make(scale, 7, data / "sample", corner_cases=True)
    prepare(data / "sample", data / "extracts")
    site = Site(data, seed)
    changed = Days(site.extracts, seed, news_share=0.001)
    daily, full = (data / name / "behavioral.duckdb" for name in ("daily", "full"))
    for database in (daily, full):
        shutil.rmtree(database.parent, ignore_errors=True)
    seconds = site.build(daily, None)
    print(f"day 0: CPU {seconds:.1f} s, everything read", flush=True)
    equal = True
    for _ in range(days):
        day = changed.next()
        site.acting.begin(day.number)
        if day.number % ERASED == 0:
            site.acting.erase(day.number, [f"WI:{svid}" for _, svid in changed.svids(3)])
            # A build takes the erased out of the ledger: the next two then read the same files.
            site.build(daily, day.as_of)
        # The history of segments is in no extract: both builds go on from the same one.
        full.parent.mkdir(parents=True, exist_ok=True)
        copy_pair(daily, full)
        # One after the other: at the same time they would slow each other down.
        seconds = site.build(daily, day.as_of)
        seconds_in_full = site.build(full, day.as_of, full_refresh=True)
        # The views of these two schemas read the files themselves, which are too large to compare.
        comparison = compare(daily, full, but_rows_of=("extracts", "staging"))
        if day.number % HANDED_OVER == 2:
            for channel in ("email", "sms"):
                site.run(daily, "hand-over", "--channel", channel)
            site.acting.sent(daily.parent / "handed_over", clock(daily))
        twice = len(site.acting.handed_over) - len(set(site.acting.handed_over))
        equal = equal and comparison.difference is None and not twice
        print(
            f"day {day.number}: CPU {seconds:.1f} s, in full {seconds_in_full:.1f} s;"
            f" {comparison.compared} tables compared,"
            f" {comparison.difference or 'equal'}; {', '.join(day.kinds)}"
            f"{f'; as of {day.as_of}' if day.as_of else ''};"
            f" {len(site.acting.handed_over)} messages handed over, {twice} of them twice",
            flush=True,
        )
    return equal


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@app.command()
def compare_builds(
    scale: Annotated[float, typer.Option(help="1.0 is the full size; at most 10.")] = 0.1,
    days: Annotated[int, typer.Option(help="How many days to apply.")] = 5,
    seed: Annotated[int, typer.Option(help="Another seed makes other days.")] = 1,
    data: Annotated[Path, typer.Option(help="The folder of all files.")] = Path(
        "warehouse/equivalence"
    ),
) -> None:
    """Compare daily builds with full ones."""
    sys.exit(0 if check(data.resolve(), scale, days, seed) else 1)


def main() -> int:
    """Runs the command line; any mistake is one line and exit code 2."""
    try:
        app(standalone_mode=False)
    except BuildFailedError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except RefusedError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except typer.TyperException as error:
        print(f"error: {' '.join(error.format_message().split())}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
