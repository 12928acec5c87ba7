"""The time of a question, by size of the segment, and of the runner as a whole process.

A call is a table function of ``segments`` with the ids as one bound list, on a database attached
read-only; all rows are fetched. `analyze` calls the four functions as the runner does, in one
statement. `analyze to a file` is all that the runner does between the ids and the JSON file, with
small groups hidden, in a process that stays open.
"""

from __future__ import annotations

import math
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarking.processes import MeasuringError, run_command, run_job
from benchmarking.setting import RUNNER, SIZES, Setting

if TYPE_CHECKING:
    import duckdb

FUNCTIONS = (
    *("summary", "profile", "deviation", "affinity"),
    *("propensity", "health", "attribution", "lookalike"),
)
QUESTIONS = (*FUNCTIONS, "analyze", "analyze to a file")
AT_ONCE = (1, 2, 4)
"""Numbers of clients that ask at the same time."""
PROCESSES = 3
RUNNER_IDS = 1_000
RUNNER_RUNS = 5


def measure(setting: Setting) -> dict[str, Any]:
    """Latency of every question and size, and the wall seconds of the runner."""
    database = setting.require_database()
    voters = count_voters(database)
    latency = [
        figures
        for size in (*(size for size in SIZES if size < voters), voters)
        for figures in measure_size(setting, database, size)
    ]
    return {
        "threads": setting.threads,
        "voters": voters,
        "latency": latency,
        "at_once": [
            _at_once(setting, database, min(RUNNER_IDS, voters), clients) for clients in AT_ONCE
        ],
        "runner": _runner(setting, database, min(RUNNER_IDS, voters)),
    }


def count_voters(database: Path) -> int:
    """Number of voters in a database."""
    return int(run_job("questions.count", {"database": str(database)})[0]["voters"])


def measure_size(setting: Setting, database: Path, size: int) -> list[dict[str, Any]]:
    """Latency of every question for segments of one size, in milliseconds.

    Each runs in several fresh processes; first calls are counted separately.
    """
    setting.log(f"questions about {size:,} voters")
    processes = min(PROCESSES, setting.calls)
    found = []
    for question in QUESTIONS:
        first: list[float] = []
        warm: list[float] = []
        peak = 0.0
        for process in range(processes):
            arguments = {
                "database": str(database),
                "question": question,
                "size": size,
                "calls": math.ceil(setting.calls / processes),
                "seed": process,
                "threads": setting.threads,
            }
            answer, usage = run_job("questions.ask", arguments)
            first.append(answer["first_ms"])
            warm += answer["warm_ms"]
            peak = max(peak, usage.peak_rss_mb)
        found.append(
            {
                "question": question,
                "ids": size,
                "calls": len(warm),
                "first_ms": round(statistics.median(first), 2),
                **{f"{name}_ms": round(value, 2) for name, value in spread(warm).items()},
                "peak_rss_mb": round(peak, 1),
            }
        )
    return found


def _at_once(setting: Setting, database: Path, ids: int, clients: int) -> dict[str, Any]:
    """Latency of all questions together while several clients ask, in milliseconds."""
    setting.log(f"{clients} questions at a time")
    arguments = {
        "database": str(database),
        "size": ids,
        "clients": clients,
        "calls": setting.calls,
        "threads": setting.threads,
    }
    answer, usage = run_job("questions.ask_at_once", arguments)
    return {
        "clients": clients,
        "ids": ids,
        "calls": len(answer["ms"]),
        **{f"{name}_ms": round(value, 2) for name, value in spread(answer["ms"]).items()},
        "calls_a_second": round(len(answer["ms"]) / answer["wall_s"], 1),
        "peak_rss_mb": round(usage.peak_rss_mb, 1),
    }


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median, 95th percentile (nearest rank) and maximum."""
    ordered = sorted(values)
    return {
        "p50": statistics.median(ordered),
        "p95": ordered[math.ceil(0.95 * len(ordered)) - 1],
        "max": ordered[-1],
    }


def _runner(setting: Setting, database: Path, ids: int) -> dict[str, Any]:
    """Wall seconds of `segment.py analyze` from start to end, a fresh segment each time."""
    setting.log("the runner as a whole process")
    walls = []
    with tempfile.TemporaryDirectory(dir=setting.work) as folder:
        for run in range(min(RUNNER_RUNS, setting.calls)):
            svids, out = Path(folder, "svids.csv"), Path(folder, "x.csv")
            arguments = {"database": str(database), "out": str(svids), "size": ids, "seed": run}
            run_job("questions.write_svids", arguments)
            usage = run_command(
                [sys.executable, str(RUNNER), "analyze", "--svids", str(svids), "--out", str(out)],
                environment=setting.environment(database),
            )
            if usage.exit_code == 3:
                return {"ids": ids, "problem": "the database is older than the code"}
            if usage.exit_code != 0:
                raise MeasuringError(f"the runner ended with exit code {usage.exit_code}")
            walls.append(round(usage.wall_s, 3))
    return {"ids": ids, "wall_s": walls, "p50_s": statistics.median(walls)}


def count(database: str) -> dict[str, int]:
    """In a child: the number of voters."""
    con = _attached(database, 1)
    sql = f"select count(*) from {Path(database).stem}.marts.enriched_profiles"
    return {"voters": con.execute(sql).fetchall()[0][0]}


def ask(
    database: str,
    question: str,
    size: int,
    calls: int,
    seed: int,
    threads: int,
    svids_file: str | None = None,
) -> dict[str, Any]:
    """In a child: milliseconds of a first call and of warm ones, each with another segment.

    The first includes opening the database. With ``svids_file`` all calls are about its ids.
    """
    catalog = Path(database).stem
    picking = _attached(database, threads)
    voters = _voters(
        picking, catalog, is_all=svids_file is None and size >= _known(picking, catalog)
    )
    picking.close()
    given = Path(svids_file).read_text().splitlines()[1:] if svids_file else None
    draw = random.Random(seed)  # noqa: S311 (a sample, no secret)
    times = []
    with ExitStack() as opened:
        answer = None
        for _ in range(calls + 1):
            svids = given or draw.sample(voters, min(size, len(voters)))
            began = time.perf_counter()
            answer = answer or opened.enter_context(_asking(database, question, threads))
            answer(svids)
            times.append(1_000 * (time.perf_counter() - began))
    return {"first_ms": times[0], "warm_ms": times[1:]}


def ask_at_once(database: str, size: int, clients: int, calls: int, threads: int) -> dict[str, Any]:
    """In a child: milliseconds of calls while ``clients`` threads ask without a pause.

    Each client has its own cursor of one connection, as in the HTTP API, asks all questions in turn
    ``calls`` times, each about another segment, and one round before that is not counted.
    """
    catalog = Path(database).stem
    con = _attached(database, threads)
    voters = _voters(con, catalog, is_all=False)

    def client(number: int) -> list[float]:
        draw = random.Random(number)  # noqa: S311 (a sample, no secret)
        cursor = con.cursor()
        times = []
        for _ in range(calls + 1):
            for question in FUNCTIONS:
                svids = draw.sample(voters, min(size, len(voters)))
                began = time.perf_counter()
                sql = f"select * from {catalog}.segments.segment_{question}(?)"
                cursor.execute(sql, [svids]).fetchall()
                times.append(1_000 * (time.perf_counter() - began))
        return times[len(FUNCTIONS) :]

    began = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        found = [ms for times in pool.map(client, range(clients)) for ms in times]
    return {"ms": found, "wall_s": time.perf_counter() - began}


@contextmanager
def _asking(database: str, question: str, threads: int) -> Iterator[Callable[[list[str]], object]]:
    """A function that asks a question about voter ids; its database stays open."""
    if question in FUNCTIONS:
        con = _attached(database, threads)
        sql = f"select * from {Path(database).stem}.segments.segment_{question}(?)"
        yield lambda svids: con.execute(sql, [svids]).fetchall()
        return

    from enrichment.analysis import PARTS, analysis, functions_about_groups
    from enrichment.database import Database, Query
    from enrichment.output import target

    os.environ["BEHAVIORAL_DB"] = database
    words, threshold = list(PARTS), 0.1
    with tempfile.TemporaryDirectory() as folder, Database() as opened:

        def fetch(svids: list[str]) -> None:
            groups = functions_about_groups(words, threshold, "json")
            functions = {"segment_profile": {}, **groups}
            opened.keep_answers(svids, functions)
            for function in functions:
                opened.all_rows(Query(f"select * from {opened.kept(function)}"))

        def write(svids: list[str]) -> None:
            with target(str(Path(folder, "answer.json")), None) as place:
                answer, _ = analysis(opened, svids, words, threshold, place.format, is_open=False)
                place.write(opened, answer)

        yield fetch if question == "analyze" else write


def write_svids(database: str, out: str, size: int, seed: int) -> dict[str, int]:
    """In a child: writes random voter ids that are unique in the file, under the header `svid`."""
    con = _attached(database, 1)
    voters = _voters(con, Path(database).stem, is_all=False)
    chosen = random.Random(seed).sample(voters, min(size, len(voters)))  # noqa: S311
    file = Path(out)
    file.touch(mode=0o600)
    file.write_text("\n".join(["svid", *chosen]) + "\n")
    return {"ids": len(chosen)}


def _attached(database: str, threads: int) -> duckdb.DuckDBPyConnection:
    import duckdb

    from enrichment.database import attach

    con = duckdb.connect(config={"threads": threads})
    attach(con, Path(database), read_only=True)
    return con


def _known(con: duckdb.DuckDBPyConnection, catalog: str) -> int:
    sql = f"select count(*) from {catalog}.marts.enriched_profiles"
    return int(con.execute(sql).fetchall()[0][0])


def _voters(con: duckdb.DuckDBPyConnection, catalog: str, *, is_all: bool) -> list[str]:
    """Bare ids that are unique in the file, or all voters with their states."""
    what = "state || ':' || svid" if is_all else "svid"
    unique = "" if is_all else "qualify count(*) over (partition by svid) = 1"
    sql = f"select {what} from {catalog}.marts.enriched_profiles {unique} order by 1"
    return [svid for (svid,) in con.execute(sql).fetchall()]
