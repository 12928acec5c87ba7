"""Asks the brief's six statements (`benchmarking.brief_statements`), with every flaw they have.

Each is a function over views named like the extracts (`create_views`) and answers plain rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from benchmarking import brief_statements
from benchmarking.brief_statements import AFFINITY, ATTRIBUTION, HEALTH, LOOKALIKE, PROPENSITY
from benchmarking.brief_statements import ENRICHMENT as ENRICHMENT
from extracts import SCHEMAS

Row = dict[str, Any]
Connection = duckdb.DuckDBPyConnection

BANDS: dict[str, tuple[float, float]] = {
    "open_rate": (20, 10),
    "ctr": (3, 1),
    "bounce_rate": (2, 5),
    "unsub_rate": (0.1, 0.5),
    "complaint_rate": (0.01, 0.05),
}
"""Healthy and critical bound of each health indicator, in percent."""


def create_views(con: Connection, extracts: Path, *, is_mended: bool = True) -> None:
    """Views named like the extracts; mended ones stand in for columns that the files lack."""
    brief_statements.create_views(con, extracts, SCHEMAS, is_mended=is_mended)


def answer(con: Connection, statement: str, svids: Sequence[str] | None = None) -> list[Row]:
    """The rows of a statement, with the ids as a bound list."""
    values = {} if svids is None else {"svids": list(svids)}
    return _rows(con, brief_statements.bound(statement), values)


def spliced(con: Connection, statement: str, svids: Sequence[str]) -> list[Row]:
    """The rows of a statement with the ids written into its text, as a template does it (F12)."""
    return _rows(con, statement.replace("{svid_list}", ", ".join(f"'{svid}'" for svid in svids)))


def enrichment(con: Connection, svids: Sequence[str]) -> list[Row]:
    """Scenario 1: what the voters asked for did."""
    return answer(con, ENRICHMENT, svids)


def affinity(con: Connection, svids: Sequence[str]) -> list[Row]:
    """Scenario 2: which clients the segment likes."""
    return answer(con, AFFINITY, svids)


def propensity(con: Connection) -> list[Row]:
    """Scenario 3: everybody's inclination to give."""
    return answer(con, PROPENSITY)


def health(con: Connection, svids: Sequence[str]) -> list[Row]:
    """Scenario 4: the segment's rates by week, latest first."""
    return answer(con, HEALTH, svids)


def lookalike(con: Connection, svids: Sequence[str]) -> list[Row]:
    """Scenario 5: people whose client mix overlaps with the segment's."""
    return answer(con, LOOKALIKE, svids)


def attribution(con: Connection) -> list[Row]:
    """Scenario 6: which campaigns were clicked before a gift."""
    return answer(con, ATTRIBUTION)


def grade(indicator: str, rate: float) -> str:
    """The brief's band of a weekly rate."""
    healthy, critical = BANDS[indicator]
    sign = 1 if healthy > critical else -1
    if sign * rate > sign * healthy:
        return "healthy"
    return "critical" if sign * rate < sign * critical else "warning"


def _rows(con: Connection, sql: str, values: dict[str, Any] | None = None) -> list[Row]:
    cursor = con.execute(sql, values or None)
    names = [column[0].lower() for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
