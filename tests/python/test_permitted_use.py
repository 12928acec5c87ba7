"""Gifts that may not serve to solicit decide nothing about whom to ask, however they arrive."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from extracts import Extracts, build_database, write_extracts
from sample_data.pairs import copy_pair, opened
from warm import Warm

AS_OF = date(2025, 6, 30)
BUILT = ("+donor_propensity", "+lookalike_profiles")


def mail(svid: str) -> str:
    return f"voter{svid}@x.org"


def world() -> Extracts:
    """Voters with gifts from several sources; all of them clicked."""
    made = Extracts()
    made.campaign(1, "acme")
    made.mapped("608-234-0001", mail("0001"))
    for number in range(1, 9):
        svid = f"{number:04}"
        made.person(svid, mail(svid))
        made.event(mail(svid), "2025-06-30T10:00", campaign=1, send=1, open=1)
    made.gift("2025-06-01", mail("0001"), source="FEC")
    made.gift("2025-06-02", mail("0002"), source=" Fec ")
    made.gift("2025-06-03", mail("0003"), source="fec_report")
    made.gift("2025-06-04", mail("0004"), source="a list that nobody reviewed")
    made.gift("2025-06-05", mail("0005"), source=" \u00a0")
    made.gift("2025-06-06", mail("0006"), source="fec", donation_id="shared")
    made.gift("2025-06-07", mail("0007"), source="fec")
    made.gift("2025-06-08", mail("0007"))
    return made


def later() -> Extracts:
    """The next delivery: own records of a gift that was known from a federal one, and of others."""
    made = Extracts()
    made.gift("2025-06-09", "stranger@x.org", donation_id="shared")
    made.gift("2025-06-05", mail("0005"), source="fec", donation_id="gift-5")
    made.gift("2025-06-10", mail("0002"), source="fec", donation_id="another")
    return made


def decided(database: Path) -> dict[str, tuple[Any, ...]]:
    """What decides whom to ask, by voter."""
    with opened(database) as con:
        rows = con.execute(
            "select svid, propensity.past_donations, propensity.days_since_last_donation,"
            " propensity.gifts_not_used, propensity.score_base, lookalikes.is_eligible,"
            " permissions.solicitation_blocked_by, profiles.donation_count"
            " from marts.donor_propensity as propensity"
            " join marts.enriched_profiles as profiles using (state, svid)"
            " join marts.contact_permissions as permissions using (state, svid)"
            " join marts.lookalike_profiles as lookalikes using (state, svid)"
        ).fetchall()
    return {row[0]: row[1:] for row in rows}


BLOCKED = (0, None, 1, 0.1, False, "permitted_use", 1)
AT_FIRST = {
    "0001": BLOCKED,
    "0002": BLOCKED,
    "0003": BLOCKED,
    "0004": BLOCKED,
    "0005": (1, 25, 0, 0.7, True, None, 1),
    "0006": BLOCKED,
    "0007": (1, 22, 1, 0.7, True, None, 2),
    "0008": (0, None, 0, 0.1, True, None, 0),
}
LATER = AT_FIRST | {
    "0002": (0, None, 2, 0.1, False, "permitted_use", 2),
    "0006": (1, 24, 0, 0.7, True, None, 1),
}


@pytest.fixture(scope="module")
def folder(warm: Warm, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The extracts, and the first build of them."""
    made = tmp_path_factory.mktemp("permitted_use")
    write_extracts(made / "extracts", world().tables)
    build_database(warm, made / "extracts", made / "first", as_of_date=AS_OF, select=BUILT)
    return made


def test_any_spelling_of_a_source(folder: Path) -> None:
    assert decided(folder / "first" / "behavioral.duckdb") == AT_FIRST


def test_another_permitted_use_recomputes_all_gifts(folder: Path, warm: Warm) -> None:
    other = folder / "other.duckdb"
    copy_pair(folder / "first" / "behavioral.duckdb", other)
    with opened(other, read_only=False) as con:
        con.execute("update seeds.permitted_use set is_permitted = true")
        con.execute("update events.fct_donations set is_solicit_permitted = true")
    again = build_database(
        warm,
        folder / "extracts",
        folder / "again",
        as_of_date=AS_OF,
        select=BUILT,
        previous=other,
    )
    assert decided(again) == AT_FIRST


def test_another_record_of_a_gift_makes_it_usable(folder: Path, warm: Warm) -> None:
    """The next build recomputes that gift; an own record is enough, whichever came first."""
    write_extracts(folder / "delivery", later().tables)
    delivered = folder / "delivery" / "donations" / "part-0.parquet"
    shutil.copy(delivered, folder / "extracts" / "donations" / "part-1.parquet")
    first = folder / "first" / "behavioral.duckdb"
    for name, previous in (("second", first), ("full", None)):
        database = build_database(
            warm,
            folder / "extracts",
            folder / name,
            as_of_date=AS_OF,
            select=BUILT,
            previous=previous,
        )
        assert decided(database) == LATER, name
