"""``segment.py serve``: the pages and the HTTP API on one port of this machine."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import anyio.to_thread
import uvicorn
from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.responses import Response

from enrichment import audit, code_version, roles
from enrichment.errors import AuditError, DatabaseError, InputError, RunnerError, shown
from enrichment.web import api, gate, pages
from enrichment.web.published import Published

TOKEN = "BEHAVIORAL_API_TOKEN"  # noqa: S105 (the name of a variable)
_SHORTEST = 16
_LOOK_AGAIN = 10  # seconds
NO_OBJECT = "the body is not a JSON object"
_COMMANDS = ("analyze", "propensity", "lookalike", "affinity")


def make_app(keys: gate.Keys, hosts: gate.Hosts) -> FastAPI:
    """The application."""
    published = Published()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        # More than a few queries at a time only make each other wait.
        limiter = anyio.to_thread.current_default_thread_limiter()
        limiter.total_tokens = max(4, 2 * (os.cpu_count() or 1))
        watch = asyncio.create_task(_watch(published))
        yield
        watch.cancel()
        published.close()

    app = FastAPI(
        title="Behavioral Enrichment",
        version=code_version.code_version(),
        description="Questions about a list of voter ids, answered as the runner answers them.",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.include_router(api.router(published))
    api.health_route(app, published)
    app.include_router(pages.router(published), include_in_schema=False)
    app.openapi = api.describe(app, app.openapi)  # type: ignore[method-assign]
    _handle_errors(app)
    app.add_middleware(gate.Gate, keys=keys, hosts=hosts)
    return app


async def _watch(published: Published) -> None:
    """Lets go of a replaced build in time, whether or not anybody asks.

    A file that is open stays on the disk, with people who have been erased since.
    """
    while True:
        await asyncio.sleep(_LOOK_AGAIN)
        await anyio.to_thread.run_sync(published.let_go)


def _handle_errors(app: FastAPI) -> None:
    @app.exception_handler(RequestValidationError)
    def not_valid(request: Request, error: RequestValidationError) -> Response:
        _begin(request)
        return _failed(request, 422, _first_of(error), 2)

    @app.exception_handler(roles.RefusedError)
    def not_allowed(request: Request, error: roles.RefusedError) -> Response:
        return _failed(request, 403, "the role of this token does not allow it", 2)

    @app.exception_handler(InputError)
    def bad_input(request: Request, error: InputError) -> Response:
        return _failed(request, 422, str(error), 2)

    @app.exception_handler(api.NotFoundError)
    def not_found(request: Request, error: api.NotFoundError) -> Response:
        return _failed(request, 404, str(error), 2)

    @app.exception_handler(api.DefinitionsError)
    def no_definitions(request: Request, error: api.DefinitionsError) -> Response:
        text = "the definitions are not valid: run `segment.py definitions check`"
        return _failed(request, 503, text, 2)

    @app.exception_handler(RunnerError)
    def no_answer(request: Request, error: RunnerError) -> Response:
        # The message names paths of this machine: it goes to the log of the server.
        print(f"segment.py: {error}", file=sys.stderr)
        if isinstance(error, AuditError):
            text = "the audit log cannot be written: no answer leaves the server without a line"
        elif isinstance(error, DatabaseError):
            text = "there is no database that can answer: run `segment.py build`"
        else:
            text = "there is no answer now"
        return _failed(request, 503, text, error.exit_code)

    @app.exception_handler(StarletteHTTPException)
    def other(request: Request, error: HTTPException) -> Response:
        if error.status_code == 400 and request.url.path.startswith(api.PREFIX):
            _begin(request)
            if request.state.too_large:
                return _failed(request, 413, gate.TOO_LARGE, 2)
            return _failed(request, 422, NO_OBJECT, 2)
        response = pages.failure(request, error.status_code, str(error.detail).lower())
        response.headers.update(error.headers or {})
        return response


def _begin(request: Request) -> None:
    """Begins the line of a call whose body was refused before its question was known."""
    command = request.url.path.rpartition("/")[2]
    is_known = request.method == "POST" and command in _COMMANDS
    api.begin(request, command if is_known else "refused")


def _failed(request: Request, status: int, text: str, exit_code: int) -> Response:
    try:
        audit.end(exit_code)
    except RunnerError as error:
        print(f"segment.py: {error}", file=sys.stderr)
    return pages.failure(request, status, text)


def _first_of(error: RequestValidationError) -> str:
    """The first of the errors of a body in one line, without what was given."""
    first = error.errors()[0]
    place = [part for part in first.get("loc", ()) if part not in ("body", "query", "path")]
    if first["type"] == "extra_forbidden":
        return f"unknown key: {shown(str(place[-1]))}" if place else "unknown key"
    if first["type"] in ("json_invalid", "model_attributes_type"):
        return NO_OBJECT
    where = ".".join(
        str(part + 1) if isinstance(part, int) else shown(str(part)).strip("'") for part in place
    )
    return f"{where}: {first['msg'][:1].lower()}{first['msg'][1:]}" if where else first["msg"]


def serve(host: str, port: int, further_hosts: Sequence[str] = ()) -> None:
    """Answers until it is stopped.

    Raises InputError for a token that is too short, for a host beyond this machine without a
    token, and for an address that cannot be used.
    """
    given = os.environ.get(TOKEN, "")
    is_local = host.lower().strip("[]") in gate.LOOPBACK
    if given and len(given) < _SHORTEST and not is_local:
        raise InputError(
            f"{TOKEN} has fewer than {_SHORTEST} characters, and other machines can reach this "
            "address: give a longer one"
        )
    if not given and not is_local:
        raise InputError(
            f"--host: other machines can reach this address: set {TOKEN} to a long secret first"
        )
    role_file = roles.roles()
    token = given or secrets.token_urlsafe(32)
    keys = gate.Keys(token, roles.current(), role_file.tokens if role_file else ())
    app = make_app(keys, gate.Hosts(host, further_hosts))
    listener = _listener(host, port)
    name = f"[{host}]" if ":" in host else host
    address = f"http://{name}:{listener.getsockname()[1]}/"
    if given:
        print(f"Pages: {address}?token=…   (the token of {TOKEN})", file=sys.stderr)
    else:
        print(f"Pages: {address}?token={token}", file=sys.stderr)
        print(f"API: Authorization: Bearer {token}, for this run only", file=sys.stderr)
    audit.before_handing_out()
    config = uvicorn.Config(
        app,
        log_level="critical",  # its log would quote addresses with a token
        access_log=False,
        server_header=False,
        limit_concurrency=200,
        timeout_graceful_shutdown=5,
    )
    try:
        uvicorn.Server(config).run(sockets=[listener])
    except KeyboardInterrupt:
        print("segment.py: stopped", file=sys.stderr)


def _listener(host: str, port: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
        family, kind, protocol, _, address = found[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except (OSError, UnicodeError) as error:
        reason = str(getattr(error, "strerror", None) or "not a host").lower()
        raise InputError(f"--host, --port: cannot listen there: {reason}") from None
    return listener
