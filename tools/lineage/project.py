"""The column lineage of the whole project, from the manifest that dbt writes.

No database is read: relations and their columns are those that the YAML declares, and the SQL is
what dbt compiled.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlglot.errors import SqlglotError

from lineage.query import ROWS, Query, Ref, Relation, UnresolvedError, Value

ADDED_TO_EXTRACTS = (
    *("source_file", "source_row_number", "source_row"),
    *("uncastable_columns", "is_deleted_at_source"),
)
"""What the views that read an extract add to its columns (macros/extracts.sql)."""

Node = dict[str, Any]


class LineageError(ValueError):
    """Models cannot be followed; one line says which."""


@dataclass(eq=False)
class Project:
    """Models, seeds and extracts, with what each column of a model is computed from."""

    nodes: dict[str, Node]
    tests: list[Node]
    values: dict[Ref, Value] = field(default_factory=dict)
    _delivered: dict[Ref, frozenset[Ref]] = field(default_factory=dict)

    @cached_property
    def models(self) -> list[Node]:
        """Models in the order of dependency."""
        order: list[Node] = []
        seen: set[str] = set()

        def visit(name: str) -> None:
            if name in seen or name not in self.nodes:
                return
            seen.add(name)
            node = self.nodes[name]
            for parent in sorted(node.get("depends_on", {}).get("nodes", [])):
                visit(parent)
            if node["resource_type"] == "model":
                order.append(node)

        for name in sorted(self.nodes):
            visit(name)
        return order

    @cached_property
    def readers(self) -> dict[str, list[str]]:
        """The models that read a relation directly."""
        found: dict[str, list[str]] = {}
        for model in self.models:
            for parent in model["depends_on"]["nodes"]:
                found.setdefault(parent, []).append(model["unique_id"])
        return found

    def ancestors(self, name: str) -> set[str]:
        """Every relation that a model depends on, seeds and extracts among them."""
        found: set[str] = set()
        waiting = [name]
        while waiting:
            for parent in self.nodes[waiting.pop()].get("depends_on", {}).get("nodes", []):
                if parent in self.nodes and parent not in found:
                    found.add(parent)
                    waiting.append(parent)
        return found

    def delivered(self, ref: Ref) -> frozenset[Ref]:
        """The columns of extracts, definitions and seeds that a column is computed from."""
        known = self._delivered.get(ref)
        if known is not None:
            return known
        self._delivered[ref] = frozenset()  # a column that a build carries over reads itself
        kind = self.nodes[ref.relation]["resource_type"]
        if kind != "model":
            # The rows of a seed are its values: its columns say what is used of them.
            found = frozenset() if kind == "seed" and ref.column == ROWS else frozenset({ref})
        else:
            found = frozenset().union(*(self.delivered(one) for one in self.values[ref].refs))
        self._delivered[ref] = found
        return found

    def upstream(self, ref: Ref, ends: frozenset[str]) -> set[Ref]:
        """Every column on the way to a column; tables and columns of `ends` end the way."""
        found: set[Ref] = set()
        waiting = [ref]
        while waiting:
            one = waiting.pop()
            name = self.nodes[one.relation]["name"]
            if one in found or name in ends or f"{name}.{one.column}" in ends:
                continue
            found.add(one)
            waiting += self.values[one].refs if one in self.values else ()
        return found

    def computed(self, ref: Ref) -> Iterator[tuple[str, str, str]]:
        """Where a column is computed: model, CTE and formula, past all that only pass it on.

        A column that is only taken over has the extract or seed as its formula.
        """
        seen: set[Ref] = set()
        waiting = [ref]
        while waiting:
            one = waiting.pop(0)
            if one in seen or one not in self.values:
                continue
            seen.add(one)
            value = self.values[one]
            for place, formula in sorted(value.formulas):
                yield one.relation, place, formula
            for taken in sorted(value.taken - {one}):
                if taken in self.values:
                    waiting.append(taken)
                elif not value.formulas:
                    yield one.relation, "", f"{self.nodes[taken.relation]['name']}.{taken.column}"


def read_project(manifest: Path) -> Project:
    """The project of a manifest, with its lineage.

    Raises LineageError, which names the first model that cannot be followed.
    """
    return project_of(json.loads(manifest.read_text(encoding="utf-8")))


def project_of(content: Node) -> Project:
    """The project of a manifest's content. Raises LineageError."""
    kept = ("model", "seed")
    nodes: dict[str, Node] = {
        name: node for name, node in content["nodes"].items() if node["resource_type"] in kept
    }
    nodes |= content["sources"]
    tests = [node for node in content["nodes"].values() if node["resource_type"] == "test"]
    tests += content["unit_tests"].values()
    project = Project(nodes, tests)
    follow(project)
    return project


def follow(project: Project) -> None:
    """Fills the values of a project's columns. Raises LineageError."""
    tables = {
        f"{node['schema']}.{node.get('identifier') or node['alias']}".lower(): _declared(node)
        for node in project.nodes.values()
    }
    problems = []
    for model in project.models:
        try:
            relation = _resolved(model, tables)
        except (UnresolvedError, SqlglotError) as error:
            problems.append(f"{model['original_file_path']}: {str(error).splitlines()[0]}")
            continue
        for name, value in relation.columns.items():
            project.values[Ref(model["unique_id"], name)] = value
        rows = frozenset(ref for ref in relation.rows if ref.column == ROWS)
        project.values[Ref(model["unique_id"], ROWS)] = Value(refs=rows, taken=rows)
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise LineageError(f"no lineage of {problems[0]}{more}")


def _resolved(model: Node, tables: dict[str, Relation]) -> Relation:
    if not model.get("compiled_code"):
        raise UnresolvedError("dbt has not compiled it")
    parameters = (one.split(":=")[0].strip() for one in model["config"].get("parameters") or [])
    relation = Query(tables, frozenset(parameters)).resolved(model["compiled_code"])
    declared, made = set(_names(model)), set(relation.columns)
    if declared != made:
        raise UnresolvedError(
            f"its YAML and its SQL differ in the columns {', '.join(sorted(declared ^ made))}"
        )
    return relation


def _names(node: Node) -> list[str]:
    names = [str(name).lower() for name in node["columns"]]
    added = ADDED_TO_EXTRACTS if node["schema"] == "extracts" else ()
    return [*names, *(name for name in added if name not in names)]


def _declared(node: Node) -> Relation:
    """A relation as others read it: each column is its own."""
    refs = [Ref(node["unique_id"], name) for name in _names(node)]
    columns = {ref.column: Value(frozenset({ref}), frozenset({ref})) for ref in refs}
    return Relation(columns, rows=frozenset({Ref(node["unique_id"], ROWS)}))
