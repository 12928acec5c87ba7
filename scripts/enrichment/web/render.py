"""Pages as text, from their templates. A report is a page that stands alone in a file."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from enrichment.database import Database, Query
from enrichment.web.report import Report

TEMPLATES = Path(__file__).parent / "templates"
MENU = {
    "/": "Overview",
    "/health": "Health",
    "/clients": "Clients",
    "/attribution": "Attribution",
    "/journeys": "Journeys",
    "/scores": "Scores",
    "/segments": "Segments",
    "/triggers": "Triggers",
    "/experiments": "Experiments",
    "/checks": "Checks",
    "/segment": "Ask about a list",
}
"""The pages, by address."""


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined
    )
    environment.filters["prose"] = prose
    return environment


def prose(text: str) -> Markup:
    """A sentence of a contract: what stands between backticks is code."""
    parts = [str(escape(part)) for part in text.split("`")]
    if len(parts) % 2 == 0:
        return escape(text)
    marked = (f"<code>{part}</code>" if at % 2 else part for at, part in enumerate(parts))
    return Markup("".join(marked))  # noqa: S704 (each part is escaped)


def rendered(template: str, **values: Any) -> str:
    """A page as text."""
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    common = {
        "style": Markup(style),  # noqa: S704 (a file of this package)
        "menu": list(MENU.items()),
        "here": "",
        "is_file": False,
        "facts": "",
        "minimum": None,
        "lead": "",
        "words": [],
        "blocks": [],
    }
    return _templates().get_template(template).render(**{**common, **values})


def build_facts(database: Database) -> dict[str, Any]:
    """What a page says about its build: the line of facts, and the least number of people."""
    rules = database.relation("seeds", "rules")
    ((minimum,),) = database.all_rows(
        Query(
            f"select cast(value as bigint) from {rules} "
            "where subject = 'disclosure_limits' and rule = 'small_group'"
        )
    )
    info = database.relation("marts", "build_info")
    ((build_id, as_of_date),) = database.all_rows(
        Query(f"select build_id, as_of_date from {info} limit 1")
    )
    return {
        "facts": f"Data up to {as_of_date}, build {build_id[:8]}.",
        "minimum": minimum,
    }


def report_page(database: Database, svids: Sequence[str], title: str, *, is_file: bool) -> str:
    """The report on a segment as a page; ``is_file`` for a page that stands alone."""
    report = Report(database, svids)
    return rendered(
        "page.html",
        title=title,
        blocks=report.blocks(),
        words=list(report.glossary.meanings.values()),
        is_file=is_file,
        here="/segment",
        **build_facts(database),
    )
