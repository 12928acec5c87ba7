"""An incremental build produces the same database as a full refresh.

A folder of extracts changes day by day (`sample_data.days`), and so do the definitions and the
limits of retention; messages are handed over, and people ask to be erased (`sample_data.acting`).
Each day an incremental build of the published database is compared with a full refresh of the same
extracts. Both builds run at the same time, and begin with the database of the day before, whose
history of segments they carry on.
`make equivalence` does the same for any number of days and rows.

`make thorough` compares after each of thirty days, `make test` after every third of eight. An error
stays in the rows that later builds carry over, so it is found days later, unless the table is read
again first because its types change or the clock goes back.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest

from conftest import build_environment
from sample_data.acting import ERASED, HANDED_OVER, Acting
from sample_data.days import ACCEPTED, Day, Days, kinds, prepare
from sample_data.equality import Comparison, compare
from sample_data.pairs import copy_pair, opened
from warm import Run, Warm

PROJECT = Path(__file__).resolve().parents[2]

SEED = 6
OF_THE_GATE = (8, 3)  # with this seed, so many days have every kind of change
THOROUGH = (30, 1)
"""The number of days, and how many days apart the comparisons are."""

CARRIED = ("email_clickers", "list_link_phone_email_map")
"""The tables that are too large to be read every day; the others are read whole."""

# ------------------------------------------------------------------------------------ the sequence


class Files(NamedTuple):
    """What a database records about the files that it was built from."""

    clock: date
    build_id: str
    read: dict[tuple[str, str], tuple[str, str]]
    """(table, file) → (SHA-256, id of the build that read it)."""
    there: dict[tuple[str, str], str]
    """(table, file) → SHA-256 of the files themselves."""
    types: dict[str, list[tuple[str, str]]]
    """Table → the columns of all its files together, with types."""
    oldest: dict[str, date]
    """Table → the oldest day that its limit of retention keeps."""


class Built(NamedTuple):
    """A day, the comparison with a full refresh, and the files after and before it."""

    day: Day
    comparison: Comparison | None
    files: Files
    before: Files
    handed_over: list[str]
    """The keys of all messages so far, as often as they were in a list."""
    expired: int
    """Rows that were left out because they are too old."""


def files_of(database: Path, extracts: Path) -> Files:
    """Reads a published database and the extracts that it was built from."""
    with opened(database) as con:
        info = con.execute("select as_of_date, build_id from marts.build_info").fetchone()
        assert info is not None
        read = con.execute(
            "select source_table, source_file, sha256, read_at_build from marts.input_files"
        ).fetchall()
        oldest = dict(
            con.execute(
                "select source_table, cast(oldest_at as date) from staging.stg_retention"
            ).fetchall()
        )
        types = {
            table: [
                (str(row[0]), str(row[1]))
                for row in con.execute(
                    f"describe select * from read_parquet('{extracts / table}/*.parquet',"
                    " union_by_name = true)"
                ).fetchall()
            ]
            for table in CARRIED
        }
    there = {
        (table, file.name): hashlib.sha256(file.read_bytes()).hexdigest()
        for table in CARRIED
        for file in (extracts / table).glob("*.parquet")
    }
    return Files(
        info[0], info[1], {(row[0], row[1]): (row[2], row[3]) for row in read}, there, types, oldest
    )


def expired_rows(database: Path) -> int:
    """The rows that a build left out because they are too old."""
    with duckdb.connect(str(database), read_only=True) as con:
        found = con.execute("select sum(rows_expired) from quarantine.row_accounting").fetchone()
    return int(found[0]) if found else 0


@pytest.fixture(
    scope="module",
    params=[OF_THE_GATE, pytest.param(THOROUGH, marks=pytest.mark.thorough)],
    ids=lambda days: f"{days[0]} days",
)
def sequence(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, warm: Warm
) -> list[Built]:
    """The days of one sequence, up to the first on which the databases differ.

    The builds run no data tests: `make test` does elsewhere.
    """
    number_of_days, every = request.param
    folder = tmp_path_factory.mktemp("incremental")
    extracts, sample = folder / "extracts", folder / "sample"
    made = (PROJECT / "scripts" / "make_sample_data.py", "--scale", "0.00005", "--corner-cases")
    command = [sys.executable, *map(str, made), "--out", str(sample)]
    subprocess.run(command, check=True, capture_output=True)
    prepare(sample, extracts)
    days = Days(extracts, SEED)
    database, reference = (folder / name / "behavioral.duckdb" for name in ("daily", "full"))

    acting = Acting(folder / "definitions", extracts, SEED)

    def environment(file: Path) -> dict[str, str]:
        return build_environment(extracts, file) | {
            "BEHAVIORAL_DEFINITIONS_DIR": str(acting.definitions)
        }

    def begin(file: Path, *options: str) -> Run:
        file.parent.mkdir(exist_ok=True)
        return warm.start(
            *("build", *options, *(f"--accept={check}" for check in ACCEPTED)),
            env=environment(file),
            first=("plant", "several", [[["small_build", []], ["limited", [acting.limits]]]]),
        )

    def end(*builds: Run) -> None:
        for run in builds:
            assert run.wait() == 0, run.stderr

    end(begin(database))
    before = files_of(database, extracts)
    built: list[Built] = []
    last_built = ""
    for number in range(1, number_of_days + 1):
        day = days.next()
        clock = ("--as-of", day.as_of) if day.as_of else ()
        is_compared = number % every == 1 % every or number == number_of_days
        if number % ERASED == 0:
            acting.erase(number, [f"WI:{svid}" for _, svid in days.svids(3)])
            if is_compared:
                # A build takes the erased out of the ledger, which two at a time would do twice.
                end(begin(database, *clock))
        acting.begin(number)
        is_as_before = (
            day.kinds == ("no_change",)
            and built
            and built[-1].comparison
            and acting.digest() == last_built
        )
        last_built = acting.digest()
        is_built_in_full = is_compared and not is_as_before
        if is_built_in_full:
            # The history of segments is in no extract: both builds go on from the same one.
            reference.parent.mkdir(exist_ok=True)
            copy_pair(database, reference)
        runs = [begin(database, *clock)]
        if is_built_in_full:
            runs.append(begin(reference, *clock, "--full-refresh"))
        end(*runs)
        after = files_of(database, extracts)
        comparison = compare(database, reference) if is_compared else None
        for channel in ("email", "sms") if number % HANDED_OVER == 2 else ():
            run = warm.run("hand-over", "--channel", channel, env=environment(database))
            assert run.returncode == 0, run.stderr
        acting.sent(database.parent / "handed_over", after.clock)
        expired = expired_rows(database)
        built.append(Built(day, comparison, after, before, [*acting.handed_over], expired))
        before = after
        if comparison and comparison.difference:
            break
    return built


def test_days_equal_a_full_refresh(sequence: list[Built]) -> None:
    last = sequence[-1]
    assert last.comparison is not None
    assert last.comparison.difference is None, (
        f"day {last.day.number} ({', '.join(last.day.kinds)}; as of {last.day.as_of}),"
        f" daily build first: {last.comparison.difference}"
    )
    assert last.comparison.compared > 60


def test_every_kind_of_change_occurs(sequence: list[Built]) -> None:
    """SEED and OF_THE_GATE are chosen for this; a new kind may need more days."""
    assert kinds() - {kind for built in sequence for kind in built.day.kinds} == set()


def test_the_clock_goes_both_ways(sequence: list[Built]) -> None:
    steps = {
        (built.files.clock > built.before.clock) - (built.files.clock < built.before.clock)
        for built in sequence
    }
    assert steps == {-1, 0, 1}


def assert_was_incremental(built: Built) -> None:
    """Unchanged files of the large tables were not read again.

    In `marts.input_files`, `read_at_build` is the build that read a file. A build may read a
    table's old files again for three reasons: the types of its columns have changed, so old values
    may read differently; the clock goes back, so rows of the last build are in the future; or the
    limit of retention reaches further back, so rows are missing in the last build.
    """
    before, after = built.before, built.files
    named = {key: sha256 for key, (sha256, _) in after.read.items() if key[0] in CARRIED}
    assert named == after.there
    for key, (sha256, build_id) in after.read.items():
        table = key[0]
        if table not in CARRIED:
            continue
        unchanged = before.read.get(key, ("", ""))[0] == sha256
        may_be_read_again = (
            after.types[table] != before.types[table]
            or after.clock < before.clock
            or after.oldest.get(table, date.min) < before.oldest.get(table, date.min)
        )
        if not unchanged:
            assert build_id == after.build_id, f"{key} is new"
        elif not may_be_read_again:
            assert build_id == before.read[key][1], f"{key} was read again"


def test_files_that_did_not_change_are_not_read_again(sequence: list[Built]) -> None:
    for built in sequence:
        assert_was_incremental(built)


def test_no_message_is_handed_over_twice(sequence: list[Built]) -> None:
    """Late data, changed definitions, erasures and limits change proposals, never what was sent."""
    handed_over = Counter(sequence[-1].handed_over)
    assert handed_over.most_common(1)[0][1] == 1
    assert len(handed_over) > 10


def test_old_rows_leave_under_a_limit(sequence: list[Built]) -> None:
    """Without a limit nothing is left out; with one, old rows are, in every build."""
    for built in sequence:
        assert (built.expired > 0) == bool(built.files.oldest)
    assert {bool(built.files.oldest) for built in sequence} == {False, True}
