"""Linkage: voters to addresses and phones, in the order of the four rules (000-08…10)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

from reference.extracts import Accounts, rows
from reference.normalise import UncastableError, email, moment, phone
from reference.settings import HUB_LIMIT
from reference.voters import VoterFile, VoterKey


class MapRow(NamedTuple):
    """A valid map row whose phone is some voter's."""

    phone: str
    email: str
    first_at: datetime | None
    last_at: datetime | None


class Bridge(NamedTuple):
    """A `phone_map` link: voter, through a phone, to an address."""

    voter: VoterKey
    phone: str
    email: str


@dataclass
class Links:
    """The used links: the sorted voters of every used address and phone (F05)."""

    voters_of_email: dict[str, list[VoterKey]]
    voters_of_phone: dict[str, list[VoterKey]]
    emails_of_voter: dict[VoterKey, set[str]]
    phones_of_voter: dict[VoterKey, set[str]]

    def shared_by(self, address: str) -> int:
        """F05: how many voters a used address counts for in full."""
        return len(self.voters_of_email.get(address, ()))

    def emails_of(self, voters: Iterable[VoterKey]) -> set[str]:
        """The distinct used addresses of these voters."""
        return {address for key in voters for address in self.emails_of_voter.get(key, ())}

    def phones_of(self, voters: Iterable[VoterKey]) -> set[str]:
        """The distinct used phones of these voters."""
        return {number for key in voters for number in self.phones_of_voter.get(key, ())}


def _read_map(folder: Path, phones: set[str], accounts: Accounts) -> list[MapRow]:
    """Valid map rows of the voters' phones: rows are linked before they are judged.

    A row without a phone is rejected; of other phones, valid or not, every row is unlinked.
    """
    account = accounts["list_link_phone_email_map"]
    valid = []
    for raw_phone, raw_email, raw_first, raw_last in rows(
        folder, "list_link_phone_email_map", accounts
    ):
        account["rows_in"] += 1
        number, reason = phone(raw_phone)
        if reason == "blank":
            account["rows_rejected"] += 1
            continue
        if number is None or number not in phones:
            account["rows_unlinked"] += 1
            continue
        address = email(raw_email)[0]
        try:
            first_at, last_at = moment(raw_first), moment(raw_last)
        except UncastableError:
            address = None
        if address is None:
            account["rows_rejected"] += 1
            continue
        valid.append(MapRow(number, address, first_at, last_at))
    return valid


def _invert(pairs: Iterable[tuple[VoterKey, str]]) -> dict[str, list[VoterKey]]:
    voters: dict[str, set[VoterKey]] = defaultdict(set)
    for key, identifier in pairs:
        voters[identifier].add(key)
    return {identifier: sorted(keys) for identifier, keys in voters.items()}


def _by_voter(voters_of: dict[str, list[VoterKey]]) -> dict[VoterKey, set[str]]:
    of_voter: dict[VoterKey, set[str]] = defaultdict(set)
    for identifier, keys in voters_of.items():
        for key in keys:
            of_voter[key].add(identifier)
    return of_voter


def _within_limit(voters_of: dict[str, list[VoterKey]]) -> dict[str, list[VoterKey]]:
    return {name: keys for name, keys in voters_of.items() if len(keys) <= HUB_LIMIT}


def build_links(folder: Path, file: VoterFile, as_of: date, accounts: Accounts) -> Links:
    """Links after the four rules, and the row account of the map."""
    direct_phones = [(key, number) for key, v in file.voters.items() for number in v.phones]
    direct_emails = [(key, address) for key, v in file.voters.items() for address in v.emails]

    # Rule 1: a phone with more than 5 voters is no link and no bridge.
    voters_of_phone = _within_limit(_invert(direct_phones))

    # F09: a map row first seen after the clock's day is ignored; any other holds for all times.
    map_rows = _read_map(folder, {number for _, number in direct_phones}, accounts)
    in_time = [row for row in map_rows if row.first_at is None or row.first_at.date() <= as_of]

    # Rule 2: a phone with more than 5 distinct valid addresses in the map is no bridge.
    emails_of_phone: dict[str, set[str]] = defaultdict(set)
    for row in in_time:
        emails_of_phone[row.phone].add(row.email)
    bridges = [
        Bridge(key, number, address)
        for number, keys in voters_of_phone.items()
        if len(emails_of_phone.get(number, ())) <= HUB_LIMIT
        for key in keys
        for address in emails_of_phone.get(number, ())
    ]

    # Rule 3: direct beats map.
    nobody: set[str] = set()
    bridges = [
        bridge
        for bridge in bridges
        if not (
            file.persons_of_email.get(bridge.email, nobody) - file.voters[bridge.voter].person_ids
        )
    ]

    # Rule 4: an address with more than 5 voters among the remaining links is no link.
    voters_of_email = _within_limit(
        _invert([*direct_emails, *((bridge.voter, bridge.email) for bridge in bridges)])
    )

    used = {(b.phone, b.email) for b in bridges if b.email in voters_of_email}
    timely = set(in_time)
    account = accounts["list_link_phone_email_map"]
    seen = set()
    for row in map_rows:
        if row not in timely or (row.phone, row.email) not in used:
            account["rows_unlinked"] += 1
        elif row in seen:
            account["rows_duplicate"] += 1
        else:
            seen.add(row)
            account["rows_kept"] += 1

    return Links(
        voters_of_email,
        voters_of_phone,
        _by_voter(voters_of_email),
        _by_voter(voters_of_phone),
    )
