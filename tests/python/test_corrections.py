"""Every flaw of the brief's SQL, shown on hand-made rows, beside our answer.

`F01` to `F53` are the corrections that the models cite. Each test stands below the rows that it
is about, states a fact (`holds`), and shows that the brief's own answer to these rows violates
the fact and that ours does not. All rows are one world, built once by the project itself; a second,
bare one shows what an export may lack.
F44 and F52 are about how to measure success; no row can show them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import pytest

import brief_sql
from extracts import Extracts, Row, build_database, write_extracts
from sample_data.pairs import opened
from warm import Warm

AS_OF = date(2025, 6, 18)
"""The world's clock, a Wednesday."""

WORLD = Extracts()
"""The rows of all tests."""

Answer = TypeVar("Answer")


def shows(holds: Callable[[Answer], bool], *, brief: Answer, ours: Answer) -> None:
    """The fact holds in our answer, and not in the brief's."""
    assert not holds(brief), f"the brief's answer does not show the flaw: {brief!r}"
    assert holds(ours), f"our answer has the brief's flaw: {ours!r}"


@dataclass(frozen=True)
class World:
    """One connection that sees the extracts, as the brief does, and the database built of them."""

    con: duckdb.DuckDBPyConnection
    extracts: Path

    def rows(self, sql: str, *values: Any) -> list[Row]:
        """The rows of a query, with bound values."""
        cursor = self.con.execute(sql, values)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def ask(self, function: str, svids: Sequence[str], **options: Any) -> list[Row]:
        """The answer of a table function; ids and options are bound."""
        arguments = "".join(f", {name} := ?" for name in options)
        call = f"behavioral.segments.{function}(?{arguments})"
        return self.rows(f"select * from {call}", list(svids), *options.values())

    def profile(self, svid: str) -> Row:
        """The one profile of a requested id."""
        return the(self.ask("segment_profile", [svid]))

    def mart(self, name: str, condition: str, *values: Any) -> list[Row]:
        """The rows of a table of the built database."""
        return self.rows(f"select * from {name} where {condition}", *values)

    def person_id(self, svid: str) -> int:
        """The person behind a voter id, for the brief's statements that answer for everybody."""
        found = self.rows(
            "select person_id from person_custom_field where custom_field_id = 1 and value = ?",
            svid,
        )
        return int(the(found)["person_id"])

    def brief_propensity(self, svid: str) -> list[Row]:
        """The brief's rows about one voter in its scores for everybody."""
        person_id = self.person_id(svid)
        scores = brief_sql.propensity(self.con)
        return [row for row in scores if row["person_id"] == person_id]

    def brief_campaigns(self, *names: str) -> list[Row]:
        """The brief's attribution, of the campaigns named."""
        return [row for row in brief_sql.attribution(self.con) if row["campaign_name"] in names]

    def brief_profile(self, svid: str) -> Row:
        """The one row of the brief about a voter; for flaws other than several rows."""
        return the(brief_sql.enrichment(self.con, [svid]))

    def today(self) -> date:
        """The wall clock, as the brief's statements read it."""
        found = the(self.rows("select current_date as today"))["today"]
        assert isinstance(found, date)
        return found


def the(rows: Iterable[Row]) -> Row:
    """The only row."""
    (row,) = rows
    return row


def by(column: str, rows: Iterable[Row]) -> dict[Any, Row]:
    """Rows by a column that is their key."""
    listed = list(rows)
    table = {row[column]: row for row in listed}
    assert len(table) == len(listed), f"{column} is not a key"
    return table


def column(name: str, rows: Iterable[Row]) -> list[Any]:
    """One column of all rows."""
    return [row[name] for row in rows]


def day(moment: Any) -> date | None:
    """The day of a date or a time."""
    return moment.date() if isinstance(moment, datetime) else moment


def campaign_name(campaign: int) -> str:
    """The name that a campaign has unless a test gives it another one."""
    return f"Campaign {campaign}"


def opened_with(data: Path, database: Path) -> duckdb.DuckDBPyConnection:
    """A connection in memory with the extracts as views and both halves of the database."""
    con = opened(database)
    con.execute("set TimeZone = 'UTC'")
    brief_sql.create_views(con, data)
    return con


@contextmanager
def built(
    warm: Warm,
    folder: Path,
    extracts: Extracts,
    *,
    without: Sequence[str] = (),
    select: Sequence[str] = (),
) -> Iterator[World]:
    """Write a world, build it, and open it."""
    data = write_extracts(folder / "data", extracts.tables, without=without)
    database = build_database(warm, data, folder, as_of_date=AS_OF, select=select)
    with opened_with(data, database) as con:
        yield World(con, data)


@pytest.fixture(scope="session")
def world(warm: Warm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The rows of all tests, and what the project makes of them."""
    described = {row["CAMPAIGN_ID"] for row in WORLD.tables["campaigns"]}
    for event in WORLD.tables["email_clickers"]:
        if (campaign := event["CAMPAIGN_ID"]) is not None and campaign not in described:
            described.add(campaign)
            WORLD.campaign(campaign, event["CLIENT_SHORTNAME"], campaign_name(campaign))
    with built(warm, tmp_path_factory.mktemp("world"), WORLD) as world:
        yield world


# ------------------------------------------------------------------------ who is who
# One voter, two person records.
WORLD.person("0101", "f01.a@example.com")
WORLD.person("0101", "f01.b@example.com")
WORLD.event("f01.a@example.com", "2024-02-05T10:00", send=1, open=1)


def test_F01_one_row_per_voter(world: World) -> None:
    """A voter id asked for once is answered once, however many person records it has."""

    def holds(rows: list[Row]) -> bool:
        return column("svid", rows) == ["0101"]

    shows(
        holds,
        brief=brief_sql.enrichment(world.con, ["0101"]),
        ours=world.ask("segment_profile", ["0101"]),
    )


# The same number in two states: one voter who does nothing, one who clicks once and gives twice.
WORLD.person("0201", "f02.wi@example.com", state="WI")
WORLD.person("0201", "f02.mn@example.com", state="MN")
WORLD.event("f02.mn@example.com", "2024-02-05T10:00", click=1)
WORLD.gift("2024-02-06", "f02.mn@example.com")
WORLD.gift("2024-02-07", "f02.mn@example.com")


def test_F02_a_voter_id_is_unique_only_within_its_state(world: World) -> None:
    """One of the two voters has the click and the gifts, the other has nothing."""

    def holds(rows: list[Row]) -> bool:
        found = [(row["total_clicks"], row["donation_count"]) for row in rows]
        return sorted(found) == [(0, 0), (1, 2)]

    shows(
        holds,
        brief=brief_sql.enrichment(world.con, ["0201"]),
        ours=world.ask("segment_profile", ["WI:0201", "MN:0201"]),
    )
    bare = world.profile("0201")
    assert bare["link_status"] == "ambiguous"
    assert bare["total_clicks"] is None


def test_F03_unknown_ids_are_answered(world: World) -> None:
    """Every requested id is in the answer, so that coverage is known."""

    def holds(answered: list[str]) -> bool:
        return answered == ["0101", "no-such-voter"]

    svids = ["0101", "no-such-voter"]
    profiles = world.ask("segment_profile", svids)
    shows(
        holds,
        brief=sorted({row["svid"] for row in brief_sql.enrichment(world.con, svids)}),
        ours=column("requested_svid", profiles),
    )
    assert column("link_status", profiles) == ["with_behavior", "unknown"]
    summary = the(world.ask("segment_summary", svids))
    assert (summary["requested"], summary["known"], summary["coverage_rate"]) == (2, 1, 50)


# Two voters without an address, and strangers' rows that have none either.
WORLD.person("0401", "")
WORLD.person("0402", "None@None.com")
for nobody in ("", "none@none.com"):
    WORLD.event(nobody, "2024-02-05T10:00", click=1)
    WORLD.event(nobody, "2024-02-05T11:00", click=1)
    WORLD.gift("2024-02-06", nobody)


@pytest.mark.parametrize("svid", ["0401", "0402"])
def test_F04_blank_and_placeholder_addresses_join_nothing(world: World, svid: str) -> None:
    """A voter without an address has none of the strangers' clicks and gifts."""

    def holds(row: Row) -> bool:
        return bool(row["total_clicks"] == row["donation_count"] == 0)

    shows(holds, brief=world.brief_profile(svid), ours=world.profile(svid))


# A couple with one address, which clicks once.
WORLD.person("0501", "f05@example.com")
WORLD.person("0502", "f05@example.com")
WORLD.event("f05@example.com", "2024-02-05T10:00", click=1)


def test_F05_a_shared_click_counts_once_in_totals(world: World) -> None:
    """Two people behind one address made one click, not two."""

    def holds(clicks: int) -> bool:
        return clicks == 1

    svids = ["0501", "0502"]
    shows(
        holds,
        brief=sum(column("total_clicks", brief_sql.enrichment(world.con, svids))),
        ours=the(world.ask("segment_summary", svids))["total_clicks"],
    )
    for row in world.ask("segment_profile", svids):
        assert (row["total_clicks"], row["max_shared_by"]) == (1, 2)


# Mail that bounced, and mail that a machine opened.
WORLD.person("0601", "f06.bounce@example.com")
WORLD.person("0602", "f06.machine@example.com")
WORLD.event("f06.bounce@example.com", "2024-02-05T10:00", campaign=601, send=1, bounce=1)
WORLD.event("f06.machine@example.com", "2024-02-05T10:00", campaign=601, click=1, is_bot=True)


@pytest.mark.parametrize("svid", ["0601", "0602"])
def test_F06_only_human_opens_and_clicks_are_engagement(world: World, svid: str) -> None:
    """A bounce is no engagement, and neither is a click by a machine."""

    def holds(row: Row) -> bool:
        return row["campaigns_engaged"] == 0 and row["last_engagement_date"] is None

    shows(holds, brief=world.brief_profile(svid), ours=world.profile(svid))


# A gateway that follows six links and unsubscribes within three seconds of the send, and one that
# clicks in an hour's time; a person who clicks and leaves.
WORLD.person("0603", "f06.gateway@example.com")
WORLD.person("0604", "f06.late@example.com")
WORLD.person("0605", "f06.leaves@example.com")
for _name, _hour in (("gateway", 10), ("late", 11)):
    WORLD.event(f"f06.{_name}@example.com", "2024-02-06T10:00", campaign=602, send=1, client="f06")
    for _second in (1, 1, 2, 2, 3, 3):
        _at = f"2024-02-06T{_hour}:00:0{_second}"
        WORLD.event(f"f06.{_name}@example.com", _at, campaign=602, click=1, client="f06")
    _at = f"2024-02-06T{_hour}:00:03"
    WORLD.event(f"f06.{_name}@example.com", _at, campaign=602, unsubscribe=1, client="f06")
WORLD.event("f06.leaves@example.com", "2024-02-06T10:00", campaign=602, send=1, client="f06")
WORLD.event("f06.leaves@example.com", "2024-02-06T10:09", campaign=602, click=1, client="f06")
WORLD.event("f06.leaves@example.com", "2024-02-06T10:10", campaign=602, unsubscribe=1, client="f06")
WORLD.gift("2024-02-07", "f06.gateway@example.com")


@pytest.mark.parametrize("svid", ["0603", "0604"])
def test_F06_what_a_gateway_clicks_is_no_engagement(world: World, svid: str) -> None:
    """The sender flags nothing: the time between the rows tells the machine."""

    def holds(row: Row) -> bool:
        return bool(row["total_clicks"] == 0 and row["campaigns_engaged"] == 0)

    shows(holds, brief=world.brief_profile(svid), ours=world.profile(svid))


def test_F06_a_machine_earns_no_gift_and_counts_as_a_send(world: World) -> None:
    """The client has three sends and one click, and the gift after the gateway has no touch."""
    client = the(world.mart("marts.client_affinity", "client_shortname = 'f06'"))
    assert (client["total_events"], client["sends"], client["clicks"]) == (19, 3, 1)
    assert set(column("campaign_id", world.ask("segment_attribution", ["0603"]))) == {None}


@pytest.mark.parametrize(
    ("svid", "reason"), [("0603", "machine"), ("0604", "machine"), ("0605", "opted_out")]
)
def test_F06_a_machine_that_opts_out_still_blocks_contact(
    world: World, svid: str, reason: str
) -> None:
    """Nobody is mailed against an unsubscribe, and the reason says who made it."""
    found = the(world.mart("marts.contact_permissions", "svid = ?", svid))
    assert (found["may_email"], found["contact_blocked_by"]) == (False, reason)


# An address typed with blanks around it.
WORLD.person("0701", "\tF07@Example.com\u00a0")
WORLD.event("f07@example.com", "2024-02-05T10:00", click=1)


def test_F07_addresses_are_trimmed(world: World) -> None:
    """White space around an address does not cut its owner off."""

    def holds(row: Row) -> bool:
        return bool(row["total_clicks"] == 1)

    shows(holds, brief=world.brief_profile("0701"), ours=world.profile("0701"))


# A voter with no address on file but a phone: the map knows an address of it, and a gift has it.
WORLD.person("0801", cell_phone="(608) 555-0801")
WORLD.mapped("6085550801", "f08@example.com", "2024-01-01")
WORLD.event("f08@example.com", "2024-02-05T10:00", click=1)
WORLD.gift("2024-02-06", phone="1-608-555-0801")


def test_F08_phones_link_too(world: World) -> None:
    """A phone leads to the map's address and to the gift made with it."""

    def holds(row: Row) -> bool:
        return bool(row["total_clicks"] == 1 and row["is_donor"])

    shows(holds, brief=world.brief_profile("0801"), ours=world.profile("0801"))


# Two phones in the map: one seen with its address the day after the clock's, one before.
WORLD.person("0901", cell_phone="6085550901")
WORLD.person("0902", cell_phone="6085550902")
WORLD.mapped("6085550901", "f09.later@example.com", "2025-06-19")
WORLD.mapped("6085550902", "f09.known@example.com", "2025-06-18")
WORLD.event("f09.later@example.com", "2024-02-05T10:00", click=1)
WORLD.event("f09.known@example.com", "2024-02-05T10:00", click=1)


def test_F09_links_of_later_days_are_not_known_yet(world: World) -> None:
    """A link that the map saw only after the clock's day is no link; the brief's keys ignore it."""

    def holds(addresses: set[str]) -> bool:
        return addresses == {"f09.known@example.com"}

    brief = world.rows("""
        select map.email as email_key
        from list_link_phone_email_map as map
        inner join person on person.cell_phone = map.contact_number
        where map.email like 'f09%'
    """)
    ours = world.mart("linkage.lnk_voter_email", "email_key like 'f09%' and is_used")
    shows(holds, brief=set(column("email_key", brief)), ours=set(column("email_key", ours)))


# Three voters whose numbers differ as text only, or are no numbers.
for svid in ("0012", "12", "AB-7"):
    WORLD.person(svid, f"f10.{svid}@example.com".lower())


def test_F10_voter_ids_are_text_under_a_named_field(world: World) -> None:
    """Leading zeros tell voters apart, and the field is found by its name."""
    with pytest.raises(duckdb.ConversionException):
        world.rows("select * from person_custom_field where custom_field_id = 'state_voter_id'")
    with pytest.raises(duckdb.ConversionException):
        world.rows("select * from person_custom_field where value in (12)")

    def holds(answered: list[str]) -> bool:
        return answered == ["12"]

    as_numbers = world.rows(
        "select value from person_custom_field where try_cast(value as int) = 12"
    )
    shows(
        holds,
        brief=sorted(column("value", as_numbers)),
        ours=column("svid", world.ask("segment_profile", ["12"])),
    )
    assert world.profile("0012")["person_id"] != world.profile("12")["person_id"]


# A voter id delivered twice for the same person, and two parties.
twice = WORLD.person("1101", "f11@example.com", fields={"party": "REP"})
WORLD.field(twice, "state_voter_id", "1101")
WORLD.field(twice, "party", "DEM")
WORLD.event("f11@example.com", "2024-02-05T10:00", click=1)


def test_F11_repeated_custom_fields_repeat_nobody(world: World) -> None:
    """A field delivered twice neither doubles the voter nor the clicks."""

    def holds(rows: list[Row]) -> bool:
        return column("total_clicks", rows) == [1]

    shows(
        holds,
        brief=brief_sql.enrichment(world.con, ["1101"]),
        ours=world.ask("segment_profile", ["1101"]),
    )
    assert world.profile("1101")["party"] == "DEM"


def test_F12_ids_are_data_and_never_sql(world: World) -> None:
    """An id that looks like SQL is answered as an unknown id."""
    attack = "x') or ('1'='1"

    def holds(rows: list[Row]) -> bool:
        return all(row["svid"] in (attack, None) for row in rows)

    profiles = world.ask("segment_profile", [attack])
    shows(
        holds,
        brief=brief_sql.spliced(world.con, brief_sql.ENRICHMENT, [attack]),
        ours=profiles,
    )
    assert (the(profiles)["requested_svid"], the(profiles)["link_status"]) == (attack, "unknown")


# ------------------------------------------------------------------------ what the extracts lack
# F14: four people are mailed four times each, one of them opens and clicks. The clickers' export
# has that one's rows only.
F14_CLICKER, *F14_OTHERS = [f"f14.{number}@example.com" for number in range(4)]


def fourteen(extracts: Extracts, *, clickers_only: bool) -> None:
    """The rows of F14, as an export of all recipients or of clickers only."""
    for number, email in enumerate([F14_CLICKER, *F14_OTHERS]):
        extracts.person(f"140{number}", email)
        if email == F14_CLICKER or not clickers_only:
            flags = {"open": 4, "click": 4} if email == F14_CLICKER else {}
            extracts.mailing([email], "2024-02-05", client="f14", campaign=1401, sends=4, **flags)


fourteen(WORLD, clickers_only=False)
F14_SVIDS = [f"140{number}" for number in range(4)]


@pytest.fixture(scope="session")
def bare_world(warm: Warm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Clickers only, and no columns but those of the brief's asset tables."""
    bare = Extracts()
    fourteen(bare, clickers_only=True)
    bare.mapped("6085551400", F14_CLICKER)
    bare.person("1301", "f13@example.com")
    bare.event("f13@example.com", "2024-02-05T10:00", campaign=1301, click=1)
    bare.gift("2024-02-07", "f13@example.com")
    bare.campaign(1301, "common")
    absent = ["campaigns.CAMPAIGN_NAME", "campaigns.START_DATE", "donations.AMOUNT"]
    absent += ["donations.DONATION_ID", "email_clickers.IS_BOT", "email_clickers.EVENT_ID"]
    models = ["+segment_affinity", "+campaign_attribution"]
    folder = tmp_path_factory.mktemp("bare_world")
    with built(warm, folder, bare, without=absent, select=models) as world:
        yield world


def test_F13_a_missing_optional_column_is_null(bare_world: World) -> None:
    """Campaigns without names and gifts without ids are attributed all the same."""
    with duckdb.connect() as unmended:
        brief_sql.create_views(unmended, bare_world.extracts, is_mended=False)
        with pytest.raises(duckdb.BinderException):
            brief_sql.attribution(unmended)
    row = the(
        bare_world.mart(
            "marts.campaign_attribution", "campaign_id = '1301' and model = 'last_touch'"
        )
    )
    assert row["campaign_name"] is None
    assert (row["client_shortname"], row["donations_credited"]) == ("common", 1)


def test_F14_rates_say_whom_they_describe(world: World, bare_world: World) -> None:
    """An export of clickers only is recognised; its open rate is not that of all recipients."""

    def holds(row: Row) -> bool:
        return row.get("population_basis") == "clickers_only"

    everybody = by("client_shortname", brief_sql.affinity(world.con, F14_SVIDS))["f14"]
    clickers = by("client_shortname", brief_sql.affinity(bare_world.con, F14_SVIDS))["f14"]
    assert (everybody["open_rate"], clickers["open_rate"]) == (25, 100)
    ours = by("client_shortname", bare_world.ask("segment_affinity", F14_SVIDS))["f14"]
    shows(holds, brief=clickers, ours=ours)
    for row in world.ask("segment_affinity", F14_SVIDS):
        assert row["population_basis"] == "all_recipients"


# ------------------------------------------------------------------------ events
# Two clicks in one row, and a gift three days later.
WORLD.person("1501", "f15@example.com")
WORLD.event("f15@example.com", "2024-02-05T10:00", campaign=1501, click=2)
WORLD.gift("2024-02-08", "f15@example.com")


def test_F15_a_flag_above_one_is_as_many_events(world: World) -> None:
    """A row with two clicks is two clicks, and a touch for attribution."""

    def holds(donors: int) -> bool:
        return donors == 1

    shows(
        holds,
        brief=sum(column("donors_attributed", world.brief_campaigns(campaign_name(1501)))),
        ours=attributed(world, "1501", 1501)["donors_attributed"],
    )
    assert world.profile("1501")["total_clicks"] == 2


def attributed(world: World, svid: str, campaign: int, model: str = "last_touch") -> Row:
    """The row of a campaign in the attribution of one voter's gifts."""
    rows = world.ask("segment_attribution", [svid])
    found = [row for row in rows if row["campaign_id"] == str(campaign) and row["model"] == model]
    return the(found)


# One click, delivered twice.
WORLD.person("1601", "f16@example.com")
for _ in range(2):
    WORLD.event("f16@example.com", "2024-02-05T10:00", click=1, event_id="f16")


# Send, open and click of one message under its id; and a send delivered again with its open.
WORLD.person("1602", "f16.stages@example.com")
WORLD.event("f16.stages@example.com", "2024-02-05T10:00", event_id="f16-stages", send=1)
WORLD.event("f16.stages@example.com", "2024-02-05T10:20", event_id="f16-stages", open=1)
WORLD.event("f16.stages@example.com", "2024-02-05T10:30", event_id="f16-stages", click=1)
WORLD.person("1603", "f16.again@example.com")
WORLD.event("f16.again@example.com", "2024-02-05T10:00", event_id="f16-again", send=1)
WORLD.event("f16.again@example.com", "2024-02-06T10:00", event_id="f16-again", send=1, open=1)
# One id for two people.
WORLD.event("f16.again@example.com", "2024-02-05T11:00", event_id="f16-used-twice", send=1)
WORLD.event("f16.stages@example.com", "2024-02-05T11:00", event_id="f16-used-twice", send=1)


def test_F16_rows_of_one_message_that_say_more_are_events(world: World) -> None:
    """What a row adds counts; a row that another one covers is its duplicate."""
    stages, again = (the(world.ask("segment_affinity", [svid])) for svid in ("1602", "1603"))
    assert (stages["sends"], stages["opens"], stages["clicks"]) == (2, 1, 1)
    assert (again["sends"], again["opens"], again["total_events"]) == (2, 1, 2)


def test_F16_ids_with_two_addresses_are_reported(world: World) -> None:
    """Both rows count; a check says how many ids name several people."""
    condition = "check_name = 'ids_with_other_content' and source_table = ?"
    (check,) = world.mart("marts.input_checks", condition, "email_clickers")
    assert (check["found_value"], check["status"]) == (1, "warned")
    (check,) = world.mart("marts.input_checks", condition, "donations")
    assert (check["found_value"], check["status"]) == (0, "passed")


def test_F16_an_event_delivered_twice_counts_once(world: World) -> None:
    """The copy is counted as a duplicate, not as a click."""

    def holds(row: Row) -> bool:
        return bool(row["total_clicks"] == 1)

    shows(holds, brief=world.brief_profile("1601"), ours=world.profile("1601"))
    accounts = by("source_table", world.mart("quarantine.row_accounting", "true"))
    # The other one is a send that was delivered again with its open.
    assert accounts["email_clickers"]["rows_duplicate"] == 2


# A click, and another one in the far future.
WORLD.person("1701", "f17@example.com")
WORLD.event("f17@example.com", "2025-06-08T10:00", click=1)
WORLD.event("f17@example.com", "2100-01-01T10:00", click=1, event_id="f17-future")
# A click only, for the clock.
WORLD.person("1702", "f17.clock@example.com")
WORLD.event("f17.clock@example.com", "2025-06-08T10:00", click=1)


def test_F17_the_future_is_rejected_and_the_clock_is_set(world: World) -> None:
    """Nothing happens after the clock's day, and days are counted from it, not from today."""

    def is_past(row: Row) -> bool:
        last = day(row["last_engagement_date"])
        return last is not None and last <= AS_OF

    shows(is_past, brief=world.brief_profile("1701"), ours=world.profile("1701"))
    rejected = world.mart("quarantine.rejected_rows", "row_json like '%f17-future%'")
    assert column("reason", rejected) == ["date_future"]

    def counts_from_the_clock(row: Row) -> bool:
        return bool(row["days_since_last_click"] == 10)

    shows(
        counts_from_the_clock,
        brief=the(world.brief_propensity("1702")),
        ours=the(world.ask("segment_propensity", ["1702"])),
    )


# ------------------------------------------------------------------------ rates and affinity
# A hundred sends; images are off, so that more clicks than opens are seen.
WORLD.person("1801", "f18@example.com")
WORLD.mailing(
    ["f18@example.com"], "2024-02-12", client="f18", campaign=1801, sends=100, open=2, click=4
)


def test_F18_a_click_through_rate_is_clicks_per_send(world: World) -> None:
    """Four clicks on a hundred sends are 4 percent; clicks over opens has a name of its own."""

    def holds(click_through_rate: float) -> bool:
        return click_through_rate == 4

    ours = the(world.ask("segment_affinity", ["1801"]))
    shows(
        holds,
        brief=the(brief_sql.affinity(world.con, ["1801"]))["click_through_rate"],
        ours=ours["click_rate"],
    )
    assert ours["click_to_open_rate"] == 200


# Ten sends of which half bounce, and one open.
WORLD.person("1901", "f19@example.com")
WORLD.mailing(
    ["f19@example.com"], "2024-02-19", client="f19", campaign=1901, sends=10, open=1, bounce=5
)


def test_F19_rates_stand_beside_their_parts(world: World) -> None:
    """The row has the parts of other rates, such as opens per delivered mail: 20 percent here."""

    def holds(row: Row) -> bool:
        parts = {"opens", "sends", "bounces"}
        return parts <= set(row) and row["opens"] / (row["sends"] - row["bounces"]) == 0.2

    week = date(2024, 2, 19)
    shows(
        holds,
        brief=by("week_start", brief_sql.health(world.con, ["1901"]))[week],
        ours=by("week_start", world.ask("segment_health", ["1901"]))[week],
    )


# Three clicks on one send, a solid client with 200 sends, and one without a recorded send.
WORLD.person("2001", "f20@example.com")
WORLD.event("f20@example.com", "2024-02-26T10:00", client="f20_tiny", send=1, click=3)
WORLD.mailing(["f20@example.com"], "2024-02-26", client="f20_solid", sends=200, open=168, click=30)
WORLD.event("f20@example.com", "2024-02-26T10:00", client="f20_unsent", open=1)


def test_F20_small_numbers_are_shrunk(world: World) -> None:
    """Three clicks on one send do not beat 198 reactions to 200 sends."""

    def holds(clients: list[str]) -> bool:
        return clients == ["f20_solid", "f20_tiny", "f20_unsent"]

    brief = brief_sql.affinity(world.con, ["2001"])
    assert column("affinity_score", brief) == [900, 129, None]
    shows(
        holds,
        brief=column("client_shortname", brief),
        ours=column("client_shortname", world.ask("segment_affinity", ["2001"])),
    )


# Ten people get ten mails each; one of them clicks ten times, the others never.
F21_SVIDS = [f"21{number:02d}" for number in range(10)]
for svid in F21_SVIDS:
    WORLD.person(svid, f"f21.{svid}@example.com")
    WORLD.mailing([f"f21.{svid}@example.com"], "2024-03-18", client="f21", sends=10)
for hour in range(10, 20):
    WORLD.event("f21.2100@example.com", f"2024-03-18T{hour}:30", client="f21", click=1)


def test_F21_affinity_is_known_by_person(world: World) -> None:
    """A person who clicks likes the client better than the nine who never did."""

    def holds(scores: dict[str, float]) -> bool:
        return all(scores["2100"] > scores[svid] for svid in F21_SVIDS[1:])

    segment = the(brief_sql.affinity(world.con, F21_SVIDS))
    ours = world.mart("marts.person_client_affinity", "client_shortname = 'f21'")
    shows(
        holds,
        brief=dict.fromkeys(F21_SVIDS, segment["affinity_score"]),
        ours={row["svid"]: row["affinity_score_adjusted"] for row in ours},
    )
    assert [row["svid"] for row in ours if row["recommendation"] == "prefer"] == ["2100"]


# Everybody opens half of what the loud client sends and clicks a fifth. Nobody clicks the niche
# client, but one.
for number in range(10):
    address = f"f22.{number}@example.com"
    WORLD.person(f"22{number:02d}", address)
    WORLD.mailing([address], "2024-03-25", client="f22_loud", sends=20, open=10, click=4)
    clicks = 5 if number == 0 else 0
    WORLD.mailing([address], "2024-03-26", client="f22_niche", sends=20, click=clicks)


def test_F22_affinity_is_compared_with_everybody(world: World) -> None:
    """A fan of the small client is recognised, although the large client gets more clicks."""

    def holds(favourite: str) -> bool:
        return favourite == "f22_niche"

    ours = world.mart("marts.person_client_affinity", "svid = '2200'")
    lifts = {row["client_shortname"]: row["affinity_lift"] for row in ours}
    shows(
        holds,
        brief=brief_sql.affinity(world.con, ["2200"])[0]["client_shortname"],
        ours=max(lifts, key=lambda client: float(lifts[client])),
    )


# One contact in two spellings, and a complaint about one of two equal clients.
WORLD.person("2301", "f23@example.com")
WORLD.mailing(
    ["f23@example.com", "F23@Example.com"], "2024-04-15", client="f23_calm", sends=10, open=5
)
WORLD.mailing(["f23@example.com"], "2024-04-16", client="f23_upset", sends=10, open=5, complaint=1)


def test_F23_spellings_are_one_contact_and_complaints_count(world: World) -> None:
    """One address is one contact; a complaint about a client lowers its affinity."""

    def is_one_contact(row: Row) -> bool:
        return bool(row["unique_contacts"] == 1)

    brief = by("client_shortname", brief_sql.affinity(world.con, ["2301"]))
    ours = by("client_shortname", world.ask("segment_affinity", ["2301"]))
    shows(is_one_contact, brief=brief["f23_calm"], ours=ours["f23_calm"])

    def tells_them_apart(advice: list[Any]) -> bool:
        calm, upset = advice
        return bool(calm != upset)

    advice = by("client_shortname", world.mart("marts.person_client_affinity", "svid = '2301'"))
    shows(
        tells_them_apart,
        brief=[brief[client]["affinity_score"] for client in ("f23_calm", "f23_upset")],
        ours=[advice[client]["recommendation"] for client in ("f23_calm", "f23_upset")],
    )
    assert advice["f23_upset"]["recommendation"] == "stop"


# ------------------------------------------------------------------------ donor propensity
# Clicks and gifts under two spellings of one address.
WORLD.person("2401", "f24@example.com")
for spelling in ("f24@example.com", "F24@EXAMPLE.COM"):
    WORLD.event(spelling, "2024-02-05T10:00", click=1)
    WORLD.gift("2024-02-06", spelling)


def test_F24_spellings_do_not_multiply_a_person(world: World) -> None:
    """A person has one score."""

    def holds(rows: list[Row]) -> bool:
        return len(rows) == 1

    ours = world.ask("segment_propensity", ["2401"])
    shows(holds, brief=world.brief_propensity("2401"), ours=ours)
    assert (the(ours)["total_clicks"], the(ours)["past_donations"]) == (2, 2)


# A click in March, a mere send in June.
WORLD.person("2501", "f25@example.com")
WORLD.event("f25@example.com", "2025-03-10T10:00", click=1)
WORLD.event("f25@example.com", "2025-06-17T10:00", send=1)


def test_F25_the_last_click_is_a_click(world: World) -> None:
    """A later send does not make the last click later."""

    def holds(last_click: date) -> bool:
        return last_click == date(2025, 3, 10)

    brief = the(world.brief_propensity("2501"))["days_since_last_click"]
    ours = the(world.ask("segment_propensity", ["2501"]))["days_since_last_click"]
    shows(
        holds,
        brief=world.today() - timedelta(days=brief),
        ours=AS_OF - timedelta(days=ours),
    )


# Nothing is known about the first; the second was mailed for long and never reacted.
WORLD.person("2601", "f26.unknown@example.com")
WORLD.person("2602", "f26.cold@example.com")
WORLD.mailing(["f26.cold@example.com"], "2024-01-15", sends=30)


def test_F26_unknown_is_not_cold(world: World) -> None:
    """A voter without data differs from a voter who was asked and did not respond."""

    def holds(rows: list[Row]) -> bool:
        return [row.get("is_scored") for row in rows] == [False, True]

    brief = [the(world.brief_propensity(svid)) for svid in ("2601", "2602")]
    ours = [the(world.ask("segment_propensity", [svid])) for svid in ("2601", "2602")]
    for rows in (brief, ours):
        assert [float(score) for score in column("donor_propensity_score", rows)] == [0.05, 0.05]
    shows(holds, brief=brief, ours=ours)


# A click dated in the far future, and nothing else.
WORLD.person("2701", "f27@example.com")
WORLD.event("f27@example.com", "2100-01-01T10:00", click=1)


def test_F27_the_score_stays_between_0_and_1(world: World) -> None:
    """A date in the future does not raise the score."""

    def holds(score: float) -> bool:
        return 0 <= score <= 1

    ours = the(world.ask("segment_propensity", ["2701"]))["donor_propensity_score"]
    shows(
        holds,
        brief=float(the(world.brief_propensity("2701"))["donor_propensity_score"]),
        ours=ours,
    )
    assert ours == 0.05


# One who gave and never clicked; one who clicked and never gave.
WORLD.person("2801", "f28.donor@example.com")
WORLD.gift("2025-06-08", "f28.donor@example.com")
WORLD.person("2802", "f28.clicker@example.com")
WORLD.event("f28.clicker@example.com", "2025-06-08T10:00", click=1)


def test_F28_never_is_not_a_number_of_days(world: World) -> None:
    """An event that never happened has no recency, so averages cover only those that did."""

    def holds(rows: list[Row]) -> bool:
        donor, clicker = rows
        return donor["days_since_last_click"] is clicker["days_since_last_donation"] is None

    ours = [the(world.ask("segment_propensity", [svid])) for svid in ("2801", "2802")]
    shows(
        holds,
        brief=[the(world.brief_propensity(svid)) for svid in ("2801", "2802")],
        ours=ours,
    )
    assert ours[0]["days_since_last_donation"] == ours[1]["days_since_last_click"] == 10


# Twenty campaigns sent, none opened.
WORLD.person("2901", "f29@example.com")
for campaign in range(2901, 2921):
    WORLD.event("f29@example.com", "2024-02-05T10:00", campaign=campaign, send=1)


def test_F29_campaigns_count_once_engaged(world: World) -> None:
    """Mail from many campaigns is no sign of commitment."""

    def holds(row: Row) -> bool:
        return bool(row["campaigns_count"] == 0)

    shows(
        holds,
        brief=the(world.brief_propensity("2901")),
        ours=the(world.ask("segment_propensity", ["2901"])),
    )


# ------------------------------------------------------------------------ health
# Mail to the capital spelling of an address.
WORLD.person("3001", "f30@example.com")
WORLD.event("F30@EXAMPLE.COM", "2024-02-05T10:00", send=1)


def test_F30_health_finds_every_spelling(world: World) -> None:
    """A send to an address counts, however the address is spelt."""

    def holds(rows: list[Row]) -> bool:
        return bool(sum(column("sends", rows)) == 1)

    shows(
        holds,
        brief=brief_sql.health(world.con, ["3001"]),
        ours=world.ask("segment_health", ["3001"]),
    )


# Four mails of one week, all opened in the next, in which one more is sent.
WORLD.person("3101", "f31@example.com")
for campaign in range(3101, 3105):
    WORLD.event("f31@example.com", "2024-03-06T10:00", campaign=campaign, send=1)
    WORLD.event("f31@example.com", "2024-03-12T10:00", campaign=campaign, open=1)
WORLD.event("f31@example.com", "2024-03-12T10:00", campaign=3105, send=1)


def test_F31_an_open_belongs_to_the_week_of_its_send(world: World) -> None:
    """All mail of the first week was opened, and none of the second."""

    def holds(rows: list[Row]) -> bool:
        weeks = by("week_start", rows)
        return [weeks[date(2024, 3, 4)]["open_rate"], weeks[date(2024, 3, 11)]["open_rate"]] == [
            100,
            0,
        ]

    brief = brief_sql.health(world.con, ["3101"])
    assert column("open_rate", brief) == [400, 0]
    shows(holds, brief=brief, ours=world.ask("segment_health", ["3101"]))


# A thousand sends of one week: 20 percent opened, 0.7 percent clicked, one complaint.
F32_SVIDS = [f"32{number:02d}" for number in range(10)]
F32_WEEK = date(2024, 4, 1)
for svid in F32_SVIDS:
    WORLD.person(svid, f"f32.{svid}@example.com")
WORLD.mailing(
    [f"f32.{svid}@example.com" for svid in F32_SVIDS],
    "2024-04-01",
    sends=1000,
    open=200,
    click=7,
    complaint=1,
)


def test_F32_click_through_bands_grade_clicks_per_send(world: World) -> None:
    """0.7 clicks per 100 sends are critical, even if they are 3.5 per 100 opens."""

    def holds(status: str) -> bool:
        return status == "critical"

    brief = by("week_start", brief_sql.health(world.con, F32_SVIDS))[F32_WEEK]
    ours = by("week_start", world.ask("segment_health", F32_SVIDS))[F32_WEEK]
    shows(holds, brief=brief_sql.grade("ctr", brief["ctr"]), ours=ours["click_rate_status"])
    assert (ours["click_rate"], ours["click_to_open_rate"]) == (0.7, 3.5)
    assert ours["click_to_open_rate_status"] == "healthy"


# Fifty sends without a complaint.
WORLD.person("3301", "f33@example.com")
WORLD.mailing(["f33@example.com"], "2024-04-08", sends=50)


def test_F33_a_status_says_how_certain_it_is(world: World) -> None:
    """One complaint in 1,000 may be chance, and no complaint in 50 proves nothing."""

    def is_doubted(week: Row) -> bool:
        return week.get("complaint_rate_is_certain") is False

    brief = by("week_start", brief_sql.health(world.con, F32_SVIDS))[F32_WEEK]
    assert brief_sql.grade("complaint_rate", brief["complaint_rate"]) == "critical"
    ours = by("week_start", world.ask("segment_health", F32_SVIDS))[F32_WEEK]
    shows(is_doubted, brief=brief, ours=ours)
    assert (ours["open_rate_is_certain"], ours["click_rate_is_certain"]) == (False, False)

    def is_insufficient(status: str) -> bool:
        return status == "insufficient_data"

    brief = the(brief_sql.health(world.con, ["3301"]))
    ours = by("week_start", world.ask("segment_health", ["3301"]))[date(2024, 4, 8)]
    shows(
        is_insufficient,
        brief=brief_sql.grade("complaint_rate", brief["complaint_rate"]),
        ours=ours["complaint_rate_status"],
    )


# Mail in three weeks: one opened, one three weeks later unopened, one in the clock's own week.
WORLD.person("3401", "f34@example.com")
WORLD.event("f34@example.com", "2024-05-06T10:00", campaign=3401, send=1, open=1)
WORLD.event("f34@example.com", "2024-05-27T10:00", campaign=3402, send=1)
WORLD.event("f34@example.com", "2025-06-16T10:00", campaign=3403, send=1)


def test_F34_weeks_have_no_gaps_and_say_whether_they_are_over(world: World) -> None:
    """Weeks without mail have rows, the current week is marked, and mail is no activity."""

    def has_no_gaps(weeks: list[date]) -> bool:
        steps = {later - earlier for earlier, later in pairwise(weeks)}
        return steps == {timedelta(days=7)}

    brief = brief_sql.health(world.con, ["3401"])
    ours = world.ask("segment_health", ["3401"])
    shows(
        has_no_gaps,
        brief=sorted(column("week_start", brief)),
        ours=column("week_start", ours),
    )

    def is_marked_incomplete(weeks: dict[Any, Row]) -> bool:
        return weeks[date(2025, 6, 16)].get("is_complete_week") is False

    shows(is_marked_incomplete, brief=by("week_start", brief), ours=by("week_start", ours))

    def counts_active_people(weeks: dict[Any, Row]) -> bool:
        opened_in, sent_in = weeks[date(2024, 5, 6)], weeks[date(2024, 5, 27)]
        return [opened_in["active_contacts"], sent_in["active_contacts"]] == [1, 0]

    shows(counts_active_people, brief=by("week_start", brief), ours=by("week_start", ours))


# Eleven weeks of 200 sends; 60 percent are opened, in the last week 25.
F35_SVIDS = [f"35{number:02d}" for number in range(10)]
F35_WEEKS = [date(2025, 3, 31) + timedelta(weeks=number) for number in range(11)]
for svid in F35_SVIDS:
    WORLD.person(svid, f"f35.{svid}@example.com")
for week in F35_WEEKS:
    WORLD.mailing(
        [f"f35.{svid}@example.com" for svid in F35_SVIDS],
        f"{week}T08:00",
        sends=200,
        open=50 if week == F35_WEEKS[-1] else 120,
        click=20,
    )


def test_F35_a_fall_raises_an_alert(world: World) -> None:
    """An open rate that falls by more than half is reported, even within its band."""

    def holds(alerts: list[date]) -> bool:
        return alerts == [F35_WEEKS[-1]]

    weeks = brief_sql.health(world.con, F35_SVIDS)[::-1]
    grades = [brief_sql.grade("open_rate", week["open_rate"]) for week in weeks]
    ours = world.mart(
        "marts.engagement_health_alerts",
        "metric = 'open_rate' and week_start between ? and ? order by week_start",
        F35_WEEKS[0],
        F35_WEEKS[-1],
    )
    shows(
        holds,
        brief=[
            week["week_start"]
            for week, grade, previous in zip(weeks[1:], grades[1:], grades, strict=False)
            if grade != previous
        ],
        ours=column("week_start", ours),
    )
    assert "control limit" in the(ours)["reason"]


# ------------------------------------------------------------------------ lookalikes
# The segment: thirty opens of alpha by the first, ten of bravo by the second; the third one's
# mail goes to another spelling of the address.
LIKE_SVIDS = ["36S1", "36S2", "36S3"]
WORLD.person("36S1", "like.s1@example.com", home_phone="6085553601")
WORLD.person("36S2", "like.s2@example.com")
WORLD.person("36S3", "like.s3@example.com")
WORLD.mailing(["like.s1@example.com"], "2024-06-03", client="alpha", sends=30, open=30)
WORLD.mailing(["like.s2@example.com"], "2024-06-03", client="bravo", sends=10, open=10)
WORLD.mailing(["Like.S3@Example.com"], "2024-06-03", client="alpha", sends=5, open=5)
# Somebody with much interest in alpha.
WORLD.person("36C1", "like.c1@example.com")
WORLD.mailing(["like.c1@example.com"], "2024-06-04", client="alpha", sends=3, open=3, click=3)


def likes(world: World, svids: Sequence[str] = tuple(LIKE_SVIDS)) -> list[str]:
    """The ids of our lookalikes, best first."""
    return column("svid", world.ask("segment_lookalike", svids))


def brief_likes(world: World, svids: Sequence[str] = tuple(LIKE_SVIDS)) -> list[str]:
    """The ids of the brief's lookalikes, best first."""
    return column("svid", brief_sql.lookalike(world.con, svids))


# A member of the segment without an address.
WORLD.person("36S4")


def test_F36_a_member_without_address_hides_nobody(world: World) -> None:
    """A NULL in the segment does not empty the answer."""

    def holds(found: list[str]) -> bool:
        return "36C1" in found

    svids = [*LIKE_SVIDS, "36S4"]
    shows(holds, brief=brief_likes(world, svids), ours=likes(world, svids))


def test_F37_the_segment_is_not_its_own_lookalike(world: World) -> None:
    """A member with another spelling of the address is in the pattern and not a candidate."""

    def holds(found: list[str]) -> bool:
        return not set(found) & set(LIKE_SVIDS)

    shows(holds, brief=brief_likes(world), ours=likes(world))


# Another field of this one happens to hold the voter id of the segment's first.
WORLD.person("38C1", "like.c38@example.com", fields={"voter_key": "36S1"})
WORLD.mailing(["like.c38@example.com"], "2024-06-04", client="alpha", sends=2, open=2)


def test_F38_only_voter_ids_exclude(world: World) -> None:
    """A value of another field that equals a voter id excludes no candidate."""

    def holds(found: list[str]) -> bool:
        return "38C1" in found

    shows(holds, brief=brief_likes(world), ours=likes(world))


# Somebody who is mailed by alpha all the time and never reacts.
WORLD.person("39C1", "like.c39@example.com")
WORLD.mailing(["like.c39@example.com"], "2024-06-04", client="alpha", sends=60)


def test_F39_interest_counts_and_not_volume(world: World) -> None:
    """A person who clicks is more similar than a person who gets much mail, on a scale."""

    def holds(rows: list[Row]) -> bool:
        found = column("svid", rows)
        score = "similarity" if "similarity" in rows[0] else "similarity_score"
        return found[0] != "39C1" and all(0 <= row[score] <= 1 for row in rows)

    brief = brief_sql.lookalike(world.con, LIKE_SVIDS)
    scores = {row["svid"]: row["similarity_score"] for row in brief}
    assert (scores["39C1"], scores["36C1"]) == (60, 3)
    shows(holds, brief=brief, ours=world.ask("segment_lookalike", LIKE_SVIDS))
    assert "39C1" not in likes(world)


# Somebody who liked alpha and unsubscribed.
WORLD.person("40C1", "like.c40@example.com")
WORLD.mailing(["like.c40@example.com"], "2024-06-04", client="alpha", sends=5, open=5)
WORLD.event("like.c40@example.com", "2024-06-05T10:00", client="alpha", unsubscribe=1)


def test_F40_who_unsubscribed_is_left_alone(world: World) -> None:
    """People who opted out are not proposed, and opting out is no similarity."""

    def holds(found: list[str]) -> bool:
        return "40C1" not in found

    shows(holds, brief=brief_likes(world), ours=likes(world))


# Somebody who likes bravo only, of which the segment has ten engagements, not more.
WORLD.person("41C1", "like.c41@example.com")
WORLD.mailing(["like.c41@example.com"], "2024-06-04", client="bravo", sends=4, open=4)


def test_F41_small_clients_count_too(world: World) -> None:
    """A client with ten engagements of the segment is part of its interests."""

    def holds(found: list[str]) -> bool:
        return "41C1" in found

    shows(holds, brief=brief_likes(world), ours=likes(world))
    rows = by("svid", world.ask("segment_lookalike", LIKE_SVIDS))
    assert rows["41C1"]["similarity"] > 0.5
    assert "bravo" in rows["41C1"]["reason"]


# One voter of two person records with one address.
for _ in range(2):
    WORLD.person("42C1", "like.c42@example.com")
WORLD.mailing(["like.c42@example.com"], "2024-06-04", client="alpha", sends=2, open=2)


def test_F42_a_lookalike_is_named_once(world: World) -> None:
    """One row per voter, in a total order: the limit counts people, and runs repeat."""

    def holds(found: list[str]) -> bool:
        return len(found) == len(set(found))

    shows(holds, brief=brief_likes(world), ours=likes(world))
    rows = world.ask("segment_lookalike", LIKE_SVIDS)
    assert column("rank", rows) == list(range(1, len(rows) + 1))
    order = [(-row["similarity"], row["state"], row["svid"]) for row in rows]
    assert order == sorted(order)
    assert likes(world)[:3] == column(
        "svid", world.ask("segment_lookalike", LIKE_SVIDS, expansion_size=3)
    )


# Somebody in the household of the segment's first.
WORLD.person("43C1", "like.c43@example.com", home_phone="608-555-3601")
WORLD.mailing(["like.c43@example.com"], "2024-06-04", client="alpha", sends=4, open=4)


def test_F43_the_household_of_the_segment_is_no_expansion(world: World) -> None:
    """A person behind a phone of the segment is not a new person."""

    def holds(found: list[str]) -> bool:
        return "43C1" not in found

    shows(holds, brief=brief_likes(world), ours=likes(world))


# ------------------------------------------------------------------------ attribution
# Five campaigns clicked on five days, then one gift.
F45_CAMPAIGNS = range(4501, 4506)
WORLD.person("4501", "f45@example.com")
for number, campaign in enumerate(F45_CAMPAIGNS, start=1):
    WORLD.event("f45@example.com", f"2024-08-0{number}T10:00", campaign=campaign, click=1)
WORLD.gift("2024-08-07T12:00", "f45@example.com")


def test_F45_the_credits_of_a_gift_add_up_to_one(world: World) -> None:
    """Five campaigns share one gift; only the model any_touch gives it to each of them."""

    def holds(credit: float) -> bool:
        return credit == pytest.approx(1)

    brief = world.brief_campaigns(*map(campaign_name, F45_CAMPAIGNS))
    models = world.mart("seeds.attribution_models", "true")
    rows = world.ask("segment_attribution", ["4501"])
    for model in models:
        credit = sum(row["donations_credited"] for row in rows if row["model"] == model["model"])
        if model["adds_up"]:
            shows(holds, brief=float(sum(column("donors_attributed", brief))), ours=credit)
        else:
            assert (model["model"], credit) == ("any_touch", 5)
    assert len(models) == 6


# A click in the morning, a gift on that date.
WORLD.person("4601", "f46@example.com")
WORLD.event("f46@example.com", "2024-08-05T10:00", campaign=4601, click=1)
WORLD.gift("2024-08-05", "f46@example.com")


def test_F46_a_gift_on_the_day_of_the_click_counts(world: World) -> None:
    """A gift with a date but no time may have followed a click of that day."""

    def holds(donors: int) -> bool:
        return donors == 1

    ours = attributed(world, "4601", 4601)
    shows(
        holds,
        brief=sum(column("donors_attributed", world.brief_campaigns(campaign_name(4601)))),
        ours=ours["donors_attributed"],
    )
    assert ours["avg_days_to_donate"] == 0


# Two clicks on one campaign, 20 and 2 days before the gift.
WORLD.person("4701", "f47@example.com")
WORLD.event("f47@example.com", "2024-08-01T10:00", campaign=4701, click=1)
WORLD.event("f47@example.com", "2024-08-19T10:00", campaign=4701, click=1)
WORLD.gift("2024-08-21T12:00", "f47@example.com")


def test_F47_a_gift_has_one_interval(world: World) -> None:
    """The days to a gift run from the last click, once per gift."""

    def holds(row: Row) -> bool:
        return bool(row["avg_days_to_donate"] == 2)

    shows(
        holds,
        brief=the(world.brief_campaigns(campaign_name(4701))),
        ours=attributed(world, "4701", 4701),
    )


# A click by e-mail, a gift by phone and from another address of the same voter; and a campaign
# that is listed twice.
WORLD.person("4801", "f48@example.com", cell_phone="6085554801")
WORLD.mapped("6085554801", "f48.other@example.com", "2024-01-01")
WORLD.event("f48@example.com", "2024-08-05T10:00", campaign=4801, click=1)
WORLD.gift("2024-08-07", "f48.other@example.com")
WORLD.gift("2024-08-08", phone="6085554801")
WORLD.person("4802", "f48.listed@example.com")
WORLD.event("f48.listed@example.com", "2024-08-05T10:00", campaign=4802, click=1)
WORLD.gift("2024-08-07T12:00", "f48.listed@example.com")
WORLD.campaign(4802, "f48_old", "Spring", "2024-03-01")
WORLD.campaign(4802, "f48_new", "Summer", "2024-06-01")


def test_F48_gifts_follow_the_voter_and_campaigns_are_unique(world: World) -> None:
    """Clicks and gifts meet in the voter, and a campaign listed twice is one campaign."""

    def meets(gifts: float) -> bool:
        return gifts == 2

    shows(
        meets,
        brief=float(sum(column("donors_attributed", world.brief_campaigns(campaign_name(4801))))),
        ours=attributed(world, "4801", 4801)["donations_credited"],
    )

    def is_one_campaign(names: list[str]) -> bool:
        return names == ["Summer"]

    ours = world.mart("marts.campaign_attribution", "campaign_id = '4802' and model = 'any_touch'")
    shows(
        is_one_campaign,
        brief=column("campaign_name", world.brief_campaigns("Spring", "Summer")),
        ours=column("campaign_name", ours),
    )


# A gift after a click, a gift out of the blue, a click without a gift; and a click of last week.
F49_SVIDS = ["4901", "4902", "4903"]
for svid in F49_SVIDS:
    WORLD.person(svid, f"f49.{svid}@example.com")
WORLD.event("f49.4901@example.com", "2024-08-05T10:00", campaign=4901, click=1)
WORLD.event("f49.4903@example.com", "2024-08-05T10:00", campaign=4901, click=1)
WORLD.event("f49.4903@example.com", "2025-06-10T10:00", campaign=4902, click=1)
WORLD.gift("2024-08-07T12:00", "f49.4901@example.com")
WORLD.gift("2024-08-07T12:00", "f49.4902@example.com")


def test_F49_attribution_counts_every_gift_and_every_clicker(world: World) -> None:
    """Gifts without a click, clickers without a gift and young campaigns are all shown."""

    def holds(rows: list[Row]) -> bool:
        campaigns = {
            row.get("campaign_id", row["campaign_name"]): (
                row["donors_attributed"],
                row.get("unique_clickers"),
                row.get("is_mature"),
            )
            for row in rows
        }
        return campaigns == {"4901": (1, 2, True), "4902": (0, 1, False), None: (1, None, None)}

    ours = [
        row for row in world.ask("segment_attribution", F49_SVIDS) if row["model"] == "last_touch"
    ]
    shows(
        holds,
        brief=world.brief_campaigns(campaign_name(4901), campaign_name(4902)),
        ours=ours,
    )
    assert sum(column("donations_credited", ours)) == 2
    assert by("campaign_id", ours)["4901"]["donors_per_100_clickers"] == 50


# Two people give, after 1 and after 10 days; the first gift is delivered twice.
WORLD.person("5001", "f50.a@example.com")
WORLD.person("5002", "f50.b@example.com")
for address in ("f50.a@example.com", "f50.b@example.com"):
    WORLD.event(address, "2024-08-05T10:00", campaign=5001, click=1)
for _ in range(2):
    WORLD.gift("2024-08-06T12:00", "f50.a@example.com", donation_id="f50-a")
WORLD.gift("2024-08-15T12:00", "f50.b@example.com", donation_id="f50-b")


def test_F50_a_gift_delivered_twice_is_one_gift(world: World) -> None:
    """The copy does not count in averages or as a gift."""

    def holds(row: Row) -> bool:
        return bool(row["avg_days_to_donate"] == 5.5)

    ours = world.mart("marts.campaign_attribution", "campaign_id = '5001' and model = 'last_touch'")
    shows(holds, brief=the(world.brief_campaigns(campaign_name(5001))), ours=the(ours))

    def is_one_gift(row: Row) -> bool:
        return bool(row["donation_count"] == 1)

    shows(is_one_gift, brief=world.brief_profile("5001"), ours=world.profile("5001"))


# ------------------------------------------------------------------------ deviation, summary
# A population in sixty counties, of any party, sex and age.
CHANCE = random.Random(51)  # noqa: S311
for number in range(1500):
    WORLD.person(
        f"51{number:04d}",
        state="MI",
        county=f"County {CHANCE.randrange(60):02d}",
        fields={
            "party": CHANCE.choice(["DEM", "REP", "IND"]),
            "gender": CHANCE.choice(["F", "M"]),
            "birth_date": f"{CHANCE.randrange(1935, 2006)}-01-01",
        },
    )


def test_F51_chance_is_not_flagged(world: World) -> None:
    """A random segment does not deviate: 10 percent is chance in a county of five people."""

    def holds(flags: list[bool]) -> bool:
        return sum(flags) <= 0.02 * len(flags)

    voters = world.mart("marts.enriched_profiles", "true order by state, svid")
    names = [f"{row['state']}:{row['svid']}" for row in voters]
    rows = world.ask("segment_deviation", CHANCE.sample(names, 300))
    shows(
        holds,
        brief=[abs(row["ratio"] - 1) > 0.1 for row in rows],
        ours=column("is_flagged", rows),
    )
    county = [f"{row['state']}:{row['svid']}" for row in voters if row["county"] == "County 07"]
    found = [row for row in world.ask("segment_deviation", county) if row["is_flagged"]]
    assert {(row["attribute"], row["value"]) for row in found} >= {("county", "County 07")}
    assert {"difference", "ratio", "ci_low", "ci_high", "q_value"} <= set(found[0])


# One voter, two person records with one address, one click.
for _ in range(2):
    WORLD.person("5301", "f53@example.com")
WORLD.event("f53@example.com", "2024-02-05T10:00", click=1)


def test_F53_an_address_counts_once_for_its_voter(world: World) -> None:
    """Two records of one voter with the same address made one click."""

    def holds(clicks: set[int]) -> bool:
        return clicks == {1}

    brief = brief_sql.enrichment(world.con, ["5301"])
    shows(
        holds,
        brief=set(column("total_clicks", brief)),
        ours={world.profile("5301")["total_clicks"]},
    )
