"""The reference against answers worked out by hand, one tiny case a definition."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reference.affinity import client_affinity, fit_priors, person_client_affinity
from reference.attribution import Attribution, Touch, campaign_attribution, shares
from reference.behaviour import World, coverage, donor_propensity, enriched_profiles
from reference.extracts import COLUMNS
from reference.health import (
    engagement_health,
    engagement_health_alerts,
    status,
    weeks_of_events,
)
from reference.hostile import write
from reference.measures import (
    Prior,
    Rounded,
    affinity_score,
    benjamini_hochberg,
    fit_prior,
    newcombe,
    rate,
    two_proportion_p,
    wilson,
)
from reference.normalise import (
    UncastableError,
    boolean,
    email,
    flag,
    moment,
    name,
    phone,
    state,
    text,
)
from reference.segments import Questions, age_band, known_birth, requested_ids
from reference.settings import RATES, machine_rules

Rows = list[dict[str, Any]]
Extracts = Callable[..., Path]

PHONE = "608555{:04d}"
FIELDS: Rows = [
    {"id": "1", "name": " State_Voter_ID "},
    {"id": "2", "name": "birth_date"},
    {"id": "3", "name": "party"},
]


@pytest.fixture
def extracts(tmp_path: Path) -> Extracts:
    """Write tables of dictionaries as Parquet extracts; absent columns are left out."""

    def write(**tables: Rows) -> Path:
        for table, columns in COLUMNS.items():
            folder = tmp_path / table
            folder.mkdir()
            given = tables.get(table, [])
            names = sorted({name for row in given for name in row}) or [columns[0]]
            data = {name: [row.get(name) for row in given] for name in names}
            pq.write_table(pa.table(data), folder / "part-0.parquet")
        return tmp_path

    return write


def person(number: int, address: str | None = None, **more: Any) -> dict[str, Any]:
    """A person of Wisconsin."""
    return {"id": str(number), "email": address, "state": "WI", "cell_phone": None} | more


def svid(number: int, value: str) -> dict[str, Any]:
    """The voter id of a person."""
    return {"person_id": str(number), "custom_field_id": "1", "value": value}


def event(address: str, day: str, **more: Any) -> dict[str, Any]:
    """An event of campaign c1 and client acme."""
    plain = {"EMAIL": address, "CAMPAIGN_ID": "c1", "CLIENT_SHORTNAME": "acme", "EVENT_DATE": day}
    return plain | {"SEND": 0, "OPEN": 0, "CLICK": 0, "UNSUBSCRIBE": 0, "IS_BOT": None} | more


def gift(address: str | None, day: str, number: str | None = None, **more: Any) -> dict[str, Any]:
    """A gift of ten."""
    return {
        "EMAIL": address,
        "CONTACT_NUMBER": number,
        "DONATION_DATE": day,
        "AMOUNT": "10",
        "DONATION_ID": None,
    } | more


@pytest.mark.parametrize(
    ("raw", "key", "reason"),
    [
        ("\u00a0 A.B+x@Example.COM\u200b", "a.b+x@example.com", None),
        (" \u3000", None, "blank"),
        (None, None, "blank"),
        ("N/A", None, "placeholder"),
        ("a@b@c.com", None, "malformed"),
        (".a@b.com", None, "malformed"),
        ("a..b@c.com", None, "malformed"),
        ("a@b", None, "malformed"),
        ("a@-b.com", None, "malformed"),
        ("a@b.c0m", None, "malformed"),
        ("a@b.c", None, "malformed"),
        ("a@b.xn--p1ai", "a@b.xn--p1ai", None),
        ("x" * 64 + "@b.com", "x" * 64 + "@b.com", None),
        ("x" * 65 + "@b.com", None, "malformed"),
        ("a@" + "b." * 124 + "comm", "a@" + "b." * 124 + "comm", None),
        ("a@" + "b." * 124 + "comms", None, "malformed"),
        ("a@" + "b" * 63 + ".com", "a@" + "b" * 63 + ".com", None),
        ("a@" + "b" * 64 + ".com", None, "malformed"),
        ("a@b." + "c" * 64, None, "malformed"),
        ("jo@b\u00fccher.example", None, "non_ascii_domain"),
        ("jo@xn--bcher-kva.example", "jo@xn--bcher-kva.example", None),
        ("j\u00f6@example.org", None, "malformed"),
        ("a@b@b\u00fccher.example", None, "malformed"),
    ],
)
def test_f04_email_key(raw: str | None, key: str | None, reason: str | None) -> None:
    assert email(raw) == (key, reason)


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        ("+1 (608) 555-1234 ext. 12", "6085551234"),
        ("608.555.1234x9", "6085551234"),
        ("608-555-1234 # 5", "6085551234"),
        (16085551234, "6085551234"),
        (6085551234.0, "6085551234"),
        (Decimal("6085551234.00"), "6085551234"),
        ("26085551234", None),
        ("1085551234", None),
        ("6081551234", None),
        ("2222222222", None),
        ("555-1234", None),
        ("6085551234.0", "6085551234"),
        ("608-555-1234.0", None),
        ("608555.0000", None),
        ("001 608 555 1234", "6085551234"),
        ("011 1 608 555 1234", "6085551234"),
        ("+ (1) 608 555 1234", "6085551234"),
        (" (+1) 608 555 1234", "6085551234"),
    ],
)
def test_f10_phone_key(raw: Any, key: str | None) -> None:
    assert phone(raw)[0] == key


@pytest.mark.parametrize(
    "raw",
    ["+45 32 12 34 56", "+6085551234", "0045 32123456", "011 45 32123456", "(+45) 32 12 34 56"],
)
def test_a_foreign_phone_is_nobody_else_s(raw: str) -> None:
    assert phone(raw) == (None, "foreign")


def test_names_have_one_form() -> None:
    assert name(" Jose\u0301\u00a0") == "Jos\u00e9"
    assert {name("unknown"), name(" UNKNOWN "), name(""), name(None)} == {None}
    assert name("amber") != name("Amber")


def test_text_ids_are_equal_whatever_the_column_type() -> None:
    assert {text(7), text("7 "), text(7.0), text(Decimal("7.00"))} == {"7"}
    assert text("7.0") == "7.0"
    assert text("\u200b") is None
    assert text("007") == "007"


def test_f02_a_state_is_two_letters() -> None:
    assert state(" wi\t") == "WI"
    assert state("W1") is None
    assert state("Wis") is None


@pytest.mark.parametrize(
    ("raw", "at"),
    [
        ("2024-02-29", datetime(2024, 2, 29)),
        ("2024-02-29T23:30:00-02:00", datetime(2024, 3, 1, 1, 30)),
        ("2024-02-29 23:30Z", datetime(2024, 2, 29, 23, 30)),
        ("2024-02-29 23:30:01.5+0530", datetime(2024, 2, 29, 18, 0, 1, 500000)),
        (date(2024, 2, 29), datetime(2024, 2, 29)),
        (datetime(2024, 2, 29, tzinfo=UTC), datetime(2024, 2, 29)),
        (" ", None),
    ],
)
def test_f17_moments_are_iso_8601_and_utc(raw: Any, at: datetime | None) -> None:
    assert moment(raw) == at


@pytest.mark.parametrize("raw", ["02/29/2024", "2023-02-29", "2024-2-9", "2024-02-29T", "20240229"])
def test_f17_other_dates_are_refused(raw: str) -> None:
    with pytest.raises(UncastableError):
        moment(raw)


def test_f15_flags_are_counts() -> None:
    assert [flag(value) for value in (None, 2, "3", " ", 1.0, True)] == [0, 2, 3, 0, 1, 1]
    for value in (-1, "x", 1.5, float("nan")):
        with pytest.raises(UncastableError):
            flag(value)
    assert [boolean(value) for value in ("T", "no", None, " ", 1)] == [True, False, False, False, 1]


def test_000_22_affinity_score_and_rounding() -> None:
    score = affinity_score(clicks=3, opens=0, unsubs=0, sends=1)
    assert score is not None
    assert score.published == 900
    assert affinity_score(1, 1, 1, 0) is None
    assert Rounded(Fraction(-1, 200), 2).published == -0.01
    assert Rounded(Fraction(1, 3), 4).published == 0.3333


def test_f33_wilson_of_one_complaint_in_a_thousand() -> None:
    low, high = wilson(1, 1000)
    assert low == pytest.approx(0.00017655, abs=1e-7)
    assert high == pytest.approx(0.0056426, abs=1e-6)


def test_f51_newcombe_z_test_and_q() -> None:
    # Newcombe (1998), method 10, example (a): 56/70 against 48/80.
    assert newcombe(56, 70, 48, 80) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert two_proportion_p(15, 100, 25, 100) == pytest.approx(0.0771, abs=5e-5)
    assert two_proportion_p(5, 5, 7, 7) == 1
    q_values = benjamini_hochberg([0.01, 0.04, 0.03, 0.5])
    assert q_values == pytest.approx([0.04, 0.16 / 3, 0.16 / 3, 0.5])


def test_f20_prior() -> None:
    # Two clients of 100: 40 and 60 successes. S = 100·0.01·2 = 2; S/(m(1−m)) − 1 = 7;
    # N − Σn²/N − 1 = 200 − 100 − 1 = 99.
    prior = fit_prior([(40, 100), (60, 100)])
    assert prior.mean == 0.5
    assert prior.weight == pytest.approx(7 / 99)
    assert fit_prior([(120, 100), (100, 100)]) == Prior(1.0, 0.0)
    assert fit_prior([(10, 100)]) == Prior(0.1, 0.0)
    assert fit_prior([]) == Prior(0.0, 0.0)
    # Groups of few trials, and an extreme group, do not set it.
    usual = [(10 + 2 * number, 1000) for number in range(11)]
    weight = fit_prior(usual).weight
    assert 0.0005 < weight < 0.005
    assert fit_prior([*usual, (9, 9), (20, 9)]).weight == weight
    assert fit_prior([*usual, (60, 100)]).weight == weight
    assert fit_prior([(50, 100), (9, 9), (0, 9)]).weight == 0
    # In the guess a group of many trials weighs no more than others: those are no outliers.
    mixed = [(2700, 27000), (130, 1000), (70, 1000), (100, 1000), (140, 1000)]
    assert fit_prior(mixed).weight == pytest.approx(0.00445977634)
    assert Prior(0.5, 0.0).shrunk(10, 10) == 0.5
    assert Prior(0.5, 1.0).shrunk(3, 10) == pytest.approx(0.3)
    assert Prior(0.2, 0.5).shrunk(3, 1) == pytest.approx((0.5 * 1 + 0.1) / 1)


def touch(campaign_id: str, first: int, last: int) -> Touch:
    """A touch clicked in January, the gift on the 31st."""
    return Touch(campaign_id, datetime(2024, 1, first), datetime(2024, 1, last), 31 - last)


def test_f45_models_share_one_gift() -> None:
    touches = [touch("b", 2, 31), touch("a", 2, 24), touch("c", 5, 31)]

    def of(model: str) -> dict[str, Any]:
        return {touched.campaign_id: credit for touched, credit in shares(model, touches)}

    assert of("any_touch") == {"a": 1, "b": 1, "c": 1}
    assert of("first_touch") == {"a": 1}
    assert of("last_touch") == {"b": 1}
    assert of("linear") == dict.fromkeys("abc", Fraction(1, 3))
    assert of("position_based") == {
        "a": Fraction(2, 5),
        "b": Fraction(1, 5),
        "c": Fraction(2, 5),
    }
    assert of("time_decay") == pytest.approx({"a": 0.2, "b": 0.4, "c": 0.4})
    assert [credit for _, credit in shares("position_based", touches[:2])] == [Fraction(1, 2)] * 2


def test_f01_f02_persons_unite_and_states_separate(extracts: Extracts) -> None:
    world = World(
        extracts(
            custom_field=FIELDS,
            person=[
                person(10, "ten@x.com", county="Dane"),
                person(9, "nine@x.com", county=" "),
                person(3, "mn@x.com", state="mn"),
                person(4, "nobody@x.com"),
                person(5, state="Wisconsin"),
                person(10, "TEN@x.com ", county="Dane"),
            ],
            person_custom_field=[
                svid(10, "0012"),
                svid(9, " 0012"),
                svid(3, "0012"),
                {"person_id": "10", "custom_field_id": "3", "value": "REP"},
                {"person_id": "10", "custom_field_id": "3", "value": "DEM"},
                {"person_id": "10", "custom_field_id": "2", "value": "1/2/1980"},
                {"person_id": "99", "custom_field_id": "3", "value": "REP"},
                svid(9, "0012"),
            ],
            email_clickers=[event("ten@x.com", "2024-01-01", CLICK=2)],
        )
    )
    voter = world.voters["WI", "0012"]
    assert (voter.person_id, voter.county, voter.party) == ("9", "Dane", "DEM")
    assert voter.emails == {"ten@x.com", "nine@x.com"}
    assert world.accounts["person"] == {
        "rows_in": 6,
        "rows_kept": 3,
        "rows_unlinked": 1,
        "rows_rejected": 1,
        "rows_duplicate": 1,
    }
    assert world.accounts["person_custom_field"] == {
        "rows_in": 8,
        "rows_kept": 5,
        "rows_unlinked": 1,
        "rows_rejected": 1,
        "rows_duplicate": 1,
    }
    questions = Questions(world)
    profile = questions.profile(["0012", "wi:0012", " WI:0012", "WI:0012", None, "", "7"])
    assert {requested: row["link_status"] for requested, row in profile.items()} == {
        "0012": "ambiguous",
        "wi:0012": "with_behavior",
        "WI:0012": "with_behavior",
        "7": "unknown",
    }
    assert profile["7"]["total_clicks"] is None
    summary = questions.summary(profile)
    assert (summary["requested"], summary["known"], summary["clickers"]) == (4, 2, 1)
    assert (summary["total_clicks"], summary["coverage_rate"].published) == (2, 50)
    assert coverage(world)["MN", "with_behavior"]["people"] == 0


def household(size: int, address: str, start: int = 1, **more: Any) -> tuple[Rows, Rows]:
    """Several voters at one address, and their voter ids."""
    numbers = range(start, start + size)
    people = [person(number, address, **more) for number in numbers]
    return people, [svid(number, f"v{number}") for number in numbers]


def test_linkage_rules_in_their_order(extracts: Extracts) -> None:
    five, five_ids = household(5, "five@x.com")
    six, six_ids = household(6, "six@x.com", start=11, cell_phone=PHONE.format(6))
    owner = person(21, "owner@x.com", cell_phone=PHONE.format(1))
    busy = person(22, None, cell_phone=PHONE.format(2), home_phone=PHONE.format(3))
    pairs = [
        (PHONE.format(1), "own2@x.com", "2024-01-01"),
        (PHONE.format(1), "own2@x.com", "2024-01-01 "),
        (PHONE.format(1), "own2@x.com", None),
        (PHONE.format(1), "five@x.com", None),
        (PHONE.format(1), "later@x.com", "2024-01-02"),
        *((PHONE.format(2), f"busy{i}@x.com", None) for i in range(6)),
        (PHONE.format(3), "mapped@x.com", None),
        (PHONE.format(3), "null", None),
        (PHONE.format(6), "hub@x.com", None),
        (PHONE.format(999), "stranger@x.com", None),
        (PHONE.format(1), "own3@x.com", "soon"),
    ]
    world = World(
        extracts(
            custom_field=FIELDS,
            person=[*five, *six, owner, busy],
            person_custom_field=[*five_ids, *six_ids, svid(21, "v21"), svid(22, "v22")],
            list_link_phone_email_map=[
                {"CONTACT_NUMBER": number, "email": address, "FIRST_COHORT_AT": first}
                for number, address, first in pairs
            ],
            email_clickers=[event("five@x.com", "2024-01-01", OPEN=1)],
        )
    )
    assert world.as_of == date(2024, 1, 1)
    links = world.links
    assert set(links.voters_of_email) == {"five@x.com", "owner@x.com", "own2@x.com", "mapped@x.com"}
    assert links.shared_by("five@x.com") == 5
    assert set(links.voters_of_phone) == {PHONE.format(i) for i in (1, 2, 3)}
    assert world.accounts["list_link_phone_email_map"] == {
        "rows_in": 16,
        "rows_kept": 3,
        "rows_unlinked": 10,
        "rows_rejected": 2,
        "rows_duplicate": 1,
    }


def test_f08_f97_gifts_belong_to_the_email_before_the_phone(extracts: Extracts) -> None:
    shared = PHONE.format(1)
    world = World(
        extracts(
            custom_field=FIELDS,
            person=[
                person(1, "one@x.com", cell_phone=shared),
                person(2, "two@x.com", home_phone=shared),
            ],
            person_custom_field=[svid(1, "1"), svid(2, "2")],
            donations=[
                gift("one@x.com", "2024-01-01", shared, DONATION_ID="a"),
                gift("one@x.com", "2024-01-02", shared, DONATION_ID="a "),
                gift("stranger@x.com", "2024-01-03", shared),
                gift("two@x.com", "2024-01-04", AMOUNT="-10"),
                gift("two@x.com", "1989-12-31"),
                gift("two@x.com", "2024-01-05", AMOUNT="NaN"),
                gift(None, "2024-01-05", "555"),
                gift("stranger@x.com", "2024-01-05"),
            ],
        )
    )
    assert world.accounts["donations"] == {
        "rows_in": 8,
        "rows_kept": 3,
        "rows_unlinked": 1,
        "rows_rejected": 3,
        "rows_duplicate": 1,
    }
    profiles = enriched_profiles(world)
    assert [profiles["WI", number]["donation_count"] for number in "12"] == [2, 1]
    summary = Questions(world).summary(["1", "2"])
    assert (summary["donors"], summary["donation_count"]) == (2, 2)
    row = donor_propensity(world)["WI", "1"]
    assert row["donor_propensity_score"].published == 0.65
    assert (row["days_since_last_donation"], row["days_since_last_click"]) == (2, None)


def test_gifts_that_may_not_serve_to_solicit(extracts: Extracts) -> None:
    people = ("fec", "both", "again", "bought")
    world = World(
        extracts(
            custom_field=FIELDS,
            person=[person(n, f"{name}@x.com") for n, name in enumerate(people, start=1)],
            person_custom_field=[svid(n, name) for n, name in enumerate(people, start=1)],
            email_clickers=[event(f"{name}@x.com", "2024-01-11", OPEN=1) for name in people],
            donations=[
                gift("fec@x.com", "2024-01-09", DONATION_SOURCE=" Fec "),
                gift("fec@x.com", "2024-01-09", DONATION_SOURCE="fec_report"),
                gift("both@x.com", "2024-01-10", DONATION_SOURCE="FEC"),
                gift("both@x.com", "2024-01-06", DONATION_SOURCE=" "),
                gift("again@x.com", "2024-01-08", DONATION_SOURCE="FEC", DONATION_ID="a"),
                gift("again@x.com", "2024-01-09", DONATION_ID="a"),
                gift("bought@x.com", "2024-01-09", DONATION_SOURCE="a bought list"),
            ],
        )
    )
    names = ("past_donations", "days_since_last_donation", "gifts_not_used", "score_base")
    scores = donor_propensity(world)
    found = {name: tuple(scores["WI", name][column] for column in names) for name in people}
    assert found == {
        "fec": (0, None, 2, 0.1),
        "both": (1, 5, 1, 0.7),
        "again": (1, 3, 0, 0.7),
        "bought": (0, None, 1, 0.1),
    }
    profiles = enriched_profiles(world)
    assert [profiles["WI", name]["donation_count"] for name in people] == [2, 2, 1, 1]
    questions = Questions(world)
    assert set(questions.lookalike_scores(["fec"])) == {("WI", "both"), ("WI", "again")}
    asked = questions.propensity(people)
    blocked = {name for name in people if asked[name]["solicitation_blocked_by"]}
    assert blocked == {"fec", "bought"}


def test_f06_f25_f29_engagement_and_bots(extracts: Extracts) -> None:
    world = World(
        extracts(
            custom_field=FIELDS,
            person=[person(1, "one@x.com"), person(2, "two@x.com")],
            person_custom_field=[svid(1, "1"), svid(2, "2")],
            email_clickers=[
                event("one@x.com", "2024-01-01", SEND=1, CLICK=1, OPEN=1, IS_BOT=True),
                event("one@x.com", "2024-01-02", SEND=1, CAMPAIGN_ID="c2"),
                event("one@x.com", "2024-01-03", OPEN=1, CAMPAIGN_ID=" "),
                event("one@x.com", "2024-01-04", CLICK=2, CLIENT_SHORTNAME=None),
                event("one@x.com", "2024-01-05", UNSUBSCRIBE=1, IS_BOT=True),
                event("one@x.com", "2024-01-05", UNSUBSCRIBE=1, IS_BOT=True),
                event("one@x.com", "2024-01-06", CLICK=-1),
                event("x", "2024-01-06", CLICK=1),
                event("stranger@x.com", "2024-01-06", CLICK=1),
            ],
        )
    )
    assert world.accounts["email_clickers"] == {
        "rows_in": 9,
        "rows_kept": 5,
        "rows_unlinked": 1,
        "rows_rejected": 2,
        "rows_duplicate": 1,
    }
    profile = enriched_profiles(world)["WI", "1"]
    assert (profile["total_clicks"], profile["total_opens"]) == (2, 1)
    assert (profile["campaigns_engaged"], profile["clients_engaged"]) == (1, 1)
    assert profile["last_engagement_date"] == date(2024, 1, 4)
    priors = fit_priors(world)
    acme = client_affinity(world.events, priors, world.population_basis)["acme"]
    assert (acme["total_events"], acme["sends"], acme["opens"], acme["unsubs"]) == (4, 2, 1, 0)
    assert acme["affinity_score"].published == 50
    assert world.population_basis == "clickers_only"
    assert person_client_affinity(world, priors)["WI", "1", "acme"]["is_stopped"]
    assert enriched_profiles(world)["WI", "2"]["link_status"] == "no_behavior"


def test_f16_a_message_and_its_flags(extracts: Extracts) -> None:
    """Covered rows are duplicates; what stays keeps its time; strangers' clicks count once."""
    folder = extracts(
        person=[person(1, "ann@x.org")],
        person_custom_field=[svid(1, "1")],
        custom_field=FIELDS,
        email_clickers=[
            event("ann@x.org", "2024-01-01 10:00", SEND=1, EVENT_ID="stages"),
            event("ann@x.org", "2024-01-01 11:00", OPEN=1, EVENT_ID="stages"),
            event("ann@x.org", "2024-01-01 12:00", CLICK=1, EVENT_ID="stages"),
            event("ann@x.org", "2024-01-02 10:00", SEND=1, EVENT_ID="again"),
            event("ann@x.org", "2024-01-03 10:00", SEND=1, OPEN=1, EVENT_ID="again"),
            event("ann@x.org", "2024-01-04 10:00", SEND=1, CAMPAIGN_ID="c2", EVENT_ID="again"),
            event("ann@x.org", "2024-01-05 10:00", SEND=1),
            event("ANN@x.org", "2024-01-05 10:00", SEND=1, EVENT_ID=" "),
            event("ann@x.org", "2024-01-05 10:00", SEND=1, LINK="/a"),
            event("zoe@x.org", "2024-01-01 09:00", SEND=1, OPEN=1, EVENT_ID="stages"),
            event("zoe@x.org", "2024-01-01 10:00", CLICK=2, EVENT_ID="stages"),
            event("zoe@x.org", "2024-01-01 09:30", CLICK=1, EVENT_ID="stages"),
        ],
    )
    world = World(folder)
    account = world.accounts["email_clickers"]
    assert (account["rows_kept"], account["rows_duplicate"], account["rows_unlinked"]) == (7, 2, 3)
    assert {e.at.day for e in world.events if e.event_id == "again"} == {3, 4}
    strangers = [event for event in world.everybodys_events if event.email == "zoe@x.org"]
    assert [event.click for event in strangers] == [2]


def test_f06_machines_are_judged_row_by_row(extracts: Extracts) -> None:
    """Each rule of the seed at its limits, with the numbers of the seed."""
    rules = {rule.rule: rule for rule in machine_rules()}
    fast, burst = rules["fast_click"].within_seconds, rules["burst_clicks"]
    proxy = rules["proxy_open"]
    sent = datetime(2024, 1, 1, 10)

    def after(seconds: float) -> str:
        return str(sent + timedelta(seconds=seconds))

    def clicks(address: str, count: int, span: float) -> Rows:
        return [
            event(address, after(3600 + span * place / (count - 1)), CLICK=1, EVENT_ID=f"{place}")
            for place in range(count)
        ]

    def opens(address: str, count: int, seconds: float) -> Rows:
        rows: Rows = []
        for place in range(count):
            day = sent + timedelta(days=place)
            own = {"CAMPAIGN_ID": f"c{place}"}
            rows.append(event(address, str(day), SEND=1, **own))
            rows.append(event(address, str(day + timedelta(seconds=seconds)), OPEN=1, **own))
        return rows

    names = ["fast", "slow", "midnight", "burst", "few", "wide", "proxy", "late", "human"]
    folder = extracts(
        person=[person(number, f"{name}@x.org") for number, name in enumerate(names)],
        person_custom_field=[svid(number, f"{number}") for number in range(len(names))],
        custom_field=FIELDS,
        email_clickers=[
            event("fast@x.org", after(0), SEND=1),
            event("fast@x.org", after(fast), CLICK=1),
            event("slow@x.org", after(0), SEND=1),
            event("slow@x.org", after(fast + 0.000001), CLICK=1),
            event("midnight@x.org", "2024-01-01", SEND=1),
            event("midnight@x.org", "2024-01-01 00:00:01", CLICK=1),
            *clicks("burst@x.org", burst.more_than + 1, burst.within_seconds),
            event("burst@x.org", after(3600), OPEN=1),
            event("burst@x.org", after(3600 + burst.within_seconds), UNSUBSCRIBE=1),
            event("burst@x.org", after(3599), OPEN=1),
            *clicks("few@x.org", burst.more_than, 0),
            *clicks("wide@x.org", burst.more_than + 1, burst.within_seconds + 0.1),
            *clicks("stranger@x.org", burst.more_than + 1, burst.within_seconds),
            *opens("proxy@x.org", proxy.more_than + 1, proxy.within_seconds),
            *opens("late@x.org", proxy.more_than + 1, proxy.within_seconds + 1),
            *opens("human@x.org", proxy.more_than + 1, 1),
            event("human@x.org", "2024-03-01", CLICK=1),
        ],
    )
    world = World(folder)
    reasons: dict[str, Counter[str | None]] = defaultdict(Counter)
    for own in world.everybodys_events:
        reasons[own.email.split("@")[0]][own.machine] += 1
    assert reasons == {
        "fast": {None: 1, "fast_click": 1},
        "slow": {None: 2},
        "midnight": {None: 2},
        "burst": {None: 1, "burst_clicks": burst.more_than + 3},
        "few": {None: burst.more_than},
        "wide": {None: burst.more_than + 1},
        "stranger": {"burst_clicks": burst.more_than + 1},
        "proxy": {None: proxy.more_than + 1, "proxy_open": proxy.more_than + 1},
        "late": {None: 2 * (proxy.more_than + 1)},
        "human": {None: 2 * (proxy.more_than + 1) + 1},
    }


def test_f31_events_belong_to_the_week_of_their_send(extracts: Extracts) -> None:
    world = World(
        extracts(
            custom_field=FIELDS,
            person=[person(1, "one@x.com")],
            person_custom_field=[svid(1, "1")],
            email_clickers=[
                event("one@x.com", "2024-01-07", SEND=100),
                event("one@x.com", "2024-01-08T09:00:00", OPEN=30),
                event("one@x.com", "2024-01-16", CLICK=1, CAMPAIGN_ID="other"),
                event("one@x.com", "2024-01-17", CLICK=1, CAMPAIGN_ID=None),
                event("one@x.com", "2024-01-08", OPEN=7, CAMPAIGN_ID="late"),
                event("one@x.com", "2024-01-29", SEND=1, CAMPAIGN_ID="late"),
            ],
        )
    )
    health = engagement_health(world, weeks_of_events(world), world.events)
    assert [week.day for week in health] == [1, 8, 15, 22, 29]
    first, second, third, fourth, last = health.values()
    assert (first["sends"], first["opens"], first["active_contacts"]) == (100, 30, 1)
    assert (first["open_rate"].published, first["open_rate_status"]) == (30, "healthy")
    assert first["open_rate_is_certain"]
    assert (first["unsub_rate_status"], first["unsub_rate_is_certain"]) == ("healthy", False)
    assert (second["opens"], third["clicks"], fourth["clicks"]) == (0, 2, 0)
    assert third["open_rate_status"] == "insufficient_data"
    assert (last["opens"], last["is_complete_week"]) == (7, False)
    assert engagement_health_alerts(health) == {}


def weekly(opens: list[int]) -> dict[date, dict[str, Any]]:
    """Complete weeks of 100 sends with these numbers of opens."""
    table: dict[date, dict[str, Any]] = {}
    for index, count in enumerate(opens):
        counts = {"sends": 100, "opens": count, "clicks": 2, "bounces": 0}
        counts |= {"complaints": 0, "unsubs": 0}
        row: dict[str, Any] = {**counts, "is_complete_week": True}
        row["week_start"] = date.fromordinal(date(2024, 1, 1).toordinal() + 7 * index)
        for metric, (numerator, denominator, places) in RATES.items():
            row[metric] = rate(counts[numerator], counts[denominator], places)
            row[f"{metric}_status"] = status(metric, counts)
        table[row["week_start"]] = row
    return table


def test_f35_alerts_on_worse_status_and_control_limits() -> None:
    alerts = engagement_health_alerts(weekly([50, 50, 50, 50, 34, 20]))
    # 34: baseline 50 %, three sigma = 15 points; 20: warning after healthy, pooled 46.8 %.
    assert [(week.day, metric) for week, metric in alerts] == [(29, "open_rate"), (5, "open_rate")]
    control, worse = alerts.values()
    assert (control["status"], control["previous_status"], control["baseline"]) == (
        "healthy",
        "healthy",
        50,
    )
    assert (worse["status"], worse["previous_status"]) == ("warning", "healthy")
    assert worse["baseline"] == Fraction(234, 5)
    assert engagement_health_alerts(weekly([50, 50, 50, 50, 35])) == {}


def test_f46_attribution_window(extracts: Extracts) -> None:
    world = World(
        extracts(
            custom_field=FIELDS,
            person=[person(1, "one@x.com", cell_phone=PHONE.format(1)), person(2, "one@x.com")],
            person_custom_field=[svid(1, "1"), svid(2, "2")],
            campaigns=[
                {"CAMPAIGN_ID": "c1", "CLIENT_SHORTNAME": "old", "START_DATE": None},
                {"CAMPAIGN_ID": "c1", "CLIENT_SHORTNAME": "new", "START_DATE": "2024-01-01"},
                {"CAMPAIGN_ID": " ", "CLIENT_SHORTNAME": "x", "START_DATE": None},
            ],
            email_clickers=[
                event("one@x.com", "2024-01-31T12:00:00", CLICK=1),
                event("one@x.com", "2024-01-01T23:59:59", CLICK=1, CAMPAIGN_ID="edge"),
                event("one@x.com", "2023-12-31T23:59:59", CLICK=1, CAMPAIGN_ID="out"),
                event("one@x.com", "2024-01-10", CLICK=1, CAMPAIGN_ID="bot", IS_BOT=True),
                event("far@x.com", "2024-03-02", CLICK=1, CAMPAIGN_ID="far"),
                event("far@x.com", "2024-03-02", CLICK=1, CAMPAIGN_ID="far"),
            ],
            donations=[
                gift("else@x.com", "2024-01-31", "(608) 555-0001"),
                gift("far@x.com", "2024-03-02T00:00:01", DONATION_ID="f"),
                gift("far@x.com", "2024-03-01T23:59:59", DONATION_ID="g"),
            ],
        )
    )
    attribution = Attribution(world)
    linear = {
        (c.gift.donation_id, c.touch.campaign_id if c.touch else None): c.credit
        for c in attribution.credits
        if c.model == "linear"
    }
    assert linear == {
        (None, "c1"): Fraction(1, 2),
        (None, "edge"): Fraction(1, 2),
        ("f", "far"): 1,
        ("g", None): 1,
    }
    table = campaign_attribution(attribution)
    edge = table["edge", "any_touch"]
    assert (edge["client_shortname"], edge["max_days"], edge["unique_clickers"]) == ("acme", 30, 1)
    assert edge["donors_per_100_clickers"].published == 100
    assert (edge["is_mature"], table["c1", "linear"]["is_mature"]) == (True, True)
    assert table["far", "linear"]["is_mature"] is False
    assert table["c1", "linear"]["client_shortname"] == "new"
    assert table["out", "linear"]["donors_attributed"] == 0
    assert table[None, "time_decay"]["donations_credited"] == 1
    assert ("bot", "linear") not in table
    assert world.accounts["campaigns"]["rows_duplicate"] == 1
    assert world.accounts["campaigns"]["rows_rejected"] == 1
    segment = Questions(world).attributed(["1"])
    assert segment["c1", "linear"]["donations_credited"] == Fraction(1, 2)
    housemate = Questions(world).attributed(["2"])
    assert housemate["c1", "linear"]["donations_credited"] == 0
    assert housemate["c1", "linear"]["unique_clickers"] == 1
    assert segment[None, "linear"]["donations_credited"] == 0
    assert ("far", "linear") not in segment


def test_000_31_lookalike_scores_and_exclusions(extracts: Extracts) -> None:
    addresses = ["seed@x.com", "near@x.com", "far@x.com", "gone@x.com", "seed@x.com"]
    people = [person(n, address) for n, address in enumerate(addresses, start=1)]

    def opened(address: str, client: str, times: int) -> Rows:
        return [
            event(address, f"2024-01-01 00:{minute:02d}", OPEN=1, CLIENT_SHORTNAME=client)
            for minute in range(times)
        ]

    world = World(
        extracts(
            custom_field=FIELDS,
            person=people,
            person_custom_field=[svid(n, str(n)) for n in range(1, 6)],
            email_clickers=[
                *opened("seed@x.com", "a", 11),
                *opened("seed@x.com", "b", 10),
                *opened("seed@x.com", "c", 33),
                *opened("near@x.com", "a", 30),
                *opened("near@x.com", "b", 9),
                *opened("near@x.com", "c", 1),
                *opened("far@x.com", "z", 1),
                *opened("gone@x.com", "a", 5),
                event("gone@x.com", "2024-01-02", UNSUBSCRIBE=1, IS_BOT=True),
            ],
        )
    )
    questions = Questions(world)
    # Shares: a 11/44, c 33/44; near: min(30, 22)·¼ + min(1, 66)·¾.
    assert questions.lookalike_scores(["1"]) == {("WI", "2"): 6.25, ("WI", "3"): 0}
    assert questions.lookalike_scores(["unknown"]) == {}


def test_f51_deviation(extracts: Extracts) -> None:
    world = World(
        extracts(
            custom_field=FIELDS,
            person=[person(n, county="Dane" if n <= 2 else None) for n in range(1, 5)],
            person_custom_field=[svid(n, str(n)) for n in range(1, 5)],
            email_clickers=[event("x@x.com", "2024-01-01")],
        )
    )
    table = Questions(world).deviation(["1", "2", "2", "9"])
    assert set(table) == {
        ("state", "WI"),
        ("county", "Dane"),
        ("county", "unknown"),
        ("party", "unknown"),
        ("gender", "unknown"),
        ("age_band", "unknown"),
        *((name, value) for name in ("donor", "clicker") for value in ("true", "false")),
    }
    dane = table["county", "Dane"]
    assert (dane["segment_share"], dane["difference"], dane["ratio"]) == (1, Fraction(1, 2), 2)
    # z = 1 / √(½·½·(½+½)) = 2; two of ten rows have that p, the others 1.
    assert dane["q_value"] == pytest.approx(math.erfc(math.sqrt(2)) * 10 / 2)
    assert table["donor", "true"]["ratio"] is None
    assert dane["is_flagged"] is False


def test_f51_age_bands() -> None:
    as_of = date(2024, 6, 15)
    births = {
        date(2006, 6, 15): "18-24",
        date(2006, 6, 16): "unknown",
        date(1999, 6, 15): "25-34",
        date(1959, 6, 15): "65+",
        date(1959, 6, 16): "55-64",
        date(2030, 1, 1): "unknown",
    }
    assert {birth: age_band(birth, as_of) for birth in births} == births


def test_the_first_date_of_a_living_person_counts() -> None:
    as_of = date(2024, 6, 15)
    assert known_birth([date(1900, 12, 31), date(1908, 6, 15), date(1909, 6, 15)], as_of) == date(
        1909, 6, 15
    )
    assert known_birth([date(1800, 1, 1)], as_of) is None
    assert known_birth([date(2030, 1, 1), date(1980, 1, 1)], as_of) == date(2030, 1, 1)


def test_requested_ids_are_trimmed_and_distinct() -> None:
    assert requested_ids([" 1", "1\u3000", None, "", "WI:1"]) == ["1", "WI:1"]


@pytest.fixture(scope="module", params=range(4))
def hostile(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The reference's reading of extracts in which everything collides."""
    folder = write(tmp_path_factory.mktemp("hostile"), request.param)
    return World(folder, build_day=date(2024, 6, 30))


def test_hostile_rows_are_all_accounted_for(hostile: World) -> None:
    assert hostile.as_of == date(2024, 6, 12)
    for table, account in hostile.accounts.items():
        parts = {name: count for name, count in account.items() if name != "rows_in"}
        assert account["rows_in"] == sum(parts.values()), table
        assert account["rows_duplicate"] > 0, table
        assert account["rows_rejected"] > 0, table
        assert (account["rows_unlinked"] > 0) == (table not in ("campaigns", "custom_field")), table


def test_hostile_credits_add_up(hostile: World) -> None:
    attribution = Attribution(hostile)
    gifts = len(hostile.everybodys_gifts)
    for model, column in (("linear", "donations_credited"), ("time_decay", "donations_credited")):
        table = campaign_attribution(attribution)
        total = sum(float(row[column]) for key, row in table.items() if key[1] == model)
        assert total == pytest.approx(gifts)


def test_hostile_everybody_is_the_population(hostile: World) -> None:
    questions = Questions(hostile)
    everybody = [f"{of_state}:{number}" for of_state, number in hostile.voters]
    population = client_affinity(hostile.events, questions.priors, hostile.population_basis)
    assert questions.affinity(everybody) == population
    weekly = engagement_health(hostile, questions.weeks, hostile.events)
    assert questions.health(everybody) == weekly
    statuses = {row[f"{metric}_status"] for row in weekly.values() for metric in RATES}
    assert statuses == {"healthy", "warning", "critical", "insufficient_data"}
    assert questions.lookalike_scores(everybody) == {}
    assert len(questions.lookalike_scores(everybody[:2])) > 1
