"""The house is tidy: layers, names, contracts, documentation, portable SQL, the public interface.

Everything is read from dbt's manifest and from the files of the project; where documentation is
compared with what exists, from the built sample database.
"""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from doc_tables import cells, quoted
from lineage.project import Project, project_of
from lineage.query import Ref
from rendering import dbt_site, html, relations, tables
from sample_data.pairs import opened

PROJECT = Path(__file__).resolve().parents[2]

Node = dict[str, Any]

# ------------------------------------------------------------------------------ the public names

RATES = (
    "open_rate",
    "click_to_open_rate",
    "click_rate",
    "bounce_rate",
    "unsub_rate",
    "complaint_rate",
)
PROFILE = """
    state svid person_id county link_status campaigns_engaged total_clicks total_opens
    clients_engaged donation_count is_donor is_clicker last_engagement_date last_donation_date
"""
CLIENT_AFFINITY = """
    client_shortname unique_contacts total_events sends opens clicks unsubs open_rate
    click_to_open_rate click_rate unsub_rate affinity_score affinity_score_adjusted affinity_rank
    population_basis delivered unique_delivered unique_opens unique_clicks unique_open_rate
    unique_click_rate answers machine_answers machine_share
"""
PROPENSITY = """
    state svid total_clicks total_opens campaigns_count clients_count days_since_last_click
    past_donations days_since_last_donation donor_propensity_score score_base score_clicks
    score_campaigns score_recency is_scored
"""
HEALTH = " ".join(
    [
        "week_start is_complete_week active_contacts sends opens clicks bounces complaints unsubs",
        "delivered unique_delivered unique_opens unique_clicks unique_open_rate unique_click_rate",
        "machine_share",
        *(f"{rate} {rate}_status {rate}_is_certain" for rate in RATES),
        "population_basis",
    ]
)
CAMPAIGNS = """
    campaign_id model client_shortname campaign_name donors_attributed donations_credited
    avg_days_to_donate min_days max_days unique_clickers donors_per_100_clickers is_mature
"""

MARTS = {
    "marts.enriched_profiles": PROFILE,
    "marts.sessions": """
        session_number state svid voter_number is_contact channel started_at ended_at
        local_started_at duration_seconds is_capped events event_types depth entry_event_type
        exit_event_type
    """,
    "marts.voter_sessions": """
        state svid voter_number events event_types session_count session_seconds
        average_session_seconds events_per_session
    """,
    "marts.event_mix": "channel event_type is_human events all_events people event_share",
    "marts.session_sequences": """
        first_event_type next_event_type pairs people first_pairs next_pairs all_pairs
        expected_pairs lift lift_low lift_high is_sufficient sequence_rank
    """,
    "marts.funnels": """
        funnel entry_month step_number step window_days entrants reached_before reached
        reached_unrecorded drop_off step_rate overall_rate is_mature
    """,
    "marts.cohorts": """
        cohort_kind cohort_month months_since members active retention_rate value
        cumulative_value value_per_member is_complete
    """,
    "marts.client_affinity": CLIENT_AFFINITY,
    "marts.person_client_affinity": """
        state svid client_shortname unique_contacts total_events sends opens clicks unsubs
        affinity_score_adjusted affinity_lift recommendation delivered unique_delivered
        unique_opens unique_clicks unique_open_rate unique_click_rate machine_share
    """,
    "marts.campaign_engagement": """
        campaign_id campaign_name client_shortname channel start_date sends opens clicks bounces
        complaints unsubs delivered unique_delivered unique_opens unique_clicks unique_open_rate
        unique_click_rate machine_share
    """,
    "marts.donor_propensity": PROPENSITY,
    "marts.engagement_health_weekly": HEALTH,
    "marts.engagement_health_alerts": (
        "week_start metric value baseline status previous_status severity reason"
    ),
    "marts.attribution_credits": """
        credit_id model donation_id contact_id state svid campaign_id client_shortname
        first_click_at last_click_at donation_date days_to_donation credit
    """,
    "marts.campaign_attribution": CAMPAIGNS,
    "marts.coverage": "state step people share",
    "marts.events": """
        state svid voter_number event_number session_number channel event_type category is_human
        is_contact occurred_at local_at local_source campaign_id client_shortname topic
        duration_seconds depth quantity value
    """,
    "marts.engagement_scores": """
        state svid voter_number person_id recency_component frequency_component depth_component
        duration_component engagement_score engagement_tier recent_score recent_level
        activity_score interest_score intent_score recency_index active_sessions sessions_recent
        sessions_previous session_delta multi_channel_score is_scored
    """,
    "marts.channel_engagement": """
        state svid channel exposures responses activities response_rate response_rate_adjusted
        preference_rank is_preferred
    """,
    "marts.success_metrics": """
        metric target measured measured_low measured_high population how_measured is_met
    """,
    "marts.voter_lifecycle": """
        state svid voter_number first_event_at last_event_at lifecycle_stage activity_pattern
        giving_behavior donor_stage churn_state churn_risk_flag churn_probability_score risk_class
        churn_verdict return_probability return_verdict
        rule_churn_flag behavior_pattern pattern_evidence is_high_value
    """,
    "marts.predictive_segments": "predictive_segment people",
    "marts.segment_overview": """
        segment name status kind owner people share_of_file change_since_last engagement_rate advice
        definition_hash
    """,
    "marts.segment_members": "segment state svid definition_hash entered_on why",
    "marts.segment_spells": "segment state svid entered_on entered_by left_on left_by",
    "marts.segment_criteria": "criterion voter_number is_unknown found",
    "marts.audience_members": "kind name state svid voter_number clause_number",
    "marts.send_times": """
        state svid voter_number optimal_send_hour optimal_send_day hour_sends hour_clicks hour_rate
        hour_level time_zone_source
    """,
    "marts.birthdays": "state svid birthday_year birthday_on birthday_window days_until",
    "marts.address_hygiene": "state svid address_rank address_class bounce_class should_mail",
    "marts.sending_domains": "domain spf_status dkim_status dmarc_status readiness",
    "marts.bias_audit": "score group_kind group_value group_voters selection_rate q_value",
    "marts.insights": "insight_rank rule sentence insight_share mart",
    "marts.experiments": (
        "experiment status units exposed mixed_exposure sample_ratio_p verdict smallest_effect"
    ),
    "marts.experiment_assignments": "experiment state svid arm unit exposed_arm exposed_at",
    "marts.experiment_results": """
        experiment metric arm units mean control_mean difference ci_low ci_high p_value p_adjusted
        is_final verdict
    """,
    "marts.personalization": "state svid slot rule priority template variables",
    "marts.dashboard_daily": "day measure value",
    "marts.contact_permissions": (
        "state svid may_email may_phone may_solicit contact_blocked_by solicitation_blocked_by"
    ),
    "marts.unread_contacts": (
        "source_table source_column reason records_unread records unread_share"
    ),
    "quarantine.rejected_rows": "source_table reason rejected_at_build row_json",
    "quarantine.row_accounting": (
        "source_table rows_in rows_kept rows_unlinked rows_rejected rows_duplicate rows_erased"
    ),
}
"""Published tables, and the columns that each must have."""

FUNCTIONS = {
    "segment_profile": (("svids",), f"{PROFILE} requested_svid"),
    "segment_summary": (
        ("svids",),
        """requested known linked with_behavior coverage_rate donors clickers donation_count
        total_clicks total_opens""",
    ),
    "segment_deviation": (
        ("svids", "deviation_threshold := 0.1"),
        """attribute value segment_share baseline_share difference ratio ci_low ci_high q_value
        is_flagged""",
    ),
    "segment_affinity": (("svids", "top_n := null"), CLIENT_AFFINITY),
    "segment_propensity": (
        ("svids", "threshold := 0.0"),
        f"{PROPENSITY} requested_svid link_status",
    ),
    "segment_health": (("svids",), HEALTH),
    "segment_lookalike": (
        ("svids", "expansion_size := 1000", "min_similarity := 0.0"),
        "rank state svid person_id similarity similarity_score reason",
    ),
    "segment_lookalike_check": (
        ("svids",),
        "k_share held_out recovered lift lift_low lift_high later_acts_ratio verdict",
    ),
    "segment_attribution": (("svids",), CAMPAIGNS),
    "segment_contacts": (
        ("svids",),
        "requested_svid state svid email phone contact_blocked_by solicitation_blocked_by"
        " is_shared_with_suppressed",
    ),
    "segment_scores": (
        ("svids",),
        """requested_svid state svid link_status engagement_score engagement_tier recent_score
        recent_level activity_score interest_score intent_score is_scored""",
    ),
    "segment_personalization": (("svids",), "requested_svid slot rule template variables"),
    "segment_lifecycle": (
        ("svids",),
        """requested_svid state svid link_status lifecycle_stage activity_pattern giving_behavior
        donor_stage churn_state churn_risk_flag churn_probability_score risk_class
        rule_churn_flag behavior_pattern pattern_evidence is_high_value""",
    ),
    "segment_timing": (
        ("svids",),
        """requested_svid state svid link_status optimal_send_hour hour_sends hour_clicks hour_rate
        hour_level optimal_send_day day_level time_zone_source""",
    ),
    "segment_channels": (
        ("svids",),
        """requested_svid state svid link_status multi_channel_score preferred_channel
        email_response_rate sms_response_rate phone_response_rate""",
    ),
    "segment_membership": (("svids",), "requested_svid segment entered_on why"),
    "segment_forms": (("svids",), "form requested known_ids"),
    "segment_hidden": (("svids",), "function_name row_key column_name reason_hidden"),
}
"""Table functions of the schema `segments`: parameters, and the columns that each must have."""

COMMANDS = (
    "build",
    "analyze",
    "propensity",
    "lookalike",
    "affinity",
    "health",
    "attribution",
    "report",
    "serve",
    "hand_over",
    "history",
    "rollback",
    "audit",
    "definitions",
    "export",
    "prove_erased",
)

EXTRACTS = {
    "person": "*id *email *cell_phone home_phone county *state",
    "person_custom_field": "*person_id *custom_field_id *value",
    "custom_field": "*id *name",
    "list_link_phone_email_map": "*CONTACT_NUMBER *EMAIL FIRST_COHORT_AT LAST_COHORT_AT",
    "email_clickers": """*EMAIL *CAMPAIGN_ID *CLIENT_SHORTNAME *EVENT_DATE SEND OPEN CLICK BOUNCE
        COMPLAINT UNSUBSCRIBE IS_BOT EVENT_ID LINK""",
    "campaigns": "*CAMPAIGN_ID *CLIENT_SHORTNAME LIST_ID CHANNEL CAMPAIGN_NAME START_DATE",
    "donations": """*EMAIL *CONTACT_NUMBER *DONATION_DATE STATE AMOUNT DONATION_ID
        DONATION_SOURCE""",
}
"""Extracts that a build needs; a star marks a required column."""

OPTIONAL_EXTRACTS = {
    **dict.fromkeys(
        (
            *("email_openers", "sms_responses", "phone_contacts", "survey_responses"),
            *("event_attendance", "petition_signers", "web_visits"),
        ),
        "EMAIL CONTACT_NUMBER *EVENT_DATE",
    ),
    "segment_lists": "*segment *svid added_at",
    "behavior_events": """*event_id email phone svid session_id *event_type category *occurred_at
        source page properties context value""",
}
"""Channels that an organisation may do without; each may have columns of its own beside these."""

BRIEF_ROWS = [
    f"{document}-{number:02}"
    for document, numbers in {
        "000": (*range(1, 59), 61, 62),
        "001": (*range(2, 18), 19, 20, 22, 23),
        "002": (*range(1, 5), *range(8, 14), *range(17, 27), 32),
        "003": (1, 2, *range(10, 22), 25, 26, 29, 30, 35),
    }.items()
    for number in numbers
]

BRIEF_ROWS_ELSEWHERE = {
    "000-40": "macros/extracts.sql",  # Parquet into DuckDB
    "000-61": "tests/python/test_end_to_end.py",  # a question takes less than 2 seconds
}
"""Rows of the brief that no model, seed or exposure stands for, and the file that does."""

# ------------------------------------------------------------------------------------- the rules

LAYERS = (
    *("staging", "linkage", "events", "keys", "aggregates", "marts", "quarantine", "segments"),
)
"""The folders below `models`; dbt-bouncer.yml says what each reads and how models are named."""

SEVERAL_MEANINGS = {
    "state": "of the requested voter; of the donor in attribution_credits",
    "svid": "of the requested voter; of the donor in attribution_credits",
    "total_clicks": "of a voter; of a whole segment, each event once",
    "total_opens": "of a voter; of a whole segment, each event once",
    "donation_count": "of a voter; of a whole segment, each gift once",
    "unique_clickers": "everybody; the segment's addresses only",
    "campaign_id": "what a NULL means differs: a gift without a campaign, an event without one",
    "client_shortname": "of an event; of a campaign, which may be named by its clicks",
    "channel": "of an event; of a campaign, as delivered",
    "engagements": "of a voter; of a voter with one client",
    "sends": "of the row's subject; of all clients together in affinity_prior",
    "value": "of an attribute; of a rate",
    "verdict": "on a score, a list of lookalikes, personal hours, a trigger, an experiment",
    "difference": "of a segment from the file; of treated people, arms or windows from the others",
    "ci_low": "of each of these differences",
    "ci_high": "of each of these differences",
    "ratio": "of a segment to the file; of treated people to those held out",
    "share": "of the voters of a state; of a person's engagements",
    "is_scored": "an e-mail event or a gift is known; an event on any channel is",
    "mean": "of a rate over its sends; of a score over the voters who have it",
    "dimension": "of content; of the groups of the scores",
    "status": "of a rate; of a check; of a definition",
    "duration_seconds": "of an event; of a session; of a build",
    "depth": "of an event; of a session",
    "people": "each of those who share an event; of these the first only, where events count once",
    "step": "of the linkage; of a funnel",
    "is_mature": "of a campaign; of the entries of a month",
    "source_file": "that delivered a row; that a check is about",
    "reason": "of an alert; of a similarity; of a rejection",
    "p_value": "of a segment against the rest of the file; of a group against the rest",
    "score": "that is described; that is audited; that is judged",
    "as_of_date": "of the build; of a score that is judged",
    "base_rate": "of a voter's population in the last horizon; of the people who are judged",
    "bin": "of a score; of a probability",
    "outcome": "that a score foresees; that the audit compares a score with",
    "observed_share": "who gave; who went quiet",
    "predicted_share": "who gives; who goes quiet",
    "lift": "of the head of a list; of a pair of events",
    "lift_low": "of the head of a list; of a pair of events",
    "lift_high": "of the head of a list; of a pair of events",
    "q_value": "corrected over the rows of a call; over those of a table",
    "is_flagged": "by the threshold of a call; by the limits of a seed",
    "kind": "of a table; of a definition; of a segment",
    "name": "of a definition; of a segment, for people",
    "segment": "of the folder definitions; whose sends decide a send time",
    "unit_kind": "whose hours are compared; what chance assigns",
    "units": "assigned to an arm; observed for a metric",
    "check_name": "of an extract; of a definition",
    "build_seconds": "of a table; of the tables of a kind of definition",
    "held_out": "of a trigger's people; of a list of lookalikes",
    "priority": "of a trigger; of a rule",
    "smallest_effect": "of an experiment; of a trigger's holdout",
    "template": "of a message; of a slot",
    "limit_value": "of an extract's check; of a definition's",
    "rule": "of insights; of personalisation",
    "voters": "in the file; with enough mail, in personal_times",
    "unit": "of a goal; the people of a send time; what chance assigned",
    "clicked_sends": "of a group; of a voter until a day",
    "metric": "a rate that alerts; a goal; what an experiment compares",
    "population": "who is judged, by name; of a goal, in words",
    "positives": "people; pairs or messages in mail_trials",
}
"""Columns whose name means different things in different published tables, with the difference."""

DUCKDB_ONLY = {
    "current_date": r"\bcurrent_date\b",
    "now()": r"(?<![.\w])now\s*\(",
    "current_timestamp": r"\bcurrent_timestamp\b",
    "a :: cast": r"""[\w)\]'"}]\s*::\s*[a-z]""",
    "not in (select": r"\bnot\s+in\s*\(\s*select\b",
    "group by all": r"\bgroup\s+by\s+all\b",
    "order by all": r"\border\s+by\s+all\b",
    "qualify": r"\bqualify\b",
    "a star's exclude or replace": r"\*\s+(?:exclude|replace)\b",
    "semi or anti join": r"\b(?:semi|anti)\s+join\b",
    "arg_max or arg_min": r"\barg_(?:max|min)\s*\(",
    "dbt_utils": r"\bdbt_utils\b",
    "a branch on the engine": r"\btarget\.type\b",
}

MACHINE_PATHS = re.compile(r"(?<![\w.$}])/(?:tmp|home|root|work|Users|var|opt|mnt)/\w")

# -------------------------------------------------------------------------------------- fixtures


@pytest.fixture(scope="session")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the manifest that `dbt parse` writes, without a database."""
    folder = tmp_path_factory.mktemp("parse")
    dbt = Path(sys.executable).with_name("dbt")
    run = subprocess.run(
        [
            *(str(dbt), "--no-use-colors", "parse", "--target", "lint"),
            *("--warn-error-options", '{"error": "all"}'),
            *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
            *("--target-path", str(folder / "target"), "--log-path", str(folder / "logs")),
        ],
        cwd=PROJECT,
        # Not the key of pseudonyms that belongs to the analyst's database.
        env=os.environ | {"BEHAVIORAL_DB": str(folder / "behavioral.duckdb")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-3000:]
    return folder / "target"


@pytest.fixture(scope="session")
def manifest(parsed: Path) -> Node:
    """What dbt knows about the project."""
    manifest: Node = json.loads((parsed / "manifest.json").read_text())
    return manifest


def of_type(manifest: Node, kind: str) -> dict[str, Node]:
    """The project's nodes of a type, by name."""
    return {
        node["name"]: node
        for node in manifest["nodes"].values()
        if node["resource_type"] == kind and node["package_name"] == "behavioral_enrichment"
    }


@pytest.fixture(scope="session")
def models(manifest: Node) -> dict[str, Node]:
    """Every model, by name."""
    return of_type(manifest, "model")


@pytest.fixture(scope="session")
def seeds(manifest: Node) -> dict[str, Node]:
    """Every seed, by name."""
    return of_type(manifest, "seed")


@pytest.fixture(scope="session")
def singular_tests(manifest: Node) -> dict[str, Node]:
    """Every singular test, by name."""
    return {
        name: node
        for name, node in of_type(manifest, "test").items()
        if not node.get("test_metadata")
    }


@pytest.fixture(scope="session")
def catalog(sample_database: Path) -> dict[str, dict[str, str]]:
    """Columns and types of every table and view of the built sample, in order."""
    with opened(sample_database) as con:
        rows = con.execute(
            "select schema_name || '.' || table_name, column_name, data_type from duckdb_columns() "
            "where not internal order by schema_name, table_name, column_index"
        ).fetchall()
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for table, column, data_type in rows:
        found[table][column] = plain_type(data_type)
    return dict(found)


@pytest.fixture(scope="session")
def answers(sample_database: Path) -> dict[str, dict[str, str]]:
    """Columns and types of the answer of every table function, in order."""
    with opened(sample_database) as con:
        return {
            name: {
                column: plain_type(data_type)
                for column, data_type, *_ in con.execute(
                    f"describe select * from segments.{name}(cast([] as varchar[]))"
                ).fetchall()
            }
            for name in FUNCTIONS
        }


# --------------------------------------------------------------------------------------- helpers


def plain_type(name: str) -> str:
    """A type's name, lower case, without spaces and without the fields of a struct."""
    return re.sub(r"^struct\(.*", "struct", name.lower().replace(" ", ""))


def layer(node: Node) -> str:
    """Folder of a model below `models`; `seeds` or `sources` for the rest."""
    if node["resource_type"] != "model":
        return str(node["resource_type"]) + "s"
    return str(node["fqn"][1])


def is_published(node: Node) -> bool:
    """Whether people outside the project read the model."""
    return layer(node) in ("marts", "quarantine", "segments")


def documented(node: Node) -> dict[str, str]:
    """The columns that the YAML gives a node, with their types."""
    types = node["config"].get("column_types") or {}
    return {
        name: plain_type(column["data_type"] or types.get(name) or "no type")
        for name, column in node["columns"].items()
    }


def blanked(found: re.Match[str]) -> str:
    """Empty lines, as many as the match has."""
    return "\n" * found.group().count("\n")


def without_comments(sql: str) -> str:
    """SQL and Jinja without comments; lines keep their numbers."""
    sql = re.sub(r"\{#.*?#\}", blanked, sql, flags=re.DOTALL)
    return re.sub(r"--[^\n]*", "", sql)


def portable(path: str, sql: str) -> str:
    """The part of a file that other engines read, too; lines keep their numbers."""
    if path in ("macros/extracts.sql", "macros/input_checks.sql"):
        return ""
    engine = r"\{%-? macro default__.*?endmacro -?%\}"
    return re.sub(engine, blanked, sql, flags=re.DOTALL)


def code_files(*folders: str) -> Iterator[tuple[str, str]]:
    """Path from the project and text of every SQL file in folders, comments left out."""
    for folder in folders:
        for file in sorted((PROJECT / folder).rglob("*.sql")):
            yield str(file.relative_to(PROJECT)), without_comments(file.read_text())


def text_files(*places: str) -> Iterator[tuple[str, str]]:
    """Path from the project and text of every file of the project in places."""
    suffixes = {".sql", ".yml", ".md", ".csv", ".py", ".toml", ""}
    for place in places:
        for file in sorted((PROJECT / place).rglob("*")) or [PROJECT / place]:
            hidden = any(part.startswith((".", "__")) for part in file.relative_to(PROJECT).parts)
            if file.is_file() and file.suffix in suffixes and not hidden:
                yield str(file.relative_to(PROJECT)), file.read_text()


def found_in(pattern: str, path: str, text: str) -> list[str]:
    """Places `path:line` where a pattern occurs."""
    return [
        f"{path}:{text.count(chr(10), 0, found.start()) + 1}"
        for found in re.finditer(pattern, text, re.IGNORECASE)
    ]


def missing(wanted: str, existing: Iterable[str]) -> list[str]:
    """Wanted names, separated by spaces, that do not exist."""
    return sorted(set(wanted.split()) - set(existing))


# ---------------------------------------------------------------------------------------- layers


def test_dbt_bouncer_finds_nothing(parsed: Path, tmp_path: Path) -> None:
    """Layers, names by folder, contracts, unit tests, descriptions: see dbt-bouncer.yml."""
    rules = (PROJECT / "dbt-bouncer.yml").read_text()
    assert "dbt_artifacts_dir: target\n" in rules
    config = tmp_path / "dbt-bouncer.yml"
    config.write_text(rules.replace("dbt_artifacts_dir: target", f"dbt_artifacts_dir: {parsed}"))
    bouncer = Path(sys.executable).with_name("dbt-bouncer")
    run = subprocess.run(
        [str(bouncer), "run", "--config-file", str(config)],
        cwd=PROJECT,
        env=os.environ | {"COLUMNS": "250"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(r"SUCCESS=\d{4} WARN=0 ERROR=0", run.stdout + run.stderr)


def test_every_layer_has_its_rules(models: dict[str, Node]) -> None:
    assert {layer(node) for node in models.values()} == set(LAYERS)
    rules = yaml.safe_load((PROJECT / "dbt-bouncer.yml").read_text())["manifest_checks"]
    for check in ("check_lineage_permitted_upstream_models", "check_model_names"):
        patterns = [rule["include"] for rule in rules if rule["name"] == check]
        without = [
            name
            for name, node in models.items()
            if not any(re.match(pattern, node["original_file_path"]) for pattern in patterns)
        ]
        assert without == [], check


AT_THE_FILES = (
    *("macros/extracts.sql", "macros/input_checks.sql", "macros/carry.sql", "macros/dates.sql"),
    *("macros/phone_forms.sql", "macros/rights.sql"),
)
"""Macros that read the files before dbt makes a statement."""


def test_tables_are_named_by_ref_only() -> None:
    schemas = "|".join((*LAYERS, "extracts", "seeds"))
    named = [
        place
        for path, text in code_files("models", "macros")
        if path not in AT_THE_FILES
        for place in found_in(rf"\b(?:from|join)\s+(?:{schemas})\.", path, text)
    ]
    assert named == []


def test_seeds_have_a_schema_of_their_own(seeds: dict[str, Node]) -> None:
    assert {node["schema"] for node in seeds.values()} == {"seeds"}


# --------------------------------------------------------------------------- marts and functions


def test_every_published_model_has_a_twin_yml(models: dict[str, Node]) -> None:
    without = [
        name
        for name, node in models.items()
        if is_published(node)
        and not str(node["patch_path"]).endswith(
            node["original_file_path"].removesuffix(".sql") + ".yml"
        )
    ]
    assert without == []


def test_every_mart_names_its_build(models: dict[str, Node]) -> None:
    """The last column is the id of the build; in build_info, the first."""
    wrong = []
    for name, node in models.items():
        if layer(node) != "marts" and name != "row_accounting":
            continue
        columns = list(node["columns"])
        is_placed = columns[0 if name == "build_info" else -1] == "build_id"
        literal = "'{{ invocation_id }}' as build_id"
        if not is_placed or literal not in without_comments(node["raw_code"]):
            wrong.append(name)
    assert wrong == []


def test_all_marts_are_from_one_build(sample_database: Path) -> None:
    """In every row of every table and view, also of those that dbt does not list."""
    with opened(sample_database) as con:
        relations = con.execute(
            "select schema_name, table_name from duckdb_tables() where not internal union all "
            "select schema_name, view_name from duckdb_views() where not internal"
        ).fetchall()
        found = {
            f"{schema}.{name}": con.execute(
                f'select distinct build_id from "{schema}"."{name}"'
            ).fetchall()
            for schema, name in relations
            if schema == "marts" or name == "row_accounting"
        }
    assert set(MARTS) - {"quarantine.rejected_rows"} <= set(found)
    (build,) = found["marts.build_info"]
    without_rows = {name for name, ids in found.items() if not ids}
    assert without_rows <= {
        *("marts.sending_domains", "marts.insights"),
        *("marts.experiment_assignments", "marts.experiment_messages"),
        "marts.personalization_conflicts",
    }
    assert {name for name, ids in found.items() if ids != [build]} == without_rows


def test_build_tables_lists_everything_that_was_built(
    models: dict[str, Node], seeds: dict[str, Node], sample_database: Path
) -> None:
    with opened(sample_database) as con:
        told = con.execute(
            "select layer || '.' || table_name, kind, row_count, build_seconds "
            "from marts.build_tables"
        ).fetchall()
        counted = {
            table: con.execute(f"select count(*) from {table}").fetchall()[0][0]
            for table, kind, *_ in told
            if kind in ("table", "seed")
        }
        (took,) = con.execute(
            "select duration_seconds, finished_at - built_at < interval 1 hour "
            "from marts.build_info"
        ).fetchall()
    expected = {
        f"{node['schema']}.{name}": node["config"]["materialized"]
        for name, node in {**models, **seeds}.items()
        if name != "build_tables"
    }
    assert {table: kind for table, kind, *_ in told} == expected
    assert {table: rows for table, _, rows, _ in told if rows is not None} == counted
    assert took[0] >= sum(seconds for *_, seconds in told)
    assert took[1]


def test_every_mart_has_a_key(manifest: Node, models: dict[str, Node]) -> None:
    """The contract has a primary key; DuckDB has none for views, so a data test checks theirs."""
    tested_keys: dict[str, list[set[str]]] = defaultdict(list)
    for node in of_type(manifest, "test").values():
        test = node.get("test_metadata") or {}
        if test.get("name") == "key":
            arguments = test["kwargs"].get("arguments", test["kwargs"])
            tested_keys[node["attached_node"]].append(set(arguments["columns"]))
    without = []
    for name, node in models.items():
        if layer(node) not in ("marts", "quarantine"):
            continue
        constraints = [kind["type"] for kind in node["constraints"]]
        for column in node["columns"].values():
            constraints += [kind["type"] for kind in column["constraints"]]
        is_tested = set(node["primary_key"]) in tested_keys[node["unique_id"]]
        is_view = node["config"]["materialized"] == "view"
        if "primary_key" not in constraints or (is_view and not is_tested):
            without.append(name)
    assert without == []


def test_every_function_is_called_by_a_singular_test(
    models: dict[str, Node], singular_tests: dict[str, Node]
) -> None:
    functions = {name for name, node in models.items() if layer(node) == "segments"}
    called = {
        name
        for test in singular_tests.values()
        for name in re.findall(
            r"ref\(\s*'(segment_[a-z_]+)'\s*\)\s*\}\}\s*\(", without_comments(test["raw_code"])
        )
    }
    assert functions - called == set()


def test_names_of_tests_say_what_they_check(
    manifest: Node, singular_tests: dict[str, Node]
) -> None:
    unit = [
        test["name"]
        for test in manifest["unit_tests"].values()
        if not re.fullmatch(rf"{test['model']}__[a-z0-9]+(?:_[a-z0-9]+)*", test["name"])
    ]
    assert unit == []
    singular = [name for name in singular_tests if not re.fullmatch(r"assert_[a-z0-9_]+", name)]
    assert singular == []


# ----------------------------------------------------------------------------- rows of the brief


def test_rows_of_the_brief_are_written_as_rows(
    manifest: Node, models: dict[str, Node], seeds: dict[str, Node]
) -> None:
    wrong = [
        f"{name}: {row}"
        for name, node in {**models, **seeds, **of_exposures(manifest)}.items()
        for row in node["config"]["meta"].get("brief", [])
        if not isinstance(row, str) or not re.fullmatch(r"\d{3}-\d{2}", row)
    ]
    assert wrong == []


def of_exposures(manifest: Node) -> dict[str, Node]:
    """Every exposure by name, with `meta` in the place where models have it."""
    return {
        f"exposure {node['name']}": {"config": {"meta": node["meta"]}, **node}
        for node in manifest["exposures"].values()
    }


def test_every_row_of_the_brief_is_somewhere(
    manifest: Node, models: dict[str, Node], seeds: dict[str, Node]
) -> None:
    sources = {node["name"]: node for node in manifest["sources"].values()}
    named = {
        row
        for node in [
            *models.values(),
            *seeds.values(),
            *sources.values(),
            *of_exposures(manifest).values(),
        ]
        for row in node["config"]["meta"].get("brief", [])
    }
    assert sorted(set(BRIEF_ROWS) - named - set(BRIEF_ROWS_ELSEWHERE)) == []
    for row, file in BRIEF_ROWS_ELSEWHERE.items():
        assert (PROJECT / file).is_file(), f"{row}: there is no {file}"


# --------------------------------------------------------------------------------- documentation


def test_every_column_of_a_seed_is_described(seeds: dict[str, Node]) -> None:
    """dbt-bouncer checks the columns of models."""
    without = [
        f"{name}.{column}"
        for name, node in seeds.items()
        for column, documented in node["columns"].items()
        if not documented["description"].strip()
    ]
    assert without == []


def test_the_description_of_a_seed_ends_with_the_grain(seeds: dict[str, Node]) -> None:
    """dbt-bouncer checks the descriptions of models."""
    without = [
        name
        for name, node in seeds.items()
        if not re.search(r"\bOne row\b[^.]*\.\s*$", node["description"])
    ]
    assert without == []


def test_documented_columns_are_those_of_the_database(
    models: dict[str, Node], seeds: dict[str, Node], catalog: dict[str, dict[str, str]]
) -> None:
    wrong = []
    for name, node in {**models, **seeds}.items():
        if layer(node) == "segments":
            continue
        told, exists = documented(node), catalog[f"{node['schema']}.{name}"]
        if told != exists:
            differences = sorted(set(told.items()) ^ set(exists.items()))
            wrong.append(f"{name}: {differences}")
        elif is_published(node) and list(told) != list(exists):
            wrong.append(f"{name}: in another order")
    assert wrong == []


def test_documented_answers_are_those_of_the_functions(
    models: dict[str, Node], answers: dict[str, dict[str, str]]
) -> None:
    functions = {name for name, node in models.items() if layer(node) == "segments"}
    assert functions == set(answers)
    for name in functions:
        assert list(documented(models[name]).items()) == list(answers[name].items()), name


def test_the_database_holds_nothing_undocumented(
    models: dict[str, Node], seeds: dict[str, Node], catalog: dict[str, dict[str, str]]
) -> None:
    known = {f"{node['schema']}.{name}" for name, node in {**models, **seeds}.items()}
    assert {table for table in catalog if not table.startswith("extracts.")} <= known


def test_descriptions_are_in_the_database(models: dict[str, Node], sample_database: Path) -> None:
    """A BI tool shows what the models say."""
    with opened(sample_database) as con:
        rows = con.execute(
            "select schema_name || '.' || table_name || '.' || column_name, comment "
            "from duckdb_columns() where not internal"
        ).fetchall()
    comments = dict(rows)
    wrong = [
        f"{name}.{column}"
        for name, node in models.items()
        if layer(node) != "segments"
        for column, told in node["columns"].items()
        if (comments[f"{node['schema']}.{name}.{column}"] or "").strip()
        != told["description"].strip()
    ]
    assert wrong == []


def test_one_name_means_one_thing(models: dict[str, Node]) -> None:
    """In published models; each layer below describes its own step."""
    texts: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for name, node in models.items():
        if is_published(node):
            for column, told in node["columns"].items():
                texts[column][" ".join(told["description"].split())].append(name)
    several = {
        column: list(meanings.values()) for column, meanings in texts.items() if len(meanings) > 1
    }
    new = {column: where for column, where in several.items() if column not in SEVERAL_MEANINGS}
    assert new == {}
    assert set(SEVERAL_MEANINGS) - set(several) == set(), "no longer needed in SEVERAL_MEANINGS"


def test_every_doc_block_is_used(manifest: Node) -> None:
    yaml_text = "".join(text for path, text in text_files("models", "seeds") if "yml" in path)
    unused = [
        doc["name"]
        for doc in manifest["docs"].values()
        if doc["package_name"] == "behavioral_enrichment"
        and not doc["name"].startswith("__")
        and not re.search(rf"doc\(\s*['\"]{doc['name']}['\"]\s*\)", yaml_text)
    ]
    assert unused == []


# -------------------------------------------------------------------------------- vars and seeds


def test_vars_are_declared_and_used() -> None:
    declared = set(yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["vars"])
    used = {
        name
        for _, text in code_files("models", "macros", "tests")
        for name in re.findall(r"\bvar\(\s*['\"](\w+)['\"]", text)
    }
    assert used - declared == set(), "used and not declared"
    assert declared - used == set(), "declared and not used"


def test_every_seed_types_and_justifies_its_rows(seeds: dict[str, Node]) -> None:
    wrong = []
    for name, node in seeds.items():
        with (PROJECT / node["original_file_path"]).open(newline="") as file:
            columns = next(csv.reader(file))
        if list(node["config"]["column_types"]) != columns or list(node["columns"]) != columns:
            wrong.append(f"{name}: column_types, columns and file differ")
        if not {"rationale", "description"} & set(columns):
            wrong.append(f"{name}: no rationale")
    assert wrong == []
    assert "description" in seeds["rejection_reasons"]["columns"]
    for name in set(seeds) - {"rejection_reasons"}:
        assert "rationale" in seeds[name]["columns"], name


def test_every_seed_has_rules(seeds: dict[str, Node], singular_tests: dict[str, Node]) -> None:
    """assert_seeds_keep_their_rules lists every seed, and reads it."""
    read = singular_tests["assert_seeds_keep_their_rules"]["depends_on"]["nodes"]
    assert {key.rpartition(".")[2] for key in read} == set(seeds)


def test_every_reason_of_a_rejection_is_expected_by_a_unit_test(manifest: Node) -> None:
    with (PROJECT / "seeds" / "rejection_reasons.csv").open(newline="") as file:
        reasons = {row["reason"] for row in csv.DictReader(file)}
    expected = {
        row.get("rejection_reason") or row.get("reason")
        for test in manifest["unit_tests"].values()
        for row in test["expect"]["rows"] or ()
    }
    assert sorted(reasons - expected) == []


# ----------------------------------------------------------------------------------- the SQL text


@pytest.mark.parametrize("what", DUCKDB_ONLY)
def test_sql_is_portable(what: str) -> None:
    """Outside of the macros that read extracts and the dispatched macros of the engine."""
    places = []
    for path, text in code_files("models", "macros"):
        places += found_in(DUCKDB_ONLY[what], path, portable(path, text))
    assert places == []


def test_no_line_of_sql_is_long() -> None:
    """The linter leaves this out: it would take an eighth of its time."""
    long = [
        f"{file.relative_to(PROJECT)}:{number}"
        for folder in ("models", "tests")
        for file in sorted((PROJECT / folder).rglob("*.sql"))
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if len(line) > 120
    ]
    assert long == []


FRACTIONS_SUMMED = (
    r"\b(?:sum|avg|stddev\w*|var_\w+|variance)\("
    r"(?!cast)[^()]*(?:/|double|share|credit|probability|depth|strength|score)[^()]*\)"
)
"""A sum or mean of what may have a fraction, other than through a cast to decimals or integers."""


def test_sums_of_fractions_are_exact() -> None:
    """The order of rows would decide the last digits: macros exact_sum and exact_mean."""
    places = []
    for path, text in code_files("models", "macros"):
        places += found_in(FRACTIONS_SUMMED, path, text)
    # Values of these columns are decimals.
    allowed = ("models/marts/audit/audit_groups.sql",)
    assert [place for place in places if not place.startswith(allowed)] == []
    assert found_in(FRACTIONS_SUMMED, "some.sql", "select sum(united.share) / 3")
    assert found_in(FRACTIONS_SUMMED, "some.sql", "select sum(a / b)")
    assert not found_in(FRACTIONS_SUMMED, "some.sql", "select sum(cast(a as decimal(18, 9)))")


@pytest.mark.parametrize(
    ("what", "sql"),
    [
        ("a :: cast", "select a::date"),
        ("a :: cast", "select '{{ x }}' :: date"),
        ("not in (select", "where a not in (\n    select b from c\n)"),
        ("group by all", "group  by\n all"),
        ("now()", "select now()"),
        ("a star's exclude or replace", "select * exclude (a) from b"),
    ],
)
def test_the_check_of_portability_sees(what: str, sql: str) -> None:
    assert found_in(DUCKDB_ONLY[what], "some.sql", sql)
    assert not found_in(DUCKDB_ONLY["a :: cast"], "some.sql", "'(?::[0-9]{2})?'")


def ctes_of(text: str) -> dict[str, tuple[int, int]]:
    """Where each CTE of a model begins and ends, by name and in order."""
    found = list(re.finditer(r"^(?:with )?(\w+) as (?:\{\{[^}]+\}\} )?\(", text, re.MULTILINE))
    ends = [cte.start() for cte in found[1:]] + [text.rindex("select * from")]
    return {cte.group(1): (cte.end(), end) for cte, end in zip(found, ends, strict=True)}


def listing_ctes(text: str) -> list[str]:
    """The CTEs that list the columns of a mart: the last, or those that the last one unites."""
    ctes = ctes_of(text)
    last = list(ctes)[-1]
    body = text[slice(*ctes[last])].rstrip().removesuffix(")")
    arms = [re.fullmatch(r"\s*select \* from (\w+)\s*", arm) for arm in body.split("union all")]
    return [arm.group(1) for arm in arms if arm] if all(arms) and len(arms) > 1 else [last]


def test_a_mart_lists_its_columns_once() -> None:
    """In its last CTE: a search for the name of a column finds it there."""
    places = []
    for path, text in code_files("models/marts", "models/segments"):
        for name in listing_ctes(text):
            begin, end = ctes_of(text)[name]
            listed = re.sub(r"[^\n]", " ", text[:begin]) + text[begin:end]
            places += found_in(r"(?:select\s+|\w\.)\*", path, listed)
    assert places == []


def test_a_model_ends_with_the_last_of_its_ctes() -> None:
    wrong = []
    for path, text in code_files("models"):
        names = re.findall(r"^(?:with )?(\w+) as \(", text, re.MULTILINE)
        last = re.findall(r"^select \* from (\w+)\s*$", text, re.MULTILINE)
        if not last or last[-1] != names[-1]:
            wrong.append(path)
        wrong += [f"{path}: {name}" for name in names if re.fullmatch(r"final|cte\d*|tmp", name)]
    assert wrong == []


def test_no_machine_is_named() -> None:
    places = [
        place
        for path, text in text_files(
            *("scripts", "tools", "models", "macros", "seeds", "docs", "README.md", "CHANGELOG.md"),
            *("Makefile", "dbt_project.yml", "profiles.yml", "pyproject.toml"),
        )
        for place in found_in(MACHINE_PATHS.pattern, path, text)
    ]
    assert places == []


# ------------------------------------------------------------------------- pages of promises


def test_the_page_on_trust_names_what_there_is(
    manifest: Node, models: dict[str, Node], seeds: dict[str, Node]
) -> None:
    """Each promise names the file, table or seed that keeps it, and the test that proves it."""
    text = (PROJECT / "docs" / "trust.md").read_text()
    known = {*models, *seeds} | {source["name"] for source in manifest["sources"].values()}
    schemas = ("marts", "quarantine", "segments")
    wrong = [
        name
        for name in quoted(text)
        if (
            (name.startswith(("tests/", "scripts/", "macros/", "models/")))
            and not (PROJECT / name).exists()
        )
        or (name.partition(".")[0] in schemas and name.partition(".")[2] not in known)
    ]
    rows = [line.split("|") for line in text.splitlines() if line.startswith("| ")]
    unproven = [
        promise for _, promise, _, proof, _ in rows if "promise" not in promise and "`" not in proof
    ]
    assert (wrong, unproven) == ([], [])


def test_the_page_on_ethics_names_what_there_is(
    manifest: Node, models: dict[str, Node], seeds: dict[str, Node], catalog: dict[str, Any]
) -> None:
    """Every name exists; every score and flag has a row, and every row its numbers."""
    text = (PROJECT / "docs" / "ethics.md").read_text()
    with (PROJECT / "seeds" / "rules.csv").open(newline="") as file:
        numbers = {*seeds, *(row["subject"] for row in csv.DictReader(file))}
    columns = {column for table in catalog.values() for column in table}
    fields = {pattern for pattern, _ in sensitive_patterns()} | READ_FIELDS
    known = {
        *models,
        *numbers,
        *columns,
        *fields,
        *(n["name"] for n in manifest["sources"].values()),
    }
    words = {"stop", "notes"}  # of a recommendation; a field that is not read
    wrong = [
        name
        for name in quoted(text)
        if not name.startswith("segment.py ")
        and not (PROJECT / "docs" / name).exists()
        and (name.partition(".")[2] or name) not in known | words
    ]
    rows = [
        cells(line) for line in text.splitlines() if line.startswith(("| `marts", "| `segments"))
    ]
    without_numbers = [row[0] for row in rows if not set(quoted(row[2])) <= numbers or not row[2]]
    assert (wrong, without_numbers) == ([], [])
    with (PROJECT / "seeds" / "audited_scores.csv").open(newline="") as file:
        audited = {row["score"] for row in csv.DictReader(file)}
    told = {name.partition(".")[2] for row in rows for name in quoted(row[0])}
    holders = {
        score: {
            name
            for name, node in models.items()
            if layer(node) == "marts" and score in node["columns"]
        }
        for score in audited
    }
    assert [score for score, names in holders.items() if not names & told] == []


# ----------------------------------------------------------------------------------- sensitive data


def sensitive_patterns() -> list[tuple[str, set[str]]]:
    """Patterns of sensitive custom fields, and the published tables that may hold their values."""
    with (PROJECT / "seeds" / "sensitive_fields.csv").open(newline="") as file:
        return [
            (row["field_pattern"], set(row["allowed_marts"].split()))
            for row in csv.DictReader(file)
        ]


READ_FIELDS = {
    *("state_voter_id", "party", "gender", "birth_date"),
    *("email_consent", "sms_consent", "phone_consent"),
}
"""Custom fields that any definition reads."""

FIELD_READERS = {
    "base_voterfile__person_custom_fields",
    "stg_rights__erased_persons",  # the voter ids that requests name
    "stg_rights__erased_svids",  # those that only the erased carry
    "stg_delivered_rows",  # counts
}
"""Models that read the values of custom fields from the extract."""


def test_only_named_custom_fields_are_read(manifest: Node, models: dict[str, Node]) -> None:
    """Few models read custom fields, and they name the fields that they read."""
    source = "source.behavioral_enrichment.voterfile.person_custom_field"
    assert {
        name for name, node in models.items() if source in node["depends_on"]["nodes"]
    } == FIELD_READERS
    dictionary = {"stg_voterfile__custom_fields", "base_voterfile__custom_fields"}
    readers = [
        node
        for node in models.values()
        if dictionary & {key.rpartition(".")[2] for key in node["depends_on"]["nodes"]}
        or "source.behavioral_enrichment.voterfile.custom_field" in node["depends_on"]["nodes"]
    ]
    named = {
        name
        for node in readers
        for name in re.findall(
            r"(?:\bfield_name|field_name\([^)]*\)\s*\}\})\s*=\s*'(\w+)'",
            without_comments(node["raw_code"]),
        )
    }
    with (PROJECT / "seeds" / "voter_id_fields.csv").open(newline="") as file:
        voter_ids = {row["field_name"] for row in csv.DictReader(file)}
    by_seed = [node for node in readers if "is_voter_id_field(" in node["raw_code"]]
    assert len(by_seed) == 3
    assert named | voter_ids == READ_FIELDS
    # A model that reads the values without their names counts rows, or withholds the value.
    values = "base_voterfile__person_custom_fields"
    assert {
        name
        for name, node in models.items()
        if f"model.behavioral_enrichment.{values}" in node["depends_on"]["nodes"]
    } <= {
        *("lnk_voter", "lnk_voter_person", "lnk_voter_consent", "row_accounting"),
        *("rejected_rows_of_small_extracts", "stg_rights__erased_rows"),
    }


def test_columns_of_sensitive_names_stand_where_they_may(models: dict[str, Node]) -> None:
    """A column with the name of a sensitive field stands only in tables that may hold it."""
    wrong = [
        f"{name}.{column}"
        for name, node in models.items()
        if is_published(node)
        for column in node["columns"]
        for pattern, allowed in sensitive_patterns()
        if re.fullmatch(pattern.replace("%", ".*"), column) and name not in allowed
    ]
    assert wrong == []


def test_tables_that_may_hold_sensitive_fields_exist(models: dict[str, Node]) -> None:
    named = {name for _, allowed in sensitive_patterns() for name in allowed}
    published = {name for name, node in models.items() if is_published(node)}
    assert named - published == set()


# ----------------------------------------------------------------------------- the public interface


@pytest.mark.parametrize("table", MARTS)
def test_a_mart_has_its_columns(table: str, catalog: dict[str, dict[str, str]]) -> None:
    assert missing(MARTS[table], catalog[table]) == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_its_parameters_and_columns(
    function: str, models: dict[str, Node], answers: dict[str, dict[str, str]]
) -> None:
    parameters, columns = FUNCTIONS[function]
    assert tuple(models[function]["config"]["parameters"]) == parameters
    assert missing(columns, answers[function]) == []


def test_extracts_are_declared_as_the_interface_has_them(manifest: Node) -> None:
    declared = {
        node["name"]: {
            ("*" if column["config"]["meta"].get("required") else "") + name
            for name, column in node["columns"].items()
        }
        for node in manifest["sources"].values()
        if node["config"]["meta"].get("required")
    }
    assert declared == {name: set(columns.split()) for name, columns in EXTRACTS.items()}


@pytest.mark.parametrize("table", OPTIONAL_EXTRACTS)
def test_a_channel_is_declared_as_the_interface_has_it(table: str, manifest: Node) -> None:
    (node,) = (node for node in manifest["sources"].values() if node["name"] == table)
    declared = {
        ("*" if column["config"]["meta"].get("required") else "") + name
        for name, column in node["columns"].items()
    }
    assert not node["config"]["meta"].get("required")
    assert missing(OPTIONAL_EXTRACTS[table], declared) == []


def test_settings_have_their_names_and_defaults() -> None:
    declared = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["vars"]
    assert declared == {
        "as_of_date": "",
        "attribution_window_days": 30,
        "accepted_checks": [],
    }
    code = "".join(text for _, text in text_files("scripts", "macros", "profiles.yml"))
    for setting, default in (
        ("BEHAVIORAL_DATA_DIR", "data"),
        ("BEHAVIORAL_DB", "warehouse/behavioral.duckdb"),
    ):
        assert re.search(rf"['\"]{setting}['\"], ['\"]{default}['\"]", code), setting


def test_the_project_has_one_version() -> None:
    from enrichment import code_version

    declared = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["version"]
    assert code_version.code_version() == declared


def test_the_runner_has_its_commands() -> None:
    import segment

    assert {
        command.callback.__name__ for command in segment.app.registered_commands if command.callback
    } == set(COMMANDS)


def test_marts_that_publish_no_identifiers(catalog: dict[str, dict[str, str]]) -> None:
    """Marts hold no address and no phone: a contact is a keyed hash."""
    raw = [
        f"{table}.{column}"
        for table, columns in catalog.items()
        for column in columns
        if table.startswith("marts.") and re.search(r"email_key|phone_key|^email$|^phone$", column)
    ]
    assert raw == []


# --------------------------------------------------------------------- lineage and the docs site

NOT_DELIVERED = {
    "of the build": """
        build_info.duration_seconds build_tables.row_count build_tables.build_seconds
        definition_health.build_seconds
    """,
    "of the request": "segment_forms.requested segment_summary.requested",
    "numbered by the query": """
        attribution_profile.days_after_gift coverage.step_number mail_trials.horizons_back
        score_distribution.bin send_time_trials.horizons_back
    """,
    "of a seed": """
        funnels.step_number insights.insight_rank mail_trials.horizon_days
        score_calibration.horizon_days score_distribution.bin_from score_distribution.bin_to
        row_accounting.rows_expired score_evaluation.horizon_days score_evaluation.k_share
        segment_lookalike_check.k_share
        send_time_trials.horizon_days success_metrics.target
    """,
}
"""Numbers of public tables that no delivered column decides, by what decides them."""

DECIDED_BY = {
    "client_affinity.click_rate": "email_clickers.send email_clickers.click",
    "client_affinity.unsubs": "email_clickers.unsubscribe",
    "campaign_attribution.donors_attributed": "donations.email donations.contact_number",
    "donor_propensity.donor_propensity_score": "donations.donation_date email_clickers.click",
    "engagement_health_weekly.bounce_rate": "email_clickers.bounce email_clickers.send",
    "engagement_scores.engagement_score": "behavior_events.event_type web_visits.scroll_depth",
    "enriched_profiles.donation_amount": "donations.amount",
    "enriched_profiles.phones_linked": "person.cell_phone person.home_phone",
    "segment_summary.coverage_rate": "email_clickers.email list_link_phone_email_map.email",
}
"""Some numbers, with delivered columns that decide them by docs/definitions.md."""


@pytest.fixture(scope="session")
def followed(manifest: Node, sample_build: tuple[Path, str]) -> Project:
    """The lineage of the SQL that the build of the sample has compiled."""
    compiled = sample_build[0].parent / "target" / "compiled" / "behavioral_enrichment"
    nodes = {name: dict(node) for name, node in manifest["nodes"].items()}
    for node in nodes.values():
        if node["resource_type"] == "model":
            node["compiled_code"] = (compiled / node["original_file_path"]).read_text()
    return project_of({**manifest, "nodes": nodes})


def test_every_number_is_followed_to_what_was_delivered(followed: Project) -> None:
    """No model is left out: one that cannot be followed fails, as it does in `make docs`."""
    text = re.compile("varchar|date|timestamp|boolean|json|time|struct.*|.*\\[\\]")
    numbers = {
        f"{model['name']}.{name}": Ref(model["unique_id"], name)
        for model in followed.models
        if model["fqn"][1] in ("marts", "quarantine", "segments")
        for name, column in model["columns"].items()
        if not text.fullmatch(column["data_type"].lower())
    }
    decided = {
        name: {
            f"{followed.nodes[one.relation]['name']}.{one.column}"
            for one in followed.delivered(ref)
            if one.relation.startswith("source.")
        }
        for name, ref in numbers.items()
    }
    assert len(decided) > 700
    assert {name for name, found in decided.items() if not found} == {
        name for names in NOT_DELIVERED.values() for name in names.split()
    }
    assert {
        name: missing
        for name, columns in DECIDED_BY.items()
        if (missing := set(columns.split()) - decided[name])
    } == {}


def test_no_score_reads_a_sensitive_field(followed: Project) -> None:
    """docs/ethics.md says so. The county decides a voter's time zone, and nothing else.

    A score that is not proven is withheld: `score_evaluation` judges all scores, and send times by
    age band among them, so the way ends there.
    """
    scores = {
        "donor_propensity": ["donor_propensity_score"],
        "gift_probability": ["gift_probability", "expected_value"],
        "engagement_scores": [
            *("engagement_score", "recent_score", "activity_score", "interest_score"),
            *("intent_score", "multi_channel_score"),
        ],
        "channel_engagement": ["response_rate_adjusted"],
        "voter_lifecycle": ["churn_probability_score", "return_probability", "rule_churn_flag"],
        "person_client_affinity": ["affinity_score_adjusted", "recommendation"],
        "segment_lookalike": ["similarity", "similarity_score"],
    }
    ends = frozenset({"score_evaluation", "lnk_voter.time_zone", "lnk_voter.time_zone_source"})
    read = {
        f"{model['name']}.{score} {one.column}"
        for model in followed.models
        for score in scores.pop(model["name"], [])
        for one in followed.upstream(Ref(model["unique_id"], score), ends)
        if re.search("party|gender|age_band|birth|county", one.column)
    }
    assert scores == {}
    assert read == set()


def test_other_channels_change_no_figure_of_mail_or_gifts(followed: Project) -> None:
    """docs/definitions.md says so: no table of these reads a table of theirs, on any way."""
    figures = {
        *("client_affinity", "person_client_affinity", "campaign_engagement"),
        *("engagement_health_weekly", "engagement_health_alerts", "enriched_profiles"),
        *("attribution_credits", "campaign_attribution", "donor_propensity", "coverage"),
    }
    read = {
        f"{model['name']} {name}"
        for model in followed.models
        if model["name"] in figures
        for name in followed.ancestors(model["unique_id"])
        if name.startswith("source.behavioral_enrichment.channels.")
    }
    assert figures <= {model["name"] for model in followed.models}
    assert read == set()


def test_tables_refer_to_rows_that_there_are(followed: Project, sample_database: Path) -> None:
    """What the pictures of keys show holds in the sample."""
    found = relations.references(followed)
    assert len(found) > 40
    wrong = []
    with opened(sample_database) as con:
        for one in found:
            pairs = " and ".join(f"a.{column} = b.{column}" for column in one.columns)
            filled = " and ".join(f"a.{column} is not null" for column in one.columns)
            (lost, empty) = con.execute(
                f"select count(*) filter (where {filled} and not exists (select 1 from "
                f"marts.{one.home} as b where {pairs})), count(*) filter (where not ({filled})) "
                f"from marts.{one.table} as a"
            ).fetchone() or (0, 0)
            if (lost and not one.is_partial) or (empty and not one.is_optional):
                wrong.append(one)
    assert wrong == []


def test_the_docs_site_leads_from_page_to_page(
    followed: Project, manifest: Node, tmp_path: Path
) -> None:
    """Links lead to pages, files and columns that there are; table functions show their types."""
    pages = tmp_path / "docs_pages"
    tables.Site(followed, pages).write()
    html.write_pages(PROJECT / "docs", pages / "pages")
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    (tmp_path / "catalog.json").write_text('{"nodes": {}, "sources": {}}')
    site = dbt_site.write_site(tmp_path).read_text()
    assert '"name":"requested_svid"' in site.replace('"type":"VARCHAR","index":1,', "")
    texts = {file.relative_to(pages).as_posix(): file.read_text() for file in pages.rglob("*.html")}
    assert len(texts) > 230
    made_later = {"scores.html", "bias-audit.html", "../static_index.html"}
    anchors = {name: {*re.findall(r' id="([^"]+)"', text)} for name, text in texts.items()}
    broken = []
    for name, text in texts.items():
        for link in {*re.findall(r'href="([^"]+)"', text)}:
            path, _, anchor = link.partition("#")
            place = os.path.normpath(Path(name).parent / path) if path else name
            if "://" in link or place in made_later:
                continue
            if place.startswith("../../"):
                known = (PROJECT / place.removeprefix("../../")).exists()
            else:
                known = place in texts and (not anchor or anchor in anchors[place])
            if not known:
                broken.append(f"{name}: {link}")
    assert broken == []
    # Nothing of the machine that wrote them, and nothing from elsewhere.
    assert [name for name, text in texts.items() if MACHINE_PATHS.search(text)] == []
    assert [name for name, text in texts.items() if re.search(r'src="http', text)] == []
