"""Results as tables, for the terminal and for the page alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarking.report.goals import (
    at_goal_size,
    judge,
    ratios,
    startup_s,
    statement_told,
    times_told,
)
from benchmarking.results import Results, section

if TYPE_CHECKING:
    import rich.table


@dataclass(frozen=True)
class Table:
    """A title, a note, the column names (the first is text, the rest are figures) and the cells."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    note: str = ""
    text_columns: int = 1

    def rich(self) -> rich.table.Table:
        """The table for a terminal."""
        from rich.table import Table as Rich

        table = Rich(title=self.title, caption=self.note or None, title_justify="left")
        for position, column in enumerate(self.columns):
            table.add_column(column, justify="left" if position < self.text_columns else "right")
        for row in self.rows:
            table.add_row(*row)
        return table

    def markdown(self) -> str:
        """The table for the page, with the note below; its title is the page's affair."""
        marks = ["---" if at < self.text_columns else "---:" for at in range(len(self.columns))]
        lines = [self.columns, tuple(marks), *self.rows]
        text = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        return f"{text}\n\n{self.note}" if self.note else text


def goal_table(results: Results) -> Table:
    """The goals, what was measured, and whether they are met."""
    words = {True: "met", False: "not met", None: ""}
    return Table(
        "Goals",
        ("goal", "limit", "measured", ""),
        [(goal.what, goal.limit, goal.measured, words[goal.is_met]) for goal in judge(results)],
        ""
        if at_goal_size(results)
        else f"The goals are for scale 1.0 on two cores; these figures are of scale "
        f"{results['scale']:g} on {results['machine']['cores']}.",
        text_columns=4,
    )


def tables(results: Results, name: str) -> list[Table]:
    """The tables of one section; none if it was not measured."""
    figures = section(results, name)
    return _TABLES[name](figures, results) if figures else []


def _scan(scan: dict[str, Any], results: Results) -> list[Table]:
    rows = [
        (
            name,
            f"{table['rows']:,}",
            str(len(table["values"])),
            *(f"{table['mb']:,.1f}", f"{table['cpu_s']:.2f}", f"{table['wall_s']:.2f}"),
        )
        for name, table in scan["tables"].items()
    ]
    total = ("median of all", "", "", "", f"{scan['cpu_s']:.2f}", f"{scan['wall_s']:.2f}")
    return [
        Table(
            "The scan limit",
            ("extract", "rows", "columns", "MB", "CPU s", "wall s"),
            [*rows, total],
            f"{len(scan['readings'])} readings after one that warms up; {scan['threads']} threads; "
            f"peak memory {scan['peak_rss_mb']:,.0f} MB.",
        )
    ]


def _build(build: dict[str, Any], results: Results) -> list[Table]:
    runs = [
        ("as the runner builds", build["whole"]),
        ("memory limit 1 GB", build["little_memory"]),
    ]
    summary = ""
    if "optional" in build:
        runs.append(("with the optional extracts", build["with_optional"]))
        summary = f" The sample's optional extracts are {', '.join(build['optional'])}."
    whole = Table(
        "The full build",
        ("run", "CPU s", "of it start-up", "wall s", "peak MB", "published MB", "private MB"),
        [(name, *_run_cells(run)) for name, run in runs],
        f"Start-up is dbt's import and parse, before it knows its nodes.{summary}"
        + (
            ""
            if build["little_memory"].get("is_limit_applied")
            else " The memory limit was not applied: the profile does not read it."
        ),
    )
    size = Table(
        "What both halves hold",
        ("table", "rows", "MB"),
        [
            *(
                (table["table"], f"{table['rows']:,}", f"{table['mb']:.1f}")
                for table in build["tables"]
            ),
            ("all tables", "", f"{build['all_tables_mb']:.1f}"),
            ("what is not rows: catalog, comments", "", f"{build['rest_mb']:.1f}"),
        ],
    )
    return [
        whole,
        _stages("CPU by stage", build["stages"].items()),
        _nodes("The slowest nodes", build["nodes"]),
        size,
    ]


def _stages(title: str, stages: Iterable[tuple[str, dict[str, Any]]]) -> Table:
    return Table(
        title,
        ("stage", "nodes", "CPU s"),
        [(name, str(stage["nodes"] or ""), f"{stage['cpu_s']:.2f}") for name, stage in stages],
    )


def _nodes(title: str, nodes: list[dict[str, Any]]) -> Table:
    return Table(
        title,
        ("node", "stage", "CPU s", "wall s"),
        [
            (node["node"], node["stage"], f"{node['cpu_s']:.2f}", f"{node['wall_s']:.2f}")
            for node in nodes
        ],
        text_columns=2,
    )


def _run_cells(run: dict[str, Any]) -> tuple[str, ...]:
    if not run["is_finished"]:
        return ("failed", "", f"{run['wall_s']:.1f}", f"{run['peak_rss_mb']:,.0f}", "", "")
    return (
        f"{run['cpu_s']:.1f}",
        f"{run['startup_cpu_s']:.1f}",
        f"{run['wall_s']:.1f}",
        f"{run['peak_rss_mb']:,.0f}",
        f"{run['database_mb']:,.1f}",
        f"{run['private_mb']:,.1f}",
    )


_DAYS = {"news": "a day of news", "news_and_people": "a day of news and changed persons"}


def _incremental(incremental: dict[str, Any], results: Results) -> list[Table]:
    rows = []
    notes = []
    for name, day in incremental["days"].items():
        for kind in ("incremental", "full"):
            run = day[kind]
            startup = startup_s(day)
            share = 100 * (run["net_cpu_s"] + startup) / (day["full"]["net_cpu_s"] + startup)
            net = 100 * run["net_cpu_s"] / day["full"]["net_cpu_s"]
            rows.append(
                (
                    *(_DAYS[name], kind, f"{run['net_cpu_s'] + startup:.1f}", f"{share:.1f}"),
                    *(f"{run['net_cpu_s']:.1f}", f"{net:.1f}", f"{run['wall_s']:.1f}"),
                    f"{run['peak_rss_mb']:,.0f}",
                )
            )
        new = ", ".join(
            f"{word.replace('_', ' ')} {count:,}" for word, count in day["rows"].items()
        )
        notes.append(
            f"Rows of {_DAYS[name]}: {new}. {day['compared']} tables, views and functions compared "
            f"with the full build's: {day['difference'] or 'all the same'}."
        )
    columns = ("day", "build", "CPU s", "%", "without start-up", "%", "wall s", "peak MB")
    title = "An incremental day beside a full build of the same extracts"
    notes.append(
        "Compared are the rows of tables, but for what tells of the build itself, the columns of "
        "views and the text of functions; fractions to the last bit. Both builds of a day are "
        "charged with one start-up, the lesser: whether dbt had to parse anew tells nothing about "
        "a build."
    )
    parts = []
    for name, day in incremental["days"].items():
        stages = sorted(day["stages"].items(), key=lambda stage: -stage[1]["cpu_s"])
        parts += [
            _stages(f"CPU by stage of {_DAYS[name]}", stages),
            _nodes(f"The slowest nodes of {_DAYS[name]}", day["nodes"]),
        ]
    return [Table(title, columns, rows, " ".join(notes), text_columns=2), *parts]


def _latency_rows(rows: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    return [
        (
            *(row["question"], f"{row['ids']:,}", str(row["calls"])),
            *(f"{row[f'{name}_ms']:,.1f}" for name in ("first", "p50", "p95", "max")),
            f"{row['peak_rss_mb']:,.0f}",
        )
        for row in rows
    ]


_LATENCY = ("question", "ids", "warm calls", "first ms", "P50 ms", "P95 ms", "max ms", "peak MB")


def _questions(questions: dict[str, Any], results: Results) -> list[Table]:
    runner = questions["runner"]
    if "p50_s" in runner:
        summary = f"`segment.py analyze` of {runner['ids']:,} ids as a whole process: P50 "
        summary += f"{runner['p50_s']:.2f} s of {len(runner['wall_s'])} runs."
    else:
        summary = f"The runner was not measured: {runner['problem']}."
    return [
        Table(
            "Questions",
            _LATENCY,
            _latency_rows(questions["latency"]),
            f"{questions['voters']:,} voters, {questions['threads']} threads; the first call opens "
            f"the database in a fresh process (the median of up to three). {summary}",
        ),
        *_at_once(questions.get("at_once", [])),
    ]


def _at_once(rows: list[dict[str, Any]]) -> list[Table]:
    if not rows:
        return []
    return [
        Table(
            "Several questions at a time",
            ("clients", "ids", "calls", "P50 ms", "P95 ms", "max ms", "calls a second", "peak MB"),
            [
                (
                    *(str(row["clients"]), f"{row['ids']:,}", f"{row['calls']:,}"),
                    *(f"{row[f'{name}_ms']:,.1f}" for name in ("p50", "p95", "max")),
                    *(f"{row['calls_a_second']:,.1f}", f"{row['peak_rss_mb']:,.0f}"),
                )
                for row in rows
            ],
            "Clients of one process, each with its own cursor, ask all questions in turn and never "
            "pause.",
        )
    ]


_SOURCES = {"parquet": "Parquet", "native": "DuckDB"}


def _brief(brief: dict[str, Any], results: Results) -> list[Table]:
    ours = {row["statement"]: row for row in brief["ours"]}
    found = ratios(brief)
    rows = []
    for row in brief["statements"]:
        ratio, is_overdue = found[row["statement"], row["source"]]
        is_done = row["outcome"] == "done"
        rows.append(
            (statement_told(row["statement"]), _SOURCES[row["source"]], row["outcome"])
            + ((f"{row['wall_s']:.2f}", f"{row['cpu_s']:.2f}") if is_done else ("", ""))
            + (f"{row['peak_rss_mb']:,.0f}", f"{row['rows']:,}" if is_done else "")
            + (ours[row["statement"]]["question"], f"{ours[row['statement']]['p50_ms']:.1f}")
            + ("" if ratio is None else times_told(ratio, is_overdue),)
        )
    load = brief["load"]
    return [
        Table(
            "The brief's SQL beside ours",
            (
                *("statement", "from", "outcome", "wall s", "CPU s", "peak MB", "rows"),
                *("our question", "P50 ms", "times"),
            ),
            rows,
            f"{brief['ids']:,} voters, the same for all; {brief['threads']} threads; a fast "
            "statement's median of three runs. Making the DuckDB tables took "
            f"{load['cpu_s']:.1f} CPU s, {load['wall_s']:.1f} s, {load['mb']:,.0f} MB. Propensity "
            "and attribution know no segment in the brief and answer for everybody. The lookalike "
            "as it is answers nothing if any voter of the segment has no address; mended, it "
            "leaves such voters out.",
            text_columns=3,
        )
    ]


def _growth(growth: dict[str, Any], results: Results) -> list[Table]:
    scales = growth["scales"]
    size = scales[0]["rows"]
    builds = Table(
        "Growth of the extracts and of the full build",
        ("", *(f"scale {row['scale']:g}" for row in scales)),
        [
            *(
                (f"rows of {table}", *(f"{row['rows'][table]:,}" for row in scales))
                for table in size
            ),
            (
                "build, CPU s without start-up",
                *(f"{row['build']['net_cpu_s']:.1f}" for row in scales),
            ),
            ("build, wall s", *(f"{row['build']['wall_s']:.1f}" for row in scales)),
            ("build, peak MB", *(f"{row['build']['peak_rss_mb']:,.0f}" for row in scales)),
            ("published MB", *(f"{row['build']['database_mb']:,.1f}" for row in scales)),
            ("private MB", *(f"{row['build']['private_mb']:,.1f}" for row in scales)),
        ],
        f"{growth['voters']:,} persons at every scale.",
    )
    ids = scales[0]["latency"][0]["ids"]
    names = [row["question"] for row in scales[0]["latency"]]
    by_scale = [{row["question"]: row["p50_ms"] for row in scale["latency"]} for scale in scales]
    latency = Table(
        "Growth of questions",
        (f"P50 ms, {ids:,} ids", *(f"scale {row['scale']:g}" for row in scales)),
        [(name, *(f"{found[name]:.1f}" for found in by_scale)) for name in names],
    )
    return [builds, latency]


def _overhead(overhead: dict[str, Any], results: Results) -> list[Table]:
    counts = ", ".join(
        f"{count} {kind.replace('_', ' ')}s"
        for kind, count in overhead["cold_parse"]["nodes"].items()
    )
    start = Table(
        "dbt's start-up",
        ("step", "CPU s", "wall s"),
        [
            (name, f"{overhead[key]['cpu_s']:.1f}", f"{overhead[key]['wall_s']:.1f}")
            for name, key in (
                ("import", "import"),
                ("parse, the first time", "cold_parse"),
                ("parse, with what the last one kept", "warm_parse"),
            )
        ],
        f"Nodes: {counts}.",
    )
    nodes = Table(
        "A build of no rows",
        ("dbt threads", "nodes", "CPU s", "wall s", "CPU ms a node", "wall ms a node"),
        [
            (
                *(str(run["threads"]), str(run["nodes"])),
                *(f"{run['cpu_s']:.1f}", f"{run['wall_s']:.1f}"),
                *(f"{run['cpu_ms_a_node']:.0f}", f"{run['wall_ms_a_node']:.0f}"),
            )
            for run in overhead["empty"]
        ],
        "`dbt build --empty` without tests, from the end of parsing.",
    )
    return [start, nodes]


def _serving(serving: dict[str, Any], results: Results) -> list[Table]:
    if "problem" in serving:
        return [Table("The HTTP API", ("problem",), [(serving["problem"],)])]
    kinds = {kind: serving[kind] for kind in ("fresh", "repeated")}
    return [
        Table(
            "The HTTP API",
            ("list", "question", "P50 ms", "P95 ms", "slowest ms"),
            [
                (kind, question, *(f"{times[key]:,.0f}" for key in ("p50", "p95", "max")))
                for kind, found in kinds.items()
                for question, times in found["questions"].items()
            ],
            f"{serving['clients']} clients, {serving['ids']:,} ids in a call, "
            f"{serving['publishes']} builds published in between. "
            + " ".join(
                f"{kind.capitalize()}: {found['calls']:,} calls, {found['calls_a_second']:,.0f} a "
                f"second, {found['failures']:,} failed."
                for kind, found in kinds.items()
            ),
            text_columns=2,
        )
    ]


def _voters(voters: dict[str, Any], results: Results) -> list[Table]:
    return [
        Table(
            "A day of equal news",
            ("persons", "rows of news", "incremental, CPU s", "full, CPU s", "wall s", "peak MB"),
            [
                (
                    *(f"{day['voters']:,}", f"{sum(day['rows'].values()):,}"),
                    *(f"{day[kind]['net_cpu_s']:.1f}" for kind in ("incremental", "full")),
                    f"{day['incremental']['wall_s']:.1f}",
                    f"{day['incremental']['peak_rss_mb']:,.0f}",
                )
                for day in voters["days"]
            ],
            "CPU without dbt's start-up.",
        )
    ]


def _clicky(clicky: dict[str, Any], results: Results) -> list[Table]:
    built = clicky["build"]
    return [
        Table(
            "Questions on another shape",
            _LATENCY,
            _latency_rows(clicky["latency"]),
            f"{clicky['voters']:,} voters; the full build took {built['cpu_s']:.1f} CPU s and "
            f"{built['peak_rss_mb']:,.0f} MB.",
        )
    ]


_TABLES = {
    "scan": _scan,
    "build": _build,
    "incremental": _incremental,
    "questions": _questions,
    "serving": _serving,
    "brief": _brief,
    "growth": _growth,
    "overhead": _overhead,
    "voters": _voters,
    "clicky": _clicky,
}
