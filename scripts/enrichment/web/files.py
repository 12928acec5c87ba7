"""The report as a file."""

from __future__ import annotations

from collections.abc import Sequence

from enrichment.database import Database
from enrichment.output import Target
from enrichment.web.render import report_page


def write_report(target: Target, svids: Sequence[str], title: str) -> None:
    """Writes the report on a segment to the target. Raises DatabaseError without a database."""
    with Database(target.folder) as database:
        target.write_page(database, report_page(database, svids, title, is_file=True))
