"""Rules of personalisation: which content a voter sees in which slot."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field, model_validator

from enrichment.definitions.catalog import seed_rows
from enrichment.definitions.conditions import WORD, Checked, FieldName, Number, wrong
from enrichment.definitions.experiments import Audience
from enrichment.definitions.kinds import Definition, Kind, Loaded
from enrichment.definitions.problems import Problem, unknown

MOST_ACTIVE = 50
"""Active rules that a person can keep apart (the brief's limit)."""


class FromField(Checked):
    """A variable that a field of the voter fills."""

    field: FieldName
    fallback: str | bool | int | Number | None = None

    @model_validator(mode="after")
    def _has_a_fallback(self) -> FromField:
        if self.fallback is None:
            raise wrong(f"{self.field} is unknown for some voters: give a fallback", "field")
        return self


class Rule(Definition):
    """A rule: who sees which template in a slot."""

    model_config = ConfigDict(populate_by_name=False)

    rule: Annotated[str, Field(pattern=f"^{WORD}$")]
    slot: Annotated[str, Field(min_length=1, max_length=60)]
    """A place in a message or on a page, of the seed slot_templates."""
    priority: Annotated[int, Field(ge=0, le=1000)] = 0
    audience: Audience | None = None
    """Who; a rule without an audience is for everybody, and is the fallback of its slot."""
    from_: Annotated[datetime.date | None, Field(alias="from")] = None
    until: datetime.date | None = None
    template: Annotated[str, Field(min_length=1, max_length=60)]
    """A content of that place."""
    variables: Annotated[
        dict[Annotated[str, Field(pattern=f"^{WORD}$")], FromField | str | bool | int | Number],
        Field(default_factory=dict),
    ]

    @model_validator(mode="after")
    def _is_sound(self) -> Rule:
        slots: dict[str, list[str]] = {}
        for row in seed_rows("slot_templates"):
            slots.setdefault(row["slot"], []).append(row["template"])
        if self.slot not in slots:
            raise wrong(unknown("slot", self.slot, slots), "slot")
        if self.template not in slots[self.slot]:
            what = unknown(f"template of {self.slot}", self.template, slots[self.slot])
            raise wrong(what, "template")
        if self.from_ and self.until and self.until < self.from_:
            raise wrong(f"until {self.until} is before from {self.from_}", "until")
        return self


class RuleKind(Kind):
    """Rules of personalisation."""

    name = "rule"
    folder = "rules"
    model = Rule
    tables: ClassVar[Mapping[str, Mapping[str, str]]] = {
        "rule_terms": {
            "rule": "varchar",
            "slot": "varchar",
            "priority": "bigint",
            "status": "varchar",
            "is_fallback": "boolean",
            "starts_on": "date",
            "ends_on": "date",
            "template": "varchar",
            "variables": "varchar",
        }
    }

    def audience(self, model: Any) -> tuple[Any, tuple[str | int, ...]]:
        """Its audience; a fallback has none."""
        return model.audience, ("audience",)

    def check(self, item: Loaded, others: Mapping[tuple[str, str], Loaded]) -> Iterator[Problem]:
        """An active rule has an owner, and its slot a fallback; there are not too many of them."""
        if item.model.status != "active":
            return
        if not item.model.owner:
            yield item.source.problem((), "an active rule needs an owner")
        active = [
            other
            for (kind, _), other in sorted(others.items())
            if kind == self.name and other.model.status == "active"
        ]
        if active.index(item) == MOST_ACTIVE:
            what = f"more than {MOST_ACTIVE} rules are active: pause some"
            yield item.source.problem((), what)
        slot = [other for other in active if other.model.slot == item.model.slot]
        if item is slot[0] and not any(_is_fallback(other.model) for other in slot):
            what = (
                f"the slot {item.model.slot} has no fallback: "
                "it needs an active rule without audience, from and until"
            )
            yield item.source.problem(("slot",), what)

    def rows(
        self, item: Loaded, others: Mapping[tuple[str, str], Loaded]
    ) -> Iterator[tuple[str, tuple[Any, ...]]]:
        """The row of the rule."""
        model: Rule = item.model
        variables = {
            name: value.model_dump() if isinstance(value, FromField) else value
            for name, value in model.variables.items()
        }
        yield (
            "rule_terms",
            (
                item.name,
                model.slot,
                model.priority,
                model.status,
                model.audience is None,
                model.from_,
                model.until,
                model.template,
                json.dumps(variables, sort_keys=True),
            ),
        )

    def form(self, model: Any) -> str | None:
        """``fallback`` for a rule that is for everybody."""
        return "fallback" if model.audience is None else None


def _is_fallback(model: Rule) -> bool:
    return model.audience is None and model.from_ is None and model.until is None
