"""Id lists are read as text, whatever their form, and a bad one is named by its line."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrichment.errors import InputError
from enrichment.ids import _delimited, _json, check_output, meant, read_segment

IDS = ["0012345", "WI:0000001"]


def written(folder: Path, name: str, content: str | bytes) -> str:
    """The path of a new file with this content."""
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(file)


def refusal(file: str) -> str:
    """What reading ``file`` is refused with: one line."""
    with pytest.raises(InputError) as error:
        read_segment(file, [])
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("ids.txt", "0012345\nWI:0000001\n"),
        ("ids.txt", "\n0012345\r\n\r\nWI:0000001"),
        ("ids", "\ufeff0012345\nWI:0000001\n"),
        ("ids.csv", "\ufeffSVID\r\n0012345\r\nWI:0000001\r\n"),
        ("ids.csv", "Voter ID\n0012345\nWI:0000001\n"),
        ("ids.csv", 'name,state_voter_id\n"Roe, Jo",0012345\n,WI:0000001\n'),
        ("ids.csv", "svid,state\n0012345,\n0000001,WI\n,WI\n"),
        ("ids.csv", "0012345,\nWI:0000001,\n"),
        ("ids.tsv", "county\tvoter_id\nDane\t0012345\nDane\tWI:0000001\n"),
        ("ids.csv", "county;requested_svid\nDane;0012345\nDane;WI:0000001\n"),
        ("ids.txt", "county|svid\nDane|0012345\nDane|WI:0000001\n"),
        ("ids.txt", "0012345|WI:0000001"),
        ("ids.txt", "0012345 WI:0000001\n"),
        ("ids.txt", "0012345\u00a0\u3000WI:0000001\n"),
        ("ids.txt", "0012345,WI:0000001"),
        ("ids.txt", "svid\n0012345 | WI:0000001\n"),
        ("ids.txt", "'0012345\n'WI:0000001'\n"),
        ("ids.txt", '="0012345"\n="WI:0000001"\n'),
        ("ids.csv", 'svid\n"=""0012345"""\n"=""WI:0000001"""\n'),
        ("ids.txt", "\uff10\uff10\uff11\uff12\uff13\uff14\uff15\n\uff37\uff29\uff1a000000\uff11\n"),
        ("ids.csv", "svid,state\n'0012345,\n'0000001,WI\n"),
        ("ids.json", '["\'0012345", "=\\"WI:0000001\\""]'),
        ("ids.json", '["0012345", null, "WI:0000001"]'),
        ("ids.json", '{"svids": ["0012345", "WI:0000001"], "threshold": 0.5}'),
        ("ids.txt", ' {"seed_svids": ["0012345", "WI:0000001"]}'),
        ("ids.jsonl", '"0012345"\n\n"WI:0000001"\n'),
        ("ids.jsonl", '{"svid": "0012345"}\n{"svid": "0000001", "state": "WI"}\n'),
        ("ids.json", '[{"SVID": "0012345"}, {"state": "WI", "svid": "0000001"}]'),
    ],
)
def test_every_text_form_keeps_leading_zeros(tmp_path: Path, name: str, content: str) -> None:
    found = read_segment(written(tmp_path, name, content), [])
    assert [svid for svid in found if svid] == IDS


def test_a_qualified_id_keeps_its_own_state(tmp_path: Path) -> None:
    file = written(tmp_path, "ids.csv", "state,svid\nMN,WI:01\n")
    assert read_segment(file, []) == ["WI:01"]


@pytest.mark.parametrize("name", ["ids.parquet", "ids[1].bin"])
def test_parquet_text_is_read(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    sql = "select * from (values ('0012345', null), ('0000001', 'WI'), (null, 'WI')) t(Svid, State)"
    duckdb.execute(f"copy ({sql}) to '{file}' (format parquet)")
    assert read_segment(str(file), []) == [*IDS, ""]


def test_parquet_ids_are_never_in_a_named_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill would leave the file, and nobody would look for it."""
    file = tmp_path / "ids.parquet"
    with duckdb.connect() as con:
        con.execute(f"copy (select '0012' as svid) to '{file}'")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "no such folder"))
    assert read_segment(str(file), []) == ["0012"]


def test_parquet_numbers_are_refused_as_leading_zeros_are_lost(tmp_path: Path) -> None:
    file = tmp_path / "ids.parquet"
    duckdb.execute(f"copy (select 12345 as svid) to '{file}' (format parquet)")
    assert "not text" in refusal(str(file))


def test_parquet_without_an_id_column_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "ids.parquet"
    duckdb.execute(f"copy (select 'x' as name) to '{file}' (format parquet)")
    assert "state_voter_id" in refusal(str(file))


def test_damaged_parquet_is_refused(tmp_path: Path) -> None:
    assert "Parquet" in refusal(written(tmp_path, "ids.parquet", b"PAR1 and no more PAR1"))
    assert "Parquet" in refusal(written(tmp_path, "ids.parquet", "0012345\n"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b" \r\n\n", "empty"),
        ("\u00a0\n\u200b\n".encode(), "no voter id"),
        (b"svid\n", "no voter id"),
        (b"[]", "no voter id"),
        ("svid\n0012345\n".encode("utf-16"), "UTF-16"),
        ("0012345\n".encode("utf-16-le"), "binary"),
        (b"PK\x03\x04 workbook", "workbook"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"0012345\n\xff\xfa\n", "line 2"),
        (b"name,email\nRoe,roe@example.org\n", "state_voter_id"),
        (b"county\n0012345\n0012346\n", "state_voter_id"),
        (b"svid\n0012345\n0012346,0012347\n", "line 3: 2 columns"),
        (b"svid,state\n0012345,Wisconsin\n", "line 2: the state"),
        (b"0012345,34\n0012346,45\n", "line 1: no id column"),
        (b"0012345,34\n0012346\n", "line 1: no id column"),
        (b"\n0012345 34\n0012346 45\n", "line 2: no id column"),
        (b"0012345 34\n", "line 1: no id column"),
        (b"0012345|0012346\n0012347|0012348\n", "line 1: no id column"),
        (b"0012345|D\n0012346|R\n", "line 1: no id column"),
        (b'svid\n"0012345\n', "CSV"),
        (b"[12345]", "entry 1: a number"),
        (b'["0012345", 12.5]', "entry 2: a number"),
        (b'["0012345", true]', "entry 2: not a text"),
        (b'["0012345", ["1"]]', "entry 2: not a text"),
        (b'["\\ud800"]', "entry 1 is not valid Unicode"),
        (b'{"ids": ["0012345"]}', "'svids'"),
        (b'{"svids": "0012345"}', "'svids'"),
        (b'[{"name": "x"}]', "entry 1: no id"),
        (b"[0012345]", "JSON"),
        (b"[" * 100_000, "JSON"),
    ],
)
def test_bad_files_are_refused_in_one_line(tmp_path: Path, content: bytes, said: str) -> None:
    message = refusal(written(tmp_path, "ids.txt", content))
    assert said in message
    assert "12345" not in message
    assert "roe" not in message


def test_a_missing_file_is_named_but_never_an_id() -> None:
    assert "nowhere.csv" in refusal("nowhere.csv")
    assert "0012345" not in refusal("0012345")
    assert "--svid" in refusal("0012345")


def test_both_ways_are_united_and_none_is_refused(tmp_path: Path) -> None:
    assert read_segment(written(tmp_path, "ids.txt", "1\n"), ["02"]) == ["1", "02"]
    with pytest.raises(InputError, match="--svids FILE"):
        read_segment(None, [])
    with pytest.raises(InputError, match="number 2"):
        read_segment(None, ["1", "\udcff"])


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"0012345\n")))
    assert read_segment("-", []) == ["0012345"]


@pytest.mark.parametrize(
    ("text", "svid"),
    [
        ("'0012", "0012"),
        ("\u20190012", "0012"),
        ("'0012'", "0012"),
        ('="0012"', "0012"),
        ('=" 0012 "', "0012"),
        ("12345.0", "12345"),
        ("WI:12345.000", "WI:12345"),
        ("\uff10\uff10\uff11\uff12", "0012"),
        ("\uff37\uff29\uff1a\uff10\uff11", "WI:01"),
        (" '12345.0 ", "12345"),
        # What is not certain stays as it is.
        ("12345.5", "12345.5"),
        ("A12345.0", "A12345.0"),
        ("0.0.0", "0.0.0"),
        ("1.2E+07", "1.2E+07"),
        ("O'Brien1", "O'Brien1"),
        ("'x'", "'x'"),
        ("''", "''"),
        ('="12', '="12'),
        ("=12", "=12"),
        ("\uff21", "\uff21"),
        (" 0012 ", " 0012 "),
        ("", ""),
    ],
)
def test_what_a_spreadsheet_puts_around_an_id_comes_off(text: str, svid: str) -> None:
    assert meant(text) == svid
    assert meant(meant(text)) == svid
    assert read_segment(None, ["1", text])[1] == svid


def test_several_ids_a_line_are_read_where_they_can_be_nothing_else(tmp_path: Path) -> None:
    def found(content: str) -> list[str]:
        return read_segment(written(tmp_path, "ids.txt", content), [])

    assert found("01 02\n03\n") == ["01", "02", "03"]
    assert found("01\n02 03\n") == ["01", "02", "03"]
    assert found("01,02,03\n04,05\n") == ["01", "02", "03", "04", "05"]
    assert found("1|22|333") == ["1", "22", "333"]
    assert found("'001' '002'\n003\n") == ["001", "002", "003"]
    assert found("state svid\nMN 0012\nWI  0013\n") == ["MN:0012", "WI:0013"]
    # An id may hold a blank: a person who quotes knows how to write a cell.
    assert found("AB 12\nCD 13\n") == ["AB 12", "CD 13"]
    assert found('svid\n"01 02"\n') == ["01 02"]


def test_the_answer_never_replaces_the_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Path(written(tmp_path, "ids.csv", "0012345\n"))
    (tmp_path / "folder").mkdir()
    (tmp_path / "link.csv").symlink_to(source)
    (tmp_path / "hard.csv").hardlink_to(source)
    monkeypatch.chdir(tmp_path)
    names = [source, tmp_path / "link.csv", tmp_path / "hard.csv", Path("folder/../ids.csv")]
    for one, two in [(a, b) for a in names for b in names]:
        with pytest.raises(InputError, match="the list of ids"):
            check_output(str(one), two)
    with source.open("rb") as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        with pytest.raises(InputError, match="the list of ids"):
            check_output("-", source)
        check_output("-", tmp_path / "other.csv")
    check_output(str(source), tmp_path / "other.csv")
    check_output(None, source)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(st.lists(TEXT))
def test_any_text_survives_json(svids: list[str]) -> None:
    expected = [meant(svid) for svid in svids]
    assert list(_json(json.dumps(svids), "ids")) == expected
    lines = "\n".join(json.dumps(svid, ensure_ascii=False) for svid in svids)
    assert list(_json(lines, "ids")) == expected


@given(st.lists(TEXT.filter(lambda text: text.isprintable() and text.strip()), min_size=1))
def test_any_printable_text_survives_quoted_csv(svids: list[str]) -> None:
    rows = ['"' + svid.replace('"', '""') + '"' for svid in svids]
    assert list(_delimited("svid\n" + "\n".join(rows), "ids")) == [meant(svid) for svid in svids]
