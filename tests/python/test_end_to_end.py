"""The six questions as a user asks them: extract files in, the runner, exported files out.

One small world made by hand: six voters, their mail and gifts in May and June 2025. The answers
are worked out by hand from `docs/definitions.md`; the arithmetic stands beside each number.

    voter           reached by                                   what happened
    WI:0072345 Ada  ada@, direct                                 clicked two campaigns, gave
    WI:0007207 Ben  cell phone -> map -> ben@                    clicked two campaigns, gave
    MN:0007207 Cy   cy@, direct; bare 0007207 is ambiguous       clicked two campaigns, gave
    WI:100 Dee      house@, shared with Eli                      unsubscribed, clicked, gave
    WI:101 Eli      house@, shared with Dee                      the same
    MN:200 Fay      fay@, direct                                 nothing

The clock is the day of the last gift, Monday 2025-06-30.
"""

from __future__ import annotations

import csv
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import openpyxl
import pyarrow.parquet as pq
import pytest

from extracts import Extracts, moment, write_extracts
from warm import Warm

PROJECT = Path(__file__).resolve().parents[2]

REQUEST = """\
voter_id,note
0072345,Ada
 0072345 ,Ada again
0007207,two voters have it
WI:0007207,Ben
999,nobody
100,Dee
"""
"""Five requested ids: 0007207 is ambiguous, 999 unknown, the others are Ada, Ben and Dee."""

NEEDLES = ("0072345", "0007207", "voter.example", "7710202", "771-0201")
"""Texts of people that no log, manifest or compiled file may hold."""


def world() -> Extracts:
    """The rows of the world."""
    rows = Extracts()
    known = {"party": "D", "gender": "F", "birth_date": "1980-05-01"}
    rows.person(
        "0072345", " Ada@Voter.example ", county="Dane", cell_phone="608-771-0201", fields=known
    )
    known = {"party": "R", "gender": "M", "birth_date": "1960-01-15"}
    rows.person("0007207", None, county="Dane", cell_phone="(608) 771-0202", fields=known)
    known = {"party": "D", "gender": "M", "birth_date": "2000-07-01"}
    rows.person("0007207", "cy@voter.example", state="mn", county="Hennepin", fields=known)
    rows.person("100", "house@voter.example", county="Rock")
    rows.person("101", "house@voter.example", county="Rock")
    rows.person("200", "fay@voter.example", state="MN", county="Ramsey")
    rows.person("300", "gus@voter.example", state="Wisconsin")  # rejected: no two-letter state

    rows.mapped("6087710202", "ben@voter.example", "2025-01-01")
    rows.mapped("6087710202", "ben@voter.example", "2025-01-01")  # duplicate
    rows.mapped("4145550199", "stranger@voter.example")  # no voter has it
    rows.mapped("", "ben@voter.example")  # rejected: no phone

    rows.campaign(1, "acme", "Spring", "2025-05-26")
    rows.campaign(1, "acme", "Spring, first draft", "2025-05-01")  # duplicate: it started earlier
    rows.campaign(2, "acme", "Summer", "2025-06-09")
    rows.campaign(3, "birch", "River", "2025-06-16")

    ada, ben, house = "ada@voter.example", "BEN@voter.example", "house@voter.example"
    cy, stranger = "cy@voter.example", "stranger@voter.example"
    acme_1, acme_2 = {"client": "acme", "campaign": 1}, {"client": "acme", "campaign": 2}
    birch, cedar = {"client": "birch", "campaign": 3}, {"client": "cedar", "campaign": 4}
    event: Callable[..., None] = rows.event

    event(ada, "2025-05-26 09:00", **acme_1, send=1)
    event(ada, "2025-05-26 10:00", **acme_1, open=1)
    event(ada, "2025-05-26 10:05", **acme_1, click=1)
    event(ada, "2025-06-10 09:00", **acme_2, send=1, open=1, click=1)
    event(ada, "2025-06-17 09:00", **birch, send=1, event_id="twice")
    event(ada, "2025-06-17 09:00", **birch, send=1, event_id="twice")  # duplicate
    event(ada, "2025-06-18 09:00", **birch, open=1, click=1, is_bot=True)
    event(ada, "2025-06-25 09:00", **birch, open=1)

    event(ben, "2025-05-27 09:00", **acme_1, send=1)
    event(ben, "2025-05-27 12:00", **acme_1, click=1)
    event(ben, "2025-06-09 08:00", **acme_2, send=997, open=249, click=19, bounce=10)
    event(ben, "2025-06-11 09:00", **acme_2, send=1)

    event(house, "2025-05-28 09:00", **acme_1, send=1, open=1)
    event(house, "2025-06-11 09:00", **acme_2, send=1)
    event(house, "2025-06-12 09:00", **acme_2, unsubscribe=1)
    event(house, "2025-06-18 09:00", **birch, send=1, open=1)
    event(house, "2025-06-18 12:00", **birch, click=1)

    event(cy, "2025-05-29 09:00", **acme_1, send=1)
    event(cy, "2025-06-19 09:00", **birch, send=1, open=1, click=1)
    event(cy, "2025-06-24 09:00", **cedar, send=1)
    event(cy, "2025-06-24 11:00", **cedar, open=1)
    event(cy, "2025-06-24 11:01", **cedar, click=2)

    event(stranger, "2025-05-30 09:00", **acme_1, send=1)
    event(stranger, "2025-05-30 10:00", **acme_1, click=1)

    event("not an address", "2025-06-20 09:00", **birch, send=1)  # rejected, as are the next three
    event(ada, None, **birch, send=1)
    event(ada, "2090-01-01 09:00", **birch, send=1)
    event(ada, "2025-06-20 09:00", **birch, send=-1)

    for donation_id, at, email, phone, amount in (
        ("g1", "2025-06-12 15:00", ada, None, "50"),
        ("g1", "2025-06-12 15:00", ada, None, "50"),  # duplicate
        ("g2", "2025-06-20", "other@voter.example", "+1 608 771 0202", "25"),  # Ben's, by phone
        ("g3", "2025-06-18", house, None, "10"),  # a date: the day of the click is early enough
        ("g4", "2025-06-30", cy, None, "5"),
        ("g5", "2025-06-08", stranger, None, "40"),  # no voter of the file
        ("g6", "2025-06-15", ada, None, "-20"),  # a refund
        ("g7", "2025-06-15", "none", "n/a", "1"),  # rejected: no contact
    ):
        rows.tables["donations"].append({
            "EMAIL": email,
            "CONTACT_NUMBER": phone,
            "DONATION_DATE": moment(at),
            "AMOUNT": Decimal(amount),
            "DONATION_ID": donation_id,
        })  # fmt: skip
    return rows


class Built(NamedTuple):
    """A published world: its folder, and the environment that points the runner at it."""

    folder: Path
    environment: dict[str, str]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, warm: Warm) -> Built:
    """The world, built and published by the runner."""
    folder = tmp_path_factory.mktemp("end_to_end")
    write_extracts(folder / "extracts", world().tables)
    (folder / "request.csv").write_text(REQUEST)
    environment = os.environ | {
        "BEHAVIORAL_DATA_DIR": str(folder / "extracts"),
        "BEHAVIORAL_DB": str(folder / "warehouse" / "behavioral.duckdb"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }
    # A row or two of a few are bad on purpose.
    run = warm.run("build", "--accept", "rejected_share", cwd=folder, env=environment)
    assert run.returncode == 0, run.stderr
    return Built(folder, environment)


def segment(built: Built, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the runner in the folder of the world."""
    return subprocess.run(
        [sys.executable, str(PROJECT / "scripts" / "segment.py"), *arguments],
        cwd=built.folder,
        env=built.environment,
        capture_output=True,
        text=True,
        check=False,
    )


def answered(built: Built, out: str, *arguments: str) -> Path:
    """The file that the runner writes for the request."""
    # There are fewer people than answers about groups are given for.
    groups = ("analyze", "affinity", "health", "attribution")
    shown = ("--allow-small-cells",) if arguments[0] in groups else ()
    run = segment(built, *arguments, *shown, "--out", out)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    return built.folder / out


def csv_rows(file: Path) -> list[dict[str, str]]:
    """The rows of a CSV file, as text."""
    with file.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def json_rows(file: Path) -> Any:
    """The content of a JSON file."""
    return json.loads(file.read_text(encoding="utf-8"))


def only(columns: str, row: dict[str, Any]) -> list[Any]:
    """Some columns of a row, in order."""
    return [row[column] for column in columns.split()]


SVIDS = ("--svids", "request.csv")


# ------------------------------------------------------------------------------------- scenario 1


def test_profile_of_each_requested_id(built: Built) -> None:
    """One row per id, known or not: `analyze` to CSV is segment_profile."""
    rows = csv_rows(answered(built, "profile.csv", "analyze", *SVIDS))
    columns = """requested_svid state svid link_status county party age_band campaigns_engaged
        total_clicks total_opens clients_engaged donation_count donation_amount is_donor is_clicker
        last_engagement_date last_donation_date"""
    assert ["|".join(only(columns, row)) for row in rows] == [
        "0007207|||ambiguous" + 13 * "|",
        # Campaigns 1, 2, 3; clicks in 1 and 2 (the bot's is none); opens in 1, 2, 3, on 25 June.
        # One gift; 50 - 20 of the refund. 45 years old since May.
        "0072345|WI|0072345|with_behavior|Dane|D|45-54|3|2|3|2|1|30.00|true|true"
        "|2025-06-25|2025-06-12",
        # An open in campaign 1, an open and a click in 3; the unsubscribe in 2 is no engagement.
        "100|WI|100|with_behavior|Rock|||2|1|2|2|1|10.00|true|true|2025-06-18|2025-06-18",
        "999|||unknown" + 13 * "|",
        # Campaigns 1 and 2 of acme; 1 + 19 clicks, 249 opens, the last on 9 June.
        "WI:0007207|WI|0007207|with_behavior|Dane|R|65+|2|20|249|1|1|25.00|true|true"
        "|2025-06-09|2025-06-20",
    ]


def test_analysis_in_json(built: Built) -> None:
    """The request body of the brief: all four parts, and a threshold."""
    answer = json_rows(
        answered(
            *(built, "analysis.json", "analyze", *SVIDS),
            *("--include", "demographics,engagement,donations,client_affinity"),
            *("--deviation-threshold", "0.1"),
        )
    )
    assert list(answer) == ["summary", "demographics", "engagement", "donations", "client_affinity"]
    assert answer["summary"] == {
        "requested": 5,  # Ada twice is one id
        "known": 3,
        "linked": 3,
        "with_behavior": 3,
        "coverage_rate": 60.0,  # 100 * 3 / 5
        "donors": 3,
        "clickers": 3,
        "donation_count": 3,  # g1, g2, g3
        "total_clicks": 23,  # 2 of ada@, 20 of ben@, 1 of house@
        "total_opens": 254,  # 3 + 249 + 2
    }
    state = {row["value"]: row for row in answer["demographics"] if row["attribute"] == "state"}
    assert sorted(state) == ["MN", "WI"]
    shares = "segment_share baseline_share difference ratio is_flagged"
    # 3 of 3 in the segment, 4 of 6 in the file; six voters prove nothing, so nothing is flagged.
    assert only(shares, state["WI"]) == [1, approx(4 / 6), approx(2 / 6), approx(1.5), False]
    assert only(shares, state["MN"]) == [0, approx(2 / 6), approx(-2 / 6), 0, False]
    assert [row["requested_svid"] for row in answer["engagement"]] == [
        *("0007207", "0072345", "100", "999", "WI:0007207")
    ]
    assert [row["donation_amount"] for row in answer["donations"]] == [None, 30, 10, None, 25]
    assert [row["client_shortname"] for row in answer["client_affinity"]] == ["acme", "birch"]


def test_analysis_as_a_workbook_keeps_leading_zeros(built: Built) -> None:
    book = openpyxl.load_workbook(answered(built, "analysis.xlsx", "analyze", *SVIDS))
    assert book.sheetnames == [
        *("about", "summary", "demographics", "engagement", "donations", "client_affinity")
    ]
    header, *rows = book["engagement"].iter_rows(values_only=True)
    at = {str(name): position for position, name in enumerate(header)}
    assert [row[at["requested_svid"]] for row in rows] == [
        *("0007207", "0072345", "100", "999", "WI:0007207")
    ]
    assert [row[at["total_clicks"]] for row in rows] == [None, 2, 1, None, 20]


def test_standard_input_and_a_pipe(built: Built) -> None:
    run = subprocess.run(
        [sys.executable, str(PROJECT / "scripts" / "segment.py"), "analyze", "--svids", "-"],
        cwd=built.folder,
        env=built.environment,
        input="mn:0007207\n",
        capture_output=True,
        text=True,
        check=True,
    )
    (row,) = csv.DictReader(run.stdout.splitlines())
    # Turns 25 the day after the clock's; clicked campaign 3 once and campaign 4 twice.
    assert only("requested_svid state svid age_band total_clicks clients_engaged", row) == [
        *("mn:0007207", "MN", "0007207", "18-24", "3", "2")
    ]


# ------------------------------------------------------------------------------------- scenario 2


def test_client_affinity_of_the_segment(built: Built) -> None:
    """Each event of ada@, ben@ and house@ counts once, although house@ has two voters."""
    table = pq.read_table(answered(built, "affinity.parquet", "affinity", *SVIDS))
    columns = """affinity_rank client_shortname unique_contacts total_events sends opens clicks
        unsubs open_rate click_to_open_rate click_rate unsub_rate affinity_score
        affinity_score_adjusted population_basis"""
    # Of the file's clients only acme has enough sends to tell of clients (1004; birch 3, cedar 1):
    # with nothing to compare, every adjusted score is that of all mail. Successes capped at sends,
    # that is (3 * 25 + 256 - 5 * 1) / 1008 * 100. Ties rank by name.
    acme, birch = (only(columns, row) for row in table.to_pylist())
    # Ada: a send, an open, a bot's row; Dee's house: a send with an open, a click.
    # score = (3 * 1 + 1 * 2 - 5 * 0) / 2 * 100.
    assert birch[:8] == [2, "birch", 2, 5, 2, 2, 1, 0]
    assert birch[8:] == [100, 50, 50, 0, 250, 32.34, "clickers_only"]
    # Ada 4 rows, Ben 4, house 3: sends 2 + 999 + 2, opens 2 + 249 + 1, clicks 2 + 20 + 0.
    # 252 / 1003, 22 / 252, 22 / 1003, 1 / 1003; score = (3 * 22 + 252 - 5 * 1) / 1003 * 100.
    assert acme[:8] == [1, "acme", 3, 11, 1003, 252, 22, 1]
    assert acme[8:] == [25.12, 8.73, 2.19, 0.0997, 31.21, 32.34, "clickers_only"]
    # Mailings of acme: campaigns 1 and 2, each to ada, ben and house, all but the last opened. Of
    # birch: to ada and to house, and one of four rows with an answer is a bot's. 10 bounces.
    columns = """delivered unique_delivered unique_opens unique_clicks unique_open_rate
        unique_click_rate answers machine_answers machine_share"""
    acme, birch = (only(columns, row) for row in table.to_pylist())
    assert acme == [993, 6, 5, 4, 83.33, 66.67, 6, 0, 0]
    assert birch == [2, 2, 2, 1, 100, 50, 4, 1, 0.25]


# ------------------------------------------------------------------------------------- scenario 3


def test_propensity_above_a_threshold(built: Built) -> None:
    """The request body of the brief: a model and a threshold; no unknown id is above it."""
    rows = json_rows(
        answered(
            *(built, "propensity.json", "propensity", *SVIDS),
            *("--model", "donor", "--threshold", "0.5"),
        )
    )
    columns = """requested_svid donor_propensity_score past_donations days_since_last_click
        days_since_last_donation is_scored"""
    assert [only(columns, row) for row in rows] == [
        # 0.7 + 0.15 * 20 / 50 + 0.10 * 2 / 20 - 0.05 * 21 / 365 = 0.76712
        ["WI:0007207", 0.767, 1, 21, 10, True],
        # 0.7 + 0.15 * 2 / 50 + 0.10 * 3 / 20 - 0.05 * 20 / 365 = 0.71826
        ["0072345", 0.718, 1, 20, 18, True],
        # 0.7 + 0.15 * 1 / 50 + 0.10 * 2 / 20 - 0.05 * 12 / 365 = 0.71136
        ["100", 0.711, 1, 12, 12, True],
    ]
    assert rows[1]["score_base"] == 0.7
    assert rows[1]["score_clicks"] == approx(0.006)
    assert rows[1]["score_campaigns"] == approx(0.015)
    assert rows[1]["score_recency"] == approx(-0.0027397, 1e-7)


def test_propensity_without_a_threshold_lists_everybody(built: Built) -> None:
    arguments = [part for svid in ("999", "MN:200") for part in ("--svid", svid)]
    rows = csv_rows(answered(built, "everybody.csv", "propensity", *arguments))
    columns = "requested_svid link_status donor_propensity_score is_scored days_since_last_click"
    assert [only(columns, row) for row in rows] == [
        ["MN:200", "no_behavior", "0.05", "false", ""],  # 0.1 - 0.05 * 365 / 365
        ["999", "unknown", "", "false", ""],
    ]


# ------------------------------------------------------------------------------------- scenario 4


def test_weekly_health_of_the_segment(built: Built) -> None:
    rows = csv_rows(answered(built, "health.csv", "health", *SVIDS))
    counts = """week_start is_complete_week active_contacts sends opens clicks bounces complaints
        unsubs"""
    assert [only(counts, row) for row in rows] == [
        ["2025-05-26", "true", "3", "3", "2", "2", "0", "0", "0"],
        ["2025-06-02", "true", "0", "0", "0", "0", "0", "0", "0"],
        # Sends 1 + 998 + 1, opens 1 + 249, clicks 1 + 19; house@ only unsubscribed.
        ["2025-06-09", "true", "2", "1000", "250", "20", "10", "0", "1"],
        # Ada's open on 25 June answers the send of 17 June.
        ["2025-06-16", "true", "2", "2", "2", "1", "0", "0", "0"],
        ["2025-06-23", "true", "0", "0", "0", "0", "0", "0", "0"],
        ["2025-06-30", "false", "0", "0", "0", "0", "0", "0", "0"],
    ]

    def graded(week: dict[str, str], rate: str) -> list[str]:
        return only(f"{rate} {rate}_status {rate}_is_certain", week)

    week = rows[2]
    # Certain where the Wilson interval lies inside the band: opens 22.4 to 27.8 above 20, clicks of
    # opens 5.2 to 12.1 above 3, bounces 0.5 to 1.8 below 2; clicks of sends 1.3 to 3.1 do not.
    assert graded(week, "open_rate") == ["25.0", "healthy", "true"]
    assert graded(week, "click_to_open_rate") == ["8.0", "healthy", "true"]
    assert graded(week, "click_rate") == ["2.0", "warning", "false"]
    assert graded(week, "bounce_rate") == ["1.0", "healthy", "true"]
    # 0.1 percent is the end of the middle band, which includes it; one of 1000 is hardly certain.
    assert graded(week, "unsub_rate") == ["0.1", "warning", "false"]
    assert graded(week, "complaint_rate") == ["0.0", "healthy", "false"]
    assert graded(rows[0], "open_rate") == ["66.67", "insufficient_data", "false"]
    assert graded(rows[1], "open_rate") == ["", "insufficient_data", "false"]


# ------------------------------------------------------------------------------------- scenario 5


def test_lookalikes_of_the_segment(built: Built) -> None:
    """Eli shares Dee's address, Fay never engaged: Cy is left, who is unlike the segment."""
    rows = json_rows(
        answered(
            *(built, "lookalike.json", "lookalike", *SVIDS),
            *("--expansion-size", "1000", "--min-similarity", "0.04"),
        )
    )
    # Shares of engagements. Ada acme 3/4, birch 1/4; Ben acme 1; Dee and Eli acme 1/3, birch 2/3;
    # Cy birch 1/3, cedar 2/3. Mean of the five: birch 1.9167 / 5, cedar 0.6667 / 5. Of the
    # segment's three birch has 0.9167, cedar 0. Five average people are added to the three:
    #   birch 1/3 * ln((0.9167 / 0.3833 + 5) / 8), cedar 2/3 * ln((0 / 0.1333 + 5) / 8): -0.3397,
    # where Eli has -0.0022. Cy clicked more and engaged for a shorter time than any of the segment,
    # and gave on the clock's day. The fit of the five people by another method
    # (tests/python/reference/likeness.py) gives 0.0437.
    assert len(rows) == 1
    assert only("rank state svid person_id similarity_score", rows[0]) == [
        *(1, "MN", "0007207", "3", 0)  # no client has more than 10 engagements of the segment
    ]
    assert rows[0]["similarity"] == approx(0.0437, 1e-9)


def test_the_request_body_of_the_brief_finds_nobody_here(built: Built) -> None:
    request = ("--expansion-size", "1000", "--min-similarity", "0.3")
    assert json_rows(answered(built, "brief.json", "lookalike", *SVIDS, *request)) == []


def test_an_empty_answer_has_a_header(built: Built) -> None:
    file = answered(built, "none.csv", "lookalike", *SVIDS, "--min-similarity", "0.33")
    assert file.read_text().splitlines() == [
        "rank,state,svid,person_id,similarity,similarity_score,reason"
    ]


# ------------------------------------------------------------------------------------- scenario 6


def test_attribution_of_the_gifts_of_the_segment(built: Built) -> None:
    """Gift g1 of Ada, g2 of Ben (by phone), g3 of the house, which counts once.

    Days from the last click to the gift:
    g1 on 12 June: 17 from campaign 1 (26 May), 2 from campaign 2 (10 June)
    g2 on 20 June: 24 from campaign 1 (27 May), 11 from campaign 2 (9 June)
    g3 on 18 June: 0 from campaign 3
    """
    rows = json_rows(answered(built, "attribution.json", "attribution", *SVIDS))
    credits: dict[str, dict[str | None, float]] = {}
    for row in rows:
        credits.setdefault(row["model"], {})[row["campaign_id"]] = row["donations_credited"]
    assert credits == {
        "any_touch": {"1": 2, "2": 2, "3": 1, None: 0},
        "first_touch": {"1": 2, "2": 0, "3": 1, None: 0},
        "last_touch": {"1": 0, "2": 2, "3": 1, None: 0},
        "linear": {"1": 1, "2": 1, "3": 1, None: 0},
        "position_based": {"1": 1, "2": 1, "3": 1, None: 0},
        # A week halves the weight. g1: 1 / (1 + 2^(15/7)) = 0.1846; g2: 1 / (1 + 2^(13/7)) = 0.2163
        "time_decay": {"1": approx(0.4009, 1e-4), "2": approx(1.5991, 1e-4), "3": 1, None: 0},
    }
    columns = """campaign_id client_shortname campaign_name donors_attributed avg_days_to_donate
        min_days max_days unique_clickers donors_per_100_clickers is_mature"""
    any_touch = [only(columns, row) for row in rows if row["model"] == "any_touch"]
    assert sorted(any_touch, key=str) == [
        # Anybody's last click on campaign 1 was on 30 May, 31 days before the clock's day.
        ["1", "acme", "Spring", 2, 20.5, 17, 24, 2, 100, True],
        ["2", "acme", "Summer", 2, 6.5, 2, 11, 2, 100, False],
        # The house is one contact; Ada's click on campaign 3 was a bot's.
        ["3", "birch", "River", 1, 0, 0, 0, 1, 100, False],
        [None, None, None, 0, None, None, None, None, None, None],
    ]


def test_attribution_of_everybody(built: Built) -> None:
    """The mart: g4 of Cy and g5 of a stranger too, each model adding up to the five gifts."""
    rows = csv_rows(answered(built, "campaigns.csv", "export", "campaign_attribution"))
    last_touch = {
        row["campaign_id"]: only("client_shortname donations_credited unique_clickers", row)
        for row in rows
        if row["model"] == "last_touch"
    }
    assert last_touch == {
        "1": ["acme", "1.0", "3"],  # g5; Ada, Ben and the stranger clicked
        "2": ["acme", "2.0", "2"],  # g1, g2
        "3": ["birch", "1.0", "2"],  # g3; the house and Cy clicked
        "4": ["cedar", "1.0", "1"],  # g4; unknown to the campaigns, so its clicks name the client
        "": ["", "0.0", ""],
    }


# ------------------------------------------------------------------------------- what lies between


def test_every_row_is_accounted_for(built: Built) -> None:
    rows = csv_rows(answered(built, "rows.csv", "export", "quarantine.row_accounting"))
    columns = "rows_in rows_kept rows_unlinked rows_rejected rows_duplicate"
    assert {row["source_table"]: " ".join(only(columns, row)) for row in rows} == {
        "person": "7 6 0 1 0",
        # Seven voter ids, one of them of the rejected person; 3 * 3 demographics.
        "person_custom_field": "16 15 1 0 0",
        "custom_field": "5 5 0 0 0",
        "list_link_phone_email_map": "4 1 1 1 1",
        "email_clickers": "28 21 2 4 1",  # Ada 7, Ben 4, the house 5, Cy 5
        "campaigns": "4 3 0 0 1",
        "donations": "8 5 1 1 1",  # the refund is kept
    }


def test_coverage_of_the_file(built: Built) -> None:
    table = pq.read_table(answered(built, "coverage.parquet", "export", "marts.coverage"))
    assert {(row["state"], row["step"]): row["people"] for row in table.to_pylist()} == {
        ("WI", "in_file"): 4,
        ("WI", "contactable"): 4,
        ("WI", "linked"): 4,
        ("WI", "with_behavior"): 4,
        ("MN", "in_file"): 2,
        ("MN", "contactable"): 2,
        ("MN", "linked"): 2,
        ("MN", "with_behavior"): 1,  # nothing is known of Fay
    }


def test_what_dbt_writes_names_nobody(built: Built) -> None:
    files = [
        file
        for folder in ("target", "logs")
        for file in (built.folder / folder).rglob("*")
        if file.is_file()
    ]
    assert files
    named = [
        f"{file.relative_to(built.folder)}: {needle}"
        for file in files
        for needle in NEEDLES
        if needle.encode() in file.read_bytes()
    ]
    assert named == []


# ------------------------------------------------------------------------------------ how quickly


def test_a_question_takes_less_than_two_seconds(
    sample_database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """000-61: 95 of 100 answers about half the voters of the sample come within 2 seconds."""
    from enrichment.database import Database

    monkeypatch.setenv("BEHAVIORAL_DB", str(sample_database))
    with duckdb.connect() as con:
        con.execute(f"attach '{sample_database}' as behavioral (read_only)")
        (svids,) = con.execute(
            "select list(state || ':' || svid) from behavioral.marts.enriched_profiles "
            "where hash(svid) % 2 = 0"
        ).fetchall()[0]
    seconds = sorted(asked(Database, svids, function) for function in QUESTIONS for _ in range(3))
    assert seconds[math.ceil(0.95 * len(seconds)) - 1] < 2


QUESTIONS = (
    *("segment_profile", "segment_summary", "segment_deviation", "segment_affinity"),
    *("segment_propensity", "segment_health", "segment_lookalike", "segment_attribution"),
)


def asked(database: Any, svids: list[str], function: str) -> float:
    """Seconds from opening the database to the last row of an answer."""
    start = time.perf_counter()
    with database() as opened:
        _, rows = opened.rows(opened.ask(function, svids))
        assert exhausted(rows) > 0
    return time.perf_counter() - start


def exhausted(rows: Iterator[Any]) -> int:
    """How many rows there are."""
    return sum(1 for _ in rows)


def approx(value: float, within: float = 1e-12) -> Any:
    """About this number."""
    return pytest.approx(value, abs=within)
