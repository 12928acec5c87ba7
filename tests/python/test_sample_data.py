"""The sample data: it repeats, has the promised size, holds every trap and tells the truth."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from sample_data import programs
from sample_data.build import build

SCRIPT = Path(__file__).parents[2] / "scripts" / "make_sample_data.py"
SCALE = 0.006  # the smallest scale at which every table has its share of rows
TINY = 0.001
FULL = {
    "person": 81_000,
    "person_custom_field": 2_000_000,
    "list_link_phone_email_map": 182_000_000,
    "email_clickers": 41_000_000,
    "campaigns": 73_000,
    "donations": 3_200_000,
}
CHANNELS = [
    "email_openers", "sms_responses", "phone_contacts", "survey_responses", "event_attendance",
    "petition_signers", "web_visits", "behavior_events",
]  # fmt: skip
TRUTH = [
    "persons", "clients", "incidents", "client_preferences", "donation_causes", "planted_rows",
    "planted_traps", "habits", "sessions", "machines", "chances", "best_possible",
    "address_classes", "programs", "program_effects", "segment_people", "meeting_list",
]  # fmt: skip

OPTIONAL = ["suppressions", "dns_records", "segment_lists", "consents"]

Ask = Callable[[str], object]


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the script as its users do."""
    return subprocess.run(
        [sys.executable, str(SCRIPT), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )


def digests(folder: Path) -> dict[str, str]:
    """The hash of every file below `folder`, by relative path."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small sample, made once."""
    out = tmp_path_factory.mktemp("sample") / "data"
    done = run("--scale", SCALE, "--corner-cases", "--out", out)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample of seed 3, as small as can be."""
    out = tmp_path_factory.mktemp("tiny") / "data"
    assert run("--scale", TINY, "--seed", 3, "--corner-cases", "--out", out).returncode == 0
    return out


def rows(folder: Path, table: str) -> int:
    """The number of rows of an extract."""
    with duckdb.connect() as con:
        row = con.execute(f"select count(*) from '{folder}/{table}/*.parquet'").fetchone()
    return int(row[0]) if row else 0


@pytest.fixture(scope="module")
def ask(sample: Path) -> Ask:
    """Answer a query on the extracts, and on the truth as `truth_<name>`, with one value."""
    return asked(sample)


@pytest.fixture(scope="module")
def ask_many(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """The same of a sample with so many voters that their habits show."""
    out = tmp_path_factory.mktemp("many") / "data"
    assert run("--scale", TINY, "--voters", 6000, "--out", out).returncode == 0
    return asked(out)


def asked(sample: Path) -> Ask:
    """Answers queries on a sample."""
    con = duckdb.connect()
    for table in [*FULL, "custom_field", *OPTIONAL, *CHANNELS]:
        if table in OPTIONAL and not (sample / table).exists():
            continue  # so few people that nobody asked
        con.execute(f"create view {table} as select * from '{sample}/{table}/*.parquet'")
    if (sample / "handovers").exists():
        ledger = f"read_csv('{sample}/handovers/*.csv', all_varchar = true)"
        con.execute(f"create view handovers as select * from {ledger}")
    for name in TRUTH:
        con.execute(f"create view truth_{name} as select * from '{sample}/truth/{name}.parquet'")

    def value(query: str) -> object:
        row = con.execute(query).fetchone()
        return row[0] if row else None

    return value


def test_same_arguments_give_the_same_bytes(tiny: Path, tmp_path: Path) -> None:
    arguments = ("--scale", TINY, "--seed", 3, "--corner-cases", "--out", tmp_path)
    assert run(*arguments).returncode == 0
    assert digests(tmp_path) == digests(tiny)


def test_the_manifest_lists_every_file(tiny: Path) -> None:
    listed = json.loads((tiny / "manifest.json").read_text())["files"]
    there = {
        path: sha256
        for path, sha256 in digests(tiny).items()
        if path.endswith((".parquet", ".csv"))
    }
    assert listed == {
        path: sha256 for path, sha256 in there.items() if not path.startswith("truth/")
    }


def test_another_seed_gives_other_people(tiny: Path, tmp_path: Path) -> None:
    arguments = ("--scale", TINY, "--seed", 4, "--corner-cases", "--out", tmp_path)
    assert run(*arguments).returncode == 0
    one, other = digests(tiny), digests(tmp_path)
    # The ledger's files are named by their content.
    for found in (one, other):
        assert sum(path.startswith("handovers/") for path in found) > 0
    one, other = (
        {path: digest for path, digest in found.items() if not path.startswith("handovers/")}
        for found in (one, other)
    )
    assert one.keys() == other.keys()
    same = {path for path in one if one[path] == other[path] and "part-0000" not in path}
    # Fields, incidents, sending domains, experiments and hand-made cases are the same everywhere.
    same -= {"campaigns/experiments.parquet"}
    assert {Path(path).parts[0] for path in same} <= {"custom_field", "dns_records", "truth"}
    assert "truth/persons.parquet" not in same


@pytest.mark.parametrize("table", FULL)
def test_row_counts(ask: Ask, table: str) -> None:
    assert ask(f"select count(*) from {table}") == pytest.approx(FULL[table] * SCALE, rel=0.01)


def test_fifty_fields_and_a_voter_id_for_nearly_everybody(ask: Ask) -> None:
    assert ask("select count(distinct name) > 50 from custom_field")
    having = ask("""
        select count(distinct person_id) from person_custom_field
        where custom_field_id in (
            select id from custom_field where lower(trim(name)) = 'state_voter_id'
        )
    """)
    persons = ask("select count(distinct id) from person")
    assert isinstance(having, int)
    assert isinstance(persons, int)
    assert 0.9 * persons < having < persons


def test_stamp_names_arguments_and_rows(sample: Path, ask: Ask) -> None:
    stamp = json.loads((sample / "truth" / "made_with.json").read_text())
    assert stamp["arguments"]["scale"] == SCALE
    for table, rows in stamp["rows"].items():
        assert ask(f"select count(*) from {table}") == rows


def test_running_again_changes_nothing(sample: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in sample.rglob("*")}
    done = run("--scale", SCALE, "--corner-cases", "--out", sample)
    assert done.returncode == 0
    assert "nothing to do" in done.stderr
    assert {path: path.stat().st_mtime_ns for path in sample.rglob("*")} == before


def refused(done: subprocess.CompletedProcess[str]) -> bool:
    """Whether the run ended with code 2 and one line that says why."""
    return done.returncode == 2 and len(done.stderr.splitlines()) == 1 and not done.stdout


def test_refuses_other_arguments_unless_told_to_overwrite(tiny: Path, tmp_path: Path) -> None:
    out = tmp_path / "data"
    shutil.copytree(tiny, out)
    before = digests(out)
    assert refused(run("--scale", TINY, "--seed", 8, "--out", out))
    assert digests(out) == before
    (out / "mine.txt").write_text("kept")
    assert run("--scale", TINY, "--seed", 8, "--out", out, "--overwrite").returncode == 0
    assert digests(out) != before
    assert (out / "mine.txt").read_text() == "kept"


def test_never_touches_extracts_of_others(tmp_path: Path) -> None:
    (tmp_path / "person").mkdir()
    (tmp_path / "person" / "real.parquet").write_text("real")
    for flags in ([], ["--overwrite"]):
        assert refused(run("--scale", TINY, "--out", tmp_path, *flags))
    assert digests(tmp_path).keys() == {"person/real.parquet"}


def test_remakes_what_was_left_half_made(tmp_path: Path) -> None:
    (tmp_path / ".making").mkdir()
    (tmp_path / "person").mkdir()
    (tmp_path / "person" / "part-0001.parquet").write_text("torn")
    assert run("--scale", TINY, "--out", tmp_path).returncode == 0
    assert not (tmp_path / ".making").exists()
    assert rows(tmp_path, "person") == 400


@pytest.mark.parametrize(
    "arguments",
    [
        ["--scale", "0"], ["--scale", "-1"], ["--scale", "11"], ["--scale", "nan"],
        ["--scale", "much"], ["--seed", "-1"], ["--voters", "0"], ["--out", str(SCRIPT)],
        ["--out", str(SCRIPT / "below")], ["--unknown"], ["--shape", "round"],
    ],
)  # fmt: skip
def test_refuses_bad_values(arguments: list[str], tmp_path: Path) -> None:
    if "--out" not in arguments:
        arguments = [*arguments, "--out", str(tmp_path / "out")]
    assert refused(run(*arguments))
    assert not (tmp_path / "out").exists()


def test_voters_override_the_scale(tmp_path: Path) -> None:
    assert run("--scale", TINY, "--voters", 900, "--out", tmp_path).returncode == 0
    assert rows(tmp_path, "person") == pytest.approx(900, rel=0.01)


@pytest.mark.parametrize("number", range(1, 54))
def test_every_trap_is_planted(ask: Ask, number: int) -> None:
    assert ask(f"select count(*) from truth_planted_traps where trap = 'F{number:02d}'")


def test_planted_rows_are_in_the_extracts(ask: Ask) -> None:
    keys = {
        "person": "coalesce(cast(id as varchar), 'NULL')",
        "campaigns": "cast(campaign_id as varchar)",
        "email_clickers": "event_id",
        "donations": "donation_id",
        "person_custom_field": "concat(person_id, '/', custom_field_id, '/', value)",
    }
    for table, key in keys.items():
        missing = ask(f"""
            select count(*) from truth_planted_rows
            where table_name = '{table}' and row_key not in (
                select {key} from {table} where {key} is not null
            ) and (table_name <> 'donations' or row_key like 'cast-%')
            and (table_name <> 'email_clickers' or row_key like 'cast-%')
        """)
        assert missing == 0, table


TRAPS = {
    "F01 persons with one (state, svid)": """
        select count(*) from (
            select person.state, field.value from person
            join person_custom_field as field on field.person_id = person.id
            where field.custom_field_id = 1 group by all having count(distinct person.id) > 1
        )""",
    "F01 persons with two svids": """
        select count(*) from (
            select person_id from person_custom_field where custom_field_id in (1, 101)
            group by all having count(distinct value) > 1
        )""",
    "F02 bare svid in two states": """
        select count(*) from (
            select field.value from person
            join person_custom_field as field on field.person_id = person.id
            where field.custom_field_id = 1
            group by all having count(distinct upper(trim(person.state))) > 1
        )""",
    "F03 persons without state": "select count(*) from person where state is null",
    "F04 blank addresses": "select count(*) from email_clickers where trim(email) = ''",
    "F04 placeholders": "select count(*) from person where email = 'none@none.com'",
    "F05 address of six voters": """
        select count(*) from (
            select lower(email) from person where email like '%@%'
            group by all having count(*) = 6
        )""",
    "F06 bounces": "select count(*) from email_clickers where bounce = 1",
    "F06 bots": "select count(*) from email_clickers where is_bot and click > 0",
    "F06 machines that the sender does not flag": """
        select count(*) from truth_machines
        join email_clickers on truth_machines.event_id = email_clickers.event_id and not is_bot""",
    "F07 no-break spaces": "select count(*) from email_clickers where email like chr(160) || '%'",
    "F07 zero-width": "select count(*) from email_clickers where email like '%' || chr(8203)",
    "F07 upper case in the map": """
        select count(*) from list_link_phone_email_map where email = upper(email)""",
    "F08 gifts by phone only": """
        select count(*) from donations where email is null and contact_number is not null""",
    "F08 phone extensions": "select count(*) from donations where contact_number like '%x12'",
    "F08 phone with many addresses": """
        select count(*) from (
            select contact_number from list_link_phone_email_map
            where regexp_full_match(contact_number, '[2-9][0-9]{2}[2-9][0-9]{6}')
                and contact_number <> '5555555555'
            group by all having count(distinct lower(trim(email))) > 5
        )""",
    "F09 map rows of the future": """
        select count(*) from list_link_phone_email_map where first_cohort_at > '2026-06-30'""",
    "F10 leading zeros": """
        select count(*) from person_custom_field where custom_field_id = 1 and value like '00%'""",
    "F10 one name of two fields": """
        select count(*) from (
            select lower(trim(name)) as name from custom_field group by all having count(*) > 1
        )""",
    "F11 several values": """
        select count(*) from (
            select person_id from person_custom_field where custom_field_id in (2, 102)
            group by all having count(distinct value) > 1
        )""",
    "F14 addresses without a click": """
        select count(*) from (
            select email from email_clickers group by all
            having count(*) filter (click > 0) = 0 and count(*) filter (open > 0) > 0
        )""",
    "F15 CLICK = 2": "select count(*) from email_clickers where click = 2",
    "F15 rows beside the send": "select count(*) from email_clickers where send = 0 and open = 1",
    "F15 all in one row": "select count(*) from email_clickers where send = 1 and open = 1",
    "F16 event ids twice": """
        select count(*) from (
            select event_id from email_clickers where event_id is not null
            group by all having count(*) > 1
        )""",
    "F16 rows without id twice": """
        select count(*) from (
            select * from email_clickers where event_id is null and email is not null
            group by all having count(*) > 1
        )""",
    "F17 future": "select count(*) from email_clickers where event_date >= '2100-01-01'",
    "F17 ancient": "select count(*) from email_clickers where event_date < '1990-01-01'",
    "F17 negative flags": "select count(*) from email_clickers where open < 0 or send < 0",
    "F18 clicks without opens": """
        select count(*) from email_clickers where click > 0 and open = 0 and send = 1""",
    "F23 complaints": "select count(*) from email_clickers where complaint = 1",
    "F36 no address": "select count(*) from email_clickers where email is null",
    "F40 unsubscribes": "select count(*) from email_clickers where unsubscribe = 1",
    "F46 gifts at midnight": """
        select count(*) from donations where donation_date = cast(donation_date as date)""",
    "F48 campaign on several rows": """
        select count(*) from (
            select campaign_id from campaigns group by all having count(distinct start_date) > 1
        )""",
    "F48 unknown campaigns": """
        select count(*) from email_clickers
        where trim(campaign_id) not in (select cast(campaign_id as varchar) from campaigns)
            and trim(campaign_id) <> ''""",
    "F48 blank campaign": """
        select count(*) from email_clickers where campaign_id is null or campaign_id = ''""",
    "F48 blank client": """
        select count(*) from email_clickers where nullif(trim(client_shortname), '') is null""",
    "F50 gifts twice": """
        select count(*) from (
            select donation_id from donations where donation_id is not null
            group by all having count(*) > 1
        )""",
    "F50 gifts without id": "select count(*) from donations where donation_id is null",
    "F50 refunds": "select count(*) from donations where amount < 0",
    "F50 zero and unknown amounts": """
        select count(*) from donations where coalesce(amount, 0) = 0""",
    "F64 moments with an offset": """
        select count(*) from behavior_events
        where regexp_full_match(occurred_at, '.*[-+][0-9]{2}:[0-9]{2}')""",
    "F66 leap days": """
        select count(*) from person_custom_field
        where custom_field_id in (3, 103) and value like '%-02-29'""",
    "F66 first of January": """
        select count(*) from person_custom_field
        where custom_field_id in (3, 103) and value like '%-01-01'""",
    "F89 addresses within JSON": """
        select count(*) from behavior_events where page like '%@%' and properties like '%@%'""",
    "broken JSON": """
        select count(*) from behavior_events where not json_valid(properties)""",
    "unknown types": """
        select count(*) from behavior_events where event_type = 'page_pinch'""",
    "unknown outcomes": "select count(*) from phone_contacts where lower(disposition) = 'beep'",
    "events of nobody": """
        select count(*) from behavior_events where coalesce(email, phone, svid) is null""",
    "durations below zero": "select count(*) from web_visits where duration_seconds < 0",
    "moments that are none": """
        select count(*) from behavior_events where occurred_at = 'yesterday'""",
    "visits of the future": "select count(*) from web_visits where event_date > '2100-01-01'",
    "rows of channels twice": """
        select count(*) from (
            select event_id from web_visits where event_id is not null
            group by all having count(*) > 1
        )""",
    "opens that email_clickers tells": """
        select count(*) from email_openers as openers
        join email_clickers as clickers on clickers.open = 1
            and clickers.event_date = openers.event_date
            and clickers.campaign_id = openers.campaign_id
            and lower(trim(clickers.email)) = lower(trim(openers.email))""",
    "opens that it does not tell": """
        select count(*) from email_openers as openers
        where not is_bot and not exists (
            select 1 from email_clickers as clickers where clickers.event_date = openers.event_date
        )""",
    "opens by machines": "select count(*) from email_openers where is_bot",
    "events by a bare voter id": """
        select count(*) from behavior_events where svid not like '%:%'""",
    "sessions across midnight": """
        select count(*) from truth_sessions
        where timezone('America/Chicago', timezone('UTC', started_at))::date
            < timezone('America/Chicago', timezone('UTC', last_page_at))::date""",
    "long gaps with an id": """
        select count(*) from truth_sessions where has_gap and session_id is not null""",
    "long gaps without one": """
        select count(*) from truth_sessions where has_gap and session_id is null""",
    "visits of no time": "select count(*) from web_visits where duration_seconds = 0",
    "sessions beyond four hours": """
        select count(*) from truth_sessions
        where session_id is not null and last_page_at > started_at + interval 4 hour""",
}


RARE = {
    "addresses of offices": """
        select count(*) from person where regexp_full_match(email, '(info|office|contact|team)@.*')
        """,
    "addresses for an hour": "select count(*) from person where email like '%@mailinator.com'",
    "relay addresses": """
        select count(*) from person
        where regexp_full_match(email, '.*@(privaterelay.appleid|duck|mozmail).com')""",
    "closed mailboxes": """
        select count(*) from (
            select email from email_clickers
            join truth_address_classes as classes on email = email_key and event_date >= closed_on
            group by email having sum(bounce) = sum(send) and sum(send) >= 3
        )""",
    "minors": """
        select count(*) from person_custom_field
        where custom_field_id in (3, 103) and value between '2008-07-01' and '2010-06-30'""",
    "suppressions of every kind": """
        select if(
            count(distinct channel) >= 3 and bool_or(identifier like '%@%')
            and bool_or(identifier like '%:%') and bool_or(from_date is null), 1, 0
        ) from suppressions""",
    "DNS records": "select count(*) from dns_records where value like 'v=DMARC1%'",
}


@pytest.mark.parametrize("kind", RARE)
def test_rare_kinds_occur_in_the_extracts(ask_many: Ask, kind: str) -> None:
    found = ask_many(RARE[kind])
    assert isinstance(found, int)
    assert found > 0


@pytest.mark.parametrize("trap", TRAPS)
def test_trap_occurs_in_the_extracts(ask: Ask, trap: str) -> None:
    found = ask(TRAPS[trap])
    assert isinstance(found, int)
    assert found > 0


def test_one_address_in_twenty_is_dirty(ask: Ask) -> None:
    share = ask("""
        select avg(cast(not coalesce(
            regexp_full_match(email, '[a-z0-9.]+@([a-z]+\\.)+[a-z]+'), false
        ) as integer)) from email_clickers
    """)
    assert share == pytest.approx(0.05, abs=0.01)


def test_one_row_in_a_hundred_is_there_twice(ask: Ask) -> None:
    share = ask("select 1 - count(distinct event_id) / count(event_id) from email_clickers")
    assert share == pytest.approx(0.01, abs=0.004)


def test_ordinary_rows_end_on_the_last_day(ask: Ask) -> None:
    assert ask("""
        select max(event_date) = timestamp '2026-06-30 23:59:59' from email_clickers
        where event_date < '2100-01-01'
    """)


def test_mail_stops_after_the_unsubscribe(ask: Ask) -> None:
    # A second export of the last send is no further send: compare with a later one.
    assert ask("""
        with readable as (
            select lower(email) as email, client_shortname, event_date, send, unsubscribe
            from email_clickers
            where email like '%@%.%' and email not like '%cast.example%'
                and event_date between '2023-01-01' and '2027-01-01'
        ),

        leavers as (
            select email, client_shortname, min(event_date) as left_at
            from readable where unsubscribe = 1 group by all
        )

        select count(*) = 0 from readable
        join leavers using (email, client_shortname)
        where send = 1 and event_date > left_at + interval 7 day
    """)


def test_taste_drives_engagement(ask: Ask) -> None:
    # People open mail of clients of their own cluster at least twice as often as other mail.
    ratio = ask("""
        with opened as (
            select persons.taste_cluster = clients.taste_cluster as is_own, events.*
            from truth_persons as persons
            join email_clickers as events on events.email = persons.main_email
            join truth_clients as clients using (client_shortname)
            where not events.is_bot and events.event_date between '2023-01-01' and '2027-01-01'
        )

        select
            sum(open) filter (is_own) / sum(send) filter (is_own)
            / (sum(open) filter (not is_own) / sum(send) filter (not is_own))
        from opened
    """)
    assert isinstance(ratio, float)
    assert ratio > 1.7


def test_truth_joins_the_extracts(ask: Ask) -> None:
    assert ask("select count(*) = 0 from truth_persons where person_id not in (select id from person where id is not null)")  # fmt: skip # noqa: E501
    assert ask("""
        select count(*) = 0 from truth_client_preferences
        where client_shortname not in (select client_shortname from truth_clients)
            or person_id not in (select person_id from truth_persons)
    """)
    assert ask("""
        select count(*) filter (is_preferred) = count(distinct person_id)
        from truth_client_preferences
    """)
    assert ask("""
        select count(*) > 100 and avg(cast(donation_id in (
            select donation_id from donations where donation_id is not null
        ) as integer)) = 1
        from truth_donation_causes where donation_id is not null
    """)
    # The demo's list: voters of the file, most of whom share a taste.
    assert ask("""
        select count(*) > 15 and avg(cast(shares_taste as integer)) > 0.5
            and count(distinct taste_cluster) filter (shares_taste) = 1
            and bool_and(meeting_list.svid = persons.state || ':' || persons.svid)
        from truth_meeting_list as meeting_list
        inner join truth_persons as persons using (person_id)
    """)


def test_caused_gifts_follow_their_click(ask: Ask) -> None:
    assert ask("select min(days_to_donation) = 0 and max(days_to_donation) <= 30 from truth_donation_causes")  # fmt: skip # noqa: E501
    # Where address and campaign came through the export, the click is in the extract.
    found = ask("""
        select avg(cast(exists (
            select 1 from email_clickers as events
            where events.campaign_id = causes.campaign_id and events.click > 0
                and lower(events.email) like '%' || causes.email_key || '%'
                and events.event_date <= causes.click_at
        ) as integer))
        from truth_donation_causes as causes
        where causes.email_key is not null and causes.person_id is not null
    """)
    assert isinstance(found, float)
    assert found > 0.95


def test_channels_have_their_share_of_rows(ask: Ask) -> None:
    found = sum(int(str(ask(f"select count(*) from {table}"))) for table in CHANNELS)
    assert found == pytest.approx(3_000_000 * SCALE, rel=0.25)


def test_people_answer_on_their_channel(ask_many: Ask) -> None:
    # Several times as often as on another.
    for channel, table, exposure, response in (
        ("sms", "sms_responses", "send = 1", "reply + click = 1"),
        ("phone", "phone_contacts", "true", "lower(disposition) = 'answered'"),
        ("event", "event_attendance", "status = 'invited'", "status = 'registered'"),
    ):
        ratio = ask_many(f"""
            with answered as (
                select
                    habits.preferred_channel = '{channel}' as is_own,
                    count(*) filter ({response}) / count(*) filter ({exposure}) as rate
                from {table} as reached
                join truth_persons as persons on persons.main_email = reached.email
                join truth_habits as habits using (person_id)
                group by all
            )

            select max(rate) filter (is_own) / max(rate) filter (not is_own) from answered
        """)
        assert isinstance(ratio, float)
        assert ratio > 3, channel


def test_some_answer_in_the_evening_while_most_is_sent_in_the_morning(ask_many: Ask) -> None:
    # On the phone and in mail, by the clock of the middle of America.
    for table, exposure, response in (
        ("phone_contacts", "true", "lower(disposition) = 'answered'"),
        ("email_clickers", "send = 1", "send = 1 and click > 0"),
    ):
        reached = f"""
            select
                habits.best_hour_from is not null as is_evening_person,
                hour(timezone('America/Chicago', timezone('UTC', event_date))) as hour,
                {exposure} as is_exposure,
                {response} as is_response
            from {table} as reached
            join truth_persons as persons on persons.main_email = reached.email
            join truth_habits as habits using (person_id)
            where persons.state in ('WI', 'MN') and preferred_channel <> 'phone'
                and event_date between '2023-01-01' and '2027-01-01'
        """
        rate = "avg(cast(is_response as integer)) filter (is_exposure and "
        ratio = ask_many(f"""
            select {rate} hour between 18 and 20) / {rate} hour not between 18 and 20)
            from ({reached}) where is_evening_person
        """)
        assert isinstance(ratio, float), table
        assert ratio > 2, table
        assert ask_many(f"""
            select count(*) filter (hour between 9 and 11) > 1.5 * count(*)
                filter (hour between 18 and 20)
            from ({reached}) where is_exposure
        """), table


def test_whoever_has_lapsed_does_nothing_more(ask: Ask) -> None:
    people = """
        truth_persons as persons
        join truth_habits as habits using (person_id)
        join {table} as acts on acts.email = persons.main_email
    """
    lapsed = "select count(*) from {people} where acts.event_date > lapsed_on and {act}"
    for table, act in (
        ("web_visits", "acts.event_date < '2100-01-01'"),
        ("petition_signers", "acts.event_date < '2100-01-01'"),
        ("sms_responses", "reply + click > 0 and acts.event_date < '2100-01-01'"),
        ("email_openers", "not is_bot and acts.event_date < '2100-01-01'"),
    ):
        assert ask(lapsed.format(people=people.format(table=table), act=act)) == 0, table
    assert ask("select count(*) > 10 from truth_habits where lapsed_on is not null")


def test_the_truth_knows_the_sessions(ask: Ask) -> None:
    assert ask("""
        select count(*) > 100 from truth_sessions as sessions
        join web_visits as visits using (session_id)
    """)
    # No visit lies outside of its session, but for the errors that were planted.
    assert ask("""
        select count(*) = 0 from truth_sessions as sessions
        join web_visits as visits using (session_id)
        where visits.event_date not between sessions.started_at and sessions.last_page_at
            and visits.event_date between '2000-01-01' and '2100-01-01'
    """)


def test_only_tests_get_the_hand_made_people(tiny: Path, tmp_path: Path) -> None:
    assert run("--scale", TINY, "--seed", 3, "--out", tmp_path).returncode == 0
    for folder, planted in ((tiny, True), (tmp_path, False)):
        ask = asked(folder)
        for table, column in (
            ("person", "email"),
            ("email_clickers", "client_shortname"),
            ("campaigns", "client_shortname"),
            ("donations", "email"),
        ):
            found = ask(f"select count(*) from {table} where {column} like '%cast%'")
            assert isinstance(found, int)
            assert (found > 0) == planted, table
        assert ask("select count(*) > 0 from truth_planted_rows") == planted


def test_what_can_be_found_is_neither_loud_nor_silent(ask_many: Ask) -> None:
    """No chance ranks people better than .80; enough people do it; the chances are honest."""
    wrong = ask_many("""
        select list(outcome || ' ' || as_of_date || ' ' || expected_auc || ' ' || base_rate
            || ' ' || expected_rate)
        from truth_best_possible
        where expected_auc is not null and (
            expected_auc not between 0.70 and 0.80
            or positives < 50
            -- The chance of a click is that of one message, and people get several.
            or (outcome <> 'click' and abs(base_rate / expected_rate - 1) > 0.25)
            or abs(auc - expected_auc) > 0.1
        )
    """)
    assert wrong is None
    assert ask_many("""
        select count(*) filter (outcome = 'first_gift') = 2 and count(distinct score) = 6
            and count(*) filter (outcome in ('gift', 'quiet', 'return')) = 6
            and count(*) filter (outcome = 'click') = 2
        from truth_best_possible
    """)


def test_base_rates_are_those_of_before(ask_many: Ask) -> None:
    """Within a fifth of the sample's rates before these chances were planted."""
    for outcome, before in (("gift", 0.163), ("quiet", 0.585), ("return", 0.275)):
        assert ask_many(f"""
            select avg(base_rate) / {before} between 0.8 and 1.2 from truth_best_possible
            where outcome = '{outcome}' and as_of_date > date '2025-12-31'
        """), outcome


def test_what_happened_is_in_the_extracts(ask_many: Ask) -> None:
    """People whose first gift came by chance have no gift before it, and one in its quarter."""
    assert ask_many("""
        select count(*) > 100 and avg(cast(exists (
            select 1 from donations
            where lower(trim(donations.email)) = persons.main_email
                and donations.donation_date between as_of_date and as_of_date + 91
        ) as integer)) > 0.85 and avg(cast(exists (
            select 1 from donations
            where lower(trim(donations.email)) = persons.main_email
                and donations.donation_date between '2000-01-01' and as_of_date
        ) as integer)) < 0.02
        from truth_chances as chances
        join truth_persons as persons using (person_id)
        where chances.outcome = 'first_gift' and chances.has_happened
    """)


def test_programs_have_the_planted_effects(ask_many: Ask) -> None:
    rates = "max(reached / people) filter (arm = '{}') - max(reached / people) filter (arm = '{}')"
    for program, other, control, least, most in (
        ("finish_form", "treated", "held_out", 0.1, 0.35),
        ("subject_question", "question", "control", 0.03, 0.12),
        ("same_letter", "same", "control", -0.04, 0.04),
        ("sender_name", "first_name", "control", -0.04, 0.04),
    ):
        assert ask_many(f"""
            select {rates.format(other, control)} between {least} and {most}
            from truth_program_effects where program = '{program}'
        """), program
    # A part of one arm was never delivered.
    assert ask_many("""
        select min(people) / max(people) < 0.7 from truth_program_effects
        where program = 'sender_name'
    """)


def bucket(salt: str, unit: str) -> float:
    """The bucket of a unit, as builds compute it."""
    digest = hashlib.md5(f"{salt}:{unit}".encode(), usedforsecurity=False).hexdigest()
    return int(digest[:8], 16) / 2**32


def test_buckets_are_those_of_the_builds() -> None:
    for unit, value in (("WI:0012345", 0.103734), ("MN:2712345", 0.038989)):
        assert bucket("subject_line_2026", unit) == pytest.approx(value, abs=1e-6)
        with duckdb.connect() as con:
            con.execute(programs.MACROS)
            row = con.execute(f"select bucket_of('subject_line_2026', '{unit}')").fetchone()
        assert row == (bucket("subject_line_2026", unit),)


def test_the_ledger_holds_what_was_handed_over(tmp_path: Path) -> None:
    build(tmp_path, TINY, 3, 2000, lambda line: None, ledger=True)
    files = sorted((tmp_path / "handovers").iterdir())
    assert len(files) > 10
    for file in files:
        assert file.stem[-16:] == hashlib.sha256(file.read_bytes()).hexdigest()[:16]
        assert file.stat().st_mode & 0o777 == 0o600
    ask = asked(tmp_path)
    # Everybody who was treated, and nobody of the holdout, has one message.
    assert ask("""
        select count(*) = count(distinct message_key)
            and count(*) = (select count(*) from truth_programs where arm <> 'held_out')
        from handovers
    """)
    units = ask("select list(state || ':' || svid) from handovers where trigger is not null")
    assert isinstance(units, list)
    assert min(bucket("finish_form", unit) for unit in units) >= programs.TRIGGER.holdout
    assert ask("select count(*) > 0 from consents")
    assert ask("select count(*) > 2 from segment_lists")


def test_a_clicky_world_has_many_clicks_and_gifts(tmp_path: Path) -> None:
    arguments = ("--scale", TINY, "--voters", 1000, "--shape", "clicky", "--out", tmp_path)
    assert run(*arguments).returncode == 0
    ask = asked(tmp_path)
    assert ask("select avg(cast(click > 0 as integer)) between 0.13 and 0.17 from email_clickers")
    assert ask("""
        select avg(gifts) between 70 and 140 from (
            select count(*) as gifts from donations
            where lower(trim(email)) in (select main_email from truth_persons)
            group by lower(trim(email))
        )
    """)
