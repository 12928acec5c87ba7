"""The rates as metrics of MetricFlow: each one is what its mart says, row by row.

Packages of the extra `metrics` answer here, from a copy of the folder `metrics`, which dbt parses.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from enrichment import contracts
from rendering import metrics

PROJECT = Path(__file__).resolve().parents[2]
ASK = """
import datetime, json, sys
from pathlib import Path
import duckdb
from dbt.cli.main import dbtRunner
from dbt_metricflow.cli.cli_configuration import CLIConfiguration
from metricflow.engine.metricflow_engine import MetricFlowQueryRequest
from rendering import metrics

project, database = Path(sys.argv[1]), sys.argv[2]
folders = ["--project-dir", str(project), "--profiles-dir", str(project)]
parsed = dbtRunner().invoke(["--quiet", "--warn-error", "parse", *folders])
assert parsed.success, parsed.exception
layer = CLIConfiguration()
layer.setup(project, project, configure_file_logging=False)


def plain(value):
    if isinstance(value, datetime.datetime):
        value = value.date()
    return str(value) if isinstance(value, datetime.date) else value


def number(value):
    return None if value is None else float(value)


def table(rows, keys):
    return sorted(
        (list(map(plain, row[:keys])), list(map(number, row[keys:]))) for row in rows
    )


found = {}
with duckdb.connect(database, config={"access_mode": "READ_ONLY"}) as con:
    for rated in metrics.rated_tables():
        name, by, time = rated["table"], rated["by"], rated.get("time", {})
        key = sorted(metrics.tables()[name].key, key=lambda column: column != time.get("column"))
        groups = [
            f"metric_time__{time['grain']}" if column == time.get("column") else f"{by}__{column}"
            for column in key
        ]
        asked = MetricFlowQueryRequest.create(
            metric_names=[f"{rate}_by_{by}" for rate in rated["rates"]], group_by_names=groups
        )
        answer = layer.mf.query(asked).result_df
        rows = con.execute(
            f"select {', '.join([*key, *rated['rates']])} from marts.{name}"
        ).fetchall()
        found[name] = [table(answer.rows, len(key)), table(rows, len(key))]
print("ANSWER" + json.dumps(found))
"""


def test_each_rate_of_metricflow_is_that_of_its_mart(sample_database: Path, tmp_path: Path) -> None:
    project = tmp_path / "metrics"
    left_out = shutil.ignore_patterns("target", "logs")
    shutil.copytree(PROJECT / "metrics", project, ignore=left_out)
    run = subprocess.run(
        [sys.executable, "-c", ASK, str(project), str(sample_database)],
        env=os.environ
        | {
            "BEHAVIORAL_DB": str(sample_database),
            "DBT_TARGET_PATH": str(project / "target"),
            "DBT_LOG_PATH": str(project / "logs"),
            "PYTHONPATH": f"{PROJECT / 'scripts'}:{PROJECT / 'tools'}",
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    found = json.loads(run.stdout.rpartition("ANSWER")[2])
    assert set(found) == {rated["table"] for rated in metrics.rated_tables()}
    assert {name: rows for name, (rows, _) in found.items() if not rows} == {}
    for name, (of_metricflow, of_mart) in found.items():
        assert of_metricflow == of_mart, name


def test_metricflow_has_every_rate_of_groups() -> None:
    """A rate of a table about groups, beside its numerator and denominator, is a metric."""
    elsewhere = {  # rates of other rows, repeated for readers
        *("segment_overview.engagement_rate", "segment_overview.file_engagement_rate"),
        "segment_performance.file_engagement_rate",
    }
    known = {rated["table"]: set(rated["rates"]) for rated in metrics.rated_tables()}
    missing = [
        f"{name}.{column}"
        for name, relation in contracts.relations("marts").items()
        if not relation.is_about_single_people
        for column in relation.columns
        if re.search(r"^(?!is_).*(?:_rate$|_per_100_)", column)
        and column not in known.get(name, set())
        and f"{name}.{column}" not in elsewhere
    ]
    assert missing == []


@pytest.mark.parametrize("folder", ["models", "seeds", "macros"])
def test_the_build_has_no_semantic_model(folder: str) -> None:
    """A build neither parses the metrics nor needs the packages of the extra."""
    words = re.compile(r"^(?:semantic_models|metrics|saved_queries):", re.MULTILINE)
    files = [file for file in (PROJECT / folder).rglob("*.yml") if words.search(file.read_text())]
    assert files == []
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())
    assert project["model-paths"] == ["models"]
