"""Runs ``dbt build`` on a work file, tells how far it is, and says in one line what failed.

Messages name models and tests only, for what the engine says about a failure may quote data. Who
wants to read it runs ``dbt build`` on their own file.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any, Protocol

from enrichment.errors import BuildError, InputError
from enrichment.places import PROJECT, data_folder, database_file
from enrichment.shortage import shortage

_EXTRACTS = re.compile(r"Extracts: ([^\n]+)")
_UNREADABLE = re.compile(r"[Ff]ile ['\"]([^'\"]+\.parquet)['\"]")
_FAILED = ("error", "fail", "runtime error")


class Progress(Protocol):
    """Hears about a build: a stage begins, a node of ``total`` begins or is done."""

    def stage(self, text: str) -> None:
        """A stage begins."""

    def update(self, done: int, total: int, node: str) -> None:
        """``done`` of ``total`` nodes are done, ``node`` the last."""


class PlainProgress:
    """A line for each tenth of the build, for logs and pipes."""

    def __init__(self) -> None:
        self._tenth = 0

    def stage(self, text: str) -> None:
        """Prints the stage."""
        print(text, file=sys.stderr, flush=True)

    def update(self, done: int, total: int, node: str) -> None:
        """Prints a line when another tenth is done."""
        if total and done * 10 // total > self._tenth:
            self._tenth = done * 10 // total
            print(f"{done} of {total} done ({node})", file=sys.stderr, flush=True)


class BarProgress:
    """A bar on a terminal."""

    def __init__(self, bar: Any) -> None:
        self._bar = bar
        self._task = bar.add_task("", total=None)

    def stage(self, text: str) -> None:
        """Shows the stage beside the bar."""
        self._bar.update(self._task, description=text)

    def update(self, done: int, total: int, node: str) -> None:
        """Moves the bar."""
        self._bar.update(self._task, description=node, completed=done, total=total or None)


@contextmanager
def progress() -> Iterator[Progress]:
    """Progress on standard error: a bar on a terminal, else plain lines."""
    if not sys.stderr.isatty():
        yield PlainProgress()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        yield BarProgress(bar)


class _Listener:
    """Turns dbt's events into progress, and keeps what they say about bad extracts."""

    def __init__(self, told: Progress) -> None:
        self._told = told
        self._done = 0
        self._total = 0
        self.extracts: str | None = None

    def __call__(self, event: Any) -> None:
        name = event.info.name
        if name == "LogStartLine":
            self._total = max(self._total, event.data.total)
        elif name == "NodeFinished":
            self._done += 1
            node = event.data.node_info.node_name
            self._told.update(self._done, self._total, node)
        if event.info.level == "error":
            self.read(event.info.msg)

    def read(self, text: str) -> None:
        """Keeps the first line that the check of the extracts has written into ``text``."""
        found = _EXTRACTS.search(text)
        if found and self.extracts is None:
            self.extracts = found.group(1).strip()


def dbt_build(work: Path, as_of: str | None, *, carry: Path | None, told: Progress) -> None:
    """Builds and tests everything into ``work``.

    ``carry`` is a database whose build has read what need not be read again; without one, every
    file is read.

    Raises InputError where the extracts are missing or not as the contract wants them, BuildError
    where a model, a seed or a test failed, KeyboardInterrupt if the person stopped it.
    """
    os.environ["BEHAVIORAL_DATA_DIR"] = str(data_folder())
    os.environ["BEHAVIORAL_DB"] = str(database_file())
    os.environ["BEHAVIORAL_WORK_DB"] = str(work)
    os.environ["BEHAVIORAL_PREVIOUS_DB"] = str(carry or "")
    # Unit tests are about the code, not the data: `make test` runs them.
    arguments = ["--no-use-colors", "--log-level", "none", "build", "--target", "publish"]
    arguments += ["--exclude-resource-type", "unit_test"]
    # What the engine says of a failure may quote a row: neither a log nor a result file is written.
    arguments += ["--log-level-file", "none", "--no-write-json"]
    arguments += ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    if as_of is not None:
        arguments += ["--vars", json.dumps({"as_of_date": as_of})]
    told.stage("Starting dbt")

    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    listener = _Listener(told)
    here = Path.cwd()
    try:
        with redirect_stdout(sys.stderr):
            result = dbtRunner(callbacks=[listener]).invoke(arguments)
    finally:
        DuckDBConnectionManager.close_all_connections()
        os.chdir(here)
    _judge(result, listener, work.parent)


def _judge_room(error: Any, nodes: list[Any], folder: Path) -> None:
    """Raises BuildError where disk or memory was too small: other failures are its consequences."""
    for node in nodes:
        told = shortage(str(node.message or ""), folder, node.node.name)
        if told:
            raise BuildError(told)
    told = shortage(f"{type(error).__name__}: {error}", folder) if error else None
    if told:
        raise BuildError(told)


def _judge(result: Any, listener: _Listener, folder: Path) -> None:
    """Returns if the build, which writes in ``folder``, succeeded, else raises why it failed."""
    error = result.exception
    if isinstance(error, KeyboardInterrupt | SystemExit):
        raise KeyboardInterrupt from None
    if result.success:
        return
    nodes = list(getattr(result.result, "results", None) or [])
    _judge_room(error, nodes, folder)
    for text in [str(error or ""), *(str(node.message or "") for node in nodes)]:
        listener.read(text)
    if listener.extracts is not None:
        raise InputError(listener.extracts)
    unreadable = _UNREADABLE.search(str(error or ""))
    if unreadable:
        raise InputError(f"{unreadable.group(1)} cannot be read as Parquet: deliver it again")
    failed = [node.node.name for node in nodes if str(node.status) in _FAILED]
    if failed:
        more = f" and {len(failed) - 3} more" if len(failed) > 3 else ""
        what = f"{', '.join(failed[:3])}{more} failed"
    else:
        # Before the first model no data was read: the message is about the project's own files.
        lines = [line.strip() for line in str(error or "").splitlines() if line.strip()]
        what = " ".join([type(error).__name__ + ":", *lines[:2]]) if error else "dbt did not finish"
    raise BuildError(f"{what}; run `dbt build` to build your own file and read why")
