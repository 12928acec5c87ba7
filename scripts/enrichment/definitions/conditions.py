"""The conditions of an audience: a tree of ``all``, ``any`` and ``not`` over leaves.

Each leaf has one operator, and all of its options hold together (F91).
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from enrichment.definitions.catalog import Catalog
from enrichment.definitions.problems import quoted, unknown

_DAYS = {"day": 1, "days": 1, "week": 7, "weeks": 7}
_MINUTES = {"minute": 1, "minutes": 1, "hour": 60, "hours": 60} | {
    unit: days * 24 * 60 for unit, days in _DAYS.items()
}
_SPAN = re.compile(r"(\d{1,7}) ?([A-Za-z]+)")
MOST_DAYS = 36_500
WORD = r"[a-z][a-z0-9_]{0,59}"
"""The form of a name."""


def wrong(what: str, key: str | None = None) -> PydanticCustomError:
    """An error whose message a person reads as it stands; ``key`` names the line."""
    return PydanticCustomError("definition", "{what}", {"what": what, "key": key})


def _span(value: Any, units: dict[str, int], example: str) -> int:
    found = _SPAN.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise wrong(f"expected a length of time such as '{example}', not {quoted(value)}")
    number, unit = int(found.group(1)), found.group(2)
    if unit not in units:
        raise wrong(unknown("unit", unit, units))
    if number * units[unit] > MOST_DAYS * max(units["day"], 1):
        raise wrong(f"{quoted(value)} is longer than {MOST_DAYS} days")
    return number * units[unit]


def days(value: Any) -> int:
    """The days of a text such as ``30 days`` or ``2 weeks``."""
    return _span(value, _DAYS, "30 days")


def minutes(value: Any) -> int:
    """The minutes of a text such as ``24 hours`` or ``3 days``."""
    return _span(value, _MINUTES, "24 hours")


_SPAN_SCHEMA = {"type": "string", "examples": ["30 days", "2 weeks"]}
Days = Annotated[int, BeforeValidator(days), WithJsonSchema(_SPAN_SCHEMA)]
"""A number of calendar days, back from the clock."""
Minutes = Annotated[
    int, BeforeValidator(minutes), WithJsonSchema({"type": "string", "examples": ["24 hours"]})
]
"""A length of time to the minute."""


def words_of(info: ValidationInfo) -> Catalog:
    """The catalog of the check that runs."""
    found: Catalog = (info.context or {})["catalog"]
    return found


def _event(value: str, info: ValidationInfo) -> str:
    if value not in (known := words_of(info).events):
        raise wrong(unknown("event", value, known))
    return value


def _field(value: str, info: ValidationInfo) -> str:
    if value not in (known := words_of(info).fields):
        raise wrong(unknown("field", value, known))
    return value


def _segment(value: str, info: ValidationInfo) -> str:
    if value not in (known := words_of(info).names.get("segment", frozenset())):
        raise wrong(unknown("segment", value, known))
    return value


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


EventName = Annotated[str, AfterValidator(_event), WithJsonSchema({"x-words": "event"})]
"""A word of the seed event_words."""
SegmentName = Annotated[str, AfterValidator(_segment), WithJsonSchema({"x-words": "segment"})]
"""The name of a segment."""
FieldName = Annotated[str, AfterValidator(_field), WithJsonSchema({"x-words": "field"})]
"""A field of the seed segment_fields."""
Events = Annotated[
    list[EventName],
    BeforeValidator(_listed),
    Field(min_length=1, max_length=20),
    WithJsonSchema(
        {"anyOf": [{"x-words": "event"}, {"type": "array", "items": {"x-words": "event"}}]}
    ),
]
"""One word for events, or several: any of them counts."""


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise wrong("expected a number")
    return value


Number = Annotated[float, AfterValidator(_finite)]
Value = str | bool | int | Number | datetime.date
Count = Annotated[int, Field(ge=0)]


class Checked(BaseModel):
    """A part of a definition: no unknown key, no value of another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            raise wrong(f"expected keys and values, not {quoted(value)}")
        keys = {info.alias or name for name, info in cls.model_fields.items()}
        for key in value:
            if key not in keys:
                raise wrong(unknown("key", key, keys), key)
        return value


class Leaf(Checked):
    """A condition without conditions in it."""


class Did(Leaf):
    """Did something so many times."""

    did: Events
    at_least: Count | None = None
    at_most: Count | None = None
    within: Days | None = None

    @model_validator(mode="after")
    def _bounds(self) -> Did:
        least = self.least
        if self.at_most is not None and self.at_most < least:
            raise wrong(f"at_most {self.at_most} is less than at_least {least}", "at_most")
        if least == 0 and self.at_most is None:
            raise wrong("at_least 0 is true of everybody: give 1 or more, or at_most", "at_least")
        return self

    @property
    def least(self) -> int:
        """The fewest times: 1 if neither bound is given."""
        if self.at_least is None:
            return 1 if self.at_most is None else 0
        return self.at_least


class TotalOf(Leaf):
    """Values that add up to so much; gifts are net of refunds."""

    total_of: Events
    at_least: Number | None = None
    at_most: Number | None = None
    below: Number | None = None
    within: Days | None = None

    @model_validator(mode="after")
    def _bounds(self) -> TotalOf:
        _needs_one(self, "at_least", "at_most", "below")
        _in_order_of_size(self.at_least, self.at_most, self.below)
        return self


class Last(Leaf):
    """Did something, the last time recently or long ago."""

    last: Events
    within: Days | None = None
    more_than_ago: Days | None = None

    @model_validator(mode="after")
    def _bounds(self) -> Last:
        _needs_one(self, "within", "more_than_ago")
        if None not in (self.within, self.more_than_ago) and self.more_than_ago >= self.within:  # type: ignore[operator]
            raise wrong(
                f"within {self.within} days and more than {self.more_than_ago} days ago "
                "is true of nobody",
                "more_than_ago",
            )
        return self


class InOrder(Leaf):
    """Did things one after the other."""

    in_order: Annotated[list[EventName], Field(min_length=2, max_length=5)]
    within: Days | None = None
    during: Days | None = None
    but_not: Annotated[Events | None, Field(default=None)] = None


class FieldIs(Leaf):
    """A field of the voter compares with a value."""

    field: FieldName
    equals: Value | None = None
    one_of: Annotated[list[Value], Field(min_length=1, max_length=200)] | None = None
    at_least: Number | datetime.date | None = None
    at_most: Number | datetime.date | None = None
    below: Number | datetime.date | None = None
    is_known: bool | None = None

    @model_validator(mode="after")
    def _typed(self, info: ValidationInfo) -> FieldIs:
        _needs_one(self, "equals", "one_of", "at_least", "at_most", "below", "is_known")
        known = words_of(info).fields[self.field]
        for key in ("at_least", "at_most", "below"):
            value = getattr(self, key)
            if value is None:
                continue
            if known.type not in ("number", "date"):
                raise wrong(f"{self.field} is a {known.type}: it has no {key}", key)
            _has_type(self.field, known.type, value, key)
        for key, values in (("equals", [self.equals]), ("one_of", self.one_of or [])):
            for value in values:
                if value is None:
                    continue
                _has_type(self.field, known.type, value, key)
                if known.accepted_values and text_of(value) not in known.accepted_values:
                    raise wrong(
                        unknown(f"value of {self.field}", value, known.accepted_values), key
                    )
        compared = [self.equals, self.one_of, self.at_least, self.at_most, self.below]
        if None not in (self.equals, self.one_of) and self.equals not in self.one_of:  # type: ignore[operator]
            raise wrong("equals is none of one_of: nobody has both", "equals")
        if self.is_known is False and any(value is not None for value in compared):
            raise wrong("what is not known compares with nothing", "is_known")
        _in_order_of_size(self.at_least, self.at_most, self.below)
        return self


class Prefers(Leaf):
    """So large a share of what the voter looks at has one of these topics."""

    prefers: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=100)]],
        BeforeValidator(_listed),
        Field(min_length=1, max_length=50),
    ]
    at_least: Annotated[float, Field(gt=0, le=1)] = 0.3
    of_at_least: Annotated[int, Field(ge=1)] = 5


class InSegment(Leaf):
    """Fulfils the conditions of another segment."""

    in_segment: SegmentName


class Listed(Leaf):
    """Stands on a list of the extract segment_lists."""

    listed: Annotated[str, Field(pattern=f"^{WORD}$")]


class All(Checked):
    """Each of the conditions is true."""

    all: Annotated[list[Condition], Field(min_length=1, max_length=50)]


class AnyOf(Checked):
    """At least one of the conditions is true."""

    any: Annotated[list[Condition], Field(min_length=1, max_length=50)]


class Not(Checked):
    """The condition is false; if it is unknown, so is this (F90)."""

    model_config = ConfigDict(populate_by_name=False)
    not_: Annotated[Condition, Field(alias="not")]


_FORMS: dict[str, type[Checked]] = {
    "all": All,
    "any": AnyOf,
    "not": Not,
    "did": Did,
    "total_of": TotalOf,
    "last": Last,
    "in_order": InOrder,
    "field": FieldIs,
    "prefers": Prefers,
    "in_segment": InSegment,
    "listed": Listed,
}
_OPTIONS = {
    name for form in _FORMS.values() for name in form.model_fields if name not in _FORMS
} - {"not_"}


def _has_one_operator(value: Any) -> Any:
    if not isinstance(value, dict):
        raise wrong(f"expected a condition such as `did: email_click`, not {quoted(value)}")
    found = [key for key in value if key in _FORMS]
    if len(found) == 1:
        return value
    if found:
        raise wrong(
            f"{' and '.join(found)} stand in one condition: write them as two, in all or any",
            found[1],
        )
    for key in value:
        if key not in _OPTIONS:
            raise wrong(unknown("operator", key, _FORMS), key)
    raise wrong(f"a condition needs one of {', '.join(_FORMS)}")


def _form(value: Any) -> str:
    return next(f"is {key}" for key in value if key in _FORMS)


# Written out, so that type checkers and pydantic read the same.
Condition = Annotated[
    Annotated[All, Tag("is all")]
    | Annotated[AnyOf, Tag("is any")]
    | Annotated[Not, Tag("is not")]
    | Annotated[Did, Tag("is did")]
    | Annotated[TotalOf, Tag("is total_of")]
    | Annotated[Last, Tag("is last")]
    | Annotated[InOrder, Tag("is in_order")]
    | Annotated[FieldIs, Tag("is field")]
    | Annotated[Prefers, Tag("is prefers")]
    | Annotated[InSegment, Tag("is in_segment")]
    | Annotated[Listed, Tag("is listed")],
    Discriminator(_form),
    BeforeValidator(_has_one_operator),
]
All.model_rebuild()
AnyOf.model_rebuild()
Not.model_rebuild()


def _needs_one(leaf: Leaf, *keys: str) -> None:
    if all(getattr(leaf, key) is None for key in keys):
        raise wrong(f"expected one of {', '.join(keys)}")


def _in_order_of_size(least: Any, most: Any, below: Any) -> None:
    if least is not None and most is not None and most < least:
        raise wrong(f"at_most {text_of(most)} is less than at_least {text_of(least)}", "at_most")
    if least is not None and below is not None and below <= least:
        raise wrong(f"below {text_of(below)} leaves nothing at_least {text_of(least)}", "below")


def _has_type(name: str, kind: str, value: Any, key: str) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    fits = {
        "number": is_number,
        "text": isinstance(value, str),
        "boolean": isinstance(value, bool),
        "date": isinstance(value, datetime.date),
    }
    if not fits[kind]:
        raise wrong(f"{name} is a {kind}, and {quoted(value)} is none", key)


def text_of(value: Any) -> str:
    """A value as the database writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def leaves(condition: Any) -> Iterator[Leaf]:
    """The leaves of a condition, in its order."""
    if isinstance(condition, All | AnyOf):
        for part in condition.all if isinstance(condition, All) else condition.any:
            yield from leaves(part)
    elif isinstance(condition, Not):
        yield from leaves(condition.not_)
    elif condition is not None:
        yield condition


def operators() -> frozenset[str]:
    """The names of all conditions."""
    return frozenset(_FORMS)


Status = Literal["draft", "active", "paused"]
