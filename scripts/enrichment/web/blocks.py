"""Blocks of a page: a heading, a sentence, a plot and a table, each number with its definition."""

from __future__ import annotations

import datetime
import decimal
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from enrichment.contracts import Relation

MISSING = "–"


@dataclass(frozen=True)
class Head:
    """The head of a column or the name of a figure, with its meaning."""

    name: str
    label: str
    meaning: str
    is_number: bool = False


@dataclass(frozen=True)
class Cell:
    """A value as text, and its class of style."""

    text: str
    style: str = ""


@dataclass(frozen=True)
class Block:
    """One part of a page. ``facts`` are single figures; ``note`` says what is left out, and why."""

    heading: str
    lead: str = ""
    plots: Sequence[Markup] = ()
    facts: Sequence[tuple[Head, Cell]] = ()
    heads: Sequence[Head] = ()
    rows: Sequence[Sequence[Cell]] = ()
    note: str = ""
    level: int = 2

    @property
    def anchor(self) -> str:
        """The name of the block in the page's address."""
        return "".join(char if char.isalnum() else "-" for char in self.heading.lower())


@dataclass
class Glossary:
    """The definitions of the names that a page used, in the order of first use."""

    meanings: dict[str, Head] = field(default_factory=dict)

    def head(self, contract: Relation | None, name: str, label: str = "") -> Head:
        """The head of a column of a table or function."""
        column = contract.columns.get(name) if contract is not None else None
        meaning = column.meaning if column is not None else ""
        kind = column.kind if column is not None else "varchar"
        is_number = kind in ("bigint", "double", "integer") or kind.startswith("decimal")
        head = Head(name, label or name.replace("_", " "), meaning, is_number)
        if meaning:
            self.meanings.setdefault(name, head)
        return head

    def table(
        self,
        contract: Relation | None,
        records: Iterable[Mapping[str, Any]],
        columns: Sequence[str],
        formats: Mapping[str, str] | None = None,
    ) -> tuple[list[Head], list[list[Cell]]]:
        """The heads and the rows of a table with some columns of a relation."""
        formats = formats or {}
        heads = [self.head(contract, name) for name in columns]
        rows = [
            [cell(name, record.get(name), formats.get(name, "")) for name in columns]
            for record in records
        ]
        return heads, rows


def cell(name: str, value: Any, form: str = "") -> Cell:
    """A value for a reader: units by the column's name, a dash for what is not known."""
    if value is None:
        return Cell(MISSING, "missing")
    if isinstance(value, bool):
        return Cell("yes" if value else "no")
    if isinstance(value, str):
        is_status = name.endswith("status") or name in ("verdict", "severity", "gift_verdict")
        return Cell(value.replace("_", " "), f"status {value}") if is_status else Cell(value)
    if isinstance(value, datetime.datetime):
        return Cell(f"{value:%Y-%m-%d %H:%M}")
    if isinstance(value, datetime.date):
        return Cell(value.isoformat(), "day")
    if isinstance(value, decimal.Decimal):
        return Cell(f"{value:,.2f}", "number")
    if isinstance(value, int):
        return Cell(f"{value:,}" if form != "plain" else str(value), "number")
    if isinstance(value, float):
        return Cell(number(name, value, form), "number")
    return Cell(json.dumps(value, default=str, ensure_ascii=False))


def number(name: str, value: float, form: str = "") -> str:
    """A fraction as text: percent for rates (0 to 100) and shares (0 to 1)."""
    if value != value:  # NaN
        return MISSING
    if form == "points":
        return f"{100 * value:+.1f} points"
    if form == "percent" or re.search(r"(^|_)share(_|$)", name):
        return f"{100 * value:.1f} %"
    if name.endswith("_rate") or "_rate_" in name:
        return f"{value:.2f} %" if value == 0 or abs(value) >= 0.1 else f"{value:.4f} %"
    if name in ("p_value", "q_value", "p_adjusted", "sample_ratio_p") and value < 0.001:
        return "< 0.001"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    if abs(value) >= 1 or value == 0:
        return f"{value:.2f}"
    return f"{value:.3f}" if abs(value) >= 0.001 else f"{value:.2g}"


def missing(heading: str, table: str, level: int = 2) -> Block:
    """The block for a table that this build does not have."""
    return Block(heading, note=f"This build has no table {table}.", level=level)
