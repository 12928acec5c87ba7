"""The part of `docs/scores.md` that says how well the scores foresee what they are for.

The tables stand between two marks of the page, and only what is between them is written.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from enrichment.errors import InputError

BEGIN, END = "<!-- evaluation: begin -->", "<!-- evaluation: end -->"

_EVALUATION = """
    select
        score, population, outcome, as_of_date, people, base_rate, auc, auc_low, auc_high,
        lift, skill, skill_low, predicted_observed_ratio, verdict
    from marts.score_evaluation
    where
        k_share = 0.1
        and (score, outcome, population, as_of_date) in (
            select (score, outcome, population, max(as_of_date))
            from marts.score_evaluation
            group by score, outcome, population
        )
    order by
        population, outcome,
        score in ('recency_only', 'count_only', 'brief_rule', 'random'), score
"""

_GOALS = """
    select metric, target, unit, measured, measured_low, measured_high, is_met, how_measured
    from marts.success_metrics
    order by metric
"""


def _figure(value: float | None, places: int) -> str:
    return "–" if value is None else f"{value:.{places}f}"


def _between(low: float | None, high: float | None, places: int) -> str:
    return "" if low is None else f" ({_figure(low, places)}–{_figure(high, places)})"


def evaluation_lines(con: duckdb.DuckDBPyConnection) -> list[str]:
    """The table of scores and baselines, one line per score and population, last day judged."""
    lines = [
        "| who | what | score | people | base | AUC | lift at 10 % | skill (low) "
        "| predicted / observed | verdict |",
        "|---|---|---|---:|---:|---|---:|---|---:|---|",
    ]
    for row in con.execute(_EVALUATION).fetchall():
        score, population, outcome, day, people, base, auc, low, high = row[:9]
        lift, skill, skill_low, ratio, verdict = row[9:]
        skilled = "–" if skill is None else f"{100 * skill:+.1f} % ({100 * skill_low:+.1f} %)"
        lines.append(
            f"| {population} | {outcome} since {day} | `{score}` | {people:,} "
            f"| {_figure(base, 3)} | {_figure(auc, 2)}{_between(low, high, 2)} "
            f"| {_figure(lift, 2)} | {skilled} | {_figure(ratio, 2)} | {verdict} |"
        )
    return lines


def goal_lines(con: duckdb.DuckDBPyConnection) -> list[str]:
    """The table of goals, one line per metric."""
    lines = ["| goal | target | measured | met | how |", "|---|---:|---|---|---|"]
    words = {True: "yes", False: "no", None: "not known here"}
    for metric, target, unit, measured, low, high, is_met, how in con.execute(_GOALS).fetchall():
        lines.append(
            f"| {metric} | {float(target):g} {unit} "
            f"| {_figure(measured, 3)}{_between(low, high, 3)} | {words[is_met]} | {how} |"
        )
    return lines


def write_section(con: duckdb.DuckDBPyConnection, page: Path, source: str) -> None:
    """Writes the tables between the marks of the page.

    Raises InputError if the page does not have the two marks.
    """
    text = page.read_text() if page.is_file() else ""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise InputError(f"{page} has no lines {BEGIN} and {END} to write between")
    tables = "\n".join(evaluation_lines(con)), "\n".join(goal_lines(con))
    told = f"Of {source}, by `tools/render_docs.py evaluation`."
    section = "\n\n".join((told, tables[0], "The goals of the project (`marts.success_metrics`):"))
    page.write_text(f"{before}{BEGIN}\n{section}\n\n{tables[1]}\n{END}{after}")
