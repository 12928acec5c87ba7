"""How marts fit together: keys of the contracts, and the tables that other tables refer to.

A mart whose `meta` names an `entity` has one row per voter, campaign, client and so on. Every mart
that has the columns of its key, with the same meaning, refers to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from lineage.project import Node, Project
from rendering.pictures import Box, Edge, picture


class Reference(NamedTuple):
    """A mart that has the key of another one.

    `is_optional`: its columns may be NULL. `is_partial`: some keys have no row there.
    """

    table: str
    home: str
    columns: tuple[str, ...]
    is_optional: bool
    is_partial: bool
    is_one: bool


def marts(project: Project) -> list[Node]:
    """The tables that readers use, in the order of their names."""
    found = [model for model in project.models if model["fqn"][1] == "marts"]
    return sorted(found, key=lambda one: str(one["name"]))


def key_of(model: Node) -> tuple[str, ...]:
    """The columns of a model's primary key: its contract's, else those of its key test."""
    return tuple(model.get("primary_key") or ())


def homes(project: Project) -> list[Node]:
    """The marts that have one row per thing that others refer to."""
    return [mart for mart in marts(project) if "entity" in mart["config"]["meta"]]


@cache
def references(project: Project) -> tuple[Reference, ...]:
    """Every reference between marts."""
    return tuple(_references(project))


def _references(project: Project) -> Iterator[Reference]:
    for home in homes(project):
        key = sorted(key_of(home))
        for mart in marts(project):
            if mart is home or not all(_is_same(mart, home, column) for column in key):
                continue
            own = key_of(mart)
            yield Reference(
                mart["name"],
                home["name"],
                tuple(key),
                not all(column in own or _is_filled(mart, column) for column in key),
                not home["config"]["meta"].get("is_complete", True),
                sorted(own) == key,
            )


def _is_same(mart: Node, home: Node, column: str) -> bool:
    """Whether both have a column of this name and meaning."""
    if column not in mart["columns"]:
        return False
    own, theirs = (set(one["columns"][column].get("doc_blocks") or []) for one in (mart, home))
    others = home["config"]["meta"].get("entity_blocks", [])
    return own == theirs or any(block.endswith(f".{name}") for block in own for name in others)


def _is_filled(mart: Node, column: str) -> bool:
    constraints = mart["columns"][column]["constraints"]
    return any(one["type"] in ("not_null", "primary_key") for one in constraints)


def entity_picture(project: Project, colour: str) -> str:
    """The marts that others refer to, with their keys, and all marts that refer to them."""
    found = references(project)
    right = []
    for home in homes(project):
        tables = sum(one.home == home["name"] for one in found)
        lines = [f"PK {column}" for column in sorted(key_of(home))]
        lines.append(f"one row per {home['config']['meta']['entity']}")
        lines.append(f"{tables} tables refer to it" if tables > 1 else "1 table refers to it")
        right.append(Box(home["name"], colour, f"tables/{home['name']}.html", lines))
    names = {one.table for one in found} - {box.name for box in right}
    left = [Box(name, colour, f"tables/{name}.html") for name in names]
    return picture("What tables refer to", [left, right], [_edge(one) for one in found])


def subject_picture(project: Project, subject: str, colour: str, up: str = "") -> str:
    """The marts of one subject, with their keys and what they refer to."""
    members = {mart["name"]: mart for mart in marts(project) if mart["fqn"][2] == subject}
    return keys_picture(project, members, colour, f"Keys of {subject}", up)


def keys_picture(
    project: Project, members: dict[str, Node], colour: str, title: str, up: str = ""
) -> str:
    """Some marts, with their keys and what they refer to."""
    found = [one for one in references(project) if one.table in members]
    by_name = {mart["name"]: mart for mart in marts(project)}
    left = []
    for name, mart in members.items():
        key = key_of(mart)
        refers = {column for one in found if one.table == name for column in one.columns}
        lines = [f"PK {column}" for column in mart["columns"] if column in key]
        lines += [f"→ {column}" for column in mart["columns"] if column in refers - set(key)]
        others = len(mart["columns"]) - len(lines)
        lines.append(f"+ {others} columns")
        left.append(Box(name, colour, f"{up}tables/{name}.html", lines))
    outside = sorted({one.home for one in found if one.home not in members})
    right = [
        Box(
            name,
            colour,
            f"{up}tables/{name}.html",
            [f"PK {column}" for column in sorted(key_of(by_name[name]))],
        )
        for name in outside
    ]
    return picture(title, [left, right], [_edge(one) for one in found])


def _edge(one: Reference) -> Edge:
    many = "one row" if one.is_one else "many rows"
    missing = ", or none" if one.is_optional else ""
    partial = "; some have no row there" if one.is_partial else ""
    label = f"{one.table}.{', '.join(one.columns)} → {one.home}: {many} each{missing}{partial}"
    return Edge(one.table, one.home, one.is_optional or one.is_partial, label)
