"""Adds an e-mail address and a phone to a list of people, and leaves out who may not be contacted.

Who that is, and which address is taken, says ``segments.segment_contacts``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from enrichment import audit
from enrichment.database import Database, Query
from enrichment.errors import InputError

CONTACT, SOLICIT = "contact_blocked_by", "solicitation_blocked_by"
"""What a list is for: any contact, or asking for gifts."""


def check_place(out: str | None) -> None:
    """Raises InputError where contact details would go anywhere but into a file."""
    if out in (None, "-"):
        raise InputError(
            "--with-contact-details: name a file with --out; addresses and phones go into a file "
            "that only its owner can read, never to a terminal or a pipe"
        )


def with_contacts(
    database: Database, people: Query, purpose: str, then: str, then_values: Sequence[Any] = ()
) -> Query:
    """The rows of ``people`` (with columns state, svid) who may be contacted, and how.

    Says on standard error how many people were left out, and why; the audit log has a note of
    it. ``then`` is SQL that orders.
    """
    audit.note(contact_details=True)
    function = database.relation("segments", "segment_contacts")
    database.keep("people_asked_for", people)
    database.keep(
        "contacts",
        Query(
            f"select * exclude (requested_svid) from {function}(("
            "select list(distinct state || ':' || svid) from temp.people_asked_for "
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
    return Query(
        "select people.*, contacts.email, contacts.phone from temp.people_asked_for as people "
        "left join temp.contacts on people.state = contacts.state and people.svid = contacts.svid "
        f"where contacts.{purpose} is null {then}",
        tuple(then_values),
    )
