"""Runs a measurement in a child process, so that it starts cold and has its own memory.

The system reports CPU seconds (user and system) and peak RSS of a child at its end.
The parent stays small (it imports no engine): a child's peak RSS is never below its parent's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHILD = Path(__file__).with_name("child.py")
_MAXRSS_BYTES = 1 if sys.platform == "darwin" else 1024
_LINES_SHOWN = 5


class MeasuringError(Exception):
    """A child crashed; the message is one line without data."""


@dataclass(frozen=True)
class Usage:
    """The cost of a process: seconds, megabytes (10^6 bytes), and its exit code."""

    cpu_s: float
    wall_s: float
    peak_rss_mb: float
    exit_code: int
    is_overdue: bool

    def figures(self) -> dict[str, float]:
        """CPU seconds, wall seconds and peak RSS, rounded for a file."""
        return {
            "cpu_s": round(self.cpu_s, 3),
            "wall_s": round(self.wall_s, 3),
            "peak_rss_mb": round(self.peak_rss_mb, 1),
        }


def run_command(
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    limit_s: float | None = None,
) -> Usage:
    """Runs a command to its end, or for ``limit_s`` seconds; what it prints is shown if it fails.

    The environment is this process's with ``environment`` over it.
    """
    overdue = threading.Event()
    with tempfile.TemporaryFile() as printed:
        began = time.perf_counter()
        process = subprocess.Popen(
            list(command),
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=printed,
        )

        def stop() -> None:
            overdue.set()
            process.kill()

        timer = threading.Timer(limit_s, stop) if limit_s is not None else None
        if timer is not None:
            timer.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        finally:
            if timer is not None:
                timer.cancel()
            if process.returncode is None:
                process.kill()
                process.wait()
        wall = time.perf_counter() - began
        if process.returncode != 0 and not overdue.is_set():
            printed.seek(0)
            lines = printed.read().decode(errors="replace").splitlines()[-_LINES_SHOWN:]
            print("\n".join(lines), file=sys.stderr)
    return Usage(
        cpu_s=usage.ru_utime + usage.ru_stime,
        wall_s=wall,
        peak_rss_mb=usage.ru_maxrss * _MAXRSS_BYTES / 1e6,
        exit_code=process.returncode,
        is_overdue=overdue.is_set(),
    )


def attempt_job(
    job: str,
    arguments: Mapping[str, Any],
    *,
    environment: Mapping[str, str] | None = None,
    limit_s: float | None = None,
) -> tuple[dict[str, Any], Usage]:
    """Runs ``module.function`` of `sections` in a child; its answer is empty unless it ended well.

    A job that raised answers ``{"error": <type of the exception>}``.
    """
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        answer = Path(folder, "answer.json")
        request = Path(folder, "request.json")
        request.write_text(json.dumps({"job": job, "arguments": arguments}))
        usage = run_command(
            [sys.executable, str(CHILD), str(request), str(answer)],
            environment=environment,
            limit_s=limit_s,
        )
        found = json.loads(answer.read_text()) if answer.is_file() else {}
    return dict(found), usage


def run_job(
    job: str,
    arguments: Mapping[str, Any],
    *,
    environment: Mapping[str, str] | None = None,
) -> tuple[dict[str, Any], Usage]:
    """`attempt_job` that must end well. Raises MeasuringError."""
    answer, usage = attempt_job(job, arguments, environment=environment)
    if usage.exit_code != 0:
        what = answer.get("error", f"exit code {usage.exit_code}")
        raise MeasuringError(f"{job} did not end well ({what})")
    return answer, usage
