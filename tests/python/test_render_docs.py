"""Pages about a database, as `tools/render_docs.py` writes them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from rendering import scores

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Two scores of two bins: half of the voters have the first, nobody the second."""
    file = tmp_path / "behavioral.duckdb"
    with duckdb.connect(str(file)) as con:
        con.execute(
            """
            create schema marts;
            create schema keys;
            create table keys.key_clock as select date '2026-06-30' as as_of_date;
            create table marts.engagement_scores (recent_score double, engagement_score double);
            create table marts.donor_propensity (donor_propensity_score double);
            comment on column marts.engagement_scores.engagement_score is 'How engaged.\n';
            create table marts.score_distribution as
            select
                score, bin, bin_from, bin_to, people_share, scored_people, unscored_people, mean,
                mean as median, null::double as standard_deviation, mean as lowest_value,
                mean as highest_value, people_share as high_people_share,
                people_share as low_people_share
            from (
                values
                ('engagement_score', 2, 50.0, 100.0, 0.5, 1500, 1500, 62.5),
                ('engagement_score', 1, 0.0, 50.0, 0.5, 1500, 1500, 62.5),
                ('recent_score', 1, 0.0, 0.5, null, 0, 3000, null),
                ('recent_score', 2, 0.5, 1.0, null, 0, 3000, null)
            ) as bins (
                score, bin, bin_from, bin_to, people_share, scored_people, unscored_people, mean
            );
            create table marts.score_evaluation as
            select
                score, 'all' as population, 'gift' as outcome, as_of_date, k_share, 2000 as people,
                0.05 as base_rate, auc, auc - 0.02 as auc_low, auc + 0.02 as auc_high, 3.25 as lift,
                skill, skill - 0.01 as skill_low, 1.04 as predicted_observed_ratio, verdict
            from (
                values
                ('count_only', date '2026-04-01', 0.1, 0.65, null, 'no_better'),
                ('gift_probability', date '2026-04-01', 0.1, 0.716, 0.134, 'better'),
                ('gift_probability', date '2026-04-01', 0.2, 0.99, 0.9, 'better'),
                ('gift_probability', date '2026-01-01', 0.1, 0.99, 0.9, 'better'),
                ('return_probability', date '2026-04-01', 0.1, null, null, 'insufficient_data')
            ) as judged (score, as_of_date, k_share, auc, skill, verdict);
            create table marts.success_metrics as
            select * from (
                values
                ('coverage', 0.8, 'share', 0.85, 0.8, 0.9, true, 'Counted'),
                ('p95', 2, 'seconds', null, null, null, null, 'Elsewhere')
            ) as goals (
                metric, target, unit, measured, measured_low, measured_high, is_met, how_measured
            )
            """
        )
    return file


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(PROJECT / "tools" / "render_docs.py"), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_page_shows_each_score_once(database: Path, tmp_path: Path) -> None:
    done = run("scores", "--database", database, "--out", tmp_path)
    page = tmp_path / "scores.md"
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{page}\n", "")
    text = page.read_text()
    assert "As of 2026-06-30." in text
    assert "of one database" in text
    assert (
        "| `engagement_score` | 1,500 | 1,500 | 62.5 | 62.5 | – | 62.5 | 62.5 | 50.0 % | 50.0 % |"
    ) in text
    assert "| `recent_score` | 0 | 3,000 | – | – | – | – | – | – | – |" in text
    assert "## engagement_score\n\nHow engaged.\n\n![" in text
    # In the order of the columns of the mart.
    assert text.index("## recent_score") < text.index("## engagement_score")
    plots = {file.name for file in (tmp_path / "scores").iterdir()}
    assert plots == {"engagement_score.svg", "recent_score.svg"}
    assert all(f"(scores/{plot})" in text for plot in plots)


def test_a_page_can_be_html(database: Path, tmp_path: Path) -> None:
    done = run("scores", "--database", database, "--out", tmp_path, "--html", "--sample")
    page = tmp_path / "scores.html"
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{page}\n", "")
    text = page.read_text()
    assert "<title>Distribution of the scores</title>" in text
    assert "made-up sample" in text
    assert '<img src="scores/engagement_score.svg"' in text
    assert text.count("<table>") == 1
    assert not (tmp_path / "scores.md").exists()


def test_the_evaluation_is_written_between_the_marks(database: Path, tmp_path: Path) -> None:
    page = tmp_path / "scores.md"
    page.write_text(
        "# Scores\n\n<!-- evaluation: begin -->\nold\n<!-- evaluation: end -->\n\nEnd.\n"
    )
    done = run("evaluation", "--database", database, "--out", tmp_path, "--sample")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{page}\n", "")
    text = page.read_text()
    assert text.startswith("# Scores\n\n<!-- evaluation: begin -->\nOf a build from the made-up")
    assert text.endswith("\n<!-- evaluation: end -->\n\nEnd.\n")
    assert "old" not in text
    rows = [line for line in text.splitlines() if "`" in line and line.startswith("| all")]
    assert rows == [
        "| all | gift since 2026-04-01 | `gift_probability` | 2,000 | 0.050 | 0.72 (0.70–0.74) "
        "| 3.25 | +13.4 % (+12.4 %) | 1.04 | better |",
        "| all | gift since 2026-04-01 | `return_probability` | 2,000 | 0.050 | – | 3.25 | – "
        "| 1.04 | insufficient_data |",
        "| all | gift since 2026-04-01 | `count_only` | 2,000 | 0.050 | 0.65 (0.63–0.67) | 3.25 "
        "| – | 1.04 | no_better |",
    ]
    assert "| coverage | 0.8 share | 0.850 (0.800–0.900) | yes | Counted |" in text
    assert "| p95 | 2 seconds | – | not known here | Elsewhere |" in text
    page.write_text("# No marks\n")
    done = run("evaluation", "--database", database, "--out", tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert page.read_text() == "# No marks\n"


def test_bins_are_in_order_and_bars_are_shares(database: Path) -> None:
    with duckdb.connect(str(database), read_only=True) as con:
        nobody, half = scores.distributions(con)
    assert half.bins == [(0.0, 50.0, 0.5), (50.0, 100.0, 0.5)]
    assert nobody.bins == [(0.0, 0.5, 0.0), (0.5, 1.0, 0.0)]
    assert (half.meaning, nobody.meaning) == ("How engaged.", "")


def test_the_same_figures_make_the_same_plot(database: Path, tmp_path: Path) -> None:
    with duckdb.connect(str(database), read_only=True) as con:
        nobody, half = scores.distributions(con)
    drawn = []
    for name, score in (("a", half), ("b", half), ("c", nobody)):
        file = tmp_path / f"{name}.svg"
        scores.plot(score, file)
        drawn.append(file.read_bytes())
    assert drawn[0] == drawn[1] != drawn[2]


def test_errors_are_one_line(database: Path, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    (taken / "scores.md").mkdir(parents=True)
    runs = {
        "no database": run("scores", "--database", tmp_path / "none.duckdb"),
        "no folder": run("scores", "--database", database, "--out", tmp_path / "none"),
        "no page": run("nothing", "--database", database, "--out", tmp_path),
        "no file": run("scores", "--database", database, "--out", taken),
    }
    with duckdb.connect(str(database)) as con:
        con.execute("drop table marts.score_distribution")
    runs["older"] = run("scores", "--database", database, "--out", tmp_path)
    database.write_text("no database")
    runs["other file"] = run("scores", "--database", database, "--out", tmp_path)
    assert {name: done.returncode for name, done in runs.items()} == {
        "no database": 3,
        "no folder": 2,
        "no page": 2,
        "no file": 2,
        "older": 3,
        "other file": 3,
    }
    for name, done in runs.items():
        assert "Traceback" not in done.stderr, name
        assert done.stdout == "", name
        assert name == "no page" or done.stderr.count("\n") == 1, name
    assert not (tmp_path / "scores.md").exists()
