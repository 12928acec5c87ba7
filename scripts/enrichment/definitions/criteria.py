"""Turns the conditions of an audience into clauses of criteria.

A *criterion* is a leaf, or its negation: ``not`` is pushed to the leaves. A *clause* is a set of
criteria that all hold; a voter belongs to the audience if one of its clauses holds. Equal leaves
are one criterion, however many audiences use them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from enrichment.definitions.catalog import Catalog
from enrichment.definitions.conditions import (
    All,
    AnyOf,
    Did,
    FieldIs,
    InOrder,
    InSegment,
    Last,
    Leaf,
    Listed,
    Not,
    Prefers,
    TotalOf,
    text_of,
)

MOST_CLAUSES = 200
COLUMNS = {
    "criterion": "varchar",
    "leaf": "varchar",
    "is_negated": "boolean",
    "field": "varchar",
    "within_days": "bigint",
    "during_days": "bigint",
    "more_than_ago_days": "bigint",
    "at_least": "double",
    "at_most": "double",
    "below": "double",
    "earliest": "date",
    "latest": "date",
    "before": "date",
    "is_known": "boolean",
    "least_acts": "bigint",
    "accepted_values": "bigint",
    "is_sensitive": "boolean",
    "holds_without_acts": "boolean",
    "words": "varchar",
}
"""The columns of the criteria, with types."""
VALUE_COLUMNS = {
    "criterion": "varchar",
    "role": "varchar",
    "position": "bigint",
    "value": "varchar",
    "value_number": "double",
}
"""The values of a criterion: event, step, but_not, accepted, topic or list."""


@dataclass(frozen=True)
class Criterion:
    """A leaf or its negation, ready for the database."""

    criterion: str
    columns: tuple[tuple[str, Any], ...]
    values: tuple[tuple[str, int, str], ...]

    def row(self) -> tuple[Any, ...]:
        """The row of the criterion, with the columns of COLUMNS."""
        given = dict(self.columns)
        return tuple(given.get(name) for name in COLUMNS)

    def value_rows(self) -> list[tuple[Any, ...]]:
        """The rows of its values, with the columns of VALUE_COLUMNS."""
        is_number = dict(self.columns).get("is_number", False)
        return [
            (self.criterion, role, position, value, float(value) if is_number else None)
            for role, position, value in self.values
        ]


_DERIVED = frozenset(
    {"criterion", "words", "holds_without_acts", "accepted_values", "is_sensitive", "is_number"}
)
"""Columns that follow from the others, and so are no part of what a criterion means."""

Clauses = frozenset[frozenset[Criterion]]


class TooComplexError(Exception):
    """The conditions have too many combinations."""


def clauses_of(
    condition: Any, catalog: Catalog, segment: Callable[[str], Any]
) -> tuple[Clauses, tuple[str, ...]]:
    """The clauses of a condition, and its criteria in the order in which a person reads them.

    ``segment`` gives the conditions of a segment by its name. Raises TooComplexError if the clauses
    are more than MOST_CLAUSES.
    """
    order: dict[str, None] = {}

    def read(part: Any, negated: bool) -> Clauses:
        if isinstance(part, Not):
            return read(part.not_, not negated)
        if isinstance(part, InSegment):
            return read(segment(part.in_segment), negated)
        if isinstance(part, All | AnyOf):
            each = [read(one, negated) for one in (part.all if isinstance(part, All) else part.any)]
            # The negation of "all" is "any of the negations", and the other way round.
            return _product(each) if isinstance(part, All) is not negated else _union(each)
        criterion = criterion_of(part, negated, catalog)
        order[criterion.criterion] = None
        return frozenset({frozenset({criterion})})

    return read(condition, False), tuple(order)


def _union(each: Iterable[Clauses]) -> Clauses:
    return _smallest(frozenset().union(*each))


def _product(each: Iterable[Clauses]) -> Clauses:
    found: Clauses = frozenset({frozenset()})
    for clauses in each:
        found = _smallest(frozenset(one | other for one in found for other in clauses))
    return found


def _smallest(clauses: Clauses) -> Clauses:
    """Without clauses that another one makes superfluous, and without contradictions."""
    possible = [clause for clause in clauses if not _contradicts(clause)]
    if len(possible) > MOST_CLAUSES * 20:
        raise TooComplexError
    kept: list[frozenset[Criterion]] = []
    for clause in sorted(possible, key=len):
        if not any(other <= clause for other in kept):
            kept.append(clause)
    if len(kept) > MOST_CLAUSES:
        raise TooComplexError
    return frozenset(kept)


def _contradicts(clause: frozenset[Criterion]) -> bool:
    names = {criterion.criterion for criterion in clause}
    return any(
        dict(criterion.columns)["is_negated"] and _opposite(criterion) in names
        for criterion in clause
    )


def _opposite(criterion: Criterion) -> str:
    columns = dict(criterion.columns) | {"is_negated": False}
    return _name(columns, criterion.values)


def _name(columns: dict[str, Any], values: tuple[tuple[str, int, str], ...]) -> str:
    meaning = {
        name: value for name, value in columns.items() if value is not None and name not in _DERIVED
    }
    text = json.dumps([meaning, values], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def digest(clauses: Clauses) -> str:
    """A hash of clauses: the same for conditions that mean the same in other words."""
    names = sorted(sorted(criterion.criterion for criterion in clause) for clause in clauses)
    return hashlib.sha256(json.dumps(names).encode()).hexdigest()[:16]


def criterion_of(leaf: Leaf, negated: bool, catalog: Catalog) -> Criterion:
    """The criterion of a leaf or of its negation."""
    columns, values = _READERS[type(leaf)](leaf, catalog)
    columns |= {"is_negated": negated}
    if "holds_without_acts" in columns:
        columns["holds_without_acts"] = columns["holds_without_acts"] is not negated
    name = _name(columns, values)
    from enrichment.definitions.words import in_words

    columns |= {"criterion": name, "words": in_words(leaf, negated, catalog)}
    return Criterion(name, tuple(sorted(columns.items())), values)


_Read = tuple[dict[str, Any], tuple[tuple[str, int, str], ...]]


def _events(
    catalog: Catalog, words: Iterable[str], role: str = "event"
) -> list[tuple[str, int, str]]:
    types = sorted({kind for word in words for kind in catalog.events[word].types})
    return [(role, 0, kind) for kind in types]


def _did(leaf: Did, catalog: Catalog) -> _Read:
    columns = {
        "leaf": "did",
        "at_least": float(leaf.least),
        "at_most": None if leaf.at_most is None else float(leaf.at_most),
        "during_days": leaf.within,
        "holds_without_acts": leaf.least == 0,
    }
    return columns, tuple(_events(catalog, leaf.did))


def _total_of(leaf: TotalOf, catalog: Catalog) -> _Read:
    values = _events(catalog, leaf.total_of)
    if ("event", 0, "donation") in values:
        values = sorted({*values, ("event", 0, "refund")})
    columns = {
        "leaf": "total_of",
        "at_least": leaf.at_least,
        "at_most": leaf.at_most,
        "below": leaf.below,
        "during_days": leaf.within,
        "holds_without_acts": (leaf.at_least is None or leaf.at_least <= 0)
        and (leaf.at_most is None or leaf.at_most >= 0)
        and (leaf.below is None or leaf.below > 0),
    }
    return columns, tuple(values)


def _last(leaf: Last, catalog: Catalog) -> _Read:
    columns = {
        "leaf": "last",
        "within_days": leaf.within,
        "more_than_ago_days": leaf.more_than_ago,
        "holds_without_acts": False,
    }
    return columns, tuple(_events(catalog, leaf.last))


def _in_order(leaf: InOrder, catalog: Catalog) -> _Read:
    values = [
        ("step", position, kind)
        for position, word in enumerate(leaf.in_order, start=1)
        for kind in sorted(catalog.events[word].types)
    ]
    values += _events(catalog, leaf.but_not or (), "but_not")
    columns = {
        "leaf": "in_order",
        "within_days": leaf.within,
        "during_days": leaf.during,
        "holds_without_acts": False,
    }
    return columns, tuple(values)


def _field(leaf: FieldIs, catalog: Catalog) -> _Read:
    is_date = catalog.fields[leaf.field].type == "date"
    bounds = ("earliest", "latest", "before") if is_date else ("at_least", "at_most", "below")
    columns: dict[str, Any] = {
        "leaf": "field",
        "field": leaf.field,
        # What is compared must be known anyway.
        "is_known": None if leaf.is_known and _compares(leaf) else leaf.is_known,
    }
    given = (leaf.at_least, leaf.at_most, leaf.below)
    columns |= dict(zip(bounds, given, strict=True))
    accepted = {text_of(value) for value in leaf.one_of or []}
    if leaf.equals is not None:
        equal = text_of(leaf.equals)
        accepted = {equal} if not accepted else accepted & {equal}
    columns |= {
        "accepted_values": len(accepted),
        "is_sensitive": catalog.fields[leaf.field].is_sensitive,
        "is_number": catalog.fields[leaf.field].type == "number",
    }
    return columns, tuple(("accepted", 0, value) for value in sorted(accepted))


def _compares(leaf: FieldIs) -> bool:
    compared = (leaf.equals, leaf.one_of, leaf.at_least, leaf.at_most, leaf.below)
    return any(value is not None for value in compared)


def _prefers(leaf: Prefers, catalog: Catalog) -> _Read:
    columns = {"leaf": "prefers", "at_least": leaf.at_least, "least_acts": leaf.of_at_least}
    topics = sorted({topic.strip() for topic in leaf.prefers})
    return columns, tuple(("topic", 0, topic) for topic in topics)


def _on_list(leaf: Listed, catalog: Catalog) -> _Read:
    return {"leaf": "listed"}, (("list", 0, leaf.listed),)


_READERS: dict[type[Leaf], Callable[[Any, Catalog], _Read]] = {
    Did: _did,
    TotalOf: _total_of,
    Last: _last,
    InOrder: _in_order,
    FieldIs: _field,
    Prefers: _prefers,
    Listed: _on_list,
}
