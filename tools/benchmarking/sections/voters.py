"""A day of equal news for few voters and for many: a day costs what is new, not what is there."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import Any

from benchmarking.processes import MeasuringError
from benchmarking.sections import incremental
from benchmarking.setting import FULL_VOTERS, Setting, build, make_extracts, required_extracts

TIMES = (1, 4)
"""Numbers of persons, in times of the setting's."""


def measure(setting: Setting) -> dict[str, Any]:
    """The incremental build of a day of news, at one scale, by the number of persons.

    News are a share of the events, gifts and map rows, and these depend on the scale: both days
    bring equally many rows.
    """
    persons = round(FULL_VOTERS * setting.scale) if setting.voters is None else setting.voters
    found = []
    for times in TIMES:
        voters = times * persons
        folder = setting.work / f"voters-{voters}"
        delivered = setting.work.parent / f"data-{setting.scale:g}-{voters}"
        make_extracts(delivered, setting.scale, voters, setting.log)
        data = required_extracts(delivered, folder / "extracts")
        own = replace(
            setting, data=data, delivered=delivered, work=folder, given=None, days=("news",)
        )
        setting.log(f"full build of {voters:,} persons")
        built, _ = build(own, own.own_database)
        if not built["is_finished"]:
            raise MeasuringError(f"the full build of {voters:,} persons failed")
        day = incremental.measure(own)["days"]["news"]
        found.append(
            {"voters": voters, **{name: day[name] for name in ("rows", "incremental", "full")}}
        )
        shutil.rmtree(folder, ignore_errors=True)
    return {"days": found}
