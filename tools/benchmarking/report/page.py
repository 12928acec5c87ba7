"""The page: docs/benchmark.md and its plots, from results alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from benchmarking.report.tables import goal_table, tables
from benchmarking.results import SECTIONS, Results, section

INTRODUCTION = {
    "scan": "No build can take less than reading every declared column of the required extracts "
    "once. DuckDB does that here, text decoded by its longest value, the rest by its largest.",
    "build": "What `python scripts/segment.py build --full-refresh` takes of the required "
    "extracts, all data tests included. A build has one dbt thread, so that what the process used "
    "between a node's start and its end is that node's; DuckDB has all its threads.",
    "incremental": "A thousandth of the events, gifts and map rows arrives in new files, one in "
    "twenty late by up to three days. The second day also brings changed addresses, new phones and "
    "new persons, whose history has to be pulled. Both builds are whole processes.",
    "questions": "A call is a table function with the ids as one bound list, on the published "
    "database attached read-only, its rows fetched whole; every call is about another random "
    "segment. `analyze` is the four functions that the runner asks for it, in one statement as it "
    "does; `analyze to a file` is all that the runner does between the ids and the file of JSON, "
    "in a process that goes on, small groups hidden.",
    "brief": "The brief's six statements, written anew and mended only so far as they run, on the "
    "same extracts and for the same voters: from views on the Parquet files, and from DuckDB "
    "tables that hold the columns they need.",
    "growth": "Sample extracts of several scales with equally many persons. The generator gives "
    "every voter some events, gifts and map rows, so small scales hold more than their share.",
    "overhead": "What dbt takes before and around the work.",
}
TITLES = {
    "scan": "Scan limit",
    "build": "Full build",
    "incremental": "Incremental day",
    "questions": "Questions",
    "brief": "The brief's SQL",
    "growth": "Growth",
    "overhead": "dbt's overhead",
}
PLOTS = {
    "questions": ("latency", "Latency of every question against the size of the segment"),
    "build": ("build", "CPU of the full build by stage, beside the scan limit"),
    "growth": ("growth", "Build and questions against the scale"),
}


def write_page(results: Results, page: Path) -> None:
    """Writes the page, and plots of what was measured to a folder named like it."""
    from benchmarking.report import plots

    folder = page.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    draw: dict[str, Callable[[Results, Path], None]] = {
        "questions": plots.latency,
        "build": plots.build,
        "growth": plots.growth,
    }
    for name, (plot, _) in PLOTS.items():
        file = folder / f"{plot}.svg"
        if section(results, name):
            draw[name](results, file)
        else:
            file.unlink(missing_ok=True)
    page.write_text(page_text(results, folder.name))


def page_text(results: Results, folder: str) -> str:
    """The page as Markdown; plots are linked in ``folder`` beside it."""
    machine, versions = results["machine"], results["versions"]
    told = ", ".join(f"{name} {number}" for name, number in versions.items())
    parts = [
        "# Benchmark",
        "What a build and a question take on sample extracts, beside the scan limit and the "
        f"brief's own SQL. `make benchmark SCALE={results['scale']:g}` measures again; this page "
        "is made from its results alone, by `tools/benchmark.py --render`.",
        f"Scale {results['scale']:g} (1.0 is the full size). {machine['cpu']}, {machine['cores']} "
        f"cores, {machine['memory_gb']:g} GB, {machine['system']}; {told}. CPU is user and system "
        "time of the whole process; MB are 10^6 bytes; files are in the page cache as far as they "
        "fit.",
        "## Goals",
        goal_table(results).markdown(),
    ]
    for name in SECTIONS:
        figures = section(results, name)
        parts += [f"## {TITLES[name]}", INTRODUCTION[name]]
        if not figures:
            parts.append("Not measured yet.")
            continue
        if name in PLOTS:
            plot, words = PLOTS[name]
            parts.append(f"![{words}]({folder}/{plot}.svg)")
        for number, table in enumerate(tables(results, name)):
            if number > 0:
                parts.append(f"### {table.title}")
            parts.append(table.markdown())
        measured = figures["measured"]
        parts.append(f"Measured {measured['date']}, definitions `{measured['code_digest'][:12]}`.")
    return "\n\n".join(parts) + "\n"
