"""The plots of the page, as SVG that is the same for the same results.

Lines are labelled where they end.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from benchmarking.report.goals import SCANS, ratios, times_told
from benchmarking.results import Results, section
from plotting import BEHIND, BLUE, COLOURS, GREY, INK, SKY, VERMILION, drawn


def _duration(value: float, _: Any = None) -> str:
    """Milliseconds as a person says them."""
    return f"{value / 1_000:g} s" if value >= 1_000 else f"{value:g} ms"


def _count(value: float, _: Any = None) -> str:
    return f"{value / 1_000:g}k" if value >= 1_000 else f"{value:g}"


def latency(results: Results, file: Path) -> None:
    """A panel a question: milliseconds against ids on log axes, the brief's SQL beside."""
    questions, brief = section(results, "questions"), section(results, "brief")
    names = list(dict.fromkeys(row["question"] for row in questions["latency"]))
    stated = {row["question"]: row["statement"] for row in brief.get("ours", [])}
    times = ratios(brief) if brief else {}
    sizes = sorted({row["ids"] for row in questions["latency"]})
    columns = 3
    rows = math.ceil(len(names) / columns)
    with drawn(file, 9.6, 0.5 + 2.5 * rows) as figure:
        panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        for at, panel in enumerate(panels.flat):
            if at >= len(names):
                panel.set_visible(False)
                continue
            these = sorted(
                (row for row in questions["latency"] if row["question"] == names[at]),
                key=lambda row: int(row["ids"]),
            )
            _latency_panel(panel, names[at], these, is_labelled=at == 0)
            if names[at] in stated:
                _brief_points(panel, brief, stated[names[at]], times)
            panel.set_xscale("log")
            panel.set_yscale("log")
            panel.xaxis.set_major_locator(FixedLocator(sizes))
            panel.xaxis.set_minor_locator(NullLocator())
            panel.xaxis.set_major_formatter(FuncFormatter(_count))
            panel.yaxis.set_major_formatter(FuncFormatter(_duration))
            panel.yaxis.set_minor_locator(NullLocator())
            panel.margins(x=0.12, y=0.14)
        figure.supxlabel("voters in the segment", fontsize=10)


def _latency_panel(
    panel: Axes, name: str, rows: Sequence[dict[str, Any]], *, is_labelled: bool
) -> None:
    ids = [row["ids"] for row in rows]
    panel.set_title(name)
    panel.fill_between(
        ids, [row["p50_ms"] for row in rows], [row["p95_ms"] for row in rows], color=SKY, alpha=0.35
    )
    panel.plot(ids, [row["p95_ms"] for row in rows], color=SKY, linewidth=1.2)
    panel.plot(ids, [row["p50_ms"] for row in rows], color=BLUE, linewidth=2, marker="o", ms=4)
    if is_labelled:
        last = rows[-1]
        for what, colour, drop in (("p95_ms", SKY, 8), ("p50_ms", BLUE, -14)):
            panel.annotate(
                {"p95_ms": "P95", "p50_ms": "median"}[what],
                (last["ids"], last[what]),
                xytext=(0, drop),
                textcoords="offset points",
                color=colour,
                ha="right",
                fontsize=9,
            )


def _brief_points(
    panel: Axes, brief: dict[str, Any], statement: str, times: dict[Any, Any]
) -> None:
    words = {"parquet": "from Parquet", "native": "from tables"}
    shown = [
        (
            row["source"],
            1_000 * (row.get("wall_s") or brief["limit_s"]),
            times[statement, row["source"]],
        )
        for row in brief["statements"]
        if row["statement"] == statement and times[statement, row["source"]][0] is not None
    ]
    shown.sort(key=lambda point: point[1])
    for position, (source, milliseconds, (ratio, is_overdue)) in enumerate(shown):
        panel.plot(
            [brief["ids"]],
            [milliseconds],
            marker="D" if source == "native" else "s",
            color=VERMILION,
            markerfacecolor=VERMILION if source == "native" else "white",
            linestyle="none",
            ms=6,
        )
        is_upper = position == len(shown) - 1 and len(shown) > 1
        panel.annotate(
            f"brief, {words[source]}: {times_told(ratio, is_overdue)}",
            (brief["ids"], milliseconds),
            xytext=(0, 7 if is_upper else -15),
            textcoords="offset points",
            color=VERMILION,
            ha="center",
            fontsize=8,
        )


def build(results: Results, file: Path) -> None:
    """CPU seconds: the scan limit, the full build, and the full build by stage."""
    figures, scan = section(results, "build"), section(results, "scan")
    stages = sorted(figures["stages"].items(), key=lambda stage: -stage[1]["cpu_s"])
    bars = [("full build", figures["whole"].get("net_cpu_s", 0.0), BLUE)]
    if scan:
        bars.insert(0, ("reading every column once", scan["cpu_s"], INK))
    bars += [(f"   {name}", stage["cpu_s"], SKY) for name, stage in stages]
    with drawn(file, 8.6, 0.9 + 0.32 * len(bars)) as figure:
        axes = figure.subplots()
        places = range(len(bars))
        values = [value for _, value, _ in bars]
        axes.barh(places, values, color=[colour for *_, colour in bars], height=0.68)
        axes.set_yticks(places, [name for name, *_ in bars])
        axes.tick_params(axis="y", length=0)
        axes.invert_yaxis()
        axes.grid(axis="y", visible=False)
        axes.spines["left"].set_visible(False)
        for place, value in zip(places, values, strict=True):
            axes.annotate(
                f"{value:,.1f}",
                (value, place),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=9,
                bbox=BEHIND,
            )
        if scan:
            goal = SCANS * scan["cpu_s"]
            is_passed = goal < max(values)
            axes.axvline(goal, color=VERMILION, linewidth=1.4, linestyle=(0, (4, 3)))
            axes.annotate(
                f"goal: {SCANS:g} readings",
                (goal, len(bars) - 1),
                xytext=(5, 0) if is_passed else (-5, 0),
                textcoords="offset points",
                color=VERMILION,
                ha="left" if is_passed else "right",
                va="center",
                fontsize=9,
                bbox=BEHIND,
            )
        axes.set_xlim(0, 1.16 * max([*values, SCANS * scan["cpu_s"] if scan else 0.0]))
        axes.set_xlabel("CPU seconds, without dbt's start-up")


def growth(results: Results, file: Path) -> None:
    """CPU of the build and the questions' medians against the scale, on log axes."""
    scales = section(results, "growth")["scales"]
    sizes = [row["scale"] for row in scales]
    with drawn(file, 9.6, 4.2) as figure:
        left, right = figure.subplots(1, 2)
        cpu = [row["build"]["net_cpu_s"] for row in scales]
        left.plot(sizes, cpu, color=BLUE, linewidth=2, marker="o")
        left.plot(
            sizes,
            [cpu[-1] * size / sizes[-1] for size in sizes],
            color=GREY,
            linewidth=1.2,
            linestyle=(0, (4, 3)),
        )
        for size, value in zip(sizes, cpu, strict=True):
            left.annotate(
                f"{value:,.0f} s",
                (size, value),
                xytext=(0, 8),
                textcoords="offset points",
                ha="center",
                fontsize=9,
                color=BLUE,
            )
        left.annotate(
            "in proportion",
            (sizes[0], cpu[-1] * sizes[0] / sizes[-1]),
            xytext=(8, -2),
            textcoords="offset points",
            color=GREY,
            fontsize=9,
        )
        left.set_title("Full build, CPU seconds without start-up")
        left.margins(y=0.15)
        names = [row["question"] for row in scales[0]["latency"]]
        ends: list[tuple[str, float, str]] = []
        for name, colour in zip(names, COLOURS, strict=False):
            medians = [
                next(row["p50_ms"] for row in scale["latency"] if row["question"] == name)
                for scale in scales
            ]
            right.plot(sizes, medians, color=colour, linewidth=2, marker="o", ms=4)
            ends.append((name, medians[-1], colour))
        ids = scales[0]["latency"][0]["ids"]
        right.set_title(f"Questions about {ids:,} voters, median")
        for axes in (left, right):
            axes.set_xscale("log")
            axes.set_yscale("log")
            axes.xaxis.set_major_locator(FixedLocator(sizes))
            axes.xaxis.set_minor_locator(NullLocator())
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axes.yaxis.set_minor_locator(NullLocator())
            axes.set_xlabel("scale")
        left.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} s"))
        right.yaxis.set_major_formatter(FuncFormatter(_duration))
        _end_labels(right, sizes[-1], ends)


def _end_labels(axes: Axes, x: float, ends: list[tuple[str, float, str]]) -> None:
    """Labels right of the lines' ends, moved apart where they would overlap."""
    low, high = axes.get_ylim()
    axes.set_ylim(low, high)
    least = (math.log(high) - math.log(low)) / 20
    ordered = sorted(ends, key=lambda end: end[1])
    heights = [math.log(value) for _, value, _ in ordered]
    for at in range(1, len(heights)):
        heights[at] = max(heights[at], heights[at - 1] + least)
    over = max(0.0, heights[-1] - math.log(high)) if heights else 0.0
    for at in range(len(heights) - 1, -1, -1):
        ceiling = heights[at + 1] - least if at + 1 < len(heights) else heights[at] - over
        heights[at] = min(heights[at], ceiling)
    for (name, value, colour), height in zip(ordered, heights, strict=True):
        axes.annotate(
            name,
            (x, value),
            xytext=(1.04, math.exp(height)),
            textcoords=axes.get_yaxis_transform(),
            color=colour,
            va="center",
            fontsize=9,
            annotation_clip=False,
        )
