"""What tables and functions hold, as their contracts beside the models say it.

Pages, reports and the HTTP API take the names, types and meanings of columns from here, so that
nothing is written twice. No database is needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from enrichment.paths import PROJECT

MODELS = PROJECT / "models"
FOLDERS = {name: MODELS / name for name in ("marts", "quarantine", "segments")}
"""The folders of the schemas that readers use."""

_DOC = re.compile(r"\{\{\s*doc\(\s*['\"](\w+)['\"]\s*\)\s*\}\}")
_BLOCK = re.compile(r"\{%\s*docs\s+(\w+)\s*%\}(.*?)\{%\s*enddocs\s*%\}", re.DOTALL)


@dataclass(frozen=True)
class Column:
    """A column: its type in lower case, its meaning, and whether it always has a value."""

    name: str
    kind: str
    meaning: str
    is_required: bool


@dataclass(frozen=True)
class Relation:
    """A table of ``marts`` or a function of ``segments``.

    ``people`` are the columns that count people: a row with a small one is hidden. None means that
    a row is about one person, or that the contract does not say it. Rows that agree in ``totals``
    add up to a figure that is known.
    """

    name: str
    question: str
    meaning: str
    columns: Mapping[str, Column]
    people: tuple[str, ...] | None
    totals: tuple[str, ...]

    @property
    def grain(self) -> str:
        """The subject of a row: the end of the description."""
        return self.meaning.rpartition("One row per ")[2].rstrip(".")

    @property
    def is_about_single_people(self) -> bool:
        """Whether a row may be about one person."""
        return self.people is None


def _plain(text: str) -> str:
    return " ".join(text.split())


@cache
def _glossary() -> dict[str, str]:
    texts = (file.read_text(encoding="utf-8") for file in sorted(MODELS.rglob("*.md")))
    return {name: _plain(meaning) for text in texts for name, meaning in _BLOCK.findall(text)}


def resolved(text: Any) -> str:
    """A description with the glossary's texts in place of its references."""
    glossary = _glossary()
    return _plain(_DOC.sub(lambda found: glossary.get(found[1], ""), str(text or "")))


def _parsed(file: Path) -> Iterator[dict[str, Any]]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    content = yaml.load(file.read_text(encoding="utf-8"), loader)  # noqa: S506 (a safe loader)
    yield from (content or {}).get("models", [])


def _relation(model: dict[str, Any]) -> Relation:
    columns = {}
    for column in model.get("columns", []):
        rules = {rule.get("type") for rule in column.get("constraints", [])}
        columns[column["name"]] = Column(
            column["name"],
            str(column.get("data_type", "varchar")).lower(),
            resolved(column.get("description")),
            bool(rules & {"not_null", "primary_key"}),
        )
    meaning = resolved(model.get("description"))
    meta = (model.get("config") or {}).get("meta") or {}
    people = meta.get("people")
    return Relation(
        name=model["name"],
        question=meaning.partition("?")[0] + "?" if "?" in meaning else model["name"],
        meaning=meaning,
        columns=columns,
        people=None if people is None else tuple(people),
        totals=tuple(meta.get("totals") or ()),
    )


@cache
def relation(schema: str, name: str) -> Relation | None:
    """A table or function by its name; None if there is none."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        return None
    for file in FOLDERS[schema].rglob(f"{name}.yml"):
        for model in _parsed(file):
            if model["name"] == name:
                return _relation(model)
    return None


@cache
def names(schema: str) -> tuple[str, ...]:
    """The names of a schema's tables or functions, sorted."""
    files = FOLDERS[schema].rglob("*.yml")
    return tuple(sorted(file.stem for file in files if not file.stem.startswith("_")))


def relations(schema: str) -> dict[str, Relation]:
    """All tables or functions of a schema, by name."""
    found = ((name, relation(schema, name)) for name in names(schema))
    return {name: one for name, one in found if one is not None}


def exported() -> list[Relation]:
    """What ``export`` writes, by name: the marts, and the accounting of the delivered rows."""
    accounting = MODELS / "quarantine" / "row_accounting.yml"
    others = [_relation(model) for model in _parsed(accounting)]
    return sorted([*relations("marts").values(), *others], key=lambda one: one.name)
