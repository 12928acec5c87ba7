"""What the contracts in models/staging say of the extracts."""

from __future__ import annotations

from enrichment.paths import PROJECT


def declared_columns() -> dict[str, list[str]]:
    """The columns of each required extract, in the order of its contract in models/staging."""
    import yaml

    found = {}
    for file in sorted((PROJECT / "models" / "staging").glob("*/_*__sources.yml")):
        for source in yaml.safe_load(file.read_text())["sources"]:
            for table in source["tables"]:
                if table.get("config", {}).get("meta", {}).get("required"):
                    found[table["name"]] = [column["name"] for column in table["columns"]]
    return found
