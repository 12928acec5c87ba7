"""Whoever asks to be left alone is left alone, and whoever asks to be erased is gone."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from extracts import Extracts, build_database, write_extracts
from sample_data.equality import compare

AS_OF = date(2025, 6, 30)
KEY = "a key for tests only"

ERASED = ("WI:0001", "wi:0003", " EVE@x.org", "(608) 234-0006", "lost@x.org", "no id at all")
"""By voter id, with a housemate and a namesake; by address; by phone; a stranger; and nobody."""

NEEDLES = (
    *("ann@x.org", "6082340001", "ann.mapped@x.org", "WI:0001"),
    *("6082340003", "WI:0003"),
    *("eve@x.org", "6082340005", "WI:0005"),
    *("fay@x.org", "6082340006", "WI:0006"),
    *("lost@x.org", "no id at all"),
)
"""What must be nowhere; mapped addresses only where they stand beside an erased phone."""


def world() -> Extracts:
    """Ann, Cora, Eve and Fay, whom ERASED means, and people who share something with them."""
    made = Extracts()
    made.person("0001", "Ann@x.org", cell_phone="608-234-0001", home_phone="608-234-0099")
    made.person("0002", "bob@x.org", cell_phone="608-234-0002", home_phone="608-234-0099")
    made.person("0003", "couple@x.org", cell_phone="608-234-0003")
    made.person("0004", "couple@x.org")
    made.person("0005", "eve@x.org", cell_phone="608-234-0005")
    made.person("0006", "fay@x.org", cell_phone="608-234-0006")
    made.person("0001", "gus@x.org", state="MN")
    made.person("0008", "hal@x.org")
    made.person("0001", "ann@x.org")  # another record of Ann's
    made.person(None, "eve@x.org", state="Wisconsin")  # refused: no state
    made.field(10, "party", "eve@x.org")
    made.mapped("608-234-0001", "ann.mapped@x.org")
    made.mapped("608-234-0002", "bob.mapped@x.org")
    made.mapped("608-234-0001", "malformed")
    made.mapped("malformed", "Eve@X.org")
    made.campaign(1, "acme", "Call 608.234.0001, or write to eve@x.org")
    made.campaign(2, "acme", "spring")
    made.tables["campaigns"].append({"CAMPAIGN_NAME": "=Lost@x.org, +1 (608) 234-0006"})
    for name in ("ann", "bob", "couple", "eve", "fay", "gus", "hal", "lost", "stays"):
        made.event(f"{name}@x.org", "2025-06-01T10:00", campaign=2, send=1, open=1, click=1)
        made.event(f"{name.upper()}@x.org ", "2025-06-02T10:00", campaign=2, send=1)
        made.gift("2025-06-03", f"{name}@x.org")
    made.event("ann.mapped@x.org", "2025-06-01T10:00", campaign=2, send=1)
    made.event("eve@x.org", "1980-01-01", campaign=2)
    made.event("hal@x.org", "2030-01-01", campaign=2, client="Fay@x.org")
    made.gift("2030-01-01", "hal@x.org", donation_id="of 608/234/0005")
    made.gift("2025-06-04", phone="608-234-0006")
    made.gift("2025-06-05", "stays@x.org", phone="608-234-0099")
    made.suppress("eve@x.org")
    made.suppress("WI:0008", "email")
    made.suppress("nobody")
    return made


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Built before anybody asked; on it, and afresh, when they had; and when some took it back."""
    folder = tmp_path_factory.mktemp("rights")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BEHAVIORAL_HASH_KEY", KEY)
        extracts = write_extracts(folder / "extracts", world().tables)
        before = build_database(extracts, folder / "before", as_of_date=AS_OF)
        asked = world()
        for identifier in ERASED:
            asked.erase(identifier)
        write_extracts(extracts, asked.tables)
        onwards = build_database(extracts, folder / "onwards", as_of_date=AS_OF, previous=before)
        afresh = build_database(extracts, folder / "afresh", as_of_date=AS_OF)
        (extracts / "erasure_requests" / "part-0.parquet").unlink()
        back = build_database(extracts, folder / "back", as_of_date=AS_OF, previous=onwards)
    return {"before": before, "onwards": onwards, "afresh": afresh, "back": back}


def select(database: Path, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(database), read_only=True) as con:
        return con.execute(sql, values).fetchall()


def occurrences(database: Path, needles: Iterable[str]) -> dict[str, int]:
    """How many rows of each table hold one of the texts, in any column, in any case."""
    found = {}
    with duckdb.connect(str(database), read_only=True) as con:
        tables = con.execute(
            "select schema_name || '.' || table_name from duckdb_tables() where not temporary"
        ).fetchall()
        for (table,) in tables:
            for row in con.execute(f"select * from {table}").fetchall():
                text = "\x1f".join(str(value) for value in row).lower()
                if any(needle.lower() in text for needle in needles):
                    found[table] = found.get(table, 0) + 1
    return found


def pseudonyms(texts: Iterable[str]) -> list[str]:
    return [hmac.new(KEY.encode(), text.encode(), hashlib.sha256).hexdigest() for text in texts]


def test_the_search_sees_who_is_there(builds: dict[str, Path]) -> None:
    found = occurrences(builds["before"], NEEDLES)
    assert {
        "linkage.lnk_map_row",
        "aggregates.agg_email_events_by_row",
        "quarantine.rejected_rows_of_small_extracts",
        "aggregates.agg_donations_by_donation",
    } <= set(found)
    assert occurrences(builds["before"], pseudonyms(["WI:0001", "lost@x.org"]))


@pytest.mark.parametrize("build", ["onwards", "afresh"])
def test_the_erased_are_nowhere(builds: dict[str, Path], build: str) -> None:
    campaign = {"staging.stg_outreach__campaigns": 1}  # what a campaign is called is nobody's row
    assert occurrences(builds[build], NEEDLES) == campaign
    hashed = pseudonyms(["WI:0001", "WI:0003", "WI:0005", "WI:0006", "eve@x.org", "lost@x.org"])
    assert occurrences(builds[build], hashed) == {}
