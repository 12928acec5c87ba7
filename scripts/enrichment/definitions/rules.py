"""Rules of personalisation: which content a voter sees in which slot."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field, model_validator

from enrichment.definitions.conditions import (
    WORD,
    Checked,
    Condition,
    FieldName,
    InSegment,
    Number,
    SegmentName,
    wrong,
)
from enrichment.definitions.experiments import Audience, Share
from enrichment.definitions.kinds import Definition, Kind, Loaded
from enrichment.definitions.problems import Problem
from enrichment.definitions.templates import SLOT, template_for

MOST_HELD_OUT = 0.9
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
    slot: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,29}(\.[a-z][a-z0-9_]{0,29}){0,2}$")]
    """A place in a message or on a page, such as ``email.hero``."""
    priority: Annotated[int, Field(ge=0, le=1000)] = 0
    audience: Audience | None = None
    """Who; a rule without an audience is for everybody, and is the fallback of its slot."""
    who: Condition | None = None
    """Another way to write an audience."""
    segment: SegmentName | None = None
    """The members of a segment, as an audience."""
    from_: Annotated[datetime.date | None, Field(alias="from")] = None
    until: datetime.date | None = None
    template: Annotated[str, Field(min_length=1, max_length=60)]
    """What the sender puts there: a row of the seed message_templates, for a slot."""
    holdout: Share | None = None
    """The share of the audience that sees what the next rule shows, to measure this one."""
    salt: Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,60}$")] | None = None
    """Text that makes the holdout independent of others; the rule's name by default."""
    variables: Annotated[
        dict[Annotated[str, Field(pattern=f"^{WORD}$")], FromField | str | bool | int | Number],
        Field(default_factory=dict),
    ]

    @model_validator(mode="after")
    def _is_sound(self) -> Rule:
        given = [key for key in ("audience", "who", "segment") if getattr(self, key) is not None]
        if len(given) > 1:
            raise wrong(f"{' and '.join(given)} say the same thing: give one of them", given[1])
        if self.from_ and self.until and self.until < self.from_:
            raise wrong(f"until {self.until} is before from {self.from_}", "until")
        template = template_for(self.template, SLOT)
        if not given and template.asks_for_gift:
            raise wrong("a fallback is for everybody, and some may not be asked", "template")
        if not given and self.holdout is not None:
            raise wrong("nobody can be held out of a fallback: no rule comes after it", "holdout")
        if self.holdout is not None and self.holdout > MOST_HELD_OUT:
            raise wrong("expected a holdout of at most 90%", "holdout")
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
            "holdout_share": "double",
            "salt": "varchar",
        }
    }

    def audience(self, model: Any) -> tuple[Any, tuple[str | int, ...]]:
        """Its audience; a fallback has none."""
        if model.segment is not None:
            # Its name is checked already.
            return InSegment.model_construct(in_segment=model.segment), ("segment",)
        return (model.who, ("who",)) if model.who is not None else (model.audience, ("audience",))

    def check(self, item: Loaded, others: Mapping[tuple[str, str], Loaded]) -> Iterator[Problem]:
        """The slot of an active rule has a fallback, and there are not too many of them."""
        if item.model.status != "active":
            return
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
            named = {other.model.slot for other in active if _is_fallback(other.model)}
            close = get_close_matches(item.model.slot, sorted(named), n=1)
            what = (
                f"the slot {item.model.slot} has no fallback: it needs an active rule without "
                f"audience, from and until{f' (did you mean {close[0]}?)' if close else ''}"
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
                self.audience(model)[0] is None,
                model.from_,
                model.until,
                model.template,
                json.dumps(variables, sort_keys=True),
                float(model.holdout or 0),
                model.salt or item.name,
            ),
        )

    def form(self, model: Any) -> str | None:
        """``fallback`` for a rule that is for everybody."""
        return "fallback" if self.audience(model)[0] is None else None


def _is_fallback(model: Rule) -> bool:
    given = (model.audience, model.who, model.segment, model.from_, model.until)
    return all(value is None for value in given)
