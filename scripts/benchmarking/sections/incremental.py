"""A day of news: what it takes to bring an earlier database up to date, beside a full build.

Both builds read the same extracts; both are whole processes, with data tests and dbt's start-up.
"""

from __future__ import annotations

import datetime
import shutil
from pathlib import Path
from typing import Any

from benchmarking import news
from benchmarking.processes import MeasuringError, run_job
from benchmarking.sections.build import dearest, stage_totals
from benchmarking.setting import Setting, build


def measure(setting: Setting) -> dict[str, Any]:
    """Figures of both builds for each day asked: of news, and of news and changed persons."""
    earlier = setting.require_database()
    found = {}
    for name in setting.days:
        with_people = name == "news_and_people"
        words = "news and changed persons" if with_people else "news"
        extracts = setting.work / "day" / "extracts"
        setting.log(f"making a day of {words}")
        asked = {
            "data": str(setting.data),
            "out": str(extracts),
            "database": str(earlier),
            "with_people": with_people,
        }
        rows, _ = run_job("incremental.make_day", asked)
        updated = setting.work / "day" / "updated" / "behavioral.duckdb"
        whole = setting.work / "day" / "whole" / "behavioral.duckdb"
        updated.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(earlier, updated)
        setting.log(f"incremental build of a day of {words}")
        incremental, heard = build(setting, updated, data=extracts, is_full=False, threads=1)
        setting.log(f"full build of a day of {words}")
        full, _ = build(setting, whole, data=extracts)
        if not (incremental["is_finished"] and full["is_finished"]):
            raise MeasuringError(f"a build of a day of {words} failed")
        compared, _ = run_job(
            "incremental.differing_marts", {"first": str(updated), "second": str(whole)}
        )
        found[name] = {
            **{"rows": rows, "incremental": incremental, "full": full, **compared},
            "stages": stage_totals(heard["nodes"]),
            "nodes": dearest(heard["nodes"]),
        }
        shutil.rmtree(setting.work / "day")
    return {"days": found}


def make_day(data: str, out: str, database: str, with_people: bool) -> dict[str, int]:
    """In a child: writes the day after a database's clock; rows by table."""
    import duckdb

    from enrichment.questions import attach, build_info

    with duckdb.connect() as con:
        attach(con, Path(database), read_only=True)
        info = build_info(con, Path(database))
    if info is None or not isinstance(info[1], datetime.date):
        raise MeasuringError("the database tells no day")
    return news.make_day(Path(data), Path(out), info[1], with_people=with_people)


def differing_marts(first: str, second: str) -> dict[str, Any]:
    """In a child: the marts that do not hold the same rows in both databases.

    Compared are the number of rows and a hash of all columns but fractions, whose last digits
    depend on the order of summing, and those that name the build. The marts about the build itself
    are left out.
    """
    sums = [_sums(first), _sums(second)]
    names = sorted(sums[0].keys() | sums[1].keys())
    return {
        "marts_compared": len(names),
        "differing_marts": [name for name in names if sums[0].get(name) != sums[1].get(name)],
    }


def _sums(database: str) -> dict[str, tuple[Any, ...]]:
    import duckdb

    from enrichment.questions import attach, identifier
    from sample_data.equality import NAMES_THE_BUILD

    file = Path(database)
    found = {}
    with duckdb.connect() as con:
        attach(con, file, read_only=True)
        columns: dict[str, list[str]] = {}
        for table, column, kind in con.execute(
            "select table_name, column_name, data_type from duckdb_columns() "
            "where database_name = ? and schema_name = 'marts' "
            "and table_name not in ('build_info', 'build_tables', 'input_files', 'input_checks') "
            "order by all",
            [file.stem],
        ).fetchall():
            if kind not in ("DOUBLE", "FLOAT") and column not in NAMES_THE_BUILD:
                columns.setdefault(table, []).append(identifier(column))
        for table, names in columns.items():
            relation = ".".join(identifier(part) for part in (file.stem, "marts", table))
            found[table] = con.execute(
                f"select count(*), sum(hash({', '.join(names)})) from {relation}"
            ).fetchall()[0]
    return found
