"""The hour that works is found although mail is sent at another (001-17; F63, F101).

Everybody gets most mail at nine, where little of it is clicked, and little at six in the evening,
where much is; a few are the other way round. Clicks come hours after the mail, in winter and in
summer, in two time zones, and from a client that people like and one that they do not.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from extracts import Extracts, build_database, write_extracts
from sample_data.pairs import opened
from warm import Warm

TODAY = date(2026, 6, 30)
FIRST_DAY = date(2026, 1, 5)  # a Monday, in winter
DAYS = 48  # with mail, every third day: into summer
ZONES = {"WI": "America/Chicago", "PA": "America/New_York"}
PEOPLE = 60
EARLY_BIRDS = 5


def clicks_at(number: int, day: int, hour: int, *, is_early: bool) -> bool:
    """Whether mail is clicked: at nine 1 of 20, at six 1 of 3; by early birds 1 of 2 at nine."""
    luck = (7 * number + 11 * day) % 60
    if is_early:
        return hour == 9 and luck < 30
    return luck < (3 if hour == 9 else 20)


def planted() -> Extracts:
    """Mail every third day, each fourth time in the evening."""
    extracts = Extracts()
    extracts.gift("2026-06-01", "stranger@timing.example")
    extracts.mapped("6085550100", "stranger@timing.example")
    extracts.campaign(1, "loved")
    for state, zone in ZONES.items():
        for number in range(PEOPLE):
            is_early = number < EARLY_BIRDS
            email = f"person{number}@{state.lower()}.example"
            extracts.person(f"{number:05}", email, state=state, fields={"birth_date": "1990-05-17"})
            for day in range(DAYS):
                hour = 18 if (day + number) % 4 == 0 else 9
                # The client that people like sends in the morning only.
                client = "loved" if hour == 9 and day % 3 == 0 else "common"
                local = datetime(*(FIRST_DAY + timedelta(days=3 * day)).timetuple()[:3], hour, 10)
                at = local.replace(tzinfo=ZoneInfo(zone)).astimezone(ZoneInfo("UTC"))
                at = at.replace(tzinfo=None)
                extracts.event(email, at, client=client, campaign=day + 1, send=1)
                if client == "loved" and luckily(number, day):
                    clicked = True
                else:
                    clicked = clicks_at(number, day, hour, is_early=is_early)
                if clicked:
                    later = at + timedelta(hours=5)
                    extracts.event(email, later, client=client, campaign=day + 1, open=1, click=1)
        extracts.person("nobody", "nobody@timing.example", state=state)
    return extracts


def luckily(number: int, day: int) -> bool:
    """People click every third message of the client that they like."""
    return (number + day // 3) % 3 == 0


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory, warm: Warm) -> Path:
    """The marts of timing, built from the planted people."""
    folder = tmp_path_factory.mktemp("timing")
    write_extracts(folder / "extracts", planted().tables)
    return build_database(
        warm,
        folder / "extracts",
        folder,
        as_of_date=TODAY,
        select=["+send_times", "+client_send_times"],
    )


def rows_of(database: Path, query: str) -> list[dict[str, Any]]:
    """What a query finds, a dictionary a row."""
    with opened(database) as con:
        found = con.execute(query)
        names = [column[0] for column in found.description]
        return [dict(zip(names, values, strict=True)) for values in found.fetchall()]


def test_most_is_sent_and_done_elsewhere(database: Path) -> None:
    """The trap: nine has the most clicks, and clicks on evening mail come at night."""
    hours = {
        row["value"]: row
        for row in rows_of(database, "select * from marts.responsiveness where dimension = 'hour'")
    }
    assert set(hours) == {"9", "14", "18", "23"}
    assert hours["9"]["sends"] == 3 * hours["18"]["sends"] == 2 * PEOPLE * DAYS * 3 // 4
    assert hours["9"]["clicked_sends"] > hours["18"]["clicked_sends"]
    assert [value for value, row in hours.items() if row["is_peak_by_count"]] == ["14"]


def test_everybody_s_best_hour_is_the_one_that_works(database: Path) -> None:
    """Later mail confirms it."""
    (best,) = rows_of(
        database,
        "select * from marts.responsiveness where dimension = 'hour' and is_best_by_rate",
    )
    assert best["value"] == "18"
    assert best["earlier_index"] > 1
    assert best["held_out_index"] > 1


def test_people_get_the_hour_that_works_for_them(database: Path) -> None:
    """In their own clock's time, in both states and across the change of the clocks."""
    rows = rows_of(
        database, "select state, svid, optimal_send_hour, hour_level from marts.send_times"
    )
    assert len(rows) == 2 * (PEOPLE + 1)
    hours = {(row["state"], row["svid"]): row for row in rows}
    for state in ZONES:
        early = [hours[state, f"{number:05}"] for number in range(EARLY_BIRDS)]
        others = [hours[state, f"{number:05}"] for number in range(EARLY_BIRDS, PEOPLE)]
        assert {(row["optimal_send_hour"], row["hour_level"]) for row in early} == {(9, "person")}
        assert {row["optimal_send_hour"] for row in others} == {18}
        # A person without an age group gets the rate of everybody.
        nobody = hours[state, "nobody"]
        assert (nobody["optimal_send_hour"], nobody["hour_level"]) == (18, "everybody")


def test_a_client_is_told_when_to_send_beside_when_it_does(database: Path) -> None:
    rows = rows_of(database, "select * from marts.client_send_times order by client_shortname")
    common, loved = rows
    assert (common["usual_send_hour"], common["optimal_send_hour"]) == (9, 18)
    assert common["hour_level"] == "client"
    # At one hour only there is nothing to compare: everybody speaks.
    assert (loved["usual_send_hour"], loved["optimal_send_hour"]) == (9, 18)
    assert loved["hour_level"] == "everybody"
