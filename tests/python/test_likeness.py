"""Lists of lookalikes and the placebo of attribution against what the sample plants."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sample_data.pairs import opened

LISTS_BY_LOT = 12
NEAR_CAUSES = 0.2
"""The difference to the placebo may lie this far from the share of caused gifts."""


@pytest.fixture(scope="module")
def con(sample_database: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with opened(sample_database) as connection:
        yield connection


def people(con: duckdb.DuckDBPyConnection, condition: str) -> list[str]:
    """Voters with an engagement of whom a condition holds."""
    rows = con.execute(
        "select state || ':' || svid from marts.lookalike_profiles "
        f"where {condition} order by state, svid"
    ).fetchall()
    return [voter for (voter,) in rows]


def checked(con: duckdb.DuckDBPyConnection, svids: list[str]) -> dict[float, Any]:
    rows = con.execute(
        "select k_share, held_out, lift, later_acts_ratio, verdict "
        "from segments.segment_lookalike_check(?)",
        [svids],
    ).fetchall()
    return {row[0]: row[1:] for row in rows}


def alike(con: duckdb.DuckDBPyConnection, svids: list[str]) -> list[tuple[Any, ...]]:
    return con.execute(
        "select similarity, similarity_score, reason from segments.segment_lookalike(?)", [svids]
    ).fetchall()


def test_the_check_tells_a_kind_from_a_lot(con: duckdb.DuckDBPyConnection) -> None:
    """F44, 000-60: donors are found, a list drawn by lot is not."""
    donors = checked(con, people(con, "past_donations > 0"))
    for k_share in (0.05, 0.1, 0.2):
        held_out, lift, _, verdict = donors[k_share]
        assert held_out >= 20
        assert lift >= 2
        assert verdict == "lift"
    verdicts = {
        verdict
        for lot in range(LISTS_BY_LOT)
        for *_, verdict in checked(con, people(con, f"md5('{lot}' || svid) < '7'")).values()
    }
    assert verdicts == {"no_lift"}


def test_lists_with_nothing_to_learn(con: duckdb.DuckDBPyConnection) -> None:
    """One person, everybody, all but one, and people without behavior: no NaN, no error."""
    silent = con.execute(
        "select state || ':' || svid from marts.enriched_profiles where engagements = 0 limit 50"
    ).fetchall()
    everybody = people(con, "true")
    lists = {
        "one": everybody[:1],
        "everybody": everybody,
        "all but one": everybody[1:],
        "silent": [voter for (voter,) in silent],
    }
    found = {name: alike(con, svids) for name, svids in lists.items()}
    for name, rows in found.items():
        assert all(0 <= similarity <= 1 for similarity, *_ in rows), name
        assert all(math.isfinite(score) and reason for _, score, reason in rows), name
        verdicts = {verdict for *_, verdict in checked(con, lists[name]).values()}
        assert verdicts <= {"no_lift", "insufficient_data"}, name
    assert found["one"]
    assert found["everybody"] == []
    assert {similarity for similarity, *_ in found["silent"]} == {0.5}


def test_what_all_others_lack_cannot_rank_them(con: duckdb.DuckDBPyConnection) -> None:
    """A list of all donors leaves nobody with a gift: the others still differ."""
    rows = alike(con, people(con, "past_donations > 0"))
    similarities = [similarity for similarity, *_ in rows]
    assert len(set(similarities)) > len(rows) / 3
    assert max(similarities) > 0.5
    assert not any("giving" in reason for *_, reason in rows)


def test_the_placebo_comes_near_the_causes(
    con: duckdb.DuckDBPyConnection, sample_extracts: Path
) -> None:
    """F49: the difference to the placebo is the share of gifts that the sample's mail caused.

    Of gifts with an address: of others no click can be known, before the gift or after it.
    """
    caused, difference = con.execute(
        """
        with known as (
            select
                min(cast(event_at as date)) + 30 as first_day,
                (select as_of_date from keys.key_clock) - 30 as last_day
            from events.fct_clicks
        ),

        reachable as (
            select gifts.donation_id
            from events.fct_donations as gifts
            inner join known
                on cast(gifts.donated_at as date) between known.first_day and known.last_day
            where
                gifts.is_gift
                and (gifts.email_key is not null or gifts.contact_svid is not null)
        )

        select
            (
                select count(*) from reachable
                where donation_id in (select donation_id from read_parquet(?))
            ),
            (
                select touched_gifts - placebo_gifts from marts.attribution_placebo
                where model = 'any_touch' and campaign_id is null
            )
        """,
        [str(sample_extracts / "truth" / "donation_causes.parquet")],
    ).fetchall()[0]
    assert caused > 100
    assert difference == pytest.approx(caused, rel=NEAR_CAUSES)
