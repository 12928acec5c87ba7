"""Runs ``dbt build`` on a work file, shows its progress, and reports a failure in one line.

Messages name models and tests only: the engine's own message may quote data. To read it, run
``dbt build`` on a file of your own.
"""

from __future__ import annotations

import json
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from enrichment.database import attach
from enrichment.errors import BuildError, InputError
from enrichment.parsed_project import parsed_project
from enrichment.paths import PROJECT, data_folder, database_file
from enrichment.resource_errors import shortage

_EXTRACTS = re.compile(r"Extracts: ([^\n]+)")
_UNREADABLE = re.compile(r"file ['\"]([^'\"]+\.parquet)['\"]", re.IGNORECASE)
_DAMAGED = re.compile("Corrupt database file|computed checksum", re.IGNORECASE)
_FAILED = ("error", "fail", "runtime error")

MANIFEST: Any = None
ARGUMENTS: list[str] = []
LISTENERS: list[Callable[[Any], None]] = []
"""For tests: a project that is already parsed, further arguments of dbt, and further listeners to
its events."""


class Progress(Protocol):
    """Shows how far a build is: the stage, and how many of its nodes are done."""

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
    """A bar on a terminal: how much of the expected time is over, the phase, and the last node.

    Before its first node dbt says nothing, so the bar follows the clock until then.
    """

    def __init__(self, bar: Any, expected: float) -> None:
        self._bar = bar
        self._began = time.monotonic()
        self._expected = expected
        self._first: float | None = None
        self._share = 0.0
        self._task = bar.add_task("1/2 reading the project", total=1.0, left="")
        self._show()

    def stage(self, text: str) -> None:
        """The first phase begins with the bar."""
        del text

    def tick(self) -> None:
        """Moves the bar by the clock, as long as dbt reads the project."""
        if self._first is None:
            # A machine that is slow at this is slow at the rest.
            now = time.monotonic() - self._began
            self._expected = max(self._expected, now / _READING)
            self._share = now / self._expected
            self._show()

    def update(self, done: int, total: int, node: str) -> None:
        """Moves the bar, and estimates anew from the nodes that are done."""
        now = time.monotonic()
        if self._first is None:
            self._first = now
            self._expected = max(self._expected, now - self._began)
        share = done / total if total else 0.0
        self._share = max(self._share, _READING + (1 - _READING) * share)
        # The estimate moves from what was expected to what the nodes so far took.
        measured = (now - self._first) / share if share else 0.0
        before = self._expected - (self._first - self._began)
        weight = min(1.0, 4 * share)
        rest = (1 - share) * ((1 - weight) * max(before, 0.0) + weight * measured)
        self._expected = now - self._began + rest
        self._bar.update(self._task, description=f"2/2 building {done}/{total} {node}")
        self._show()

    def _show(self) -> None:
        left = self._expected - (time.monotonic() - self._began)
        self._bar.update(self._task, completed=self._share, left=f"{duration(left)} left")


def duration(seconds: float) -> str:
    """A length of time in words, as exact as an estimate may be."""
    if seconds < 10:
        return "some seconds"
    if seconds < 90:
        return f"about {round(seconds / 10) * 10} s"
    return f"about {round(seconds / 60)} min"


def expected_seconds(previous: Path | None) -> float:
    """How long a build should take: as long as the last one, else by the size of the extracts.

    The figures for the size are those of docs/benchmark.md on two cores.
    """
    if previous is not None:
        import duckdb

        with suppress(duckdb.Error), duckdb.connect() as con:
            attach(con, previous, read_only=True, name="last")
            row = con.execute("select duration_seconds from last.marts.build_info").fetchone()
            if row and row[0]:
                return _START + float(row[0])
    size = sum(file.stat().st_size for file in data_folder().rglob("*") if file.is_file())
    return _PARSE + _START + _SMALL_BUILD + _SECONDS_A_GIGABYTE * size / 1e9


_START, _PARSE, _SMALL_BUILD, _SECONDS_A_GIGABYTE = 8.0, 15.0, 35.0, 45.0
_READING = 0.35  # of a small build, to read the project


@contextmanager
def progress(previous: Path | None = None) -> Iterator[Progress]:
    """Progress on standard error: a bar on a terminal, else plain lines.

    ``previous`` is the database of the last build, whose time this one may take as well.
    """
    if not sys.stderr.isatty():
        yield PlainProgress()
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar
    from rich.table import Column

    columns = (
        BarColumn(bar_width=16),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}", markup=False, table_column=Column(no_wrap=True)),
        TextColumn(
            "{task.description}",
            markup=False,
            table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis"),
        ),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True, expand=True) as bar:
        shown = BarProgress(bar, expected_seconds(previous))
        with _ticking(shown.tick):
            yield shown


@contextmanager
def _ticking(tick: Callable[[], None]) -> Iterator[None]:
    """Calls ``tick`` once a second."""
    over = threading.Event()

    def run() -> None:
        while not over.wait(1):
            tick()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


class _Listener:
    """Turns dbt's events into progress, and keeps their first message about bad extracts.

    A warning about the extracts is shown at once: a build of a large delivery takes minutes.
    """

    def __init__(self, shown: Progress) -> None:
        self._shown = shown
        self._done = 0
        self._total = 0
        self.extracts: str | None = None
        self.warned: list[str] = []

    def __call__(self, event: Any) -> None:
        name = event.info.name
        if name == "LogStartLine":
            self._total = max(self._total, event.data.total)
        elif name == "NodeFinished":
            self._done += 1
            node = event.data.node_info.node_name
            self._shown.update(self._done, self._total, node)
        if event.info.level == "error":
            self.read(event.info.msg)
        elif event.info.level == "warn" and (found := _EXTRACTS.search(event.info.msg)):
            self.warned.append(found.group(1).strip())
            print(f"segment.py: warning: {self.warned[-1]}", file=sys.stderr, flush=True)

    def read(self, text: str) -> None:
        """Keeps the first message of the check of the extracts, if ``text`` holds one."""
        found = _EXTRACTS.search(text)
        if found and self.extracts is None:
            self.extracts = found.group(1).strip()


class BuildOptions(NamedTuple):
    """The options of a build."""

    as_of: str | None = None
    full_refresh: bool = False
    accept: tuple[str, ...] = ()


def dbt_build(
    work: Path, options: BuildOptions, *, previous: Path | None, shown: Progress
) -> list[str]:
    """Builds and tests everything into ``work``; returns its warnings, a line each.

    Warnings about the files are shown before anything is built, and are not returned.

    ``previous`` is the database of the last build. The extracts are compared with it, and rows that
    it has read are not read again, unless the options demand a full refresh.

    Raises InputError if the extracts are missing, break the contract, or exceed the limits of the
    seed input_limits; BuildError if a model, a seed or a test failed; KeyboardInterrupt if the
    person stopped it.
    """
    os.environ["BEHAVIORAL_DATA_DIR"] = str(data_folder())
    os.environ["BEHAVIORAL_DB"] = str(database_file())
    os.environ["BEHAVIORAL_WORK_DB"] = str(work)
    os.environ["BEHAVIORAL_PREVIOUS_DB"] = str(previous or "")
    # Unit tests, truth tables and tests/code check the code, not the data: `make test` runs them.
    arguments = ["--exclude-resource-type", "unit_test"]
    arguments += ["--exclude", "path:tests/macros", "path:tests/code"]
    arguments += ["--full-refresh"] if options.full_refresh else []
    given: dict[str, Any] = {}
    if options.as_of is not None:
        given["as_of_date"] = options.as_of
    if options.accept:
        given["accepted_checks"] = sorted(set(options.accept))
    if given:
        arguments += ["--vars", json.dumps(given)]
    shown.stage("Starting dbt")

    from dbt.cli.main import dbtRunner

    listener = _Listener(shown)
    # The engine's message about a failure may quote a row: write neither a log nor a result file.
    quiet = ["--no-use-colors", "--log-level", "none", "--log-level-file", "none"]
    project = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    common = [*project, "--target", "publish", "--no-write-json"]
    result: Any = None

    def parse() -> Any:
        nonlocal result
        # Without the variables: a parsed project is kept for builds with others.
        result = dbtRunner(callbacks=[listener]).invoke([*quiet, "parse", *common])
        return result.result if result.success else None

    here = Path.cwd()
    try:
        with redirect_stdout(sys.stderr):
            manifest = MANIFEST or parsed_project(parse)
            if manifest is not None:
                dbt = dbtRunner(manifest=manifest, callbacks=[listener, *LISTENERS])
                result = dbt.invoke([*quiet, "build", *common, *arguments, *ARGUMENTS])
    finally:
        close_engine()
        os.chdir(here)
    checks = _input_checks(work)
    _raise_if_failed(result, listener, work.parent, checks.get("stopped", []))
    return [message for message in checks.get("warned", []) if message not in listener.warned]


def close_engine() -> None:
    """Closes the database that dbt has written; the profile keeps it open between models."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    DuckDBConnectionManager.close_all_connections()


def _input_checks(work: Path) -> dict[str, list[str]]:
    """The messages of `marts.input_checks` of a work file, by status; none if it is not there."""
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


def _raise_if_resources_ran_out(error: Any, nodes: list[Any], folder: Path) -> None:
    """Raises BuildError if disk or memory ran out: other failures follow from that."""
    for node in nodes:
        message = shortage(str(node.message or ""), folder, node.node.name)
        if message:
            raise BuildError(message)
    message = shortage(f"{type(error).__name__}: {error}", folder) if error else None
    if message:
        raise BuildError(message)


def _raise_if_failed(
    result: Any, listener: _Listener, folder: Path, stopped: Sequence[str] = ()
) -> None:
    """Raises the reason if the build, which writes in ``folder``, failed.

    ``stopped`` are the messages of the checks of the extracts that stopped the build.
    """
    error = result.exception
    if isinstance(error, KeyboardInterrupt | SystemExit):
        raise KeyboardInterrupt from None
    if result.success:
        return
    nodes = list(getattr(result.result, "results", None) or [])
    _raise_if_resources_ran_out(error, nodes, folder)
    if any(_DAMAGED.search(text) for text in (str(error), *(str(n.message) for n in nodes))):
        raise BuildError("the files of the last build are damaged: build with --full-refresh")
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
        # No data was read before the first model: the message is about the project's own files.
        lines = [line.strip() for line in str(error or "").splitlines() if line.strip()]
        what = " ".join([type(error).__name__ + ":", *lines[:2]]) if error else "dbt did not finish"
    raise BuildError(f"{what}; run `dbt build` on a file of your own to read why")
