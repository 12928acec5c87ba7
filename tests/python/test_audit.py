"""The audit log: each call leaves a whole line, without an id, an option's value or a path."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import segment
from enrichment import audit, output, paths, pseudonyms
from test_runner import Run, assert_refused, database, original, run

__all__ = ["database", "original", "run"]  # fixtures

SCRIPTS = Path(segment.__file__).parent
KEY = "a key for tests only"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEHAVIORAL_HASH_KEY", KEY)


def lines() -> list[dict[str, Any]]:
    return [json.loads(line) for line in paths.audit_file().read_text().splitlines()]


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_a_question_leaves_a_line_that_says_what_came_out(run: Run, tmp_path: Path) -> None:
    answer = tmp_path / "answer.csv"
    ids = ("--svid", "0012345", "--svid", " 0012345 ", "--svid", "99")
    assert run("propensity", *ids, "--out", str(answer)).code == 0
    (line,) = lines()
    assert list(line) == list(audit.FIELDS)
    assert line["command"] == "propensity"
    assert (line["ids"], line["rows"], line["format"]) == (2, 2, "csv")
    assert line["output_digest"] == sha256(answer.read_bytes())
    assert line["contact_details"] is False
    assert (line["build_id"], line["exit_code"]) == ("b1", 0)
    assert line["at"].endswith("+00:00")
    assert stat.S_IMODE(paths.audit_file().stat().st_mode) == 0o600
    for form in ("parquet", "json", "xlsx", "table"):
        assert run("affinity", *ids, "--out", str(answer), "--format", form).code == 0
        assert lines()[-1]["output_digest"] == sha256(answer.read_bytes())
        assert (lines()[-1]["rows"], lines()[-1]["format"]) == (2, form)


@pytest.mark.parametrize("form", ["csv", "json", "table"])
def test_what_goes_to_standard_output_is_digested(run: Run, form: str) -> None:
    outcome = run("analyze", "--svid", "0012345", "--format", form)
    assert outcome.out
    assert lines()[-1]["output_digest"] == sha256(outcome.out.encode())


def test_the_user_is_the_account_whatever_the_environment_says(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(variable, "somebody-else")
    run("history")
    assert lines()[-1]["user"] not in ("", "somebody-else")


def test_a_list_has_one_digest_that_only_the_key_can_make(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    key_file = tmp_path / "key"
    one = pseudonyms.list_digest(["0012345", "99"], key_file)
    assert one == pseudonyms.list_digest([" 99", "0012345", "99"], key_file)
    assert one != pseudonyms.list_digest(["001234599"], key_file)
    assert one not in {sha256(text.encode()) for text in ("0012345\n99", "0012345\0" + "99\0")}
    monkeypatch.setenv("BEHAVIORAL_HASH_KEY", "another key")
    assert one != pseudonyms.list_digest(["0012345", "99"], key_file)
    monkeypatch.delenv("BEHAVIORAL_HASH_KEY")
    assert pseudonyms.list_digest(["99"], key_file) is None
    assert not key_file.exists(), "asking makes no key"
    key_file.write_text(f"{KEY}\n")
    assert one == pseudonyms.list_digest(["0012345", "99"], key_file)


def test_failing_calls_are_logged_with_their_exit_code(run: Run, database: Path) -> None:
    run("analyze")
    run("propensity", "--svid", "1", "--model", "voter")
    run("export", "nothing")
    database.unlink()
    run("export", "coverage")
    run("rollback", "b9")
    found = [(line["command"], line["exit_code"]) for line in lines()]
    assert found == [
        ("analyze", 2),
        ("propensity", 2),
        ("export", 2),
        ("export", 3),
        ("rollback", 3),
    ]
    assert {line["output_digest"] for line in lines()} == {None}


@pytest.mark.parametrize(
    "arguments", [["--help"], ["analyze", "--help"], ["build", "--fast"], ["0012345"], []]
)
def test_what_ends_before_a_command_begins_is_not_logged(run: Run, arguments: list[str]) -> None:
    run(*arguments)
    assert not paths.audit_file().exists()


def test_no_line_holds_an_id_or_a_path(run: Run, tmp_path: Path) -> None:
    ids = tmp_path / "0012345.csv"
    ids.write_text("svid\n0012345\nWI:7777777\n")
    out = tmp_path / "answer_7777777.json"
    for command in ("analyze", "propensity", "lookalike", "affinity", "health", "attribution"):
        assert run(command, "--svids", str(ids), "--out", str(out)).code == 0
        assert run(command, "--svid", "0012345", "--svid", "7777777").code == 0
    run("export", "7777777")
    run("rollback", "7777777")
    run("analyze", "--svids", str(tmp_path / "7777777.csv"))
    text = paths.audit_file().read_text()
    assert text.count("\n") == 15
    for needle in ("12345", "7777777", str(tmp_path), "answer"):
        assert needle not in text


def test_a_defect_is_logged(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*given: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(output, "_write_csv", broken)
    with pytest.raises(ZeroDivisionError):
        run("export", "coverage")
    assert [line["exit_code"] for line in lines()] == [1]


# No line, no answer


def test_without_a_log_nothing_is_handed_out(run: Run, tmp_path: Path) -> None:
    paths.audit_file().mkdir()
    for command in (("propensity", "--svid", "0012345"), ("export", "coverage")):
        assert_refused(run(*command), 3, "audit log", str(paths.audit_file()), "make it writable")
        outcome = run(*command, "--out", "answer.csv")
        assert_refused(outcome, 3, "audit log")
    assert not (tmp_path / "answer.csv").exists()


def test_a_log_that_leads_elsewhere_is_refused(run: Run, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("")
    paths.audit_file().symlink_to(elsewhere)
    assert_refused(run("export", "coverage"), 3, "audit log")
    assert elsewhere.read_text() == ""


def test_a_log_that_fails_late_stops_the_answer_and_stays_whole(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("history")
    before = paths.audit_file().read_bytes()
    written = os.write

    def short(handle: int, line: bytes) -> int:
        return written(handle, line[:20])

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", short)
        assert_refused(run("export", "coverage"), 3, "no space left on device")
        assert_refused(run("export", "coverage", "--out", "answer.csv"), 3, "audit log")
    assert not (tmp_path / "answer.csv").exists()
    assert list(tmp_path.glob(".segment-*")) == []
    assert paths.audit_file().read_bytes() == before
    assert run("export", "coverage").code == 0
    assert len(lines()) == 2


def test_handing_out_that_fails_leaves_a_second_line(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*given: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfileobj", fails)
    outcome = run("export", "row_accounting")
    assert outcome.code == 1
    first, second = lines()
    assert (first["exit_code"], second["exit_code"]) == (0, 1)
    assert first["output_digest"] == second["output_digest"] is not None


def test_without_a_folder_there_is_nothing_to_log(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEHAVIORAL_DB", str(tmp_path / "nowhere" / "behavioral.duckdb"))
    assert_refused(run("export", "coverage"), 3, "there is no database")
    assert not (tmp_path / "nowhere").exists()


# What others may add


def test_facts_are_numbers_or_known_words(database: Path) -> None:
    audit.note(contact_details=True)  # outside of a call: nothing
    audit.command(lambda: audit.note(contact_details=True, left_out=3, has_erased=False))()
    audit.end(0)
    (line,) = lines()
    assert (line["contact_details"], line["left_out"], line["has_erased"]) == (True, 3, False)
    for facts in ({"name": "Roe"}, {"command": "0012345"}, {"build_id": "a b"}, {"format": "x\n"}):
        with pytest.raises(ValueError, match="takes no such text"):
            audit.note(**facts)


# Reading it


def test_the_log_is_shown_newest_first(run: Run) -> None:
    run("propensity", "--svid", "0012345")
    run("export", "nothing")
    outcome = run("audit")
    assert outcome.code == 0
    found = [(row["command"], row["exit_code"], row["ids"]) for row in outcome.rows]
    assert found == [("export", "2", ""), ("propensity", "0", "1")]
    assert list(outcome.rows[0]) == [*audit.FIELDS, "other_facts"]
    assert lines()[-1]["command"] == "audit"
    assert json.loads(run("audit", "--format", "json").out)[0]["command"] == "audit"


def test_an_empty_log_is_an_empty_answer(run: Run) -> None:
    outcome = run("audit")
    assert outcome.code == 0
    assert outcome.out.startswith("at,user,command,")
    assert outcome.out.count("\n") == 1


DAMAGED = [
    "not json",
    "[]",
    "null",
    "{}",
    '{"at": "noon"}',
    "\0\0\0\0",
    "[" * 10_000,
    '{"at": "2025-07-01T10:00:00+00:00", "user": 5}',
]


def test_damaged_lines_are_told_by_number(run: Run) -> None:
    run("history")
    good = paths.audit_file().read_text()
    huge = json.dumps({**json.loads(good), "ids": 10**30}) + "\n"
    paths.audit_file().write_text(good + "\n".join(DAMAGED) + "\n" + huge + good + '{"at": "20')
    outcome = run("audit")
    assert outcome.code == 0
    assert [row["command"] for row in outcome.rows] == ["history", "history"]
    assert outcome.err.count("\n") == 1
    assert "skipped damaged lines: 2, 3, 4, 5, 6 and 5 more" in outcome.err
    assert json.loads(paths.audit_file().read_text().splitlines()[-1])["command"] == "audit"


APPENDING = """
import sys
from enrichment import audit

@audit.command
def history(): audit.note(number=int(sys.argv[1]), padding=10 ** 3000)

for _ in range(100):
    history()
    audit.end(0)
"""


def test_processes_that_write_at_once_write_whole_lines(database: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", APPENDING, str(number)], cwd=SCRIPTS)
        for number in range(3)
    ]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    found = [line["number"] for line in lines()]
    assert sorted(found) == [0] * 100 + [1] * 100 + [2] * 100


def test_the_log_is_no_place_for_an_answer(run: Run) -> None:
    run("history")
    outcome = run("export", "coverage", "--out", str(paths.audit_file()), "--format", "csv")
    assert_refused(outcome, 2, "belongs to the database")
