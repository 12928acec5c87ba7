"""The voter file: persons, their fields, and the voters they make up (000-01…03, 000-08)."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from reference.extracts import Accounts, rows
from reference.normalise import UncastableError, email, moment, name, phone, state, text

VoterKey = tuple[str, str]
"""(state, svid)."""


class PersonRow(NamedTuple):
    """A valid row of `person` after normalisation."""

    id: str
    email: str | None
    cell_phone: str | None
    home_phone: str | None
    county: str | None
    state: str


class FieldRow(NamedTuple):
    """A valid row of `person_custom_field` after normalisation."""

    person_id: str
    field_id: str
    value: str | None


@dataclass
class Voter:
    """One (state, svid): the united persons of that key (F01, F02)."""

    key: VoterKey
    person_ids: set[str] = field(default_factory=set)
    emails: set[str] = field(default_factory=set)
    phones: set[str] = field(default_factory=set)
    person_id: str = ""
    county: str | None = None
    party: str | None = None
    gender: str | None = None
    birth_dates: tuple[date, ...] = ()
    """Every birth date that was given, in the order in which they count."""


@dataclass
class VoterFile:
    """Every voter, and every person's direct addresses (a person without an SVID included)."""

    voters: dict[VoterKey, Voter]
    persons_of_email: dict[str, set[str]]


def person_order(person_id: str) -> tuple[int, str]:
    """Smallest person id: shorter text first, then text order."""
    return len(person_id), person_id


def read_field_names(folder: Path, accounts: Accounts) -> dict[str, set[str]]:
    """Ids of every field name, compared trimmed and without case (F10)."""
    account = accounts["custom_field"]
    ids: dict[str, set[str]] = defaultdict(set)
    seen = set()
    for raw_id, raw_name in rows(folder, "custom_field", accounts):
        account["rows_in"] += 1
        field_id, field_name = text(raw_id), text(raw_name)
        if field_id is None or field_name is None:
            account["rows_rejected"] += 1
        elif (field_id, field_name.lower()) in seen:
            account["rows_duplicate"] += 1
        else:
            account["rows_kept"] += 1
            seen.add((field_id, field_name.lower()))
            ids[field_name.lower()].add(field_id)
    return ids


def read_fields(folder: Path, names: dict[str, set[str]], accounts: Accounts) -> list[FieldRow]:
    """Valid rows of `person_custom_field`; a birth date that is not ISO 8601 rejects its row."""
    account = accounts["person_custom_field"]
    valid = []
    for raw_person, raw_field, raw_value in rows(folder, "person_custom_field", accounts):
        account["rows_in"] += 1
        person_id, field_id, value = text(raw_person), text(raw_field), text(raw_value)
        if person_id is None or field_id is None:
            account["rows_rejected"] += 1
            continue
        if field_id in names["birth_date"] and value is not None:
            try:
                moment(value)
            except UncastableError:
                account["rows_rejected"] += 1
                continue
        valid.append(FieldRow(person_id, field_id, value))
    return valid


def read_persons(folder: Path, accounts: Accounts) -> list[PersonRow]:
    """Valid rows of `person`: those with an id and a two-letter state (F02)."""
    account = accounts["person"]
    valid = []
    for raw_id, raw_email, raw_cell, raw_home, raw_county, raw_state in rows(
        folder, "person", accounts
    ):
        account["rows_in"] += 1
        person_id, home_state = text(raw_id), state(raw_state)
        if person_id is None or home_state is None:
            account["rows_rejected"] += 1
            continue
        valid.append(
            PersonRow(
                person_id,
                email(raw_email)[0],
                phone(raw_cell)[0],
                phone(raw_home)[0],
                name(raw_county),
                home_state,
            )
        )
    return valid


def values_of(fields: list[FieldRow], field_ids: set[str]) -> dict[str, set[str]]:
    """Every non-blank value a person has in any field of these ids (F11)."""
    values: dict[str, set[str]] = defaultdict(set)
    for row in fields:
        if row.field_id in field_ids and row.value is not None:
            values[row.person_id].add(row.value)
    return values


def names_of(fields: list[FieldRow], field_ids: set[str]) -> dict[str, set[str]]:
    """The same of a name that people are grouped by."""
    return {
        person_id: {found for value in values if (found := name(value)) is not None}
        for person_id, values in values_of(fields, field_ids).items()
    }


def first_value(person_ids: set[str], values: dict[str, set[str]]) -> str | None:
    """F11: that of the smallest person id that has one; of several, the smallest text."""
    for person_id in sorted(person_ids, key=person_order):
        if values.get(person_id):
            return min(values[person_id])
    return None


def _unite(persons: list[PersonRow], svids: dict[str, set[str]]) -> dict[VoterKey, Voter]:
    """F01: the person rows of one (state, svid) are one voter whose contacts are united."""
    voters: dict[VoterKey, Voter] = {}
    counties: dict[VoterKey, dict[str, set[str]]] = {}
    for person in persons:
        for svid in svids.get(person.id, ()):
            key = (person.state, svid)
            voter = voters.setdefault(key, Voter(key))
            voter.person_ids.add(person.id)
            if person.email is not None:
                voter.emails.add(person.email)
            voter.phones.update(p for p in (person.cell_phone, person.home_phone) if p is not None)
            if person.county is not None:
                county_of = counties.setdefault(key, {})
                county_of.setdefault(person.id, set()).add(person.county)
    for key, voter in voters.items():
        voter.person_id = min(voter.person_ids, key=person_order)
        by_person = counties.get(key, {})
        for person_id in sorted(by_person, key=person_order)[:1]:
            voter.county = min(by_person[person_id], key=lambda county: (county.lower(), county))
    _spell_counties(list(voters.values()))
    return voters


def _spell_counties(voters: list[Voter]) -> None:
    """Counties are one whatever their case: each is spelt as most of its voters have it."""
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    for voter in voters:
        if voter.county is not None:
            spellings[voter.county.lower()][voter.county] += 1
    for voter in voters:
        if voter.county is not None:
            found = spellings[voter.county.lower()]
            voter.county = min(found, key=lambda spelling: (-found[spelling], spelling))


def _account_for(table_rows: list[Any], linked: list[bool], account: Any) -> None:
    """Row accounting of valid rows: unlinked before duplicate before kept."""
    seen = set()
    for row, is_linked in zip(table_rows, linked, strict=True):
        if not is_linked:
            account["rows_unlinked"] += 1
        elif row in seen:
            account["rows_duplicate"] += 1
        else:
            seen.add(row)
            account["rows_kept"] += 1


def read_voter_file(folder: Path, accounts: Accounts) -> VoterFile:
    """Persons, fields and voters, with the first three row accounts filled in."""
    names = read_field_names(folder, accounts)
    fields = read_fields(folder, names, accounts)
    persons = read_persons(folder, accounts)
    svids = values_of(fields, names["state_voter_id"])
    voters = _unite(persons, svids)

    parties = names_of(fields, names["party"])
    genders = names_of(fields, names["gender"])
    births = values_of(fields, names["birth_date"])
    for voter in voters.values():
        voter.party = first_value(voter.person_ids, parties)
        voter.gender = first_value(voter.person_ids, genders)
        texts = [
            value
            for person_id in sorted(voter.person_ids, key=person_order)
            for value in sorted(births.get(person_id, ()))
        ]
        voter.birth_dates = tuple(birth.date() for one in texts if (birth := moment(one)))

    persons_of_email: dict[str, set[str]] = defaultdict(set)
    for person in persons:
        if person.email is not None:
            persons_of_email[person.email].add(person.id)

    of_a_voter = {person_id for voter in voters.values() for person_id in voter.person_ids}
    _account_for(persons, [bool(svids.get(row.id)) for row in persons], accounts["person"])
    _account_for(
        fields, [row.person_id in of_a_voter for row in fields], accounts["person_custom_field"]
    )
    return VoterFile(voters, dict(persons_of_email))
