"""The cost of dbt itself: import, parsing, and a node without rows.

The overhead of a node comes from `dbt build --empty` without tests: it makes models, seeds and
table functions as usual, with contracts and comments, from no rows.
"""

from __future__ import annotations

import shutil
import sys
from typing import Any

from benchmarking.processes import MeasuringError, run_command, run_job
from benchmarking.setting import Setting
from enrichment.paths import PROJECT

THREADS = (1, 2, 4)


def measure(setting: Setting) -> dict[str, Any]:
    """Seconds of import and of both kinds of parsing, nodes by kind, and the overhead of a node."""
    work = setting.work / "overhead"
    shutil.rmtree(work, ignore_errors=True)
    (work / "db").mkdir(parents=True)
    environment = setting.environment(work / "db" / "behavioral.duckdb") | {
        "BEHAVIORAL_WORK_DB": str(work / "db" / "behavioral.duckdb"),
        "DBT_TARGET_PATH": str(work / "target"),
    }
    setting.log("dbt: import and parse")
    imported = run_command([sys.executable, "-c", "import dbt.cli.main"], environment=environment)
    parses = [run_job("overhead.parse", {}, environment=environment) for _ in range(2)]
    runs = []
    for threads in THREADS:
        setting.log(f"dbt: a build of no rows, threads {threads}")
        for file in (work / "db").iterdir():
            file.unlink()
        run, _ = run_job("overhead.build_empty", {"threads": threads}, environment=environment)
        if not run["is_finished"]:
            raise MeasuringError("the build of no rows failed")
        runs.append(run)
    shutil.rmtree(work)
    return {
        "import": imported.figures(),
        "cold_parse": parses[0][0],
        "warm_parse": parses[1][0],
        "empty": runs,
    }


def parse() -> dict[str, Any]:
    """In a child: `dbt parse` after the import; seconds, and nodes by kind."""
    from dbt.cli.main import dbtRunner

    from benchmarking.sections.build import spent

    before = spent()
    result = dbtRunner().invoke(["--quiet", "--log-level-file", "none", "parse", *_project()])
    after = spent()
    if not result.success:
        raise MeasuringError("dbt parse failed")
    nodes: dict[str, int] = {}
    for node in result.result.nodes.values():
        nodes[node.resource_type] = nodes.get(node.resource_type, 0) + 1
    return {
        "cpu_s": round(after[0] - before[0], 3),
        "wall_s": round(after[1] - before[1], 3),
        "nodes": {str(kind): count for kind, count in sorted(nodes.items())},
    }


def build_empty(threads: int) -> dict[str, Any]:
    """In a child: seconds from the end of parsing, and the number of nodes."""
    from dbt.cli.main import dbtRunner

    from benchmarking.sections.build import Listener, spent

    listener = Listener()
    listener.called(spent())
    before = spent()
    arguments = ["--quiet", "--log-level-file", "none", "--no-write-json", "build", "--empty"]
    arguments += ["--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"]
    result = dbtRunner(callbacks=[listener]).invoke(
        [*arguments, "--threads", str(threads), *_project()]
    )
    after = spent()
    nodes = max(1, len(listener.nodes))
    cpu = after[0] - before[0] - listener.startup[0]
    wall = after[1] - before[1] - listener.startup[1]
    return {
        "is_finished": bool(result.success),
        "threads": threads,
        "nodes": nodes,
        "cpu_s": round(cpu, 3),
        "wall_s": round(wall, 3),
        "cpu_ms_a_node": round(1_000 * cpu / nodes, 1),
        "wall_ms_a_node": round(1_000 * wall / nodes, 1),
    }


def _project() -> list[str]:
    return ["--target", "publish", "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
