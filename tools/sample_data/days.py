"""Days of change to a folder of extracts, to prove that incremental builds equal full ones.

`prepare` makes the folder of day 0 from a sample; `Days` applies one day after another to it. The
same sample and seed give the same files, byte by byte. All work is SQL over the files, so that days
need no more memory at full scale than on a small sample.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

FIRST_DAY = date(2024, 7, 1)  # the day after the last of the sample, two years earlier
END_OF_TIME = date(2090, 1, 1)  # later dates in the sample are planted errors

COLUMNS: dict[str, dict[str, str]] = {
    "person": {
        "id": "bigint",
        "email": "varchar",
        "cell_phone": "varchar",
        "home_phone": "varchar",
        "county": "varchar",
        "state": "varchar",
    },
    "person_custom_field": {
        "person_id": "bigint",
        "custom_field_id": "integer",
        "value": "varchar",
    },
    "custom_field": {"id": "integer", "name": "varchar"},
    "list_link_phone_email_map": {
        "CONTACT_NUMBER": "varchar",
        "EMAIL": "varchar",
        "FIRST_COHORT_AT": "timestamp",
        "LAST_COHORT_AT": "timestamp",
    },
    "email_clickers": {
        "EMAIL": "varchar",
        "CAMPAIGN_ID": "varchar",
        "CLIENT_SHORTNAME": "varchar",
        "EVENT_DATE": "timestamp",
        "SEND": "integer",
        "OPEN": "integer",
        "CLICK": "integer",
        "BOUNCE": "integer",
        "COMPLAINT": "integer",
        "UNSUBSCRIBE": "integer",
        "IS_BOT": "boolean",
        "EVENT_ID": "varchar",
    },
    "campaigns": {
        "CAMPAIGN_ID": "bigint",
        "CLIENT_SHORTNAME": "varchar",
        "LIST_ID": "bigint",
        "CHANNEL": "varchar",
        "CAMPAIGN_NAME": "varchar",
        "START_DATE": "date",
    },
    "donations": {
        "EMAIL": "varchar",
        "CONTACT_NUMBER": "varchar",
        "DONATION_DATE": "timestamp",
        "STATE": "varchar",
        "AMOUNT": "decimal(12, 2)",
        "DONATION_ID": "varchar",
    },
    "sms_responses": {
        "EMAIL": "varchar",
        "CONTACT_NUMBER": "varchar",
        "EVENT_DATE": "timestamp",
        "SEND": "integer",
        "REPLY": "integer",
        "CLICK": "integer",
        "OPT_OUT": "integer",
        "CAMPAIGN_ID": "varchar",
        "CLIENT_SHORTNAME": "varchar",
        "EVENT_ID": "varchar",
    },
    "web_visits": {
        "EMAIL": "varchar",
        "CONTACT_NUMBER": "varchar",
        "EVENT_DATE": "timestamp",
        "SESSION_ID": "varchar",
        "PAGE_PATH": "varchar",
        "TOPIC": "varchar",
        "DURATION_SECONDS": "double",
        "SCROLL_DEPTH": "double",
        "EVENT_ID": "varchar",
    },
    "phone_contacts": {
        "EMAIL": "varchar",
        "CONTACT_NUMBER": "varchar",
        "EVENT_DATE": "timestamp",
        "DISPOSITION": "varchar",
        "DURATION_SECONDS": "double",
        "CLIENT_SHORTNAME": "varchar",
        "EVENT_ID": "varchar",
    },
}
"""The tables of a sample: their columns, with the types in which days deliver them."""

CHANNELS = ("sms_responses", "web_visits", "phone_contacts")
"""Some of the optional tables; the last of them comes on a later day for the first time."""

DATED = {"email_clickers": "EVENT_DATE", "donations": "DONATION_DATE"}
"""The tables that move the clock, and the column that says when."""

GROWING = ("email_clickers", "donations", "list_link_phone_email_map", "campaigns")
"""The tables whose news comes as new files; the voter file is always delivered as a whole."""

LATER_COLUMN = {"email_clickers": "COMPLAINT", "donations": "STATE", "campaigns": "LIST_ID"}
"""An optional column of each of these tables; no file of day 0 has it."""

ACCEPTED = (
    *("changed_file", "duplicate_file", "integer_ids", "lost_column", "missing_file"),
    *("rejected_share", "row_change"),
)
"""The checks of the extracts that the changes of these days would fail."""

MAKING = "making.tmp"  # a file that is being written; no extract, because of its suffix
LATER = "later"  # a folder of a table that is not there yet
ASIDE = "aside"  # a folder of files that were taken away and may come back; no table


def prepare(sample: Path, folder: Path) -> None:
    """Makes `folder` the extracts of day 0: those of `sample`, two years earlier.

    Columns that a later file adds are left out. The old content of `folder` is deleted.
    """
    shutil.rmtree(folder, ignore_errors=True)
    dates = ("timestamp", "date")
    for table, columns in COLUMNS.items():
        place = folder / LATER / table if table == CHANNELS[-1] else folder / table
        place.mkdir(parents=True)
        chosen = ", ".join(
            f"cast({name} - interval 2 year as {kind}) as {name}" if kind in dates else name
            for name, kind in columns.items()
            if name != LATER_COLUMN.get(table)
        )
        for file in sorted((sample / table).glob("*.parquet")):
            with duckdb.connect() as con:
                con.execute(
                    f"copy (select {chosen} from read_parquet({_text(file)})) to"
                    f" {_text(place / file.name)} (format parquet, compression zstd)"
                )


@dataclass(frozen=True)
class Day:
    """What happened on a day, and the `--as-of` of its build (None: the latest valid day)."""

    number: int
    kinds: tuple[str, ...]
    as_of: str | None


Change = Callable[["Days"], bool]
"""Changes the extracts; returns False, without a change, if they hold nothing to change."""

ADDING: dict[str, Change] = {}
"""Kinds of change that leave the files of the growing tables alone: new files, a new voter file."""

DISTURBING: dict[str, Change] = {}
"""Kinds of change to existing files."""

QUIET = ("no_change", "clock_back", "clock_forward")
"""Kinds of days on which no file changes."""


def kinds() -> set[str]:
    """Every kind of change."""
    return {*NEWS, *ADDING, *DISTURBING, *QUIET}


def _adding(change: Change) -> Change:
    ADDING[change.__name__] = change
    return change


def _disturbing(change: Change) -> Change:
    DISTURBING[change.__name__] = change
    return change


def _text(value: object) -> str:
    """A text literal, or NULL."""
    return "null" if value is None else "'" + str(value).replace("'", "''") + "'"


def _one_of(values: Iterable[object]) -> str:
    """A list for `in`, never empty."""
    return f"({', '.join(map(_text, values)) or 'null'})"


class Days:
    """Applies random days to the extracts of a folder; the kinds of change take turns.

    `news_share` is the number of new rows per day, as a share of the existing rows.
    """

    def __init__(self, folder: Path, seed: int, news_share: float = 0.01) -> None:
        self.folder = folder
        self.chance = random.Random(seed)  # noqa: S311
        self.news_share = news_share
        self.number = 0
        self.as_of: str | None = None
        self.removed_emails: list[tuple[int, str]] = []
        self.con = duckdb.connect()
        self.con.execute("set TimeZone = 'UTC'")
        self.con.execute("set threads = 1")  # so that the order of rows, and every byte, repeats
        self._moods: list[str] = []
        self._adding: list[str] = []
        self._disturbing: list[str] = []

    @property
    def today(self) -> date:
        """The current day."""
        return FIRST_DAY + timedelta(days=self.number)

    def next(self) -> Day:
        """Applies one more day to the extracts, and returns it."""
        self.number += 1
        if not self._moods:
            self._moods = [*["adding"] * 6, *["disturbing"] * 5, "no_change", "clock_back"]
            self.chance.shuffle(self._moods)
        mood = self._moods.pop()
        if mood == "clock_back":
            # The next day's build is without it, and nothing else has changed by then.
            self._moods.append("clock_forward")
            self.as_of = str(self.today - timedelta(days=self.chance.randint(10, 60)))
        elif mood == "clock_forward":
            self.as_of = None
        if mood in QUIET:
            return Day(self.number, (mood,), self.as_of)

        self.as_of = self.chance.choice([str(self.today), None])
        for change in NEWS.values():
            change(self)
        if mood == "adding":
            done = self._play(self._adding, ADDING, 9)
        else:
            done = self._play(self._disturbing, DISTURBING, 8)
        return Day(self.number, (*NEWS, *done), self.as_of)

    def _play(self, hand: list[str], changes: dict[str, Change], most: int) -> list[str]:
        """Plays the first kinds of `hand` that can be played; the others stay for later days."""
        done: list[str] = []
        for name in hand.copy():
            if len(done) < most and changes[name](self):
                done.append(name)
                hand.remove(name)
        if len(done) < most:
            fresh = [name for name in changes if name not in hand and name not in done]
            self.chance.shuffle(fresh)
            hand.extend(fresh)
            for name in fresh:
                if len(done) < most and changes[name](self):
                    done.append(name)
                    hand.remove(name)
        return done

    # ------------------------------------------------------------------------------------- reading

    def files(self, *tables: str) -> list[Path]:
        """The files of tables, in the order of their names."""
        return [
            file for table in tables for file in sorted((self.folder / table).glob("*.parquet"))
        ]

    def typed(self, table: str, files: Sequence[Path]) -> str:
        """A sub-select over files of a table: all its columns, in their usual types."""
        source = f"read_parquet([{', '.join(map(_text, files))}], union_by_name = true)"
        described = self.con.execute(f"describe select * from {source}").fetchall()
        there = {str(row[0]).lower() for row in described}
        columns = ", ".join(
            f"try_cast({name if name.lower() in there else 'null'} as {kind}) as {name}"
            for name, kind in COLUMNS[table].items()
        )
        return f"(select {columns} from {source})"

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """All rows of an answer."""
        return self.con.execute(query).fetchall()

    def count(self, *tables: str) -> int:
        """The number of rows of tables."""
        return sum(
            self.rows(f"select count(*) from read_parquet({_text(file)})")[0][0]
            for file in self.files(*tables)
        )

    def salted(self, *columns: str) -> str:
        """A random order of rows, the same in every run."""
        salt = f"{self.number}:{self.chance.random()}"
        return f"hash(concat_ws('|', {_text(salt)}, {', '.join(columns)}))"

    def pick(self, items: Sequence[Any], most: int) -> list[Any]:
        """A random choice of at most this many."""
        return self.chance.sample(list(items), min(most, len(items)))

    def persons(self, condition: str, most: int) -> list[tuple[int, str, str]]:
        """Some persons (id, e-mail, cell phone) who meet a condition."""
        source = self.typed("person", self.files("person"))
        found = self.rows(
            f"select distinct id, email, cell_phone from {source}"
            f" where id is not null and ({condition}) order by all"
        )
        return self.pick(found, most)

    def addresses_with_history(self, most: int) -> list[str]:
        """Addresses outside the voter file, as old events and gifts spell them."""
        found: list[str] = []
        for table in DATED:
            file = self.chance.choice(self.files(table))
            found += [
                row[0]
                for row in self.rows(
                    f"select EMAIL from {self.typed(table, [file])}"
                    " where EMAIL like '%_@_%._%' and lower(trim(EMAIL)) not in (select"
                    " lower(trim(email)) from"
                    f" {self.typed('person', self.files('person'))} where email is not null)"
                    f" group by EMAIL order by count(*) > 1 desc, {self.salted('EMAIL')}"
                    f" limit {most}"
                )
            ]
        return self.pick(found, most)

    def known_phones(self, most: int) -> list[str]:
        """Clean phones of persons, those with a row in the map first."""
        persons = self.typed("person", self.files("person"))
        phones = f"select unnest([cell_phone, home_phone]) as phone from {persons}"
        mapped = self.typed("list_link_phone_email_map", self.files("list_link_phone_email_map"))
        return [
            row[0]
            for row in self.rows(
                f"with known as (select distinct phone from ({phones})"
                "    where regexp_full_match(phone, '[2-9][0-9]{2}[2-9][0-9]{6}')),"
                f" mapped as (select distinct CONTACT_NUMBER as phone from {mapped}"
                "    where CONTACT_NUMBER in (select phone from known))"
                " select phone from known left join mapped using (phone)"
                f" order by mapped.phone is not null desc, {self.salted('phone')} limit {most}"
            )
        ]

    def spelled(self, email: str) -> str:
        """An address as people deliver it."""
        return self.chance.choice(
            [
                email,
                email.upper(),
                f" {email}  ",
                f"\u00a0{email}",
                f"{email}\u200b\t",
                email.title(),
            ]
        )

    def dialled(self, phone: str) -> str:
        """Ten digits as people deliver them."""
        area, office, line = phone[:3], phone[3:6], phone[6:]
        return self.chance.choice(
            [
                *(phone, f"1{phone}", f"+1 ({area}) {office}-{line}", f"{area}.{office}.{line}"),
                *(
                    f"{area}-{office}-{line} x12",
                    f" {phone}\u00a0",
                    f"({area}) {office}-{line} ext. 7",
                ),
            ]
        )

    # ------------------------------------------------------------------------------------- writing

    def write(self, file: Path, query: str) -> None:
        """Writes or replaces a file in one step."""
        making = self.folder / MAKING
        self.con.execute(f"copy ({query}) to {_text(making)} (format parquet, compression zstd)")
        making.replace(file)

    def new_file(self, table: str, label: str) -> Path:
        """A file that is not there; before, between or after the others in the order of names."""
        letter = self.chance.choice("anz")
        return self.folder / table / f"{letter}-{label}-{self.number:03}.parquet"

    def deliver(self, table: str, label: str, rows: Sequence[Sequence[object]]) -> None:
        """Delivers rows, given as columns in their usual order, as a new file."""
        columns = COLUMNS[table].items()
        values = ", ".join(f"({', '.join(map(_text, row))})" for row in rows)
        names = ", ".join(name for name, _ in columns)
        cast = ", ".join(
            f"cast({name} as {kind}) as {name}"
            for name, kind in columns
            if name != LATER_COLUMN.get(table)
        )
        self.write(
            self.new_file(table, label), f"select {cast} from (values {values}) as given ({names})"
        )

    def redeliver(self, table: str, changed: str, condition: str = "true") -> None:
        """Delivers each file of a table again: `changed` columns, and only rows of a condition."""
        for file in self.files(table):
            self.write(
                file,
                f"select * {f'replace ({changed})' if changed else ''}"
                f" from read_parquet({_text(file)}) where {condition}",
            )

    def append(self, table: str, rows: Sequence[Sequence[object]]) -> None:
        """Delivers the last file of a table again, with more rows in the usual columns."""
        file = self.files(table)[-1]
        values = ", ".join(f"({', '.join(map(_text, row))})" for row in rows)
        names = ", ".join(COLUMNS[table])
        self.write(
            file,
            f"select * from read_parquet({_text(file)}) union all by name"
            f" select * from (values {values}) as given ({names})",
        )

    def set_persons(self, column: str, values: dict[int, str | None]) -> bool:
        """Delivers the persons again, with other values of a column for some ids."""
        if not values:
            return False
        cases = " ".join(f"when {person} then {_text(value)}" for person, value in values.items())
        listed = ", ".join(map(str, values))
        self.redeliver(
            "person",
            f"case when try_cast(id as bigint) in ({listed})"
            f" then case try_cast(id as bigint) {cases} end else {column} end as {column}",
        )
        return True

    def fields_named(self, name: str) -> list[int]:
        """The ids of a custom field."""
        return [
            row[0]
            for row in self.rows(
                f"select id from {self.typed('custom_field', self.files('custom_field'))}"
                f" where lower(trim(name)) = {_text(name)} order by id"
            )
        ]

    def svids(self, most: int) -> list[tuple[int, str]]:
        """Some persons and their voter ids."""
        fields = ", ".join(map(str, self.fields_named("state_voter_id")))
        found = self.rows(
            "select distinct person_id, value from"
            f" {self.typed('person_custom_field', self.files('person_custom_field'))}"
            f" where custom_field_id in ({fields}) and trim(value) <> '' order by all"
        )
        return self.pick(found, most)

    def some_file(self, *tables: str, spare: bool = False) -> Path | None:
        """A random file of one of the tables; if `spare`, not the only file of its table."""
        found = [files for files in map(self.files, tables) if len(files) > int(spare)]
        return self.chance.choice(self.chance.choice(found)) if found else None


# ---------------------------------------------------------------------------------------- the news


def event_news(days: Days) -> bool:
    """A day's events; one in twenty is up to three days late, one in fifty months."""
    return _events(days, "news", f"{_moment(days.today)} - {_lateness()}")


def gift_news(days: Days) -> bool:
    """A day's gifts, late like the events; every fourth has no time of day."""
    return _gifts(days, "news", f"{_moment(days.today)} - {_lateness()}")


def map_news(days: Days) -> bool:
    """Addresses seen with phones: known, unknown, cleanly or oddly written."""
    return _mapped(days, "news", max(6, round(days.news_share * 500)), days.today)


def campaign_news(days: Days) -> bool:
    """A new campaign, one that an old row knows already by another name, and a copy of a row."""
    old = days.rows(
        f"select * from {days.typed('campaigns', days.files('campaigns'))}"
        f" where CAMPAIGN_ID is not null order by {days.salted('CAMPAIGN_ID')} limit 3"
    )
    new = 990_000 + days.number
    renamed = [
        *old[0][:4],
        f"{old[0][4]}, again",
        days.today - timedelta(days=days.chance.randint(0, 400)),
    ]
    other = [old[1][0], old[2][1], *old[1][2:]]
    days.deliver(
        "campaigns",
        "news",
        [[new, old[0][1], None, "email", f"Day {days.number}", days.today], renamed, other, old[2]],
    )
    return True


NEWS: dict[str, Change] = {
    change.__name__: change for change in (event_news, gift_news, map_news, campaign_news)
}
"""The news of every day that is not quiet."""


def _moment(day: date) -> str:
    """A time of day, by the row's chance `luck` (0 to 9999)."""
    return f"timestamp '{day} 00:00:00' + to_seconds(luck * 8)"


def _lateness() -> str:
    return (
        "to_days(cast(case when luck < 500 then 1 + luck % 3"
        " when luck < 700 then 30 + luck % 200 else 0 end as integer))"
    )


def _copied(days: Days, table: str, most: int) -> str:
    """Rows of an old file with a `luck` each, half of them of addresses in the voter file."""
    file = days.chance.choice(days.files(table))
    luck = days.salted(*COLUMNS[table])
    return f"""(
        select *, row_number() over (order by luck) as number
        from (
            select *, {luck} % 10000 as luck,
                row_number() over (
                    partition by lower(trim(EMAIL)) in (
                        select lower(trim(email))
                        from {days.typed("person", days.files("person"))}
                        where email is not null
                    )
                    order by {luck}, {", ".join(COLUMNS[table])}
                ) as place
            from {days.typed(table, [file])}
        )
        where place <= {max(1, most // 2)}
    )"""


def _dirty_email() -> str:
    return (
        "case luck % 20 when 0 then upper(EMAIL) when 1 then '  ' || EMAIL || ' '"
        " when 2 then chr(160) || EMAIL when 3 then EMAIL || chr(8203) else EMAIL end as EMAIL"
    )


def _events(days: Days, label: str, moment: str) -> bool:
    most = max(12, round(days.news_share * days.count("email_clickers")))
    days.write(
        days.new_file("email_clickers", label),
        f"select * exclude (luck, place, number, COMPLAINT) replace ({_dirty_email()},"
        f" {moment} as EVENT_DATE,"
        f" case when luck % 7 <> 0 then 'day-{days.number}-{label}-' || number end as EVENT_ID)"
        f" from {_copied(days, 'email_clickers', most)} order by number",
    )
    return True


def _gifts(days: Days, label: str, moment: str) -> bool:
    most = max(8, round(days.news_share * days.count("donations")))
    phone = (
        "case when luck % 5 = 0 and length(CONTACT_NUMBER) = 10 then '+1 (' || CONTACT_NUMBER[1:3]"
        " || ') ' || CONTACT_NUMBER[4:6] || '-' || CONTACT_NUMBER[7:10] || ' x3'"
        " else CONTACT_NUMBER end as CONTACT_NUMBER"
    )
    days.write(
        days.new_file("donations", label),
        f"select * exclude (luck, place, number, STATE) replace ({_dirty_email()}, {phone},"
        f" case when luck % 4 = 0 then date_trunc('day', {moment}) else {moment} end"
        " as DONATION_DATE,"
        f" case when luck % 7 <> 0 then 'day-{days.number}-{label}-' || number end as DONATION_ID)"
        f" from {_copied(days, 'donations', most)} order by number",
    )
    return True


def _mapped(days: Days, label: str, most: int, first_seen: date | None) -> bool:
    phones = [
        *days.known_phones(most // 3),
        *(f"7{n:02}5{n:06}" for n in range(20, 20 + most // 3)),
    ]
    emails = [
        *(email for _, email, _ in days.persons("email is not null", most // 3)),
        *days.addresses_with_history(most),
    ]
    days.deliver(
        "list_link_phone_email_map",
        label,
        [
            (
                days.dialled(days.chance.choice(phones)),
                days.spelled(days.chance.choice(emails)),
                first_seen,
                first_seen,
            )
            for _ in range(most)
        ],
    )
    return True


# ---------------------------------------------------------------- new files, and a new voter file


@_adding
def rows_from_the_future(days: Days) -> bool:
    """Events, gifts and map rows of the next days: to be ignored until the clock is there."""
    days.as_of = str(days.today)
    ahead = "to_days(cast(1 + luck % 6 as integer))"
    _events(days, "future", f"{_moment(days.today)} + {ahead}")
    _gifts(days, "future", f"{_moment(days.today)} + {ahead}")
    return _mapped(days, "future", 12, days.today + timedelta(days=days.chance.randint(1, 6)))


@_adding
def repeated_event_ids(days: Days) -> bool:
    """Events under ids that older files have.

    In turn: a send for a click and the other way round; an earlier time; a later time; another
    person's or a stranger's address; blanks around the id.
    """
    emails = [
        *(email for _, email, _ in days.persons("email is not null", 3)),
        *days.addresses_with_history(3),
    ]
    days.write(
        days.new_file("email_clickers", "repeated"),
        "select * exclude (number, COMPLAINT) replace ("
        " case when number % 5 = 0 then cast(CLICK > 0 as integer) else SEND end as SEND,"
        " case when number % 5 = 0 then cast(SEND > 0 as integer) else CLICK end as CLICK,"
        " EVENT_DATE + to_days(cast(case number % 5 when 1 then -2 when 2 then 1 else 0 end"
        " as integer)) as EVENT_DATE,"
        f" case when number % 5 = 3 then {_among(emails)} else EMAIL end as EMAIL,"
        " case when number % 5 = 4 then ' ' || EVENT_ID || chr(160) else EVENT_ID end as EVENT_ID)"
        f" from ({_repeated(days, 'email_clickers', 'EVENT_ID', 'CLICK > 0')})",
    )
    return True


def _repeated(days: Days, table: str, identity: str, condition: str) -> str:
    """Rows of an old file with an id and a `number`.

    Six each of the voter file and of strangers, where a condition holds and where it does not.
    """
    file = days.chance.choice(days.files(table))
    persons = days.typed("person", days.files("person"))
    known = f"select lower(trim(email)) from {persons} where email is not null"
    return (
        "select * exclude (place), row_number() over (order by place, EMAIL) as number"
        f" from (select *, row_number() over (partition by lower(trim(EMAIL)) in ({known}),"
        f" coalesce({condition}, false) order by {days.salted(*COLUMNS[table])}) as place"
        f" from {days.typed(table, [file])} where {identity} is not null)"
        " where place <= 6"
    )


@_adding
def repeated_gift_ids(days: Days) -> bool:
    """Gifts under ids that older files have, varied like the events; one becomes a refund."""
    emails = [
        *(email for _, email, _ in days.persons("email is not null", 3)),
        *days.addresses_with_history(3),
    ]
    days.write(
        days.new_file("donations", "repeated"),
        "select * exclude (number, STATE) replace ("
        " case when number % 5 = 0 then -AMOUNT else AMOUNT end as AMOUNT,"
        " DONATION_DATE + to_days(cast(case number % 5 when 1 then -2 when 2 then 1 else 0 end"
        " as integer)) as DONATION_DATE,"
        f" case when number % 5 = 3 then {_among(emails)} else EMAIL end as EMAIL,"
        " case when number % 5 = 4 then ' ' || DONATION_ID || chr(160) else DONATION_ID end"
        " as DONATION_ID)"
        f" from ({_repeated(days, 'donations', 'DONATION_ID', 'AMOUNT > 25')})",
    )
    return True


def _among(values: Sequence[str]) -> str:
    """One of some texts, by the row's `number`."""
    return f"([{', '.join(map(_text, values))}])[1 + number % {len(values)}]"


@_adding
def channel_news(days: Days) -> bool:
    """A day's text messages, visits and calls; a few of them come late."""
    for table in CHANNELS:
        if days.files(table):
            file = days.chance.choice(days.files(table))
            luck = days.salted(*COLUMNS[table])
            days.write(
                days.new_file(table, "news"),
                f"select * exclude (luck, number) replace ({_dirty_email()},"
                f" {_moment(days.today)} - {_lateness()} as EVENT_DATE,"
                f" case when luck % 7 <> 0 then 'day-{days.number}-' || number end as EVENT_ID)"
                " from (select *, row_number() over (order by luck) as number from"
                f" (select *, {luck} % 10000 as luck from {days.typed(table, [file])}))"
                " where number <= 40 order by number",
            )
    return True


@_adding
def channel_rows_repeated(days: Days) -> bool:
    """Rows of older files of channels again: the same, a day later, or of another person."""
    emails = [email for _, email, _ in days.persons("email is not null", 3)]
    for table in CHANNELS:
        if days.files(table):
            file = days.chance.choice(days.files(table))
            order = days.salted(*COLUMNS[table])
            days.write(
                days.new_file(table, "repeated"),
                "select * exclude (number) replace ("
                "EVENT_DATE + to_days(cast(number % 3 = 1 as integer)) as EVENT_DATE,"
                f" case when number % 3 = 2 then {_among(emails)} else EMAIL end as EMAIL)"
                f" from (select *, row_number() over (order by {order}) as number"
                f" from {days.typed(table, [file])}) where number <= 30 order by number",
            )
    return True


@_adding
def channel_appears(days: Days) -> bool:
    """A channel is delivered for the first time, with all of its past."""
    files = sorted((days.folder / LATER).rglob("*.parquet"))
    for file in files:
        place = days.folder / file.parent.name
        place.mkdir(exist_ok=True)
        file.rename(place / file.name)
    return bool(files)


@_adding
def email_changed(days: Days) -> bool:
    """Known persons get a stranger's address with a history, another person's, and a fresh one."""
    persons = days.persons("email is not null", 4)
    others = days.persons("email is not null", 1)
    emails = [
        *days.addresses_with_history(2),
        *(email for _, email, _ in others),
        f"fresh{days.number}@example.com",
    ]
    return days.set_persons(
        "email", {row[0]: days.spelled(email) for row, email in zip(persons, emails, strict=False)}
    )


@_adding
def email_added(days: Days) -> bool:
    """Persons without an address get one that has a history."""
    persons = days.persons("email is null or trim(email) = ''", 2)
    emails = days.addresses_with_history(2)
    return days.set_persons(
        "email", {row[0]: days.spelled(email) for row, email in zip(persons, emails, strict=False)}
    )


@_adding
def email_removed(days: Days) -> bool:
    """Persons lose their address; it may come back."""
    persons = days.persons("email is not null", 3)
    days.removed_emails += [(person, email) for person, email, _ in persons]
    return days.set_persons("email", {person: None for person, _, _ in persons})


@_adding
def email_put_back(days: Days) -> bool:
    """Persons get back the address that they lost."""
    removed, days.removed_emails = days.removed_emails, []
    return days.set_persons("email", dict(removed))


@_adding
def phone_changed(days: Days) -> bool:
    """Known persons get another person's phone, and phones that the map knows."""
    persons = days.persons("cell_phone is not null", 3)
    phones = [*days.known_phones(1), *_mapped_phones(days, 2)]
    return days.set_persons(
        "cell_phone",
        {row[0]: days.dialled(phone) for row, phone in zip(persons, phones, strict=False)},
    )


@_adding
def phone_added(days: Days) -> bool:
    """Persons without a cell phone get one that the map knows."""
    persons = days.persons("cell_phone is null", 2)
    phones = _mapped_phones(days, 2)
    return days.set_persons(
        "cell_phone",
        {row[0]: days.dialled(phone) for row, phone in zip(persons, phones, strict=False)},
    )


def _mapped_phones(days: Days, most: int) -> list[str]:
    """Clean phones of the map, of anybody."""
    file = days.chance.choice(days.files("list_link_phone_email_map"))
    return [
        row[0]
        for row in days.rows(
            "select distinct CONTACT_NUMBER as phone from"
            f" {days.typed('list_link_phone_email_map', [file])}"
            " where regexp_full_match(CONTACT_NUMBER, '[2-9][0-9]{2}[2-9][0-9]{6}')"
            f" order by {days.salted('phone')} limit {most}"
        )
    ] or days.known_phones(most)


@_adding
def person_added(days: Days) -> bool:
    """New persons whose addresses have a history; one shares its SVID with a voter elsewhere."""
    (field, *_) = days.fields_named("state_voter_id")
    emails = days.addresses_with_history(3)
    if not emails:
        return False
    taken = days.svids(1)
    svids = [f"00{days.number:04}", taken[0][1], None]
    first = 7_000_000 + 10 * days.number
    persons, values = [], []
    for place, (email, svid) in enumerate(zip(emails, svids, strict=False)):
        phone = days.dialled(days.chance.choice(days.known_phones(5)))
        state = days.chance.choice(["WI", "mn ", "MI"])
        persons.append((first + place, days.spelled(email), phone, None, "Dane", state))
        if svid is not None:
            values.append((first + place, field, svid))
    days.append("person", persons)
    days.append("person_custom_field", values)
    return True


@_adding
def person_removed(days: Days) -> bool:
    """Persons leave the file; the custom fields of one of them stay."""
    persons = days.persons("true", 3)
    days.redeliver("person", "", f"id is null or id not in {_one_of(row[0] for row in persons)}")
    gone = _one_of(row[0] for row in persons[1:])
    days.redeliver("person_custom_field", "", f"person_id is null or person_id not in {gone}")
    return True


@_adding
def field_added(days: Days) -> bool:
    """Persons get a party, a birth date and a second voter id."""
    persons = days.persons("true", 3)
    fields = [(name, days.fields_named(name)) for name in ("party", "birth_date", "state_voter_id")]
    values = {"party": "Green", "birth_date": "1984-02-29", "state_voter_id": f"9{days.number:05}"}
    days.append(
        "person_custom_field",
        [
            (person[0], ids[0], values[name])
            for person, (name, ids) in zip(persons, fields, strict=False)
            if ids
        ],
    )
    return True


@_adding
def field_removed(days: Days) -> bool:
    """Persons lose a voter id, and all that is known of them but that."""
    ((without_id, svid), (with_id, _)) = days.svids(2)
    fields = ", ".join(map(str, days.fields_named("state_voter_id")))
    days.redeliver(
        "person_custom_field",
        "",
        f"not coalesce(person_id = {without_id} and value = {_text(svid)}"
        f" and custom_field_id in ({fields})"
        f" or person_id = {with_id} and custom_field_id not in ({fields}), false)",
    )
    return True


@_adding
def svid_changed(days: Days) -> bool:
    """A person's voter id becomes new; another's becomes that of somebody else."""
    ((first, old), (second, older), (_, taken)) = days.svids(3)
    fields = ", ".join(map(str, days.fields_named("state_voter_id")))
    days.redeliver(
        "person_custom_field",
        f"case when custom_field_id in ({fields}) and person_id = {first} and value = {_text(old)}"
        f" then '0{days.number:05} ' when custom_field_id in ({fields}) and person_id = {second}"
        f" and value = {_text(older)} then {_text(taken)} else value end as value",
    )
    return True


@_adding
def dictionary_changed(days: Days) -> bool:
    """One more field is named like the voter id, and holds one."""
    field = 7000 + days.number
    days.append("custom_field", [(field, " State_Voter_ID ")])
    days.append("person_custom_field", [(days.persons("true", 1)[0][0], field, f"8{field}")])
    return True


@_adding
def address_linked_to_phone(days: Days) -> bool:
    """The map links old addresses with a history to phones of voters."""
    emails = days.addresses_with_history(3)
    phones = days.known_phones(3)
    days.deliver(
        "list_link_phone_email_map",
        "linked",
        [
            (days.dialled(phone), days.spelled(email), date(2020, 1, 1), date(2021, 1, 1))
            for phone, email in zip(phones, emails, strict=False)
        ],
    )
    return True


@_adding
def phone_over_bridge_limit(days: Days) -> bool:
    """The map gives phones too many addresses to bridge."""
    days.deliver(
        "list_link_phone_email_map",
        "bridge",
        [
            (days.dialled(phone), f"bridge{days.number}.{number}@example.com", None, None)
            for phone in days.known_phones(2)
            for number in range(6)
        ],
    )
    return True


@_adding
def phone_at_bridge_limit(days: Days) -> bool:
    """The map gives a phone that it did not know five addresses with a history: it bridges."""
    phone = f"612555{days.number:04}"
    persons = days.persons("true", 2)
    days.set_persons("home_phone", {row[0]: phone for row in persons})
    days.deliver(
        "list_link_phone_email_map",
        "limit",
        [
            (days.dialled(phone), days.spelled(email), None, None)
            for email in days.addresses_with_history(5)
        ],
    )
    return True


@_adding
def phone_over_voter_limit(days: Days) -> bool:
    """Many persons get the home phone of one person, so that it links nobody any more."""
    (phone, *_) = days.known_phones(1)
    persons = days.persons("true", 6)
    return days.set_persons("home_phone", {row[0]: days.dialled(phone) for row in persons})


@_adding
def email_over_voter_limit(days: Days) -> bool:
    """Many persons get the address of one person, so that it links nobody any more."""
    ((_, email, _), *_) = days.persons("email like '%_@_%._%'", 1)
    persons = days.persons("true", days.chance.randint(4, 6))
    return days.set_persons("email", {row[0]: days.spelled(email) for row in persons})


@_adding
def empty_file(days: Days) -> bool:
    """A file without rows."""
    table = days.chance.choice(GROWING)
    source = days.typed(table, days.files(table)[:1])
    later = f" exclude ({LATER_COLUMN[table]})" if table in LATER_COLUMN else ""
    days.write(days.new_file(table, "empty"), f"select *{later} from {source} where false")
    return True


# ------------------------------------------------------------------- files that were there before


@_disturbing
def file_touched(days: Days) -> bool:
    """Files are delivered again: same bytes, same names, another time of change."""
    for table in ("email_clickers", "list_link_phone_email_map", "person"):
        file = days.chance.choice(days.files(table))
        (days.folder / MAKING).write_bytes(file.read_bytes())
        (days.folder / MAKING).replace(file)
    return True


@_disturbing
def file_doubled(days: Days) -> bool:
    """Files are delivered again under another name: all their rows are duplicates."""
    for table in GROWING:
        file = min(days.files(table), key=lambda file: (file.stat().st_size, file.name))
        shutil.copyfile(file, days.new_file(table, "doubled"))
    return True


@_disturbing
def file_renamed(days: Days) -> bool:
    """A file gets another name."""
    file = days.some_file(*GROWING, "person")
    if file is None:
        return False
    file.rename(days.new_file(file.parent.name, "renamed"))
    return True


@_disturbing
def file_replaced(days: Days) -> bool:
    """A file comes with other rows: some are missing, some belong to somebody else."""
    file = days.some_file("email_clickers", "donations", "list_link_phone_email_map")
    if file is None:
        return False
    days.write(file, _other_rows(days, file))
    return True


@_disturbing
def file_replaced_by_one_of_its_size(days: Days) -> bool:
    """A file comes with other rows, and as many bytes."""
    tables = ("email_clickers", "donations", "list_link_phone_email_map")
    files = [file for file in days.files(*tables) if file.stat().st_size > 5000]
    for file in days.pick(files, 5):
        size = file.stat().st_size
        other = days.folder / MAKING
        query = _other_rows(days, file)
        days.con.execute(f"copy ({query}) to {_text(other)} (format parquet, compression zstd)")
        if other.stat().st_size <= size:
            _pad(other, size)
            other.replace(file)
            return True
    return False


def _other_rows(days: Days, file: Path) -> str:
    """The rows of a file, without a fifth of them; of each tenth the address is its neighbour's."""
    return (
        "select * exclude (number) replace ("
        " case when number % 10 = 0 then lag(EMAIL) over (order by number) else EMAIL end as EMAIL)"
        " from (select *, row_number() over () as number from"
        f" read_parquet({_text(file)})) where number % 5 <> {days.chance.randint(1, 4)}"
        " order by number"
    )


def _pad(file: Path, size: int) -> None:
    """Makes a Parquet file larger: readers skip bytes between its pages and its footer."""
    content = file.read_bytes()
    footer = len(content) - int.from_bytes(content[-8:-4], "little") - 8
    file.write_bytes(content[:footer] + bytes(size - len(content)) + content[footer:])


@_disturbing
def file_removed(days: Days) -> bool:
    """A file is no longer there; it may come back."""
    file = days.some_file("email_clickers", "donations", "list_link_phone_email_map", spare=True)
    if file is None:
        return False
    aside = days.folder / ASIDE / file.parent.name
    aside.mkdir(parents=True, exist_ok=True)
    file.rename(aside / file.name)
    return True


@_disturbing
def file_put_back(days: Days) -> bool:
    """The files that were removed are there again, as they were."""
    removed = sorted((days.folder / ASIDE).rglob("*.parquet"))
    for file in removed:
        file.rename(days.folder / file.parent.name / file.name)
    return bool(removed)


@_disturbing
def file_split(days: Days) -> bool:
    """Two files hold what one held."""
    file = days.some_file(*GROWING, "person_custom_field")
    if file is None:
        return False
    table = file.parent.name
    source = f"from read_parquet({_text(file)}, file_row_number = true) where file_row_number % 2"
    for half in range(2):
        target = days.folder / table / f"m-half{half}-{days.number:03}-{file.name}"
        days.write(target, f"select * exclude (file_row_number) {source} = {half}")
    file.unlink()
    return True


@_disturbing
def type_changed(days: Days) -> bool:
    """A file comes with the same values in columns of other types: times as text, flags too."""
    changed = {
        "email_clickers": (
            "strftime(try_cast(EVENT_DATE as timestamp), '%Y-%m-%dT%H:%M:%S.%f') as EVENT_DATE,"
            " cast(SEND as varchar) as SEND, cast(CLICK as double) as CLICK"
        ),
        "donations": (
            "strftime(try_cast(DONATION_DATE as timestamp), '%Y-%m-%d %H:%M:%S') as DONATION_DATE,"
            " cast(AMOUNT as double) as AMOUNT"
        ),
        "list_link_phone_email_map": "cast(FIRST_COHORT_AT as date) as FIRST_COHORT_AT",
        "person": "cast(id as varchar) as id",
    }
    file = days.some_file(*days.pick(sorted(changed), 1))
    if file is None:
        return False
    days.write(
        file, f"select * replace ({changed[file.parent.name]}) from read_parquet({_text(file)})"
    )
    return True


@_disturbing
def column_added(days: Days) -> bool:
    """New files have columns that no file had: one that is read, and one that is not.

    The other has the name that the engine uses for the file of a row.
    """
    for table, column in LATER_COLUMN.items():
        file = days.chance.choice(days.files(table))
        value = "'WI'" if column == "STATE" else f"cast(number % 3 = 0 as {COLUMNS[table][column]})"
        days.write(
            days.new_file(table, "wider"),
            f"select * exclude (number) replace ({value} as {column}), number as FILENAME"
            " from (select *, row_number() over () as number"
            f" from {days.typed(table, [file])} limit 9)",
        )
    return True


@_disturbing
def latest_day_removed(days: Days) -> bool:
    """The rows of the latest days are taken back, so that the clock falls back."""
    days.as_of = None
    latest = []
    dated = {**DATED, **dict.fromkeys(CHANNELS, "EVENT_DATE")}
    for file, column in (
        (file, column) for table, column in dated.items() for file in days.files(table)
    ):
        moment = f"try_cast({column} as timestamp)"
        row = days.con.execute(
            f"select max({moment}) from read_parquet({_text(file)})"
            f" where {moment} < timestamp '{END_OF_TIME}'"
        ).fetchone()
        if row and row[0]:
            latest.append((row[0].date(), file, moment))
    last_day = max(latest)[0]
    for day, file, moment in latest:
        if day == last_day:
            kept = f"coalesce({moment} < timestamp '{last_day}', true)"
            days.write(file, f"select * from read_parquet({_text(file)}) where {kept}")
    return True
