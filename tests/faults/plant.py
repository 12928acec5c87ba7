"""Faults that a test plants into a run of the runner: called in its process before it begins."""

from __future__ import annotations

import importlib
import os
import resource
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

Call = Callable[..., Any]


def small_build() -> None:
    """Leaves the data tests out of a build: its models are what the fault is about."""
    _with_arguments("--exclude-resource-type", "test")


def without(*selectors: str) -> None:
    """Leaves some nodes out of a build."""
    _with_arguments("--exclude", *selectors)


def with_threads(number: int) -> None:
    """Lets dbt build so many models at a time."""
    _with_arguments("--threads", str(number))


def _with_arguments(*more: str) -> None:
    """Gives dbt more arguments than the runner does."""
    from dbt.cli import main

    class Told(main.dbtRunner):  # type: ignore[misc]  # dbt is not typed for checkers
        def invoke(self, args: list[str], **options: Any) -> Any:
            return super().invoke([*args, *more], **options)

    main.dbtRunner = Told


def signalled_at_node(number: int, when: str, share: float) -> None:
    """Sends this process a signal as a node of the build begins or is done: the first is 0.0."""
    from dbt.task.runnable import GraphRunnableTask

    seen = 0
    really: Call = GraphRunnableTask.call_runner

    def call_runner(self: Any, runner: Any) -> Any:
        nonlocal seen
        is_it = seen == round(share * (len(self._flattened_nodes) - 1))
        seen += 1
        if is_it and when == "begins":
            os.kill(os.getpid(), number)
        result = really(self, runner)
        if is_it and when == "is done":
            os.kill(os.getpid(), number)
        return result

    GraphRunnableTask.call_runner = call_runner


def signalled_within_a_statement(number: int, statement: int, after: float) -> None:
    """Sends this process a signal so many seconds after a SQL statement began, by number."""
    from dbt.adapters.duckdb.environments.local import DuckDBCursorWrapper

    seen = 0
    really: Call = DuckDBCursorWrapper.execute

    def execute(self: Any, sql: str, bindings: Any = None) -> Any:
        nonlocal seen
        seen += 1
        if seen == statement:
            threading.Timer(after, os.kill, (os.getpid(), number)).start()
        return really(self, sql, bindings)

    DuckDBCursorWrapper.execute = execute


def counted_statements(file: str) -> None:
    """Writes to a file how many SQL statements the build has run."""
    from dbt.adapters.duckdb.environments.local import DuckDBCursorWrapper

    seen = 0
    really: Call = DuckDBCursorWrapper.execute

    def execute(self: Any, sql: str, bindings: Any = None) -> Any:
        nonlocal seen
        seen += 1
        Path(file).write_text(str(seen))
        return really(self, sql, bindings)

    DuckDBCursorWrapper.execute = execute


def signalled_at_call(number: int, where: str, when: str, place: str) -> None:
    """Sends this process a signal before or after a function that has `place` among its arguments.

    `where` is `module:function` or `module:Class.method`; `place` is a part of a path, or empty.
    """
    module_name, _, name = where.partition(":")
    owner: Any = importlib.import_module(module_name)
    *classes, name = name.split(".")
    for each in classes:
        owner = getattr(owner, each)
    really: Call = getattr(owner, name)

    def stand_in(*arguments: Any, **options: Any) -> Any:
        is_it = place in " ".join(map(str, arguments))
        if is_it and when == "before":
            os.kill(os.getpid(), number)
        result = really(*arguments, **options)
        if is_it and when == "after":
            os.kill(os.getpid(), number)
        return result

    setattr(owner, name, stand_in)


def no_more_bytes_than(limit: int) -> None:
    """No file of this process may become larger, as on a full disk: the write fails."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))


def quoting_statement() -> None:
    """Adds to each table of the build a cast that fails, of which the engine quotes the value."""
    from dbt.adapters.duckdb.environments.local import DuckDBCursorWrapper

    really: Call = DuckDBCursorWrapper.execute

    def execute(self: Any, sql: str, bindings: Any = None) -> Any:
        result = really(self, sql, bindings)
        if "lnk_voter_email" in sql and "create" in sql:
            really(self, "select cast(email as date) from extracts.person")
        return result

    DuckDBCursorWrapper.execute = execute


def several(plants: list[tuple[str, list[Any]]]) -> None:
    """Plants several faults."""
    for name, arguments in plants:
        globals()[name](*arguments)
