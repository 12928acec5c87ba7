"""The check of a list of lookalikes, in words."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from enrichment.database import Database

SHARES = (0.01, 0.1)
_VERDICTS = {
    "lift": "more than chance",
    "no_lift": "no better than chance (no_lift)",
    "insufficient_data": "too few people of the segment to tell (insufficient_data)",
}


def report_check(database: Database, segment: Sequence[str]) -> None:
    """Says on standard error whether a list like this one finds more of its kind than chance.

    One line for each of ``SHARES``, from ``segment_lookalike_check`` (brief rows 000-60, F44). It
    holds no id.
    """
    rows = database.all_rows(
        database.ask(
            "segment_lookalike_check",
            segment,
            select="select k_share, lift, lift_low, lift_high, verdict",
            then=f"where k_share in ({', '.join('?' * len(SHARES))}) order by k_share",
            then_values=SHARES,
        )
    )
    for share, lift, low, high, verdict in rows:
        measured = ""
        if verdict != "insufficient_data":
            measured = f"lift {lift:.1f} ({low:.1f} to {high:.1f}), "
        said = _VERDICTS.get(verdict, verdict)
        print(
            f"segment.py: check, first {share:.0%} of the list: {measured}{said}", file=sys.stderr
        )
