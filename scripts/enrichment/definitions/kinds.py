"""The kinds of definitions. A new kind is a module with a subclass of Kind, listed in KINDS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import Field

from enrichment.definitions.conditions import Checked, Status
from enrichment.definitions.criteria import Clauses
from enrichment.definitions.problems import Problem
from enrichment.definitions.source import Source

Text = Annotated[str, Field(min_length=1, max_length=500)]


class Definition(Checked):
    """What every definition has."""

    description: Text | None = None
    owner: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    status: Status = "active"
    tags: list[Annotated[str, Field(min_length=1, max_length=60)]] = Field(default_factory=list)
    purpose: Text | None = None
    """Why sensitive fields are used (F69)."""


@dataclass(frozen=True)
class Loaded:
    """A definition that its model has accepted."""

    kind: Kind
    name: str
    source: Source
    model: Any
    clauses: Clauses | None = None
    """The clauses of its audience, segments of segments inlined; None without an audience."""
    order: tuple[str, ...] = ()
    """The criteria of the audience in the order of the file."""


class Kind:
    """A kind of definitions: its folder, its model, and the rows that a build reads."""

    name: ClassVar[str]
    """The first key of its files, such as ``segment``; the key's value is the file's name."""
    folder: ClassVar[str]
    model: ClassVar[type[Definition]]
    tables: ClassVar[Mapping[str, Mapping[str, str]]] = {}
    """Its own tables, by name: columns with types. A build reads them from the source
    ``definitions``."""

    def audience(self, model: Any) -> tuple[Any, tuple[str | int, ...]]:
        """The condition of its audience and where it stands in the file; None without one."""
        return None, ()

    def check(self, item: Loaded, others: Mapping[tuple[str, str], Loaded]) -> Iterator[Problem]:
        """What is wrong beyond the model; ``others`` are all definitions by kind and name.

        ``item.source.problem(("steps", 0, "do"), "what is wrong")`` finds the line.
        """
        return iter(())

    def rows(
        self, item: Loaded, others: Mapping[tuple[str, str], Loaded]
    ) -> Iterator[tuple[str, tuple[Any, ...]]]:
        """The rows of its own tables: the table's name, and the values in the columns' order."""
        return iter(())

    def title(self, model: Any) -> str | None:
        """The name that people read; None without one."""
        return None

    def form(self, model: Any) -> str | None:
        """A word for a variant of the kind, such as ``static``."""
        return None


def kinds() -> tuple[Kind, ...]:
    """All kinds, in the order in which they are checked."""
    from enrichment.definitions.segments import SegmentKind

    return (SegmentKind(),)
