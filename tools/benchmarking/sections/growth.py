"""Growth of the cost with the extracts: the same number of voters, more of everything else."""

from __future__ import annotations

import shutil
from typing import Any

from benchmarking.processes import MeasuringError, run_job
from benchmarking.sections.questions import count_voters, measure_size
from benchmarking.setting import FULL_VOTERS, Setting, build, make_extracts, required_extracts

IDS = 1_000


def measure(setting: Setting) -> dict[str, Any]:
    """A full build, and the latency of every question, at each scale.

    The setting's own scale is not built again where the section build has just done so.
    Sample extracts of a smaller scale are made with the persons of the largest. The generator
    gives every voter some events, gifts and map rows, so that small scales hold more than their
    share of those: the rows are given.
    """
    largest = max(setting.scales)
    voters = round(FULL_VOTERS * largest) if setting.voters is None else setting.voters
    found = []
    for scale in sorted(setting.scales):
        is_own = scale == setting.scale and (scale == largest or setting.voters is not None)
        folder = setting.work / f"growth-{scale:g}"
        data = setting.data
        if not is_own:
            delivered = setting.work.parent / f"data-{scale:g}-{voters}"
            make_extracts(delivered, scale, voters, setting.log)
            data = required_extracts(delivered, folder / "extracts")
        is_at_hand = is_own and bool(setting.built) and setting.is_built()
        database = setting.own_database if is_at_hand else folder / "behavioral.duckdb"
        built = dict(setting.built)
        if not is_at_hand:
            setting.log(f"full build at scale {scale:g}")
            built, _ = build(setting, database, data=data)
        if not built["is_finished"]:
            raise MeasuringError(f"the full build at scale {scale:g} failed")
        rows, _ = run_job("growth.count_rows", {"data": str(data)})
        size = min(IDS, count_voters(database))
        latency = measure_size(setting, database, size)
        found.append({"scale": scale, "rows": rows, "build": built, "latency": latency})
        shutil.rmtree(folder, ignore_errors=True)
    return {"voters": voters, "scales": found}


def count_rows(data: str) -> dict[str, int]:
    """In a child: the rows of each required extract."""
    import duckdb

    from benchmarking.contracts import declared_columns

    with duckdb.connect() as con:
        return {
            table: con.execute(
                "select count(*) from read_parquet(?)", [f"{data}/{table}/*.parquet"]
            ).fetchall()[0][0]
            for table in declared_columns()
        }
