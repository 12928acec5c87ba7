"""The benchmark: the cost of builds and questions, beside the scan limit and the brief's own SQL.

Every measurement runs in a child process. Results go to a JSON file; a later run adds other
sections of the same scale. `--render` makes docs/benchmark.md and its plots from that file alone.
A slow result is not a failure. Exit codes: 0 done; 1 a measurement crashed; 2 bad arguments.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarking import machine, results
from benchmarking.processes import MeasuringError
from benchmarking.sections import (
    brief,
    build,
    clicky,
    growth,
    incremental,
    overhead,
    questions,
    scan,
    serving,
)
from benchmarking.sections import (
    voters as more_voters,
)
from benchmarking.setting import DAYS, Setting, make_extracts, required_extracts
from enrichment.code_version import code_digest
from enrichment.paths import PROJECT

MEASURES = {
    "scan": scan.measure,
    "build": build.measure,
    "incremental": incremental.measure,
    "questions": questions.measure,
    "serving": serving.measure,
    "brief": brief.measure,
    "growth": growth.measure,
    "overhead": overhead.measure,
    "voters": more_voters.measure,
    "clicky": clicky.measure,
}
FOLDER = PROJECT / "benchmark"
PIPE_WIDTH = 120
LEAST_SCALE = 0.001
PAGE = PROJECT / "docs" / "benchmark.md"

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command()
def benchmark(
    scale: Annotated[
        float, typer.Option(metavar="N", min=0.0001, max=10, help="1.0 is the full size.")
    ] = 0.01,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Extracts to use; sample extracts are made there if it does not exist. "
            "Default: benchmark/data-SCALE.",
        ),
    ] = None,
    work: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Scratch, on the file system of the extracts. Default: benchmark/work-SCALE.",
        ),
    ] = None,
    database: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="A published database for the questions, instead of a new build."
        ),
    ] = None,
    only: Annotated[
        str, typer.Option(metavar="WORDS", help="Comma-separated sections.")
    ] = ",".join(results.SECTIONS),
    scales: Annotated[
        str,
        typer.Option(
            metavar="NUMBERS",
            help="Scales of the section growth. Default: a hundredth, a tenth and all of --scale.",
        ),
    ] = "",
    voters: Annotated[
        int | None,
        typer.Option(metavar="N", min=400, help="The number of persons, independent of the scale."),
    ] = None,
    calls: Annotated[
        int, typer.Option(metavar="N", min=1, help="Warm calls of each question and size.")
    ] = 51,
    days: Annotated[
        str, typer.Option(metavar="WORDS", help="Days of the section incremental.")
    ] = ",".join(DAYS),
    cores: Annotated[
        int, typer.Option(metavar="N", min=1, help="Cores, and threads of DuckDB.")
    ] = 2,
    limit: Annotated[
        float,
        typer.Option(
            metavar="S", min=1, help="Time limit for a statement of the brief, in seconds."
        ),
    ] = 600,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Results. Default: benchmark/results-SCALE.json."),
    ] = None,
    render: Annotated[
        bool,
        typer.Option("--render", help="Measure nothing; write page and plots from the results."),
    ] = False,
    page: Annotated[
        Path, typer.Option(metavar="FILE", help="The page; plots go to plots-SCALE by the results.")
    ] = PAGE,
) -> None:
    """Measure a build, its questions and the brief's SQL on sample extracts, side by side.

    \b
    scan         reading every declared column once: the least that a build can take
    build        the full build: whole, by stage and node, with 1 GB of memory
    incremental  a day of news, beside a full build of the same extracts
    questions    latency by question and size of the segment, and of the runner
    serving      the HTTP API with several clients, while builds are published
    brief        the brief's six statements, for the same voters
    growth       build and questions at --scales, with as many voters
    overhead     what dbt itself takes
    voters       a day of equal news for as many voters and for four times as many
    clicky       questions on extracts of another shape: many clicks and gifts
    """  # noqa: D301 (the mark keeps the lines as they are)
    file = out or FOLDER / f"results-{scale:g}.json"
    if render:
        from benchmarking.report.page import write_page, write_plots

        found, plots = results.load(file), file.with_name(f"plots-{scale:g}")
        write_page(found, page)
        write_plots(found, plots)
        print(f"Page: {page}\nPlots: {plots}", file=sys.stderr)
        return
    sections = _words(only)
    unknown = [word for word in sections if word not in MEASURES]
    if unknown or not sections:
        raise typer.BadParameter(f"expected some of {', '.join(MEASURES)}", param_hint="--only")
    chosen = tuple(day for day in DAYS if day in _words(days))
    if set(_words(days)) - set(DAYS) or not chosen:
        raise typer.BadParameter(f"expected some of {', '.join(DAYS)}", param_hint="--days")
    machine.pin(cores)
    os.environ.pop("BEHAVIORAL_MEMORY_LIMIT", None)
    places = [(path or FOLDER / f"{name}-{scale:g}").resolve()
              for path, name in ((data, "data"), (work, "work"))]  # fmt: skip
    setting = Setting(
        scale=scale,
        data=places[1] / "required",
        delivered=places[0],
        work=places[1],
        given=database.resolve() if database is not None else None,
        calls=calls,
        scales=_numbers(scales) if scales else _smaller(scale),
        voters=voters,
        threads=machine.cores(),
        limit_s=limit,
        days=chosen,
        log=lambda line: print(f"… {line}", file=sys.stderr, flush=True),
    )
    _run(setting, sections, file, is_sample=data is None or not data.exists())


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _smaller(scale: float) -> tuple[float, ...]:
    """A hundredth and a tenth of a scale, where that is still a world, and the scale itself."""
    shares = (float(f"{scale / divisor:g}") for divisor in (100, 10, 1))
    return tuple(share for share in shares if share >= LEAST_SCALE or share == scale)


def _numbers(text: str) -> tuple[float, ...]:
    try:
        return tuple(sorted(float(word) for word in text.split(",")))
    except ValueError:
        raise typer.BadParameter(
            "expected numbers with commas, such as 0.01,0.1,1.0", param_hint="--scales"
        ) from None


def _run(setting: Setting, sections: list[str], file: Path, *, is_sample: bool) -> None:
    """Measures the sections, writes each as it is done, and prints tables."""
    from rich.console import Console

    from benchmarking.report.tables import goal_table, tables

    console = Console()
    if not console.is_terminal:
        console = Console(width=PIPE_WIDTH)
    found = results.begin(file, setting.scale, setting.voters)
    if is_sample:
        make_extracts(setting.delivered, setting.scale, setting.voters, setting.log)
    required_extracts(setting.delivered, setting.data)
    for section in (section for section in MEASURES if section in sections):
        figures = MEASURES[section](replace(setting, built=_built(found, setting)))
        results.add(file, found, section, figures)
        for table in tables(found, section):
            console.print(table.rich())
    console.print(goal_table(found).rich())
    print(f"Results: {file}", file=sys.stderr)


def _built(found: results.Results, setting: Setting) -> dict[str, Any]:
    """The full build among the results, if this code made it and no database is given."""
    build = results.section(found, "build")
    is_current = build.get("measured", {}).get("code_digest") == code_digest()
    return dict(build["whole"]) if is_current and setting.given is None else {}


def main() -> int:
    """Runs the command line; a crash of a measurement is one line and exit code 1."""
    try:
        app(standalone_mode=True)
    except results.ResultsError as error:
        print(f"benchmark.py: {error}", file=sys.stderr)
        return 2
    except MeasuringError as error:
        print(f"benchmark.py: {error}; what was measured before is kept", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
