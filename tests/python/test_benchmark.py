"""The benchmark: a small piece of it from end to end, its page, its day of news. Never a time."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from benchmarking import news
from benchmarking.contracts import declared_columns
from benchmarking.report.goals import judge
from benchmarking.report.page import page_text, write_page, write_plots
from benchmarking.results import SECTIONS
from benchmarking.sections import incremental
from benchmarking.sections.brief import OURS
from benchmarking.sections.build import Listener, parts, stage_of
from benchmarking.sections.questions import FUNCTIONS, QUESTIONS, spread
from sample_data.pairs import copy_pair, halves

PROJECT = Path(__file__).resolve().parents[2]
LAST_DAY = date(2026, 6, 30)


def run_benchmark(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(PROJECT / "tools" / "benchmark.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def measured(
    sample_extracts: Path, sample_database: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Results of the sections that need no build, one call a question."""
    folder = tmp_path_factory.mktemp("benchmark")
    out = folder / "results.json"
    places = ("--data", str(sample_extracts), "--work", str(folder), "--out", str(out))
    for only in ("scan", "questions,brief"):
        finished = run_benchmark(
            *("--scale", "0.005", "--calls", "1", "--only", only, *places),
            *("--database", str(sample_database)),
        )
        assert finished.returncode == 0, finished.stderr
    return out


def test_a_run_adds_to_the_results(measured: Path) -> None:
    found = json.loads(measured.read_text())
    assert set(found["sections"]) == {"scan", "questions", "brief"}
    assert found["machine"]["cores"] in (1, 2)
    assert {"python", "dbt-core", "duckdb"} <= set(found["versions"])
    for section in found["sections"].values():
        assert re.fullmatch(r"[0-9a-f]{64}", section["measured"]["code_digest"])


def test_the_scan_reads_every_declared_column(measured: Path) -> None:
    tables = json.loads(measured.read_text())["sections"]["scan"]["tables"]
    # The sample does not say where the record of a gift comes from.
    delivered = {
        name: [column for column in columns if column != "DONATION_SOURCE"]
        for name, columns in declared_columns().items()
    }
    assert {name: list(table["values"]) for name, table in tables.items()} == delivered
    assert all(0 < max(table["values"].values()) <= table["rows"] for table in tables.values())


def test_every_question_is_asked_at_every_size(measured: Path) -> None:
    questions = json.loads(measured.read_text())["sections"]["questions"]
    asked = {(row["question"], row["ids"]) for row in questions["latency"]}
    assert asked == {(name, ids) for name in QUESTIONS for ids in (100, questions["voters"])}
    assert len(questions["runner"]["wall_s"]) == 1
    assert [row["clients"] for row in questions["at_once"]] == [1, 2, 4]
    assert all(row["calls"] == row["clients"] * len(FUNCTIONS) for row in questions["at_once"])


def test_every_statement_of_the_brief_runs(measured: Path) -> None:
    brief = json.loads(measured.read_text())["sections"]["brief"]
    outcomes = {(row["statement"], row["source"]): row["outcome"] for row in brief["statements"]}
    assert outcomes == {(name, source): "done" for name in OURS for source in ("parquet", "native")}
    rows: dict[str, set[int]] = {}
    for row in brief["statements"]:
        rows.setdefault(row["statement"], set()).add(row["rows"])
    assert {name: len(counts) for name, counts in rows.items()} == dict.fromkeys(OURS, 1)


def test_results_and_page_name_nobody(measured: Path, tmp_path: Path) -> None:
    page = tmp_path / "benchmark.md"
    finished = run_benchmark("--render", "--out", str(measured), "--page", str(page))
    assert finished.returncode == 0, finished.stderr
    for text in (measured.read_text(), page.read_text()):
        assert "@" not in text
        assert str(tmp_path.parent) not in text
        assert not re.search(r"\d{7}", re.sub(r"[0-9a-f]{64}|\d+\.\d+", "", text))


def test_the_page_says_what_was_measured_and_what_was_not(measured: Path, tmp_path: Path) -> None:
    found = json.loads(measured.read_text())
    assert page_text(found).count("Not measured yet.") == len(SECTIONS) - 3
    write_plots(found, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["latency.svg"]
    first = (tmp_path / "latency.svg").read_text()
    write_plots(found, tmp_path)
    assert (tmp_path / "latency.svg").read_text() == first


def test_results_of_another_scale_are_kept(measured: Path) -> None:
    before = measured.read_text()
    finished = run_benchmark("--scale", "0.001", "--only", "scan", "--out", str(measured))
    assert finished.returncode == 2
    assert "other scale" in finished.stderr
    assert measured.read_text() == before


# ------------------------------------------------------------------------------ the page, all of it


BUILD: dict[str, Any] = {
    "is_finished": True,
    "cpu_s": 50.0,
    "wall_s": 40.0,
    "peak_rss_mb": 900.0,
    "startup_cpu_s": 5.0,
    "startup_wall_s": 5.0,
    "net_cpu_s": 45.0,
    "net_wall_s": 35.0,
    "database_mb": 200.0,
    "private_mb": 400.0,
    "nodes": 1,
}


@pytest.fixture
def made_up(measured: Path, sample_database: Path) -> dict[str, Any]:
    """Results with all sections, those that need a build made up: they are never published."""
    found: dict[str, Any] = json.loads(measured.read_text())
    mark = found["sections"]["scan"]["measured"]
    latency = [row for row in found["sections"]["questions"]["latency"] if row["ids"] == 100]
    small = {**BUILD, "cpu_s": 6.0, "net_cpu_s": 5.0}
    profile = {
        "stages": {"staging": {"nodes": 1, "cpu_s": 40.0}},
        "nodes": [{"node": "a", "stage": "staging", "cpu_s": 40.0, "wall_s": 20.0}],
    }
    day = {"rows": {"donations": 3}, "compared": 140, "difference": None, **profile}
    run = {"nodes": 60, "cpu_s": 1.0, "wall_s": 1.0, "cpu_ms_a_node": 16.0, "wall_ms_a_node": 16.0}
    step = {"cpu_s": 1.0, "wall_s": 1.0, "nodes": {"model": 60}}
    times = {"p50": 90.0, "p95": 120.0, "max": 200.0}
    served = {"calls": 9, "failures": 0, "calls_a_second": 20.0, "questions": {"all": times}}
    found["sections"] |= {
        "build": {
            "measured": mark,
            "whole": BUILD,
            "little_memory": {**BUILD, "memory_limit": "1GB", "is_limit_applied": True},
            "optional": ["web_visits"],
            "subjects": {"evaluation": 20.0, "definitions": 31.0},
            "with_optional": BUILD,
            **profile,
            **parts(str(sample_database)),
        },
        "incremental": {
            "measured": mark,
            "days": {"news": {**day, "incremental": small, "full": BUILD}},
        },
        "serving": {
            "measured": mark,
            **{"clients": 8, "ids": 1000, "publishes": 5},
            **dict.fromkeys(("fresh", "repeated"), served),
        },
        "growth": {
            "measured": mark,
            "voters": 405,
            "scales": [
                {"scale": scale, "rows": {"donations": 9}, "build": built, "latency": latency}
                for scale, built in ((0.1, small), (1.0, BUILD))
            ],
        },
        "voters": {
            "measured": mark,
            "days": [
                {"voters": number, "rows": {"donations": 3}, "incremental": run, "full": BUILD}
                for number, run in ((400, small), (1_600, {**small, "net_cpu_s": 11.0}))
            ],
        },
        "clicky": {"measured": mark, "voters": 405, "build": BUILD, "latency": latency},
        "overhead": {
            "measured": mark,
            **dict.fromkeys(("import", "cold_parse", "warm_parse"), step),
            "empty": [{"threads": threads, **run} for threads in (1, 2)],
        },
    }
    return found


def test_the_page_has_every_section_and_plot(made_up: dict[str, Any], tmp_path: Path) -> None:
    page = tmp_path / "benchmark.md"
    write_page(made_up, page)
    text = page.read_text()
    assert "Not measured yet." not in text
    write_plots(made_up, tmp_path / "plots")
    plots = {plot.stem: plot.read_text() for plot in (tmp_path / "plots").iterdir()}
    assert set(plots) == {"latency", "build", "growth"}
    assert all(plot.startswith("<?xml") for plot in plots.values())
    tables = [block for block in text.split("\n\n") if block.startswith("|")]
    assert all(len({line.count("|") for line in table.splitlines()}) == 1 for table in tables)
    told = "140 tables, views and functions compared with the full build's"
    assert f"{told}: all the same." in text
    made_up["sections"]["incremental"]["days"]["news"]["difference"] = "marts.a: only in the first"
    assert f"{told}: marts.a: only in the first." in page_text(made_up)


def test_databases_of_a_day_are_compared_in_all_layers(
    sample_database: Path, tmp_path: Path
) -> None:
    other = tmp_path / sample_database.name
    copy_pair(sample_database, other)
    found = incremental.compared(str(sample_database), str(other))
    assert found["compared"] > 100
    assert found["difference"] is None
    with duckdb.connect(str(other)) as con:
        con.execute("delete from aggregates.agg_clicks_by_campaign where campaign_id = "
                    "(select min(campaign_id) from aggregates.agg_clicks_by_campaign)")  # fmt: skip
    found = incremental.compared(str(sample_database), str(other))
    assert found["difference"].startswith("aggregates.agg_clicks_by_campaign: ")


def test_the_parts_of_a_database_are_all_of_it(sample_database: Path) -> None:
    """Rows and the rest fill both files, but for headers and blocks that wait to be used."""
    found = parts(str(sample_database))
    told = 1e6 * (found["all_tables_mb"] + found["rest_mb"])
    size = sum(half.stat().st_size for half in halves(sample_database))
    assert 0.8 * size < told <= size
    assert found["all_tables_mb"] > 0 < found["rest_mb"]
    sizes = [table["mb"] for table in found["tables"]]
    assert sizes == sorted(sizes, reverse=True)


def test_goals_are_judged_by_the_figures(made_up: dict[str, Any]) -> None:
    met = {goal.what.partition(",")[0]: goal.is_met for goal in judge(made_up)}
    assert met["The published database"] is True
    assert met["A full build with DuckDB's memory limit at 1 GB"] is True
    assert met["Growth of a full build's CPU"] is True
    assert met["CPU of an incremental day"] is True
    assert met["CPU of an incremental day with changed persons"] is None
    assert met["CPU of evaluation in a full build"] is True
    assert met["CPU of definitions in a full build"] is False
    assert met["CPU of a day of equal news"] is False
    assert met["P95 of analyze"] is None
    assert met["P95 of lookalike"] is None
    made_up["sections"]["build"]["whole"]["database_mb"] = 251.0
    made_up["sections"]["build"]["little_memory"]["is_limit_applied"] = False
    met = {goal.what.partition(",")[0]: goal.is_met for goal in judge(made_up)}
    assert met["The published database"] is False
    assert met["A full build with DuckDB's memory limit at 1 GB"] is None


def test_a_statement_out_of_time_counts_with_its_time(made_up: dict[str, Any]) -> None:
    brief = made_up["sections"]["brief"]
    (row,) = (
        row
        for row in brief["statements"]
        if (row["statement"], row["source"]) == ("lookalike", "native")
    )
    for name in ("wall_s", "cpu_s", "rows", "runs"):
        del row[name]
    row["outcome"] = "not done in 600 s"
    assert re.search(
        r"\| lookalike \| DuckDB \| not done in 600 s .* > [\d,]+× \|", page_text(made_up)
    )


# ---------------------------------------------------------------------------------- its small parts


@pytest.mark.parametrize(
    ("kind", "path", "stage"),
    [
        ("model", "staging/giving/base_giving__donations.sql", "staging"),
        ("model", "aggregates/events/agg_engagement_by_voter.sql", "aggregates/events"),
        ("model", "aggregates/key_clock.sql", "aggregates"),
        ("model", "marts/profiles/coverage.sql", "marts"),
        ("seed", "age_bands.csv", "seeds"),
        ("test", "invariants/assert_touches_lie_in_the_window.sql", "data tests"),
    ],
)
def test_stages_are_layers(kind: str, path: str, stage: str) -> None:
    assert stage_of(kind, path) == stage


def test_the_listener_takes_nodes_and_start_up_apart() -> None:
    def event(name: str, node: str = "") -> SimpleNamespace:
        info = SimpleNamespace(
            unique_id=node, node_name=node, resource_type="model", node_path="marts/x.sql"
        )
        return SimpleNamespace(
            info=SimpleNamespace(name=name), data=SimpleNamespace(node_info=info)
        )

    listener = Listener()
    listener.called((0.0, 0.0))
    for name, node in (("FoundStats", ""), ("NodeStart", "a"), ("NodeFinished", "a")):
        listener(event(name, node))
    listener(event("FoundStats"))
    started = listener.startup
    assert started[0] > 0
    assert [node["node"] for node in listener.nodes] == ["a"]
    assert 0 <= listener.nodes[0]["cpu_s"] < started[0]


def test_percentiles_are_of_the_nearest_rank() -> None:
    assert spread(range(1, 21)) == {"p50": 10.5, "p95": 19, "max": 20}
    assert spread([7.0]) == {"p50": 7.0, "p95": 7.0, "max": 7.0}


@pytest.mark.parametrize("with_people", [False, True])
def test_a_day_of_news(sample_extracts: Path, tmp_path: Path, with_people: bool) -> None:
    day = tmp_path / "day"
    rows = news.make_day(sample_extracts, day, LAST_DAY, with_people=with_people)

    def ask(sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect() as con:
            return con.execute(sql).fetchall()

    for table in declared_columns():
        before, fresh = sample_extracts / table / "*.parquet", day / table / news.NEWS
        if not fresh.exists():
            assert table not in rows
            continue
        types = [ask(f"select column_name, column_type from (describe select * from '{file}')")
                 for file in (before, fresh)]  # fmt: skip
        assert types[0] == types[1]
        assert ask(f"select count(*) from '{fresh}'") == [(rows[table],)]
    for table, id_column, at in (
        ("email_clickers", "event_id", "event_date"),
        ("donations", "donation_id", "donation_date"),
    ):
        (total,) = ask(f"select count(*) from '{sample_extracts / table}/*.parquet'")[0]
        assert 0.5 < 1_000 * rows[table] / total < 1.5
        fresh = day / table / news.NEWS
        known = f"select {id_column} from '{sample_extracts / table}/*.parquet'"
        assert (
            ask(f"select * from '{fresh}' semi join ({known}) as known using ({id_column})") == []
        )
        days = {found for (found,) in ask(f"select distinct cast({at} as date) from '{fresh}'")}
        assert date(2026, 7, 1) in days
        # A planted row without a date stays without one.
        late = {date(2026, 6, 30), date(2026, 6, 29), date(2026, 6, 28)}
        assert days <= {date(2026, 7, 1), None, *late}
    assert (day / "person" / "part-0001.parquet").exists() is not with_people
    if with_people:
        (persons,) = ask(f"select count(*) from '{sample_extracts}/person/*.parquet'")[0]
        assert rows["new_person"] == rows["new_email"] == rows["new_phone"] == 3
        assert rows["person"] == persons + rows["new_person"]
