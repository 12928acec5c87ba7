"""The pages say what is there: the README, docs/metrics.md, docs/marts.md, links between pages."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest
import yaml

from doc_tables import cells, quoted
from rendering import marts
from rendering import metrics as catalogue
from sample_data.pairs import opened

PROJECT = Path(__file__).resolve().parents[2]
README = PROJECT / "README.md"
METRICS = PROJECT / "docs" / "metrics.md"
PAGES = sorted([*PROJECT.glob("*.md"), *PROJECT.glob("docs/*.md")])

HEAD = ["metric", "question", "formula", "numbers", "mart", "test"]
PUBLIC_METRICS = (
    *("open_rate", "click_to_open_rate", "click_rate", "bounce_rate", "unsub_rate"),
    *("complaint_rate", "campaigns_engaged", "clients_engaged", "affinity_score"),
    *("affinity_score_adjusted", "affinity_lift", "donor_propensity_score", "similarity"),
    *("similarity_score", "credit", "donors_per_100_clickers", "coverage_rate", "q_value"),
)


@pytest.fixture(scope="session")
def metrics() -> list[list[str]]:
    """The rows of the tables of docs/metrics.md, as cells under HEAD."""
    rows = [cells(line) for line in METRICS.read_text().splitlines() if line.startswith("|")]
    assert rows.count(HEAD) >= 1
    assert {len(row) for row in rows} == {len(HEAD)}
    return [row for row in rows if row != HEAD and set("".join(row)) != {"-"}]


@pytest.fixture(scope="session")
def tables(sample_database: Path) -> dict[str, set[str]]:
    """Columns of every table, view and table function, by name without schema."""
    found: dict[str, set[str]] = {}
    with opened(sample_database) as con:
        for table, column in con.execute(
            "select table_name, column_name from duckdb_columns() where not internal"
        ).fetchall():
            found.setdefault(table, set()).add(column)
    for file in (PROJECT / "models" / "segments").glob("*.yml"):
        for model in yaml.safe_load(file.read_text())["models"]:
            found[model["name"]] = {column["name"] for column in model["columns"]}
    return found


# ------------------------------------------------------------------------------------ the README


def test_the_readme_is_short() -> None:
    text = README.read_text()
    assert len(text.split()) <= 1000
    assert len(text.splitlines()) <= 150
    assert [line for line in text.splitlines() if len(line) > 200] == []


def test_links_lead_somewhere() -> None:
    broken = []
    for page in PAGES:
        for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
            path = link.partition("#")[0]
            if "://" not in link and path and not (page.parent / path).exists():
                broken.append(f"{page.name}: {link}")
    assert broken == []


def test_the_readme_names_existing_files() -> None:
    """Names with a folder, except files that a build makes."""
    made = ("warehouse/", "target/", "data/")
    names = [
        name
        for name in quoted(README.read_text())
        if re.fullmatch(r"[\w./-]+/[\w./-]*", name) and not name.startswith(made)
    ]
    assert names != []
    assert [name for name in names if not (PROJECT / name).exists()] == []


# ------------------------------------------------------------------------------------- BI tools


def test_functions_say_what_they_answer(sample_database: Path) -> None:
    """Every table function has its description as a comment, which BI tools show."""
    with opened(sample_database) as con:
        found = dict(
            con.execute(
                "select function_name, comment from duckdb_functions() "
                "where schema_name = 'segments' and not internal"
            ).fetchall()
        )
    for file in (PROJECT / "models" / "segments").glob("*.yml"):
        for model in yaml.safe_load(file.read_text())["models"]:
            comment = " ".join((found[model["name"]] or "").split())
            assert comment.startswith(" ".join(model["description"].split())[:40]), model["name"]


def test_functions_work_under_the_name_of_the_database_only(
    sample_database: Path, tmp_path: Path
) -> None:
    """docs/bi.md: a copy with another name answers when it is attached as behavioral."""
    copy = tmp_path / "copy.duckdb"
    copy.hardlink_to(sample_database)
    ask = "select requested from {}.segments.segment_summary(['WI:1', '2'])"
    with duckdb.connect() as con:
        con.execute(f"attach '{copy}' as behavioral (read_only)")
        assert con.execute(ask.format("behavioral")).fetchall() == [(2,)]
    with duckdb.connect() as con:
        con.execute(f"attach '{copy}' as other (read_only)")
        assert con.execute("select count(*) > 0 from other.marts.client_affinity").fetchall() == [
            (True,)
        ]
        with pytest.raises(duckdb.CatalogException, match="behavioral"):
            con.execute(ask.format("other"))


# ------------------------------------------------------------------------------- docs/metrics.md


def test_metrics_are_columns_of_their_table(
    metrics: list[list[str]], tables: dict[str, set[str]]
) -> None:
    unknown = []
    for row in metrics:
        names, places = quoted(row[0]), quoted(row[4])
        assert names, f"no column is named in {row[0]}"
        assert places, f"{row[0]}: no table"
        columns = set().union(*(tables.get(place, set()) for place in places))
        unknown += [f"{name} in {row[4]}" for name in names if name not in columns]
        unknown += [place for place in places if place not in tables]
    assert unknown == []


def test_the_page_of_metrics_is_up_to_date() -> None:
    """If not: `make docs/metrics.md`."""
    assert METRICS.read_text() == catalogue.page_text()
    made = catalogue.semantic_files()
    folder = PROJECT / "metrics" / "models" / "marts"
    assert {file for file in folder.iterdir() if file.suffix in (".sql", ".yml")} == set(made)
    assert [file.name for file, text in made.items() if file.read_text() != text] == []


def test_metrics_name_existing_files() -> None:
    wrong = []
    for metric in catalogue.catalogue():
        assert metric.question.endswith("?"), metric.name
        assert metric.meaning, f"{metric.name}: no meaning"
        files = (*metric.formula, *metric.numbers, *metric.tests)
        wrong += [name for name in files if not (PROJECT / name).is_file()]
        wrong += [name for name in metric.formula if not name.startswith(("macros/", "models/"))]
        wrong += [
            name
            for name in metric.numbers
            if not name.startswith("seeds/") and name != "dbt_project.yml"
        ]
        wrong += [
            name
            for name in metric.tests
            if not name.startswith("tests/")
            and "unit_tests:" not in (PROJECT / name).read_text()
            and "data_tests:" not in (PROJECT / name).read_text()
        ]
    assert wrong == []


def test_the_formula_and_a_test_name_the_metric() -> None:
    """A file that does not say the name of the metric is not its formula, or not its test."""
    unnamed = []
    for metric in catalogue.catalogue():
        for files in (metric.formula, metric.tests):
            texts = [(PROJECT / file).read_text() for file in files]
            if not any(re.search(rf"\b{metric.name}\b", text) for text in texts):
                unnamed.append(f"{metric.name}: {', '.join(files)}")
    assert unnamed == []


def test_the_numbers_of_a_metric_are_read_where_it_is_made() -> None:
    """A seed or var is read by the table of the metric, or by something that it is made from."""
    sql = {file.stem: file.read_text() for file in (PROJECT / "models").rglob("*.sql")}
    everywhere = [
        *PROJECT.glob("macros/*.sql"),
        *PROJECT.glob("scripts/enrichment/definitions/*.py"),
    ]
    macros = "\n".join(file.read_text() for file in everywhere)

    def is_read(seed: str, table: str, seen: set[str]) -> bool:
        seen.add(table)
        text = sql.get(table, "")
        parents = set(re.findall(r"\bref\('(\w+)'\)", text)) - seen
        named = seed in text if seed != "rules" else "rule_value(" in text
        return named or any(is_read(seed, parent, seen) for parent in parents if parent in sql)

    unread = [
        f"{metric.name}: {number}"
        for metric in catalogue.catalogue()
        for number in metric.numbers
        if number != "dbt_project.yml"
        and Path(number).stem not in macros
        and not is_read(Path(number).stem, metric.table, set())
    ]
    assert unread == []


def test_every_public_metric_has_a_line(metrics: list[list[str]]) -> None:
    listed = {name for row in metrics for name in quoted(row[0])}
    assert [name for name in PUBLIC_METRICS if name not in listed] == []


def test_every_score_and_rate_of_a_mart_has_a_line(
    metrics: list[list[str]], tables: dict[str, set[str]]
) -> None:
    """Columns named `…_score` or `…_rate`, except means of a score over a group."""
    listed = {name for row in metrics for name in quoted(row[0])}
    measures = {
        column
        for file in (PROJECT / "models" / "marts").rglob("*.sql")
        for column in tables[file.stem]
        if re.fullmatch(r"(?!average_|mean_|is_)\w+_(?:score|rate)", column)
    }
    assert sorted(measures - listed) == []


# --------------------------------------------------------------------------------- docs/marts.md


def test_the_page_of_tables_is_up_to_date() -> None:
    """If not: `make docs/marts.md`."""
    assert (PROJECT / "docs" / "marts.md").read_text() == marts.page_text()


def test_the_page_of_tables_has_every_published_model() -> None:
    text = marts.page_text()
    models = [
        file.stem
        for folder in ("marts", "quarantine", "segments")
        for file in (PROJECT / "models" / folder).rglob("*.sql")
    ]
    assert [name for name in models if not re.search(rf"\[`{name}[`(]", text)] == []
