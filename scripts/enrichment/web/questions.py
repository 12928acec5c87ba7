"""The questions of the HTTP API: the bodies that a caller sends, and the rows that come back.

The bodies are those of the brief, word for word. The rows are made from the contracts of the
functions.
"""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model

from enrichment.analysis import FUNCTIONS, PARTS
from enrichment.contracts import Relation, relation, relations

MOST_IDS = 10_000
MOST_ROWS = 10_000
_LARGEST = 2**31 - 1
_EXAMPLE = ["2712345", "WI:2712463"]

Svids = Annotated[
    list[str | None],
    Field(
        max_length=MOST_IDS,
        description="Voter ids as text; WI:0012345 names its state.",
        # At least one entry is an id; NULLs and blanks beside it are forgiven.
        json_schema_extra={"contains": {"type": "string", "pattern": "[0-9A-Za-z]"}},
    ),
]


def _whole(value: Any) -> Any:
    """JSON has one kind of number: 10.0 is the whole number 10."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Count = Annotated[int, BeforeValidator(_whole)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Question(BaseModel):
    """A body: no key beside its own, and no text for a number."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Include(Question):
    """The parts of an analysis. A part that is not named is left out; the summary always comes."""

    demographics: bool = False
    engagement: bool = False
    donations: bool = False
    client_affinity: bool = False
    scores: bool = False
    lifecycle: bool = False
    timing: bool = False
    channels: bool = False

    def words(self) -> list[str]:
        """The parts that are asked for, in the order of the answer."""
        return [word for word in (*PARTS, *FUNCTIONS) if getattr(self, word)]


class Analyze(Question):
    """Who is in the segment, and how it differs from the file (000-35)."""

    svids: Svids = Field(examples=[_EXAMPLE])
    include: Include = Field(
        default_factory=lambda: Include(**dict.fromkeys(PARTS, True)),
        description="Without it: demographics, engagement, donations and client_affinity.",
    )
    deviation_threshold: Share = 0.1


class Propensity(Question):
    """The segment's people by their propensity to give (000-36)."""

    svids: Svids = Field(examples=[_EXAMPLE])
    model: Literal["donor", "gift"] = "donor"
    threshold: Share = 0.0


class Lookalike(Question):
    """People outside the segment who behave like it (000-37)."""

    seed_svids: Svids = Field(examples=[_EXAMPLE])
    expansion_size: Annotated[Count, Field(ge=1, le=_LARGEST)] = 1000
    min_similarity: Share = 0.0


class Affinity(Question):
    """The clients by the segment's response (000-38)."""

    svids: Svids = Field(examples=[_EXAMPLE])
    top_n: Annotated[Count, Field(ge=1, le=_LARGEST)] | None = None


class Page(Question):
    """The rows of a mart to return."""

    model_config = ConfigDict(extra="forbid", strict=False)

    limit: Annotated[int, Field(ge=1, le=MOST_ROWS)] = MOST_ROWS
    offset: Annotated[int, Field(ge=0, le=_LARGEST)] = 0


class Problem(BaseModel):
    """Why there is no answer, in one line."""

    detail: str


class Health(BaseModel):
    """Whether the server can answer."""

    status: Literal["ok", "no_database"]


class Definition(BaseModel):
    """A definition of a segment, a trigger, a rule or an experiment."""

    kind: str
    name: str
    definition: dict[str, Any]


_TYPES: dict[str, Any] = {
    "bigint": int,
    "integer": int,
    "hugeint": int,
    "smallint": int,
    "tinyint": int,
    "double": float,
    "boolean": bool,
    "date": datetime.date,
}


def _list_of(kind: Any) -> Any:
    """A list of values of a type that is known at run time only."""
    return list.__class_getitem__(kind)


def _type(kind: str) -> Any:
    if kind.endswith("[]"):
        return _list_of(_type(kind[:-2]) | None)
    return float if kind.startswith("decimal") else _TYPES.get(kind, str)


def row_model(contract: Relation) -> type[BaseModel]:
    """The rows of a table or function as a model, with the columns of its contract."""
    fields: dict[str, Any] = {
        column.name: (_type(column.kind) | None, Field(description=column.meaning))
        for column in contract.columns.values()
    }
    return create_model(contract.name, __doc__=contract.meaning, **fields)


def _rows(function: str) -> type[BaseModel]:
    contract = relation("segments", function)
    if contract is None:
        raise ValueError(f"no contract of {function}")
    return row_model(contract)


def answer_models() -> dict[str, Any]:
    """The answer of each question, as a type."""
    affinities = _list_of(_rows("segment_affinity"))
    people = _list_of(_profile_rows())
    parts: dict[str, Any] = {
        "demographics": _list_of(_rows("segment_deviation")),
        "engagement": people,
        "donations": people,
        "client_affinity": affinities,
        **{word: _list_of(_rows(function)) for word, function in FUNCTIONS.items()},
    }
    fields: dict[str, Any] = {name: (kind, Field(default=[])) for name, kind in parts.items()}
    analyzed = create_model(
        "analysis",
        __doc__="The summary, and a list for each part that was asked for.",
        summary=(_rows("segment_summary"), ...),
        **fields,
    )
    return {
        "analyze": analyzed,
        "propensity": _list_of(_rows("segment_propensity")),
        "lookalike": _list_of(_rows("segment_lookalike")),
        "affinity": affinities,
    }


def _profile_rows() -> type[BaseModel]:
    """Rows of segment_profile; each part has some of its columns."""
    contract = relation("segments", "segment_profile")
    if contract is None:
        raise ValueError("no contract of segment_profile")
    fields: dict[str, Any] = {
        column.name: (_type(column.kind) | None, Field(default=None, description=column.meaning))
        for column in contract.columns.values()
    }
    return create_model(contract.name, __doc__=contract.meaning, **fields)


def mart_schemas() -> dict[str, Any]:
    """The JSON schema of the rows of each mart, by the mart's name."""
    return {name: row_model(one).model_json_schema() for name, one in relations("marts").items()}
