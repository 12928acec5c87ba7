"""The members of a segment of the folder ``definitions``, for ``--segment NAME``."""

from __future__ import annotations

from enrichment import audit
from enrichment.database import Database, Query
from enrichment.definitions.problems import unknown
from enrichment.errors import InputError


def members(name: str) -> list[str]:
    """The voter ids, with their states, of a segment in the published database.

    Raises InputError if the database has no such segment, or if it is not active.
    """
    with Database() as database:
        overview = database.relation("marts", "segment_overview")
        status = dict(database.all_rows(Query(f"select segment, status from {overview}")))
        if name not in status:
            raise InputError(
                f"--segment: {unknown('segment', name, status)}; a new definition is in the "
                "database after the next build"
            )
        if status[name] != "active":
            raise InputError(f"--segment: {name} is {status[name]}, and has no members")
        of = database.relation("marts", "segment_members")
        rows = database.all_rows(
            Query(
                f"select state || ':' || svid from {of} where segment = ? order by voter_number",
                (name,),
            )
        )
    audit.note(segment=name)
    return [svid for (svid,) in rows]
