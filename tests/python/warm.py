"""Runs of the runner, or of dbt, without the start of dbt: a process that has parsed, and forks.

A run is a process of its own, with its own environment, folder and output. It does what
`python scripts/segment.py`, or `dbt`, does, but starts with a parsed project, which dbt's
programmatic interface accepts (`dbtRunner(manifest=...)`).
"""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
LONGEST = 600  # seconds; the system ends a run that takes longer
PACKAGES = [str(PROJECT / folder) for folder in ("scripts", "tools", "tests/faults")]
RUNNER, DBT = "segment.py", "dbt"
OF_A_BUILD = ("dbt.task.build", "dbt_common.clients.agate_helper", "multiprocessing.dummy", "numpy")
"""What a build imports, except this project's modules: a test may replace functions of theirs."""


class Run:
    """One run of the runner: a process, and the files that it prints to."""

    def __init__(self, server: Warm, pid: int, output: Path) -> None:
        self._server = server
        self.pid = pid
        self._output = output

    @property
    def stdout(self) -> str:
        """What it has printed to standard output so far."""
        return self._output.with_suffix(".out").read_text()

    @property
    def stderr(self) -> str:
        """What it has printed to standard error so far."""
        return self._output.with_suffix(".err").read_text()

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Sends a signal."""
        os.kill(self.pid, number)

    def wait(self) -> int:
        """Waits for the end; returns the exit code, or the negative number of a signal."""
        return int(self._server.call({"wait": self.pid}))

    def finished(self) -> subprocess.CompletedProcess[str]:
        """Waits for the end; what became of it."""
        return subprocess.CompletedProcess([], self.wait(), self.stdout, self.stderr)


class Warm:
    """The process that has parsed the project."""

    def __init__(self, folder: Path, parsed: Path) -> None:
        """`folder` is for what the runs print; in `parsed` dbt keeps the parsed project."""
        self._folder = folder
        self._runs = 0
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore:resource_tracker", __file__, str(parsed)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([*PACKAGES, *sys.path])},
            text=True,
        )
        self.call({})

    def call(self, request: Mapping[str, Any]) -> Any:
        """Sends a request and returns the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def start(
        self,
        *arguments: str,
        cwd: Path = PROJECT,
        env: Mapping[str, str],
        first: tuple[str, str, list[Any]] | None = None,
        program: str = RUNNER,
    ) -> Run:
        """Starts the runner; `first` is a module, its function, and arguments, called before."""
        self._runs += 1
        output = self._folder / f"run-{self._runs}"
        request = {"run": [program, *arguments], "cwd": str(cwd), "env": dict(env)}
        return Run(self, int(self.call({**request, "output": str(output), "first": first})), output)

    def run(
        self,
        *arguments: str,
        cwd: Path = PROJECT,
        env: Mapping[str, str],
        first: tuple[str, str, list[Any]] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Starts the runner and waits for its end."""
        return self.start(*arguments, cwd=cwd, env=env, first=first).finished()

    def dbt(
        self, *arguments: str, cwd: Path = PROJECT, env: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        """Starts dbt on this project and waits for its end."""
        return self.start(*arguments, cwd=cwd, env=env, program=DBT).finished()

    def close(self) -> None:
        """Ends the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def serve(folder: Path) -> None:
    """Parses the project, then forks a run for each request on standard input.

    `folder` is for what dbt keeps of a parsed project: the second process to parse reads it.
    """
    gc.disable()
    os.environ["BEHAVIORAL_DB"] = str(folder / "behavioral.duckdb")
    import duckdb
    from dbt.cli.main import dbtRunner
    from dbt_common.clients.jinja import template_cache

    import segment
    from enrichment import dbt_build

    silent = ["--quiet", "--log-level", "none", "--log-level-file", "none", "--partial-parse"]
    folders = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target", "publish"]
    folders += ["--target-path", str(folder / "target"), "--log-path", str(folder / "logs")]
    parsed = dbtRunner().invoke([*silent, "parse", *folders]).result
    dbt_build.MANIFEST = parsed
    # Fills dbt's own cache of compiled macros, which each run would fill again (2 CPU seconds). It
    # calls an internal function and replaces none; without it, runs only start more slowly.
    for macro in parsed.macros.values():
        template_cache.get_node_template(macro)
    duckdb.connect().close()
    # Else each run imports them, half a second of a build.
    for name in OF_A_BUILD:
        import_module(name)

    def dbt() -> None:
        try:
            sys.exit(not dbtRunner(manifest=parsed).invoke(sys.argv[1:]).success)
        finally:
            # The end of a process does this; a fork has no such end.
            dbt_build.close_engine()

    programs = {RUNNER: segment.main, DBT: dbt}
    # The parsed project stays in memory that all runs share: the collector must not touch it.
    gc.collect()
    gc.freeze()
    gc.enable()
    for line in sys.stdin:
        request = json.loads(line)
        answer = 0
        if "wait" in request:
            answer = os.waitstatus_to_exitcode(os.waitpid(request["wait"], 0)[1])
        elif "run" in request:
            answer = os.fork()
            if answer == 0:
                run(request, programs)
        print(json.dumps(answer), flush=True)


def run(request: dict[str, Any], programs: Mapping[str, Callable[[], None]]) -> None:
    """Becomes one of the programs, and never returns."""
    code = 1
    try:
        for number, suffix in ((1, ".out"), (2, ".err")):
            os.dup2(os.open(request["output"] + suffix, os.O_WRONLY | os.O_CREAT, 0o600), number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.environ.clear()
        os.environ.update(request["env"])
        os.chdir(request["cwd"])
        signal.alarm(LONGEST)
        # A process that a shell starts in the background ignores Ctrl-C, and so do its forks.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.argv = request["run"]
        if request["first"]:
            module, function, arguments = request["first"]
            getattr(import_module(module), function)(*arguments)
        programs[sys.argv[0]]()
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException as error:
        sys.excepthook(type(error), error, error.__traceback__)
    with suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
