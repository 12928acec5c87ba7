"""What every request passes: the Host header, the token, the size of the body.

It also adds the headers that keep a page to itself, and makes one line of any defect: neither the
answer nor the log quotes the text of an error, which may hold an id.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
import sys
import traceback
from collections.abc import Sequence
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from enrichment import audit
from enrichment.errors import RunnerError
from enrichment.roles import Role, Token

COOKIE = "behavioral_session"
LARGEST_BODY = 4 * 2**20
TOO_LARGE = "the body is too large"
OPEN_PATHS = ("/healthz",)
_HEADERS = {
    b"content-security-policy": b"default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    b"form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cache-control": b"no-store",
}
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class TooLargeError(Exception):
    """The body is larger than any list of ids that is answered."""


class Keys:
    """The tokens that open the server, each with a name and a role, compared in constant time."""

    def __init__(self, token: str, role: Role, further: Sequence[Token] = ()) -> None:
        own = Token("server", hashlib.sha256(token.encode()).hexdigest(), role)
        self._tokens = (own, *further)
        # A cookie of another run of the server opens nothing.
        self._secret = secrets.token_bytes(32)

    def of_token(self, text: str) -> Token | None:
        """The entry of a token."""
        digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
        return self._found(digest, [token.digest for token in self._tokens])

    def of_cookie(self, text: str) -> Token | None:
        """The entry of a cookie."""
        given = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
        made = [self.cookie(token) for token in self._tokens]
        return self._found(given, [hashlib.sha256(one.encode()).hexdigest() for one in made])

    def cookie(self, token: Token) -> str:
        """The cookie of a token: what it opens ends with this run."""
        return hmac.new(self._secret, token.digest.encode(), hashlib.sha256).hexdigest()

    def _found(self, given: str, expected: Sequence[str]) -> Token | None:
        found = None
        for token, digest in zip(self._tokens, expected, strict=True):
            if hmac.compare_digest(given, digest):
                found = token
        return found


class Hosts:
    """The Host headers that are answered: another site's name that leads here is refused."""

    def __init__(self, host: str, further: Sequence[str] = ()) -> None:
        self._names = {host.lower().strip("[]"), *(name.lower() for name in further)}
        self._is_any_address = host in ("0.0.0.0", "::")  # noqa: S104 (a comparison)
        if self._is_any_address or host.lower() in LOOPBACK:
            self._names.update(LOOPBACK)

    def answers(self, header: str) -> bool:
        """Whether a request with this Host header is answered."""
        name = header.rsplit("]", 1)[0].lstrip("[") if header.startswith("[") else header
        name = name.partition(":")[0] if not header.startswith("[") else name
        name = name.lower()
        if name in self._names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return self._is_any_address


class Gate:
    """The middleware."""

    def __init__(self, app: ASGIApp, keys: Keys, hosts: Hosts) -> None:
        self._app = app
        self._keys = keys
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request, or refuses it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        audit.separate()
        is_sent = False

        async def with_headers(message: Message) -> None:
            nonlocal is_sent
            if message["type"] == "http.response.start":
                is_sent = True
                present = {name.lower() for name, _ in message["headers"]}
                extra = [one for one in _HEADERS.items() if one[0] not in present]
                message = {**message, "headers": [*message["headers"], *extra]}
            await send(message)

        try:
            await self._answer(scope, receive, with_headers)
        except TooLargeError:
            await problem(413, TOO_LARGE)(scope, receive, with_headers)
        except Exception as error:
            report(error)
            if not is_sent:
                text = f"unexpected {type(error).__name__}; please report it"
                await problem(500, text)(scope, receive, with_headers)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if not self._hosts.answers(headers.get(b"host", "")):
            await problem(400, "this server does not answer for that Host")(scope, receive, send)
            return
        by_bearer = self._keys.of_token(bearer(headers))
        token = by_bearer or self._keys.of_cookie(cookie(headers))
        in_address = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        if in_address and scope["path"] == "/" and scope["method"] == "GET":
            await self._enter(in_address)(scope, receive, send)
            return
        if token is None and scope["path"] not in OPEN_PATHS:
            await refused(scope["path"])(scope, receive, send)
            return
        scope.setdefault("state", {})
        scope["state"]["role"] = token.role if token else None
        scope["state"]["token_name"] = token.name if token else None
        if by_bearer is not None and scope["path"].startswith("/api/"):
            # A program that sends its token sends JSON, whatever its client calls the body.
            others = [one for one in scope["headers"] if one[0].lower() != b"content-type"]
            scope["headers"] = [*others, (b"content-type", b"application/json")]
        scope["state"]["too_large"] = False
        await self._app(scope, limited(receive, scope["state"]), send)

    def _enter(self, text: str) -> Response:
        """The response to the address that `serve` prints: the token goes into a cookie."""
        token = self._keys.of_token(text)
        if token is None:
            return refused("/")
        response = RedirectResponse("/", 303)
        response.set_cookie(COOKIE, self._keys.cookie(token), httponly=True, samesite="strict")
        return response


def limited(receive: Receive, state: dict[str, Any]) -> Receive:
    """The same body, which ends the request if it is too large, and says so in its state."""
    size = 0

    async def counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > LARGEST_BODY:
            state["too_large"] = True
            raise TooLargeError
        return message

    return counted


def bearer(headers: dict[bytes, str]) -> str:
    """The token of the Authorization header; empty without one."""
    kind, _, token = headers.get(b"authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def cookie(headers: dict[bytes, str]) -> str:
    """The cookie of the pages; empty without one."""
    try:
        found = SimpleCookie(headers.get(b"cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found is not None else ""


def refused(path: str) -> Response:
    """The response to a request without a valid token, which leaves a line in the audit log."""
    try:
        audit.begin("refused")
        audit.note(refused="token", via="api" if path.startswith("/api/") else "page")
        audit.end(2)
    except RunnerError as error:
        return problem(503, str(error))
    response = problem(
        401, "a token is needed: Authorization: Bearer …, or the address that `serve` printed"
    )
    response.headers["WWW-Authenticate"] = "Bearer"
    return response


def problem(status: int, text: str) -> JSONResponse:
    """A response that says in one line why there is no answer."""
    return JSONResponse({"detail": text}, status)


def report(error: BaseException) -> None:
    """Reports a defect on standard error by its type and line, never by its text."""
    trace: Any = traceback.extract_tb(error.__traceback__)
    where = f"{Path(trace[-1].filename).name}, line {trace[-1].lineno}" if trace else "start"
    print(f"segment.py: unexpected {type(error).__name__} at {where}", file=sys.stderr)
