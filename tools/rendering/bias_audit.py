"""The page on the bias audit: how each audited score treats groups of people.

It shows `marts.bias_audit` group by group. Small groups are left out, and enough others that nobody
can find them by subtraction. Every sentence is true of any data: the findings are in the figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import duckdb
from jinja2 import Template

from enrichment.paths import PROJECT

KINDS = {"age_band": "Age", "gender": "Gender", "party": "Party", "county": "County"}
"""Kinds of groups in the order of the document, with their headings."""

FEW_COUNTIES = 12
"""If there are more counties than this, only those that differ are listed."""

HEAD = """# Bias audit

Does any score or flag treat groups of people unequally? This page shows `marts.bias_audit` of
{source}, as of {as_of_date}. The figures hold for that data only.

## How to read it

- **selected**: people at or above the cut-off of the seed `audited_scores`; for a flag, people
  for whom it is true. The rate has a 95 % Wilson interval.
- **difference**: the group's rate minus the rate of everybody else, in percentage points, with
  a 95 % Newcombe interval. **ratio**: the first rate divided by the second. **q**: the p-value
  of the difference, corrected by Benjamini and Hochberg over all {rows} rows of the table.
- **!** marks a group if q is at most {q_value:g}, and the difference is at least
  {rate_difference:g} points or the ratio is below {selection_ratio:g} or above its inverse
  (`audit_limits` in the seed `rules`).
- **false positives** were selected on an earlier day, and the outcome did not follow. **false
  negatives** were not selected, and it did. They exist only for scores that forecast something
  that can be checked since.
- **unknown**: people for whom the voter file does not say it. They often differ from the rest
  in other ways too.
- Groups of fewer than {min_people} people are not shown (`small_group` in the seed `rules`), nor
  enough others that the small ones cannot be found by subtraction.

A mark is a reason to look for the cause; it does not prove unfair treatment. No mark does not
prove fair treatment: with few people or few outcomes only large differences show.
`docs/ethics.md` says what to do about a mark.
"""


class Row(NamedTuple):
    """The shown columns of a row of the mart."""

    score: str
    group_kind: str
    group_value: str
    group_voters: int
    is_hidden: bool
    mean_score: float
    selected: int
    selection_rate: float
    selection_rate_low: float
    selection_rate_high: float
    rate_difference: float | None
    rate_difference_low: float | None
    rate_difference_high: float | None
    selection_ratio: float | None
    q_value: float
    is_flagged: bool
    outcome: str
    tried_voters: int
    outcome_voters: int
    false_positive_rate: float | None
    false_positive_rate_low: float | None
    false_positive_rate_high: float | None
    false_negative_rate: float | None
    false_negative_rate_low: float | None
    false_negative_rate_high: float | None
    selects_at: float


def number(value: float | None, places: int = 1) -> str:
    """A number for a table; an empty cell for None."""
    return "" if value is None else f"{value:.{places}f}"


def interval(value: float | None, low: float | None, high: float | None) -> str:
    """A number and the ends of its interval."""
    return "" if value is None else f"{number(value)} ({number(low)} to {number(high)})"


def text(value: str) -> str:
    """A value of the voter file as text that cannot break the table or act as Markdown."""
    plain = "".join(letter if letter.isprintable() else " " for letter in value)
    return plain.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("`", "'")


def table(rows: Iterable[Row], *, with_errors: bool) -> Iterator[str]:
    """The lines of a Markdown table."""
    head = ["group", "people", "mean", "selected", "% selected", "difference", "ratio", "q", ""]
    if with_errors:
        head += ["outcomes", "% false positives", "% false negatives"]
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        cells = [
            text(row.group_value),
            f"{row.group_voters:,}",
            number(row.mean_score, 3),
            f"{row.selected:,}",
            interval(row.selection_rate, row.selection_rate_low, row.selection_rate_high),
            interval(row.rate_difference, row.rate_difference_low, row.rate_difference_high),
            number(row.selection_ratio, 2),
            "under 0.001" if row.q_value < 0.001 else number(row.q_value, 3),
            "!" if row.is_flagged else "",
        ]
        if with_errors:
            cells += [
                f"{row.outcome_voters:,}",
                interval(
                    row.false_positive_rate,
                    row.false_positive_rate_low,
                    row.false_positive_rate_high,
                ),
                interval(
                    row.false_negative_rate,
                    row.false_negative_rate_low,
                    row.false_negative_rate_high,
                ),
            ]
        yield "| " + " | ".join(cells) + " |"


def section(score: str, rows: Sequence[Row]) -> Iterator[str]:
    """The lines about one score."""
    first = rows[0]
    outcome = first.outcome.replace("none:", "nothing:", 1)
    yield f"## `{score}`\n"
    yield f"Selected at {first.selects_at:g} or above. Compared with {outcome}.\n"
    with_errors = any(row.tried_voters for row in rows)
    for kind, heading in KINDS.items():
        groups = [row for row in rows if row.group_kind == kind]
        listed = [row for row in groups if not row.is_hidden]
        summary = f"{len(groups)} groups, {len(groups) - len(listed)} not shown for their size"
        if kind == "county" and len(listed) > FEW_COUNTIES:
            listed = [row for row in listed if row.is_flagged]
            summary += f"; {len(listed)} marked, and only these are listed"
        yield f"### {heading}\n"
        yield f"{summary}.\n"
        if listed:
            yield from table(listed, with_errors=with_errors)
            yield ""


def hidden_among_totals(relation: str, totals: str) -> str:
    """SQL of the macro of that name, outside of dbt."""
    text = (PROJECT / "macros" / "disclosure.sql").read_text(encoding="utf-8")
    return str(Template(text).module.hidden_among_totals(relation, totals))  # type: ignore[attr-defined]


def page_text(con: duckdb.DuckDBPyConnection, source: str) -> str:
    """The page as Markdown; ``source`` says what the database was built from."""
    columns = ", ".join(
        f"scores.{name}" if name == "selects_at" else f"audit.{name}" for name in Row._fields
    )
    ((min_people,),) = con.execute(
        "select cast(value as bigint) from seeds.rules "
        "where subject = 'disclosure_limits' and rule = 'small_group'"
    ).fetchall()
    sized = (
        f"(select *, group_voters as people, 0 as other_people, {min_people} as minimum_people, "
        "group_value as row_key from marts.bias_audit) as sized"
    )
    audit = hidden_among_totals(sized, "score, group_kind")
    rows = [
        Row(*values)
        for values in con.execute(
            f"select {columns} from ({audit}) as audit "
            "inner join seeds.audited_scores as scores using (score) "
            "order by audit.score, audit.group_kind, audit.group_value"
        ).fetchall()
    ]
    ((as_of_date,),) = con.execute("select as_of_date from marts.build_info").fetchall()
    limits = dict(
        con.execute("select rule, value from seeds.rules where subject = 'audit_limits'").fetchall()
    )
    head = HEAD.format(
        source=source,
        as_of_date=as_of_date,
        rows=len(rows),
        min_people=min_people,
        **limits,
    )
    lines = [head]
    groups = {score: list(group) for score, group in groupby(rows, key=lambda row: row.score)}
    for (score,) in con.execute("select score from seeds.audited_scores order by score").fetchall():
        if score in groups:
            lines += section(score, groups[score])
        else:
            lines += [f"## `{score}`\n", "Nobody has this score in this build.\n"]
    return "\n".join(lines).rstrip() + "\n"


def write_page(con: duckdb.DuckDBPyConnection, page: Path, source: str) -> None:
    """Writes the page."""
    page.write_text(page_text(con, source), encoding="utf-8")
