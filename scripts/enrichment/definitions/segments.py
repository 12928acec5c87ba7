"""Segments: named audiences whose members are found in every build."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from enrichment.definitions.conditions import WORD, Condition, Listed, wrong
from enrichment.definitions.kinds import Definition, Kind


class Segment(Definition):
    """A segment: who is in it follows from its conditions, or from a list."""

    segment: Annotated[str, Field(pattern=f"^{WORD}$")]
    name: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    kind: Literal["dynamic", "static"] = "dynamic"
    who: Condition | None = None

    @model_validator(mode="after")
    def _has_members(self) -> Segment:
        if self.kind == "dynamic" and self.who is None:
            raise wrong("a dynamic segment needs who: its conditions")
        if self.kind == "static" and self.who is not None:
            raise wrong(
                "the members of a static segment come from the extract segment_lists: "
                "leave who out, or write kind: dynamic",
                "who",
            )
        return self


class SegmentKind(Kind):
    """Segments; they need no tables beside those of all audiences."""

    name = "segment"
    folder = "segments"
    model = Segment

    def audience(self, model: Any) -> tuple[Any, tuple[str | int, ...]]:
        """Its conditions; a static segment is the list of its name."""
        if model.kind == "static":
            return Listed(listed=model.segment), ("kind",)
        return model.who, ("who",)

    def title(self, model: Any) -> str | None:
        """The segment's name for people."""
        return str(model.name or model.segment)

    def form(self, model: Any) -> str | None:
        """``dynamic`` or ``static``."""
        return str(model.kind)
