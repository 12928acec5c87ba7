"""The page docs/benchmark.md, and plots beside the results; both from results alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from benchmarking.report.tables import goal_table, tables
from benchmarking.results import SECTIONS, Results, section

INTRODUCTION = {
    "scan": "No build can take less than reading every declared column of the required extracts "
    "once. DuckDB does that here: it takes the longest value of each text column and the largest "
    "of the others.",
    "build": "`python scripts/segment.py build --full-refresh` of the required extracts, all data "
    "tests included. A build has one dbt thread, so the CPU between a node's start and end "
    "belongs to that node; DuckDB has all its threads.",
    "incremental": "A thousandth of the events, gifts and map rows arrives in new files; one row "
    "in twenty is up to three days late. The second day also brings changed addresses, new phones "
    "and new persons, whose history is looked up. Both builds are whole processes.",
    "questions": "A call is a table function with the ids as one bound list, on the published "
    "database, opened read-only; all rows are fetched. Every call has another random segment. "
    "`analyze` is the runner's one statement with its four functions. `analyze to a file` is "
    "everything that the runner does from the ids to the JSON file, small groups hidden, in a "
    "running process.",
    "serving": "`segment.py serve` on a copy of the database that is renamed over, as a build "
    "does it, while clients ask the brief's four questions in turn and never pause. A `fresh` "
    "list is another one in each call; a `repeated` list is the same in all calls of a client, "
    "and the server keeps its answers until a build is published. The clients run on the same "
    "cores.",
    "brief": "The brief's six statements, corrected only as far as needed to run, on the same "
    "extracts and for the same voters: from views on the Parquet files, and from DuckDB tables "
    "with the columns they need.",
    "growth": "Sample extracts of several scales with the same number of persons. The generator "
    "gives every voter some events, gifts and map rows, so small scales hold more than their "
    "share.",
    "overhead": "What dbt takes before and around the work.",
    "voters": "Sample extracts of one scale, with as many persons and with four times as many. "
    "A day brings equally many rows to both.",
    "clicky": "Sample extracts of a second shape (`--shape clicky`): 15 clicks in 100 rows of mail "
    "and 100 gifts a donor.",
}
TITLES = {
    "scan": "Scan limit",
    "build": "Full build",
    "incremental": "Incremental day",
    "questions": "Questions",
    "serving": "The HTTP API",
    "brief": "The brief's SQL",
    "growth": "Growth",
    "overhead": "dbt's overhead",
    "voters": "More voters",
    "clicky": "Another shape",
}


def write_page(results: Results, page: Path) -> None:
    """Writes the page."""
    page.write_text(page_text(results))


def write_plots(results: Results, folder: Path) -> None:
    """Draws what was measured: the latency of questions, the build by stage, growth by scale."""
    from benchmarking.report import plots

    folder.mkdir(parents=True, exist_ok=True)
    draw: dict[str, tuple[str, Callable[[Results, Path], None]]] = {
        "questions": ("latency", plots.latency),
        "build": ("build", plots.build),
        "growth": ("growth", plots.growth),
    }
    for name, (plot, drawn) in draw.items():
        file = folder / f"{plot}.svg"
        if section(results, name):
            drawn(results, file)
        else:
            file.unlink(missing_ok=True)


def page_text(results: Results) -> str:
    """The page as Markdown."""
    machine, versions = results["machine"], results["versions"]
    installed = ", ".join(f"{name} {number}" for name, number in versions.items())
    parts = [
        "# Benchmark",
        "What a build and a question take on sample extracts, beside the scan limit and the "
        f"brief's own SQL. `make benchmark SCALE={results['scale']:g}` measures again. "
        "`tools/benchmark.py --render` makes this page from the results alone, and plots in "
        f"`benchmark/plots-{results['scale']:g}/`.",
        f"Scale {results['scale']:g} (1.0 is the full size). {machine['cpu']}, {machine['cores']} "
        f"cores, {machine['memory_gb']:g} GB, {machine['system']}; {installed}. "
        "CPU is user and system time of the whole process; MB are 10^6 bytes; files are in the "
        "page cache as far as they fit.",
        "## Goals",
        goal_table(results).markdown(),
    ]
    for name in SECTIONS:
        figures = section(results, name)
        parts += [f"## {TITLES[name]}", INTRODUCTION[name]]
        if not figures:
            parts.append("Not measured yet.")
            continue
        for number, table in enumerate(tables(results, name)):
            if number > 0:
                parts.append(f"### {table.title}")
            parts.append(table.markdown())
        measured = figures["measured"]
        parts.append(f"Measured {measured['date']}, definitions `{measured['code_digest'][:12]}`.")
    return "\n\n".join(parts) + "\n"
