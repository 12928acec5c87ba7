"""The audit log: one line of JSON per call of the runner; lines are only appended.

It is a file beside the database. A line holds the time, the user, the command, the number of ids
and their keyed digest, the output (digest, rows, format, contact details or not), the build, and
the exit code. It never holds an id, the value of an option or a path: each may name a person.

A command that returns data writes its line when the answer is complete, and before any of it leaves
the process, so that every answer has a line. If the output then fails, a second line says so. A
call that ends before its command begins (--help, unknown options) leaves no line.
"""

from __future__ import annotations

import datetime
import errno
import fcntl
import hashlib
import json
import os
import pwd
import re
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from functools import wraps
from typing import IO, Any, ParamSpec, TypeVar

from enrichment import pseudonyms
from enrichment.errors import AuditError
from enrichment.paths import audit_file, key_file

_P = ParamSpec("_P")
_T = TypeVar("_T")

FIELDS = {
    "at": "timestamp",
    "user": "varchar",
    "command": "varchar",
    "ids": "bigint",
    "ids_digest": "varchar",
    "output_digest": "varchar",
    "rows": "bigint",
    "format": "varchar",
    "contact_details": "boolean",
    "build_id": "varchar",
    "exit_code": "bigint",
}
"""The fields of each line, with the types that ``segment.py audit`` shows."""

_TEXTS = {
    "command": r"[a-z_]{1,40}",
    "ids_digest": r"[0-9a-f]{64}",
    "output_digest": r"[0-9a-f]{64}",
    "format": r"[a-z]{1,10}",
    "build_id": r"[A-Za-z0-9-]{1,64}",
    "segment": r"[a-z][a-z0-9_]{0,59}",
    "role": r"[a-z_]{1,40}",
    "token": r"[a-z0-9_]{1,40}",
    "refused": r"[a-z_]{1,40}",
    "via": r"api|page|mcp",
}


class _Call:
    """The current call: its facts, and the exit code in its last line."""

    def __init__(self, command: str) -> None:
        self.facts: dict[str, Any] = {"command": command, "contact_details": False}
        self.written: int | None = None


class _Slot:
    """Where the current call is. The server answers several requests at a time, each with a slot.

    A request runs in several threads, which share its slot.
    """

    def __init__(self) -> None:
        self.call: _Call | None = None


_slot: ContextVar[_Slot] = ContextVar("_slot", default=_Slot())  # noqa: B039 (of the process)


def separate() -> None:
    """Gives a request a current call of its own."""
    _slot.set(_Slot())


def note(**facts: bool | int | str | None) -> None:
    """Adds facts to the line of the current call; does nothing without a current call.

    Numbers and booleans may have any name. Texts must have a name and a form that this module
    knows, so that no id, name or path enters the log. Raises ValueError for other texts.
    """
    for name, value in facts.items():
        if isinstance(value, str) and not re.fullmatch(_TEXTS.get(name, "(?!)"), value):
            raise ValueError(f"the audit log takes no such text as {name}")
        if (call := _slot.get().call) is not None:
            call.facts[name] = value


def note_ids(ids: Iterable[str]) -> None:
    """Adds the size and the keyed digest of a list of ids, as a set of trimmed texts."""
    distinct = {text.strip() for text in ids}
    distinct.discard("")
    note(ids=len(distinct), ids_digest=pseudonyms.list_digest(distinct, key_file()))


def digest_of(stream: IO[bytes]) -> str:
    """The SHA-256 (hex) of the rest of a stream."""
    digest = hashlib.sha256()
    while block := stream.read(2**20):
        digest.update(block)
    return digest.hexdigest()


def command(function: Callable[_P, _T]) -> Callable[_P, _T]:
    """Marks a command of the runner: its calls are logged from the first step on.

    Raises AuditError at once if the log cannot be written.
    """

    @wraps(function)
    def logged(*arguments: _P.args, **options: _P.kwargs) -> _T:
        begin(function.__name__)
        return function(*arguments, **options)

    return logged


def begin(name: str) -> None:
    """Begins a call; ``end`` or ``before_handing_out`` writes its line.

    Raises AuditError at once if the log cannot be written.
    """
    slot = _slot.get()
    slot.call = None
    if audit_file().parent.is_dir():
        os.close(_opened())
    slot.call = _Call(name)


def before_handing_out(**facts: bool | int | str | None) -> None:
    """Writes the line of a call whose answer is complete, before any of it leaves the process.

    Raises AuditError if that fails; then no part of the answer may leave the process.
    """
    note(**facts)
    slot = _slot.get()
    call, slot.call = slot.call, None
    if call is not None:
        _write(call, 0)
        slot.call = call


def end(exit_code: int) -> None:
    """Writes the line of the current call, unless its last line has this exit code already.

    Raises AuditError if that fails.
    """
    slot = _slot.get()
    call, slot.call = slot.call, None
    if call is not None and call.written != exit_code and audit_file().parent.is_dir():
        _write(call, exit_code)


def _write(call: _Call, exit_code: int) -> None:
    at = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
    facts = {"at": at, "user": user(), **call.facts, "exit_code": exit_code}
    ordered = {name: facts.pop(name, None) for name in FIELDS} | facts
    _append(json.dumps(ordered).encode() + b"\n")
    call.written = exit_code


def user() -> str:
    """The login name of the account that runs the process, independent of the environment."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def _opened() -> int:
    try:
        return os.open(
            audit_file(), os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600
        )
    except OSError as error:
        raise _refusal(error) from None


def _refusal(error: OSError) -> AuditError:
    reason = (error.strerror or "").lower()
    return AuditError(
        f"the audit log {audit_file()} cannot be written ({reason}): make it writable; no "
        "answer leaves the runner without a line in it"
    )


def _append(line: bytes) -> None:
    """Appends a line in one write, all of it or nothing; waits for other writers."""
    handle = _opened()
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        size = os.fstat(handle).st_size
        # If a failing disk cut the last line short, begin a new one.
        if size and os.pread(handle, 1, size - 1) != b"\n":
            line = b"\n" + line
        try:
            if os.write(handle, line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(handle)
        except OSError:
            os.ftruncate(handle, size)
            raise
    except OSError as error:
        raise _refusal(error) from None
    finally:
        os.close(handle)


def entries() -> tuple[list[tuple[Any, ...]], list[int]]:
    """The entries of the log, newest first, and the numbers of the damaged lines.

    An entry is the values of FIELDS and a text of all other facts. Raises AuditError if the log
    cannot be read.
    """
    try:
        content = audit_file().read_bytes()
    except FileNotFoundError:
        return [], []
    except OSError as error:
        reason = (error.strerror or "").lower()
        raise AuditError(f"the audit log {audit_file()} cannot be read: {reason}") from None
    rows, damaged = [], []
    for number, line in enumerate(content.split(b"\n"), 1):
        if not line:
            continue
        row = _row(line)
        if row is None:
            damaged.append(number)
        else:
            rows.append(row)
    return rows[::-1], damaged


def _row(line: bytes) -> tuple[Any, ...] | None:
    """The values of an entry in the order of FIELDS, and its other facts; None if damaged."""
    kinds = {"bigint": int, "boolean": bool}
    try:
        entry = json.loads(line)
        at = datetime.datetime.fromisoformat(entry["at"]).astimezone(datetime.UTC)
        values = [at.replace(tzinfo=None), *(entry[name] for name in list(FIELDS)[1:])]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    for value, kind in zip(values[1:], list(FIELDS.values())[1:], strict=True):
        if value is not None and type(value) is not kinds.get(kind, str):
            return None
        if isinstance(value, int) and abs(value) > 2**62:
            return None
    others = {name: value for name, value in entry.items() if name not in FIELDS}
    return (*values, json.dumps(others) if others else None)
