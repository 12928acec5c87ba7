"""People planted as steady, as gone and as long gone come out as such (001-15, 003-26; F62).

Every planted person opens a mailing a fortnight, each on a day of their own, until a day on which
some of them stop. Nothing tells the project who stopped but the silence.
"""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest

from extracts import Extracts, build_database, write_extracts
from sample_data.pairs import copy_pair, opened
from warm import Warm

TODAY = date(2026, 6, 30)
HORIZON = 60
FORECASTS = "agg_forecasts_by_voter_moment"
FORTNIGHT = 14
STEADY = 300
STOPPED_AFTER = range(20, 420)
"""Days before today after which nothing more came, one person each."""


class Person(NamedTuple):
    """The outcome of a planted person."""

    pause: int
    """Days since their last act."""
    row: dict[str, Any]
    """Their row of voter_lifecycle."""


def planted() -> tuple[Extracts, dict[str, int]]:
    """Extracts, and the days since the last act of each voter."""
    extracts, pauses = Extracts(), {}
    stops = [*(0 for _ in range(STEADY)), *STOPPED_AFTER]
    for number, stop in enumerate(stops):
        svid, email = f"{number:05}", f"person{number}@lifecycle.example"
        extracts.person(svid, email)
        days = [day for day in range(number % FORTNIGHT, 500, FORTNIGHT) if day >= stop]
        for day in days:
            at = datetime.combine(TODAY - timedelta(days=day), datetime.min.time())
            extracts.event(email, at + timedelta(hours=15), send=1, open=1)
        pauses[svid] = min(days)
    extracts.person("nobody", "nobody@lifecycle.example")
    # No extract may come without a row.
    extracts.campaign(1, "common")
    extracts.mapped("6085550100", "stranger@lifecycle.example")
    extracts.gift("2026-06-01", "stranger@lifecycle.example")
    return extracts, pauses


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory, warm: Warm) -> Path:
    """The marts of lifecycle, built from the planted people."""
    folder = tmp_path_factory.mktemp("lifecycle")
    extracts, _ = planted()
    write_extracts(folder / "extracts", extracts.tables)
    return build_database(
        warm,
        folder / "extracts",
        folder,
        as_of_date=TODAY,
        select=["+voter_lifecycle", "+churn_validation", "+score_calibration"],
    )


@pytest.fixture(scope="module")
def people(database: Path) -> list[Person]:
    """Every planted person with acts."""
    _, pauses = planted()
    with opened(database) as con:
        found = con.execute("select * from marts.voter_lifecycle")
        names = [column[0] for column in found.description]
        rows = [dict(zip(names, values, strict=True)) for values in found.fetchall()]
    of_voter = {row["svid"]: row for row in rows}
    assert of_voter.pop("nobody")["churn_state"] == "no_activity"
    assert set(of_voter) == set(pauses)
    return [Person(pauses[svid], row) for svid, row in of_voter.items()]


def test_the_days_are_those_that_were_planted(people: list[Person]) -> None:
    assert [person.row["days_since_last_event"] for person in people] == [
        person.pause for person in people
    ]


def test_who_keeps_coming_is_not_at_risk(people: list[Person]) -> None:
    steady = [person.row for person in people if person.pause < FORTNIGHT]
    assert len(steady) == STEADY
    assert {row["risk_class"] for row in steady} == {"low"}
    assert max(row["churn_probability_score"] for row in steady) < 0.2


def test_who_has_gone_is_flagged(people: list[Person]) -> None:
    """A fifth of the active people is flagged: first those who stopped a while ago."""
    active = [person for person in people if person.pause < HORIZON]
    assert {person.row["churn_state"] for person in active} == {"active"}
    flagged = [person for person in active if person.row["churn_risk_flag"]]
    assert len(flagged) == len(active) // 5
    gone = [person.row for person in active if person.pause > 2 * FORTNIGHT]
    assert len(gone) > 25
    assert {(row["risk_class"], row["churn_risk_flag"]) for row in gone} == {("high", True)}
    others = [person.row for person in active if person.pause <= FORTNIGHT]
    assert max(row["churn_probability_score"] for row in others) < min(
        row["churn_probability_score"] for row in gone
    )


def test_who_is_long_gone_is_dormant_and_not_at_risk(people: list[Person]) -> None:
    """Nobody in this world comes back, so nothing can be learned about returns."""
    long_gone = [person.row for person in people if person.pause >= HORIZON]
    assert len(long_gone) > 300
    assert {
        (row["churn_state"], row["churn_probability_score"], row["churn_risk_flag"])
        for row in long_gone
    } == {("dormant", None, False)}
    assert {
        (row["return_basis"], row["return_probability"], row["return_verdict"]) for row in long_gone
    } == {("insufficient_data", None, "insufficient_data")}


def test_the_contributions_add_up(people: list[Person]) -> None:
    scored = [person.row for person in people if person.row["churn_probability_score"] is not None]
    assert len(scored) > STEADY
    for row in scored:
        log_odds = sum(value for name, value in row.items() if name.startswith("logit_"))
        assert row["churn_probability_score"] == pytest.approx(
            1 / (1 + math.exp(-log_odds)), abs=1e-6
        )


def test_the_probability_beats_the_base_rate(database: Path) -> None:
    with opened(database) as con:
        people, skill = con.execute(
            "select people_tried, brier_skill from marts.churn_validation where tenth = 0"
        ).fetchall()[0]
    assert people > 200
    assert skill > 0.5


def recompute(con: duckdb.DuckDBPyConnection, compiled: Path) -> list[tuple[Any, ...]]:
    """Runs the models of the regressions again; the forecasts as of one horizon ago."""
    for model in ("agg_history_by_voter_moment", "agg_fits_by_population", FORECASTS):
        sql = (compiled / f"{model}.sql").read_text()
        con.execute(f"create or replace table private.aggregates.{model} as {sql}")
    return con.execute(
        "select voter_number, family, population, probability, log_odds, fixed_rate, "
        "donor_propensity_score, columns('logit_.*'), columns('log_.*') "
        f"from aggregates.{FORECASTS} where horizons_back = 1 order by all"
    ).fetchall()


def test_no_score_knows_the_future(database: Path, tmp_path: Path) -> None:
    """A column that tells the outcome changes nothing, and neither does the number of threads.

    What people did in the last horizon is replaced by a loud sign of the outcome, in every column
    of the acts. The forecasts of the day before it stay the same, to the bit.
    """
    copied = tmp_path / database.name
    copy_pair(database, copied)
    compiled = next((database.parent / "target" / "compiled").rglob("agg_fits_by_population.sql"))
    with opened(copied, read_only=False) as con:
        con.execute("set threads = 1")
        before = recompute(con, compiled.parent)
        assert len({row[:2] for row in before}) == len(before) > 500
        assert any(row[3] is not None for row in before)
        con.execute(
            "update aggregates.agg_acts_by_voter_day set human_events = 1000000, acts = 1000000, "
            "other_acts = 1000000, clicks = 1000000, new_campaigns = 1000000, "
            "new_clients = 1000000, new_channels = 1000000, points = 1000000, gifts = 1000, "
            "gift_amount = 1000000 where active_date > ?",
            [TODAY - timedelta(days=HORIZON)],
        )
        con.execute("set threads = 4")
        after = recompute(con, compiled.parent)
    assert after == before


def test_who_lapsed_in_the_sample_is_not_active(
    sample_database: Path, sample_extracts: Path
) -> None:
    """The sample's lapsed people did nothing after a day at least eight months before its end.

    At an address that is shared others may go on, and that counts for each of its voters (F05).
    """
    with duckdb.connect(":memory:") as con:
        con.execute(f"attach '{sample_database}' as built (read_only)")
        states = dict(
            con.execute(
                "select lifecycle.churn_state, count(*) "
                "from built.marts.voter_lifecycle as lifecycle "
                "inner join built.marts.enriched_profiles as profiles "
                "on lifecycle.voter_number = profiles.voter_number "
                "inner join read_parquet(?) as habits "
                "on cast(habits.person_id as varchar) = profiles.person_id "
                "where habits.lapsed_on is not null and profiles.max_shared_by = 1 group by all",
                [str(sample_extracts / "truth" / "habits.parquet")],
            ).fetchall()
        )
    assert states["dormant"] > 5
    assert "active" not in states
