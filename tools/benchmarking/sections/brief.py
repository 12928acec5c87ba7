"""The brief's own six statements on the same extracts, beside the questions that replace them.

Each runs in a child for the same random voters: from views on the Parquet files, and from tables
of DuckDB with the columns that it needs. Propensity and attribution have no segment and answer for
everybody. The lookalike runs as written and corrected.
"""

from __future__ import annotations

import math
import resource
import statistics
import time
from pathlib import Path
from typing import Any

from benchmarking.processes import Usage, attempt_job, run_job
from benchmarking.sections.questions import spread
from benchmarking.setting import Setting

IDS = 1_000
OURS = {
    "enrichment": "profile",
    "affinity": "affinity",
    "propensity": "propensity",
    "health": "health",
    "lookalike": "lookalike",
    "lookalike_mended": "lookalike",
    "attribution": "attribution",
}
"""The question that answers what a statement answers."""

NEEDED = {
    "person": ("id", "email", "state", "county"),
    "person_custom_field": ("person_id", "custom_field_id", "value"),
    "custom_field": ("id", "name"),
    "email_clickers": (
        *("EMAIL", "CAMPAIGN_ID", "CLIENT_SHORTNAME", "EVENT_DATE", "SEND", "OPEN", "CLICK"),
        *("BOUNCE", "COMPLAINT", "UNSUBSCRIBE"),
    ),
    "campaigns": ("CAMPAIGN_ID", "CLIENT_SHORTNAME", "CAMPAIGN_NAME", "START_DATE"),
    "donations": ("EMAIL", "DONATION_DATE"),
}
"""The columns that the statements read."""

_RUNS = 3
_SLOW_S = 20.0


def measure(setting: Setting) -> dict[str, Any]:
    """Every statement from both kinds of tables, and our latency for the same ids."""
    database = setting.require_database()
    work = setting.work / "brief"
    work.mkdir(exist_ok=True)
    svids, native = work / "svids.csv", work / "native.duckdb"
    arguments: dict[str, Any] = {
        "database": str(database),
        "out": str(svids),
        "size": IDS,
        "seed": 1,
    }
    ids = run_job("questions.write_svids", arguments)[0]["ids"]
    setting.log("loading the tables that the brief's statements read")
    native.unlink(missing_ok=True)
    arguments = {"data": str(setting.data), "file": str(native), "threads": setting.threads}
    loaded, usage = run_job("brief.load", arguments)
    found = []
    for statement in OURS:
        for source in ("parquet", "native"):
            setting.log(f"the brief's statement: {statement}, {source}")
            arguments = {
                "statement": statement,
                "data": str(setting.data) if source == "parquet" else None,
                "file": str(native),
                "svids_file": str(svids),
                "threads": setting.threads,
            }
            answer, used = attempt_job("brief.run", arguments, limit_s=setting.limit_s)
            found.append(
                {
                    "statement": statement,
                    "source": source,
                    "outcome": _outcome(answer, used, setting.limit_s),
                    **({} if "error" in answer else answer),
                    "peak_rss_mb": round(used.peak_rss_mb, 1),
                }
            )
    native.unlink()
    ours = []
    setting.log("our questions for the same voters")
    for statement, question in OURS.items():
        arguments = {
            "database": str(database),
            "question": question,
            "size": ids,
            "calls": math.ceil(setting.calls / 2),
            "seed": 1,
            "threads": setting.threads,
            "svids_file": str(svids),
        }
        warm = spread(run_job("questions.ask", arguments)[0]["warm_ms"])
        figures = {f"{name}_ms": round(value, 2) for name, value in warm.items()}
        ours.append({"statement": statement, "question": question, **figures})
    svids.unlink()
    return {
        "ids": ids,
        "threads": setting.threads,
        "limit_s": setting.limit_s,
        "load": {**usage.figures(), **loaded},
        "statements": found,
        "ours": ours,
    }


def _outcome(answer: dict[str, Any], usage: Usage, limit_s: float) -> str:
    """`done`, or in words why there is no answer."""
    if usage.is_overdue:
        return f"not done in {limit_s:g} s"
    if answer.get("error") == "OutOfMemoryException":
        return "out of memory"
    if usage.exit_code < 0:
        return "killed by the system"
    return f"failed ({answer['error']})" if "error" in answer else "done"


def load(data: str, file: str, threads: int) -> dict[str, float]:
    """In a child: copies the columns needed into tables of a new file; megabytes."""
    import duckdb

    from benchmarking.brief_statements import create_views
    from benchmarking.contracts import declared_columns

    with duckdb.connect(config={"threads": threads, "preserve_insertion_order": False}) as con:
        create_views(con, Path(data), declared_columns())
        quoted = file.replace("'", "''")
        con.execute(f"attach '{quoted}' as native")
        for table, columns in NEEDED.items():
            con.execute(f"create table native.{table} as select {', '.join(columns)} from {table}")
    return {"mb": round(Path(file).stat().st_size / 1e6, 1)}


def run(
    statement: str, data: str | None, file: str, svids_file: str, threads: int
) -> dict[str, Any]:
    """In a child: seconds of up to three runs of a statement, and the rows that it answers.

    From views on ``data``, or without it from the tables of ``file``. A slow one runs once.
    """
    import duckdb

    from benchmarking.brief_statements import STATEMENTS, bound, create_views
    from benchmarking.contracts import declared_columns

    svids = Path(svids_file).read_text().splitlines()[1:]
    spill = str(Path(file).with_name("spill"))
    config: dict[str, Any] = {"threads": threads, "temp_directory": spill}
    if data is None:
        con = duckdb.connect(file, read_only=True, config=config)
    else:
        con = duckdb.connect(config=config)
        create_views(con, Path(data), declared_columns())
    sql = bound(STATEMENTS[statement])
    values = {"svids": svids} if sql != STATEMENTS[statement] else None
    walls: list[float] = []
    cpus: list[float] = []
    rows = 0
    while len(walls) < _RUNS and sum(walls) < _SLOW_S:
        began, cpu = time.perf_counter(), _cpu()
        rows = len(con.execute(sql, values).fetchall())
        walls.append(time.perf_counter() - began)
        cpus.append(_cpu() - cpu)
    return {
        "wall_s": round(statistics.median(walls), 3),
        "cpu_s": round(statistics.median(cpus), 3),
        "runs": len(walls),
        "rows": rows,
    }


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
