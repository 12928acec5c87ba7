"""The published database, opened once for many requests and again when a build is published.

A build is published by a rename, so another inode at the path is another build. A request keeps the
file that it began with; the last request on a replaced file closes it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from enrichment import audit
from enrichment.database import Database, Query
from enrichment.errors import DatabaseError

_CACHED_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Body:
    """A complete answer: its bytes, how many rows went into it, and whether something is hidden."""

    content: bytes
    digest: str
    rows: int
    has_hidden: bool


class Answers:
    """The answers of one build that were asked for last, within a number of bytes.

    A build does not change, so that the same question has the same answer.
    """

    def __init__(self, most: int = _CACHED_BYTES) -> None:
        self._most = most
        self._size = 0
        self._kept: OrderedDict[bytes, Body] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: bytes) -> Body | None:
        """The answer to a question, if it is kept."""
        with self._lock:
            body = self._kept.get(key)
            if body is not None:
                self._kept.move_to_end(key)
            return body

    def put(self, key: bytes, body: Body) -> None:
        """Keeps an answer, and drops those that nobody asked for longest."""
        if len(body.content) * 8 > self._most:
            return
        with self._lock:
            if key in self._kept:
                return
            self._kept[key] = body
            self._size += len(body.content)
            while self._size > self._most:
                _, dropped = self._kept.popitem(last=False)
                self._size -= len(dropped.content)


@dataclass
class _Opened:
    """An opened file, and how many requests read it."""

    identity: tuple[int, int, int]
    database: Database
    build_id: str
    as_of_date: date
    readers: int = 0
    is_replaced: bool = False
    answers: Answers = field(default_factory=Answers)
    types: dict[str, dict[str, str]] = field(default_factory=dict)


class Session(Database):
    """The published database for one request: a cursor of the connection that all requests share.

    What a request keeps in memory belongs to its cursor, and goes with it.
    """

    def __init__(self, opened: _Opened) -> None:
        super().__init__()
        self.file = opened.database.file
        self.build_id = opened.build_id
        self.as_of_date = opened.as_of_date
        self.answers = opened.answers
        self._types = opened.types
        self._con = opened.database.cursor()
        audit.note(build_id=opened.build_id)

    def __enter__(self) -> Session:
        return self

    def _run(self, work: Any) -> Any:
        return work()  # The request has a thread of its own, which no Ctrl-C reaches.

    def columns(self, query: Query) -> dict[str, str]:
        """As of a Database; what a function answers has the same types all the time."""
        if "temp.people" in query.sql:  # of which the hidden columns lose their type
            return super().columns(query)
        found = self._types.get(query.sql)
        if found is None:
            found = self._types[query.sql] = super().columns(query)
        return found


class Published:
    """Gives each request a session on the build that is published at that moment."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._opened: _Opened | None = None

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session. Raises DatabaseError if there is no database that can answer."""
        opened = self._current()
        try:
            with Session(opened) as session:
                yield session
        finally:
            with self._lock:
                opened.readers -= 1
                self._close_if_unused(opened)

    def _current(self) -> _Opened:
        with self._lock:
            identity = self._identity()
            if self._opened is None or self._opened.identity != identity:
                replaced, self._opened = self._opened, None
                if replaced is not None:
                    replaced.is_replaced = True
                    self._close_if_unused(replaced)
                self._opened = self._open(identity)
            self._opened.readers += 1
            return self._opened

    @staticmethod
    def _identity() -> tuple[int, int, int]:
        file = Database().file
        try:
            found = file.stat()
        except OSError:
            raise DatabaseError("there is no database: run `segment.py build`") from None
        return found.st_dev, found.st_ino, found.st_mtime_ns

    @staticmethod
    def _open(identity: tuple[int, int, int]) -> _Opened:
        database = Database().__enter__()
        facts = database.relation("marts", "build_info")
        ((build_id, as_of_date),) = database.all_rows(
            Query(f"select build_id, as_of_date from {facts} limit 1")
        )
        return _Opened(identity, database, build_id, as_of_date)

    @staticmethod
    def _close_if_unused(opened: _Opened) -> None:
        if opened.is_replaced and opened.readers == 0:
            opened.database.__exit__(None, None, None)

    def let_go(self) -> None:
        """Closes a file that is no longer published, so that its data leaves the disk."""
        with self._lock:
            opened = self._opened
            try:
                is_published = opened is not None and opened.identity == self._identity()
            except DatabaseError:
                is_published = False
            if opened is not None and not is_published:
                self._opened = None
                opened.is_replaced = True
                self._close_if_unused(opened)

    def can_answer(self) -> bool:
        """Whether there is a database that can answer."""
        try:
            with self.session():
                return True
        except DatabaseError:
            return False

    def close(self) -> None:
        """Closes the connection."""
        with self._lock:
            if self._opened is not None:
                self._opened.is_replaced = True
                self._close_if_unused(self._opened)
                self._opened = None
