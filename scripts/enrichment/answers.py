"""The answer of a command, in the shapes that the formats need."""

from __future__ import annotations

import datetime
import decimal
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from enrichment.database import Query


@dataclass(frozen=True)
class Section:
    """One answer: its name, its query, and the columns that a table on a terminal shows.

    ``columns`` come in the order of their importance: a narrow terminal leaves out the last ones.
    None means all of them; ``single`` means that there is only one row. ``source`` is the schema
    and the name of the table or function whose contract says what the columns mean. A terminal
    shows the first rows only, unless the answer ``is_whole``.
    """

    name: str
    query: Query
    columns: tuple[str, ...] = ()
    single: bool = False
    source: tuple[str, str] | None = None
    is_whole: bool = False


@dataclass(frozen=True)
class Answer:
    """The answer of a command, in the three shapes that the formats need.

    ``flat`` is the single row set of CSV and Parquet; ``sections`` go into JSON (an object by name,
    or a single list if ``bare``) and xlsx (a sheet each); a table shows ``screen``. ``about`` are
    facts about the answer, such as the number of ids, which the first sheet of xlsx lists.
    """

    flat: Query
    sections: tuple[Section, ...]
    screen: tuple[Section, ...]
    bare: bool = False
    about: tuple[tuple[str, str | int], ...] = field(default=())

    @classmethod
    def of(
        cls,
        name: str,
        query: Query,
        columns: Sequence[str] = (),
        source: tuple[str, str] | None = None,
        about: Sequence[tuple[str, str | int]] = (),
    ) -> Answer:
        """One row set, the same in every format."""
        section = Section(name, query, tuple(columns), source=source)
        return cls(query, (section,), (section,), bare=True, about=tuple(about))


def as_text(value: Any) -> str:
    """A value as text: NULL is empty, dates are ISO."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def is_number(value: Any) -> bool:
    """Whether a value is a number, which truth values are not."""
    return isinstance(value, int | float | decimal.Decimal) and not isinstance(value, bool)
