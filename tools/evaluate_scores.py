"""Judge the scores on samples that nobody has seen: `tools/evaluate_scores.py --seed 1 --seed 2`.

Makes a sample of each seed below `--data`, builds it, and compares what the build says of its own
scores with the lines that they must pass and with the best that is possible in that sample
(`truth/best_possible.parquet`). A sample or a database that is there already is used again.

Exit code 0: every line is passed; 1: a line is missed, or a build failed; 2: bad arguments.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import duckdb
import typer

from check_incremental import BuildFailedError, run_runner
from make_sample_data import RefusedError, make
from sample_data.days import ACCEPTED

SCORES = """
    with latest as (
        select *
        from marts.score_evaluation
        qualify as_of_date = max(as_of_date) over (partition by score, outcome)
    )

    select
        scores.*,
        (
            select max(baselines.auc)
            from latest as baselines
            where baselines.score in ('recency_only', 'count_only')
                and baselines.outcome = scores.outcome
                and baselines.population = scores.population
                and baselines.as_of_date = scores.as_of_date
        ) as baseline_auc,
        best.expected_auc,
        best.auc as best_auc,
        best.skill as best_skill,
        best.lift_at_10_percent as best_lift
    from latest as scores
    left join best
        on best.score = scores.score
        and best.outcome = scores.outcome
        and best.population = scores.population
        and best.as_of_date = scores.as_of_date
    where scores.score = ? and scores.outcome = ? and scores.population = ? and k_share = ?
"""

# The share of gifts that mail caused is `difference` of all campaigns; only gifts count whose whole
# window before and after is known.
PLACEBO = """
    with caused as (
        select count(*) filter (campaign_id is not null) / count(*) as share
        from (
            select causes.campaign_id
            from gifts
            left join causes using (donation_id)
            where gifts.donation_id is not null
        )
    )

    select model, difference, ci_low, ci_high, touched_share, caused.share
    from marts.attribution_placebo
    cross join caused
    where campaign_id is null and model in ('any_touch', 'linear')
    order by model
    limit 1
"""

LIKENESS = """
    select k_share, lift, lift_low, lift_high
    from segments.segment_lookalike_check((
        select list(state || ':' || svid order by state, svid)
        from marts.enriched_profiles
        where is_donor
    ))
    where k_share in (0.01, 0.1)
    order by k_share
"""


@dataclass(frozen=True)
class Line:
    """A figure beside the least and the most that it may be."""

    name: str
    figure: float | None
    least: float | None = None
    most: float | None = None
    low: float | None = None
    high: float | None = None
    baseline: float | None = None
    best: float | None = None

    @property
    def is_passed(self) -> bool:
        """Whether the figure is known and within its limits."""
        return (
            self.figure is not None
            and (self.least is None or self.figure >= self.least)
            and (self.most is None or self.figure <= self.most)
        )

    def cells(self) -> list[str]:
        """The cells of its row in the table."""
        goal = f"{_text(self.least)} …" if self.most is None else f"… {_text(self.most)}"
        if self.least is not None and self.most is not None:
            goal = f"{_text(self.least)} … {_text(self.most)}"
        interval = f"{_text(self.low)} … {_text(self.high)}" if self.low is not None else ""
        figures = [_text(self.figure), interval, _text(self.baseline), _text(self.best), goal]
        return [self.name, *figures, "yes" if self.is_passed else "NO"]


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def lines(database: Path, sample: Path) -> Iterator[Line]:
    """Every figure of a built sample that has a line to pass."""
    truth = sample / "truth"
    with duckdb.connect(str(database), read_only=True) as con:
        con.execute(f"create temp view best as from '{truth / 'best_possible.parquet'}'")
        con.execute(f"create temp view causes as from '{truth / 'donation_causes.parquet'}'")
        con.execute(f"create temp view gifts as from '{sample / 'donations'}/*.parquet'")
        tables = {
            name for (name,) in con.execute("select table_name from duckdb_tables()").fetchall()
        }
        functions = {
            name
            for (name,) in con.execute("select function_name from duckdb_functions()").fetchall()
        }

        def judged(score: str, outcome: str, population: str, k_share: float) -> dict[str, float]:
            found = con.execute(SCORES, [score, outcome, population, k_share])
            row = found.fetchone()
            names = [column[0] for column in found.description or []]
            return dict(zip(names, row, strict=True)) if row else {}

        gift = judged("gift_probability", "gift", "past_donors", 0.1)
        yield _auc("next gift of past donors", gift, 0.69)
        yield Line("its lift at 10 %", gift.get("lift"), 2.9, best=gift.get("best_lift"))
        yield _skill("its skill", gift, 0.08)
        yield Line("its predicted/observed", gift.get("predicted_observed_ratio"), 0.8, 1.25)
        first = judged("gift_probability", "first_gift", "never_donors", 0.1)
        yield _auc("first gift", first, (first.get("best_auc") or 1) - 0.03)
        yield Line(
            "the lower bound of its skill", first.get("skill_low"), 0, best=first.get("best_skill")
        )
        yield Line("people who gave first", first.get("positives"), 50)
        quiet = judged("churn_probability_score", "quiet", "active", 0.2)
        yield _auc("going quiet", quiet, 0.66)
        yield _skill("its skill", quiet, 0.09)
        yield Line("its predicted/observed", quiet.get("predicted_observed_ratio"), 0.9, 1.1)
        yield Line(
            "precision of the riskiest fifth, above the base",
            quiet["precision_at_k"] - quiet["base_rate"] if quiet else None,
            0.08,
        )
        if "segment_lookalike_check" in functions:
            for k_share, lift, low, high in con.execute(LIKENESS).fetchall():
                yield Line(
                    f"lift of donors' likeness at {k_share:.0%}", lift, 2, low=low, high=high
                )
        if "attribution_placebo" in tables:
            row = con.execute(PLACEBO).fetchone()
            if row:
                model, difference, low, high, touched, caused = row
                yield Line(
                    f"gifts that mail caused ({model})", difference, 0.8 * caused, 1.2 * caused,
                    low=low, high=high, baseline=touched, best=caused,
                )  # fmt: skip


def _auc(name: str, row: dict[str, float], least: float) -> Line:
    return Line(
        f"AUC: {name}", row.get("auc"), least, None, row.get("auc_low"), row.get("auc_high"),
        row.get("baseline_auc"), row.get("best_auc"),
    )  # fmt: skip


def _skill(name: str, row: dict[str, float], least: float) -> Line:
    return Line(name, row.get("skill"), least, low=row.get("skill_low"), best=row.get("best_skill"))


def evaluate(data: Path, seed: int, scale: float, voters: int) -> bool:
    """Makes, builds and judges the sample of a seed; returns whether every line is passed."""
    sample = data / f"sample-{seed}"
    database = data / f"built-{seed}" / "behavioral.duckdb"
    make(scale, seed, sample, voters)
    if not database.is_file():
        run_runner(database, "build", *(f"--accept={check}" for check in ACCEPTED), extracts=sample)
    print(f"\nSeed {seed}\n")
    header = ("line", "figure", "95 % interval", "baseline", "best possible", "goal", "passed")
    print("| " + " | ".join(header) + " |")
    print("|" + "---|" * len(header))
    found = list(lines(database, sample))
    for line in found:
        print("| " + " | ".join(line.cells()) + " |", flush=True)
    return all(line.is_passed for line in found)


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@app.command()
def evaluate_scores(
    seed: Annotated[list[int], typer.Option(help="Seeds of the samples.")],
    data: Annotated[Path, typer.Option(help="The folder of samples and databases.")] = Path(
        "warehouse/evaluation"
    ),
    scale: Annotated[float, typer.Option(help="As of the sample.")] = 0.02,
    voters: Annotated[int, typer.Option(help="As of the sample.")] = 5000,
) -> None:
    """Judge the scores on samples that nobody has seen."""
    passed = [evaluate(data, each, scale, voters) for each in seed]
    if not all(passed):
        raise typer.Exit(1)


def main() -> int:
    """Runs the command line; any mistake is one line and exit code 2."""
    try:
        return app(standalone_mode=False) or 0
    except BuildFailedError as error:
        message, code = str(error), 1
    except RefusedError as error:
        message, code = str(error), 2
    except typer.TyperException as error:
        message, code = " ".join(error.format_message().split()), 2
    print(f"error: {message}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
