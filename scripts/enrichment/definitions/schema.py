"""A JSON Schema of all definitions, for editors that check YAML while one writes it."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import models_json_schema

from enrichment.definitions.catalog import Catalog
from enrichment.definitions.kinds import kinds


def json_schema(words: Catalog) -> dict[str, Any]:
    """The schema: one of the kinds, with the words that are known now."""
    models = [(kind.model, "validation") for kind in kinds()]
    _, schema = models_json_schema(models, ref_template="#/$defs/{model}")  # type: ignore[arg-type]
    known = {
        "event": sorted(words.events),
        "field": sorted(words.fields),
        "segment": sorted(words.names.get("segment", ())),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Definition",
        "oneOf": [{"$ref": f"#/$defs/{kind.model.__name__}"} for kind in kinds()],
        "$defs": _with_words(schema["$defs"], known),
    }


def _with_words(part: Any, known: dict[str, list[str]]) -> Any:
    """The schema with the known words in place of their kind."""
    if isinstance(part, list):
        return [_with_words(one, known) for one in part]
    if not isinstance(part, dict):
        return part
    kind = part.get("x-words")
    if isinstance(kind, str):
        return {"type": "string", "enum": known[kind]} if known[kind] else {"type": "string"}
    return {key: _with_words(value, known) for key, value in part.items()}
