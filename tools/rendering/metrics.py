"""The catalogue of metrics: docs/metrics.md, and the project for MetricFlow in `metrics/models/`.

Both are made from `metrics/catalogue.yml`, `metrics/rates.yml` and the contracts of the tables,
without a database: a meaning, a column and a grain are written once, beside the table.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from enrichment.contracts import resolved
from enrichment.paths import PROJECT

FOLDER = PROJECT / "metrics"
MODELS = PROJECT / "models"
_LONGEST = 260
_HEAD = """# Every metric

One line per metric: the question that it answers, its formula in words and in SQL, the numbers that
can be changed (a seed in `seeds/`, or a var of `dbt_project.yml`), the table that has it, and the
test that proves it. A metric has one name everywhere: the column, the macro and the block in
`models/metrics.md`, which gives the full meaning.

`make docs/metrics.md` makes this page from `metrics/catalogue.yml` and the descriptions of the
columns. To change a line, change one of these and run it again. Unit tests are in `.yml` files
beside the model; truth tables of macros are in `tests/macros/`. The rates of groups are also
metrics of MetricFlow: [bi.md](bi.md) says how to ask for them.
"""
_COLUMNS = ("metric", "question", "formula", "numbers", "mart", "test")
_MADE = "# Made by `make docs/metrics.md` from metrics/rates.yml and the contracts: do not edit."


class Metric(NamedTuple):
    """A metric of a table: what it says, and where its formula, numbers and tests are."""

    subject: str
    name: str
    question: str
    table: str
    meaning: str
    formula: tuple[str, ...]
    numbers: tuple[str, ...]
    tests: tuple[str, ...]


class Table(NamedTuple):
    """A table as its contract has it: columns with types and meanings, and the grain."""

    columns: dict[str, tuple[str, str]]
    key: tuple[str, ...]


@cache
def tables() -> dict[str, Table]:
    """Every model by name, of any layer, with what its YAML says about its columns."""
    return {
        model["name"]: _table(model)
        for file in sorted(MODELS.rglob("*.yml"))
        for model in (yaml.load(file.read_text("utf-8"), yaml.CSafeLoader) or {}).get("models", [])
    }


def _table(model: dict[str, Any]) -> Table:
    columns = {
        column["name"]: (str(column.get("data_type", "")), resolved(column.get("description")))
        for column in model.get("columns", [])
    }
    key = [
        column["name"]
        for column in model.get("columns", [])
        if any(rule["type"] == "primary_key" for rule in column.get("constraints", []))
    ]
    for rule in model.get("constraints") or (model.get("config") or {}).get("constraints") or []:
        if rule["type"] == "primary_key":
            key = rule["columns"]
    return Table(columns, tuple(key))


def catalogue() -> Iterator[Metric]:
    """The metrics in the order of the page."""
    for part in yaml.safe_load((FOLDER / "catalogue.yml").read_text("utf-8")):
        for group in part["metrics"]:
            for name in group["names"]:
                yield Metric(
                    subject=part["subject"],
                    name=name,
                    question=group["question"],
                    table=group["table"],
                    meaning=tables()[group["table"]].columns[name][1],
                    formula=tuple(group["formula"]),
                    numbers=tuple(group.get("numbers", ())),
                    tests=tuple(group["tests"]),
                )


def _shortened(text: str) -> str:
    """The first sentences of a meaning, as many as a cell holds."""
    sentences = text.replace("|", "/").split(". ")
    kept = sentences[0]
    for sentence in sentences[1:]:
        if len(kept) + len(sentence) > _LONGEST:
            break
        kept += f". {sentence}"
    return kept if kept.endswith(".") else f"{kept}."


def _files(paths: tuple[str, ...]) -> str:
    return ", ".join(f"`{path}`" for path in paths) or "-"


def page_text() -> str:
    """The page as Markdown."""
    lines = [_HEAD]
    subject = ""
    for metric in catalogue():
        if metric.subject != subject:
            subject = metric.subject
            lines += [
                *([] if len(lines) == 1 else [""]),
                f"## {subject}\n",
                f"| {' | '.join(_COLUMNS)} |",
                "|---" * len(_COLUMNS) + "|",
            ]
        lines.append(
            f"| `{metric.name}` | {metric.question} | {_shortened(metric.meaning)} "
            f"{_files(metric.formula)} | {_files(metric.numbers)} | `{metric.table}` "
            f"| {_files(metric.tests)} |"
        )
    return "\n".join(lines) + "\n"


# ------------------------------------------------------------------------------------ MetricFlow


@cache
def rated_tables() -> tuple[dict[str, Any], ...]:
    """The tables whose rates MetricFlow knows, as `metrics/rates.yml` has them."""
    return tuple(yaml.safe_load((FOLDER / "rates.yml").read_text("utf-8")))


def _measures(rated: dict[str, Any]) -> dict[str, str]:
    """The sums that the rates of a table divide: their names, with their SQL."""
    found = {}
    for name, rate in rated["rates"].items():
        for side in ("part", "whole"):
            sql = rate[side]
            label = sql if sql.isidentifier() else f"{name}_whole"
            if "only" in rate:
                sql = f"case when {rate['only']} then {sql} end"
            found[label] = sql
    return found


def _dimensions(rated: dict[str, Any], table: Table) -> list[dict[str, Any]]:
    time = rated.get("time")
    dimensions: list[dict[str, Any]] = [
        {
            "name": time["column"] if time else "as_of_date",
            "type": "time",
            # Without a time of its own a row is as of the day to which the build counts.
            **({} if time else {"expr": "(select max(as_of_date) from marts.build_info)"}),
            "type_params": {"time_granularity": time["grain"] if time else "day"},
        }
    ]
    for name, (kind, _) in table.columns.items():
        if name in ("build_id", dimensions[0]["name"]):
            continue
        if name in table.key or kind in ("varchar", "boolean", "date"):
            dimensions.append({"name": name, "type": "categorical"})
    return dimensions


def _metrics(rated: dict[str, Any], table: Table) -> Iterator[dict[str, Any]]:
    by = rated["by"]
    for measure in _measures(rated):
        yield {
            "name": f"{measure}_by_{by}",
            "label": f"{measure} by {by}".replace("_", " "),
            "description": table.columns.get(measure, ("", ""))[1] or f"The whole of {measure}.",
            "type": "simple",
            "type_params": {"measure": f"{measure}_by_{by}"},
        }
    for name, rate in rated["rates"].items():
        part = f"{rate['part']}_by_{by}"
        whole = f"{rate['whole'] if rate['whole'].isidentifier() else f'{name}_whole'}_by_{by}"
        quotient = f"cast({part} as double)"
        if "times" in rate:
            quotient += f" * {rate['times']}"
        quotient += f" / nullif(cast({whole} as double), 0)"
        yield {
            "name": f"{name}_by_{by}",
            "label": f"{name} by {by}".replace("_", " "),
            "description": table.columns[name][1],
            "type": "derived",
            "type_params": {
                "expr": f"round({quotient}, {rate['places']})" if "places" in rate else quotient,
                "metrics": [part, whole],
            },
        }


def semantic_files() -> dict[Path, str]:
    """The files of `metrics/models/marts/`: of each table its name, and its YAML of MetricFlow."""
    files = {}
    for rated in rated_tables():
        name, table = rated["table"], tables()[rated["table"]]
        dimensions = _dimensions(rated, table)
        content = {
            "semantic_models": [
                {
                    "name": name,
                    "model": f"ref('{name}')",
                    "defaults": {"agg_time_dimension": dimensions[0]["name"]},
                    "primary_entity": rated["by"],
                    "dimensions": dimensions,
                    "measures": [
                        {"name": f"{measure}_by_{rated['by']}", "agg": "sum", "expr": sql}
                        for measure, sql in _measures(rated).items()
                    ],
                }
            ],
            "metrics": list(_metrics(rated, table)),
        }
        text = yaml.safe_dump(content, sort_keys=False, width=110, allow_unicode=True)
        folder = FOLDER / "models" / "marts"
        files[folder / f"{name}.yml"] = f"{_MADE}\n{text}"
        files[folder / f"{name}.sql"] = f"select * from marts.{name}\n"
    return files


def write_page(page: Path) -> None:
    """Writes the page, and the files of MetricFlow if the page is the committed one."""
    page.write_text(page_text(), encoding="utf-8")
    if page.parent == PROJECT / "docs":
        made = semantic_files()
        for file in [*(FOLDER / "models" / "marts").glob("*.*")]:
            if file not in made:
                file.unlink()
        for file, text in made.items():
            file.write_text(text, encoding="utf-8")
