"""Column lineage of one query, on small tables: every form of SQL that the models use."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

import docs_site
from lineage.query import ROWS, Query, Ref, Relation, UnresolvedError, Value


def declared(name: str, *columns: str) -> Relation:
    refs = [Ref(name, column) for column in columns]
    values = {ref.column: Value(frozenset({ref}), frozenset({ref})) for ref in refs}
    return Relation(values, rows=frozenset({Ref(name, ROWS)}))


TABLES = {
    "events.sends": declared("model.sends", "voter", "client", "sent", "opened", "is_machine"),
    "events.gifts": declared("model.gifts", "voter", "amount", "page"),
    "seeds.kinds": declared("seed.kinds", "kind", "is_human"),
    "seeds.rules": declared("seed.rules", "subject", "rule", "value"),
    "segments.segment_x": declared("model.segment_x", "score"),
}
RULE = "(select r.value from db.seeds.rules as r where r.subject = 'a' and r.rule = 'b')"


def followed(sql: str, column: str) -> set[str]:
    """The columns that a column is computed from, as `table.column`."""
    relation = Query(TABLES, frozenset({"svids"})).resolved(sql)
    return {
        f"{one.relation.partition('.')[2]}.{one.column}" for one in relation.columns[column].refs
    }


@pytest.mark.parametrize(
    ("sql", "column", "expected"),
    [
        ("select opened * 100 / sent as rate from events.sends", "rate", "opened sent"),
        ("with a as (select * from events.sends) select * from a", "client", "client"),
        ("select sent as a, a + opened as b from events.sends", "b", "sent opened"),
        ("select case when is_machine then 0 else opened end as o from events.sends", "o",
         "is_machine opened"),
        ("select count(*) as n from events.sends where sent > 0", "n", "* sent"),
        ("select count(case when opened > 0 then 1 end) as n from events.sends", "n", "* opened"),
        ("with a as (select 1 as one from events.sends) select sum(one) as n from a", "n", "*"),
        ("select sum(sent) as n from events.sends where opened > 0", "n", "sent"),
        ("select max(opened) over (partition by client order by sent) as m from events.sends", "m",
         "opened client sent"),
        ("select client from events.sends as s where exists (select 1)", "client", "client"),
        ("select 'human' as label from events.sends where is_machine = false union all "
         "select 'machine' from events.sends where is_machine", "label", "is_machine"),
        ("select sent as a from events.sends union all by name "
         "select opened as b from events.sends", "b", "opened"),
        ("select n from (values (1), (2)) as numbers(n)", "n", ""),
        ("select n from generate_series(1, 3) as numbers(n)", "n", ""),
        ("select n from events.sends, unnest(sends.opened) as lists(n)", "n", "opened"),
        ("select l.y from events.sends cross join lateral (select sends.sent as y) as l", "y",
         "sent"),
        ("select unnest(svids) as entry", "entry", ""),
        ("with recursive r as (select sent from events.sends union all select sent + 1 from r) "
         "select sent from r", "sent", "sent"),
    ],
)  # fmt: skip
def test_a_column_is_followed_through(sql: str, column: str, expected: str) -> None:
    assert followed(sql, column) == {f"sends.{name}" for name in expected.split()}


def test_a_column_is_followed_through_joins_and_subqueries() -> None:
    joined = "from events.sends as s left join events.gifts as g on s.voter = g.voter"
    assert followed(f"select coalesce(g.amount, s.sent) as x {joined}", "x") == {
        *("gifts.amount", "sends.sent")
    }
    # A left join takes no row away; an inner join does.
    assert followed(f"select count(*) as n {joined}", "n") == {"sends.*"}
    inner = followed(f"select count(*) as n {joined.replace('left', 'inner')}", "n")
    assert inner == {"sends.*", "gifts.*", "sends.voter", "gifts.voter"}
    subquery = (
        "select sent in (select amount from events.gifts where voter > 1) as x from events.sends"
    )
    assert followed(subquery, "x") == {"sends.sent", "gifts.amount", "gifts.voter"}
    assert followed("select page.url as x from events.gifts", "x") == {"gifts.page"}
    assert followed("select * from db.segments.segment_x(svids)", "score") == {"segment_x.score"}
    for name in ("events.gifts", "private.events.gifts"):
        named = f"select amount from query_table(coalesce(getvariable('held'), '{name}'))"
        assert followed(named, "amount") == {"gifts.amount"}
    semi = "select * from events.sends semi join events.gifts on sends.voter = gifts.voter"
    assert "amount" not in Query(TABLES, frozenset()).resolved(semi).columns
    counted = followed(semi.replace("*", "count(*) as n"), "n")
    assert counted == {"sends.*", "sends.voter", "gifts.voter"}


def test_what_is_looked_up_in_a_seed_depends_on_what_it_is_looked_up_by() -> None:
    joined = "from events.sends as s inner join seeds.kinds as k on s.client = k.kind"
    assert followed(f"select k.is_human as x {joined}", "x") == {
        *("kinds.is_human", "kinds.kind", "sends.client")
    }
    # One value of a seed is named by its row.
    assert followed(f"select sent > {RULE} as x from events.sends", "x") == {
        *("sends.sent", "rules.value where subject = 'a' and rule = 'b'")
    }


def test_a_formula_is_kept_until_something_else_is_computed() -> None:
    sql = "with a as (select opened / sent as rate from events.sends) select rate as r from a"
    relation = Query(TABLES, frozenset()).resolved(sql)
    assert relation.columns["r"].formulas == {("a", "opened / sent")}
    assert relation.columns["r"].taken == frozenset()
    passed = Query(TABLES, frozenset()).resolved("select voter from events.sends")
    assert passed.columns["voter"].taken == {Ref("model.sends", "voter")}


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("select nothing from events.sends", "nothing names no column"),
        ("select s.nothing from events.sends as s", "s.nothing names no column"),
        ("select voter from events.unknown", "events.unknown, which is not declared"),
        ("select other.* from events.sends", r"other.* names no relation"),
        ("select a from unknown(svids) as t", "unknown, which is not declared"),
        ("create table x as select 1", "not a query"),
        ("select voter from events.sends union all select voter, sent from events.sends",
         "different numbers of columns"),
    ],
)  # fmt: skip
def test_nothing_is_guessed(sql: str, message: str) -> None:
    with pytest.raises(UnresolvedError, match=message):
        Query(TABLES, frozenset({"svids"})).resolved(sql)


def model(name: str, sql: str, *columns: str) -> dict[str, Any]:
    return {
        **{"unique_id": f"model.{name}", "resource_type": "model", "schema": "marts"},
        **{"name": name, "alias": name, "original_file_path": f"models/{name}.sql", "config": {}},
        **{"columns": {column: {} for column in columns}, "depends_on": {"nodes": []}},
        "compiled_code": sql,
    }


@pytest.mark.parametrize(
    ("models", "message"),
    [
        (None, "there is no {target}/manifest.json: run `make docs`"),
        (
            [model("a", "select x from marts.b", "x"), model("c", "select 1 as y", "z")],
            "no lineage of models/a.sql: it reads marts.b, which is not declared (and 1 more)",
        ),
        (
            [model("c", "select 1 as y", "z")],
            "no lineage of models/c.sql: its YAML and its SQL differ in the columns y, z",
        ),
        ([model("d", "select (", "z")], "no lineage of models/d.sql: "),
        ([model("e", "", "z")], "no lineage of models/e.sql: dbt has not compiled it"),
    ],
)  # fmt: skip
def test_the_docs_stop_with_one_line_at_a_model_that_cannot_be_followed(
    models: list[dict[str, Any]] | None,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if models is not None:
        nodes = {one["unique_id"]: one for one in models}
        content = {"nodes": nodes, "sources": {}, "unit_tests": {}}
        (tmp_path / "manifest.json").write_text(json.dumps(content))
    monkeypatch.setattr(sys, "argv", ["docs_site.py", "--target", str(tmp_path)])
    assert docs_site.main() == 3
    output = capsys.readouterr()
    assert output.out == ""
    (line,) = output.err.splitlines()
    assert line.startswith("docs_site.py: " + message.format(target=tmp_path))
    assert not (tmp_path / "docs_pages").exists()
