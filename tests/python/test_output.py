"""Files come out whole or not at all, private, typed, and harmless to open."""

from __future__ import annotations

import csv
import json
import stat
from collections.abc import Iterator
from pathlib import Path

import duckdb
import openpyxl
import pytest

from enrichment import code_version, output
from enrichment.answers import Answer
from enrichment.database import Database, Query
from enrichment.errors import DatabaseError, InputError

VALUES = """
select '0012345' as svid, '=1+1' as formula, -5 as number, cast(1.50 as decimal(5, 2)) as amount,
    date '2025-06-30' as day, timestamp '2025-06-30 10:00:00' as moment, true as is_donor,
    cast(null as varchar) as nothing, cast('nan' as double) as nan, 9007199254740993 as big,
    'Zoë "x", ' || chr(10) || 'y' as text, ['a', 'b'] as list
"""
FORMULAS = ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20x"]


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database that holds a build and nothing else."""
    file = tmp_path / "db" / "behavioral.duckdb"
    file.parent.mkdir()
    with duckdb.connect(str(file)) as con:
        con.execute(
            "create schema marts; create table marts.build_info as "
            "select 'b' as build_id, date '2025-06-30' as as_of_date, 'd' as code_digest"
        )
    monkeypatch.setenv("BEHAVIORAL_DB", str(file))
    monkeypatch.setattr(code_version, "code_digest", lambda: "d")
    return file


def write(query: Query, out: Path, form: str | None = None) -> Path:
    """Writes a query's rows to ``out``."""
    with output.target(str(out), form) as target, Database(target.folder) as opened:
        target.write(opened, Answer.of("rows", query))
    return out


@pytest.mark.usefixtures("database")
def test_csv_types(tmp_path: Path) -> None:
    file = write(Query(VALUES), tmp_path / "rows.csv")
    with file.open(encoding="utf-8", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert row == {
        "svid": "0012345",
        "formula": "'=1+1",
        "number": "-5",
        "amount": "1.50",
        "day": "2025-06-30",
        "moment": "2025-06-30 10:00:00",
        "is_donor": "true",
        "nothing": "",
        "nan": "nan",
        "big": "9007199254740993",
        "text": 'Zoë "x", \ny',
        "list": '["a","b"]',
    }


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("text", FORMULAS)
def test_csv_text_never_starts_a_formula(tmp_path: Path, text: str) -> None:
    file = write(Query("select ? as cell", (text,)), tmp_path / "rows.csv")
    with file.open(encoding="utf-8", newline="") as stream:
        assert list(csv.reader(stream)) == [["cell"], [f"'{text}"]]


@pytest.mark.usefixtures("database")
def test_a_row_of_one_empty_cell_is_a_row(tmp_path: Path) -> None:
    assert write(Query("select null as n"), tmp_path / "rows.csv").read_text() == 'n\n""\n'


@pytest.mark.usefixtures("database")
def test_json_types(tmp_path: Path) -> None:
    (row,) = json.loads(write(Query(VALUES), tmp_path / "rows.json").read_text())
    assert row["svid"] == "0012345"
    assert (row["number"], row["amount"], row["is_donor"]) == (-5, 1.5, True)
    assert (row["day"], row["moment"]) == ("2025-06-30", "2025-06-30T10:00:00")
    assert (row["nothing"], row["nan"]) == (None, None)
    assert (row["formula"], row["list"]) == ("=1+1", ["a", "b"])


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("form", ["csv", "json"])
def test_many_rows_of_any_text_come_out_whole_and_in_order(tmp_path: Path, form: str) -> None:
    odd = [*map(chr, range(1, 0x250)), "\u2028", "\U0001f600", 'a,"b"\r\n', "\\n", "{}", ""]
    query = "select range as n, (?)[1 + range % ?] as t from range(250000) order by n desc"
    file = write(Query(query, (odd, len(odd))), tmp_path / f"rows.{form}")
    expected = [(str(n), odd[n % len(odd)]) for n in reversed(range(250_000))]
    with file.open(encoding="utf-8", newline="") as stream:
        if form == "json":
            assert [(str(row["n"]), row["t"]) for row in json.load(stream)] == expected
        else:
            rows = [(n, t[t[:2] in map("'".__add__, "=+-@\t\r") :]) for n, t in csv.reader(stream)]
            assert rows[1:] == expected


@pytest.mark.usefixtures("database")
def test_parquet_types(tmp_path: Path) -> None:
    file = write(Query(f"{VALUES} where 1 = ?", (1,)), tmp_path / "rows.parquet")
    described = duckdb.execute(f"describe select * from read_parquet('{file}')").fetchall()
    types = {name: kind for name, kind, *_ in described}
    assert (types["svid"], types["day"], types["amount"]) == ("VARCHAR", "DATE", "DECIMAL(5,2)")
    assert duckdb.execute(f"select svid, formula from '{file}'").fetchall() == [("0012345", "=1+1")]


@pytest.mark.usefixtures("database")
def test_xlsx_cells(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(write(Query(VALUES), tmp_path / "rows.xlsx"))
    header, cells = list(book["rows"].iter_rows())
    row = {name.value: cell for name, cell in zip(header, cells, strict=True)}
    assert (row["svid"].value, row["svid"].data_type) == ("0012345", "s")
    assert (row["formula"].value, row["formula"].data_type) == ("=1+1", "s")
    assert (row["number"].value, row["amount"].value) == (-5, 1.5)
    assert (row["day"].value.isoformat(), row["day"].is_date) == ("2025-06-30T00:00:00", True)
    assert (row["is_donor"].value, row["nothing"].value) == (True, None)
    assert row["big"].value == "9007199254740993"


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("suffix", ["csv", "json", "parquet", "xlsx"])
def test_a_file_is_private_and_alone(tmp_path: Path, suffix: str) -> None:
    old = tmp_path / f"rows.{suffix}"
    old.write_text("old")
    old.chmod(0o644)
    write(Query("select 1 as n where false"), old)
    assert stat.S_IMODE(old.stat().st_mode) == 0o600
    assert old.read_bytes() != b"old"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["db", old.name]


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("suffix", ["csv", "json", "parquet", "xlsx"])
def test_a_failure_leaves_the_old_file(tmp_path: Path, suffix: str) -> None:
    old = tmp_path / f"rows.{suffix}"
    old.write_text("old")
    # The error comes with the last of many rows, when a part of the file is written.
    fails = "select case when range < 50000 then range else error('0012345') end as n from range(?)"
    with pytest.raises(DatabaseError) as error:
        write(Query(fails, (50_001,)), old)
    assert "12345" not in str(error.value)
    assert old.read_text() == "old"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["db", old.name]


@pytest.mark.usefixtures("database")
def test_a_link_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "rows.csv"
    link.symlink_to(tmp_path / "real" / "rows.csv")
    write(Query("select 1 as n"), link)
    assert link.is_symlink()
    assert (tmp_path / "real" / "rows.csv").read_text() == "n\n1\n"


@pytest.mark.usefixtures("database")
def test_format_wins_over_the_suffix(tmp_path: Path) -> None:
    assert write(Query("select 1 as n"), tmp_path / "rows.csv", "json").read_text() == (
        '[\n  {"n": 1}\n]\n'
    )


@pytest.mark.usefixtures("database")
def test_what_a_sheet_cannot_hold_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match="too long"):
        write(Query("select repeat('x', 40000) as t"), tmp_path / "rows.xlsx")
    monkeypatch.setattr(output, "_EXCEL_ROWS", 10)
    with pytest.raises(InputError, match="more rows"):
        write(Query("select * from range(10)"), tmp_path / "rows.xlsx")
    assert [file.name for file in tmp_path.iterdir()] == ["db"]


@pytest.mark.usefixtures("database")
def test_a_table_has_no_control_characters_and_no_markup(tmp_path: Path) -> None:
    text = "\x1b[31mred [bold]x[/bold]"
    file = write(Query("select ? as t", (text,)), tmp_path / "rows.txt", "table")
    shown = file.read_text()
    assert "\x1b" not in shown
    assert "red [bold]x[/bold]" in shown


@pytest.fixture(autouse=True)
def no_umask_luck() -> Iterator[None]:
    """The usual permissive umask, whatever the machine's."""
    import os

    before = os.umask(0o022)
    yield
    os.umask(before)
