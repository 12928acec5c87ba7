"""Reads and checks a folder of definitions, and makes the rows that a build reads."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from enrichment.definitions.catalog import Catalog, catalog
from enrichment.definitions.conditions import FieldIs, InSegment, leaves
from enrichment.definitions.criteria import (
    COLUMNS,
    MOST_CLAUSES,
    VALUE_COLUMNS,
    Criterion,
    TooComplexError,
    clauses_of,
    digest,
)
from enrichment.definitions.kinds import Kind, Loaded, kinds
from enrichment.definitions.problems import DefinitionError, Problem, quoted, unknown
from enrichment.definitions.source import Source, read_source
from enrichment.errors import InputError
from enrichment.paths import PROJECT

VARIABLE = "BEHAVIORAL_DEFINITIONS_DIR"
TABLES: Mapping[str, Mapping[str, str]] = {
    "definitions": {
        "kind": "varchar",
        "name": "varchar",
        "title": "varchar",
        "description": "varchar",
        "owner": "varchar",
        "status": "varchar",
        "form": "varchar",
        "tags": "varchar",
        "definition_hash": "varchar",
    },
    "criteria": COLUMNS,
    "criterion_values": VALUE_COLUMNS,
    "clauses": {
        "kind": "varchar",
        "name": "varchar",
        "clause_number": "bigint",
        "criterion": "varchar",
        "position": "bigint",
        "criteria_in_clause": "bigint",
    },
}
"""The tables of all kinds: columns with types. Kinds add their own."""

Found = dict[tuple[str, str], Loaded]


@dataclass(frozen=True)
class Definitions:
    """All definitions of a folder by kind and name, checked."""

    items: Found
    catalog: Catalog

    def of(self, kind: str) -> list[Loaded]:
        """The definitions of a kind, by name."""
        return [item for (of, _), item in sorted(self.items.items()) if of == kind]


def definitions_folder() -> Path:
    """``BEHAVIORAL_DEFINITIONS_DIR``, else ``definitions``. Raises InputError if it is none."""
    given = os.environ.get(VARIABLE, "")
    folder = Path(given).expanduser() if given else PROJECT / "definitions"
    if given and not folder.is_dir():
        raise InputError(f"{VARIABLE}: {given} is not a folder: give the folder of definitions")
    return folder


def load(folder: Path | None = None) -> Definitions:
    """All definitions of a folder. Raises DefinitionError if anything in them is wrong."""
    found, problems = check(folder)
    if problems:
        raise DefinitionError(problems)
    return found


def check(folder: Path | None = None) -> tuple[Definitions, list[Problem]]:
    """The definitions of a folder that can be read, and all problems, by file and line."""
    folder = folder or definitions_folder()
    problems: list[Problem] = []
    paths: dict[tuple[str, str], tuple[Kind, Path]] = {}
    for kind, path in _files(folder, problems):
        paths[kind.name, path.stem] = (kind, path)
    names = {
        kind.name: frozenset(name for of, name in paths if of == kind.name) for kind in kinds()
    }
    words = catalog(names)
    items: Found = {}
    for key, (kind, path) in sorted(paths.items()):
        try:
            items[key] = _read(kind, path, f"{folder.name}/{kind.folder}/{path.name}", words)
        except DefinitionError as error:
            problems += error.problems
    # What refers to a file with an error cannot be checked.
    if not problems:
        items = _with_clauses(items, words, problems)
        for item in items.values():
            problems += item.kind.check(item, items)
    return Definitions(items, words), sorted(set(problems))


def _files(folder: Path, problems: list[Problem]) -> Iterator[tuple[Kind, Path]]:
    """The files of each kind; anything else in the folder is a problem."""
    known = {kind.folder: kind for kind in kinds()}
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        shown = f"{folder.name}/{path.name}"
        if path.name.startswith(".") or path.name == "README.md":
            continue
        if path.name not in known or not path.is_dir():
            problems.append(Problem(shown, 1, unknown("folder", path.name, known)))
            continue
        for file in sorted(path.iterdir()):
            if file.name.startswith("."):
                continue
            if file.suffix != ".yml" or not file.is_file():
                what = "expected files that end in .yml, one definition each"
                problems.append(Problem(f"{shown}/{file.name}", 1, what))
                continue
            yield known[path.name], file


def _read(kind: Kind, path: Path, shown: str, words: Catalog) -> Loaded:
    source = read_source(path, shown)
    given = source.value.get(kind.name)
    if kind.name not in source.value:
        others = [other.name for other in kinds() if other.name in source.value]
        what = (
            f"this is a {others[0]}, in the folder of {kind.folder}"
            if others
            else (f"expected `{kind.name}: {path.stem}`")
        )
        raise DefinitionError([source.problem((), what)])
    try:
        model = kind.model.model_validate(source.value, context={"catalog": words})
    except ValidationError as error:
        raise DefinitionError(_problems(source, error)) from None
    if given != path.stem:
        what = f"{quoted(given)} must be the name of its file: {path.stem}"
        raise DefinitionError([source.problem((kind.name,), what)])
    return Loaded(kind, path.stem, source, model)


_TYPES = {
    "missing": "is missing",
    "int_type": "expected a whole number",
    "float_type": "expected a number",
    "string_type": "expected text",
    "bool_type": "expected true or false",
    "list_type": "expected a list",
    "date_type": "expected a date such as 2026-12-01",
    "too_short": "expected more entries",
    "too_long": "expected fewer entries",
    "string_too_short": "expected some text",
    "string_too_long": "expected a shorter text",
    "string_pattern_mismatch": "expected a name of lower-case letters, digits and _",
}


def _problems(source: Source, error: ValidationError) -> list[Problem]:
    """The messages of pydantic in the words of a definition, with lines."""
    found: dict[int, Problem] = {}
    for one in error.errors(include_url=False):
        place = list(one["loc"])
        context = one.get("ctx", {})
        key = place[-1] if place else ""
        if one["type"] == "definition":
            what = str(context["what"])
            place += [context["key"]] if context.get("key") else []
        elif one["type"] == "missing":
            what = f"{key} is missing"
        elif one["type"] == "literal_error":
            words = str(context.get("expected", "")).replace("'", "").replace(" or ", ", ")
            what = unknown("value", one["input"], words.split(", "))
        else:
            message = _TYPES.get(
                one["type"], str(one["msg"]).replace("Input should be", "expected")
            )
            what = f"{message}, not {quoted(one['input'])}"
        problem = source.problem(place, what)
        # A union reports every form that a value is not: the first is enough.
        found.setdefault(problem.line, problem)
    return list(found.values())


def _with_clauses(items: Found, words: Catalog, problems: list[Problem]) -> Found:
    """The definitions with the clauses of their audiences."""
    done: Found = {}
    for key, item in items.items():
        condition, place = item.kind.audience(item.model)
        if condition is None:
            done[key] = item
            continue
        circle = _circle(key, items)
        if circle:
            what = f"the segments form a circle: {' → '.join(circle)}"
            problems.append(_at_leaf(item, place, circle[1], what))
            continue
        _check_sensitive(item, place, words, problems)

        def segment(name: str) -> Any:
            other = items["segment", name]
            return other.kind.audience(other.model)[0]

        try:
            clauses, order = clauses_of(condition, words, segment)
        except TooComplexError:
            what = (
                f"the conditions have more than {MOST_CLAUSES} combinations: "
                "write them with fewer any in all"
            )
            problems.append(item.source.problem(place, what))
            continue
        if not clauses:
            what = "nobody can fulfil these conditions: they contradict each other"
            problems.append(item.source.problem(place, what))
        done[key] = replace(item, clauses=clauses, order=order)
    return done


def _circle(key: tuple[str, str], items: Found) -> list[str]:
    """The names of a circle through this definition, or nothing."""
    kind, name = key
    if kind != "segment":
        return []

    def search(at: str, path: list[str]) -> list[str]:
        condition, _ = items["segment", at].kind.audience(items["segment", at].model)
        for leaf in leaves(condition):
            if not isinstance(leaf, InSegment):
                continue
            if leaf.in_segment == name:
                return [*path, name]
            if leaf.in_segment not in path:
                found = search(leaf.in_segment, [*path, leaf.in_segment])
                if found:
                    return found
        return []

    return search(name, [name])


def _check_sensitive(
    item: Loaded,
    place: tuple[str | int, ...],
    words: Catalog,
    problems: list[Problem],
) -> None:
    """A definition says why it uses a sensitive field (F69)."""
    if item.model.purpose:
        return
    for leaf in leaves(item.kind.audience(item.model)[0]):
        if isinstance(leaf, FieldIs) and words.fields[leaf.field].is_sensitive:
            what = f"{leaf.field} is sensitive: say in purpose why the definition uses it"
            problems.append(_at_leaf(item, place, leaf.field, what))
            return


def _at_leaf(item: Loaded, place: tuple[str | int, ...], word: str, what: str) -> Problem:
    """A problem at the first leaf below a place that names a word."""
    value: Any = item.source.value
    for step in place:
        value = value[step]
    return item.source.problem(_place_of(value, place, word) or place, what)


def _place_of(value: Any, place: tuple[str | int, ...], word: str) -> tuple[str | int, ...] | None:
    steps: Sequence[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        steps = list(value.items())
    elif isinstance(value, list):
        steps = list(enumerate(value))
    elif value == word:
        return place
    for step, part in steps:
        found = _place_of(part, (*place, step), word)
        if found:
            return found
    return None


def tables() -> dict[str, Mapping[str, str]]:
    """All tables that a build reads: their columns with types."""
    return {
        **TABLES,
        **{name: columns for kind in kinds() for name, columns in kind.tables.items()},
    }


def _clause_rows(item: Loaded) -> Iterator[tuple[Any, ...]]:
    place = {criterion: at for at, criterion in enumerate(item.order)}
    ordered = sorted(
        sorted(place[one.criterion] for one in clause) for clause in item.clauses or ()
    )
    for number, clause in enumerate(ordered, start=1):
        for position, at in enumerate(clause, start=1):
            criterion = item.order[at]
            yield item.kind.name, item.name, number, criterion, position, len(clause)


def rows(found: Definitions) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of all tables, in a fixed order.

    Only active definitions have clauses: a draft or a paused one has no members.
    """
    made: dict[str, list[tuple[Any, ...]]] = {name: [] for name in tables()}
    used: dict[str, Criterion] = {}
    for (kind, name), item in sorted(found.items.items()):
        model = item.model
        clauses = item.clauses or frozenset()
        made["definitions"].append(
            (
                kind,
                name,
                item.kind.title(model),
                model.description,
                model.owner,
                model.status,
                item.kind.form(model),
                json.dumps(model.tags) if model.tags else None,
                digest(clauses) if item.clauses is not None else None,
            )
        )
        if model.status == "active":
            made["clauses"] += _clause_rows(item)
            used |= {one.criterion: one for clause in clauses for one in clause}
        for table, row in item.kind.rows(item, found.items):
            made[table].append(row)
    for _, criterion in sorted(used.items()):
        made["criteria"].append(criterion.row())
        made["criterion_values"] += criterion.value_rows()
    return made
