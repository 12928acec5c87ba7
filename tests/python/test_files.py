"""Extracts as other programs write them: folders, CSV, types, deleted rows, names of fields.

One world is written twice: plainly, and in every odd way that must be read. Both give the same
marts. What cannot be read is refused in one line before anything is built.
"""

from __future__ import annotations

import csv
import gzip
import io
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from enrichment import delivered_files
from extracts import write_extracts
from test_inputs import Outcome, Place, assert_refused, world
from warm import Warm

Value = Any

# ----------------------------------------------------------------------- one CSV file alone

COLUMNS = ["identifier", "channel", "reason"]
"""Declared columns of the table in the tests of single files."""


@pytest.fixture(autouse=True)
def _spool(tmp_path: Path) -> None:
    delivered_files.spool_into(tmp_path / "spool")


def listed(folder: Path, table: str = "t") -> dict[str, dict[str, Any]]:
    """What lies beneath the folder of a table, by name."""
    files = delivered_files.delivered_files(str(folder), {table: COLUMNS})
    return {file["source_file"]: file for file in files}


def written(folder: Path, name: str, content: bytes) -> Path:
    """A file below the folder of table t."""
    file = folder / "t" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


TEXT = 'Identifier{0}channel{0}other\n1{0}"a{0}b\nc ""d"""{0}\n2{0}é😀{0}x\n'
ROWS = [("1", "{0}", None), ("2", "é😀", "x")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-16-le"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_each_dialect_is_found_by_the_header(
    delimiter: str, encoding: str, end: str, tmp_path: Path
) -> None:
    """Quoted delimiters, line ends and quotes, beyond-ASCII text, packed or not."""
    content = TEXT.format(delimiter).replace("\n", end).encode(encoding)
    written(tmp_path, "plain.csv", content)
    written(tmp_path, "packed.CSV.gz", gzip.compress(content))
    files = listed(tmp_path)
    assert [file["kind"] for file in files.values()] == ["csv", "csv"]
    paths = [file["path"] for file in files.values()]
    assert delivered_files.csv_rows(paths) == [{"rows_in": 2, "problem": None}] * 2
    for file in files.values():
        assert file["columns"] == ["Identifier", "channel", "other"]
        with duckdb.connect() as con:
            rows = con.execute(f"select * from {file['reader']}").fetchall()
        quoted = f'a{delimiter}b{end}c "d"'
        assert rows == [("1", quoted, None), ("2", "é😀", "x")]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"identifier,channel\n1,a\n2\n3,b\n", "line 3 has 1 column, the header has 2"),
        (b'identifier,channel\n1,"a\nb"\n2,b,c\n', "line 4 has 3 columns, the header has 2"),
        (b'identifier,channel\n1,"a\n2,b\n', "line 2 has a quote that does not end"),
        (b'identifier,channel\n1,a\n2,"b', "line 3 has a quote that does not end"),
        (b'identifier,channel\n1,"a"x\n', "line 2 has a quote that does not end"),
        (b"identifier,channel\n1,a\n2,jos\xe9\n", "line 3 is not UTF-8"),
        (b"identifier,channel\n1,a\r\n2,b\n", "line 2 ends in another way"),
        (b"identifier,channel\n1," + b"x" * 3_000_000 + b"\n", "line 2 is longer than"),
        (b"identifier,channel\n1;a\n", "line 2 has 1 column, the header has 2"),
    ],
)
@pytest.mark.parametrize("is_packed", [False, True])
def test_a_row_that_does_not_fit_is_refused_with_its_line(
    content: bytes, problem: str, is_packed: bool, tmp_path: Path
) -> None:
    name, content = ("a.csv.gz", gzip.compress(content)) if is_packed else ("a.csv", content)
    path = str(written(tmp_path, name, content))
    assert listed(tmp_path)[name]["kind"] == "csv"
    (found,) = delivered_files.csv_rows([path])
    assert problem in found["problem"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "line 1 names no column"),
        (b"1,a\n2,b\n", "line 1 names no column"),
        (b"identifier:channel\n1:a\n", "line 1 names no column"),
        (b"PK\x03\x04\x00\x00\x00\x00", "line 1 names no column"),
        (b"identifier,Channel,channel\n", "line 1 names the column channel twice"),
        (b"caf\xe9,identifier\n", "line 1 is neither UTF-8 nor UTF-16"),
        ("identifier\n1\n".encode("utf-16") + b"\x00", "line 3 is not UTF-16"),
        (gzip.compress(b"identifier\n" * 9999)[:-20], "cannot be read"),
    ],
)
def test_a_file_without_a_header_or_encoding_is_broken(
    content: bytes, reason: str, tmp_path: Path
) -> None:
    written(tmp_path, "a.csv", content)
    file = listed(tmp_path)["a.csv"]
    found = delivered_files.csv_rows([file["path"]]) if file["kind"] == "csv" else [file]
    assert file["kind"] == "broken" or found[0]["problem"]
    assert reason in str(file["reason"] or "cannot be read")


def test_everything_beneath_a_folder_is_listed(tmp_path: Path) -> None:
    """At any depth, links too; what is not read has a reason, and a mark of a writer is one."""
    for name in (
        *("a.parquet", "B.PARQUET", "year=2026/month=1/c.parquet", "year=2026/_SUCCESS"),
        *(".d.parquet.crc", ".e.parquet", "_temporary/f.parquet", "g.xlsx", "h", "i.csv.zip"),
        "j.parquet.tmp",
    ):
        written(tmp_path, name, b"")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "k.parquet").touch()
    (tmp_path / "t" / "a_link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "t" / "a_second_link").symlink_to(tmp_path / "t" / "year=2026")
    (tmp_path / "t" / "gone.parquet").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "t" / "pipe.parquet")
    found = {name: file["kind"] for name, file in listed(tmp_path).items()}
    assert found == {
        "a.parquet": "parquet",
        "B.PARQUET": "parquet",
        "year=2026/month=1/c.parquet": "parquet",
        "a_link/k.parquet": "parquet",
        "year=2026/_SUCCESS": "marker",
        ".d.parquet.crc": "marker",
        ".e.parquet": "unread",
        "_temporary/f.parquet": "unread",
        "g.xlsx": "unread",
        "h": "unread",
        "i.csv.zip": "unread",
        "j.parquet.tmp": "unread",
        "a_second_link": "unread",
        "gone.parquet": "unread",
        "pipe.parquet": "unread",
    }


def test_a_table_that_is_a_file_is_broken(tmp_path: Path) -> None:
    (tmp_path / "t").write_text("identifier\n")
    (file,) = delivered_files.delivered_files(str(tmp_path), {"t": COLUMNS})
    assert (file["kind"], file["reason"]) == ("broken", "a file, not a folder")


# ------------------------------------------------------------------------- one world, written twice


class Spelling:
    """How the values of a CSV file are written: in turn, in each way that must be read."""

    def __init__(self) -> None:
        self._turn = 0

    def __call__(self, name: str, value: Value) -> str:
        """A value as text."""
        self._turn += 1
        if value is None:
            return ""
        if isinstance(value, bool):
            spellings = ("true", "T", "1", "YES") if value else ("false", "f", "0", "No")
            return spellings[self._turn % 4]
        if isinstance(value, int):
            return f"{value}.0" if self._turn % 2 else str(value)
        if isinstance(value, datetime):
            return value.isoformat(sep=" T"[self._turn % 2] or " ")
        return str(value)


def write_csv(
    file: Path,
    rows: pa.Table,
    *,
    delimiter: str = ",",
    encoding: str = "utf-8",
    end: str = "\n",
    **more: str,
) -> None:
    """Writes a table as CSV; `more` are further columns, the same in every row."""
    spell, text = Spelling(), io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end)
    writer.writerow([*rows.column_names, *more])
    for row in rows.to_pylist():
        writer.writerow([*(spell(name, value) for name, value in row.items()), *more.values()])
    content = text.getvalue().encode(encoding)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(gzip.compress(content) if file.suffix == ".gz" else content)


def cast(rows: pa.Table, **types: pa.DataType) -> pa.Table:
    """The table with columns of other types."""
    for name, kind in types.items():
        place, column = rows.schema.get_field_index(name), rows[name]
        if kind == "zoned ns":
            column = column.cast(pa.timestamp("ns")).cast(pa.timestamp("ns", tz="America/Chicago"))
        elif kind == "text":
            column = pa.array([None if v is None else str(v) for v in column.to_pylist()])
        elif kind == "dictionary":
            column = column.combine_chunks().dictionary_encode()
        else:
            column = column.cast(kind)
        rows = rows.set_column(place, name, column)
    return rows


EVENT_TYPES: list[dict[str, Any]] = [
    {"EVENT_DATE": pa.timestamp("s")},
    {"EVENT_DATE": pa.timestamp("ms"), "EMAIL": pa.large_string()},
    {"EVENT_DATE": pa.timestamp("ns"), "EMAIL": "dictionary"},
    {"EVENT_DATE": pa.timestamp("s", tz="UTC"), "CAMPAIGN_ID": pa.float64()},
    {"EVENT_DATE": pa.timestamp("ms", tz="UTC"), "CAMPAIGN_ID": pa.decimal128(21, 2)},
    {"EVENT_DATE": pa.timestamp("us", tz="UTC"), "CAMPAIGN_ID": pa.uint64()},
    {"EVENT_DATE": "zoned ns", "SEND": pa.float64(), "CLICK": pa.bool_()},
    {"EVENT_DATE": pa.date32(), "SEND": pa.decimal128(12, 0)},
    {"EVENT_DATE": pa.date64(), "IS_BOT": pa.int8()},
    {"EVENT_DATE": "text", "EMAIL": pa.binary(), "CLICK": pa.int64()},
]
"""Types of the columns of one file each; no event of the world has an hour."""


def write_oddly(plain: Path, folder: Path) -> None:
    """The plain files in every odd way that must be read."""
    read = {
        file.parent.name: pq.read_table(file) for file in sorted(plain.glob("*/part-0.parquet"))
    }
    person = read["person"]
    pq.write_table(person.slice(0, 4), _made(folder / "person/state=WI/part-0.parquet"))
    write_csv(
        folder / "person" / "rest.csv", person.slice(4), encoding="utf-8-sig", nickname="a\nb"
    )
    fields = read["person_custom_field"]
    write_csv(folder / "person_custom_field/part=1/a.csv.gz", fields.slice(0, 5), delimiter=";")
    write_csv(folder / "person_custom_field/part=2/b.csv", fields.slice(5), end="\r\n")
    names = read["custom_field"]
    write_csv(folder / "custom_field" / "a.csv", names, delimiter="\t", encoding="utf-16")
    write_csv(folder / "campaigns/all.CSV", read["campaigns"], encoding="utf-16-be")
    known = read["list_link_phone_email_map"]
    write_csv(folder / "list_link_phone_email_map" / "a.csv", known, delimiter="|")
    events = read["email_clickers"]
    for number, types in enumerate(EVENT_TYPES):
        file = _made(folder / f"email_clickers/year=2025/n={number}/part-0.parquet")
        pq.write_table(cast(events.slice(number * 10, 10), **types), file)
    # The client stands in the name of the folder, as some writers do with what they divide by.
    rest = events.slice(100, 10).drop_columns(["CLIENT_SHORTNAME"])
    pq.write_table(rest, _made(folder / "email_clickers/client_shortname=common/part-0.parquet"))
    write_csv(folder / "email_clickers" / "early.csv", events.slice(110, 5), delimiter="|")
    gifts = read["donations"]
    write_csv(folder / "donations" / "a.csv", gifts.slice(0, 60), _fivetran_deleted="No")


def write_oddly_later(plain: Path, folder: Path) -> None:
    """The rest, which arrives for the next build; of the gifts, some were deleted."""
    events = pq.read_table(plain / "email_clickers/part-0.parquet")
    write_csv(folder / "email_clickers" / "late.csv", events.slice(115), delimiter=";")
    gifts = pq.read_table(plain / "donations/part-0.parquet")
    write_csv(folder / "donations" / "b.csv", gifts.slice(60), _deleted="f")
    deleted = cast(gifts.slice(0, 9), DONATION_ID="text")
    names = pa.array([f"deleted-{number}" for number in range(9)])
    deleted = deleted.set_column(
        deleted.schema.get_field_index("DONATION_ID"), "DONATION_ID", names
    )
    marks = pa.array([True] * 9)
    pq.write_table(deleted.append_column("_DELETED", marks), folder / "donations/c.parquet")


def _made(file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory, warm: Warm) -> Place:
    """The world as plain files, published."""
    folder = tmp_path_factory.mktemp("plain")
    write_extracts(folder / "extracts", world().tables)
    shutil.copytree(folder / "extracts", folder / "pristine")
    database = folder / "warehouse" / "behavioral.duckdb"
    made = Place(warm, database, folder / "extracts", folder / "pristine")
    assert made.build() == Outcome(0, [])
    return made


@pytest.fixture
def restored(plain: Place) -> Iterator[Place]:
    """The plain world, whose files a test may spoil."""
    yield plain
    plain.restore()


OF_FILES = {
    *("input_files", "input_checks", "build_info", "build_tables", "success_metrics"),
}
"""Marts about the files and the build, not about people."""


def assert_same_marts(first: Path, second: Path) -> None:
    """Every mart about people has the same rows in both databases."""
    with duckdb.connect() as con:
        for name, file in (("one", first), ("other", second)):
            con.execute(f"attach '{file}' as {name} (read_only)")
        tables = con.execute(
            "select table_name, string_agg('\"' || column_name || '\"', ', ')"
            " from duckdb_columns() inner join duckdb_tables() using (database_name, schema_name,"
            " table_name) where database_name = 'one' and schema_name = 'marts'"
            " and column_name <> 'build_id' group by table_name"
        ).fetchall()
        assert len(tables) > 15
        for table, columns in tables:
            if table in OF_FILES:
                continue
            for one, other in (("one", "other"), ("other", "one")):
                (left,) = con.execute(
                    f"select count(*) from (select {columns} from {one}.marts.{table}"
                    f" except all select {columns} from {other}.marts.{table})"
                ).fetchall()
                assert left == (0,), table


UNREAD = "table campaigns has files that are not read: notes.txt (not .parquet, .csv or .csv.gz)"


def test_odd_files_give_the_marts_of_plain_ones(plain: Place, tmp_path: Path, warm: Warm) -> None:
    """In two builds, of which the second reads what is new; accounting closes, each row counted."""
    extracts = tmp_path / "odd"
    write_oddly(plain.pristine, extracts)
    (extracts / "campaigns" / "notes.txt").write_text("Read me.")
    (extracts / "campaigns" / "_SUCCESS").touch()
    place = Place(warm, tmp_path / "warehouse" / "behavioral.duckdb", extracts, extracts)
    outcome = place.build()
    assert outcome.code == 0, outcome.lines
    (line,) = outcome.lines
    assert line.endswith(UNREAD)
    write_oddly_later(plain.pristine, extracts)
    outcome = place.build("--accept=row_change")
    assert outcome.code == 0, outcome.lines
    assert_same_marts(plain.database, place.database)

    assert place.ask(
        "select source_file, rows_in, column_types from marts.input_files"
        " where source_table in ('campaigns', 'custom_field') order by all"
    ) == [
        ("a.csv", 5, "id TEXT, name TEXT"),
        (
            "all.CSV",
            10,
            "campaign_id TEXT, client_shortname TEXT, list_id TEXT, channel TEXT,"
            " campaign_name TEXT, start_date TEXT",
        ),
    ]
    read = place.ask(
        "select count(distinct read_at_build), count(*) from marts.input_files"
        " where source_table = 'email_clickers'"
    )
    assert read == [(2, 13)]
    expected = plain.ask(
        "select source_table, rows_in, rows_kept, rows_unlinked, rows_rejected, rows_duplicate"
        " from quarantine.row_accounting order by all"
    )
    found = place.ask(
        "select source_table, rows_in, rows_kept, rows_unlinked, rows_rejected, rows_duplicate"
        " from quarantine.row_accounting order by all"
    )
    deleted = [row for row in found if row not in expected]
    (gifts,) = [row for row in expected if row not in found]
    assert deleted == [(gifts[0], 109, *gifts[2:4], 9, gifts[5])]
    assert place.ask(
        "select source_file, source_row_number, reason, row_json ->> '_deleted'"
        " from quarantine.rejected_rows where source_table = 'donations' order by all limit 1"
    ) == [("c.parquet", 0, "deleted_at_source", "true")]
    assert place.ask(
        "select status, message from marts.input_checks"
        " where check_name = 'unread_file' and source_table in ('campaigns', 'person') order by all"
    ) == [
        ("passed", "table person: nothing found"),
        (
            "warned",
            UNREAD,
        ),
    ]


# ----------------------------------------------------------------------- what is refused


Spoil = Callable[[Path], None]


def spoil_column(table: str, name: str, values: Callable[[int], pa.Array], file: str) -> Spoil:
    """A further file of a table, in which a column holds these values."""

    def spoil(folder: Path) -> None:
        rows = pq.read_table(folder / table / "part-0.parquet").slice(0, 3)
        place = rows.schema.get_field_index(name)
        rows = rows.set_column(place, name, values(rows.num_rows))
        pq.write_table(rows, _made(folder / table / file))

    return spoil


def numbers(first: float, kind: pa.DataType) -> Callable[[int], pa.Array]:
    """So many numbers from the first one on."""
    return lambda count: pa.array([first + number for number in range(count)]).cast(kind)


def drop_flags(folder: Path) -> None:
    """No file says what happened."""
    file = folder / "email_clickers" / "part-0.parquet"
    pq.write_table(pq.read_table(file).drop_columns(["SEND", "OPEN", "CLICK"]), file)


def rename_the_field(folder: Path) -> None:
    """The voter id has another name."""
    file = folder / "custom_field" / "part-0.parquet"
    rows = pq.read_table(file)
    names = [name.replace("state_voter_id", "State Voter ID") for name in rows["name"].to_pylist()]
    pq.write_table(rows.set_column(1, "name", pa.array(names)), file)


def empty_the_field(folder: Path) -> None:
    """No person has a voter id."""
    file = folder / "person_custom_field" / "part-0.parquet"
    rows = pq.read_table(file)
    pq.write_table(rows.set_column(2, "value", pa.array([" "] * rows.num_rows)), file)


def add_csv(folder: Path) -> None:
    """A CSV file with a row that has too few columns."""
    file = folder / "person" / "more.csv"
    file.write_text("id,email,cell_phone,state\n7771,secret@needle.example,,WI\n7772,x\n")


def add_request(folder: Path) -> None:
    """Requests that nobody reads."""
    _made(folder / "erasure_requests" / "requests.xlsx").write_text("somebody@needle.example")


def repeat_a_column(folder: Path) -> None:
    """Two columns that differ in case."""
    file = folder / "donations" / "part-0.parquet"
    rows = pq.read_table(file)
    pq.write_table(rows.append_column("Email", rows["EMAIL"]), file)


def number_ids(count: int) -> pa.Array:
    """Ids as fractions that cannot be told from their neighbours."""
    return pa.array([float(2**53 + 2 * number) for number in range(count)])


def small_ids(count: int) -> pa.Array:
    """Ids as short fractions, which are exact for fewer numbers."""
    return pa.array([float(2**24 + 2 * number) for number in range(count)], pa.float32())


EPOCH = 1_750_000_000
REFUSED: list[tuple[str, Spoil, list[str]]] = [
    (
        "milliseconds",
        spoil_column(
            "email_clickers", "EVENT_DATE", numbers(EPOCH * 1000, pa.int64()), "n/a.parquet"
        ),
        [
            "email_clickers, column EVENT_DATE",
            "expected timestamp, found BIGINT",
            "looks like milliseconds since 1970",
            "email_clickers/n/a.parquet",
        ],
    ),
    (
        "seconds",
        spoil_column("donations", "DONATION_DATE", numbers(EPOCH, pa.float64()), "a.parquet"),
        ["donations, column DONATION_DATE", "found DOUBLE", "seconds since 1970", "a.parquet"],
    ),
    (
        "days",
        spoil_column("campaigns", "START_DATE", numbers(20250130, pa.int32()), "a.parquet"),
        ["campaigns, column START_DATE", "days written as numbers"],
    ),
    (
        "a time",
        spoil_column("donations", "AMOUNT", numbers(1, pa.time64("us")), "a.parquet"),
        ["donations, column AMOUNT", "expected decimal", "found TIME", "donations/a.parquet"],
    ),
    (
        "a list",
        spoil_column("person", "email", lambda count: pa.array([["x"]] * count), "a.parquet"),
        ["person, column email", "expected varchar, found VARCHAR[]", "person/a.parquet"],
    ),
    (
        "large fractions",
        spoil_column("person", "id", number_ids, "a.parquet"),
        ["person, column id", "found DOUBLE beyond 9007199254740992", "person/a.parquet"],
    ),
    (
        "short fractions",
        spoil_column("person_custom_field", "person_id", small_ids, "a.parquet"),
        ["column person_id", "found FLOAT beyond 16777216"],
    ),
    (
        "no flags",
        drop_flags,
        ["email_clickers has none of the columns SEND, OPEN, CLICK", "BOUNCE"],
    ),
    (
        "another name",
        rename_the_field,
        ["custom_field has no field named state_voter_id", "state voter id", "voter_id_fields"],
    ),
    (
        "no voter ids",
        empty_the_field,
        ["no person has a voter id", "has 0 values of the field state_voter_id"],
    ),
    ("a bad line", add_csv, ["file person/more.csv: line 3 has 2 columns, the header has 4"]),
    (
        "unread requests",
        add_request,
        ["erasure_requests has files that are not read: requests.xlsx", "--accept unread_file"],
    ),
    ("two columns", repeat_a_column, ["donations has two columns EMAIL", "part-0.parquet"]),
]


@pytest.mark.parametrize(
    ("spoil", "said"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_what_cannot_be_read_is_refused(spoil: Spoil, said: list[str], restored: Place) -> None:
    """One line with table, column and file; exit 2; the published file stays."""
    before = restored.database.read_bytes()
    spoil(restored.extracts)
    accepted = ("changed_file", "lost_column", "row_change")
    assert_refused(restored.build(*(f"--accept={check}" for check in accepted)), said)
    assert restored.database.read_bytes() == before


def test_ids_of_integers_and_fractions_stay_apart(restored: Place) -> None:
    """Read together as fractions, 2^53 and 2^53 + 1 would be one person."""
    folder = restored.extracts
    ids = [2**53, 2**53 + 1]
    person = pq.read_table(folder / "person/part-0.parquet").slice(0, 2)
    person = person.set_column(0, "id", pa.array(ids))
    person = person.set_column(1, "email", pa.array(["one@needle.example", "two@needle.example"]))
    pq.write_table(person, folder / "person" / "large.parquet")
    small = cast(pq.read_table(folder / "person/part-0.parquet"), id=pa.float64())
    pq.write_table(small, folder / "person" / "part-0.parquet")
    fields = pa.table({
        "person_id": pa.array([Decimal(number) for number in ids], pa.decimal128(20, 0)),
        "custom_field_id": pa.array([1.0, 1.0]),
        "value": pa.array(["9001", "9002"]),
    })  # fmt: skip
    pq.write_table(fields, folder / "person_custom_field" / "large.parquet")
    outcome = restored.build("--accept=changed_file", "--accept=integer_ids")
    assert outcome.code == 0, outcome.lines
    assert restored.ask(
        "select svid, person_id from marts.enriched_profiles where svid in ('9001', '9002', '0070')"
        " order by svid"
    ) == [("0070", "1"), ("9001", str(ids[0])), ("9002", str(ids[1]))]
