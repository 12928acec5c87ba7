"""Segments and other definitions: what a file means, and what is wrong with it (F103)."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path

import duckdb
import jinja2
import pytest

from conftest import PROJECT
from enrichment.definitions.catalog import catalog, seed_rows
from enrichment.definitions.load import Definitions, check, load, rows, tables
from enrichment.definitions.schema import json_schema

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a segment by its name and the lines after the first; returns the folder."""

    def written(name: str, text: str) -> Path:
        file = tmp_path / "definitions" / "segments" / f"{name}.yml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"segment: {name}\n{text}", encoding="utf-8")
        return tmp_path / "definitions"

    return written


def read(folder: Path) -> Definitions:
    found, problems = check(folder)
    assert problems == []
    return found


# ------------------------------------------------------------------------------- what is wrong

BAD = {
    "unknown event": ("who:\n  did: email_clik\n", 3, "'email_clik': did you mean email_click?"),
    "unknown option": (
        "who:\n  did: donation\n  at_leest: 2\n",
        4,
        "unknown key 'at_leest': did you mean at_least?",
    ),
    "unknown field": (
        "who:\n  all:\n    - field: engagement_scor\n      below: 3\n",
        4,
        "unknown field 'engagement_scor': did you mean engagement_score?",
    ),
    "unknown operator": ("who:\n  al:\n    - did: donation\n", 3, "did you mean all?"),
    "unknown segment": ("who:\n  in_segment: brad\n", 3, "'brad': did you mean bad?"),
    "unknown unit": ("who:\n  did: donation\n  within: 30 dayz\n", 4, "unit 'dayz'"),
    "unknown value": (
        "who: {field: risk_class, equals: hihg}\n",
        2,
        "unknown value of risk_class 'hihg': did you mean high?",
    ),
    "unknown status": ("status: activ\nwho: {did: donation}\n", 2, "did you mean active?"),
    "a text for a number": ("who:\n  did: donation\n  at_least: '2'\n", 4, "a whole number"),
    "a word for a number": ("who: {field: engagement_score, equals: high}\n", 2, "is a number"),
    "a bound of a text": ("who: {field: county, at_least: 3}\n", 2, "it has no at_least"),
    "a share above 1": ("who:\n  prefers: taxes\n  at_least: 30\n", 4, "less than or equal to 1"),
    "two leaves in one": ("who:\n  did: donation\n  last: donation\n", 4, "did and last"),
    "bounds the wrong way round": (
        "who:\n  did: donation\n  at_least: 5\n  at_most: 3\n",
        5,
        "at_most 3 is less than at_least 5",
    ),
    "true of everybody": ("who: {did: donation, at_least: 0}\n", 2, "true of everybody"),
    "true of nobody": (
        "who:\n  all:\n    - did: donation\n    - not: {did: donation}\n",
        2,
        "contradict each other",
    ),
    "one step": ("who:\n  in_order: [donation]\n", 3, "more entries"),
    "a list with conditions": ("kind: static\nwho: {did: donation}\n", 3, "segment_lists"),
    "no conditions": ("name: Nobody\n", 1, "needs who"),
    "a sensitive field without a purpose": (
        "who:\n  any:\n    - did: donation\n    - field: party\n      equals: Green\n",
        5,
        "party is sensitive: say in purpose",
    ),
    "a circle of one": ("who:\n  not: {in_segment: bad}\n", 3, "form a circle: bad → bad"),
    "the same key twice": ("who: {did: donation}\nwho: {did: donation}\n", 3, "stands here twice"),
    "no YAML": ("who:\n  did: [donation\n", 4, "is no valid YAML"),
    "a text": ("who: donation\n", 2, "expected a condition"),
    "a year as unit": ("who: {did: donation, within: 1 year}\n", 2, "unknown unit 'year'"),
}


@pytest.mark.parametrize("text", BAD)
def test_a_mistake_is_named_with_its_file_and_line(text: str, write: Write) -> None:
    yaml, line, message = BAD[text]
    _, problems = check(write("bad", yaml))
    assert len(problems) == 1, [str(one) for one in problems]
    assert problems[0].file == "definitions/segments/bad.yml"
    assert message in problems[0].what
    assert problems[0].line == line


def test_a_circle_of_several_is_named(write: Write) -> None:
    write("one", "who: {in_segment: two}\n")
    write("two", "who:\n  all:\n    - did: donation\n    - {in_segment: three}\n")
    _, problems = check(write("three", "who: {not: {in_segment: one}}\n"))
    told = sorted(str(one) for one in problems)
    assert "definitions/segments/one.yml, line 2: " in told[0]
    assert "one → two → three → one" in told[0]
    assert len(told) == 3


def test_files_that_are_no_definitions_are_named(write: Write) -> None:
    folder = write("good", "who: {did: donation}\n")
    (folder / "segments" / "good.yaml").write_text("")
    (folder / "segments" / "other.yml").write_text("segment: another\nwho: {did: donation}\n")
    (folder / "segmnts").mkdir()
    told = [str(one) for one in check(folder)[1]]
    assert told == [
        "definitions/segments/good.yaml, line 1: expected files that end in .yml, "
        "one definition each",
        "definitions/segments/other.yml, line 1: 'another' must be the name of its file: other",
        "definitions/segmnts, line 1: unknown folder 'segmnts': did you mean segments?",
    ]


def test_too_many_combinations_are_refused(write: Write) -> None:
    pairs = "".join(
        f"    - any: [{{did: donation, at_least: {n}}}, {{did: email_click, at_least: {n}}}]\n"
        for n in range(1, 10)
    )
    _, problems = check(write("bad", f"who:\n  all:\n{pairs}"))
    assert "more than 200 combinations" in problems[0].what


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(PROJECT / "scripts" / "segment.py"), *arguments],
        capture_output=True,
        text=True,
        env={"PATH": "", "BEHAVIORAL_DEFINITIONS_DIR": str(folder), "BEHAVIORAL_DATA_DIR": "none"},
        check=False,
    )


def test_a_build_stops_before_it_reads_anything(write: Write) -> None:
    """One line and exit code 2, although there are no extracts either (F103)."""
    folder = write("bad", "who: {did: email_clik}\n")
    write("worse", "who: {did: email_clik}\n")
    for command in (("build",), ("definitions", "explain", "bad")):
        done = run(*command, folder=folder)
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1
        assert "definitions/segments/bad.yml, line 2: unknown event 'email_clik'" in done.stderr
        assert "(and 1 more" in done.stderr
    done = run("definitions", "check", folder=folder)
    assert (done.returncode, done.stderr.count("\n")) == (2, 2)


def test_a_plain_dbt_build_stops_too(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plugin that hands the definitions to dbt checks them when any command starts."""
    from dbt_common.exceptions import DbtRuntimeError

    from enrichment.plugins.session_variables import Plugin

    monkeypatch.setenv("BEHAVIORAL_DEFINITIONS_DIR", str(write("bad", "who: {did: nothing}\n")))
    plugin = Plugin.__new__(Plugin)
    with pytest.raises(DbtRuntimeError, match=r"definitions/segments/bad\.yml, line 2: unknown"):
        plugin.initialize({"key_file": str(tmp_path / "key")})


def test_definitions_are_checked_without_dbt(write: Write) -> None:
    """Neither dbt nor the engine is imported, so that it takes less than a second."""
    code = (
        "import sys; from enrichment.definitions.load import load, rows; rows(load());"
        "print([name for name in sys.modules if name in ('dbt', 'duckdb', 'pandas')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={"PATH": "", "PYTHONPATH": str(PROJECT / "scripts")},
        check=True,
    )
    assert done.stdout.strip() == "[]"


# -------------------------------------------------------------------------------- what a file means


def clauses(found: Definitions, name: str) -> set[tuple[str, ...]]:
    """The clauses of a segment, in words."""
    words = {row[0]: row[-1] for row in rows(found)["criteria"]}
    made: dict[int, list[str]] = {}
    for _, of, number, criterion, _, size in rows(found)["clauses"]:
        if of == name:
            made.setdefault(number, []).append(words[criterion])
            assert size >= len(made[number])
    return {tuple(one) for one in made.values()}


def test_not_is_pushed_to_the_leaves(write: Write) -> None:
    folder = write(
        "some",
        "who:\n  not:\n    any:\n      - did: email_click\n      - not: {did: donation}\n",
    )
    assert clauses(read(folder), "some") == {("no e-mail click", "1 or more gifts")}


def test_segments_in_segments_are_written_out(write: Write) -> None:
    """The same conditions in other words have one hash, and each is computed once."""
    write("inner", "who: {did: donation, at_least: 1}\n")
    write("outer", "who:\n  all:\n    - {in_segment: inner}\n    - did: email_click\n")
    folder = write("plain", "who:\n  all:\n    - did: email_click\n    - did: [donation]\n")
    found = read(folder)
    made = rows(found)
    hashes = {row[1]: row[-1] for row in made["definitions"]}
    assert hashes["outer"] == hashes["plain"] != hashes["inner"]
    assert len(made["criteria"]) == 2


def test_the_hash_ignores_what_changes_nobody(write: Write) -> None:
    folder = write("some", "name: A\nowner: me\nwho: {field: county, one_of: [Dane, Door]}\n")
    before = rows(read(folder))["definitions"][0][-1]
    write("some", "name: B\nowner: you\nwho:\n  all: [{field: county, one_of: [Door, Dane]}]\n")
    assert rows(read(folder))["definitions"][0][-1] == before
    write("some", "name: B\nowner: you\nwho: {field: county, equals: Door}\n")
    assert rows(read(folder))["definitions"][0][-1] != before


def test_a_static_segment_is_the_list_of_its_name(write: Write) -> None:
    write("vips", "kind: static\n")
    folder = write("others", "who: {all: [{did: donation}, {not: {in_segment: vips}}]}\n")
    found = read(folder)
    assert clauses(found, "vips") == {("on the list vips",)}
    assert clauses(found, "others") == {("1 or more gifts", "not: on the list vips")}


def test_drafts_and_paused_segments_have_no_clauses(write: Write) -> None:
    write("drafted", "status: draft\nwho: {did: donation}\n")
    write("paused", "status: paused\nwho: {did: donation}\n")
    found = read(write("live", "who: {in_segment: paused}\n"))
    assert {row[1] for row in rows(found)["clauses"]} == {"live"}
    assert len(rows(found)["definitions"]) == 3


def test_the_example_of_the_design_is_read(write: Write) -> None:
    write("warm_never_gave", "who: {all: [{did: email_click}, {not: {did: donation}}]}\n")
    folder = write(
        "quiet_givers",
        """name: Givers who go quiet
description: Gave 500 in a year, no act for two months, likely to go.
owner: fundraising
status: active
kind: dynamic
tags: [win-back]
who:
  all:
    - total_of: donation
      at_least: 500
      within: 365 days
    - last: [email_click, page_view]
      more_than_ago: 60 days
    - any:
        - {field: churn_probability_score, at_least: 0.6}
        - {field: engagement_score, below: 25}
    - in_order: [email_click, form_start]
      within: 14 days
      during: 120 days
      but_not: form_submit
    - not: {in_segment: warm_never_gave}
""",
    )
    found = read(folder)
    assert (
        "gifts of 500 or more in 365 days",
        "last e-mail click or page view more than 60 days ago",
        "engagement score below 25",
        "e-mail click, then form start within 14 days in 120 days, and no sent form after that",
        "1 or more gifts",
    ) in clauses(found, "quiet_givers")
    events = {row[3] for row in rows(found)["criterion_values"] if row[1] == "event"}
    assert "refund" in events, "gifts are net of refunds"


def test_the_shipped_definitions_are_right() -> None:
    found = load(PROJECT / "definitions")
    assert len(found.of("segment")) >= 12


def test_the_schema_names_the_words() -> None:
    schema = json.dumps(json_schema(catalog({"segment": frozenset({"warm"})})))
    for word in ("email_click", "engagement_score", "warm", "in_order"):
        assert f'"{word}"' in schema
    assert "x-words" not in schema


def test_every_event_type_is_a_word() -> None:
    types = {row["event_type"] for row in seed_rows("event_types")}
    assert types <= set(catalog({}).events)


def test_the_fields_of_the_seed_are_those_of_the_sql() -> None:
    """Each field stands in the macro with the mart, the column and the type of the seed."""
    text = (PROJECT / "macros" / "segment_fields.sql").read_text()
    found = re.findall(r"when '(\w+)' then (?:cast\()?(\w+)\.(\w+)(?: as (\w+))?", text)
    types = {"double": "number", "varchar": "boolean"}
    dates = text[text.index("end as value_number") : text.index("end as value_date")]
    made = [
        (name, mart, column, types.get(cast) or ("date" if f"'{name}'" in dates else "text"))
        for name, mart, column, cast in found
    ]
    with (PROJECT / "seeds" / "segment_fields.csv").open(newline="") as file:
        seed = [
            (row["field"], row["mart"], row["column_name"], row["type"])
            for row in csv.DictReader(file)
        ]
    assert sorted(made) == sorted(seed)


# --------------------------------------------------------------------------------------- the spells


FIRST = {
    "segment_sizes": "select null::varchar as segment, null::date as as_of_date,"
    " null::varchar as definition_hash, null::bigint as people where false",
    "segment_spells": "select null::varchar as segment, null::varchar as state,"
    " null::varchar as svid, null::date as entered_on, null::varchar as entered_by,"
    " null::date as left_on, null::varchar as left_by where false",
}
"""What the macros give without an earlier build."""


class History:
    """The two models that carry the history, built day after day on relations of their own."""

    def __init__(self) -> None:
        self.con = duckdb.connect()
        self.con.execute(
            "create table key_voters as select 'WI' as state, unnest(split('ABCD','')) as svid"
        )
        self.published: dict[str, list[tuple[object, ...]]] = {}

    def build(self, day: int, members: str, definition_hash: str | None) -> None:
        """Builds a day; without a hash the segment's file is gone."""
        con = self.con
        con.execute(
            f"create or replace table key_clock as select date '2026-06-{day:02}' as as_of_date"
        )
        con.execute(
            "create or replace table stg_definitions__definitions as select 'segment' as kind,"
            " 'some' as name, 'active' as status, ? as definition_hash where ? is not null",
            [definition_hash, definition_hash],
        )
        con.execute(
            "create or replace table audience_members as select 'segment' as kind, 'some' as name,"
            " 'WI' as state, unnest(?::varchar[]) as svid",
            [list(members)],
        )
        self._make("segment_sizes", "segment, as_of_date, definition_hash, people")
        columns = "segment, state, svid, entered_on, entered_by, left_on, left_by"
        self._make("segment_spells", columns)

    def _make(self, model: str, columns: str) -> None:
        con = self.con
        last = f"select {columns} from last_{model}"
        if model not in self.published:
            last = FIRST[model]
        sql = jinja2.Template((PROJECT / f"models/marts/segments/{model}.sql").read_text()).render(
            ref=lambda name: name,
            invocation_id="this",
            rule_value=lambda *_: "11",
            last_segment_sizes=lambda: last,
            last_segment_spells=lambda: last,
        )
        con.execute(f"create or replace table {model} as {sql}")
        self.published[model] = con.execute(f"select * from {model} order by all").fetchall()
        con.execute(f"create or replace table last_{model} as select * from {model}")

    def spells(self) -> Iterable[tuple[str, int, str, int | None, str | None]]:
        """Voter, first day, reason, first day after it, reason."""
        for _, _, svid, entered_on, entered_by, left_on, left_by, _ in sorted(
            self.published["segment_spells"], key=lambda row: (row[2], row[3])
        ):
            assert isinstance(entered_on, date)
            left = left_on.day if isinstance(left_on, date) else None
            yield str(svid), entered_on.day, str(entered_by), left, left_by and str(left_by)  # type: ignore[misc]


def test_spells_of_five_days() -> None:
    """Late data corrects a day, a definition changes, and in the end its file is gone (F92)."""
    history = History()
    history.build(1, "AB", "old")
    history.build(2, "BC", "old")
    history.build(2, "ABC", "old")
    history.build(3, "CD", "new")
    history.build(4, "ACD", "new")
    before = dict(history.published)
    history.build(4, "ACD", "new")
    assert history.published == before, "a day that is built again gives the same rows"
    history.build(5, "", None)
    assert list(history.spells()) == [
        ("A", 1, "first_build", 3, "definition"),
        ("A", 4, "behavior", 5, "segment_removed"),
        ("B", 1, "first_build", 3, "definition"),
        ("C", 2, "behavior", 5, "segment_removed"),
        ("D", 3, "definition", 5, "segment_removed"),
    ]
    history.build(6, "", None)
    history.build(7, "A", "new")
    assert list(history.spells())[2] == ("A", 7, "definition", None, None)


def test_spells_of_the_erased_are_deleted() -> None:
    history = History()
    history.build(1, "AB", "old")
    history.con.execute("delete from key_voters where svid = 'A'")
    history.build(2, "B", "old")
    assert list(history.spells()) == [("B", 1, "first_build", None, None)]


def test_the_tables_have_the_columns_of_the_source() -> None:
    """The staging models declare what the plugin hands over."""
    import yaml

    declared = {}
    for path in (PROJECT / "models" / "staging" / "definitions").glob("*.yml"):
        for source in yaml.safe_load(path.read_text()).get("sources", []):
            for table in source["tables"]:
                columns = {column["name"]: column["data_type"] for column in table["columns"]}
                declared[table["name"]] = columns
    assert declared == {name: dict(columns) for name, columns in tables().items()}
