"""The full build: as a whole, by stage and node, and with little memory.

A build has one dbt thread (profiles.yml), so that the process's use between the start and the end
of a node belongs to that node. DuckDB has all its threads.
"""

from __future__ import annotations

import resource
import time
from pathlib import Path
from typing import Any

from benchmarking.news import BESIDE_THE_EXTRACTS
from benchmarking.processes import MeasuringError, run_job
from benchmarking.setting import Setting, build

LITTLE_MEMORY = "1GB"
SHOWN = 15
BETWEEN = "dbt between nodes, publishing"


def measure(setting: Setting) -> dict[str, Any]:
    """The headline build, by node and by table too; with little memory; of all that is there."""
    setting.log("full build")
    whole, heard = build(setting, setting.own_database, threads=1)
    if not whole["is_finished"]:
        raise MeasuringError("the full build failed")
    scratch = setting.work / "scratch" / "behavioral.duckdb"
    setting.log(f"full build with a memory limit of {LITTLE_MEMORY}")
    little, _ = build(setting, scratch, memory_limit=LITTLE_MEMORY)
    scratch.unlink(missing_ok=True)
    more = {}
    if optional := sorted(
        folder.name
        for folder in setting.delivered.iterdir()
        if any(folder.glob("*.parquet"))
        and folder.name not in BESIDE_THE_EXTRACTS
        and not (setting.data / folder.name).exists()
    ):
        setting.log("full build with the optional extracts")
        with_optional, _ = build(setting, scratch, data=setting.delivered)
        scratch.unlink(missing_ok=True)
        more = {"optional": optional, "with_optional": with_optional}
    stages = stage_totals(heard["nodes"])
    rest = whole["net_cpu_s"] - sum(stage["cpu_s"] for stage in stages.values())
    stages[BETWEEN] = {"nodes": 0, "cpu_s": round(rest, 3)}
    return {
        "whole": whole,
        "little_memory": little,
        **more,
        "stages": stages,
        "subjects": subject_totals(heard["nodes"]),
        "nodes": slowest(heard["nodes"]),
        **run_job("build.parts", {"database": str(setting.own_database)})[0],
    }


def slowest(nodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The nodes that took longest, the slowest first."""
    return sorted(nodes, key=lambda node: -node["cpu_s"])[:SHOWN]


def parts(database: str) -> dict[str, Any]:
    """In a child: the largest tables of both halves, what all tables hold, and the rest.

    A table holds the blocks that its columns lie in.
    """
    from enrichment.database import identifier
    from sample_data.pairs import opened

    with opened(Path(database)) as con:
        tables = con.execute(
            "select database_name, schema_name, table_name, estimated_size from duckdb_tables()"
        ).fetchall()
        found = []
        held = set()
        for half, schema, table, rows in tables:
            name = ".".join(identifier(part) for part in (half, schema, table))
            blocks = {
                block
                for block, others in con.execute(
                    "select block_id, additional_block_ids from pragma_storage_info(?) "
                    "where block_id >= 0",
                    [name],
                ).fetchall()
                for block in (block, *(others or ()))
            }
            held |= {(half, block) for block in blocks}
            found.append({"table": f"{schema}.{table}", "rows": rows, "blocks": len(blocks)})
        ((block_size, used),) = con.execute(
            "select max(block_size), sum(used_blocks) from pragma_database_size()"
        ).fetchall()

    def megabytes(blocks: int) -> float:
        return round(blocks * int(block_size) / 1e6, 1)

    found.sort(key=lambda row: -row["blocks"])
    return {
        "tables": [
            {"table": row["table"], "rows": row["rows"], "mb": megabytes(row["blocks"])}
            for row in found[:SHOWN]
        ],
        "all_tables_mb": megabytes(len(held)),
        "rest_mb": megabytes(int(used) - len(held)),
    }


def stage_of(kind: str, path: str) -> str:
    """The stage of a node: its layer, and below aggregates its folder too.

    ``kind`` is dbt's resource type, ``path`` that of its file below models, seeds or tests.
    """
    if kind != "model":
        return {"seed": "seeds", "test": "data tests", "operation": "check of the extracts"}.get(
            kind, kind
        )
    folders = Path(path).parts[:-1]
    depth = 2 if folders[:1] == ("aggregates",) else 1
    return "/".join(folders[:depth]) or kind


SUBJECTS = {
    "evaluation": (
        *("marts/evaluation/", "aggregates/scores/", "aggregates/lookalike/", "aggregates/audit/"),
        *("marts/attribution/attribution_placebo", "marts/timing/send_time_trials"),
        "marts/lifecycle/churn_validation",
    ),
    "definitions": (
        *("staging/definitions/", "staging/action/", "aggregates/action/", "aggregates/audiences/"),
        *("marts/action/", "marts/experiments/", "marts/personalization/", "marts/segments/"),
    ),
}
"""What has a goal of its own, and the files of its models below models."""


def subject_totals(nodes: list[dict[str, Any]]) -> dict[str, float]:
    """CPU seconds of the models of each of SUBJECTS."""
    return {
        subject: round(
            sum(node["cpu_s"] for node in nodes if node.get("path", "").startswith(paths)), 3
        )
        for subject, paths in SUBJECTS.items()
    }


def stage_totals(nodes: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Number of nodes and CPU seconds by stage, in the order in which stages began."""
    totals: dict[str, dict[str, Any]] = {}
    for node in nodes:
        total = totals.setdefault(node["stage"], {"nodes": 0, "cpu_s": 0.0})
        total["nodes"] += 1
        total["cpu_s"] = round(total["cpu_s"] + node["cpu_s"], 3)
    return totals


_MADE = ("model", "seed", "test", "operation")


class Listener:
    """Hears dbt's events and notes what the process has used at the start and end of each node."""

    def __init__(self) -> None:
        self.nodes: list[dict[str, Any]] = []
        self.startup = (0.0, 0.0)
        self._begun: dict[str, tuple[float, float]] = {}
        self._called = (0.0, 0.0)
        self._is_starting = False

    def called(self, since: tuple[float, float]) -> None:
        """A dbt command begins; everything since then, until its nodes are known, is start-up."""
        self._called = since
        self._is_starting = True

    def __call__(self, event: Any) -> None:
        """Notes an event."""
        name = event.info.name
        if name == "FoundStats" and self._is_starting:
            self._is_starting = False
            cpu, wall = spent()
            self.startup = (
                self.startup[0] + cpu - self._called[0],
                self.startup[1] + wall - self._called[1],
            )
        elif name == "NodeStart":
            self._begun[event.data.node_info.unique_id] = spent()
        elif name == "NodeFinished":
            node = event.data.node_info
            begun = self._begun.pop(node.unique_id, None)
            if begun is not None and node.resource_type in _MADE:
                cpu, wall = spent()
                self.nodes.append(
                    {
                        "node": node.node_name,
                        "stage": stage_of(node.resource_type, node.node_path),
                        "path": node.node_path,
                        "cpu_s": round(cpu - begun[0], 3),
                        "wall_s": round(wall - begun[1], 3),
                    }
                )


_IMPORTED_AT = time.perf_counter()


def spent() -> tuple[float, float]:
    """CPU seconds of this process so far, and wall seconds since a moment near its start."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime, time.perf_counter() - _IMPORTED_AT


def run_build(is_full: bool, threads: int | None) -> dict[str, Any]:
    """In a child: `segment.py build`, with a listener, and perhaps with other dbt threads."""
    import dbt.cli.main
    import duckdb

    import segment

    listener = Listener()
    limits: set[str] = set()
    runner, connect = dbt.cli.main.dbtRunner, duckdb.connect
    started = [(0.0, 0.0)]

    class Runner(runner):  # type: ignore[misc, valid-type]  # dbt is not typed for checkers
        def __init__(self, *given: Any, callbacks: Any = None, **options: Any) -> None:
            super().__init__(*given, callbacks=[*(callbacks or ()), listener], **options)

        def invoke(self, args: list[str], **options: Any) -> Any:
            more = [] if threads is None else ["--threads", str(threads)]
            listener.called(started.pop() if started else spent())
            return super().invoke([*args, *more], **options)

    def limited(*given: Any, **options: Any) -> Any:
        limit = (options.get("config") or {}).get("memory_limit")
        if limit:
            limits.add(str(limit))
        return connect(*given, **options)

    dbt.cli.main.dbtRunner, duckdb.connect = Runner, limited
    exit_code = segment.run(["build", *(["--full-refresh"] if is_full else [])])
    return {
        "exit_code": exit_code,
        "startup_cpu_s": round(listener.startup[0], 3),
        "startup_wall_s": round(listener.startup[1], 3),
        "nodes": listener.nodes,
        "memory_limits": sorted(limits),
    }


def is_current(database: str, data: str) -> dict[str, bool]:
    """In a child: whether a database was built by this code, from no newer extracts."""
    import duckdb

    from enrichment import code_version
    from enrichment.database import attach, build_info

    file = Path(database)
    try:
        with duckdb.connect() as con:
            attach(con, file, read_only=True)
            info = build_info(con, file)
    except duckdb.Error:
        info = None
    newest = max((f.stat().st_mtime for f in Path(data).glob("*/*.parquet")), default=0.0)
    return {
        "is_current": info is not None
        and info[2] == code_version.code_digest()
        and newest <= file.stat().st_mtime
    }
