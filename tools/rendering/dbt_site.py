"""dbt's own docs page, with types of table functions, a legend, and a graph without tests.

dbt writes `manifest.json` and `catalog.json`. This puts them into dbt's page, as `dbt docs generate
--static` does, after filling what dbt leaves out.
"""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any

import dbt.task.docs

from lineage.project import LineageError, Node

EXTRACT_COLOUR, READER_COLOUR = "#c2698f", "#333333"
_LAYERS = (
    *("extracts", "seeds", "staging", "quarantine", "linkage", "events", "keys"),
    *("aggregates", "marts", "segments"),
)

_TYPES = 'resource_types:["model","seed","snapshot","source","test","unit_test","analysis",'
_TYPES_WITHOUT_TESTS = 'resource_types:["model","seed","snapshot","source","analysis",'
_OPTIONS = "r.assign({},l.options"
_SELECTED_OPTIONS = _OPTIONS + ",{resource_types:l.selection.clean.resource_types}"
"""What the graph shows when it opens. dbt's page takes tests, too; they can be switched on."""

_LEGEND = """
<style>
#layers {{ display: none; position: fixed; right: 24px; top: 24px; z-index: 1000; }}
#layers {{ padding: 8px 12px; background: #fff; border: 1px solid #ccc; border-radius: 4px; }}
#layers {{ font: 13px/1.6 system-ui, sans-serif; }}
body:has(.launcher.on) #layers {{ display: block; }}
#layers i {{ display: inline-block; width: 12px; height: 12px; border-radius: 6px; }}
#layers i {{ margin-right: 6px; }}
</style>
<div id="layers">{items}</div>
"""


def colours(nodes: dict[str, Node]) -> dict[str, str]:
    """The colour of each layer, as dbt_project.yml sets it, and of extracts."""
    found = {"extracts": EXTRACT_COLOUR}
    for node in nodes.values():
        layer = "seeds" if node["resource_type"] == "seed" else node["fqn"][1]
        colour = (node.get("docs") or {}).get("node_color")
        if colour and node["resource_type"] in ("model", "seed"):
            found.setdefault(layer, colour)
    known = {layer: found[layer] for layer in _LAYERS if layer in found}
    return known | {layer: colour for layer, colour in found.items() if layer not in known}


def completed(catalog: dict[str, Any], manifest: dict[str, Any]) -> dict[str, Any]:
    """The catalog with what a database's catalog lacks: table functions and their columns."""
    nodes = dict(catalog["nodes"])
    for name, node in manifest["nodes"].items():
        if node["resource_type"] != "model" or name in nodes:
            continue
        nodes[name] = {
            "unique_id": name,
            "metadata": {
                "type": str(node["config"]["materialized"]).upper(),
                **{"schema": node["schema"], "name": node["name"], "database": node["database"]},
                **{"comment": None, "owner": None},
            },
            "columns": {
                column: {
                    "type": (declared.get("data_type") or "").upper(),
                    **{"index": index, "name": column, "comment": None},
                }
                for index, (column, declared) in enumerate(node["columns"].items(), start=1)
            },
            "stats": {
                "has_stats": {
                    **{"id": "has_stats", "label": "Has Stats?", "value": False},
                    **{"include": False, "description": ""},
                }
            },
        }
    return {**catalog, "nodes": nodes}


def trimmed(manifest: dict[str, Any]) -> dict[str, Any]:
    """The manifest as the page needs it: no macros of dbt, no folder of a machine, all colours."""
    project = manifest["metadata"]["project_name"]
    macros = {
        name: macro
        for name, macro in manifest["macros"].items()
        if macro["package_name"] == project
    }
    parts: dict[str, Any] = {"macros": macros}
    for kind in ("nodes", "sources", "exposures", "macros", "unit_tests"):
        entries = {name: dict(entry) for name, entry in (parts.get(kind) or manifest[kind]).items()}
        for entry in entries.values():
            entry.pop("root_path", None)
            depends = entry.get("depends_on")
            if depends and depends.get("macros"):
                known = [name for name in depends["macros"] if name in macros]
                entry["depends_on"] = {**depends, "macros": known}
            if entry.get("resource_type") == "model":
                link = f"[Lineage, keys and formulas](docs_pages/tables/{entry['name']}.html)"
                entry["description"] = f"{entry['description'].rstrip()}\n\n{link}"
            if "meta" in entry:
                shown = ("brief", "corrections")
                entry["meta"] = {key: entry["meta"][key] for key in shown if key in entry["meta"]}
            if kind == "sources":
                entry["docs"] = {"show": True, "node_color": EXTRACT_COLOUR}
            if kind == "exposures":
                entry["docs"] = {"show": True, "node_color": READER_COLOUR}
        parts[kind] = entries
    return {**manifest, **parts}


def write_site(target: Path) -> Path:
    """Writes `static_index.html` into dbt's target folder.

    Raises LineageError if dbt's page is not the one that this knows.
    """
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    catalog = json.loads((target / "catalog.json").read_text(encoding="utf-8"))
    template = Path(dbt.task.docs.__file__).with_name("index.html")
    page = template.read_text(encoding="utf-8")
    if page.count(_TYPES) != 1 or _OPTIONS not in page or "</body>" not in page:
        raise LineageError(f"dbt's page has changed: adapt {Path(__file__).name} to it")
    page = page.replace(_TYPES, _TYPES_WITHOUT_TESTS).replace(_OPTIONS, _SELECTED_OPTIONS)
    items = "".join(
        f'<div><i style="background:{colour}"></i>{escape(layer)}</div>'
        for layer, colour in colours(manifest["nodes"]).items()
    )
    page = page.replace("</body>", _LEGEND.format(items=items) + "</body>")
    for name, content in (
        ("MANIFEST", trimmed(manifest)),
        ("CATALOG", completed(catalog, manifest)),
    ):
        # As text of a script element it must not end the element.
        text = json.dumps(content, separators=(",", ":")).replace("</", "<\\/")
        page = page.replace(f'"{name}.JSON INLINE DATA"', text)
    file = target / "static_index.html"
    file.write_text(page, encoding="utf-8")
    return file
