"""The file of results: JSON, one file per scale; each section has a date and a code digest."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

from benchmarking import machine
from enrichment import code_version

FORMAT = 1
SECTIONS = (
    *("scan", "build", "incremental", "questions", "serving", "brief", "growth", "overhead"),
    *("voters", "clicky"),
)

Results = dict[str, Any]


class ResultsError(Exception):
    """A file of results that cannot be read or added to; the message says what to do."""


def load(file: Path) -> Results:
    """The results in a file. Raises ResultsError."""
    try:
        found = json.loads(file.read_text())
    except (OSError, ValueError):
        raise ResultsError(f"--out {file}: there are no results of a benchmark in it") from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise ResultsError(f"--out {file}: not results of this benchmark; name another file")
    return found


def begin(file: Path, scale: float, voters: int | None) -> Results:
    """The results to add to: those of the file, if there are any. Raises ResultsError.

    A file holds results of one scale, one machine and one set of versions.
    """
    about = {
        "format": FORMAT,
        "scale": scale,
        "voters": voters,
        "machine": machine.machine(),
        "versions": machine.versions(),
    }
    if not file.exists():
        return {**about, "sections": {}}
    found = load(file)
    for what, value in about.items():
        if found.get(what) != value:
            raise ResultsError(
                f"--out {file} holds results of other {what}: name another file, or remove it"
            )
    return found


def add(file: Path, results: Results, section: str, figures: dict[str, Any]) -> None:
    """Adds a section, in place of an earlier one, and writes the file whole."""
    measured = {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "code_digest": code_version.code_digest(),
    }
    results["sections"][section] = {"measured": measured, **figures}
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f"{file.name}.new")
    beside.write_text(json.dumps(results, indent=1) + "\n")
    beside.replace(file)


def section(results: Results, name: str) -> dict[str, Any]:
    """A section's figures; empty if it was not measured."""
    return dict(results.get("sections", {}).get(name, {}))
