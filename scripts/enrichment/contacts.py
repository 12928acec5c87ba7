"""Adds an e-mail address and a phone to a list of people without those who may not be contacted.

``segments.segment_contacts`` defines who may not be contacted, and which address is used.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from enrichment import audit, roles
from enrichment.database import Database, Query
from enrichment.errors import InputError

CONTACT, SOLICIT = "contact_blocked_by", "solicitation_blocked_by"
"""The purpose of a list: any contact, or asking for gifts."""


def check_output(out: str | None) -> None:
    """Raises InputError unless contact details are allowed and go into a file."""
    roles.require("contact_details")
    roles.require("single_people")
    if out in (None, "-"):
        raise InputError(
            "--with-contact-details: name a file with --out; addresses and phones go into a file "
            "that only its owner can read, never to a terminal or a pipe"
        )


def with_contacts(
    database: Database, people: Query, purpose: str, then: str, then_values: Sequence[Any] = ()
) -> Query:
    """The rows of ``people`` (with columns state, svid) who may be contacted, with the details.

    Prints to standard error how many people were left out, and why, and how many of the others
    share an address or phone with somebody suppressed; the audit log notes the use of contact
    details. ``then`` is SQL that orders the rows.
    """
    audit.note(contact_details=True)
    function = database.relation("segments", "segment_contacts", private=True)
    database.keep("listed_people", people)
    database.keep(
        "contacts",
        Query(
            f"select * exclude (requested_svid) from {function}(("
            "select list(distinct state || ':' || svid) from temp.listed_people "
            "where svid is not null))"
        ),
    )
    left_out = database.all_rows(
        Query(
            f"select {purpose}, count(*) from temp.contacts where {purpose} is not null "
            "group by all order by all"
        )
    )
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in left_out)
    print(
        f"segment.py: left out, as they may not be contacted: {sum(n for _, n in left_out):,} "
        f"people{f' ({reasons})' if reasons else ''}",
        file=sys.stderr,
    )
    ((shared,),) = database.all_rows(
        Query(
            "select count(*) from temp.contacts "
            f"where is_shared_with_suppressed and {purpose} is null"
        )
    )
    if shared:
        print(
            f"segment.py: {shared:,} people on the list share the address or phone with somebody "
            "who is suppressed by voter id: to stop what goes there, suppress the address or phone",
            file=sys.stderr,
        )
    return Query(
        "select people.*, contacts.email, contacts.phone from temp.listed_people as people "
        "left join temp.contacts on people.state = contacts.state and people.svid = contacts.svid "
        f"where contacts.{purpose} is null {then}",
        tuple(then_values),
    )
