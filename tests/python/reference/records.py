"""Events, gifts and campaigns: validity, the clock, identity and row accounting."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from reference.extracts import Accounts, rows
from reference.links import Links
from reference.normalise import (
    UncastableError,
    boolean,
    email,
    flag,
    moment,
    name,
    nulls_last,
    number,
    phone,
    text,
)
from reference.settings import EARLIEST_YEAR, SENTINEL_AMOUNTS
from reference.voters import VoterKey


class Event(NamedTuple):
    """A valid row of `email_clickers` after normalisation, columns in interface order."""

    email: str
    campaign_id: str | None
    client: str | None
    at: datetime
    send: int
    open: int
    click: int
    bounce: int
    complaint: int
    unsub: int
    is_bot: bool
    event_id: str | None
    link: str | None
    machine: str | None = None
    """The rule by which a machine caused it, None for a human event."""

    @property
    def is_human(self) -> bool:
        """No rule of machine_rules fits."""
        return self.machine is None

    @property
    def is_engagement(self) -> bool:
        """F06: a human event with an open or a click."""
        return self.is_human and (self.open > 0 or self.click > 0)

    @property
    def flags(self) -> tuple[int, ...]:
        """SEND to UNSUBSCRIBE."""
        return (self.send, self.open, self.click, self.bounce, self.complaint, self.unsub)

    @property
    def message(self) -> tuple[Any, ...]:
        """F16: what the row is about; without an id every declared column."""
        if self.event_id is None:
            return tuple(self)
        return (self.event_id, self.email, self.campaign_id, self.client, self.is_bot)

    def covers(self, other: "Event") -> bool:
        """F16: all flags are at least as large and one is larger."""
        return self.flags != other.flags and all(
            own >= flag for own, flag in zip(self.flags, other.flags, strict=True)
        )


class Gift(NamedTuple):
    """A valid row of `donations` after normalisation, columns in interface order."""

    email: str | None
    phone: str | None
    at: datetime
    state: str | None
    amount: Decimal | None
    donation_id: str | None
    source: str | None

    @property
    def is_gift(self) -> bool:
        """F97: a negative amount is a refund, zero and NULL amounts are gifts."""
        return self.amount is None or self.amount >= 0


class Campaign(NamedTuple):
    """What `campaigns` says of an id (F48)."""

    client: str | None
    name: str | None
    channel: str | None
    start: date | None


Record = TypeVar("Record", Event, Gift)


def _dated(value: Any) -> datetime:
    at = moment(value)
    if at is None or at.year < EARLIEST_YEAR:
        raise UncastableError(value)
    return at


def _event(row: tuple[Any, ...]) -> Event:
    """A row of `email_clickers`, or UncastableError: no valid e-mail, bad date, negative flag."""
    address = email(row[0])[0]
    if address is None:
        raise UncastableError(row[0])
    return Event(
        address,
        text(row[1]),
        name(row[2]),
        _dated(row[3]),
        flag(row[4]),
        flag(row[5]),
        flag(row[6]),
        flag(row[7]),
        flag(row[8]),
        flag(row[9]),
        boolean(row[10]),
        text(row[11]),
        text(row[12]),
    )


def _gift(row: tuple[Any, ...]) -> Gift:
    """A row of `donations`, or UncastableError: no valid contact, bad date or amount."""
    address, contact_number = email(row[0])[0], phone(row[1])[0]
    if address is None and contact_number is None:
        raise UncastableError(row[0])
    giving_state, amount = text(row[3]), number(row[4])
    if amount in SENTINEL_AMOUNTS:
        raise UncastableError(row[4])
    return Gift(
        address,
        contact_number,
        _dated(row[2]),
        giving_state and giving_state.upper(),
        amount,
        text(row[5]),
        (text(row[6]) or "").lower() or None,
    )


def _castable(
    folder: Path, table: str, parse: Callable[[tuple[Any, ...]], Record], accounts: Accounts
) -> list[Record]:
    account = accounts[table]
    valid = []
    for row in rows(folder, table, accounts):
        account["rows_in"] += 1
        try:
            valid.append(parse(row))
        except UncastableError:
            account["rows_rejected"] += 1
    return valid


def _until(records: list[Record], day: date, account: Counter[str]) -> list[Record]:
    """F17: rows after the clock's day are rejected."""
    kept = [record for record in records if record.at.date() <= day]
    account["rows_rejected"] += len(records) - len(kept)
    return kept


@dataclass
class Records:
    """Valid events and gifts up to the clock's day, strangers included."""

    as_of: date
    events: list[Event]
    gifts: list[Gift]


def read_records(folder: Path, as_of: date | None, build_day: date, accounts: Accounts) -> Records:
    """Valid events and gifts, and as_of_date: the var, or the last valid day up to the build's."""
    events = _castable(folder, "email_clickers", _event, accounts)
    gifts = _castable(folder, "donations", _gift, accounts)
    if as_of is None:
        days = (record.at.date() for records in (events, gifts) for record in records)
        as_of = max((day for day in days if day <= build_day), default=build_day)
    return Records(
        as_of,
        _until(events, as_of, accounts["email_clickers"]),
        _until(gifts, as_of, accounts["donations"]),
    )


def identity(gift: Gift) -> tuple[Any, ...]:
    """F50: the gift's own id where it has one, else its declared columns."""
    return tuple(gift) if gift.donation_id is None else (gift.donation_id,)


def distinct_gifts(gifts: list[Gift]) -> dict[tuple[Any, ...], Gift]:
    """Of the rows with one id: the first by time, then by the columns, NULLs last."""
    first: dict[tuple[Any, ...], Gift] = {}
    for gift in sorted(gifts, key=lambda gift: nulls_last((gift.at, *gift))):
        first.setdefault(identity(gift), gift)
    return first


def distinct_events(events: list[Event]) -> list[Event]:
    """F16: of a message's rows those that no other covers; of equal flags the first."""
    messages: dict[tuple[Any, ...], dict[tuple[int, ...], Event]] = {}
    for event in sorted(events, key=lambda event: nulls_last((event.at, *event))):
        messages.setdefault(event.message, {}).setdefault(event.flags, event)
    return [
        event
        for said in messages.values()
        for event in said.values()
        if not any(other.covers(event) for other in said.values())
    ]


def keep_events(
    events: list[Event], is_linked: Callable[[Event], bool], account: Counter[str]
) -> tuple[list[Event], list[Event]]:
    """Kept events, and the clicks of strangers, each once."""
    linked = [event for event in events if is_linked(event)]
    kept = distinct_events(linked)
    account["rows_unlinked"] += len(events) - len(linked)
    account["rows_duplicate"] += len(linked) - len(kept)
    account["rows_kept"] += len(kept)
    clicks = [event for event in events if event.click > 0 and not is_linked(event)]
    return kept, distinct_events(clicks)


def keep_gifts(
    gifts: list[Gift], is_linked: Callable[[Gift], bool], account: Counter[str]
) -> tuple[list[Gift], list[Gift]]:
    """Kept gifts, and everybody's gifts each once (strangers behind the kept ones)."""
    linked = [gift for gift in gifts if is_linked(gift)]
    kept = distinct_gifts(linked)
    strangers = distinct_gifts([gift for gift in gifts if not is_linked(gift)])
    account["rows_unlinked"] += len(gifts) - len(linked)
    account["rows_duplicate"] += len(linked) - len(kept)
    account["rows_kept"] += len(kept)
    others = [gift for key, gift in strangers.items() if key not in kept]
    return list(kept.values()), list(kept.values()) + others


def voters_of_gift(gift: Gift, links: Links) -> list[VoterKey]:
    """F08: the voters of its e-mail; those of its phone only if the e-mail leads to none."""
    of_email = links.voters_of_email.get(gift.email, []) if gift.email else []
    if of_email:
        return of_email
    return links.voters_of_phone.get(gift.phone, []) if gift.phone else []


def read_campaigns(folder: Path, accounts: Accounts) -> dict[str, Campaign]:
    """One row per campaign id: the latest START_DATE, NULL last, then the largest name (F48)."""
    account = accounts["campaigns"]
    best: dict[str, tuple[tuple[Any, ...], Campaign]] = {}
    for raw_id, raw_client, raw_list, raw_channel, raw_name, raw_start in rows(
        folder, "campaigns", accounts
    ):
        account["rows_in"] += 1
        campaign_id, client, title = text(raw_id), name(raw_client), text(raw_name)
        list_id, channel = text(raw_list), text(raw_channel)
        try:
            start = moment(raw_start)
        except UncastableError:
            campaign_id = None
        if campaign_id is None:
            account["rows_rejected"] += 1
            continue
        account["rows_duplicate" if campaign_id in best else "rows_kept"] += 1
        rank = (
            (start is not None, start or datetime.min),
            (title is not None, title or ""),
            (client is not None, client or ""),
            (list_id is not None, list_id or ""),
            (channel is not None, channel or ""),
        )
        if campaign_id not in best or rank > best[campaign_id][0]:
            day = None if start is None else start.date()
            best[campaign_id] = (rank, Campaign(client, title, channel, day))
    return {campaign_id: campaign for campaign_id, (_, campaign) in best.items()}
