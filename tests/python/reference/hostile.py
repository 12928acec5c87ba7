"""Small extracts in which everything that can go wrong goes wrong, many times over.

Pools are tiny, so that identifiers collide: shared addresses, phones at and over every limit,
voter ids in several states, events on window edges, rows that must be rejected for each reason.
`python -m reference.hostile OUT SEED` writes them. The seed decides the column types too: odd ones
are all text, half of it CSV; 2, 6, 10… have ids and phones as doubles and times with a zone;
0, 4, 8… have whole numbers and gifts with a date only.
"""

import csv
import random
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

LAST_DAY = datetime(2024, 6, 12)
FLAGS = ("SEND", "OPEN", "CLICK", "BOUNCE", "COMPLAINT", "UNSUBSCRIBE")
NO_ADDRESSES = (
    *("", " ", "\u200b", "none", "N/A", "null", "Test@Test.com"),
    *("a@b", "a@@b.com", ".a@b.com", "a@b..com", "a b@c.com", "a@b.c1", "ü@example.com"),
    *("jo@bücher.example", "jo@" + "b" * 64 + ".com"),
)
BIRTH_DATES = (
    *("1990-06-12", "2006-06-12", "2006-06-13", "1959-06-12", "1999-06-13T00:00:00Z"),
    *("06/12/1990", "2030-01-01", "1990-02-30", " ", "1980-02-29"),
    *("1900-01-01", "1800-01-01", "1901-06-12", "1910-01-01"),
)
COUNTIES = (
    *("Dane", " Dane", "DANE", "dane", "Iron", "IRON", "", "Kent", "unknown"),
    *("Do\u00f1a Ana", "Don\u0303a Ana", "DO\u00d1A ANA"),
)

Item = TypeVar("Item")
Rows = list[dict[str, Any]]


class Hostile:
    """A generator of rows over colliding pools."""

    def __init__(self, seed: int) -> None:
        """Fix the chance and the column types."""
        self.chance = random.Random(seed)  # noqa: S311
        self.sources = random.Random(seed)  # noqa: S311
        self.as_text = seed % 2 == 1
        self.as_doubles = seed % 4 == 2
        self.gifts_have_no_time = seed % 4 == 0
        domains = ("example.com", "mail.example.org", "ex-ample.net")
        self.emails = [f"voter.{i}+tag@{domains[i % 3]}" for i in range(45)]
        self.strangers = [f"stranger{i}@example.com" for i in range(25)]
        self.phones = [f"6{i:02d}55501{i:02d}" for i in range(34)]
        self.svids = [f"{i:04d}" for i in range(38)] + ["12", "0012 ", "ab-7", "\u200b0003"]
        self.campaigns = [str(number) for number in range(101, 113)]
        self.clients = [
            "amber",
            "Amber",
            "birch",
            "cedar \u00a0",
            "d\u00fcne",
            "du\u0308ne",
            "Unknown",
        ]
        self.proxied = [f"proxied{i}@example.com" for i in range(8)]
        self.machine = random.Random(1000 + seed)  # noqa: S311

    def skewed(self, pool: Sequence[Item]) -> Item:
        """One of a pool, the first ones often."""
        return pool[int(self.chance.random() ** 2 * len(pool))]

    def sometimes(self, probability: float) -> bool:
        """True with a probability."""
        return self.chance.random() < probability

    def email(self, pool: Sequence[str], bad: float = 0.06) -> str | None:
        """An address, now and then in capitals, padded, or no address at all."""
        if self.sometimes(bad):
            return self.chance.choice([*NO_ADDRESSES, None])
        address = self.skewed(pool)
        dress: list[Callable[[str], str]] = [
            str,
            str,
            str,
            str.upper,
            str.title,
            lambda text: f"\u00a0{text}\t",
            lambda text: f"{text}\u200b",
        ]
        return self.chance.choice(dress)(address)

    def contact_number(self, bad: float = 0.08) -> Any:
        """A phone in one of its many spellings, or as a number."""
        if not self.as_doubles:
            return self.phone(bad)
        if self.sometimes(bad):
            return self.chance.choice([None, 5550100.0, 2222222222.0, 26085550100.0])
        return float(self.chance.choice(["", "1"]) + self.skewed(self.phones))

    def phone(self, bad: float = 0.08) -> str | None:
        """A phone in one of its many spellings."""
        if self.sometimes(bad):
            return self.chance.choice(
                [
                    *(None, "", "555-0100", "2222222222", "1115550100", "6001550100", "none"),
                    *("x12", "601234.0000", f"+{self.skewed(self.phones)}", "+45 60 15 55 01 01"),
                    f"011 {self.skewed(self.phones)}",
                    f"(00) {self.skewed(self.phones)}",
                    f"\uff0b46{self.skewed(self.phones)[:8]}",
                    f"+46 {self.skewed(self.phones)[:8]}",
                ]
            )
        ten = self.skewed(self.phones)
        area, office, line = ten[:3], ten[3:6], ten[6:]
        return self.chance.choice(
            [
                ten,
                ten,
                ten,
                f"1{ten}",
                f"+1 ({area}) {office}-{line}",
                f"{area}.{office}.{line} ext. 12",
                f"{ten}x3",
                f" {area}-{office}-{line} # 9 ",
                f"{ten}\u00a0",
                f"{ten}.0",
                f"+1{ten}.00",
                f"001 {area} {office} {line}",
                f"011-1-{ten}",
            ]
        )

    def moment(self, bad: float = 0.03) -> Any:
        """A time of the last weeks, on a midnight or an edge more often than chance has it."""
        if self.sometimes(bad):
            wrong: list[Any] = [None, datetime(1989, 12, 31, 23, 59, 59), datetime(2994, 1, 1)]
            return self.chance.choice(wrong)
        day = LAST_DAY - timedelta(days=int(self.chance.random() ** 1.3 * 100))
        if self.sometimes(0.4):
            return day
        return day + self.chance.choice(
            [
                timedelta(seconds=self.chance.randrange(86_400)),
                timedelta(hours=12),
                timedelta(days=1) - timedelta(seconds=1),
                timedelta(seconds=1),
            ]
        )

    def written(self, value: Any) -> Any:
        """A value as its column's type, or as text in one of the accepted spellings."""
        if self.as_doubles and isinstance(value, datetime):
            return value.replace(tzinfo=UTC)
        if not self.as_text or value is None:
            return value
        if isinstance(value, datetime):
            if self.sometimes(0.02):
                return self.chance.choice(["06/01/2024", "2024-06-31", "soon", "20240601", " "])
            formats = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%SZ", " %Y-%m-%d %H:%M:%S.000+00:00"]
            if value.time() == datetime.min.time():
                formats += ["%Y-%m-%d", "%Y-%m-%dT%H:%M"]
            return value.strftime(self.chance.choice(formats))
        if isinstance(value, bool):
            return self.chance.choice(["true", "T", "1"] if value else ["false", "f", "0", " "])
        if isinstance(value, int):
            return (
                "many" if self.sometimes(0.002) else self.chance.choice([f"{value}", f" {value}"])
            )
        return str(value)

    def number_id(self, digits: str | None) -> Any:
        """An id as a number or as padded text."""
        if digits is None or not self.as_text:
            if digits is None or not digits.strip():
                return None
            return float(digits) if self.as_doubles else int(digits)
        return self.chance.choice([digits, f" {digits}", f"{digits}\u3000"])

    def person_id(self) -> str | None:
        """One of few persons; blank now and then."""
        return None if self.sometimes(0.02) else str(self.chance.randrange(1, 56))

    def tables(self) -> dict[str, Rows]:
        """All seven tables."""
        return {
            "person": self.persons(),
            "person_custom_field": self.fields(),
            "custom_field": self.field_names(),
            "list_link_phone_email_map": self.map_rows(),
            "email_clickers": self.events(),
            "campaigns": self.campaign_rows(),
            "donations": self.gifts(),
        }

    def persons(self) -> Rows:
        """Persons in four states, some twice, some of no state."""
        states = ["WI"] * 6 + ["mn", " MN ", "MI", "PA", "W1", None, "Wisconsin"]
        rows = [
            {
                "Id": self.number_id(str(number) if number <= 55 else self.person_id()),
                "EMAIL": self.email(self.emails, 0.12),
                "cell_phone": self.phone(0.25),
                "home_phone": self.phone(0.5),
                "county": self.chance.choice([*COUNTIES, None]),
                "state": self.chance.choice(states),
            }
            for number in range(1, 76)
        ]
        guarded: Rows = [
            {
                "Id": self.number_id(str(801 + place)),
                "EMAIL": address,
                "cell_phone": None,
                "home_phone": None,
                "county": "Dane",
                "state": "WI",
            }
            for place, address in enumerate(self.proxied)
        ]
        return rows + self.chance.choices(rows, k=6) + guarded

    def field_names(self) -> Rows:
        """Two ids for the voter id, names in any case, blanks and duplicates."""
        names = [("1", "state_voter_id"), ("2", " STATE_VOTER_ID\t"), ("3", "Party")]
        names += [("4", "birth_date"), ("5", "gender"), ("6", "hobby"), ("7", " "), ("3", "Party ")]
        return [{"id": self.number_id(field), "name": name} for field, name in names]

    def fields(self) -> Rows:
        """Voter ids, parties, sexes and birth dates, several of one kind for a person."""
        rows: Rows = []
        values: dict[str, list[str | None]] = {
            "1": [*self.svids],
            "2": [*self.svids],
            "3": ["DEM", " REP", "Ver\u00e9", "Vere\u0301", "UNKNOWN", "", None],
            "4": [*BIRTH_DATES],
            "5": ["F", "M", "", "f", "unknown"],
            "6": ["chess", "golf"],
            "9": ["x"],
        }
        for field, choices in values.items():
            for _ in range({"1": 70, "2": 8}.get(field, 45)):
                person_id = self.person_id() if self.sometimes(0.95) else "999"
                field_id = field if self.sometimes(0.98) else None
                rows.append(
                    {
                        "person_id": self.number_id(person_id),
                        "custom_field_id": self.number_id(field_id),
                        "value": self.chance.choice(choices),
                    }
                )
        guarded: Rows = [
            {
                "person_id": self.number_id(str(801 + place)),
                "custom_field_id": self.number_id("1"),
                "value": f"80{place}",
            }
            for place in range(len(self.proxied))
        ]
        return rows + self.chance.choices(rows, k=10) + guarded

    def map_rows(self) -> Rows:
        """Bridges to voters' own, other voters' and nobody's addresses, some not yet seen."""
        mapped = [*self.emails[20:], *(f"mapped{i}@example.com" for i in range(30))]
        rows = []
        for _ in range(130):
            first = self.moment(0)
            if self.sometimes(0.08):
                first = LAST_DAY + timedelta(days=self.chance.randrange(1, 4))
            rows.append(
                {
                    "CONTACT_NUMBER": self.contact_number(),
                    "email": self.email(mapped),
                    "FIRST_COHORT_AT": self.written(first if self.sometimes(0.7) else None),
                    "LAST_COHORT_AT": self.written(LAST_DAY if self.sometimes(0.5) else None),
                }
            )
        return rows + self.chance.choices(rows, k=60)

    def campaign_id(self) -> str | None:
        """A known campaign, an unknown one, or none."""
        if self.sometimes(0.05):
            return self.chance.choice([None, "", " "]) if self.as_text else None
        return self.skewed([*self.campaigns, "901", "902"])

    def events(self) -> Rows:
        """Sends and what follows them, some by bots, some twice, some impossible."""
        mapped = [f"mapped{i}@example.com" for i in range(30)]
        pool = [*self.emails, *mapped, *self.strangers]
        rows: Rows = []
        for index in range(5000):
            flags = dict.fromkeys(FLAGS, 0)
            kind = self.chance.choices(range(6), [60, 18, 12, 2, 0.3, 1.2])[0]
            flags[FLAGS[kind]] = self.chance.choice([1, 1, 1, 1, 2, 3])
            if self.sometimes(0.1):
                flags[self.chance.choice(FLAGS[:3])] += 1
            if self.sometimes(0.003):
                flags["CLICK"] = -1
            if index % 500 == 7:
                flags["OPEN"] = (999, 9999)[index // 500 % 2]
            event_id = f"e{index}" if self.sometimes(0.5) else self.chance.choice([None, "", " "])
            rows.append(
                {
                    "Email": self.email(pool),
                    "CAMPAIGN_ID": self.number_id(self.campaign_id()),
                    "CLIENT_SHORTNAME": None if self.sometimes(0.05) else self.skewed(self.clients),
                    "EVENT_DATE": self.written(self.moment()),
                    "IS_BOT": self.written(self.chance.choice([True, *[False] * 9, None])),
                    "EVENT_ID": event_id,
                }
                | {
                    name: self.written(None if not count and self.sometimes(0.2) else count)
                    for name, count in flags.items()
                }
            )
        again = [dict(row) for row in self.chance.choices(rows, k=150)]
        for row in again[:60]:
            if row["EVENT_ID"]:
                row["EVENT_DATE"] = self.written(self.moment())
                row["CLICK"] = self.written(1)
        for row in again[60:100]:
            row["OPEN"] = self.written(self.chance.choice([0, 1, 2]))
            row["SEND"] = self.written(self.chance.choice([0, 1]))
        for row in again[100:115]:
            row["CAMPAIGN_ID"] = self.number_id(self.campaign_id())
        for row in again[115:125]:
            row["Email"] = self.email(pool)
        return [{"LINK": None} | row for row in rows + again + self.machine_rows()]

    def machine_rows(self) -> Rows:
        """Scanners and proxies, with every distance at, below and above its limit."""
        chance = self.machine
        rows: Rows = []

        def row(address: str, at: datetime, campaign: str, **more: Any) -> None:
            flags = {name: self.written(more.get(name, 0)) for name in FLAGS}
            rows.append(
                {
                    "Email": address,
                    "CAMPAIGN_ID": self.number_id(campaign),
                    "CLIENT_SHORTNAME": "birch",
                    "EVENT_DATE": self.written(at),
                    "IS_BOT": self.written(more.get("IS_BOT", False)),
                    "EVENT_ID": f"m{len(rows)}",
                    "LINK": more.get("LINK"),
                }
                | flags
            )

        def seconds(*choices: int) -> timedelta:
            return timedelta(seconds=chance.choice(choices))

        for address in [*self.emails, *self.strangers] * 3:
            at = LAST_DAY - timedelta(days=chance.randrange(90))
            at += chance.choice([timedelta(0), timedelta(hours=9), timedelta(hours=17, seconds=7)])
            campaign = chance.choice(self.campaigns)
            row(address, at, campaign, SEND=1)
            at += seconds(0, 1, 4, 5, 6, 600)
            for _ in range(chance.randrange(1, 9)):
                row(
                    address,
                    at,
                    campaign if chance.random() < 0.7 else chance.choice(self.campaigns),
                    CLICK=chance.choice([1, 1, 2]),
                    SEND=int(chance.random() < 0.05),
                    IS_BOT=chance.random() < 0.05,
                    LINK=chance.choice([None, "/a", "/b", " /b ", "/c", "/d", "/e"]),
                )
                if chance.random() < 0.3:
                    flag = chance.choice(["OPEN", "UNSUBSCRIBE", "COMPLAINT", "BOUNCE"])
                    row(address, at, campaign, **{flag: 1})
                at += seconds(0, 0, 1, 2, 2, 4, 10)
            row(address, at, campaign, OPEN=1)
        for place, address in enumerate(self.proxied):
            for number in range(4 + place % 3):
                at = LAST_DAY - timedelta(days=2 + number) + timedelta(hours=8)
                row(address, at, self.campaigns[number], SEND=1)
                late = timedelta(seconds=31 if place == 3 and number == 2 else 0)
                row(address, at + (late or seconds(0, 5, 30)), self.campaigns[number], OPEN=1)
            if place == 4:
                row(address, LAST_DAY, self.campaigns[0], CLICK=1)
            if place == 5:
                row(address, LAST_DAY - timedelta(hours=1), self.campaigns[0], CLICK=1, IS_BOT=True)
        return rows

    def campaign_rows(self) -> Rows:
        """Campaigns, some twice with another start, client or name."""
        names = ["Spring ", "Summer", None, "Fall"]
        rows: Rows = []
        for campaign_id in [*self.campaigns, *self.campaigns[:5], ""]:
            start: datetime | None = self.moment(0.1)
            if start is not None:
                start = datetime.combine(start.date(), datetime.min.time())
            rows.append(
                {
                    "CAMPAIGN_ID": self.number_id(campaign_id),
                    "CLIENT_SHORTNAME": self.chance.choice(self.clients),
                    "CAMPAIGN_NAME": self.chance.choice(names),
                    "START_DATE": self.written(start),
                }
            )
        return rows

    def gift_date(self) -> Any:
        """A time, or a date where gifts have no more."""
        at = self.moment()
        return at.date() if at is not None and self.gifts_have_no_time else self.written(at)

    def gifts(self) -> Rows:
        """Gifts by address, phone, both, and of strangers; refunds, repeats, sources, no ids."""
        rows: Rows = []
        for index in range(400):
            amount: Any = self.chance.choice([10, 25.5, 0, -10, None, 99.99])
            if self.sometimes(0.02):
                amount = float("nan")
            if amount is not None and self.as_text:
                amount = self.chance.choice([str(amount), f" {amount} "])
            if self.as_text and self.sometimes(0.02):
                amount = "$5"
            if index % 50 == 7:
                sentinel = (-999, -9999, 9999, -999.5)[index // 50 % 4]
                amount = str(sentinel) if self.as_text else sentinel
            donation_id = f"d{index}" if self.sometimes(0.7) else None
            rows.append(
                {
                    "EMAIL": self.email([*self.emails, *self.strangers], 0.35),
                    "CONTACT_NUMBER": self.contact_number(0.35),
                    "DONATION_DATE": self.gift_date(),
                    "STATE": self.chance.choice(["WI", "wi ", None]),
                    "AMOUNT": amount,
                    "DONATION_ID": donation_id,
                    "DONATION_SOURCE": self.gift_source(),
                }
            )
        again = [dict(row) for row in self.chance.choices(rows, k=30)]
        for row in again[:10]:
            if row["DONATION_ID"]:
                row["DONATION_DATE"] = self.gift_date()
                row["DONATION_SOURCE"] = self.gift_source()
        for row in again[10:20]:
            row["DONATION_SOURCE"] = self.gift_source()
        return rows + again

    def gift_source(self) -> str | None:
        """Mostly none; federal records in several spellings; a list that nobody reviewed."""
        if self.sources.random() < 0.6:
            return None
        spellings = ["FEC", " Fec ", "fec_report", "\u00a0fec\u200b", " ", "bought list"]
        return self.sources.choice(spellings)


def write(folder: Path, seed: int) -> Path:
    """Write hostile extracts, each table in two files: the second in a folder of its own.

    The second file of a world of text is CSV. It has rows that were deleted where they come from.
    """
    chance = random.Random(seed)  # noqa: S311
    for number, (table, rows) in enumerate(Hostile(seed).tables().items()):
        middle = len(rows) // 2
        deleted = [dict(row) for row in chance.choices(rows, k=len(rows) // 50 + 1)]
        first, second = rows[:middle], rows[middle:] + deleted
        marks = [False] * (len(second) - len(deleted)) + [True] * len(deleted)
        place = folder / table / "half=2"
        place.mkdir(parents=True, exist_ok=True)
        data = pa.table({name: [row[name] for row in rows + deleted] for name in rows[0]})
        pq.write_table(data.slice(0, len(first)), folder / table / "part-0000.parquet")
        mark = ("_FIVETRAN_DELETED", "_deleted", "Is_Deleted")[number % 3]
        if not seed % 2:
            marked = data.slice(len(first)).append_column(mark, pa.array(marks))
            pq.write_table(marked, place / "part-0001.parquet")
            continue
        with (place / "part-0001.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, delimiter=",;\t|"[number % 4])
            writer.writerow([*rows[0], mark])
            for row, is_deleted in zip(second, marks, strict=True):
                spelled = chance.choice(["true", "T", "1"] if is_deleted else ["", "f", "0"])
                writer.writerow([*row.values(), spelled])
    return folder


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]))
