"""What a definition means, in words."""

from __future__ import annotations

from collections.abc import Iterator

from enrichment.definitions.criteria import digest
from enrichment.definitions.kinds import Loaded
from enrichment.definitions.load import Definitions
from enrichment.definitions.problems import unknown
from enrichment.errors import InputError


def explain(found: Definitions, name: str) -> Iterator[str]:
    """The lines about the definitions of a name. Raises InputError if there is none."""
    items = [item for (_, of), item in sorted(found.items.items()) if of == name]
    if not items:
        raise InputError(unknown("definition", name, {of for _, of in found.items}))
    for item in items:
        yield from _lines(item)


def _lines(item: Loaded) -> Iterator[str]:
    model = item.model
    yield f"{item.kind.name} {item.name}: {item.kind.title(model) or item.name} ({model.status})"
    for text, value in (
        ("", model.description),
        ("Owner: ", model.owner),
        ("Why: ", model.purpose),
    ):
        if value:
            yield f"  {text}{value}"
    if item.clauses is None:
        return
    words = {one.criterion: dict(one.columns)["words"] for clause in item.clauses for one in clause}
    place = {criterion: at for at, criterion in enumerate(item.order)}
    ordered = sorted(sorted(place[one.criterion] for one in clause) for clause in item.clauses)
    for number, clause in enumerate(ordered):
        yield "  Who:" if number == 0 else "  or:"
        for at in clause:
            yield f"    - {words[item.order[at]]}"
    yield f"  Hash: {digest(item.clauses)}"
