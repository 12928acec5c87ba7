"""The page on the distribution of each score, with plots."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from plotting import BEHIND, BLUE, VERMILION, drawn

_INTRODUCTION = (
    "How each score is distributed over the voters of {source}, from the table "
    "`marts.score_distribution`. The height of a bar is the share of the voters who have the "
    "score. A score that does not use its range does not separate people. What each score is for: "
    "`docs/scores.md`."
)


@dataclass(frozen=True)
class Distribution:
    """One score: what it is, its bins (from, to, share of the scored), and its figures."""

    score: str
    meaning: str
    bins: list[tuple[float, float, float]]
    scored: int
    unscored: int
    mean: float | None
    median: float | None
    deviation: float | None
    lowest: float | None
    highest: float | None
    high_share: float | None
    low_share: float | None


def distributions(con: duckdb.DuckDBPyConnection) -> list[Distribution]:
    """Every score of the database, in the order of its columns."""
    rows = con.execute(
        """
        select
            scores.score, columns.comment, scores.scored_people, scores.unscored_people,
            scores.mean, scores.median, scores.standard_deviation, scores.lowest_value,
            scores.highest_value, scores.high_people_share, scores.low_people_share,
            list(
                (scores.bin_from, scores.bin_to, coalesce(scores.people_share, 0))
                order by scores.bin
            )
        from marts.score_distribution as scores
        inner join duckdb_columns() as columns
            on
                columns.schema_name = 'marts'
                and columns.table_name in ('engagement_scores', 'donor_propensity')
                and columns.column_name = scores.score
        group by
            columns.table_name, columns.column_index, columns.comment, scores.score,
            scores.scored_people, scores.unscored_people, scores.mean, scores.median,
            scores.standard_deviation, scores.lowest_value, scores.highest_value,
            scores.high_people_share, scores.low_people_share
        order by columns.table_name desc, columns.column_index
        """
    ).fetchall()
    return [
        Distribution(
            score=row[0],
            meaning=" ".join((row[1] or "").split()),
            scored=row[2],
            unscored=row[3],
            mean=row[4],
            median=row[5],
            deviation=row[6],
            lowest=row[7],
            highest=row[8],
            high_share=row[9],
            low_share=row[10],
            bins=[(float(low), float(high), float(share)) for low, high, share in row[11]],
        )
        for row in rows
    ]


def plot(one: Distribution, file: Path) -> None:
    """Bars of the bins in percent of the scored voters, and the median as a line."""
    top = one.bins[-1][1]
    with drawn(file, 6.4, 2.6) as figure:
        axes = figure.subplots()
        axes.bar(
            [(low + high) / 2 for low, high, _ in one.bins],
            [100 * share for *_, share in one.bins],
            width=0.9 * top / len(one.bins),
            color=BLUE,
        )
        axes.set_xlim(0, top)
        axes.grid(axis="x", visible=False)
        axes.set_title(one.score)
        axes.set_ylabel("% of scored voters")
        if one.median is not None:
            is_right = one.median > 0.7 * top
            axes.axvline(one.median, color=VERMILION, linewidth=1.4, linestyle=(0, (4, 3)))
            axes.annotate(
                f"median {one.median:g}",
                (one.median, axes.get_ylim()[1]),
                xytext=(-5 if is_right else 5, -4),
                textcoords="offset points",
                color=VERMILION,
                ha="right" if is_right else "left",
                va="top",
                fontsize=9,
                bbox=BEHIND,
            )


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.4g}"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


def page_text(found: list[Distribution], as_of: str, folder: str, source: str) -> str:
    """The page as Markdown; plots are linked in ``folder`` beside it."""
    head = ("score", "scored", "not scored", "mean", "median", "deviation", "lowest", "highest")
    lines = [
        f"| {' | '.join((*head, '≥ 0.7 of the range', '≤ 0.3 of it'))} |",
        f"|---|{'---:|' * (len(head) + 1)}",
        *(
            f"| `{one.score}` | {one.scored:,} | {one.unscored:,} | {_number(one.mean)} "
            f"| {_number(one.median)} | {_number(one.deviation)} | {_number(one.lowest)} "
            f"| {_number(one.highest)} | {_percent(one.high_share)} | {_percent(one.low_share)} |"
            for one in found
        ),
    ]
    parts = [
        "# Distribution of the scores",
        f"Written by `tools/render_docs.py scores`. As of {as_of}.",
        _INTRODUCTION.format(source=source),
        "\n".join(lines),
    ]
    for one in found:
        parts += [
            f"## {one.score}",
            one.meaning,
            f"![Distribution of {one.score}]({folder}/{one.score}.svg)",
        ]
    return "\n\n".join(parts) + "\n"


def write_page(con: duckdb.DuckDBPyConnection, page: Path, source: str) -> None:
    """Writes the page, and the plots to a folder named like it."""
    found = distributions(con)
    as_of = str(con.execute("select as_of_date from keys.key_clock").fetchall()[0][0])
    folder = page.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    for one in found:
        plot(one, folder / f"{one.score}.svg")
    page.write_text(page_text(found, as_of, folder.name, source))
