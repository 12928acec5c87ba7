"""Experiments: arms that chance assigns, and the metrics by which they are compared."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import accumulate
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from enrichment.definitions.catalog import Catalog, catalog
from enrichment.definitions.conditions import (
    WORD,
    AnyOf,
    Checked,
    Condition,
    Days,
    EventName,
    InSegment,
    SegmentName,
    wrong,
)
from enrichment.definitions.kinds import Definition, Kind, Loaded, Text
from enrichment.definitions.problems import DefinitionError, Problem, quoted
from enrichment.definitions.templates import template_for

MOST_ARMS = 10
"""The test of the arms' sizes is tabulated up to so many."""
_SHARE = re.compile(r"(\d{1,3}(?:\.\d{1,6})?) ?%")


def share(value: Any) -> Decimal:
    """The share of a text such as ``50%``, between 0 and 1."""
    found = _SHARE.fullmatch(value) if isinstance(value, str) else None
    if not found or not 0 < Decimal(found.group(1)) <= 100:
        raise wrong(f"expected a share such as 50%, above 0 % and up to 100 %, not {quoted(value)}")
    return Decimal(found.group(1)) / 100


Share = Annotated[
    Decimal,
    BeforeValidator(share),
    WithJsonSchema({"type": "string", "examples": ["50%", "33.3%"]}),
]
"""A share in percent."""


def audience_of(value: Any) -> Any:
    """A condition; ``segment: name`` and ``who: …`` are other ways to write it."""
    if isinstance(value, dict) and len(value) == 1:
        if "segment" in value:
            return {"in_segment": value["segment"]}
        if "who" in value:
            return value["who"]
    return value


Audience = Annotated[Condition, BeforeValidator(audience_of)]


def _within_a_year(value: int) -> int:
    if not 0 < value <= 365:
        raise wrong("expected 1 to 365 days")
    return value


class Arm(Checked):
    """An arm: its share, and what else is known about it."""

    share: Share
    template: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    """The message of the arm, a row of the seed message_templates: a hand-over lists it."""
    campaign: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    """The id of a campaign whose messages are the arm's, where no hand-over says so."""


def _arm(value: Any) -> Any:
    return value if isinstance(value, dict) else {"share": value}


class Metric(Checked):
    """What units do within so many days of their first message."""

    did: EventName | None = None
    """The share of units that did it."""
    count_of: EventName | None = None
    """How often a unit did it, on average."""
    total_of: EventName | None = None
    """The average of the values; gifts are net of refunds."""
    ratio_of: EventName | None = None
    """How often all units did it for each time that they did what ``per`` says."""
    per: EventName | None = None
    within: Annotated[Days, AfterValidator(_within_a_year)]
    name: Annotated[str, Field(pattern=f"^{WORD}$")] | None = None
    good: Literal["more", "less"] | None = None

    @model_validator(mode="after")
    def _has_one_form(self) -> Metric:
        given = [key for key in _KINDS if getattr(self, key) is not None]
        if len(given) != 1:
            raise wrong(f"a metric needs one of {', '.join(_KINDS)}")
        if (self.ratio_of is None) is not (self.per is None):
            raise wrong("ratio_of and per belong together: clicks per send, say")
        return self

    @property
    def form(self) -> str:
        """The key that says what is measured."""
        return next(key for key in _KINDS if getattr(self, key) is not None)

    @property
    def event(self) -> str:
        """The word for the events that are measured."""
        return str(getattr(self, self.form))

    @property
    def label(self) -> str:
        """The metric's name in the results."""
        if self.name:
            return self.name
        suffix = {"did": "", "count_of": "_count", "total_of": "_total"}
        return f"{self.event}_per_{self.per}" if self.per else self.event + suffix[self.form]


_KINDS = {"did": "proportion", "count_of": "count", "total_of": "total", "ratio_of": "ratio"}


def _metrics(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


class Metrics(Checked):
    """The metrics by role; only a primary metric decides."""

    primary: Annotated[list[Metric], BeforeValidator(_metrics), Field(min_length=1, max_length=5)]
    secondaries: Annotated[tuple[Metric, ...], BeforeValidator(tuple), Field(max_length=20)] = ()
    guardrails: Annotated[tuple[Metric, ...], BeforeValidator(tuple), Field(max_length=20)] = ()

    def all(self) -> Iterator[tuple[str, Metric]]:
        """Each metric with its role."""
        for role, metrics in (
            ("primary", self.primary),
            ("secondary", self.secondaries),
            ("guardrail", self.guardrails),
        ):
            for metric in metrics:
                yield role, metric

    @model_validator(mode="after")
    def _are_distinct(self) -> Metrics:
        labels = [metric.label for _, metric in self.all()]
        for label in labels:
            if labels.count(label) > 1:
                raise wrong(f"two metrics are called {label}: give one of them a name")
        return self


class Experiment(Definition):
    """An experiment: chance decides who gets which arm."""

    experiment: Annotated[str, Field(pattern=f"^{WORD}$")]
    hypothesis: Text
    unit: Literal["address", "voter"] = "address"
    audience: Audience | None = None
    segments: dict[str, SegmentName] | None = None
    """A test of segments: the segment of each arm, instead of an audience (F102)."""
    arms: dict[Annotated[str, Field(pattern=f"^{WORD}$")], Annotated[Arm, BeforeValidator(_arm)]]
    salt: Annotated[str, Field(pattern=f"^{WORD}$")]
    ramp: Share | None = None
    """The share of the audience that is in the experiment; it may grow."""
    start: datetime.date
    end: datetime.date
    metrics: Metrics
    alpha: Annotated[float, Field(ge=0.0001, le=0.2)] = 0.05
    smallest_effect: Annotated[float, Field(gt=0)] | None = None
    planned_units: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _is_sound(self) -> Experiment:
        if not 2 <= len(self.arms) <= MOST_ARMS:
            raise wrong(f"expected 2 to {MOST_ARMS} arms, the control first", "arms")
        total = sum(arm.share for arm in self.arms.values())
        if total != 1:
            raise wrong(f"the shares add up to {float(total) * 100:.6g} %, not to 100 %", "arms")
        if self.end <= self.start:
            raise wrong(f"the end {self.end} is not after the start {self.start}", "end")
        if (self.audience is None) is (self.segments is None):
            raise wrong("expected an audience, or segments for a test of segments")
        if self.segments is not None and list(self.segments) != list(self.arms):
            raise wrong(f"expected a segment for each arm: {', '.join(self.arms)}", "segments")
        self._check_templates()
        return self

    def _check_templates(self) -> None:
        """All arms name a template of one channel, or none does."""
        named = [arm.template for arm in self.arms.values() if arm.template is not None]
        if not named:
            return
        if self.segments is not None:
            raise wrong("a test of segments has no messages of its own: no templates", "arms")
        if len(named) < len(self.arms):
            raise wrong("some arms have a template and some have none", "arms")
        if any(arm.campaign is not None for arm in self.arms.values()):
            raise wrong("the messages of an arm are of a template or of a campaign", "arms")
        allowed = ("email",) if self.unit == "address" else ("email", "sms", "phone")
        if len({template_for(name, *allowed, key="arms").channel for name in named}) > 1:
            raise wrong("the templates of the arms are for different channels", "arms")


class ExperimentKind(Kind):
    """Experiments."""

    name = "experiment"
    folder = "experiments"
    model = Experiment
    tables: ClassVar[Mapping[str, Mapping[str, str]]] = {
        "experiment_terms": {
            "experiment": "varchar",
            "hypothesis": "varchar",
            "owner": "varchar",
            "status": "varchar",
            "unit_kind": "varchar",
            "is_segment_test": "boolean",
            "salt": "varchar",
            "ramp_salt": "varchar",
            "ramp_share": "double",
            "starts_on": "date",
            "ends_on": "date",
            "alpha": "double",
            "smallest_effect": "double",
            "planned_units": "bigint",
            "frozen_terms": "varchar",
        },
        "arm_terms": {
            "experiment": "varchar",
            "arm": "varchar",
            "arm_position": "bigint",
            "share": "double",
            "share_from": "double",
            "share_to": "double",
            "template": "varchar",
            "campaign_id": "varchar",
            "segment": "varchar",
        },
        "metric_terms": {
            "experiment": "varchar",
            "metric": "varchar",
            "metric_position": "bigint",
            "role": "varchar",
            "kind": "varchar",
            "within_days": "bigint",
            "is_more_better": "boolean",
            "part": "varchar",
            "event_type": "varchar",
        },
    }

    def audience(self, model: Any) -> tuple[Any, tuple[str | int, ...]]:
        """Its audience; of a test of segments, everybody in one of them."""
        if model.segments is None:
            return model.audience, ("audience",)
        names = sorted(set(model.segments.values()))
        # Their names are checked already.
        both = [InSegment.model_construct(in_segment=name) for name in names]
        return AnyOf.model_construct(any=both), ("segments",)

    def check(self, item: Loaded, others: Mapping[tuple[str, str], Loaded]) -> Iterator[Problem]:
        """What is wrong between an experiment and other definitions."""
        model = item.model
        for (kind, name), other in others.items():
            if kind == self.name and name < item.name and other.model.salt == model.salt:
                what = f"{name} has the salt {model.salt}, too: their arms would be the same people"
                yield item.source.problem(("salt",), what)
        if model.segments is None:
            return
        used = {
            value
            for clause in item.clauses or ()
            for criterion in clause
            for role, _, value in criterion.values
            if role in ("event", "step", "but_not")
        }
        words = catalog({})
        for role, place, metric in _places(model):
            if used & set(_types(metric, "metric", words)):
                what = (
                    f"{metric.event} decides who is in these segments, so it cannot be the outcome "
                    f"({role}): measure what is in neither definition"
                )
                yield item.source.problem(place, what)

    def rows(
        self, item: Loaded, others: Mapping[tuple[str, str], Loaded]
    ) -> Iterator[tuple[str, tuple[Any, ...]]]:
        """The rows of its three tables."""
        model: Experiment = item.model
        yield (
            "experiment_terms",
            (
                item.name,
                model.hypothesis,
                model.owner,
                model.status,
                model.unit,
                model.segments is not None,
                model.salt,
                f"{model.salt}_ramp",
                float(model.ramp or 1),
                model.start,
                model.end,
                model.alpha,
                model.smallest_effect,
                model.planned_units,
                json.dumps(frozen_terms(item), sort_keys=True, default=str),
            ),
        )
        ends = list(accumulate(arm.share for arm in model.arms.values()))
        for position, (name, arm) in enumerate(model.arms.items(), start=1):
            end = ends[position - 1]
            yield (
                "arm_terms",
                (
                    item.name,
                    name,
                    position,
                    float(arm.share),
                    float(end - arm.share),
                    float(end),
                    arm.template,
                    arm.campaign,
                    (model.segments or {}).get(name),
                ),
            )
        words = catalog({})
        for position, (role, metric) in enumerate(model.metrics.all(), start=1):
            good = metric.good or ("less" if role == "guardrail" else "more")
            for part in ("metric", "base"):
                for event_type in _types(metric, part, words):
                    yield (
                        "metric_terms",
                        (
                            item.name,
                            metric.label,
                            position,
                            role,
                            _KINDS[metric.form],
                            metric.within,
                            good == "more",
                            part,
                            event_type,
                        ),
                    )

    def form(self, model: Any) -> str | None:
        """``segments`` or ``messages``: what is compared."""
        return "messages" if model.segments is None else "segments"


def _places(model: Experiment) -> Iterator[tuple[str, tuple[str | int, ...], Metric]]:
    for role, key in (
        ("primary", "primary"),
        ("secondary", "secondaries"),
        ("guardrail", "guardrails"),
    ):
        for position, metric in enumerate(getattr(model.metrics, key)):
            yield role, ("metrics", key, position), metric


def _types(metric: Metric, part: str, words: Catalog) -> list[str]:
    """The types of the events of a metric, or of what a ratio divides by."""
    word = metric.event if part == "metric" else metric.per
    if word is None:
        return []
    types = set(words.events[word].types)
    if metric.form == "total_of" and "donation" in types:
        types.add("refund")
    return sorted(types)


def frozen_terms(item: Loaded) -> dict[str, Any]:
    """What may not change once an experiment has started, by key (F85)."""
    model: Experiment = item.model
    given = item.source.value
    return {
        "unit": model.unit,
        "salt": model.salt,
        "arms": [[name, str(arm.share.normalize())] for name, arm in model.arms.items()],
        "ramp": float(model.ramp or 1),
        "audience": given.get("audience"),
        "segments": model.segments,
        "start": model.start.isoformat(),
        "end": model.end.isoformat(),
        "metrics": given.get("metrics"),
        "alpha": model.alpha,
    }


def changed_after_start(
    items: Mapping[tuple[str, str], Loaded], started: Mapping[str, tuple[datetime.date, str]]
) -> Iterator[Problem]:
    """Experiments that are no longer what they were when they started.

    ``started`` has the first day and the terms of each experiment that the last build found begun.
    """
    for name, (start, terms) in sorted(started.items()):
        item = items.get(("experiment", name))
        if item is None:
            continue
        before: dict[str, Any] = json.loads(terms)
        now = json.loads(json.dumps(frozen_terms(item), sort_keys=True, default=str))
        ask = "restore it, or write a new experiment with a salt of its own"
        if item.model.status == "draft":
            what = f"{name} started on {start} and cannot be a draft again: pause it"
            yield item.source.problem(("status",), what)
        if now["ramp"] < before["ramp"]:
            what = f"the ramp can only grow, because {name} started on {start}: {ask}"
            yield item.source.problem(("ramp",), what)
        for key in sorted(before.keys() - {"ramp"}):
            if before[key] != now.get(key):
                what = f"{key} cannot change, because {name} started on {start}: {ask}"
                yield item.source.problem((key,), what)


def check_started(items: Mapping[tuple[str, str], Loaded], con: Any, database: str) -> None:
    """Raises DefinitionError if an experiment changed that an earlier build found begun.

    ``con`` is a connection to which the ``database`` of that build is attached.
    """
    (is_there,) = con.execute(
        "select count(*) from duckdb_columns() where database_name = ? and schema_name = 'marts' "
        "and table_name = 'experiments' and column_name = 'frozen_terms'",
        [database],
    ).fetchone()
    if not is_there:
        return
    rows = con.execute(
        f'select experiment, starts_on, frozen_terms from "{database}".marts.experiments '
        "where status <> 'draft'"
    ).fetchall()
    problems = list(changed_after_start(items, {name: (on, terms) for name, on, terms in rows}))
    if problems:
        raise DefinitionError(problems)


def check_started_in(items: Mapping[tuple[str, str], Loaded], database: Path | None) -> None:
    """The same for the database of the last build; nothing without one."""
    if database is None:
        return
    import duckdb

    from enrichment.database import attach

    with duckdb.connect() as con:
        attach(con, database, read_only=True, name="previous")
        check_started(items, con, "previous")
