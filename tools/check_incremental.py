"""Prove that incremental builds produce the same database as full builds: `make equivalence`.

Creates sample extracts below `--data`, or uses existing ones, and changes a copy of them day by
day. Each day it runs an incremental build and a full one and compares both databases. It prints
one line per day. Exit code 0: equal on every day; 1: different, or a build failed; 2: bad
arguments.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from benchmarking.processes import run_command
from make_sample_data import RefusedError, make
from sample_data.days import ACCEPTED, Days, prepare
from sample_data.equality import compare
from sample_data.pairs import copy_pair

PROJECT = Path(__file__).resolve().parent.parent


class BuildFailedError(Exception):
    """A build ended with an exit code other than 0."""


def build(extracts: Path, database: Path, as_of: str | None, *, full_refresh: bool) -> float:
    """Runs `segment.py build` and returns its CPU seconds. Raises BuildFailedError."""
    command = [sys.executable, str(PROJECT / "scripts" / "segment.py"), "build"]
    command += ["--as-of", as_of] if as_of else []
    command += ["--full-refresh"] if full_refresh else []
    command += [f"--accept={check}" for check in ACCEPTED]
    database.parent.mkdir(parents=True, exist_ok=True)
    environment = {
        "BEHAVIORAL_DATA_DIR": str(extracts),
        "BEHAVIORAL_DB": str(database),
        "BEHAVIORAL_HASH_KEY": "a key for samples only",
        "DBT_TARGET_PATH": str(database.parent / "target"),
        "DBT_LOG_PATH": str(database.parent / "logs"),
    }
    usage = run_command(command, environment=environment)
    if usage.exit_code:
        raise BuildFailedError(f"a build ended with exit code {usage.exit_code}; see above")
    return usage.cpu_s


def check(data: Path, scale: float, days: int, seed: int) -> bool:
    """Applies days, compares after each, and returns whether all days were equal."""
    make(scale, 7, data / "sample", corner_cases=True)
    extracts = data / "extracts"
    prepare(data / "sample", extracts)
    changed = Days(extracts, seed, news_share=0.001)
    daily, full = (data / name / "behavioral.duckdb" for name in ("daily", "full"))
    daily.unlink(missing_ok=True)
    seconds = build(extracts, daily, None, full_refresh=False)
    print(f"day 0: CPU {seconds:.1f} s, everything read", flush=True)
    equal = True
    for _ in range(days):
        day = changed.next()
        # The history of segments is in no extract: both builds go on from the same one.
        full.parent.mkdir(parents=True, exist_ok=True)
        copy_pair(daily, full)
        # One after the other: at the same time they would slow each other down.
        seconds = build(extracts, daily, day.as_of, full_refresh=False)
        seconds_in_full = build(extracts, full, day.as_of, full_refresh=True)
        # The views of these two schemas read the files themselves, which are too large to compare.
        comparison = compare(daily, full, but_rows_of=("extracts", "staging"))
        equal = equal and comparison.difference is None
        print(
            f"day {day.number}: CPU {seconds:.1f} s, in full {seconds_in_full:.1f} s;"
            f" {comparison.compared} tables compared,"
            f" {comparison.difference or 'equal'}; {', '.join(day.kinds)}"
            f"{f'; as of {day.as_of}' if day.as_of else ''}",
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
