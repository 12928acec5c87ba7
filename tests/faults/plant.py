"""Faults that a test plants into a run of the runner: called in its process before it begins.

They use dbt's events (callbacks of its programmatic interface), limits of the operating system, and
functions of this project and of Python's library. Nothing of dbt itself is replaced.
"""

from __future__ import annotations

import importlib
import os
import resource
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from enrichment import dbt_build

Call = Callable[..., Any]


def small_build() -> None:
    """Leaves the data tests out of a build: its models are what the fault is about."""
    dbt_build.ARGUMENTS += ["--exclude-resource-type", "test"]


def without(*selectors: str) -> None:
    """Leaves some nodes out of a build."""
    dbt_build.ARGUMENTS += ["--exclude", *selectors]


def only(*selectors: str) -> None:
    """Builds some nodes."""
    dbt_build.ARGUMENTS += ["--select", *selectors]


def with_threads(number: int) -> None:
    """Lets dbt build this many models at a time."""
    dbt_build.ARGUMENTS += ["--threads", str(number)]


def signalled_at_node(number: int, when: str, share: float) -> None:
    """Sends this process a signal when a node of the build begins or is done: the first is 0.0."""
    total, done = 0, 0

    def listen(event: Any) -> None:
        nonlocal total, done
        name = event.info.name
        if name == "LogStartLine":
            total = event.data.total
            is_it = event.data.index - 1 == round(share * (total - 1))
            if is_it and when == "begins":
                os.kill(os.getpid(), number)
        elif name == "NodeFinished" and total:
            is_it = done == round(share * (total - 1))
            done += 1
            if is_it and when == "is done":
                os.kill(os.getpid(), number)

    dbt_build.LISTENERS.append(listen)


def signalled_at_the_first_test(number: int) -> None:
    """Sends this process a signal when the first data test of the build begins."""

    def listen(event: Any) -> None:
        if event.info.name == "LogStartLine" and event.data.node_info.resource_type == "test":
            os.kill(os.getpid(), number)

    dbt_build.LISTENERS.append(listen)


def signalled_within_a_statement(number: int, statement: int, after: float) -> None:
    """Sends this process a signal this many seconds after a SQL statement began, by number."""
    seen = 0

    def listen(event: Any) -> None:
        nonlocal seen
        seen += event.info.name == "SQLQuery"
        if event.info.name == "SQLQuery" and seen == statement:
            threading.Timer(after, os.kill, (os.getpid(), number)).start()

    dbt_build.LISTENERS.append(listen)


def counted_statements(file: str) -> None:
    """Writes to a file how many SQL statements the build has run."""
    seen = 0

    def listen(event: Any) -> None:
        nonlocal seen
        if event.info.name == "SQLQuery":
            seen += 1
            Path(file).write_text(str(seen))

    dbt_build.LISTENERS.append(listen)


def signalled_at_call(number: int, where: str, when: str, place: str) -> None:
    """Sends this process a signal before or after a function that has `place` among its arguments.

    `where` is `module:function` or `module:Class.method`; `place` is a part of a path, or empty.
    """
    module_name, _, name = where.partition(":")
    owner: Any = importlib.import_module(module_name)
    *classes, name = name.split(".")
    for each in classes:
        owner = getattr(owner, each)
    original: Call = getattr(owner, name)

    def stand_in(*arguments: Any, **options: Any) -> Any:
        is_it = place in " ".join(map(str, arguments))
        if is_it and when == "before":
            os.kill(os.getpid(), number)
        result = original(*arguments, **options)
        if is_it and when == "after":
            os.kill(os.getpid(), number)
        return result

    setattr(owner, name, stand_in)


def no_more_bytes_than(limit: int) -> None:
    """No file of this process may become larger, as on a full disk: the write fails."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))


def quoting_statement() -> None:
    """Makes a statement of the build fail with an error in which the engine quotes a row.

    The statement calls the project's own function `file_hashes`, which then casts e-mail addresses
    of the extract of people to dates.
    """
    import duckdb

    from enrichment.plugins import session_variables

    def failing(paths: list[str]) -> list[str]:
        people = [path for path in paths if "/person/" in path]
        if people:
            with duckdb.connect() as con:
                con.execute("select cast(email as date) from read_parquet(?)", [people]).fetchall()
        return ["" for _ in paths]

    session_variables.file_hashes = failing  # type: ignore[attr-defined]


def limited(days: dict[str, int]) -> None:
    """Limits the retention of extracts, as if the seed `retention` said so."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    def listen(event: Any) -> None:
        if event.info.name == "NodeFinished" and event.data.node_info.node_name == "retention":
            environment: Any = DuckDBConnectionManager.env()
            environment.conn.cursor().executemany(
                "update seeds.retention set days = ? where kind = ?",
                [[number, kind] for kind, number in days.items()],
            )

    if days:
        dbt_build.LISTENERS.append(listen)


def several(plants: list[tuple[str, list[Any]]]) -> None:
    """Plants several faults."""
    for name, arguments in plants:
        globals()[name](*arguments)
