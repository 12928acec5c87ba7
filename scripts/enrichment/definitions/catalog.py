"""The words that definitions may use, from seeds and from the names of the definitions."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from enrichment.paths import PROJECT

SEEDS = PROJECT / "seeds"


class Event(NamedTuple):
    """A word for events: the types that it means, and how people call them."""

    types: tuple[str, ...]
    noun: str
    plural: str


class Field(NamedTuple):
    """A field of a voter that a condition may compare."""

    name: str
    type: str
    """number, text, boolean or date."""
    is_sensitive: bool
    accepted_values: tuple[str, ...]
    """Empty if the values come from the data."""
    noun: str


@dataclass(frozen=True)
class Catalog:
    """All words; ``names`` are the names of the definitions by kind."""

    events: Mapping[str, Event]
    fields: Mapping[str, Field]
    names: Mapping[str, frozenset[str]] = field(default_factory=dict)


def seed_rows(name: str) -> list[dict[str, str]]:
    """The rows of a seed, as text."""
    with (SEEDS / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@cache
def _events() -> Mapping[str, Event]:
    """A word means the types that its rows in `event_words` name, as the facts record them."""
    recorded = {row["event_type"]: row["recorded_as"] for row in seed_rows("event_types")}
    found: dict[str, list[dict[str, str]]] = {}
    for row in seed_rows("event_words"):
        found.setdefault(row["word"], []).append(row)
    return {
        word: Event(
            tuple(sorted({recorded[row["event_type"]] for row in rows})),
            rows[0]["noun"],
            rows[0]["plural"],
        )
        for word, rows in found.items()
    }


@cache
def _fields() -> Mapping[str, Field]:
    return {
        row["field"]: Field(
            row["field"],
            row["type"],
            row["is_sensitive"] == "true",
            tuple(value for value in row["accepted_values"].split("|") if value),
            row["noun"],
        )
        for row in seed_rows("segment_fields")
    }


def catalog(names: Mapping[str, frozenset[str]]) -> Catalog:
    """The catalog of the project's seeds and these names of definitions."""
    return Catalog(_events(), _fields(), names)
