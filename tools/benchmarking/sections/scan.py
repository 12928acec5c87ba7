"""The scan limit: the cost of reading every declared column of the required extracts once.

No build that reads them all can take less. The query takes the greatest length of text columns and
the greatest value of other columns, so that every value is decoded.
"""

from __future__ import annotations

import resource
import statistics
import time
from pathlib import Path
from typing import Any

from benchmarking.contracts import declared_columns
from benchmarking.processes import run_job
from benchmarking.setting import Setting

REPEATS = 3
_ENOUGH_S = 240.0


def measure(setting: Setting) -> dict[str, Any]:
    """Median of up to three readings after one that warms up; figures by table."""
    arguments = {"data": str(setting.data), "threads": setting.threads}
    readings: list[dict[str, Any]] = []
    tables: dict[str, Any] = {}
    spent = 0.0
    for repeat in range(REPEATS + 1):
        setting.log("reading every column" + (" (warm-up)" if repeat == 0 else ""))
        tables, usage = run_job("scan.read", arguments)
        spent += usage.wall_s
        if repeat > 0:
            readings.append(
                {
                    "cpu_s": sum(table["cpu_s"] for table in tables.values()),
                    "wall_s": sum(table["wall_s"] for table in tables.values()),
                    "peak_rss_mb": round(usage.peak_rss_mb, 1),
                }
            )
        if readings and spent > _ENOUGH_S:
            break
    return {
        "threads": setting.threads,
        **{
            figure: round(statistics.median(reading[figure] for reading in readings), 3)
            for figure in ("cpu_s", "wall_s")
        },
        "peak_rss_mb": max(reading["peak_rss_mb"] for reading in readings),
        "readings": readings,
        "tables": tables,
    }


def read(data: str, threads: int) -> dict[str, Any]:
    """In a child: reads each table in one statement; seconds, bytes, rows and values by column."""
    import duckdb

    con = duckdb.connect(config={"threads": threads})
    answer = {}
    for table, declared in declared_columns().items():
        pattern = str(Path(data, table, "*.parquet"))
        described = con.execute("describe select * from read_parquet(?)", [pattern]).fetchall()
        types = {name.lower(): kind for name, kind, *_ in described}
        columns = [name for name in declared if name.lower() in types]
        parts = ["count(*)"]
        for name in columns:
            value = f'strlen("{name}")' if types[name.lower()] == "VARCHAR" else f'"{name}"'
            parts += [f'count("{name}")', f"max({value})"]
        began, cpu_before = time.perf_counter(), _cpu()
        rows = con.execute(f"select {', '.join(parts)} from read_parquet(?)", [pattern]).fetchall()
        cpu, wall = _cpu() - cpu_before, time.perf_counter() - began
        answer[table] = {
            "cpu_s": round(cpu, 3),
            "wall_s": round(wall, 3),
            "rows": rows[0][0],
            "mb": round(
                sum(f.stat().st_size for f in Path(data, table).glob("*.parquet")) / 1e6, 3
            ),
            "values": dict(zip(columns, rows[0][1::2], strict=True)),
        }
    return answer


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
