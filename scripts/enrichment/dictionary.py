"""The data dictionary: every column of every table and function that readers use, with its meaning.

It is made from the contracts beside the models, so that no database is needed.
"""

from __future__ import annotations

import csv
import fnmatch
from collections.abc import Iterator
from typing import Any

from enrichment.contracts import FOLDERS, relations
from enrichment.paths import PROJECT

COLUMNS = {
    "schema": "varchar",
    "relation": "varchar",
    "kind": "varchar",
    "question": "varchar",
    "position": "bigint",
    "column": "varchar",
    "type": "varchar",
    "is_required": "boolean",
    "meaning": "varchar",
    "sensitive": "varchar",
}
"""The columns of the dictionary, with their types."""

_PUBLISHED = {"quarantine": {"row_accounting"}}
"""The tables of a schema that readers see, where they do not see all."""

_SENSITIVE = PROJECT / "seeds" / "sensitive_fields.csv"


def _categories() -> list[tuple[str, str]]:
    """The patterns of sensitive names, and what each of them is about."""
    with _SENSITIVE.open(encoding="utf-8", newline="") as lines:
        return [
            (row["field_pattern"].replace("%", "*"), row["category"])
            for row in csv.DictReader(lines)
        ]


def rows() -> Iterator[tuple[Any, ...]]:
    """A row for each column, tables first; ``sensitive`` is the category of a sensitive field."""
    categories = _categories()
    for schema in FOLDERS:
        for relation in relations(schema).values():
            if relation.name not in _PUBLISHED.get(schema, {relation.name}):
                continue
            for position, column in enumerate(relation.columns.values(), 1):
                yield (
                    schema,
                    relation.name,
                    "function" if schema == "segments" else "table",
                    relation.question,
                    position,
                    column.name,
                    column.kind,
                    column.is_required,
                    column.meaning,
                    next(
                        (kind for name, kind in categories if fnmatch.fnmatch(column.name, name)),
                        None,
                    ),
                )
