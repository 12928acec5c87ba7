"""Runs ``dbt build`` on a work file, tells how far it is, and says in one line what failed.

Messages name models and tests only, for what the engine says about a failure may quote data. Who
wants to read it runs ``dbt build`` on their own file.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from enrichment.database import attach
from enrichment.errors import BuildError, InputError
from enrichment.paths import PROJECT, data_folder, database_file
from enrichment.resource_errors import shortage

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


class BuildOptions(NamedTuple):
    """What a person may ask of a build."""

    as_of: str | None = None
    full_refresh: bool = False
    accept: tuple[str, ...] = ()


def dbt_build(
    work: Path, asked: BuildOptions, *, previous: Path | None, told: Progress
) -> list[str]:
    """Builds and tests everything into ``work``; returns what it warns of, a line each.

    ``previous`` is the database of the last build, with which the extracts are compared, and which
    has read what need not be read again unless a full refresh is asked for.

    Raises InputError where the extracts are missing, not as the contract wants them, or beyond
    the limits of the seed input_limits; BuildError where a model, a seed or a test failed;
    KeyboardInterrupt if the person stopped it.
    """
    os.environ["BEHAVIORAL_DATA_DIR"] = str(data_folder())
    os.environ["BEHAVIORAL_DB"] = str(database_file())
    os.environ["BEHAVIORAL_WORK_DB"] = str(work)
    os.environ["BEHAVIORAL_PREVIOUS_DB"] = str(previous or "")
    # Unit tests and truth tables are about the code, not the data: `make test` runs them.
    arguments = ["--no-use-colors", "--log-level", "none", "build", "--target", "publish"]
    arguments += ["--exclude-resource-type", "unit_test", "--exclude", "path:tests/macros"]
    # What the engine says of a failure may quote a row: neither a log nor a result file is written.
    arguments += ["--log-level-file", "none", "--no-write-json"]
    arguments += ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    arguments += ["--full-refresh"] if asked.full_refresh else []
    given: dict[str, Any] = {}
    if asked.as_of is not None:
        given["as_of_date"] = asked.as_of
    if asked.accept:
        given["accepted_checks"] = sorted(set(asked.accept))
    if given:
        arguments += ["--vars", json.dumps(given)]
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
    checks = _input_checks(work)
    _judge(result, listener, work.parent, checks.get("stopped", []))
    return checks.get("warned", [])


def _input_checks(work: Path) -> dict[str, list[str]]:
    """What `marts.input_checks` of a work file says, by status; nothing if it got no further."""
    import duckdb

    found: dict[str, list[str]] = {}
    try:
        with duckdb.connect() as con:
            attach(con, work, read_only=True, name="work")
            rows = con.execute(
                "select status, message from work.marts.input_checks order by input_check_id"
            ).fetchall()
    except duckdb.Error:
        return found
    for status, message in rows:
        found.setdefault(str(status), []).append(str(message))
    return found


def _judge_room(error: Any, nodes: list[Any], folder: Path) -> None:
    """Raises BuildError where disk or memory was too small: other failures are its consequences."""
    for node in nodes:
        told = shortage(str(node.message or ""), folder, node.node.name)
        if told:
            raise BuildError(told)
    told = shortage(f"{type(error).__name__}: {error}", folder) if error else None
    if told:
        raise BuildError(told)


def _judge(result: Any, listener: _Listener, folder: Path, stopped: Sequence[str] = ()) -> None:
    """Returns if the build, which writes in ``folder``, succeeded, else raises why it failed.

    ``stopped`` is what the checks of the extracts would not let pass once the rows were read.
    """
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
    if stopped:
        raise InputError(
            f"{'; '.join(stopped)}: deliver the rows in the form of the contract, "
            "or accept it with --accept rejected_share"
        )
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
