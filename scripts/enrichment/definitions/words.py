"""Conditions in words, as `segment_membership` gives them with what was found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from enrichment.definitions.catalog import Catalog
from enrichment.definitions.conditions import (
    Did,
    FieldIs,
    InOrder,
    Last,
    Leaf,
    Listed,
    Prefers,
    TotalOf,
    text_of,
)


def in_words(leaf: Leaf, negated: bool, catalog: Catalog) -> str:
    """What a leaf, or its negation, says about a voter."""
    if isinstance(leaf, Did):
        return _did(leaf, negated, catalog)
    text = _TEXTS[type(leaf)](leaf, catalog)
    return f"not: {text}" if negated else text


def _nouns(words: Sequence[str], catalog: Catalog, *, plural: bool) -> str:
    events = [catalog.events[word] for word in words]
    return " or ".join(event.plural if plural else event.noun for event in events)


def _window(days: int | None, lead: str = "in") -> str:
    return "" if days is None else f" {lead} {days} day{'s' if days != 1 else ''}"


def _did(leaf: Did, negated: bool, catalog: Catalog) -> str:
    least, most = leaf.least, leaf.at_most
    if negated and most is None:
        least, most, negated = 0, least - 1, False
    elif negated and least == 0 and most is not None:
        least, most, negated = most + 1, None, False
    plural = _nouns(leaf.did, catalog, plural=True)
    one = _nouns(leaf.did, catalog, plural=False)
    if most == 0:
        text = f"no {one}"
    elif most is None:
        text = f"{least} or more {plural}"
    elif least == 0:
        text = f"at most {most} {one if most == 1 else plural}"
    elif least == most:
        text = f"{least} {one if least == 1 else plural}"
    else:
        text = f"{least} to {most} {plural}"
    return ("not: " if negated else "") + text + _window(leaf.within)


def _bounds(least: Any, most: Any, below: Any) -> str:
    texts = []
    if least is not None:
        texts.append(f"{text_of(least)} or more")
    if most is not None:
        texts.append(f"at most {text_of(most)}")
    if below is not None:
        texts.append(f"below {text_of(below)}")
    return " and ".join(texts)


def _total_of(leaf: TotalOf, catalog: Catalog) -> str:
    bounds = _bounds(leaf.at_least, leaf.at_most, leaf.below)
    return f"{_nouns(leaf.total_of, catalog, plural=True)} of {bounds}{_window(leaf.within)}"


def _last(leaf: Last, catalog: Catalog) -> str:
    texts = []
    if leaf.within is not None:
        texts.append(f"at most {leaf.within} days ago")
    if leaf.more_than_ago is not None:
        texts.append(f"more than {leaf.more_than_ago} days ago")
    return f"last {_nouns(leaf.last, catalog, plural=False)} {' and '.join(texts)}"


def _in_order(leaf: InOrder, catalog: Catalog) -> str:
    steps = ", then ".join(_nouns([word], catalog, plural=False) for word in leaf.in_order)
    text = f"{steps}{_window(leaf.within, 'within')}{_window(leaf.during)}"
    if leaf.but_not:
        text += f", and no {_nouns(leaf.but_not, catalog, plural=False)} after that"
    return text


def _field(leaf: FieldIs, catalog: Catalog) -> str:
    noun = catalog.fields[leaf.field].noun
    texts = []
    if leaf.is_known is not None:
        texts.append("known" if leaf.is_known else "unknown")
    if leaf.equals is not None:
        texts.append({"true": "yes", "false": "no"}.get(text_of(leaf.equals), text_of(leaf.equals)))
    if leaf.one_of is not None:
        texts.append(" or ".join(text_of(value) for value in leaf.one_of))
    bounds = _bounds(leaf.at_least, leaf.at_most, leaf.below)
    return f"{noun} {' and '.join([*texts, *([bounds] if bounds else [])])}"


def _prefers(leaf: Prefers, catalog: Catalog) -> str:
    return (
        f"{round(leaf.at_least * 100)} % or more of at least {leaf.of_at_least} "
        f"acts about {' or '.join(leaf.prefers)}"
    )


def _listed(leaf: Listed, catalog: Catalog) -> str:
    return f"on the list {leaf.listed}"


_TEXTS: dict[type[Leaf], Any] = {
    TotalOf: _total_of,
    Last: _last,
    InOrder: _in_order,
    FieldIs: _field,
    Prefers: _prefers,
    Listed: _listed,
}
