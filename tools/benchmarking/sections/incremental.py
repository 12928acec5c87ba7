"""A day of news: the cost of updating an earlier database, beside a full build.

Both builds read the same extracts; both are whole processes, with data tests and dbt's start-up.
"""

from __future__ import annotations

import datetime
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarking import news
from benchmarking.processes import MeasuringError, run_job
from benchmarking.sections.build import slowest, stage_totals
from benchmarking.setting import Setting, build
from sample_data.pairs import copy_pair


def measure(setting: Setting) -> dict[str, Any]:
    """Figures of both builds for each requested day: of news, and of news and changed persons."""
    earlier = setting.require_database()
    found = {}
    for name in setting.days:
        with_people = name == "news_and_people"
        words = "news and changed persons" if with_people else "news"
        extracts = setting.work / "day" / "extracts"
        setting.log(f"making a day of {words}")
        arguments = {
            "data": str(setting.data),
            "out": str(extracts),
            "database": str(earlier),
            "with_people": with_people,
        }
        rows, _ = run_job("incremental.make_day", arguments)
        updated = setting.work / "day" / "updated" / "behavioral.duckdb"
        whole = setting.work / "day" / "whole" / "behavioral.duckdb"
        updated.parent.mkdir(parents=True, exist_ok=True)
        copy_pair(earlier, updated)
        setting.log(f"incremental build of a day of {words}")
        incremental, heard = build(setting, updated, data=extracts, is_full=False, threads=1)
        setting.log(f"full build of a day of {words}")
        full, _ = build(setting, whole, data=extracts)
        if not (incremental["is_finished"] and full["is_finished"]):
            raise MeasuringError(f"a build of a day of {words} failed")
        both = {"first": str(updated), "second": str(whole)}
        comparison, _ = run_job("incremental.compared", both)
        found[name] = {
            **{"rows": rows, "incremental": incremental, "full": full, **comparison},
            "stages": stage_totals(heard["nodes"]),
            "nodes": slowest(heard["nodes"]),
        }
        shutil.rmtree(setting.work / "day")
    return {"days": found}


def make_day(data: str, out: str, database: str, with_people: bool) -> dict[str, int]:
    """In a child: writes the day after a database's clock; rows by table."""
    import duckdb

    from enrichment.database import attach, build_info

    with duckdb.connect() as con:
        attach(con, Path(database), read_only=True)
        info = build_info(con, Path(database))
    if info is None or not isinstance(info[1], datetime.date):
        raise MeasuringError("the database has no date")
    return news.make_day(Path(data), Path(out), info[1], with_people=with_people)


def compared(first: str, second: str) -> dict[str, Any]:
    """In a child: how many tables, views and functions of two databases are the same, and what not.

    Of views only the columns are compared: their rows are those of the tables below them, or of
    the files, and too many.
    """
    from sample_data.equality import compare

    views = ("extracts", "staging", "quarantine", "marts")
    return asdict(compare(Path(first), Path(second), but_rows_of=views))
