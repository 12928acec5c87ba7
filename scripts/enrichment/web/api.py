"""The HTTP API: the brief's questions, the marts and the definitions as JSON.

An answer is what the runner writes as JSON, under the same rules: small groups are hidden, the role
decides who may see single people, and each call has a line in the audit log before its answer
leaves the process.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Path, Request
from fastapi import Query as Parameters
from fastapi.responses import Response

from enrichment import audit, contracts, ids, output
from enrichment.analysis import analysis, propensity_question
from enrichment.answers import Answer
from enrichment.database import Query
from enrichment.definitions.load import load
from enrichment.disclosure import Disclosure, shown_mart
from enrichment.errors import InputError
from enrichment.roles import Role
from enrichment.web.published import Body, Published, Session
from enrichment.web.questions import (
    Affinity,
    Analyze,
    Definition,
    Health,
    Lookalike,
    Page,
    Problem,
    Propensity,
    answer_models,
    mart_schemas,
)

PREFIX = "/api/v1"
_JSON = "application/json"
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    401: {"model": Problem, "description": "No token, or a wrong one."},
    403: {"model": Problem, "description": "The role of the token does not allow it."},
    413: {"model": Problem, "description": "The body is too large."},
    422: {"model": Problem, "description": "The question is not valid."},
    503: {"model": Problem, "description": "There is no database that can answer."},
}


Mart = Annotated[
    str,
    Path(
        description="A table of marts.", json_schema_extra={"enum": list(contracts.names("marts"))}
    ),
]


class DefinitionsError(Exception):
    """The definitions are not valid."""


class NotFoundError(Exception):
    """There is no such mart or page."""


def begin(request: Request, command: str) -> Role:
    """Begins the line of a call in the audit log; returns the role of its token."""
    audit.begin(command)
    note_caller(request)
    role: Role = request.state.role
    return role


def note_caller(request: Request) -> None:
    """Notes who calls, and by which door."""
    is_api = request.url.path.startswith(PREFIX)
    audit.note(via="api" if is_api else "page", role=request.state.role.name)
    audit.note(token=request.state.token_name)


def _key(command: str, role: Role, options: Sequence[Any], svids: Sequence[str]) -> bytes:
    digest = hashlib.sha256(repr((command, sorted(role.allowed), tuple(options))).encode())
    for svid in svids:
        digest.update(svid.encode() + b"\0")
    return digest.digest()


def _answered(session: Session, key: bytes, make: Callable[[], tuple[Answer, bool]]) -> Response:
    """The response to a question, from the answers of this build or made now."""
    body = session.answers.get(key)
    if body is None:
        answer, has_hidden = make()
        content = output.json_text(session, answer).encode()
        digest = hashlib.sha256(content).hexdigest()
        body = Body(content, digest, session.rows_read, has_hidden)
        session.answers.put(key, body)
    return respond(session, body)


def respond(session: Session, body: Body) -> Response:
    """The response with an answer, after its line is in the audit log."""
    audit.before_handing_out(format="json", rows=body.rows, output_digest=body.digest)
    return Response(
        body.content,
        media_type=_JSON,
        headers={
            "X-Build-Id": session.build_id,
            "X-As-Of-Date": session.as_of_date.isoformat(),
            "X-Has-Hidden": "true" if body.has_hidden else "false",
        },
    )


def router(published: Published) -> APIRouter:
    """The routes of the API."""
    routes = APIRouter(responses=_PROBLEMS)
    answers = answer_models()

    def route(name: str) -> dict[str, Any]:
        return {
            "response_model": None,
            "responses": {200: {"model": answers[name], "description": "The answer."}},
            "operation_id": name,
            "tags": ["segment"],
        }

    @routes.post(f"{PREFIX}/segment/analyze", **route("analyze"))
    def analyze(question: Analyze, request: Request) -> Response:
        """Who is in the segment, and how it differs from the file."""
        role = begin(request, "analyze")
        words = question.include.words()
        svids = ids.from_list(question.svids, "svids")
        if set(words) - {"demographics", "client_affinity"}:
            role.require("single_people")
        options = (words, question.deviation_threshold)
        with published.session() as session:

            def make() -> tuple[Answer, bool]:
                answer, groups = analysis(
                    session, svids, words, question.deviation_threshold, "json", is_open=False
                )
                return answer, groups.has_hidden()

            return _answered(session, _key("analyze", role, options, svids), make)

    @routes.post(f"{PREFIX}/segment/propensity", **route("propensity"))
    def propensity(question: Propensity, request: Request) -> Response:
        """The segment's people by their propensity to give."""
        role = begin(request, "propensity")
        svids = ids.from_list(question.svids, "svids")
        asked = propensity_question(question.model, question.threshold)
        return people(role, "propensity", "segment_propensity", svids, asked)

    @routes.post(f"{PREFIX}/segment/lookalike", **route("lookalike"))
    def lookalike(question: Lookalike, request: Request) -> Response:
        """People outside the segment who behave like it."""
        role = begin(request, "lookalike")
        svids = ids.from_list(question.seed_svids, "seed_svids")
        options = {
            "expansion_size": question.expansion_size,
            "min_similarity": question.min_similarity,
        }
        return people(
            role, "lookalike", "segment_lookalike", svids, (options, "", (), "order by rank")
        )

    def people(
        role: Role,
        name: str,
        function: str,
        svids: list[str],
        asked: tuple[dict[str, Any], str, tuple[Any, ...], str],
    ) -> Response:
        role.require("single_people")
        options, choose, values, order = asked
        with published.session() as session:

            def make() -> tuple[Answer, bool]:
                then = f"{choose} {order}"
                query = session.ask(function, svids, options, then=then, then_values=values)
                return Answer.of(name, query), False

            return _answered(session, _key(name, role, (options, choose, values), svids), make)

    @routes.post(f"{PREFIX}/segment/affinity", **route("affinity"))
    def affinity(question: Affinity, request: Request) -> Response:
        """The clients by the segment's response."""
        role = begin(request, "affinity")
        svids = ids.from_list(question.svids, "svids")
        top = question.top_n
        with published.session() as session:

            def make() -> tuple[Answer, bool]:
                groups = Disclosure(
                    session, svids, {"segment_affinity": {}}, is_open=False, with_people=False
                )
                query = groups.rows(
                    "segment_affinity",
                    choose="" if top is None else "where affinity_rank <= ?",
                    values=() if top is None else (top,),
                    order="order by affinity_rank, client_shortname",
                )
                return Answer.of("affinity", query), groups.has_hidden()

            return _answered(session, _key("affinity", role, (top,), svids), make)

    @routes.get(
        f"{PREFIX}/marts/{{mart}}",
        response_model=None,
        responses={
            200: {"model": list[dict[str, Any]], "description": "Rows of the mart."},
            404: {"model": Problem, "description": "There is no such mart."},
        },
        operation_id="mart",
        tags=["marts"],
    )
    def mart(mart: Mart, page: Annotated[Page, Parameters()], request: Request) -> Response:
        """Rows of a mart, in an order that repeats; groups of too few people are left out."""
        role = begin(request, "export")
        contract = contracts.relation("marts", mart)
        if contract is None:
            raise NotFoundError("there is no such mart")
        if contract.is_about_single_people:
            role.require("single_people")
        with published.session() as session:
            if not session.has("marts", mart):
                raise NotFoundError("this build has no such mart")

            def make() -> tuple[Answer, bool]:
                query = shown_mart(session, contract)
                bounds = (page.limit, page.offset)
                query = Query(
                    f"select * from ({query.sql}) order by all limit ? offset ?",
                    (*query.values, *bounds),
                )
                return Answer.of(mart, query), bool(contract.people)

            return _answered(
                session, _key("export", role, (mart, page.limit, page.offset), ()), make
            )

    @routes.get(
        f"{PREFIX}/definitions",
        response_model=None,
        responses={200: {"model": list[Definition], "description": "The definitions."}},
        operation_id="definitions",
        tags=["definitions"],
    )
    def definitions(request: Request) -> Response:
        """The definitions of segments, triggers, rules and experiments."""
        begin(request, "definitions")
        content = definitions_json().encode()
        audit.before_handing_out(format="json", output_digest=hashlib.sha256(content).hexdigest())
        return Response(content, media_type=_JSON)

    return routes


def definitions_json() -> str:
    """The definitions as JSON, as their files have them.

    Raises DefinitionsError if a file is not valid: no build would read it.
    """
    try:
        found = load()
    except InputError:
        raise DefinitionsError from None
    listed = [
        {"kind": kind, "name": name, "definition": item.source.value}
        for (kind, name), item in sorted(found.items.items())
    ]
    return json.dumps(listed, default=str, ensure_ascii=False)


def describe(app: FastAPI, build_schema: Callable[[], dict[str, Any]]) -> Callable[[], Any]:
    """The document of OpenAPI, with the rows of each mart among its schemas."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = build_schema()
            components = schema.setdefault("components", {})
            components.setdefault("schemas", {}).update(
                {f"marts.{name}": one for name, one in mart_schemas().items()}
            )
            components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
            schema["security"] = [{"bearer": []}]
            for path in schema["paths"].values():
                for operation in path.values():
                    operation["responses"].pop("default", None)
            schema["paths"]["/healthz"]["get"]["security"] = []
            app.openapi_schema = schema
        return app.openapi_schema

    return openapi


def health_route(app: FastAPI, published: Published) -> None:
    """Adds /healthz, which needs no token and says nothing about anybody."""

    @app.get(
        "/healthz",
        response_model=Health,
        responses={503: {"model": Health, "description": "There is no database."}},
        operation_id="healthz",
        tags=["server"],
    )
    def healthz(response: Response) -> Health:
        """Whether the server can answer."""
        if published.can_answer():
            return Health(status="ok")
        response.status_code = 503
        return Health(status="no_database")
