"""The runner against a stand-in database: commands, formats, exit codes, publishing.

The stand-in has the table functions of ``segments`` as plain macros over three people; what the
real functions compute is tested with the models.
"""

from __future__ import annotations

import csv
import fcntl
import io
import json
import os
import pty
import re
import shlex
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import segment
from enrichment import code_version, contracts, dbt_build, paths, publish
from enrichment.analysis import PARTS
from enrichment.database import Database
from enrichment.errors import BuildError, DatabaseError, InputError

PROJECT = Path(__file__).resolve().parents[2]
SCRIPTS = PROJECT / "scripts"

PEOPLE = """
select * from (values
    ('WI', '0012345', '1', 'Dane', 'D', 'F', '35-44', 2, 4, 9, true, 2, true,
        date '2025-06-01', date '2025-06-20'),
    ('WI', '0000001', '2', '=Dane', null, null, 'unknown', 0, 0, 0, false, 0, false, null, null),
    ('MN', '0000001', '3', '-5', 'R', 'M', '65+', 1, 1, 3, true, 0, false, null, date '2025-06-10')
) as people(
    state, svid, person_id, county, party, gender, age_band, campaigns_engaged, total_clicks,
    total_opens, is_clicker, donation_count, is_donor, last_donation_date, last_engagement_date
)
"""
REQUESTED = """
with requested as (
    select distinct trim(svid) as requested_svid from (select unnest(svids) as svid)
    where trim(svid) <> ''
),
matched as (
    select requested_svid, people.*, coalesce(people.svid, '') <> '' as is_known
    from requested left join {catalog}.marts.enriched_profiles as people
        on requested_svid in (people.svid, people.state || ':' || people.svid)
)
"""
FUNCTIONS = {
    "segment_profile(svids)": """
        select * exclude (is_known),
            case when is_known then 'with_behavior' else 'unknown' end as link_status
        from matched""",
    "segment_summary(svids)": """
        select count(*) as requested, count(*) filter (is_known) as known, 50.0 as coverage_rate
        from matched""",
    "segment_forms(svids)": """
        select 'as_given' as form, count(*) as requested, count(*) filter (is_known) as known_ids
        from matched
        union all
        select 'leading_zeros' as form, count(*) as requested,
            count(*) filter (not is_known and ltrim(requested_svid, '0') = '12345') as known_ids
        from matched
        union all
        select 'letter_case' as form, count(*) as requested, 0 as known_ids from matched""",
    "segment_deviation(svids, deviation_threshold := 0.1)": """
        select 'county' as attribute, 'Dane' as value, 1.0 as segment_share,
            0.25 as baseline_share, 0.75 as difference, 0.01 as q_value,
            0.75 >= deviation_threshold as is_flagged, 'nan'::double as ci_low
        from (select count(*) from matched)""",
    "segment_affinity(svids, top_n := null)": """
        select * from (values (1, 'acme', 12.5), (2, '@home', null))
            as clients(affinity_rank, client_shortname, affinity_score)
        where affinity_rank <= coalesce(top_n, 100) and (select count(*) from matched) >= 0""",
    "segment_propensity(svids, threshold := 0.0)": """
        select requested_svid, state, svid, case when is_known then 0.7 end
            as donor_propensity_score,
            case when svid = '0012345' then 0.25 end as gift_probability,
            case when is_known then cast(svid as bigint) end as gift_rank,
            case when is_known then 'with_behavior' else 'unknown' end as link_status
        from matched where threshold <= 0 or is_known and 0.7 >= threshold""",
    "segment_health(svids)": """
        select date '2025-06-02' + (range * 7)::int as week_start, range as sends
        from range((select 3 from (select count(*) from matched)))""",
    "segment_lookalike(svids, expansion_size := 1000, min_similarity := 0.0)": """
        select row_number() over (order by svid) as rank, state, svid, 0.5 as similarity
        from {catalog}.marts.enriched_profiles as people
        where not exists (select * from matched where matched.svid = people.svid)
            and 0.5 >= min_similarity
        order by rank limit expansion_size""",
    "segment_lookalike_check(svids)": """
        select * from (values (0.01, 1.5, 0.75, 2.25, 'no_lift'), (0.1, 2.96, 2.04, 3.5, 'lift'),
            (0.2, null, null, null, 'insufficient_data'))
            as checks(k_share, lift, lift_low, lift_high, verdict)
        where (select count(*) from matched) >= 0""",
    "segment_attribution(svids)": """
        select campaigns.* from {catalog}.marts.campaign_attribution as campaigns
        where (select count(*) from matched) >= 0""",
    "segment_scores(svids)": """
        select requested_svid, state, svid, person_id,
            case when is_known then 'with_behavior' else 'unknown' end as link_status,
            case when is_known then 74.5 end as engagement_score,
            case when is_known then 'stable' end as engagement_tier,
            case when is_known then 0.1 end as recent_score,
            case when is_known then 1.5 end as interest_score,
            case when is_known then 2.5 end as intent_score,
            case when is_known then 9.5 end as activity_score,
            case when is_known then 0.25 end as gift_probability,
            case when is_known then 'repeat' end as gift_probability_basis,
            case when is_known then 'no_better' end as gift_verdict
        from matched""",
    "segment_lifecycle(svids)": """
        select requested_svid, state, svid, person_id,
            case when is_known then 'with_behavior' else 'unknown' end as link_status,
            case when is_known then 'veteran' end as lifecycle_stage,
            case when is_known then 'lapsed' end as donor_stage,
            case when is_known then 0.7 end as churn_probability_score,
            case when is_known then 'regression' end as churn_basis,
            case when is_known then 'better' end as churn_verdict,
            case when is_known then 'high' end as risk_class,
            case when is_known then 'exploring' end as behavior_pattern
        from matched""",
    "segment_timing(svids)": """
        select requested_svid, state, svid, person_id,
            case when is_known then 'with_behavior' else 'unknown' end as link_status,
            case when is_known then 18 end as optimal_send_hour,
            case when is_known then 'person' end as hour_level,
            case when is_known then 40 end as hour_sends,
            case when is_known then 2 end as optimal_send_day,
            case when is_known then 'everybody' end as day_level
        from matched""",
    "segment_channels(svids)": """
        select requested_svid, state, svid, person_id,
            case when is_known then 'with_behavior' else 'unknown' end as link_status,
            case when is_known then 9.5 end as multi_channel_score,
            case when is_known then 'sms' end as preferred_channel,
            case when is_known then 4.0 end as email_response_rate,
            case when is_known then 50.0 end as sms_response_rate,
            case when is_known then null end as phone_response_rate
        from matched""",
}


def stand_in(file: Path, digest: str = "digest", build_id: str = "b1") -> None:
    """A pair as a build leaves it, with macros in place of the table functions."""
    catalog = file.stem
    with duckdb.connect(str(file)) as con:
        con.execute("create schema marts; create schema segments; create schema quarantine")
        con.execute(f"create table marts.enriched_profiles as {PEOPLE}")
        con.execute(
            "create table marts.campaign_attribution as select * from (values "
            "('any_touch', '7', 2.0), ('linear', '7', 1.0)) "
            "as campaigns(model, campaign_id, donations_credited)"
        )
        con.execute(
            "create table marts.segment_overview as select * from (values "
            "('warm', 'active'), ('empty', 'active'), ('later', 'draft')) as s(segment, status)"
        )
        con.execute(
            "create table marts.segment_members as select 'warm' as segment, state, svid,"
            " row_number() over (order by svid) as voter_number from marts.enriched_profiles"
            " where svid = '0012345' and state = 'WI'"
        )
        con.execute("create table quarantine.row_accounting as select 'person' as source_table")
        con.execute("create view marts.coverage as select 'WI' as state where false")
        for signature, body in FUNCTIONS.items():
            sql = (REQUESTED + body).replace("{catalog}", catalog)
            con.execute(f"create macro segments.{signature} as table {sql}")
        con.execute(
            "create table marts.build_info as select ? as build_id, date '2025-06-30' as "
            "as_of_date, ? as code_digest, timestamp '2025-07-01 10:00:00' as built_at",
            [build_id, digest],
        )
    with duckdb.connect(str(paths.private_half(file))) as con:
        con.execute("create schema extracts; create schema quarantine")
        con.execute("create table extracts.build as select ? as build_id", [build_id])
        con.execute("create table quarantine.rejected_rows as select 'secret' as row_json")


class Outcome(NamedTuple):
    """What one run of a command came to."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, str]]:
        """The rows of CSV on standard output."""
        return list(csv.DictReader(io.StringIO(self.out, newline="")))


Run = Callable[..., Outcome]


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("stand_in") / "behavioral.duckdb"
    stand_in(file)
    return file


@pytest.fixture
def database(original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A published stand-in, where the runner looks for the database."""
    file = tmp_path / "warehouse" / "behavioral.duckdb"
    file.parent.mkdir()
    shutil.copy(original, file)
    shutil.copy(paths.private_half(original), paths.private_half(file, "b1"))
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("BEHAVIORAL_DB", str(file))
    monkeypatch.setenv("BEHAVIORAL_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(code_version, "code_digest", lambda: "digest")
    monkeypatch.chdir(tmp_path)
    return file


@pytest.fixture
def run(database: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in this process, with an optional standard input."""

    def runs(*arguments: str, stdin: str = "") -> Outcome:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(stdin.encode())))
        capfd.readouterr()
        # The stand-in's segments are of one person or two.
        about_groups = {"analyze", "affinity", "health", "attribution"} & {*arguments[:1]}
        small = ["--allow-small-cells"] if about_groups else []
        code = segment.run([*arguments, *small])
        captured = capfd.readouterr()
        return Outcome(code, captured.out, captured.err)

    return runs


def assert_refused(outcome: Outcome, code: int, *said: str) -> None:
    """One line on standard error, nothing on standard output, the right exit code."""
    assert outcome.code == code
    assert outcome.out == ""
    assert outcome.err.count("\n") == 1, outcome.err
    assert "Traceback" not in outcome.err
    for text in said:
        assert text in outcome.err


# Questions


def test_leading_zeros_and_unknown_ids_come_back(run: Run) -> None:
    outcome = run("propensity", "--svids", "-", stdin="svid\n0012345\n99\n 0012345 \n")
    assert outcome.code == 0
    assert [row["requested_svid"] for row in outcome.rows] == ["0012345", "99"]
    assert outcome.rows[0]["svid"] == "0012345"
    assert outcome.rows[1]["donor_propensity_score"] == ""


@pytest.mark.parametrize("command", ["analyze", "propensity", "lookalike", "affinity", "health"])
def test_a_segment_stands_for_its_members(run: Run, command: str) -> None:
    by_name = run(command, "--segment", "warm", "--format", "csv")
    by_id = run(command, "--svid", "WI:0012345", "--format", "csv")
    assert (by_name.code, by_name.out) == (0, by_id.out)
    assert run(command, "--segment", "empty").code == 0
    assert_refused(run(command, "--segment", "wram"), 2, "unknown segment", "did you mean warm?")
    assert_refused(run(command, "--segment", "later"), 2, "later is draft")
    assert_refused(run(command, "--segment", "warm", "--svid", "1"), 2, "without --svids")


@pytest.mark.parametrize("command", ["propensity", "health", "analyze"])
def test_why_ids_may_be_unknown_is_said_without_an_id(run: Run, command: str) -> None:
    stdin = "12345\n000012345\n" + "".join(f"WI:77{number:02}\n" for number in range(18))
    outcome = run(command, "--svids", "-", stdin=stdin)
    assert outcome.code == 0
    (line,) = outcome.err.splitlines()
    assert line.startswith(
        "segment.py: 0 of 20 ids are known; 2 of 20 would be known with leading zeros; "
        "they look like digits only, 4 to 9 characters long: "
    )
    assert not re.search(r"12345|77\d\d", line)


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        (["0012345"], ""),
        (["0012345", "99"], ""),
        (["0012345", "12345"], "1 of 2 ids are known; 1 of 2 would be known with leading zeros"),
        (["12345"], "0 of 1 ids are known; 1 of 1 would be known with leading zeros"),
        (["ann@x.org", "bob@x.org"], "0 of 2 ids are known; they look like e-mail addresses, 9 "),
        (["1.2E+07"], "they look like numbers that a spreadsheet has rounded (1.2E+07), 7 "),
        (["608-234-5678"], "they look like phone numbers, 12 "),
        (["Ann Roe"], "they look like words without a digit, 7 "),
        (["A12", "B-13"], "they look like letters and digits, 3 to 4 "),
    ],
)
def test_what_unknown_ids_look_like(run: Run, ids: list[str], said: str) -> None:
    outcome = run("propensity", "--svids", "-", stdin=json.dumps(ids))
    assert outcome.code == 0
    assert said in outcome.err
    assert outcome.err.count("\n") == (1 if said else 0)
    assert not [svid for svid in ids if f" {svid}" in outcome.err]


def test_the_list_is_never_overwritten(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "ids.csv"
    file.write_text("0012345\n")
    (tmp_path / "link.csv").symlink_to(file)
    for command in ("propensity", "analyze", "health"):
        for out in (str(file), "link.csv", "./data/../ids.csv"):
            outcome = run(command, "--svids", "ids.csv", "--out", out)
            assert_refused(outcome, 2, "--out", "list of ids")
    assert file.read_text() == "0012345\n"


def test_propensity_by_probability(run: Run) -> None:
    """The threshold is about the probability; without one, people without a probability stay."""
    people = ["--svid", "0012345", "--svid", "nowhere"]
    everybody = run("propensity", *people, "--model", "gift").rows
    assert [row["gift_probability"] for row in everybody] == ["0.25", ""]
    at_least = [
        run("propensity", *people, "--model", "gift", "--threshold", threshold).rows
        for threshold in ("0.25", "0.26")
    ]
    assert [[row["requested_svid"] for row in rows] for rows in at_least] == [["0012345"], []]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["anlyze"], "did you mean analyze?"),
        (["prove_erased"], "did you mean prove-erased?"),
        (["analyze", "--includ", "x"], "did you mean --include?"),
    ],
)
def test_a_slip_gets_a_suggestion(run: Run, arguments: list[str], said: str) -> None:
    assert_refused(run(*arguments), 2, said)


def test_a_bare_call_is_the_help(run: Run) -> None:
    bare = run()
    assert (bare.code, bare.err) == (0, "")
    assert bare.out == run("--help").out
    assert "prove-erased" in bare.out


def test_the_version(run: Run) -> None:
    assert run("--version").out == f"segment.py {code_version.code_version()}\n"


def test_the_request_bodies_of_the_brief(run: Run, tmp_path: Path) -> None:
    body = tmp_path / "body.json"
    body.write_text('{"svids": ["0012345"], "model": "donor"}')
    options = ["--model", "donor", "--threshold", "0.5"]
    assert len(run("propensity", "--svids", str(body), *options).rows) == 1
    body.write_text('{"seed_svids": ["0012345"]}')
    options = ["--expansion-size", "1", "--min-similarity", "0.3"]
    assert len(run("lookalike", "--svids", str(body), *options).rows) == 1
    options = ["--include", "demographics,engagement", "--deviation-threshold", "0.1"]
    outcome = run("analyze", "--svid", "1", *options, "--format", "json")
    assert list(json.loads(outcome.out)) == ["summary", "demographics", "engagement"]


def test_options_reach_the_functions(run: Run) -> None:
    svid = ("--svid", "0012345")
    assert len(run("affinity", *svid).rows) == 2
    assert len(run("affinity", *svid, "--top", "1").rows) == 1
    assert len(run("lookalike", *svid).rows) == 2
    assert len(run("health", *svid).rows) == 3
    weeks = [row["week_start"] for row in run("health", *svid, "--weeks", "2").rows]
    assert weeks == ["2025-06-09", "2025-06-16"]
    assert len(run("attribution", *svid).rows) == 2
    assert [row["model"] for row in run("attribution", *svid, "--model", "linear").rows] == [
        "linear"
    ]


def test_an_empty_result_is_a_result_with_a_header(run: Run) -> None:
    outcome = run("propensity", "--svid", "99", "--threshold", "0.9")
    assert outcome.code == 0
    assert outcome.out.startswith("requested_svid,state,svid,")
    assert outcome.out.count("\n") == 1
    assert run("lookalike", "--svid", "1", "--min-similarity", "1", "--format", "json").out == (
        "[\n]\n"
    )


def test_lookalike_says_whether_it_beats_chance(run: Run) -> None:
    silent = run("lookalike", "--svid", "0012345")
    checked = run("lookalike", "--svid", "0012345", "--check")
    assert checked.out == silent.out
    assert silent.err == ""
    assert checked.err == (
        "segment.py: check, first 1% of the list: lift 1.5 (0.8 to 2.2), no better than chance"
        " (no_lift)\n"
        "segment.py: check, first 10% of the list: lift 3.0 (2.0 to 3.5), more than chance\n"
    )


def test_analyze_holds_what_was_included(run: Run) -> None:
    svid = ("--svid", "WI:0012345", "--svid", "99")
    outcome = run("analyze", *svid, "--format", "json")
    answer = json.loads(outcome.out)
    assert list(answer) == ["summary", *PARTS]
    assert answer["summary"] == {"requested": 2, "known": 1, "coverage_rate": 50}
    assert answer["demographics"][0]["ci_low"] is None
    assert answer["engagement"][1]["total_clicks"] == 4
    assert "donation_count" not in answer["engagement"][1]
    assert answer["donations"][1]["last_donation_date"] == "2025-06-01"
    assert answer["donations"][0] == {
        "requested_svid": "99",
        "state": None,
        "svid": None,
        "donation_count": None,
        "is_donor": None,
        "last_donation_date": None,
        "link_status": "unknown",
    }
    assert [row["client_shortname"] for row in answer["client_affinity"]] == ["acme", "@home"]


def test_analyze_tells_of_behavior_where_it_is_asked_for(run: Run, tmp_path: Path) -> None:
    """Each of the further parts is a list of the requested ids; a flat file has their columns."""
    asked = ("analyze", "--svid", "WI:0012345", "--svid", "99", "--include")
    answer = json.loads(run(*asked, "channels,scores", "--format", "json").out)
    assert list(answer) == ["summary", "scores", "channels"]
    assert [row["engagement_score"] for row in answer["scores"]] == [None, 74.5]
    assert [row["preferred_channel"] for row in answer["channels"]] == [None, "sms"]
    rows = run(*asked, "scores,lifecycle,timing,channels").rows
    assert [row["requested_svid"] for row in rows] == ["99", "WI:0012345"]
    assert [rows[1][name] for name in ("engagement_tier", "donor_stage", "optimal_send_hour")] == [
        "stable",
        "lapsed",
        "18",
    ]
    header = run(*asked, "scores,lifecycle,timing,channels").out.splitlines()[0].split(",")
    assert len(header) == len({*header})
    assert "total_clicks" not in rows[1]
    table = run(*asked, "timing,scores,lifecycle,channels", "--format", "table").out
    for told in ("most engaged", "likeliest to go quiet", "when to write", "where they respond"):
        assert told in table


def test_analyze_in_a_flat_file_is_a_row_an_id(run: Run) -> None:
    svid = ("--svid", "0012345", "--svid", "99")
    full = run("analyze", *svid).rows
    assert [row["requested_svid"] for row in full] == ["0012345", "99"]
    assert {"county", "total_clicks", "donation_count"} <= set(full[0])
    part = run("analyze", *svid, "--include", "donations, demographics").rows
    assert {"person_id", "county", "donation_count"} <= set(part[0])
    assert "total_clicks" not in part[0]
    clients = run("analyze", *svid, "--include", "client_affinity").rows
    assert [row["client_shortname"] for row in clients] == ["acme", "'@home"]


def test_a_table_for_a_person(run: Run) -> None:
    outcome = run("analyze", "--svid", "0012345", "--format", "table")
    assert outcome.code == 0
    for text in ("coverage_rate", "flagged deviations", "top clients", "0012345", "acme"):
        assert text in outcome.out


@pytest.mark.parametrize("name", ["enriched_profiles", "marts.enriched_profiles"])
def test_export_writes_a_whole_mart(run: Run, tmp_path: Path, name: str) -> None:
    assert run("export", name, "--out", "people.csv").code == 0
    assert (tmp_path / "people.csv").read_text().count("\n") == 4


def test_the_data_dictionary_has_every_column(run: Run) -> None:
    """As CSV, without a database: each column of the contracts, once, with its meaning."""
    done = run("export", "--dictionary")
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert (done.code, done.err) == (0, "")
    known = {
        (schema, name, column)
        for schema in ("marts", "segments")
        for name, relation in contracts.relations(schema).items()
        for column in relation.columns
    }
    listed = [(row["schema"], row["relation"], row["column"]) for row in rows]
    assert len(listed) == len(set(listed))
    assert known <= set(listed)
    assert {row["relation"] for row in rows if row["schema"] == "quarantine"} == {"row_accounting"}
    assert [row for row in rows if not (row["question"] and row["type"] and row["meaning"])] == []
    (party,) = (
        row for row in rows if (row["relation"], row["column"]) == ("enriched_profiles", "party")
    )
    assert (party["kind"], party["sensitive"]) == ("table", "political_opinion")
    for wrong in (["export"], ["export", "coverage", "--dictionary"]):
        assert_refused(run(*wrong), 2, "--dictionary")


def test_export_knows_views_and_the_accounting_but_not_the_rejected_rows(run: Run) -> None:
    assert run("export", "coverage").out == "state\n"
    assert run("export", "quarantine.row_accounting").rows == [{"source_table": "person"}]
    for name in ("rejected_rows", "quarantine.rejected_rows", "marts.row_accounting", "nothing"):
        assert_refused(run("export", name), 2, "enriched_profiles", "row_accounting")


EVIL = [
    "'); drop table marts.build_info; --",
    '"; attach "x',
    "{{ env_var('HOME') }}",
    "x') or ('1'='1",
    "a\0b",
    "\u202e\u0000\U0001f600",
    "=cmd|' /C calc'!A0",
]


@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    svids=st.lists(
        st.text(st.characters(exclude_categories=["Cs", "Z", "Cc"]), min_size=1)
        | st.sampled_from(EVIL),
        min_size=1,
        unique=True,
    )
)
@example(svids=EVIL)
def test_evil_ids_come_back_as_data(
    svids: list[str], database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = io.BytesIO(json.dumps(svids).encode())
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=body))
    out = database.parent / "answer.json"
    before = database.read_bytes()
    assert segment.run(["propensity", "--svids", "-", "--out", str(out)]) == 0
    found = {row["requested_svid"] for row in json.loads(out.read_text())}
    assert found == set(svids) - {""}
    assert database.read_bytes() == before


def test_the_connection_reaches_nothing_else(database: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("secret\n")
    with pytest.raises(DatabaseError), Database() as opened:
        opened._con.execute(f"select * from '{secret}'").fetchall()
    with pytest.raises(DatabaseError), Database() as opened:
        opened._con.execute("set enable_external_access = true")
    with pytest.raises(DatabaseError), Database() as opened:
        opened._con.execute("delete from behavioral.marts.build_info")


@pytest.mark.usefixtures("database")
def test_an_interrupted_query_is_an_interruption() -> None:
    with pytest.raises(KeyboardInterrupt), Database():
        raise RuntimeError("Query interrupted")


# Bad arguments


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["analyse"], "expected a command: build, analyze"),
        (["analyze"], "--svids FILE"),
        (["analyze", "--svids", "nowhere.csv"], "nowhere.csv"),
        (["analyze", "--svid", "1", "--include", "demographic"], "'demographic'"),
        (["analyze", "--svid", "1", "--include", ","], "--include is empty"),
        (["analyze", "--svid", "1", "--deviation-threshold", "2"], "from 0 to 1"),
        (["analyze", "--svid", "1", "--deviation-threshold", "nan"], "from 0 to 1"),
        (["analyze", "--svid", "1", "--format", "xml"], "expected one of table, csv"),
        (["propensity", "--svid", "1", "--model", "voter"], "expected donor or gift"),
        (["propensity", "--svid", "1", "--threshold", "high"], "--threshold"),
        (["lookalike", "--svid", "1", "--expansion-size", "0"], "--expansion-size"),
        (["lookalike", "--svid", "1", "--min-similarity", "-0.1"], "from 0 to 1"),
        (["affinity", "--svid", "1", "--top", "0"], "--top"),
        (["attribution", "--svid", "1", "--model", "touch"], "any_touch, linear"),
        (["propensity", "--svid", "1", "--out", "a.txt"], "--format"),
        (["propensity", "--svid", "1", "--out", "nowhere/a.csv"], "no folder"),
        (["propensity", "--svid", "1", "--out", "data", "--format", "csv"], "ordinary file"),
        (["propensity", "--svid", "1", "--out", "/dev/null", "--format", "csv"], "ordinary file"),
        (["propensity", "--svid", "1", "--format", "parquet"], "--out"),
        (["propensity", "--svid", "1", "--format", "xlsx"], "--out"),
        (["build", "--as-of", "2025-02-30"], "YYYY-MM-DD"),
        (["build", "--as-of", "20250228"], "YYYY-MM-DD"),
        (["build", "--fast"], "no such option: --fast"),
    ],
)
def test_bad_arguments_are_told_in_one_line(run: Run, arguments: list[str], said: str) -> None:
    assert_refused(run(*arguments), 2, said)


@pytest.mark.parametrize(
    "arguments",
    [
        ["0012345"],
        ["analyze", "0012345"],
        ["analyze", "--0012345"],
        ["analyze", "--svids", "0012345"],
        ["analyze", "--svid", "1", "--include", "0012345"],
        ["analyze", "--svid", "1", "--format", "0012345"],
        ["attribution", "--svid", "1", "--model", "0012345"],
        ["affinity", "--svid", "1", "--top", "x0012345"],
        ["export", "0012345"],
        ["build", "--as-of", "0012345"],
    ],
)
def test_a_misplaced_id_is_never_repeated(run: Run, arguments: list[str]) -> None:
    outcome = run(*arguments)
    assert_refused(outcome, 2)
    assert "12345" not in outcome.err


@pytest.mark.parametrize("place", ["", ".key", ".wal"])
def test_what_belongs_to_the_database_is_never_an_output(
    run: Run, database: Path, place: str
) -> None:
    file = database.with_name(database.name + place)
    if place:
        file.write_bytes(b"not to be lost")
    before = file.read_bytes()
    outcome = run("export", "coverage", "--out", str(file), "--format", "csv")
    assert_refused(outcome, 2, "belongs to the database")
    assert file.read_bytes() == before


IN_THIS_PROJECT = (
    f"import sys; sys.path.insert(0, {str(Path(segment.__file__).parent)!r}); "
    "from enrichment import code_version; code_version.code_digest = lambda: 'digest'; "
    "import segment; segment.main()"
)


def shell(command: str, **environment: str) -> Outcome:
    """Runs a command of the runner in a shell, which may redirect its streams."""
    line = " ".join(shlex.quote(word) for word in (sys.executable, "-c", IN_THIS_PROJECT))
    done = subprocess.run(
        ["bash", "-c", f"{line} {command}"],
        env={**os.environ, **environment},
        capture_output=True,
        check=False,
    )
    return Outcome(done.returncode, done.stdout.decode("latin-1"), done.stderr.decode())


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("suffix", ["csv", "json", "parquet", "xlsx"])
def test_a_full_disk_is_told_in_one_line(tmp_path: Path, suffix: str) -> None:
    """A limit on the size of files is what a full disk is to a program."""
    old = tmp_path / f"rows.{suffix}"
    old.write_bytes(b"old")
    ids = tmp_path / "ids.txt"
    ids.write_text("".join(f"{number}\n" for number in range(20_000)))
    outcome = shell(f"propensity --svids ids.txt --out rows.{suffix}")
    assert outcome.code == 0, outcome.err
    assert old.read_bytes() != b"old"
    old.write_bytes(b"old")
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)); "
    done = subprocess.run(
        [
            *(sys.executable, "-c", limit + IN_THIS_PROJECT),
            *("propensity", "--svids", "ids.txt", "--out", old.name),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    outcome = Outcome(done.returncode, done.stdout, done.stderr)
    assert_refused(outcome, 1, f"rows.{suffix}", "no room is left on the disk")
    assert old.read_bytes() == b"old"
    assert not list(tmp_path.glob(".segment-*"))


@pytest.mark.usefixtures("database")
def test_a_closed_or_full_standard_output_is_told_in_one_line() -> None:
    for form in ("table", "csv", "json"):
        outcome = shell(f"propensity --svid 0012345 --format {form} >&-")
        assert_refused(outcome, 2, "standard output is closed", "--out")
        outcome = shell(f"propensity --svid 0012345 --format {form} > /dev/full")
        assert_refused(outcome, 1, "No space left")
    outcome = shell("propensity --svid 0012345 --out rows.csv >&- 2>&- <&-")
    assert outcome == Outcome(0, "", "")
    assert "0012345" in Path("rows.csv").read_text()


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
def test_a_table_comes_out_in_any_encoding(encoding: str) -> None:
    arguments = "propensity --svid 0012345 --svid Zo\u00eb\u0142 --format table"
    outcome = shell(arguments, PYTHONIOENCODING=encoding)
    assert outcome.code == 0, outcome.err
    assert "0012345" in outcome.out
    assert ("Zo\u00eb\\u0142" if encoding == "latin-1" else "Zo\\xeb\\u0142") in outcome.out
    assert set("+-|") <= set(outcome.out)
    utf_8 = shell(arguments, PYTHONIOENCODING="utf-8")
    assert "\u2501" in utf_8.out.encode("latin-1").decode()


@pytest.mark.parametrize("name", ["marts.duckdb", "my.data.duckdb", "2025.duckdb"])
def test_a_file_name_that_cannot_be_a_catalog_is_refused(
    run: Run, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("BEHAVIORAL_DB", name)
    assert_refused(run("export", "coverage"), 2, "BEHAVIORAL_DB")
    assert_refused(run("build"), 2, "BEHAVIORAL_DB")


# The database


def break_nothing(file: Path) -> None:
    file.unlink()


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:20_000])


def fill_with_text(file: Path) -> None:
    file.write_text("not a database\n" * 1000)


def drop_build_info(file: Path) -> None:
    with duckdb.connect(str(file)) as con:
        con.execute("drop table marts.build_info")


def empty_build_info(file: Path) -> None:
    with duckdb.connect(str(file)) as con:
        con.execute("delete from marts.build_info")


def change_digest(file: Path) -> None:
    with duckdb.connect(str(file)) as con:
        con.execute("update marts.build_info set code_digest = 'older'")


def drop_function(file: Path) -> None:
    with duckdb.connect(str(file)) as con:
        con.execute("drop macro table segments.segment_propensity")


@pytest.mark.parametrize(
    "broken",
    [
        break_nothing,
        truncate,
        fill_with_text,
        drop_build_info,
        empty_build_info,
        change_digest,
        drop_function,
    ],
)
def test_an_unusable_database_is_told_with_the_way_out(
    run: Run, database: Path, tmp_path: Path, broken: Callable[[Path], None]
) -> None:
    broken(database)
    before = database.read_bytes() if database.exists() else None
    answer = tmp_path / "answer.csv"
    answer.write_text("old\n")
    outcome = run("propensity", "--svid", "0012345", "--out", str(answer))
    assert_refused(outcome, 3, "python scripts/segment.py build", str(database))
    assert "0012345" not in outcome.err
    assert answer.read_text() == "old\n"
    assert (database.read_bytes() if database.exists() else None) == before
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith(".segment")] == []


def test_a_database_being_written_is_told(run: Run, database: Path) -> None:
    code = f"import duckdb; c = duckdb.connect({str(database)!r}); print(1, flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        assert_refused(run("export", "coverage"), 3, "being written by another process")
        writer.communicate(b"\n")


def test_a_new_database_is_seen_at_once(run: Run, database: Path, tmp_path: Path) -> None:
    assert run("export", "build_info").rows[0]["build_id"] == "b1"
    fresh = tmp_path / "behavioral.duckdb"
    stand_in(fresh, build_id="b2")
    fresh.replace(database)
    assert run("export", "build_info").rows[0]["build_id"] == "b2"


# Publishing


def fake_build(digest: str = "digest", build_id: str = "b2") -> Callable[[Path], None]:
    def build(work: Path) -> None:
        stand_in(work, digest, build_id)

    return build


def test_publishing_is_one_rename(run: Run, database: Path) -> None:
    database.chmod(0o640)
    stale = database.with_name("behavioral.duckdb.wal")
    work = paths.work_file()
    with duckdb.connect() as reader:
        reader.execute(f"attach '{database}' as behavioral (read_only)")
        stale.write_bytes(b"of an older file")
        work.parent.mkdir()
        work.write_bytes(b"of a killed build")
        assert publish.build_and_publish(fake_build()) == "b2"
        old = reader.execute("select build_id from behavioral.marts.build_info").fetchall()
    assert old == [("b1",)]
    assert run("export", "build_info").rows[0]["build_id"] == "b2"
    assert stat.S_IMODE(database.stat().st_mode) == 0o640
    assert not stale.exists()
    assert [file.name for file in work.parent.iterdir()] == ["behavioral.duckdb.lock"]


def test_the_first_database_is_its_owners_only(database: Path) -> None:
    database.unlink()
    publish.build_and_publish(fake_build())
    assert stat.S_IMODE(database.stat().st_mode) == 0o600


def half_build(work: Path) -> None:
    fake_build()(work)
    drop_build_info(work)


def failing_build(work: Path) -> None:
    fake_build()(work)
    raise BuildError("donor_propensity failed")


def interrupted_build(work: Path) -> None:
    fake_build()(work)
    raise KeyboardInterrupt


@pytest.mark.parametrize("build", [half_build, failing_build, interrupted_build])
def test_a_failed_build_publishes_nothing(database: Path, build: Callable[[Path], None]) -> None:
    before, inode = database.read_bytes(), database.stat().st_ino
    with pytest.raises((BuildError, KeyboardInterrupt)):
        publish.build_and_publish(build)
    assert (database.read_bytes(), database.stat().st_ino) == (before, inode)
    assert [file.name for file in paths.work_file().parent.iterdir()] == ["behavioral.duckdb.lock"]


def test_a_second_build_is_told_who_builds(run: Run, database: Path) -> None:
    lock = paths.work_file().with_name("behavioral.duckdb.lock")
    lock.parent.mkdir()
    with lock.open("w") as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        holder.write("process 4711 on desk, since 2025-07-01 10:00:00+00:00\n")
        holder.flush()
        assert_refused(run("build"), 3, "process 4711 on desk, since 2025-07-01 10:00", str(lock))


def test_a_missing_extract_folder_is_told_at_once(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEHAVIORAL_DATA_DIR", "nowhere")
    assert_refused(run("build"), 2, "BEHAVIORAL_DATA_DIR", "nowhere")


def node(name: str, status: str, message: str = "") -> SimpleNamespace:
    return SimpleNamespace(node=SimpleNamespace(name=name), status=status, message=message)


def judged(*nodes: SimpleNamespace, error: BaseException | None = None) -> None:
    result = SimpleNamespace(
        success=False, exception=error, result=SimpleNamespace(results=list(nodes))
    )
    dbt_build._raise_if_failed(result, dbt_build._Listener(dbt_build.PlainProgress()), Path("work"))


def test_a_failed_node_is_named_without_its_data() -> None:
    with pytest.raises(BuildError) as error:
        judged(
            node("stg_donations", "error", "Could not convert string 'roe@example.org'"),
            node("marts", "skipped"),
            node("assert_rows_kept", "fail"),
        )
    assert "stg_donations, assert_rows_kept failed" in str(error.value)
    assert "roe" not in str(error.value)


def test_bad_extracts_are_bad_input() -> None:
    told = "Extracts: table donations has no column EMAIL (expected text) in x/donations"
    with pytest.raises(InputError) as error:
        judged(error=RuntimeError(f"Compilation Error\n  {told}\n  > in macro"))
    assert f"Extracts: {error.value}" == told
    with pytest.raises(InputError) as error:
        judged(node("on-run-start-0", "error", f"Compilation Error\n  {told}\n"))
    assert f"Extracts: {error.value}" == told


def test_an_interrupted_build_is_an_interruption() -> None:
    with pytest.raises(KeyboardInterrupt):
        judged(error=KeyboardInterrupt())


# The command line, as a process of its own, on a small dbt project

DBT_PROJECT = {
    "dbt_project.yml": """
name: stand_in
version: "1.0"
profile: stand_in
flags: {send_anonymous_usage_stats: false}
vars: {as_of_date: ""}
# The runner reads the words of definitions from `seeds`; the build of the stand-in has none.
seed-paths: [no_seeds]
on-run-start: ["{{ check_extracts() }}"]
on-run-end:
  - "create schema if not exists private.extracts"
  - "create or replace table private.extracts.build as select 'b9' as build_id"
models: {stand_in: {+schema: marts}}
""",
    "profiles.yml": """
stand_in:
  target: publish
  outputs:
    publish:
      type: duckdb
      path: "{{ env_var('BEHAVIORAL_WORK_DB') }}"
      threads: 2
      attach: [{path: "{{ env_var('BEHAVIORAL_WORK_DB') }}.private", alias: private}]
""",
    "macros/macros.sql": """
{% macro generate_schema_name(name, node) %}{{ name or target.schema }}{% endmacro %}
{% macro check_extracts() %}
    {% if execute and 'bad' in env_var('BEHAVIORAL_DATA_DIR') %}
        {{ exceptions.raise_compiler_error("Extracts: table donations has no column EMAIL") }}
    {% endif %}
{% endmacro %}
""",
    "models/build_info.sql": """
{{ config(materialized='table') }}
select 'b9' as build_id, cast(nullif('{{ var("as_of_date") }}', '') as date) as as_of_date,
    '{{ env_var("STAND_IN_DIGEST") }}' as code_digest, now()::timestamp as built_at
""",
    "models/stg_rights__erasures.sql": """
{{ config(database='private', schema='staging', materialized='table') }}
select cast(null as varchar) as erasure_hash where false
""",
    "models/zebra.sql": """
select count(*) as n from {{ ref('build_info') }}, range({{ env_var("STAND_IN_ROWS", "1") }})
where hash(range) > 5
""",
    "tests/assert_nothing.sql": """
select * from {{ ref('build_info') }} where '{{ env_var("STAND_IN_FAILS", "") }}' <> ''
""",
}


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of the same shape around a copy of the runner."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(SCRIPTS / "enrichment", folder / "scripts" / "enrichment")
    shutil.copytree(SCRIPTS.parent / "seeds", folder / "seeds")
    for name in ("segment.py",):
        shutil.copy(SCRIPTS / name, folder / "scripts")
    for name, text in DBT_PROJECT.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    for data in ("data", "bad"):
        (folder / data).mkdir()
    return folder


def digest_of(project: Path) -> str:
    """What the copied code says of the copied definitions."""
    code = "from enrichment import code_version; print(code_version.code_digest())"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project / "scripts", capture_output=True, check=True
    )
    return done.stdout.decode().strip()


@pytest.fixture
def environment(project: Path, tmp_path: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {
        **kept,
        "BEHAVIORAL_DB": "db/behavioral.duckdb",
        "STAND_IN_DIGEST": digest_of(project),
    }


def command(project: Path, *arguments: str) -> list[str]:
    return [sys.executable, str(project / "scripts" / "segment.py"), *arguments]


def test_builds_from_any_folder(project: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    def runs(*arguments: str, **more: str) -> Outcome:
        done = subprocess.run(
            command(project, *arguments),
            cwd=tmp_path,
            env={**environment, **more},
            capture_output=True,
            text=True,
            check=False,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    database = tmp_path / "db" / "behavioral.duckdb"
    outcome = runs("build", "--as-of", "2025-06-30", "--full-refresh")
    assert outcome.code == 0, outcome.err
    assert outcome.out == ""
    assert "Published" in outcome.err
    assert re.search(r"^\d of 4 done \(", outcome.err, re.MULTILINE)
    rows = runs("export", "build_info").rows
    assert (rows[0]["build_id"], rows[0]["as_of_date"]) == ("b9", "2025-06-30")
    assert [file.name for file in (tmp_path / "db").iterdir() if file.suffix == ".wal"] == []
    before = database.read_bytes()

    outcome = runs("build", STAND_IN_FAILS="yes")
    assert outcome.code == 4
    assert outcome.out == ""
    assert outcome.err.splitlines()[-1].startswith(
        "segment.py: assert_nothing failed; run `dbt build`"
    )
    assert "untouched" in outcome.err

    outcome = runs("build", BEHAVIORAL_DATA_DIR=str(project / "bad"))
    assert outcome.code == 2
    assert outcome.err.splitlines()[-1] == "segment.py: table donations has no column EMAIL"

    assert database.read_bytes() == before
    assert {file.name for file in (tmp_path / "db" / ".build").iterdir()} == {
        "behavioral.duckdb.lock",
        "behavioral.duckdb.parsed",
    }


def test_ctrl_c_stops_a_build_without_leftovers(
    project: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    with subprocess.Popen(
        command(project, "build"),
        cwd=tmp_path,
        env={**environment, "STAND_IN_ROWS": "1000000000000"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell starts what runs in the background with Ctrl-C ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "done (" in line:
                break
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
    assert process.returncode == 130
    assert rest.splitlines()[-1] == "segment.py: interrupted"
    assert "Traceback" not in rest
    left = {file.name for file in (tmp_path / "db").rglob("*")}
    assert left == {
        *(".build", "behavioral.duckdb.lock", "behavioral.duckdb.parsed"),
        "behavioral.duckdb.audit.jsonl",
    }


def test_help_is_quick_and_imports_nothing_heavy(project: Path) -> None:
    took = []
    for flag in ("--help", "-h", "--help"):
        before = os.times()
        done = subprocess.run(command(project, flag), capture_output=True, text=True, check=True)
        after = os.times()
        took.append(after.children_user - before.children_user)  # whatever else the machine does
        assert "analyze" in done.stdout
    assert min(took) < 0.5
    code = (
        "import sys, segment; segment.run(['analyze', '--help']);"
        "print([m for m in ('dbt', 'duckdb', 'rich', 'xlsxwriter') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=SCRIPTS, capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("[]\n")


def test_every_command_has_help(run: Run) -> None:
    for name in ("build", "analyze", "propensity", "lookalike", "affinity", "health"):
        assert run(name, "-h").code == 0


@pytest.fixture
def asking(project: Path, tmp_path: Path, environment: dict[str, str]) -> dict[str, str]:
    """An environment in which the copied runner finds a stand-in of 3,000 weeks' answers."""
    (tmp_path / "db").mkdir()
    file = tmp_path / "db" / "behavioral.duckdb"
    stand_in(file, environment["STAND_IN_DIGEST"])
    with duckdb.connect(str(file)) as con:
        con.execute("create table marts.long_one as select range as n, 'x' as t from range(300000)")
    return environment


def test_a_closed_pipe_is_quiet(project: Path, tmp_path: Path, asking: dict[str, str]) -> None:
    with subprocess.Popen(
        command(project, "export", "long_one"),
        cwd=tmp_path,
        env=asking,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"n,t\n"
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_a_terminal_gets_a_short_table(
    project: Path, tmp_path: Path, asking: dict[str, str]
) -> None:
    parent, child = pty.openpty()
    with subprocess.Popen(
        command(project, "export", "long_one"), cwd=tmp_path, env=asking, stdout=child
    ) as process:
        os.close(child)
        shown = b""
        try:
            while part := os.read(parent, 65_536):
                shown += part
        except OSError:
            pass  # The other end of a terminal is closed: Linux says so with an error.
        os.close(parent)
    assert process.returncode == 0
    assert b"300,000 rows" in shown
    assert shown.count(b"\n") < 70


def test_a_full_disk_is_one_line(project: Path, tmp_path: Path, asking: dict[str, str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command(project, "export", "long_one"),
            cwd=tmp_path,
            env=asking,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "No space left" in done.stderr


def test_a_defect_is_told_without_its_text(project: Path, tmp_path: Path) -> None:
    code = (
        "import segment, enrichment.ids, sys\n"
        "def broken(*given): raise ZeroDivisionError('roe@example.org')\n"
        "enrichment.ids.read_segment = broken\n"
        "sys.argv = ['segment.py', 'analyze', '--svid', '0012345']\n"
        "segment.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=SCRIPTS, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("segment.py: unexpected ZeroDivisionError")
    assert done.stderr.count("\n") == 1
    assert "roe" not in done.stderr
    assert "12345" not in done.stderr
