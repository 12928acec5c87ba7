"""The goals, and whether results meet them: for scale 1.0 on two cores."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from benchmarking.results import Results, section

SCALE = 1.0
CORES = 2

QUESTION_P95_MS = {1_000: 30.0, 10_000: 150.0}
ANALYZE_IDS, ANALYZE_P95_MS = 1_000, 50.0
CLICKY_P95_MS = 50.0
QUESTION_P95_ALL_MS = 1_000.0
LOOKALIKE_P95_MS = {1_000: 400.0, 10_000: 700.0}
TIMES_FASTER = 25.0
LOOKALIKE_TIMES_FASTER = 50.0
RUNNER_S = 1.0
SERVING_P95_MS = 150.0
SCANS = 5.0
EVALUATION_CPU_S = 25.0
DEFINITIONS_CPU_S = 30.0
PEAK_RSS_MB = 1_500.0
DATABASE_MB = 250.0
PRIVATE_MB = 500.0
DAY_SHARES = {"news": 20.0, "news_and_people": 35.0}
MORE_VOTERS = 2.0
GROWTH_CPU = 11.0
GROWTH_LATENCY = 1.5


@dataclass(frozen=True)
class Goal:
    """A goal in words, what was measured in words, and whether it is met; None: not measured."""

    what: str
    limit: str
    measured: str = "not measured"
    is_met: bool | None = None


def judge(results: Results) -> list[Goal]:
    """Every goal, in the order of the page."""
    return [
        *_latency(section(results, "questions")),
        *_faster(section(results, "brief")),
        _runner(section(results, "questions")),
        *_serving(section(results, "serving")),
        *_build(section(results, "build"), section(results, "scan")),
        *_days(section(results, "incremental")),
        *_growth(section(results, "growth")),
        _more_voters(section(results, "voters")),
        _clicky(section(results, "clicky")),
    ]


def at_goal_size(results: Results) -> bool:
    """Whether the results are of the scale and the cores that the goals are for."""
    return bool(results["scale"] == SCALE and results["machine"]["cores"] == CORES)


def _latency(questions: dict[str, Any]) -> Iterable[Goal]:
    rows = questions.get("latency", [])
    everybody = questions.get("voters")
    for ids, limit in (*QUESTION_P95_MS.items(), (everybody, QUESTION_P95_ALL_MS)):
        size = f"{ids:,} ids" if limit != QUESTION_P95_ALL_MS else "all voters"
        these = [row for row in rows if row["ids"] == ids]
        slowest = _slowest(_but(these, "lookalike", "analyze", "analyze to a file"))
        yield _at_most(f"P95 of the slowest question but lookalike, {size}", slowest, limit, "ms")
    analyze = _only([row for row in rows if row["ids"] == ANALYZE_IDS], "analyze")
    name = f"P95 of analyze, {ANALYZE_IDS:,} ids"
    yield _at_most(name, _slowest(analyze), ANALYZE_P95_MS, "ms")
    for ids, limit in LOOKALIKE_P95_MS.items():
        these = _only([row for row in rows if row["ids"] == ids], "lookalike")
        yield _at_most(f"P95 of lookalike, {ids:,} ids", _slowest(these), limit, "ms")


def _faster(brief: dict[str, Any]) -> Iterable[Goal]:
    found = ratios(brief)
    for what, is_lookalike, limit in (
        ("the other five", False, TIMES_FASTER),
        ("lookalike mended", True, LOOKALIKE_TIMES_FASTER),
    ):
        name = f"Times faster than the brief's SQL, {what}: the least, from either kind of table"
        least = [
            (ratio, f"{statement_told(statement)}, {source}")
            for (statement, source), (ratio, _) in found.items()
            if ratio is not None
            and statement != "lookalike"
            and (statement == "lookalike_mended") == is_lookalike
        ]
        if not least:
            yield Goal(name, f"≥ {limit:g}×")
            continue
        ratio, where = min(least)
        yield Goal(name, f"≥ {limit:g}×", f"{times_told(ratio)} ({where})", ratio >= limit)


def ratios(brief: dict[str, Any]) -> dict[tuple[str, str], tuple[float | None, bool]]:
    """By statement and kind of table: how many times its seconds are ours (P50).

    A statement that ran out of time counts with the time it was given, and then the flag is true;
    one that failed otherwise has no ratio.
    """
    ours = {row["statement"]: row["p50_ms"] / 1_000 for row in brief.get("ours", [])}
    found: dict[tuple[str, str], tuple[float | None, bool]] = {}
    for row in brief.get("statements", []):
        is_overdue = row["outcome"].startswith("not done")
        seconds = brief["limit_s"] if is_overdue else row.get("wall_s")
        ratio = seconds / ours[row["statement"]] if seconds is not None else None
        found[row["statement"], row["source"]] = (ratio, is_overdue)
    return found


def statement_told(statement: str) -> str:
    """A statement's name in words."""
    return statement.replace("_", ", ")


def times_told(ratio: float, is_more: bool = False) -> str:
    """A ratio in words, such as ``> 120×``."""
    return f"{'> ' if is_more else ''}{ratio:,.{1 if ratio < 10 else 0}f}×"


def _runner(questions: dict[str, Any]) -> Goal:
    seconds = questions.get("runner", {}).get("p50_s")
    return _at_most(
        "The runner as a whole process, analyze of 1,000 ids, P50", seconds, RUNNER_S, "s"
    )


def _build(build: dict[str, Any], scan: dict[str, Any]) -> Iterable[Goal]:
    whole = build.get("whole", {})
    subjects = build.get("subjects", {})
    name = "CPU of a full build without dbt's start-up, evaluation and definitions, in scan limits"
    if whole and scan:
        rest = whole["net_cpu_s"] - sum(subjects.values())
        times = rest / scan["cpu_s"]
        shown = f"{times:.1f}× ({rest:.1f} s of {scan['cpu_s']:.1f} s)"
        yield Goal(name, f"≤ {SCANS:g}×", shown, times <= SCANS)
    else:
        yield Goal(name, f"≤ {SCANS:g}×")
    for subject, limit in (("evaluation", EVALUATION_CPU_S), ("definitions", DEFINITIONS_CPU_S)):
        name = f"CPU of {subject} in a full build"
        yield _at_most(name, subjects.get(subject), limit, "s")
    yield _at_most("Peak memory of a full build", whole.get("peak_rss_mb"), PEAK_RSS_MB, "MB")
    little = build.get("little_memory", {})
    name = "A full build with DuckDB's memory limit at 1 GB"
    if not little:
        yield Goal(name, "finishes")
    elif not little["is_limit_applied"]:
        yield Goal(name, "finishes", "the limit was not applied")
    else:
        shown = "finished" if little["is_finished"] else "failed"
        yield Goal(
            name, "finishes", f"{shown}, {little['peak_rss_mb']:,.0f} MB", shown == "finished"
        )
    yield _at_most("The published database", whole.get("database_mb"), DATABASE_MB, "MB")
    yield _at_most("Its private half", whole.get("private_mb"), PRIVATE_MB, "MB")


def _days(incremental: dict[str, Any]) -> Iterable[Goal]:
    for kind, limit in DAY_SHARES.items():
        name = "CPU of an incremental day, in percent of a full build's, each with a start-up"
        if kind == "news_and_people":
            name = "CPU of an incremental day with changed persons, in percent likewise"
        day = incremental.get("days", {}).get(kind)
        if not day:
            yield Goal(name, f"≤ {limit:g} %")
            continue
        part, whole = (day[run]["net_cpu_s"] + startup_s(day) for run in ("incremental", "full"))
        share = 100 * part / whole
        shown = f"{share:.1f} % ({part:.1f} s of {whole:.1f} s)"
        yield Goal(name, f"≤ {limit:g} %", shown, share <= limit)


def _more_voters(voters: dict[str, Any]) -> Goal:
    name = "CPU of a day of equal news, four times as many voters, without start-up"
    days = sorted(voters.get("days", []), key=lambda day: day["voters"])
    if not days:
        return Goal(name, f"≤ {MORE_VOTERS:g}×")
    few, many = (day["incremental"]["net_cpu_s"] for day in (days[0], days[-1]))
    shown = f"{many / few:.1f}× ({few:.1f} s, {many:.1f} s)"
    return Goal(name, f"≤ {MORE_VOTERS:g}×", shown, many / few <= MORE_VOTERS)


def _clicky(clicky: dict[str, Any]) -> Goal:
    slowest = _slowest(_but(clicky.get("latency", []), "lookalike", "analyze", "analyze to a file"))
    name = "P95 of the slowest question but lookalike, many clicks and gifts, 1,000 ids"
    return _at_most(name, slowest, CLICKY_P95_MS, "ms")


def startup_s(day: dict[str, Any]) -> float:
    """CPU seconds of dbt's start-up that both builds of a day are charged with.

    It is the lesser of the two: whether dbt had to parse anew tells nothing about a build.
    """
    return float(min(day[kind]["startup_cpu_s"] for kind in ("incremental", "full")))


def _serving(serving: dict[str, Any]) -> Iterable[Goal]:
    for kind in ("repeated", "fresh"):
        name = f"P95 of a call of the HTTP API, 8 clients, 1,000 ids, {kind} lists"
        found = serving.get(kind)
        p95 = None if found is None else float(found["questions"]["all"]["p95"])
        yield _at_most(name, p95, SERVING_P95_MS, "ms")
    failures = [serving[kind]["failures"] for kind in ("fresh", "repeated") if kind in serving]
    name = "Failed calls of the HTTP API while builds are published"
    if failures:
        yield Goal(name, "0", f"{sum(failures):,}", sum(failures) == 0)
    else:
        yield Goal(name, "0")


def _growth(growth: dict[str, Any]) -> Iterable[Goal]:
    scales = {row["scale"]: row for row in growth.get("scales", [])}
    small, large = scales.get(0.1), scales.get(1.0)
    cpu_name = "Growth of a full build's CPU, scale 0.1 to 1.0, without start-up"
    latency_name = "Growth of a question's P50, 1,000 ids, scale 0.1 to 1.0: the worst"
    if not (small and large):
        yield Goal(cpu_name, f"≤ {GROWTH_CPU:g}×")
        yield Goal(latency_name, f"≤ {GROWTH_LATENCY:g}×")
        return
    times = large["build"]["net_cpu_s"] / small["build"]["net_cpu_s"]
    yield Goal(cpu_name, f"≤ {GROWTH_CPU:g}×", f"{times:.1f}×", times <= GROWTH_CPU)
    before = {row["question"]: row["p50_ms"] for row in small["latency"]}
    worst, question = max(
        (row["p50_ms"] / before[row["question"]], row["question"]) for row in large["latency"]
    )
    shown = f"{worst:.2f}× ({question})"
    yield Goal(latency_name, f"≤ {GROWTH_LATENCY:g}×", shown, worst <= GROWTH_LATENCY)


def _only(rows: list[dict[str, Any]], question: str) -> list[dict[str, Any]]:
    return [row for row in rows if row["question"] == question]


def _but(rows: list[dict[str, Any]], *questions: str) -> list[dict[str, Any]]:
    return [row for row in rows if row["question"] not in questions]


def _slowest(rows: list[dict[str, Any]]) -> tuple[float, str] | None:
    return max(((row["p95_ms"], row["question"]) for row in rows), default=None)


def _at_most(what: str, found: tuple[float, str] | float | None, limit: float, unit: str) -> Goal:
    shown = f"≤ {limit:,g} {unit}"
    if found is None:
        return Goal(what, shown)
    value, who = found if isinstance(found, tuple) else (found, "")
    digits = 2 if unit == "s" else 0 if value >= 100 else 1
    measured = f"{value:,.{digits}f} {unit}" + (f" ({who})" if who else "")
    return Goal(what, shown, measured, value <= limit)
