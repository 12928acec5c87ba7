"""The page on tables and functions, docs/marts.md: the question and the grain of each of them.

It is made from the descriptions in `models/`, without a database.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import yaml

from enrichment.paths import PROJECT

_HEAD = """# Tables and functions

Each table and function answers one question. `make docs/marts.md` makes this page from the
descriptions in `models/`: to change a line, change the description and run it again.

Columns and their meanings: the site that `make docs` writes, or the `.yml` file beside each model.
Where each metric is defined: `docs/metrics.md`.

## Tables

Marts are in the schema `marts`, with a folder of `models/marts/` for each subject. The tables about
delivered rows are in the schema `quarantine`.
"""
_FUNCTIONS = """## Functions

Table functions of the schema `segments`. `svids` is a list of voter ids as text; `'WI:0012345'`
names the state. The list may come from a query. Other parameters have the default shown:

```sql
select *
from segments.segment_lookalike((
    select list(state || ':' || svid) from marts.segment_members where segment = 'quiet_givers'
), expansion_size := 100);
```
"""


class Published(NamedTuple):
    """A table or function that readers use: its name, its file, its question and its grain."""

    name: str
    file: Path
    question: str
    grain: str

    @property
    def subject(self) -> str:
        """The folder that holds the model."""
        return self.file.parent.name

    @property
    def call(self) -> str:
        """The name of a function with its parameters."""
        found = re.search(r"parameters=\[(.*?)\]", self.file.read_text(encoding="utf-8"))
        parameters = re.findall(r"'([^']*)'", found[1]) if found else []
        return f"{self.name}({', '.join(parameters)})"


def published(folder: Path) -> Iterator[Published]:
    """The tables or functions of a folder of models, sorted by subject and name.

    Raises ValueError if a description does not open with a question, or does not say "One row per".
    """
    for file in sorted(folder.rglob("*.yml")):
        for model in yaml.safe_load(file.read_text(encoding="utf-8")).get("models", []):
            text = " ".join(model["description"].split())
            question = re.match(r"[^?]+\?", text)
            grain = re.search(r"One row per (.+?)[.;:](?: |$)", text)
            if not question or not grain:
                raise ValueError(f"{model['name']}: the description lacks its question or grain")
            sql = file.with_name(f"{model['name']}.sql")
            yield Published(model["name"], sql, question[0], grain[1])


def _row(one: Published, name: str) -> str:
    place = one.file.relative_to(PROJECT).as_posix()
    return f"| [`{name}`](../{place}) | {one.question} | {one.grain} |"


def page_text() -> str:
    """The page as Markdown."""
    models = PROJECT / "models"
    lines = [_HEAD]
    tables = [*published(models / "marts"), *published(models / "quarantine")]
    for subject, members in groupby(tables, key=lambda one: one.subject):
        lines += [
            f"### {subject.capitalize()}\n",
            "| table | question | one row per |",
            "|---|---|---|",
        ]
        lines += [*(_row(one, one.name) for one in members), ""]
    lines += [_FUNCTIONS, "| function | question | one row per |", "|---|---|---|"]
    lines += [_row(one, one.call) for one in published(models / "segments")]
    return "\n".join(lines) + "\n"


def write_page(page: Path) -> None:
    """Writes the page."""
    page.write_text(page_text(), encoding="utf-8")
