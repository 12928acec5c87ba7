"""Triggers: what somebody gets after entering a segment or doing something, step by step.

A trigger sends nothing. A build turns it into proposals (``marts.trigger_executions``), and
``hand-over`` writes what is proposed into a list for the sender.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from enrichment.definitions.conditions import (
    WORD,
    Checked,
    Days,
    Did,
    Events,
    Minutes,
    Number,
    SegmentName,
    wrong,
)
from enrichment.definitions.kinds import Definition, Kind, Loaded
from enrichment.definitions.problems import Problem, quoted
from enrichment.definitions.templates import template_for

OPEN_REASON = (
    "email_open cannot decide what somebody gets: mail programs load images by themselves, and "
    "readers without images leave no open; use email_click"
)
MOST_STEPS = 10
Text = Annotated[str, Field(min_length=1, max_length=200)]
Channel = Literal["email", "sms", "phone"]


def _share(value: Any) -> float:
    """The share of a text such as ``10%``, or of a number from 0 to 1."""
    text = str(value).strip()
    try:
        share = float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        share = -1.0
    if isinstance(value, bool) or not 0 <= share < 1:
        raise wrong(f"expected a share such as 10%, below 100%, not {quoted(value)}")
    return share


Share = Annotated[
    float, BeforeValidator(_share), WithJsonSchema({"type": "string", "examples": ["10%"]})
]


class Where(Checked):
    """Which events of a type count."""

    topic: Text | None = None
    client: Text | None = None
    campaign: Text | None = None
    at_least: Number | None = None
    """Of the event's value, such as the dollars of a gift."""

    @model_validator(mode="after")
    def _needs_one(self) -> Where:
        if self == Where.model_construct():
            raise wrong("where needs one of topic, client, campaign, at_least")
        return self


class Enter(Checked):
    """How somebody enters: into a segment, or by an event."""

    segment: SegmentName | None = None
    event: Events | None = None
    where: Where | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Enter:
        if (self.segment is None) == (self.event is None):
            raise wrong("enter needs either segment or event")
        if self.segment is not None and self.where is not None:
            raise wrong("where is about events: put it into the conditions of the segment", "where")
        return self


class Goal(Did):
    """What the trigger is for, counted from the entry."""

    @model_validator(mode="after")
    def _has_an_end(self) -> Goal:
        if self.within is None:
            raise wrong("a goal needs within, such as within: 30 days: how long to wait for it")
        if self.at_most is not None:
            raise wrong("a goal is something to reach: it has no at_most", "at_most")
        return self


class Step(Checked):
    """One thing to do."""

    do: Literal["send", "assign_agent", "create_task", "add_tag", "update_score"]
    channel: Channel | None = None
    template: Text | None = None
    value: Text | Number | None = None
    """The task, the tag, the team or the points of an action that is no message."""
    wait: Minutes = 0
    unless: Events | None = None

    @model_validator(mode="after")
    def _fits(self) -> Step:
        if self.do == "send":
            if self.channel is None or self.template is None:
                raise wrong("send needs a channel and a template")
            if self.value is not None:
                raise wrong("send has a template and no value", "value")
            template_for(self.template, self.channel)
        elif self.channel is not None or self.template is not None:
            raise wrong(
                f"{self.do} is no message: it has no channel and no template",
                "channel" if self.channel is not None else "template",
            )
        if self.unless and "email_open" in self.unless:
            raise wrong(OPEN_REASON, "unless")
        return self


class Trigger(Definition):
    """A trigger."""

    trigger: Annotated[str, Field(pattern=f"^{WORD}$")]
    name: Text | None = None
    active_from: datetime.date
    """Who entered before this day gets nothing."""
    enter: Enter
    entry_key: Literal["spell", "event", "year", "once"]
    priority: Annotated[int, Field(ge=0, le=1000)] = 50
    cooldown: Days | None = None
    holdout: Share = 0.1
    salt: Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,60}$")] | None = None
    exit: Events | None = None
    expires_after: Days | None = None
    goal: Goal | None = None
    steps: Annotated[list[Step], Field(min_length=1, max_length=MOST_STEPS)]

    @model_validator(mode="after")
    def _agrees(self) -> Trigger:
        by_event = self.enter.event is not None
        if self.entry_key == "spell" and by_event:
            raise wrong("spell is a stay in a segment: an event has entry_key event", "entry_key")
        if self.entry_key == "event" and not by_event:
            raise wrong("a segment has no event: use entry_key spell, year or once", "entry_key")
        if self.exit and "email_open" in self.exit:
            raise wrong(OPEN_REASON, "exit")
        if self.steps[0].unless is not None and self.steps[0].wait == 0:
            raise wrong("the first step has nothing to wait for: unless needs a wait", "steps")
        return self


class TriggerKind(Kind):
    """Triggers, their steps, and the events that they name."""

    name = "trigger"
    folder = "triggers"
    model = Trigger
    tables = {  # noqa: RUF012
        "triggers": {
            "name": "varchar",
            "active_from": "date",
            "enter_segment": "varchar",
            "enter_topic": "varchar",
            "enter_client": "varchar",
            "enter_campaign": "varchar",
            "enter_at_least": "double",
            "entry_key": "varchar",
            "priority": "bigint",
            "cooldown_days": "bigint",
            "holdout_share": "double",
            "salt": "varchar",
            "expires_days": "bigint",
            "goal_at_least": "bigint",
            "goal_days": "bigint",
        },
        "trigger_steps": {
            "name": "varchar",
            "step": "bigint",
            "action": "varchar",
            "channel": "varchar",
            "template": "varchar",
            "wait_minutes": "bigint",
        },
        "trigger_events": {
            "name": "varchar",
            "role": "varchar",
            "step": "bigint",
            "event_type": "varchar",
        },
    }

    def title(self, model: Any) -> str | None:
        """The trigger's name for people."""
        return str(model.name or model.trigger)

    def check(self, item: Loaded, others: Mapping[tuple[str, str], Loaded]) -> Iterator[Problem]:
        """An active trigger needs an active segment: nobody enters another one."""
        segment = item.model.enter.segment
        if item.model.status == "active" and segment is not None:
            status = others["segment", segment].model.status
            if status != "active":
                what = f"the segment {segment} is {status}: nobody enters it"
                yield item.source.problem(("enter", "segment"), what)

    def rows(
        self, item: Loaded, others: Mapping[tuple[str, str], Loaded]
    ) -> Iterator[tuple[str, tuple[Any, ...]]]:
        """A row for the trigger, for each step, and for each event type in each of its roles."""
        del others
        model: Trigger = item.model
        where = model.enter.where or Where.model_construct()
        goal = model.goal
        yield (
            "triggers",
            (
                item.name,
                model.active_from,
                model.enter.segment,
                None if where.topic is None else where.topic.strip().lower(),
                where.client,
                where.campaign,
                where.at_least,
                model.entry_key,
                model.priority,
                model.cooldown,
                model.holdout,
                model.salt,
                model.expires_after,
                None if goal is None else goal.least,
                None if goal is None else goal.within,
            ),
        )
        for number, step in enumerate(model.steps, start=1):
            # What is no message says what to do in the place of the template.
            said = step.template if step.value is None else str(step.value)
            channel = step.channel or step.do
            yield "trigger_steps", (item.name, number, step.do, channel, said, step.wait)
            yield from self._events(item.name, "unless", number, step.unless)
        yield from self._events(item.name, "enter", 0, model.enter.event)
        yield from self._events(item.name, "exit", 0, model.exit)
        yield from self._events(item.name, "goal", 0, None if goal is None else goal.did)

    @staticmethod
    def _events(
        name: str, role: str, step: int, words: list[str] | None
    ) -> Iterator[tuple[str, tuple[Any, ...]]]:
        from enrichment.definitions.catalog import catalog

        known = catalog({}).events
        for kind in sorted({kind for word in words or () for kind in known[word].types}):
            yield "trigger_events", (name, role, step, kind)
