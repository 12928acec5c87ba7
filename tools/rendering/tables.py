"""Pages of the docs site about tables: one for each model, and the list of all columns.

A page says for every column where it is computed and from which delivered columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape
from itertools import groupby
from pathlib import Path
from urllib.parse import quote

from lineage.project import ADDED_TO_EXTRACTS, Node, Project
from lineage.query import ROWS, Ref
from rendering import relations
from rendering.dbt_site import EXTRACT_COLOUR, colours
from rendering.html import from_markdown, page
from rendering.pictures import Box, Edge, picture

PUBLIC = ("marts", "quarantine", "segments")
"""Layers that people read."""

_FAR = "extracts"
"""Stands in a picture for all extracts that a table reads through tables that are not drawn."""

_TECHNICAL = {
    "source_file": "name of the file",
    "source_row_number": "number of the row",
    "source_row": "the row as delivered",
    "uncastable_columns": "whether values can be cast",
    "is_deleted_at_source": "deletion marks",
    ROWS: "rows",
}
_SEARCH = """
<p><input type="search" id="search" placeholder="a column, a table or a delivered column"
  aria-label="Find a column"> <span id="found"></span></p>
"""
_SCRIPT = """
<script>
const rows = [...document.querySelectorAll("tbody tr")];
const texts = rows.map((row) => row.textContent.toLowerCase());
const search = document.getElementById("search");
function find() {
  const words = search.value.toLowerCase().split(/\\s+/);
  let count = 0;
  rows.forEach((row, number) => {
    row.hidden = !words.every((word) => texts[number].includes(word));
    count += row.hidden ? 0 : 1;
  });
  document.getElementById("found").textContent = count + " columns";
}
search.addEventListener("input", find);
search.value = decodeURIComponent(location.hash.slice(1));
find();
</script>
"""


class Site:
    """Writes the pages of a project's tables into a folder."""

    def __init__(self, project: Project, folder: Path) -> None:
        self.project = project
        self.folder = folder
        self.colours = colours(project.nodes)
        self._spellings: dict[str, dict[str, str]] = {
            name: _TECHNICAL | {column.lower(): column for column in node["columns"]}
            for name, node in project.nodes.items()
        }
        self._groups: dict[tuple[Ref, str], str] = {}

    def write(self) -> None:
        """Writes all pages."""
        tables = self.folder / "tables"
        tables.mkdir(parents=True, exist_ok=True)
        for old in tables.glob("*.html"):
            old.unlink()
        for model in self.project.models:
            text = page(model["name"], self._table(model), up="../")
            (tables / f"{model['name']}.html").write_text(text, encoding="utf-8")
        (self.folder / "index.html").write_text(
            page("Find a column", self._columns()), encoding="utf-8"
        )
        (self.folder / "relationships.html").write_text(
            page("How tables fit together", self._relationships()), encoding="utf-8"
        )

    # ----------------------------------------------------------------------------- list of all

    def _columns(self) -> str:
        rows = []
        public = [one for one in self.project.models if _layer(one) in PUBLIC]
        for model in sorted(public, key=lambda one: str(one["name"])):
            for column in model["columns"]:
                ref = Ref(model["unique_id"], column.lower())
                makers = {maker for maker, _, _ in self.project.computed(ref)}
                rows.append(
                    f'<tr><td><a href="tables/{model["name"]}.html#{column}">{column}</a></td>'
                    f"<td>{model['name']}</td><td>{self._links(makers, 'tables/')}</td>"
                    f"<td>{self._delivered(ref)}</td></tr>"
                )
        return (
            "<h1>Find a column</h1><p>Every column of the tables and functions that people read, "
            "with the model that computes it and the delivered columns that decide it. Its "
            f"link shows the formula and each step.</p>{_SEARCH}"
            "<table><thead><tr><th>column</th><th>table or function</th><th>computed in</th>"
            "<th>delivered columns</th></tr></thead>"
            f"<tbody>{''.join(rows)}</tbody></table>{_SCRIPT}"
        )

    def _links(self, models: Iterable[str], folder: str) -> str:
        names = sorted(str(self.project.nodes[one]["name"]) for one in models)
        return ", ".join(f'<a href="{folder}{name}.html">{name}</a>' for name in names)

    # ------------------------------------------------------------------------------- one table

    def _table(self, model: Node) -> str:
        layer = _layer(model)
        file = model["original_file_path"]
        declared = str(model.get("patch_path") or "").partition("://")[2]
        group = model.get("group")
        facts = [
            f'<span class="layer" style="background:{self.colours[layer]}">{layer}</span>',
            escape(str(model["config"]["materialized"]).replace("_", " ")),
            f"access: {model['access']}" + (f", owner: {escape(group)}" if group else ""),
            f'<a href="../../../{file}">{escape(file)}</a>',
            f'<a href="../../../{declared}">contract and tests</a>' if declared else "",
            f'<a href="../../static_index.html#!/model/{model["unique_id"]}">page of dbt</a>',
        ]
        parts = [
            f"<h1>{model['name']}</h1>",
            f"<p>{' · '.join(fact for fact in facts if fact)}</p>",
            from_markdown(model["description"]),
            "<h2>Lineage</h2>",
            f"<figure>{self._lineage(model)}<figcaption>From left to right: extracts, tables two "
            "steps before this one, what it reads, its readers. A dashed line passes tables that "
            "are not drawn. Each box leads to its page.</figcaption></figure>",
        ]
        if layer == "marts":
            drawn = relations.keys_picture(
                self.project, {model["name"]: model}, self.colours["marts"], "Keys", up="../"
            )
            parts += ["<h2>Keys</h2>", f"<figure>{drawn}</figure>"]
        parts += ["<h2>Columns</h2>", self._column_table(model), self._tests(model)]
        return "\n".join(parts)

    def _column_table(self, model: Node) -> str:
        rows = []
        for column, declared in model["columns"].items():
            ref = Ref(model["unique_id"], column.lower())
            meaning = from_markdown(declared["description"])
            rows.append(
                f'<tr id="{column}"><td><strong>{column}</strong></td>'
                f"<td>{escape(declared.get('data_type') or '')}</td><td>{meaning}</td>"
                f"<td>{''.join(self._formulas(ref))}</td><td>{self._parents(ref)}</td>"
                f"<td>{self._delivered(ref)}</td><td>{self._seeds(ref)}</td></tr>"
            )
        return (
            "<table><thead><tr><th>column</th><th>type</th><th>meaning</th><th>formula</th>"
            "<th>computed from</th><th>delivered columns</th><th>seeds</th></tr></thead>"
            f"<tbody>{''.join(rows)}</tbody></table>"
        )

    def _formulas(self, ref: Ref) -> Iterator[str]:
        """Where a column is computed, with the SQL; the build's own id is no formula."""
        found = list(self.project.computed(ref))
        for maker, place, formula in found[:6]:
            name = self.project.nodes[maker]["name"]
            at = f" ({escape(place)})" if place else ""
            formula = re.sub(r"^'[0-9a-f]{8}-[0-9a-f-]{27}'$", "id of the build", formula)
            yield (
                f'<details><summary><a href="{name}.html">{name}</a>{at}</summary>'
                f"<pre>{escape(formula)}</pre></details>"
            )
        if len(found) > 6:
            yield f"and {len(found) - 6} more"

    def _parents(self, ref: Ref) -> str:
        refs = self.project.values[ref].refs if ref in self.project.values else frozenset()
        names = []
        for one in sorted(refs):
            node = self.project.nodes[one.relation]
            if node["resource_type"] == "model":
                anchor = "" if one.column == ROWS else f"#{one.column}"
                text = (
                    f"{node['name']}: rows"
                    if one.column == ROWS
                    else f"{node['name']}.{one.column}"
                )
                names.append(f'<a href="{node["name"]}.html{anchor}">{escape(text)}</a>')
            elif node["resource_type"] == "source":
                names.append(escape(f"{node['name']}.{self._spelled(one)}"))
        return "<br>".join(names)

    def _delivered(self, ref: Ref) -> str:
        return self._grouped(ref, "source")

    def _seeds(self, ref: Ref) -> str:
        return self._grouped(ref, "seed")

    def _grouped(self, ref: Ref, kind: str) -> str:
        """The columns of extracts or seeds that decide a column, a line for each of these."""
        if (ref, kind) not in self._groups:
            self._groups[ref, kind] = self._listed(ref, kind)
        return self._groups[ref, kind]

    def _listed(self, ref: Ref, kind: str) -> str:
        refs = sorted(
            one
            for one in self.project.delivered(ref)
            if self.project.nodes[one.relation]["resource_type"] == kind
        )
        # A column that the reading of a file adds is worth a line only where nothing else decides.
        refs = [one for one in refs if one.column not in ADDED_TO_EXTRACTS] or refs
        lines = []
        for relation, members in groupby(refs, key=lambda one: one.relation):
            name = self.project.nodes[relation]["name"]
            columns = ", ".join(escape(self._spelled(one)) for one in members)
            lines.append(f"<strong>{name}</strong>: {columns}")
        return "<br>".join(lines)

    def _spelled(self, ref: Ref) -> str:
        """A column as the extract spells it."""
        return self._spellings[ref.relation].get(ref.column, ref.column)

    def _tests(self, model: Node) -> str:
        tests = [
            one for one in self.project.tests if model["unique_id"] in one["depends_on"]["nodes"]
        ]
        if not tests:
            return ""
        rows = [
            f'<tr><td>{escape(one["name"])}</td><td><a href="../../../{one["original_file_path"]}">'
            f"{escape(one['original_file_path'])}</a></td></tr>"
            for one in sorted(tests, key=lambda one: str(one["name"]))
        ]
        return (
            "<h2>Tests</h2><table><thead><tr><th>test</th><th>file</th></tr></thead>"
            f"<tbody>{''.join(rows)}</tbody></table>"
        )

    # -------------------------------------------------------------------------------- pictures

    def _box(self, name: str, subject: str) -> Box:
        node = self.project.nodes[name]
        kind = node["resource_type"]
        if kind == "model":
            link = f"{node['name']}.html"
            return Box(node["name"], self.colours[_layer(node)], link, is_subject=name == subject)
        colour = EXTRACT_COLOUR if kind == "source" else self.colours["seeds"]
        link = f"../../static_index.html#!/{kind}/{quote(name)}"
        return Box(node["name"] + (" (seed)" if kind == "seed" else ""), colour, link)

    def _lineage(self, model: Node) -> str:
        """Extracts, the two steps before a table, the table, and its readers."""
        subject = model["unique_id"]
        project = self.project
        parents = [one for one in model["depends_on"]["nodes"] if one in project.nodes]
        steps = {one for one in parents if project.nodes[one]["resource_type"] == "model"}
        before = {
            one
            for parent in steps
            for one in project.nodes[parent]["depends_on"]["nodes"]
            if one in project.nodes and project.nodes[one]["resource_type"] == "model"
        } - {*parents, subject}
        extracts = {
            one
            for one in project.ancestors(subject)
            if project.nodes[one]["resource_type"] == "source" and one not in parents
        }
        readers = set(project.readers.get(subject, [])) - {subject}
        direct = {one: set(project.nodes[one]["depends_on"]["nodes"]) for one in steps | before}
        edges = {(one, subject, False) for one in parents}
        edges |= {(subject, one, False) for one in readers}
        for child in steps:
            edges |= {(one, child, False) for one in direct[child] & (before | steps)}
        near = extracts & set().union(*direct.values())
        for child, read in direct.items():
            edges |= {(one, child, False) for one in read & near}
            if (child in before or not read & before) and project.ancestors(
                child
            ) & extracts - read:
                edges.add((_FAR, child, True))
        boxes = {
            one: self._box(one, subject) for one in {*parents, *before, *near, *readers, subject}
        }
        names = sorted(str(project.nodes[one]["name"]) for one in extracts)
        boxes[_FAR] = Box("extracts", EXTRACT_COLOUR, lines=names)
        far = [_FAR] if any(start == _FAR for start, _, _ in edges) else []
        columns = [[*near, *far], [*before], parents, [subject], [*readers]]
        return picture(
            f"Lineage of {model['name']}",
            [[boxes[one] for one in column] for column in columns],
            [Edge(boxes[start].name, boxes[end].name, dashed) for start, end, dashed in edges],
        )

    def _relationships(self) -> str:
        colour = self.colours["marts"]
        subjects = sorted({mart["fqn"][2] for mart in relations.marts(self.project)})
        parts = [
            "<h1>How tables fit together</h1>",
            "<p>Keys come from the contracts. A table refers to another one if it has its key, "
            "with the same meaning. Dashed: some rows refer to none. Every table also has "
            "<code>build_id</code>, the key of <code>build_info</code>. "
            "Point at a line to read it.</p>",
            "<h2>All tables</h2>",
            f"<figure>{relations.entity_picture(self.project, colour)}</figure>",
        ]
        for subject in subjects:
            drawn = relations.subject_picture(self.project, subject, colour)
            parts += [
                f'<h2 id="{subject}">{subject.capitalize()}</h2>',
                f"<figure>{drawn}</figure>",
            ]
        return "\n".join(parts)


def _layer(model: Node) -> str:
    return str(model["fqn"][1])
