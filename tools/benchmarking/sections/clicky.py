"""The questions on extracts of another shape: 15 clicks in 100 rows of mail, 100 gifts a donor."""

from __future__ import annotations

import shutil
from typing import Any

from benchmarking.processes import MeasuringError
from benchmarking.sections.questions import count_voters, measure_size
from benchmarking.setting import Setting, build, make_extracts, required_extracts

IDS = 1_000
SHAPE = "clicky"


def measure(setting: Setting) -> dict[str, Any]:
    """A full build of the second shape at the setting's scale, and the latency of its questions."""
    folder = setting.work / SHAPE
    delivered = setting.work.parent / f"data-{setting.scale:g}-{SHAPE}"
    make_extracts(delivered, setting.scale, setting.voters, setting.log, shape=SHAPE)
    data = required_extracts(delivered, folder / "extracts")
    database = folder / "behavioral.duckdb"
    setting.log(f"full build of the shape {SHAPE}")
    built, _ = build(setting, database, data=data)
    if not built["is_finished"]:
        raise MeasuringError(f"the full build of the shape {SHAPE} failed")
    voters = count_voters(database)
    latency = measure_size(setting, database, min(IDS, voters))
    shutil.rmtree(folder, ignore_errors=True)
    return {"voters": voters, "build": built, "latency": latency}
