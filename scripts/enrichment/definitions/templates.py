"""The templates that definitions may name: rows of the seed `message_templates`."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from enrichment.definitions.catalog import seed_rows
from enrichment.definitions.conditions import wrong
from enrichment.definitions.problems import unknown

SLOT = "slot"
"""The channel of a template that fills a slot: it is a part of a message or page."""


class Template(NamedTuple):
    """A row of the seed."""

    channel: str
    asks_for_gift: bool


@cache
def templates() -> dict[str, Template]:
    """The templates by name."""
    return {
        row["template"]: Template(row["channel"], row["asks_for_gift"] == "true")
        for row in seed_rows("message_templates")
    }


def template_for(name: str, *channels: str, key: str = "template") -> Template:
    """The template of a name; an error at ``key`` if it is unknown or for another channel."""
    known = templates()
    if name not in known:
        raise wrong(unknown("template", name, known), key)
    if known[name].channel not in channels:
        raise wrong(
            f"the template {name} is for {known[name].channel}, not for {' or '.join(channels)}",
            key,
        )
    return known[name]
