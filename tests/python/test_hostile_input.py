"""The runner returns every id as data, and refuses anything else in one line.

In this process, with a stand-in for the database (test_runner), for thousands of runs.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import segment
from enrichment import code_version
from test_runner import stand_in

QUICK = settings(
    deadline=None,
    derandomize=True,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
MARK = "0071001"
"""In every hostile value: what a message shows of it could be somebody's id."""

PIECES = (
    "'", '"', "\\", "`", ";", "--", "/*", "*/", "$$", "%", "{{ env_var('HOME') }}", "{% raw %}",
    "{#", "') or ('1'='1", "; drop table marts.build_info; --", "read_text('/etc/passwd')",
    "copy (select 1) to 'x.csv'", "../", "..\\", "./", "*", "?", "[ab]", "~", "$HOME", "\0",
    "\u202e", "\u2066", "\u200b", "\ufeff", "\u0430", "\uff10", "\u0301", "\U0001f600", "\n",
    "\r\n", "\t", "\x1b[2J", "\x7f", "=1+1", "@SUM(1)", "-1", "nan", "inf", "1e999", "null", ",",
)  # fmt: skip
SURROGATES = ("\udc80", "\ud800")
EVIL = st.lists(
    st.sampled_from(PIECES) | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    min_size=1,
    max_size=5,
).map(lambda pieces: "".join((*pieces, MARK)))
ANY = EVIL | st.tuples(EVIL, st.sampled_from(SURROGATES)).map("".join) | st.just(MARK * 150_000)
IDS = st.lists(EVIL.map(lambda text: f"x{text}"), min_size=1, max_size=5, unique=True)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder to work in, deep enough for path tricks, and a published stand-in."""
    folder = tmp_path_factory.mktemp("hostile")
    work = folder.joinpath("a", "b", "c", "d", "e", "f")
    work.mkdir(parents=True)
    stand_in(folder / "behavioral.duckdb")
    (folder / "data").mkdir()
    here = Path.cwd()
    os.chdir(work)
    places = {
        "BEHAVIORAL_DB": str(folder / "behavioral.duckdb"),
        "BEHAVIORAL_DATA_DIR": str(folder / "data"),
    }
    with (
        mock.patch.dict(os.environ, places),
        mock.patch.object(code_version, "code_digest", lambda: "digest"),
    ):
        yield folder
    os.chdir(here)


class Outcome(SimpleNamespace):
    """What a run came to: code, out, err."""

    code: int
    out: str
    err: str


def run(place: Path, *arguments: str, stdin: bytes = b"") -> Outcome:
    """Runs a command; in every case the database stays, and a failure is one line.

    Of an answer, the runner may say in one line how many ids are known and what they look like.
    """
    database = place / "behavioral.duckdb"
    before = database.read_bytes()
    out, err = io.StringIO(), io.StringIO()
    with (
        redirect_stdout(out),
        redirect_stderr(err),
        mock.patch.object(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(stdin))),
    ):
        code = segment.run(list(arguments))
    assert database.read_bytes() == before
    assert [file.name for file in place.glob("*.wal")] == []
    told = err.getvalue()
    assert code in (0, 2, 3)
    assert code or re.fullmatch(r"(?:segment\.py: [\d,]+ of [\d,]+ ids are known.*\n)?", told)
    assert told or code == 0
    assert len(told) < 6_000
    if code:
        assert told.startswith("segment.py: ")
        assert told.count("\n") == 1
        assert out.getvalue() == ""
    return Outcome(code=code, out=out.getvalue(), err=told)


def returned(outcome: Outcome) -> list[str]:
    """The ids of an answer in JSON."""
    assert outcome.code == 0, outcome.err
    return sorted(row["requested_svid"] for row in json.loads(outcome.out))


DIGITS = str.maketrans("０１２３４５６７８９", "0123456789")
ASK = ("propensity", "--format", "json", "--svids", "-")


def as_json(svids: list[str]) -> bytes:
    """A JSON list."""
    return json.dumps(svids).encode()


def as_json_lines(svids: list[str]) -> bytes:
    """An object a line."""
    return "\n".join(json.dumps({"svid": svid}) for svid in svids).encode()


def as_csv(svids: list[str]) -> bytes:
    """CSV with a header."""
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([["svid"], *([svid] for svid in svids)])
    return text.getvalue().encode()


def as_parquet(svids: list[str]) -> bytes:
    """A Parquet file."""
    with tempfile.TemporaryFile() as file:
        pq.write_table(pa.table({"voter_id": pa.array(svids, pa.string())}), file)
        file.seek(0)
        return file.read()


@QUICK
@given(svids=IDS)
@example(svids=["x" + MARK * 150_000])
@example(svids=[f"x{piece}y" for piece in PIECES])
@pytest.mark.parametrize("form", [as_json, as_json_lines, as_csv, as_parquet])
def test_an_id_comes_back_once_and_unchanged(
    form: Callable[[list[str]], bytes], svids: list[str], place: Path
) -> None:
    """Twice in the file, once in the answer; full-width digits are read as digits.

    CSV with a NUL, or with a field of more than csv.field_size_limit, is refused.
    """
    outcome = run(place, *ASK, stdin=form(svids + svids))
    limit = csv.field_size_limit()
    if form is as_csv and any("\0" in svid or len(svid) > limit for svid in svids):
        assert outcome.code == 2
        assert MARK not in outcome.err
    else:
        assert returned(outcome) == sorted({svid.strip().translate(DIGITS) for svid in svids})


@QUICK
@given(svids=st.lists(ANY, min_size=1, max_size=3))
def test_an_id_on_the_command_line_is_data(svids: list[str], place: Path) -> None:
    arguments = [part for svid in svids for part in ("--svid", f"x{svid}y")]
    outcome = run(place, "propensity", "--format", "json", *arguments)
    if outcome.code == 0:
        assert returned(outcome) == sorted({f"x{svid}y" for svid in svids})
    else:  # no text that can be stored
        assert any(piece in svid for svid in svids for piece in SURROGATES)
        assert MARK not in outcome.err


@QUICK
@given(content=st.binary(max_size=300) | EVIL.map(str.encode))
@example(content=b"PAR1" + MARK.encode() * 10 + b"PAR1")
@example(content=b"[" * 100_000)
@example(content=b'{"svids": [' + b'"' + MARK.encode() * 150_000)
def test_any_content_is_ids_or_is_refused_in_one_line(content: bytes, place: Path) -> None:
    outcome = run(place, *ASK, stdin=content)
    assert MARK not in outcome.err


@QUICK
@given(value=ANY)
@pytest.mark.parametrize(
    "arguments",
    [
        ("analyze", "--include"),
        ("analyze", "--deviation-threshold"),
        ("propensity", "--model"),
        ("propensity", "--threshold"),
        ("propensity", "--format"),
        ("lookalike", "--expansion-size"),
        ("lookalike", "--min-similarity"),
        ("affinity", "--top"),
        ("health", "--weeks"),
        ("attribution", "--model"),
    ],
    ids=" ".join,
)
def test_an_option_takes_no_hostile_value(
    arguments: tuple[str, ...], value: str, place: Path
) -> None:
    """Exit code 2, and the value is not repeated."""
    outcome = run(place, *arguments, f"{value}!", "--svid", "0012345")  # never a number
    assert outcome.code == 2
    assert MARK not in outcome.err


@QUICK
@given(value=ANY)
def test_a_day_a_mart_and_a_command_are_not_repeated(value: str, place: Path) -> None:
    for arguments in (
        ("build", "--as-of", value),
        ("export", "--", value),
        (f"x{value}", "--svid", "0012345"),
        ("propensity", f"--x{value}"),
        ("propensity", "--svid", "0012345", "--", value),
    ):
        outcome = run(place, *arguments)
        assert outcome.code == 2
        assert MARK not in outcome.err


@QUICK
@given(name=ANY)
def test_a_file_of_ids_of_any_name(name: str, place: Path) -> None:
    """Something that is no file is refused, and text that may be an id is not repeated."""
    outcome = run(place, "propensity", "--svids", f"x{name}")
    assert outcome.code == 2
    if "/" not in name and "." not in name:
        assert MARK not in outcome.err


@QUICK
@given(name=ANY)
def test_an_output_of_any_name_is_written_there_or_refused(name: str, place: Path) -> None:
    """A file of this name in the folder, with the answer, or one line; and nothing else."""
    name = f"x{name}"  # not from the root, nor somebody's home
    before = everything_below(place)
    outcome = run(place, "export", "coverage", "--format", "csv", "--out", name)
    made = everything_below(place) - before
    if outcome.code == 0:
        written = Path(name).expanduser().resolve()
        assert made == {written}
        assert written.read_text() == "state\n"
        assert written.stat().st_mode & 0o777 == 0o600
        written.unlink()
    else:
        assert made == set()


def everything_below(folder: Path) -> set[Path]:
    """All files and folders."""
    return set(folder.rglob("*"))


@QUICK
@given(value=EVIL | st.just(MARK * 150_000))
@pytest.mark.parametrize("variable", ["BEHAVIORAL_DB", "BEHAVIORAL_DATA_DIR"])
def test_a_place_in_the_environment_is_a_place_or_refused(
    variable: str, value: str, place: Path
) -> None:
    """An environment has no NUL."""
    value = value.replace("\0", "")
    with mock.patch.dict(os.environ, {variable: f"x{value}"}):
        commands = [("build",)] if variable == "BEHAVIORAL_DATA_DIR" else []
        for arguments in (*commands, ("export", "coverage")):
            outcome = run(place, *arguments)
            assert outcome.code in ((0, 2) if variable == "BEHAVIORAL_DATA_DIR" else (2, 3))
