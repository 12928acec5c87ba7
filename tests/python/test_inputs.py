"""What is checked about the extracts before they are built from: files, manifest, types, limits.

One database is built; then its extracts are spoilt in one way after another. A build that refuses
them ends before anything is built, and so costs little.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from conftest import build_environment
from extracts import Extracts, write_extracts
from sample_data.pairs import opened
from warm import Warm

# ---------------------------------------------------------------------------------- a small world


def world() -> Extracts:
    """Ten voters who get mail, click and give; one row of 120 events is refused."""
    made = Extracts()
    for number in range(10):
        email, phone = f"voter{number}@needle.example", f"60877101{number:02}"
        made.person(f"007{number}", email, cell_phone=phone)
        made.mapped(phone, email, "2025-01-01")
        made.campaign(100 + number, "acme", f"Mailing {number}")
        for day in range(1, 11):
            made.gift(f"2025-06-{day + number:02}", email)
        for day in range(1, 13):
            made.event(email, f"2025-05-{day + number:02}", campaign=100 + number, send=1, click=1)
    made.tables["email_clickers"][0]["OPEN"] = 999
    return made


def divide(folder: Path, table: str, parts: int) -> None:
    """Writes the one file of a table as several."""
    whole = folder / table / "part-0.parquet"
    rows = pq.read_table(whole)
    size = -(-rows.num_rows // parts)
    for number in range(parts):
        pq.write_table(rows.slice(number * size, size), folder / table / f"part-{number}.parquet")


class Place(NamedTuple):
    """A published database, the extracts that it was built from, and a copy of these."""

    warm: Warm
    database: Path
    extracts: Path
    pristine: Path

    def build(self, *options: str, data: Path | None = None) -> Outcome:
        """What the runner's build says."""
        environment = build_environment(data or self.extracts, self.database)
        # A quarter of the models; no check of the extracts depends on them.
        leave_out = ("plant", "without", ["fct_voter_events+"])
        run = self.warm.run("build", *options, env=environment, first=leave_out)
        told = [line for line in run.stderr.splitlines() if line.startswith("segment.py: ")]
        return Outcome(run.returncode, told)

    def restore(self) -> None:
        """Puts the extracts back as they were, times and all."""
        shutil.rmtree(self.extracts)
        shutil.copytree(self.pristine, self.extracts)

    def ask(self, sql: str) -> list[tuple[object, ...]]:
        """An answer of the published database."""
        with opened(self.database) as con:
            return con.execute(sql).fetchall()


class Outcome(NamedTuple):
    """How a build ended, and what it said beside its progress."""

    code: int
    lines: list[str]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, warm: Warm) -> Place:
    """The small world, built and published."""
    folder = tmp_path_factory.mktemp("inputs")
    extracts, database = folder / "extracts", folder / "warehouse" / "behavioral.duckdb"
    write_extracts(extracts, world().tables)
    for table in ("email_clickers", "donations", "campaigns"):
        divide(extracts, table, 4)
    shutil.copytree(extracts, folder / "pristine")
    made = Place(warm, database, extracts, folder / "pristine")
    assert made.build() == Outcome(0, [])
    return made


# ------------------------------------------------------------------------------ what stops a build


def copy_a_file(folder: Path) -> None:
    """A file is delivered twice."""
    shutil.copy(folder / "donations/part-1.parquet", folder / "donations/part-1 (1).parquet")


def shorten_a_file(folder: Path) -> None:
    """A file has lost its last rows."""
    file = folder / "email_clickers" / "part-2.parquet"
    pq.write_table(pq.read_table(file).slice(0, 6), file)


def remove_a_file(folder: Path) -> None:
    """A file is gone."""
    (folder / "donations" / "part-3.parquet").unlink()


def drop_a_column(folder: Path) -> None:
    """No file of a table has a column any more."""
    for file in (folder / "campaigns").glob("*.parquet"):
        pq.write_table(pq.read_table(file).drop_columns(["CHANNEL"]), file)


def deliver_again(folder: Path) -> None:
    """The rows of a table again, in a further file."""
    rows = pa.concat_tables(map(pq.read_table, sorted((folder / "donations").glob("*.parquet"))))
    pq.write_table(rows, folder / "donations" / "whole.parquet")


def mix_ids(folder: Path) -> None:
    """Ids as text in a new file, as numbers in the others."""
    rows = pq.read_table(folder / "campaigns" / "part-0.parquet").slice(0, 1)
    number = rows.schema.get_field_index("CAMPAIGN_ID")
    rows = rows.set_column(number, "CAMPAIGN_ID", pc.cast(rows["CAMPAIGN_ID"], pa.string()))
    pq.write_table(rows, folder / "campaigns" / "text.parquet")


def number_the_svids(folder: Path) -> None:
    """Values of custom fields as numbers, in a file of its own."""
    rows = pa.table({
        "person_id": pa.array([1], pa.int64()),
        "custom_field_id": pa.array([5], pa.int64()),
        "value": pa.array([71], pa.int64()),
    })  # fmt: skip
    pq.write_table(rows, folder / "person_custom_field" / "numbers.parquet")


def refuse_rows(folder: Path) -> None:
    """A file of rows without a date."""
    rows = pq.read_table(folder / "email_clickers" / "part-0.parquet").slice(0, 9)
    number = rows.schema.get_field_index("EVENT_DATE")
    rows = rows.set_column(number, "EVENT_DATE", pa.nulls(9, pa.timestamp("us")))
    pq.write_table(rows, folder / "email_clickers" / "undated.parquet")


Spoil = Callable[[Path], None]

STOPS: list[tuple[Spoil, str, tuple[str, ...], list[str]]] = [
    (
        copy_a_file,
        "duplicate_file",
        (),
        ["donations/part-1.parquet (25 rows) is a copy of donations/part-1 (1).parquet"],
    ),
    (
        shorten_a_file,
        "changed_file",
        (),
        ["file email_clickers/part-2.parquet has changed", "expected 30 rows", "found 6 rows"],
    ),
    (remove_a_file, "missing_file", (), ["file donations/part-3.parquet is gone", "read 25 rows"]),
    (
        drop_a_column,
        "lost_column",
        ("changed_file",),
        ["table campaigns has lost column channel, which the last build found"],
    ),
    (deliver_again, "row_change", (), ["donations has 200 rows, 100 in", "+100.0 %", "50 %"]),
    (
        mix_ids,
        "integer_ids",
        (),
        [
            "file campaigns/part-0.parquet holds column campaign_id as numbers, expected text",
            "and 1 more",
        ],
    ),
    (
        number_the_svids,
        "integer_ids",
        (),
        ["file person_custom_field/numbers.parquet holds column value as numbers"],
    ),
]


@pytest.fixture
def restored(place: Place) -> Iterator[Place]:
    """The place, whose extracts a test may spoil."""
    yield place
    place.restore()


def assert_refused(outcome: Outcome, words: list[str]) -> None:
    """One line that says all of this; exit code 2."""
    assert outcome.code == 2, outcome.lines
    (line,) = outcome.lines
    assert [word for word in words if word not in line] == [], line
    assert "needle.example" not in line


@pytest.mark.parametrize(
    ("spoil", "check", "options", "said"), STOPS, ids=lambda value: getattr(value, "__name__", None)
)
def test_a_check_stops_the_build(
    spoil: Spoil, check: str, options: tuple[str, ...], said: list[str], restored: Place
) -> None:
    """It names the file, what was expected and found, and how to go on; nothing is published."""
    before = restored.database.read_bytes()
    spoil(restored.extracts)
    outcome = restored.build(*(f"--accept={name}" for name in options))
    assert_refused(outcome, [*said, f"or accept it with --accept {check}"])
    assert restored.database.read_bytes() == before


def test_several_checks_stop_a_build_in_one_line(restored: Place) -> None:
    remove_a_file(restored.extracts)
    copy_a_file(restored.extracts)
    outcome = restored.build("--full-refresh")
    assert_refused(outcome, ["--accept duplicate_file", "--accept missing_file"])


def test_a_full_refresh_finds_a_flipped_bit(restored: Place) -> None:
    """Size and time are unchanged, so a build that trusts them does not notice."""
    file = restored.extracts / "person" / "part-0.parquet"
    content, status = bytearray(file.read_bytes()), file.stat()
    content[100] ^= 1
    file.write_bytes(content)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert_refused(restored.build("--full-refresh"), ["person/part-0.parquet has changed"])


def test_files_of_another_folder_are_not_missed(restored: Place, tmp_path: Path) -> None:
    """They are other files; only how many rows there are is compared."""
    other = shutil.copytree(restored.pristine, tmp_path / "other")
    shorten_a_file(other)
    deliver_again(other)
    remove_a_file(other)
    outcome = restored.build(data=other)
    assert_refused(outcome, ["row_change"])
    assert not any(check in outcome.lines[0] for check in ("changed_file", "missing_file"))


def test_only_checks_can_be_accepted(restored: Place) -> None:
    """The message does not repeat the given text, which may be anything."""
    outcome = restored.build("--accept", "0071001", "--accept", "manifest")
    assert_refused(
        outcome, ["name some of changed_file, deletion_column, duplicate_file, empty_table"]
    )
    assert "0071001" not in outcome.lines[0]


# -------------------------------------------------------------------------------------- a manifest


def hashes(folder: Path) -> dict[str, str]:
    """Each file of the extracts and its SHA-256."""
    return {
        f"{file.parent.name}/{file.name}": hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.glob("*/*.parquet")
    }


def of_other_bytes(files: dict[str, str]) -> object:
    """One file is not what was sent."""
    return {"files": {**files, "person/part-0.parquet": "0" * 64}}


def of_a_missing_file(files: dict[str, str]) -> object:
    """A file was sent and is missing."""
    return {**files, "donations/part-9.parquet": "0" * 64}


def without_a_file(files: dict[str, str]) -> object:
    """A file was not sent and is present."""
    return {"files": {name: sha256 for name, sha256 in files.items() if "person/" not in name}}


def of_half_a_hash(files: dict[str, str]) -> object:
    """A hash is too short."""
    return {"files": {**files, "person/part-0.parquet": {"sha256": "0" * 32}}}


def of_no_mapping(files: dict[str, str]) -> object:
    """A list of names."""
    return list(files)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (
            of_other_bytes,
            ["differs from manifest.json", "person/part-0.parquet (expected SHA-256 000000000000…"],
        ),
        (of_a_missing_file, ["lists what is not there: donations/part-9.parquet"]),
        (without_a_file, ["does not list what is there: person/part-0.parquet"]),
        (of_half_a_hash, ["no SHA-256 for a file of table person", '{"files":']),
        (of_no_mapping, ["manifest.json is no manifest", '{"files":']),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_manifest_is_checked(
    written: Callable[[dict[str, str]], object], said: list[str], restored: Place
) -> None:
    manifest = restored.extracts / "manifest.json"
    manifest.write_text(json.dumps(written(hashes(restored.extracts))))
    assert_refused(restored.build(), [*said, str(restored.extracts)])


@pytest.mark.parametrize("content", [b"", b'{"files": {', b"\xff\xfe{}", b"null"])
def test_a_manifest_that_is_no_json(content: bytes, restored: Place) -> None:
    (restored.extracts / "manifest.json").write_bytes(content)
    assert_refused(restored.build(), ["manifest.json is no manifest"])


# ---------------------------------------------------------------------------- what can be accepted


def test_the_ledger_says_what_each_file_was(place: Place) -> None:
    """Rows, hash, columns with types, and days."""
    rows = place.ask(
        "select source_file, rows_in, sha256, column_types, earliest_date, latest_date"
        " from marts.input_files where source_table = 'donations' order by source_file"
    )
    assert [row[0] for row in rows] == [f"part-{number}.parquet" for number in range(4)]
    file = place.pristine / "donations" / "part-1.parquet"
    assert rows[1] == (
        "part-1.parquet",
        25,
        hashlib.sha256(file.read_bytes()).hexdigest(),
        "email VARCHAR, contact_number VARCHAR, donation_date TIMESTAMP, state VARCHAR,"
        " amount DECIMAL(18,2), donation_id VARCHAR, donation_source VARCHAR",
        date(2025, 6, 4),
        date(2025, 6, 14),
    )


def test_rejected_rows_are_whole_and_have_a_reason(place: Place) -> None:
    """A flag of 999 is not an event that happened 999 times."""
    (row,) = place.ask(
        "select source_table, reason, row_json ->> 'OPEN', row_json ->> 'EVENT_ID'"
        " from quarantine.rejected_rows"
    )
    assert row == ("email_clickers", "sentinel_number", "999", "event-1")


def garble_phones(folder: Path) -> None:
    """Phones that nobody can read, in a new file of the map."""
    rows = pq.read_table(folder / "list_link_phone_email_map" / "part-0.parquet").slice(0, 5)
    number = rows.schema.names.index("CONTACT_NUMBER")
    garbled = rows.set_column(number, "CONTACT_NUMBER", pa.array(["555-CALL-NOW"] * 5))
    pq.write_table(garbled, folder / "list_link_phone_email_map" / "part-1.parquet")


def test_what_is_accepted_is_built_and_recorded(place: Place) -> None:
    """All at once; and a row in a copy is a duplicate of the row that it copies.

    Rows of the map whose phone no voter has are unlinked, and a sample of the phones warns.

    First the rows that are refused stop the build, at its end.
    """
    counted = "select * exclude (build_id) from marts.client_affinity"
    before, events = place.database.read_bytes(), place.ask(counted)
    for spoil in (copy_a_file, mix_ids, refuse_rows, drop_a_column):
        spoil(place.extracts)
    accepted = ["duplicate_file", "integer_ids", "changed_file", "lost_column", "rejected_share"]
    outcome = place.build(*(f"--accept={check}" for check in accepted[:-1]))
    assert_refused(
        outcome,
        [
            "email_clickers: 10 of 129 rows are rejected, 9 of them for date_missing: 7.8 %",
            "expected at most 5.0 %",
            "or accept it with --accept rejected_share",
        ],
    )
    assert place.database.read_bytes() == before

    garble_phones(place.extracts)
    warned = "list_link_phone_email_map: 5 of 15 sampled phones cannot be read: 33.3 %"
    code, (line,) = place.build(*(f"--accept={check}" for check in accepted))
    assert (code, line) == (0, f"segment.py: warning: table {warned}, so their rows link nobody")
    recorded = place.ask(
        "select distinct check_name from marts.input_checks where status = 'accepted'"
    )
    assert {name for (name,) in recorded} == set(accepted)
    assert place.ask("select count(*) from marts.input_checks where status = 'stopped'") == [(0,)]
    assert place.ask(counted) == events
    assert place.ask(
        "select rows_in, rows_duplicate from quarantine.row_accounting"
        " where source_table = 'donations'"
    ) == [(125, 25)]
    assert place.ask(
        "select rows_in, rows_kept, rows_unlinked, rows_rejected from quarantine.row_accounting"
        " where source_table = 'list_link_phone_email_map'"
    ) == [(15, 10, 5, 0)]
