"""The examples of README, of the help and of the pages: each runs, and gives rows.

They run on the database of the sample that all tests share. It has a tenth of the demo's voters, so
the list of the demo is replaced by a longer one, and small groups are shown.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import openpyxl
import pytest
import typer

import segment
from conftest import build_environment
from enrichment.examples import EXAMPLES, LIST, RUNNER
from enrichment.messages import JsonLines

PROJECT = Path(__file__).resolve().parents[2]
PAGES = [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]
NOT_RUN = {"build", "rollback", "hand-over", "serve", "prove-erased"}
"""Commands that change what other tests share, or never end; the last one has tests of its own."""
WITHOUT_ROWS = {"definitions check", "report"}
"""Their answer is not a table."""
ABOUT_GROUPS = {"analyze", "affinity", "health", "attribution"}


def _calls(text: str) -> list[str]:
    """The arguments of each call of the runner in the shell blocks of a page."""
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    lines = [line.partition(" # ")[0].strip() for line in "".join(blocks).splitlines()]
    return [
        line.partition(f"{RUNNER} ")[2]
        for line in lines
        if line.startswith(RUNNER) or re.match(rf"[A-Z_]+=\S+ {RUNNER}", line)
    ]


SHOWN = sorted(
    {
        " ".join(call.split())
        for calls in (*EXAMPLES.values(), *(_calls(page.read_text()) for page in PAGES))
        for call in calls
    }
)
RUN = [call for call in SHOWN if call.split()[0] not in NOT_RUN and "--json-log" not in call]


@pytest.fixture(scope="module")
def place(
    sample_database: Path, sample_extracts: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder as the project's after `make demo`, with the sample's database."""
    folder = tmp_path_factory.mktemp("examples")
    (folder / "warehouse" / "demo").mkdir(parents=True)
    for file in sample_database.parent.glob(f"{sample_database.stem}*"):
        if file.is_file():
            os.link(file, folder / "warehouse" / file.name)
    truth = sample_extracts / "truth" / "meeting_list.parquet"
    meeting = duckdb.execute("select svid from read_parquet(?)", [str(truth)]).fetchall()
    assert len(meeting) > 15
    with duckdb.connect(str(sample_database), read_only=True) as con:
        others = con.execute(
            "select state || ':' || svid from marts.enriched_profiles "
            "where link_status = 'with_behavior' order by md5(svid) limit 120"
        ).fetchall()
    ids = sorted({svid for (svid,) in [*meeting, *others]})
    (folder / LIST).write_text("\n".join(["svid", *ids]) + "\n")
    return folder


@pytest.fixture
def here(place: Path, sample_extracts: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder is where the runner is called, with the settings of the sample's build."""
    database = place / "warehouse" / "behavioral.duckdb"
    for name, value in build_environment(sample_extracts, database).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(place)
    return place


def _rows(file: Path) -> int:
    """How many rows a file has that the runner wrote."""
    if file.suffix == ".xlsx":
        book = openpyxl.load_workbook(file, read_only=True)
        return max(sum(1 for _ in book[name].rows) for name in book.sheetnames[1:]) - 1
    if file.suffix == ".json":
        return len(json.loads(file.read_text()))
    if file.suffix == ".html":
        return file.read_text().count("<tr>")
    count = duckdb.execute(f"select count(*) from '{file}'").fetchone()
    return int(count[0]) if count else 0


@pytest.mark.parametrize("call", RUN)
def test_an_example_gives_rows(here: Path, call: str, capfd: pytest.CaptureFixture[str]) -> None:
    words = shlex.split(call)
    command = words[0]
    small = ["--allow-small-cells"] if command in ABOUT_GROUPS and "allow-small" not in call else []
    code = segment.run([*words, *small])
    said = capfd.readouterr()
    assert code == 0, said.err
    if "--out" in words:
        assert _rows(here / words[words.index("--out") + 1]) > 0
    elif not call.startswith(tuple(WITHOUT_ROWS)):
        assert said.out.count("\n") > 1, said.out
    if said.out.startswith("["):
        assert json.loads(said.out)


@pytest.mark.parametrize("call", sorted(set(SHOWN) - set(RUN)))
def test_an_example_that_is_not_run_can_be_parsed(call: str) -> None:
    words = [word for word in shlex.split(call) if word != "--json-log"]
    group = typer.main.get_command(segment.app)
    group.commands[words[0]].make_context(words[0], words[1:])  # type: ignore[attr-defined]


def test_what_examples_write_is_ignored_by_git() -> None:
    outputs = {
        words[words.index("--out") + 1] for words in map(shlex.split, SHOWN) if "--out" in words
    }
    assert len(outputs) > 5
    done = subprocess.run(
        ["git", "check-ignore", *sorted(outputs)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert set(done.stdout.split()) == outputs


def test_every_command_has_examples_in_its_help(capfd: pytest.CaptureFixture[str]) -> None:
    assert set(EXAMPLES) - {""} == set(segment._commands())
    for command, examples in EXAMPLES.items():
        assert segment.run([command, "--help"] if command else []) == 0
        text = capfd.readouterr().out
        assert [one for one in examples if f"{RUNNER} {one}" not in text] == []


@pytest.mark.parametrize(
    "statement",
    [
        statement.strip()
        for page in PAGES
        for block in re.findall(r"```sql\n(.*?)```", page.read_text(), re.DOTALL)
        for statement in block.split(";")
        if statement.strip().startswith(("select", "with"))
    ],
)
def test_an_example_of_sql_gives_rows(sample_database: Path, statement: str) -> None:
    with duckdb.connect(str(sample_database), read_only=True) as con:
        assert con.execute(statement).fetchall() != []


# --------------------------------------------------------------------------- what a reader is given


@pytest.fixture
def ask(here: Path, capfd: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Asks the runner; what it prints to standard output."""

    def asked(*arguments: str) -> str:
        capfd.readouterr()
        assert segment.run(list(arguments)) == 0
        return capfd.readouterr().out

    return asked


def test_the_marts_are_listed_with_their_questions(ask: Callable[..., str]) -> None:
    rows = {row["mart"]: row for row in csv.DictReader(io.StringIO(ask("export", "--list")))}
    assert rows["client_affinity"]["question"].endswith("?")
    assert rows["client_affinity"]["one_row_per"] != ""
    assert "row_accounting" in rows
    assert [name for name, row in rows.items() if not row["question"].endswith("?")] == []


def test_a_workbook_says_what_it_is_about(here: Path, ask: Callable[..., str]) -> None:
    out = here / "warehouse" / "demo" / "about.xlsx"
    ask("affinity", "--segment", "repeat_givers", "--out", str(out))
    book = openpyxl.load_workbook(out)
    about, sheet = book["about"], book["affinity"]
    assert book.sheetnames == ["about", "affinity"]
    facts = {row[0].value: row[1].value for row in about.iter_rows() if row[1].value}
    assert facts["as-of date"] == "2026-06-30"
    assert facts["segment"] == "repeat_givers"
    assert facts["ids asked for"] > 10
    meanings = {
        row[1].value: row[2].value for row in about.iter_rows() if row[0].value == "affinity"
    }
    columns = [cell.value for cell in sheet[1]]
    assert [name for name in columns if not meanings[name]] == []
    assert sheet.auto_filter.ref == sheet.dimensions
    assert sheet.freeze_panes == "A2"
    assert all(8 <= sheet.column_dimensions[cell.column_letter].width <= 62 for cell in sheet[1])


def test_a_workbook_does_not_say_how_small_a_segment_is(
    here: Path, ask: Callable[..., str]
) -> None:
    with duckdb.connect(str(here / "warehouse" / "behavioral.duckdb"), read_only=True) as con:
        ((small,),) = con.execute(
            "select segment from marts.segment_members group by segment "
            "having count(*) < 11 order by count(*) desc, segment limit 1"
        ).fetchall()
    out = here / "warehouse" / "demo" / "small.xlsx"
    ask("affinity", "--segment", small, "--out", str(out))
    facts = dict(openpyxl.load_workbook(out)["about"].iter_rows(max_col=2, values_only=True))
    assert facts["ids asked for"] == "fewer than 11"


def test_hidden_rows_are_counted_among_those_asked_for(
    here: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert segment.run(["health", "--svids", LIST, "--weeks", "10"]) == 0
    said = capfd.readouterr()
    hidden = re.search(r"health: (\d+) rows? hidden", said.err)
    shown = said.out.count("\n") - 1
    assert shown + (int(hidden[1]) if hidden else 0) == 10


def test_messages_as_json(here: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Each line of standard error is an object; the answer is as it always is."""
    call = ["affinity", "--segment", "mail_tired"]
    assert segment.run(call) == 0
    plain = capfd.readouterr()
    for arguments in (["--json-log", *call], [*call, "--json-log"]):
        assert segment.run(arguments) == 0
        said = capfd.readouterr()
        assert said.out == plain.out
        entries = [json.loads(line) for line in said.err.splitlines()]
        assert [entry["message"] for entry in entries] == [
            line.removeprefix("segment.py: ") for line in plain.err.splitlines()
        ]
        assert {entry["command"] for entry in entries} == {"affinity"}
    assert segment.run(["--json-log", "export", "coverge"]) == 2
    (entry,) = map(json.loads, capfd.readouterr().err.splitlines())
    assert (entry["level"], entry["exit_code"]) == ("error", 2)
    assert "coverage" in entry["message"]
    assert not isinstance(sys.stderr, JsonLines)
