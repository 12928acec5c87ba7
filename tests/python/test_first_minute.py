"""What somebody sees in the first minute: tables that fit, bad extracts named at once, the demo."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

import demo
from enrichment import dbt_build, early_checks, screen
from extracts import Extracts, write_extracts

# ---------------------------------------------------------------------------- tables on a terminal

NAMES = ["requested_svid", "donor_propensity_score", "past_donations", "reason", "link_status"]
ROWS = [
    ["PA:008254904-12", "0.812", "12", "Like the segment in: giving; time since the first", "none"],
    ["WI:0012345", "", "3", "", "with_behavior"],
]


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_a_table_fits_its_terminal(width: int) -> None:
    """Ids and numbers stay whole, and the first columns stay; headers break at underscores."""
    columns = screen.fitted(NAMES, ROWS, width)
    shown = [
        column.width or max(len(name), *(len(row[at]) for row in ROWS))
        for at, (name, column) in enumerate(zip(NAMES, columns, strict=False))
    ]
    assert sum(shown) + 3 * len(shown) + 1 <= width
    assert [column.header.replace("\n", "") for column in columns] == NAMES[: len(columns)]
    for at, column in enumerate(columns):
        assert max(map(len, column.header.split("\n"))) <= (column.width or width)
        if NAMES[at] != "reason" and column.width:
            assert max(len(row[at]) for row in ROWS) <= column.width
    assert len(columns) >= (2 if width < 60 else 3)


def test_an_id_is_never_broken() -> None:
    rows = [["c24fda7a-e7b6-41bf-bff3-97754c71f1ad", "published", "2026-11-30 16:36:10"]]
    first, second = screen.fitted(["build_id", "status", "built_at"], rows, 60)
    assert (first.width or 36) >= 36
    assert (second.width or 9) >= 9


def test_one_column_is_never_left_out() -> None:
    assert len(screen.fitted(["a_very_long_name"], [["x" * 300]], 10)) == 1


def test_points_stand_in_one_line() -> None:
    rows = [["0.8", "7.0"], ["0.788", ""], ["12", "x"], ["", "1"]]
    assert screen.aligned(rows, [True, False]) == [
        ["0.800", "7.0"], ["0.788", ""], ["12.000", "x"], ["", "1"]
    ]  # fmt: skip
    assert screen.aligned([["1.891e-09"], ["0.1"]], [True]) == [["1.891e-09"], ["0.1"]]


# ------------------------------------------------------------------- bad extracts before the wait


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Extracts of one voter, where the runner looks for them."""
    made = Extracts()
    made.person("0071", "voter@needle.example", cell_phone="6087710101")
    made.mapped("6087710101", "voter@needle.example", "2025-01-01")
    made.campaign(100, "acme", "Mailing")
    made.gift("2025-06-02", "voter@needle.example")
    made.event("voter@needle.example", "2025-05-02", campaign=100, send=1)
    write_extracts(tmp_path / "extracts", made.tables)
    monkeypatch.setenv("BEHAVIORAL_DATA_DIR", str(tmp_path / "extracts"))
    return tmp_path / "extracts"


def move(folder: Path, table: str, name: str) -> None:
    (folder / table).rename(folder / name)


def test_good_extracts_have_no_problem(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert early_checks.problem() is None
    assert capsys.readouterr().err == ""


def test_all_that_is_missing_or_foreign_is_named_at_once(folder: Path) -> None:
    move(folder, "donations", "donation")
    move(folder, "campaigns", "elsewhere")
    (folder / "person" / "broken.parquet").write_text("a page of HTML, not a Parquet file")
    (folder / "person_custom_field" / "short.csv").write_text("person_id,value\n1,0071\n")
    (folder / "custom_field" / "empty.csv").write_text("")
    (folder / "erasure_requests").mkdir()
    (folder / "erasure_requests" / "requests.xlsx").write_text("voter@needle.example")
    before = time.process_time()
    line = early_checks.problem() or ""
    assert time.process_time() - before < 0.5
    for said in (
        "tables campaigns, donations are required",
        f"{folder}/campaigns, {folder}/donations (found donation)",
        "set BEHAVIORAL_DATA_DIR",
        f"{folder}/person/broken.parquet cannot be read as Parquet: deliver it again",
        "table person_custom_field has no column custom_field_id",
        "short.csv: add the column to the file",
        "file custom_field/empty.csv: line 1 names no column of the table",
        "erasure_requests has files that are not read: requests.xlsx",
        "--accept unread_file",
    ):
        assert said in line
    assert "needle.example" not in line
    assert "\n" not in line
    assert "not read" not in (early_checks.problem(["unread_file"]) or "")


def test_a_folder_with_nearly_a_name_is_warned_of(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "suppression").mkdir()
    (folder / "truth").mkdir()
    (folder / "manifest.json").write_text("{}")
    assert early_checks.problem() is None
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("segment.py: warning: suppression in ")
    assert line.endswith("did you mean suppressions?")


def test_utf_16_is_left_to_the_build(folder: Path) -> None:
    """To know its columns it would have to be copied."""
    for file in (folder / "custom_field").iterdir():
        file.unlink()
    (folder / "custom_field" / "a.csv").write_bytes("id,name\n1,state_voter_id\n".encode("utf-16"))
    assert early_checks.problem() is None


# ------------------------------------------------------------------------------------- the progress


class Bar:
    """The last state of a bar."""

    def __init__(self) -> None:
        self.shown: dict[str, object] = {}

    def add_task(self, description: str, **facts: object) -> int:
        """Keeps the description and the facts."""
        self.shown |= {"description": description, **facts}
        return 0

    def update(self, task: int, **facts: object) -> None:
        """Keeps the facts."""
        self.shown |= facts


def test_the_bar_has_a_phase_and_an_estimate_from_the_start() -> None:
    bar = Bar()
    progress = dbt_build.BarProgress(bar, 100.0)
    progress.stage("Starting dbt")
    assert bar.shown["description"] == "1/2 reading the project"
    assert bar.shown["left"] == "about 2 min left"
    progress.tick()
    assert 0 <= float(str(bar.shown["completed"])) < 0.1
    progress.update(5, 10, "client_affinity")
    assert bar.shown["description"] == "2/2 building 5/10 client_affinity"
    assert bar.shown["completed"] == pytest.approx(0.675)
    progress.update(10, 10, "last")
    assert (bar.shown["completed"], bar.shown["left"]) == (1.0, "some seconds left")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-3, "some seconds"), (9, "some seconds"), (34, "about 30 s"), (89, "about 90 s"),
     (90, "about 2 min"), (610, "about 10 min")],
)  # fmt: skip
def test_a_length_of_time_in_words(seconds: float, said: str) -> None:
    assert dbt_build.duration(seconds) == said


def test_a_first_build_is_estimated_by_the_size_of_its_extracts(folder: Path) -> None:
    small = dbt_build.expected_seconds(None)
    with (folder / "person" / "large.bin").open("wb") as file:
        file.truncate(2_000_000_000)
    assert dbt_build.expected_seconds(None) - small == pytest.approx(90, abs=1)


# ---------------------------------------------------------------------------------------- the demo


def test_the_demo_shows_the_beginning_of_each_table() -> None:
    table = "┏━━┓\n┃a ┃\n┡━━┩\n│ 1 │ x │\n│   │ y │\n│ 2 │ z │\n│ 3 │ z │\n└──┘\n3 rows\n"
    answer = f"first\n{table}second\n{table}"
    assert demo.shortened(answer, 2, "").count("…") == 2
    second = demo.shortened(answer, 2, "second").splitlines()
    assert second[0] == "second"
    assert second[4:9] == ["│ 1 │ x │", "│   │ y │", "│ 2 │ z │", "  …", "└──┘"]
    assert "…" not in demo.shortened(answer, 3, "")


def test_the_demo_prints_calls_that_can_be_pasted(capsys: pytest.CaptureFixture[str]) -> None:
    demo.command(["report", "--svids", "warehouse/demo_svids.csv", "--title", "A list"])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= demo.WIDTH
    assert all(line.endswith(" \\") for line in lines[:-1])
    pasted = re.sub(r" \\\n +", " ", "\n".join(lines))
    assert pasted.endswith("report --svids warehouse/demo_svids.csv --title 'A list'")
