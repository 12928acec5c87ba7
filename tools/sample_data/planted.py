"""Hand-made cases: every trap of the corrections (F01–F53) with its right answer in words.

The cast lives in the same states as the random population, but its addresses end in
`@cast.example`, its phones begin with 999 and its clients with `cast_`, so that the two never mix.
The last day of the world is 2026-06-30.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import duckdb

Value = str | int | float | bool | None

COLUMNS: dict[str, dict[str, str]] = {
    "person": {
        "id": "bigint", "email": "varchar", "cell_phone": "varchar", "home_phone": "varchar",
        "county": "varchar", "state": "varchar",
    },
    "person_custom_field": {
        "person_id": "bigint", "custom_field_id": "integer", "value": "varchar",
    },
    "list_link_phone_email_map": {
        "CONTACT_NUMBER": "varchar", "EMAIL": "varchar", "FIRST_COHORT_AT": "timestamp",
        "LAST_COHORT_AT": "timestamp",
    },
    "email_clickers": {
        "EMAIL": "varchar", "CAMPAIGN_ID": "varchar", "CLIENT_SHORTNAME": "varchar",
        "EVENT_DATE": "timestamp", "SEND": "integer", "OPEN": "integer", "CLICK": "integer",
        "BOUNCE": "integer", "COMPLAINT": "integer", "UNSUBSCRIBE": "integer",
        "IS_BOT": "boolean", "EVENT_ID": "varchar", "LINK": "varchar",
    },
    "campaigns": {
        "CAMPAIGN_ID": "bigint", "CLIENT_SHORTNAME": "varchar", "LIST_ID": "bigint",
        "CHANNEL": "varchar", "CAMPAIGN_NAME": "varchar", "START_DATE": "date",
    },
    "donations": {
        "EMAIL": "varchar", "CONTACT_NUMBER": "varchar", "DONATION_DATE": "timestamp",
        "STATE": "varchar", "AMOUNT": "decimal(12, 2)", "DONATION_ID": "varchar",
    },
    "planted_rows": {
        "trap": "varchar", "scenario": "varchar", "table_name": "varchar", "row_key": "varchar",
    },
    "planted_traps": {"trap": "varchar", "scenario": "varchar", "expected": "varchar"},
}  # fmt: skip


@dataclass
class Cast:
    """Collects the rows of the planted cases by table, and the purpose of each."""

    rows: dict[str, list[tuple[Value, ...]]] = field(
        default_factory=lambda: {table: [] for table in COLUMNS}
    )
    traps: Sequence[str] = ()
    scenario: str = ""

    def case(self, traps: str, scenario: str, expected: str) -> None:
        """Begin a case: following rows serve `traps` ("F01 F53") under the name `scenario`."""
        self.traps = traps.split()
        self.scenario = scenario
        for trap in self.traps:
            self.rows["planted_traps"].append((trap, scenario, expected))

    def _add(self, table: str, key: Value, row: tuple[Value, ...]) -> None:
        self.rows[table].append(row)
        for trap in self.traps:
            self.rows["planted_rows"].append((trap, self.scenario, table, str(key)))

    def person(
        self,
        svid: str | None,
        email: str | None = None,
        cell: str | None = None,
        home: str | None = None,
        state: str | None = "WI",
        county: str | None = "Dane",
        **fields: str,
    ) -> int:
        """Add a person, its SVID and further custom fields by name; returns its id."""
        person_id = 9_000_001 + len(self.rows["person"])
        self._add("person", person_id, (person_id, email, cell, home, county, state))
        if svid is not None:
            self.value(person_id, 1, svid)
        ids = {"party": 2, "birth_date": 3, "gender": 4, "precinct_code": 6}
        for name, value in fields.items():
            self.value(person_id, ids[name], value)
        return person_id

    def value(self, person_id: int, field_id: int, value: str | None) -> None:
        """Add a custom field value."""
        key = f"{person_id}/{field_id}/{value}"
        self._add("person_custom_field", key, (person_id, field_id, value))

    def link(
        self,
        phone: str | None,
        email: str | None,
        first: str | None = "2020-01-01",
        last: str | None = None,
    ) -> None:
        """Add a row of the phone/e-mail map."""
        self._add("list_link_phone_email_map", f"{phone}/{email}", (phone, email, first, last))

    def campaign(
        self,
        campaign_id: int,
        client: str | None,
        start: str | None,
        name: str | None = "Cast mailing",
        channel: str = "email",
    ) -> None:
        """Add a campaign row."""
        self._add("campaigns", campaign_id, (campaign_id, client, 9001, channel, name, start))

    def event(
        self,
        email: str | None,
        at: str | None,
        campaign: int | str | None = 9_100_001,
        client: str | None = "cast_alpha",
        *,
        send: int | None = 0,
        open: int | None = 0,
        click: int | None = 0,
        bounce: int | None = 0,
        complaint: int | None = 0,
        unsubscribe: int | None = 0,
        is_bot: bool | None = False,
        event_id: str | None = "new",
    ) -> None:
        """Add a row of `email_clickers`; `event_id` "new" hands out the next id."""
        if event_id == "new":
            event_id = f"cast-e{len(self.rows['email_clickers']):05d}"
        campaign_id = None if campaign is None else str(campaign)
        self._add(
            "email_clickers",
            event_id or f"{email}/{campaign_id}/{at}",
            (email, campaign_id, client, at, send, open, click, bounce, complaint, unsubscribe,
             is_bot, event_id, None),
        )  # fmt: skip

    def gift(
        self,
        email: str | None,
        at: str | None,
        phone: str | None = None,
        amount: float | None = 25,
        state: str | None = "WI",
        donation_id: str | None = "new",
    ) -> None:
        """Add a row of `donations`; `donation_id` "new" hands out the next id."""
        if donation_id == "new":
            donation_id = f"cast-g{len(self.rows['donations']):04d}"
        key = donation_id or f"{email}/{phone}/{at}"
        self._add("donations", key, (email, phone, at, state, amount, donation_id))


def mail(name: str) -> str:
    """The address of a member of the cast."""
    return f"{name}@cast.example"


def phone(number: int) -> str:
    """A phone of the cast, ten digits; below 1000."""
    return f"9995550{number:03d}"


def svid(number: int) -> str:
    """A voter id of the cast, as Wisconsin writes them; below 1000."""
    return f"0099900{number:03d}"


def day(at: str, days: int) -> str:
    """The moment `days` after `at`, both as ISO text."""
    return str(datetime.fromisoformat(at) + timedelta(days=days))


ALPHA = range(9_100_001, 9_100_051)  # one mailing a week from 2025-07-07 on
BETA = range(9_200_001, 9_200_007)  # one a month from 2026-01-05 on


def _campaigns(cast: Cast) -> None:
    cast.case("F48", "mailings of the cast", "each event finds its campaign once")
    for week, campaign_id in enumerate(ALPHA):
        cast.campaign(campaign_id, "cast_alpha", day("2025-07-07", 7 * week)[:10])
    for month, campaign_id in enumerate(BETA, start=1):
        cast.campaign(campaign_id, "cast_beta", f"2026-{month:02d}-05")
    cast.case(
        "F48",
        "one campaign id on several rows",
        "the row of the latest START_DATE names 9300001: 'Cast second', client cast_beta",
    )
    cast.campaign(9_300_001, "cast_alpha", "2026-01-01", "Cast first")
    cast.campaign(9_300_001, "cast_beta", "2026-02-01", "Cast second")
    cast.campaign(9_300_001, "cast_gamma", None, "Cast undated")
    cast.case("F13", "campaign without name and date", "NULL name, no failure")
    cast.campaign(9_300_002, "cast_alpha", None, None)
    cast.campaign(9_300_003, None, "2026-03-01", "Cast nobody's")


def _identity(cast: Cast) -> None:
    cast.case(
        "F01 F53",
        "two persons of one voter, one address each",
        "WI:0099900001 is one row with 3 clicks, 2 opens and person_id of the first",
    )
    cast.person(svid(1), mail("pair.a"), party="Republican")
    cast.person(svid(1), mail("pair.b"), party="Democratic")
    cast.event(mail("pair.a"), "2026-03-02 15:00", send=1, open=1, click=1)
    cast.event(mail("pair.b"), "2026-03-03 15:00", 9_100_002, send=1, open=1, click=2)
    cast.case(
        "F01 F53",
        "three persons of one voter, one address",
        "WI:0099900002 is one row with 1 click and 1 gift, none of it thrice",
    )
    for _ in range(3):
        cast.person(svid(2), mail("triple"))
    cast.event(mail("triple"), "2026-03-02 15:00", send=1, open=1, click=1)
    cast.gift(mail("triple"), "2026-03-02 16:00")

    cast.case("F01 F05", "one person with two SVIDs", "two voters with 1 click each, 1 in total")
    two = cast.person(svid(3), mail("two.ids"))
    cast.value(two, 101, svid(4))
    cast.event(mail("two.ids"), "2026-03-02 15:00", send=1, open=1, click=1)

    cast.case(
        "F02",
        "bare SVID in two states",
        "2700001 is ambiguous; MN:2700001 has 1 click and 2 gifts, WI:2700001 nothing",
    )
    cast.person("2700001", mail("minnesota"), state="MN", county="Ramsey")
    cast.person("2700001", mail("wisconsin"))
    cast.event(mail("minnesota"), "2026-03-02 15:00", send=1, open=1, click=1)
    cast.gift(mail("minnesota"), "2026-03-05 10:00")
    cast.gift(mail("minnesota"), "2026-04-05 10:00")
    cast.case("F02 F10", "leading zeros in two states", "0012345 is ambiguous, WI:12345 a third")
    cast.person("0012345", mail("zeros.wi"))
    cast.person("0012345", mail("zeros.ga"), state="GA", county="Cobb")
    cast.person("12345", mail("zeros.none"))
    cast.event(mail("zeros.none"), "2026-03-02 15:00", send=1, open=1)
    cast.case("F03", "SVID that nobody has", "999 is listed once as unknown")
    cast.case("F03", "person without SVID", "nobody's link; its events are unlinked")
    cast.person(None, mail("no.svid"))
    cast.event(mail("no.svid"), "2026-03-02 15:00", send=1, open=1, click=1)
    cast.case("F03", "person without state or id", "rejected")
    cast.person(svid(5), mail("stateless"), state=None)
    cast.person(svid(6), mail("stateless.too"), state=" ")
    cast._add("person", "NULL", (None, mail("nameless"), None, None, "Dane", "WI"))
    cast.case("F10", "SVIDs equal as numbers only", "0012 and 12 are two voters; 1 click on 12")
    cast.person("0012", mail("long.twelve"))
    cast.person("12", mail("short.twelve"))
    cast.event(mail("short.twelve"), "2026-03-02 15:00", send=1, open=1, click=1)
    cast.case("F10", "SVID under a second id of the field", "' State_Voter_ID ' is meant, too")
    second = cast.person(None, mail("second.field"))
    cast.value(second, 101, f"  {svid(7)}\u00a0")
    cast.event(mail("second.field"), "2026-03-02 15:00", send=1, open=1)
    cast.case("F11", "several values of one field", "party Democratic: the smallest text")
    torn = cast.person(svid(8), mail("torn"), party="Republican", gender="F")
    cast.value(torn, 2, "Democratic")
    cast.value(torn, 102, "Unaffiliated")
    cast.case("F12", "SVID with a quote", "found like any other, nothing is executed")
    cast.person("C'1; drop table x", mail("quote"))
    cast.event(mail("quote"), "2026-03-02 15:00", send=1, open=1)
    cast.case(
        "F38", "another field with an SVID as its value",
        f"the person of precinct {svid(9)} is not the voter {svid(9)}",
    )  # fmt: skip
    cast.person(svid(9), mail("precinct.seed"))
    cast.person(svid(10), mail("precinct.other"), precinct_code=svid(9))
    for name in ("precinct.seed", "precinct.other"):
        cast.event(mail(name), "2026-03-02 15:00", send=1, open=1, click=1)


def _contacts(cast: Cast) -> None:
    cast.case(
        "F04 F36", "blank, placeholder and malformed addresses",
        "link to nothing: these voters have no events and no gifts; the rows are rejected",
    )  # fmt: skip
    hopeless = [None, "", " \t", "none@none.com", "N/A", "\u200b", "a@b@cast.example",
                "dot..dot@cast.example", "cast.example", "x@cast"]  # fmt: skip
    for number, email in enumerate(hopeless):
        cast.person(svid(20 + number), email)
        cast.event(email, "2026-03-02 15:00", send=1, open=1, click=1)
        cast.gift(email, "2026-03-03 15:00")
    cast.case("F04", "impossible phones", "no key, so no link")
    for number, bad in enumerate(["5555555555", "1234567890", "555-0199", "n/a", "9991550100"]):
        cast.person(svid(30 + number), None, bad)
        cast.link(bad, mail("impossible.phone"))
    cast.event(mail("impossible.phone"), "2026-03-02 15:00", send=1, open=1)

    for count, fate in ((2, "counts in full for both, once in total"),
                        (5, "is a link (5 is in)"), (6, "is no link (6 is out)")):  # fmt: skip
        cast.case("F05", f"address of {count} voters", f"{mail(f'home{count}')} {fate}")
        for number in range(count):
            cast.person(svid(40 + 10 * count + number), mail(f"home{count}"), home=phone(count))
        cast.event(mail(f"home{count}"), "2026-03-02 15:00", send=1, open=1, click=1)
    for count, fate in ((5, "bridges to the address"), (6, "is no link and no bridge")):
        cast.case("F08", f"phone of {count} voters", f"{phone(10 + count)} {fate}")
        for number in range(count):
            cast.person(svid(110 + 10 * count + number), None, phone(10 + count))
        cast.link(phone(10 + count), mail(f"phone.of{count}"))
        cast.event(mail(f"phone.of{count}"), "2026-03-02 15:00", send=1, open=1, click=1)
        cast.gift(None, "2026-03-03", phone(10 + count))
    for count, fate in ((5, "bridges to all"), (6, "is no bridge, but the gift by phone counts")):
        cast.case("F08", f"phone with {count} addresses", f"{phone(20 + count)} {fate}")
        cast.person(svid(180 + count), None, phone(20 + count))
        for number in range(count):
            cast.link(phone(20 + count), mail(f"many{count}.{number}"))
        cast.event(mail(f"many{count}.0"), "2026-03-02 15:00", send=1, open=1, click=1)
        cast.gift(None, "2026-03-03", phone(20 + count))
    cast.case("F08", "five voters by map, a sixth directly", "the address is no link: 6 voters")
    for number in range(5):
        cast.person(svid(190 + number), None, phone(30))
    cast.person(svid(195), None, phone(31))
    for number in (30, 31):
        cast.link(phone(number), mail("mixed.hub"))
    cast.event(mail("mixed.hub"), "2026-03-02 15:00", send=1, open=1, click=1)

    cast.case(
        "F08", "direct beats map",
        f"the map link of {svid(201)} to the other's own address is dropped: 0 clicks",
    )  # fmt: skip
    cast.person(svid(200), mail("owner"), phone(40))
    cast.person(svid(201), mail("housemate"), phone(41), phone(42))
    cast.link(phone(42), mail("owner"))
    cast.event(mail("owner"), "2026-03-02 15:00", send=1, open=1, click=1)
    cast.case("F08", "clicks only behind the phone", "1 click by phone_map, formats differ")
    cast.person(svid(202), None, "(999) 555-0043", None)
    cast.link("+1 999.555.0043 x12", "By.Phone@CAST.example ")
    cast.event(mail("by.phone"), "2026-03-02 15:00", send=1, open=1, click=1)
    cast.case("F08", "donor by phone only", "is a donor: 1 gift by phone, 1 with a strange e-mail")
    cast.person(svid(203), mail("phone.donor"), "1-999-555-0044#5")
    cast.gift(None, "2026-03-05 11:00", phone(44))
    cast.gift(mail("somebody.else"), "2026-03-06 11:00", "999-555-0044 ext. 7")
    cast.case("F08", "gift with another's e-mail", f"belongs to {svid(204)}, not to the housemate")
    cast.person(svid(204), mail("giving.mate"), None, phone(45))
    cast.person(svid(205), mail("other.mate"), None, phone(45))
    cast.gift(mail("giving.mate"), "2026-03-05 11:00", phone(45))
    cast.case("F09", "map rows of the future", "ignored: no clicks; the third, of the last day, is")
    for number, first in ((46, "2026-07-01"), (47, "2151-01-01"), (48, "2026-06-30")):
        cast.person(svid(160 + number), None, phone(number))
        cast.link(phone(number), mail(f"late.map{number}"), first)
        cast.event(mail(f"late.map{number}"), "2026-03-02 15:00", send=1, open=1, click=1)
    cast.case("F09", "link that ended", "LAST_COHORT_AT is informative: 1 click counts")
    cast.person(svid(209), None, phone(49))
    cast.link(phone(49), mail("old.map"), "2016-01-01", "2018-01-01")
    cast.event(mail("old.map"), "2026-03-02 15:00", send=1, open=1, click=1)

    cast.case(
        "F07 F23 F24 F30 F37", "case and white space",
        f"{svid(210)} is one contact: 6 sends, 6 opens, 6 clicks, 2 gifts; one row in each mart",
    )  # fmt: skip
    cast.person(svid(210), "\u200b Mixed.Case@Cast.Example\u00a0", phone(50))
    variants = ["MIXED.CASE@CAST.EXAMPLE", "mixed.case@cast.example", "\tMixed.Case@cast.example",
                "mixed.case@cast.example\ufeff", "\u3000mixed.case@cast.EXAMPLE", " mixed.case"
                "@cast.example "]  # fmt: skip
    for number, email in enumerate(variants):
        cast.event(email, f"2026-04-0{number + 1} 15:00", ALPHA[number], send=1, open=1, click=1)
    cast.link("+19995550050", "MIXED.case@cast.example")
    for email in variants[:2]:
        cast.gift(email, "2026-05-05 10:00")


def _events(cast: Cast) -> None:
    def voter(number: int, name: str) -> str:
        cast.person(svid(number), mail(name))
        return mail(name)

    cast.case("F06", "bounces only", "campaigns_engaged 0, no last engagement")
    email = voter(220, "bounced")
    cast.event(email, "2026-03-02 15:00", send=1, bounce=1)
    cast.case("F06 F29", "sends of 20 campaigns only", "campaigns_engaged 0, 20 sends")
    email = voter(221, "merely.sent")
    for number in range(20):
        cast.event(email, day("2025-07-07 15:00", 7 * number), ALPHA[number], send=1)
    cast.case("F06", "bot clicks only", "1 send, no opens, no clicks")
    email = voter(222, "scanned")
    cast.event(email, "2026-03-02 15:00", send=1, open=1, click=3, is_bot=True)
    cast.event(email, "2026-03-02 15:00:04", open=1, click=2, is_bot=True)
    cast.case("F14", "reads, never clicks", "so the population is all_recipients")
    email = voter(223, "reader")
    for number in range(4):
        cast.event(email, day("2026-03-02 15:00", 7 * number), ALPHA[number], send=1, open=1)
    cast.case("F15", "CLICK = 2", "2 clicks, one touch of the gift")
    email = voter(224, "double.click")
    cast.event(email, "2026-03-02 15:00", send=1, open=2, click=2)
    cast.gift(email, "2026-03-04 15:00")
    cast.case("F16", "one event id twice", "1 click; the earlier row stays")
    email = voter(225, "same.id")
    cast.event(email, "2026-03-02 15:00", send=1, open=1, click=1, event_id="cast-same")
    cast.event(email, "2026-03-02 16:00", send=1, open=1, click=2, event_id="cast-same")
    cast.case("F16", "one row twice, without an id", "1 click; an address variant is no difference")
    email = voter(226, "no.id")
    for copy, event_id in ((email, None), (email.upper(), ""), (f" {email}", " ")):
        cast.event(copy, "2026-03-02 15:00", send=1, open=1, click=1, event_id=event_id)
    cast.case("F17 F27", "impossible dates", "rejected; the one kept row is 2026-06-30 23:59:59")
    email = voter(227, "time.traveller")
    for at in ("2126-01-01 10:00", "2101-12-31", "1970-01-01", "1989-12-31 23:59", None):
        cast.event(email, at, send=1, open=1, click=1)
        cast.gift(email, at)
    cast.event(email, "2026-06-30 23:59:59", ALPHA[49], send=1, open=1, click=1)
    # A stranger's: one kept event of 1990 would make every chart of the voter file begin there.
    cast.case("F17", "the first day that counts", "1990-01-01 is valid: unlinked, not rejected")
    cast.event(mail("veteran"), "1990-01-01", None, send=1, open=1)
    cast.case("F15 F17", "negative flags", "rejected: nothing is kept")
    email = voter(229, "negative")
    cast.event(email, "2026-03-02 15:00", send=-1, open=1)
    cast.event(email, "2026-03-03 15:00", send=1, open=1, click=-1)
    cast.case("F18", "clicks with images off", "2 clicks on 0 opens: no click-to-open rate")
    email = voter(230, "images.off")
    cast.event(email, "2026-03-02 15:00", 9_400_001, "cast_dark", send=1, click=2)
    cast.campaign(9_400_001, "cast_dark", "2026-03-02")
    cast.case("F19", "half of the mail bounces", "2 of 4 sends bounced, rates per send")
    email = voter(231, "half.bounced")
    for number in range(4):
        cast.event(email, f"2026-03-0{number + 2} 15:00", BETA[number], "cast_beta",
                   send=1, bounce=number % 2)  # fmt: skip
    cast.case(
        "F20", "3 clicks on 1 send against 200 sends",
        "raw score of cast_spark 900, of cast_steady 129; adjusted, cast_steady is ahead",
    )  # fmt: skip
    email = voter(232, "spark")
    cast.campaign(9_400_002, "cast_spark", "2026-03-02")
    cast.event(email, "2026-03-02 15:00", 9_400_002, "cast_spark", send=1, click=3)
    cast.campaign(9_400_003, "cast_steady", "2025-08-04")
    emails = [voter(233 + number, f"steady{number}") for number in range(4)]
    for number in range(200):
        cast.event(emails[number % 4], day("2025-08-04 15:00", number), 9_400_003, "cast_steady",
                   send=1, open=int(number < 60), click=int(number < 66))  # fmt: skip
    cast.case("F21", "one person clicks 40 times", "40 clicks of 1 contact in one campaign")
    email = voter(237, "clicker")
    cast.event(email, "2026-03-02 15:00", send=1, open=1)
    for number in range(40):
        cast.event(email, f"2026-03-02 15:{number + 1:02d}", click=1)
    cast.case(
        "F22", "mailed by one, fond of another",
        "cast_alpha mails 40 and gets 4 opens; cast_beta mails 6 and gets 6 opens, 4 clicks: "
        "cast_beta is preferred",
    )  # fmt: skip
    email = voter(238, "fond")
    for number in range(40):
        cast.event(email, day("2025-07-07 15:00", 7 * number), ALPHA[number], send=1,
                   open=int(number % 10 == 0))  # fmt: skip
    for number, campaign in enumerate(BETA):
        cast.event(email, f"2026-0{number + 1}-06 15:00", campaign, "cast_beta", send=1, open=1,
                   click=int(number < 4))  # fmt: skip
    cast.case("F23", "a complaint", "recommendation stop for cast_alpha; also on a bot row")
    for number, is_bot in ((239, False), (240, True)):
        email = voter(number, f"complains{number}")
        cast.event(email, "2026-03-02 15:00", send=1, open=1, complaint=1, is_bot=is_bot)
    cast.case("F25", "clicked long ago, mailed lately", "days_since_last_click 365, not 0")
    email = voter(241, "old.click")
    cast.event(email, "2025-06-30 15:00", BETA[0], "cast_beta", send=1, open=1, click=1)
    cast.event(email, "2026-06-30 15:00", ALPHA[49], send=1)
    cast.case("F26", "unknown is not cold", "both score 0.05; is_scored false for the first only")
    voter(242, "unheard.of")
    email = voter(243, "proven.cold")
    for number in range(30):
        cast.event(email, day("2025-07-07 15:00", 7 * number), ALPHA[number], send=1)
    cast.case("F26 F28 F49", "donor without a click", "unattributed; NULL days since click")
    cast.gift(voter(244, "quiet.donor"), "2026-02-01 12:00", amount=250)

    cast.case("F31", "sent on Sunday night, opened on Monday", "both in the week of 2025-11-03")
    email = voter(245, "night.owl")
    cast.event(email, "2025-11-09 23:50", ALPHA[17], send=1)
    cast.event(email, "2025-11-10 00:20", ALPHA[17], open=1)
    cast.event(email, "2025-11-10 00:21", ALPHA[17], click=1)
    cast.case(
        "F32 F33", "1000 sends, 200 opens, 7 clicks, 1 complaint",
        "cast_quiet: click_to_open_rate 3.5, click_rate 0.7, complaint_rate 0.1 and uncertain",
    )  # fmt: skip
    cast.campaign(9_400_004, "cast_quiet", "2025-09-01")
    emails = [voter(250 + number, f"quiet{number}") for number in range(40)]
    for number in range(1000):
        cast.event(emails[number % 40], day("2025-09-01 16:00", 7 * (number // 40)), 9_400_004,
                   "cast_quiet", send=1, open=int(number % 5 == 0), click=int(number % 150 == 5),
                   complaint=int(number == 500))  # fmt: skip
    cast.case("F34", "ten silent weeks", "weeks between are listed; merely sent is not active")
    email = voter(246, "on.and.off")
    cast.event(email, "2026-01-05 15:00", BETA[0], "cast_beta", send=1, open=1)
    cast.event(email, "2026-03-23 15:00", BETA[2], "cast_beta", send=1)
    cast.event(email, "2026-06-29 15:00", ALPHA[49], send=1, open=1)

    cast.case("F15 F48", "blank and unknown campaign, blank client", "kept in totals: 4 opens")
    email = voter(247, "blank.fields")
    cast.event(email, "2026-03-02 15:00", None, send=1, open=1, click=1)
    cast.event(email, "2026-03-03 15:00", " ", send=1, open=1)
    cast.event(email, "2026-03-04 15:00", 9_999_999, "cast_gamma", send=1, open=1, click=1)
    cast.event(email, "2026-03-05 15:00", ALPHA[3], "", send=1, open=1)
    cast.gift(email, "2026-03-05 18:00")
    cast.case("F15", "numeric ids as text", "' 9100001 ' is campaign 9100001")
    email = voter(248, "numeric.text")
    cast.event(email, "2026-03-02 15:00", " 9100001 ", send=1, open=1, click=1)


def _alike(cast: Cast) -> None:
    def voter(number: int, name: str, **contact: str) -> str:
        cast.person(svid(number), mail(name), **contact)
        return mail(name)

    cast.case(
        "F39 F41", "a segment with two clients",
        f"{svid(300)} to {svid(302)}: 11 engagements with cast_beta, exactly 10 with cast_ten",
    )  # fmt: skip
    cast.campaign(9_500_001, "cast_ten", "2026-01-01")
    seeds = [voter(300 + number, f"seed{number}") for number in range(3)]
    for number in range(11):
        cast.event(seeds[number % 3], day("2026-01-06 15:00", number), BETA[0], "cast_beta",
                   send=1, open=1, click=number % 2)  # fmt: skip
    for number in range(10):
        cast.event(seeds[number % 3], day("2026-01-06 16:00", number), 9_500_001, "cast_ten",
                   send=1, open=1)  # fmt: skip
    cast.case("F39", "a clicker is nearer than a whale that never opens", "the whale is no match")
    whale = voter(303, "whale")
    for number in range(60):
        cast.event(whale, day("2026-01-06 15:00", number), BETA[number % 6], "cast_beta", send=1)
    near = voter(304, "near")
    for number in range(3):
        cast.event(near, day("2026-01-06 15:00", number), BETA[0], "cast_beta",
                   send=1, open=1, click=1)  # fmt: skip
    cast.case("F40", "unsubscribed candidates", "never a match, on a bot row neither")
    for number, is_bot in ((305, False), (306, True)):
        gone = voter(number, f"gone{number}")
        for repeat in range(3):
            cast.event(gone, day("2026-01-06 15:00", repeat), BETA[0], "cast_beta",
                       send=1, open=1, click=1)  # fmt: skip
        cast.event(gone, "2026-01-12 15:00", BETA[0], "cast_beta", unsubscribe=1, is_bot=is_bot)
    cast.case("F42", "candidates with one address", "each voter once")
    for number in (307, 308):
        cast.person(svid(number), mail("couple"))
    for repeat in range(3):
        cast.event(mail("couple"), day("2026-01-06 15:00", repeat), BETA[0], "cast_beta",
                   send=1, open=1)  # fmt: skip
    cast.case("F43", "reachable through the segment", "housemate of a seed's phone: no candidate")
    voter(309, "seed.home", home=phone(60))
    voter(310, "mate.home", home=phone(60))
    for name in ("seed.home", "mate.home"):
        for repeat in range(3):
            cast.event(mail(name), day("2026-01-06 15:00", repeat), BETA[0], "cast_beta",
                       send=1, open=1)  # fmt: skip
    cast.case("F36 F37", "rows without an address among the events", "empty nothing")
    for repeat in range(3):
        cast.event(None, day("2026-01-06 15:00", repeat), BETA[0], "cast_beta", send=1, open=1)


def _gifts(cast: Cast) -> None:
    def voter(number: int, name: str, cell: str | None = None) -> str:
        cast.person(svid(number), mail(name), cell)
        return mail(name)

    cast.case("F45", "five campaigns before one gift", "credits of each model but any_touch sum 1")
    email = voter(320, "five.clicks")
    for number in range(5):
        cast.event(email, f"2026-03-0{number + 2} 15:00", ALPHA[30 + number],
                   send=1, open=1, click=1)  # fmt: skip
    cast.gift(email, "2026-03-10 12:00", amount=100)
    cast.case("F46", "gift by date on the day of the click", "attributed, 0 days")
    email = voter(321, "same.day")
    cast.event(email, "2026-03-02 15:00", send=1, open=1, click=1)
    cast.gift(email, "2026-03-02")
    cast.case("F46", "gift at a time before the click", "not attributed")
    email = voter(322, "too.early")
    cast.event(email, "2026-03-02 15:00", send=1, open=1, click=1)
    cast.gift(email, "2026-03-02 14:59:59")
    cast.case("F46", "gift at the very second of the click", "attributed, 0 days")
    email = voter(323, "on.the.second")
    cast.event(email, "2026-03-02 15:00", send=1, open=1, click=1)
    cast.gift(email, "2026-03-02 15:00")
    for number, days in ((324, 30), (325, 31)):
        for form, at in (("time", day("2026-03-02 23:30", days)), ("date", day("2026-03-02",
                         days))):  # fmt: skip
            fate = "attributed" if days == 30 else "not attributed"
            cast.case("F46", f"gift by {form} after {days} days", fate)
            email = voter(number if form == "time" else number + 2, f"after{days}.{form}")
            cast.event(email, "2026-03-02 15:00", send=1, open=1, click=1)
            cast.gift(email, at)
    cast.case("F47", "three clicks and one gift of one campaign", "1 gift, days from the last: 2")
    email = voter(328, "thrice")
    for number in range(3):
        cast.event(email, f"2026-03-0{number + 2} 15:00", send=int(number == 0), open=1, click=1)
    cast.gift(email, "2026-03-06 12:00")
    cast.case("F48", "click on one address, gift on another", "attributed, and so is the phone's")
    email = voter(329, "two.mails", phone(70))
    cast.link(phone(70), mail("two.mails.work"))
    cast.event(email, "2026-03-02 15:00", send=1, open=1, click=1)
    cast.gift(mail("two.mails.work"), "2026-03-04 12:00")
    cast.gift(None, "2026-03-05 12:00", "999-555-0070")
    cast.case("F48", "click on a campaign with several rows", "one credit, client cast_beta")
    email = voter(330, "doubled.campaign")
    cast.event(email, "2026-03-02 15:00", 9_300_001, "cast_beta", send=1, open=1, click=1)
    cast.gift(email, "2026-03-04 12:00")
    cast.case("F48", "click on an unknown campaign", "credit with a NULL name, client cast_gamma")
    email = voter(331, "unknown.campaign")
    cast.event(email, "2026-03-02 15:00", 9_999_999, "cast_gamma", send=1, open=1, click=1)
    cast.gift(email, "2026-03-04 12:00")
    cast.case("F49", "click of the last month", "its campaign is not mature")
    email = voter(332, "recent")
    cast.event(email, "2026-06-25 15:00", ALPHA[49], send=1, open=1, click=1)
    cast.gift(email, "2026-06-27 12:00")
    cast.case("F48 F49", "stranger that clicked and gave", "a contact, but no voter")
    cast.event(mail("stranger"), "2026-03-02 15:00", send=1, open=1, click=1)
    cast.gift(mail("stranger"), "2026-03-04 12:00")
    cast.gift(mail("pure.stranger"), "2026-03-04 12:00", "999 555 0099", state="TX")
    cast.case("F49", "bot click before a gift", "no touch")
    email = voter(333, "bot.before")
    cast.event(email, "2026-03-02 15:00", send=1, open=1, click=1, is_bot=True)
    cast.gift(email, "2026-03-04 12:00")
    cast.case("F50", "one gift twice", "counted once: by its id, by its columns without one")
    email = voter(334, "twice.given")
    for copy in (email, email.upper()):
        cast.gift(copy, "2026-03-04 12:00", donation_id="cast-twice")
        cast.gift(copy, "2026-03-05 12:00", donation_id=None)
    cast.case("F50", "refund, zero and unknown amount", "a refund is no gift: 3 gifts")
    email = voter(335, "refunded")
    for number, amount in enumerate((100, -100, 0, None), start=1):
        cast.gift(email, f"2026-03-0{number} 12:00", amount=amount)
    cast.case("F48", "gift of two voters with one address", "one contact: the first by state, svid")
    for number in (336, 337):
        cast.person(svid(number), mail("joint"))
    cast.event(mail("joint"), "2026-03-02 15:00", send=1, open=1, click=1)
    cast.gift(mail("joint"), "2026-03-04 12:00")


def _at_large(cast: Cast) -> None:
    """Traps that need a population; their truth is in the other files of `truth/`."""
    cast.case("F35", "two weeks of bad health", "alerts as in truth/incidents")
    cast.case("F44 F52", "habits that persist", "clusters of truth/persons: lift of 2 and more")
    cast.case("F22", "what each person prefers", "truth/client_preferences")
    cast.case("F49", "what campaigns caused", "truth/donation_causes")
    cast.case("F51", "party and age follow the taste", "a segment of one cluster deviates")


def cast() -> Cast:
    """All planted cases."""
    cast = Cast()
    for plant in (_campaigns, _identity, _contacts, _events, _alike, _gifts, _at_large):
        plant(cast)
    return cast


def load(con: duckdb.DuckDBPyConnection, cast: Cast) -> None:
    """Write the cast's rows to tables `planted_<table>` of `con`."""
    for table, columns in COLUMNS.items():
        name = table if table.startswith("planted") else f"planted_{table}"
        typed = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
        con.execute(f"create or replace table {name} ({typed})")
        if cast.rows[table]:
            # One statement per column list, not one per row.
            lists = ", ".join(f"cast(unnest(?) as {kind})" for kind in columns.values())
            con.execute(
                f"insert into {name} select {lists}",
                [list(column) for column in zip(*cast.rows[table], strict=True)],
            )
