"""The time of a call of the HTTP API: several clients at once, while builds are published.

The server is `segment.py serve`, on a copy of the database that is renamed over again and again, as
a build does it. Each client asks the four questions in turn, `fresh` about another list each time,
`repeated` about its own list, of which the server keeps the answer as long as the build is the
same. A client waits for an answer before it asks again, and never pauses.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb

from benchmarking.processes import MeasuringError
from benchmarking.sections.questions import spread
from benchmarking.setting import RUNNER, Setting

CLIENTS = 8
IDS = 1_000
PUBLISHES = 5
ROUNDS = {"fresh": 6, "repeated": 40}
"""How often a client asks all questions: a list that repeats is asked about more often."""
QUESTIONS: dict[str, dict[str, Any]] = {
    "analyze": {"deviation_threshold": 0.1},
    "propensity": {"model": "donor", "threshold": 0.5},
    "lookalike": {"expansion_size": 1000, "min_similarity": 0.3},
    "affinity": {"top_n": 10},
}
"""The options of each question: those of the brief."""


def measure(setting: Setting) -> dict[str, Any]:
    """Milliseconds of a call by question and kind of list, and how many calls failed."""
    if find_spec("uvicorn") is None or find_spec("fastapi") is None:
        return {"problem": "the extra web is not installed"}
    setting.log(f"the HTTP API with {CLIENTS} clients")
    database = setting.require_database()
    folder = setting.work / "serving"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    copy = folder / database.name
    shutil.copy2(database, copy)
    token = secrets.token_urlsafe(32)
    try:
        with _serving(setting, copy, token) as port:
            kinds = {
                kind: _calls(copy, port, token, rounds, is_fresh=kind == "fresh")
                for kind, rounds in ROUNDS.items()
            }
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return {"clients": CLIENTS, "ids": IDS, "publishes": PUBLISHES, **kinds}


@contextmanager
def _serving(setting: Setting, database: Path, token: str) -> Iterator[int]:
    """The server, from its first answer on; yields its port."""
    environment = {**os.environ, **setting.environment(database), "BEHAVIORAL_API_TOKEN": token}
    server = subprocess.Popen(
        [sys.executable, str(RUNNER), "serve", "--port", "0"],
        stderr=subprocess.PIPE,
        env=environment,
        text=True,
    )
    try:
        line = server.stderr.readline() if server.stderr is not None else ""
        found = re.search(r":(\d+)/", line)
        if found is None:
            raise MeasuringError("the server did not start")
        yield int(found[1])
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()


class Client:
    """A client with a connection that stays open; it counts what takes how long."""

    def __init__(self, port: int, token: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.times: dict[str, list[float]] = {question: [] for question in QUESTIONS}
        self.failures = 0

    def ask(self, question: str, svids: list[str]) -> None:
        """Asks a question about a list, and reads the answer to its end."""
        key = "seed_svids" if question == "lookalike" else "svids"
        body = json.dumps({key: svids, **QUESTIONS[question]})
        began = time.perf_counter()
        try:
            address = f"/api/v1/segment/{question}"
            self._connection.request("POST", address, body, self._headers)
            response = self._connection.getresponse()
            response.read()
            self.failures += response.status != 200
        except (OSError, http.client.HTTPException):
            self.failures += 1
            self._connection.close()
        self.times[question].append(1_000 * (time.perf_counter() - began))


def _calls(database: Path, port: int, token: str, rounds: int, *, is_fresh: bool) -> dict[str, Any]:
    """All calls of all clients, with builds published at even distances in between."""
    with duckdb.connect(str(database), read_only=True) as con:
        voters = [
            svid
            for (svid,) in con.execute(
                "select state || ':' || svid from marts.enriched_profiles order by all"
            ).fetchall()
        ]
    clients = [Client(port, token) for _ in range(CLIENTS)]
    begun = threading.Semaphore(0)

    def run(number: int, client: Client) -> None:
        draw = random.Random(number)  # noqa: S311 (a sample, no secret)
        svids = draw.sample(voters, min(IDS, len(voters)))
        for _ in range(rounds):
            if is_fresh:
                svids = draw.sample(voters, min(IDS, len(voters)))
            for question in QUESTIONS:
                client.ask(question, svids)
                begun.release()

    threads = [threading.Thread(target=run, args=one) for one in enumerate(clients)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    every = CLIENTS * rounds * len(QUESTIONS) // (PUBLISHES + 1)
    for _ in range(PUBLISHES):
        for _ in range(every):
            begun.acquire()
        part = database.with_name("next.duckdb")
        shutil.copy2(database, part)
        part.replace(database)
    for thread in threads:
        thread.join()
    wall = time.perf_counter() - began
    times = {name: [ms for one in clients for ms in one.times[name]] for name in QUESTIONS}
    everything = [ms for some in times.values() for ms in some]
    return {
        "calls": len(everything),
        "failures": sum(client.failures for client in clients),
        "calls_a_second": round(len(everything) / wall, 1),
        "questions": {
            name: {key: round(value, 1) for key, value in spread(some).items()}
            for name, some in {**times, "all": everything}.items()
        },
    }
