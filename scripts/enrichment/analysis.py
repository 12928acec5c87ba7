"""The answer of ``analyze``: the parts that --include names, in each format."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from enrichment import roles
from enrichment.answers import Answer, Section
from enrichment.database import Database, Query, identifier
from enrichment.disclosure import Disclosure
from enrichment.errors import InputError, shown

PARTS = ("demographics", "engagement", "donations", "client_affinity")
# Further parts; each is one function, with one row per requested id.
FUNCTIONS = {
    "scores": "segment_scores",
    "lifecycle": "segment_lifecycle",
    "timing": "segment_timing",
    "channels": "segment_channels",
}
INCLUDES = (*PARTS, *FUNCTIONS)
IDENTITY = ("requested_svid", "state", "svid", "link_status")
# Columns of segment_profile by include word; every other column is always included.
DEMOGRAPHICS = ("county", "party", "gender", "age_band")
ENGAGEMENT = (
    "campaigns_engaged",
    "clients_engaged",
    "total_events",
    "total_sends",
    "total_opens",
    "total_clicks",
    "is_clicker",
    "last_engagement_date",
)
DONATIONS = ("is_donor", "donation_count", "donation_amount", "last_donation_date")
PROFILE = {"demographics": DEMOGRAPHICS, "engagement": ENGAGEMENT, "donations": DONATIONS}
# Columns come in the order of its importance: the last columns go first where it is
# narrow, so what the rows are sorted by stands beside what they are about.
AFFINITY_SCREEN = (
    "affinity_rank",
    "client_shortname",
    "affinity_score_adjusted",
    "unique_contacts",
    "open_rate",
    "click_rate",
    "sends",
    "affinity_score",
)


def _source(word: str) -> tuple[str, str]:
    """The function that a part comes from, with its schema."""
    functions = {
        "demographics": "segment_deviation",
        "client_affinity": "segment_affinity",
        "summary": "segment_summary",
        **FUNCTIONS,
    }
    return "segments", functions.get(word, "segment_profile")


def include_words(text: str) -> list[str]:
    """The words of --include, in the order of ``INCLUDES``. Raises InputError."""
    words = [word.strip().lower() for word in text.split(",") if word.strip()]
    for word in words:
        if word not in INCLUDES:
            raise InputError(f"--include {shown(word)}: expected some of {', '.join(INCLUDES)}")
    if not words:
        raise InputError(f"--include is empty: expected some of {', '.join(INCLUDES)}")
    return [word for word in INCLUDES if word in words]


def functions_about_groups(
    words: list[str], threshold: float, form: str
) -> dict[str, dict[str, Any]]:
    """The functions about groups that the answer needs, each with its options."""
    requested: dict[str, dict[str, Any]] = {}
    if form not in ("csv", "parquet"):
        requested["segment_summary"] = {}
        if "demographics" in words:
            requested["segment_deviation"] = {"deviation_threshold": threshold}
    if "client_affinity" in words and (requested or words == ["client_affinity"]):
        requested["segment_affinity"] = {}
    return requested


def _lists_people(words: list[str], form: str) -> bool:
    """Whether the answer has rows about single people."""
    if form in ("csv", "parquet"):
        return words != ["client_affinity"]
    return bool(set(words) - {"demographics", "client_affinity"})


def propensity_question(
    model: str, threshold: float
) -> tuple[dict[str, float], str, tuple[float, ...], str]:
    """What ``propensity`` asks segment_propensity for.

    The function's options, the SQL that chooses rows with its values, and the SQL that orders them.
    Raises InputError for an unknown model.
    """
    if model == "donor":
        order = "order by donor_propensity_score desc nulls last, requested_svid"
        return {"threshold": threshold}, "", (), order
    if model != "gift":
        raise InputError(f"--model {shown(model)}: expected donor or gift")
    order = "order by gift_rank nulls last, requested_svid"
    if threshold > 0:
        return {}, "where gift_probability >= ?", (threshold,), order
    return {}, "", (), order


def analysis(
    database: Database,
    segment: list[str],
    words: list[str],
    threshold: float,
    form: str,
    *,
    is_open: bool,
) -> tuple[Answer, Disclosure]:
    """The answer of ``analyze``, and the object that reports how much of it was hidden.

    The command's help describes each format.
    """
    if _lists_people(words, form):
        roles.require("single_people")
    requested = functions_about_groups(words, threshold, form)
    groups = Disclosure(database, segment, requested, is_open=is_open)
    return _answer(database, groups, segment, words, form), groups


def _answer(
    database: Database, groups: Disclosure, segment: list[str], words: list[str], form: str
) -> Answer:
    names = database.columns(Query("select * from temp.profiles"))
    claimed = {column for columns in PROFILE.values() for column in columns}
    wanted = {column for word in words if word in PROFILE for column in PROFILE[word]}

    def profile_of(chosen: list[str], order: str = "requested_svid") -> Query:
        columns = ", ".join(identifier(name) for name in chosen)
        return Query(f"select {columns} from {groups.people} order by {order}")

    def part(columns: tuple[str, ...], order: str = "requested_svid") -> Query:
        return profile_of([name for name in names if name in (*IDENTITY, *columns)], order)

    def deviation(choose: str, order: str) -> Query:
        return groups.rows("segment_deviation", choose=choose, order=order)

    def affinities(limit: str = "") -> Query:
        order = f"order by affinity_rank, client_shortname {limit}"
        return groups.rows("segment_affinity", order=order)

    def behavior(word: str, then: str = "order by requested_svid") -> Query:
        return groups.of_people(FUNCTIONS[word], segment, then)

    def beside(people: Query) -> Query:
        """The rows of people with the columns of the requested functions."""
        for word in (word for word in words if word in FUNCTIONS):
            people = people.beside(
                database.ask(
                    FUNCTIONS[word],
                    segment,
                    select="select * exclude (state, svid, person_id, link_status)",
                ),
                "requested_svid",
            )
        return people

    # Query only what this format holds: the report of hidden rows is about these answers.
    if form in ("csv", "parquet"):
        return Answer(
            flat=affinities()
            if words == ["client_affinity"]
            else beside(
                profile_of([name for name in names if name not in claimed or name in wanted])
            ),
            sections=(),
            screen=(),
        )
    summary = Section("summary", groups.summary(), single=True, source=_source("summary"))
    if form != "table":
        whole: dict[str, Callable[[], Query]] = {
            "demographics": lambda: deviation("", "order by attribute, value"),
            "engagement": lambda: part(ENGAGEMENT),
            "donations": lambda: part(DONATIONS),
            "client_affinity": affinities,
            **{word: partial(behavior, word) for word in FUNCTIONS},
        }
        parts = (Section(word, whole[word](), source=_source(word)) for word in words)
        sections = (summary, *parts)
        return Answer(flat=summary.query, sections=sections, screen=())
    first_ten = "desc nulls last, requested_svid limit 10"
    screen = {
        "demographics": lambda: Section(
            "flagged deviations",
            deviation("where is_flagged", "order by abs(difference) desc, attribute, value"),
            ("attribute", "value", "segment_share", "baseline_share", "difference", "q_value"),
        ),
        "engagement": lambda: Section(
            "most recently engaged",
            part(ENGAGEMENT, f"last_engagement_date {first_ten}"),
            (
                "requested_svid",
                "last_engagement_date",
                "total_clicks",
                "total_opens",
                "campaigns_engaged",
                "clients_engaged",
                "link_status",
            ),
        ),
        "donations": lambda: Section(
            "most recent donors",
            part(DONATIONS, f"last_donation_date {first_ten}"),
            ("requested_svid", "last_donation_date", "donation_count", "donation_amount"),
        ),
        "client_affinity": lambda: Section("top clients", affinities("limit 10"), AFFINITY_SCREEN),
        "scores": lambda: Section(
            "most engaged",
            behavior("scores", f"order by engagement_score {first_ten}"),
            (
                "requested_svid",
                "engagement_score",
                "engagement_tier",
                "gift_probability",
                "gift_verdict",
                "intent_score",
                "gift_probability_basis",
            ),
        ),
        "lifecycle": lambda: Section(
            "likeliest to go quiet",
            behavior("lifecycle", f"order by churn_probability_score {first_ten}"),
            (
                "requested_svid",
                "churn_probability_score",
                "churn_verdict",
                "lifecycle_stage",
                "donor_stage",
                "behavior_pattern",
                "churn_basis",
            ),
        ),
        "timing": lambda: Section(
            "when to write",
            # Most people have only the level of a group: rows with a level of their own come first.
            behavior("timing", f"order by hour_level = 'person' desc, hour_sends {first_ten}"),
            (
                "requested_svid",
                "optimal_send_hour",
                "hour_level",
                "hour_sends",
                "optimal_send_day",
                "day_level",
            ),
        ),
        "channels": lambda: Section(
            "where they respond",
            behavior("channels", f"order by multi_channel_score {first_ten}"),
            (
                "requested_svid",
                "multi_channel_score",
                "preferred_channel",
                "email_response_rate",
                "sms_response_rate",
                "phone_response_rate",
            ),
        ),
    }
    counts = Section("ids", groups.id_counts())
    return Answer(
        flat=summary.query,
        sections=(),
        screen=(summary, counts, *(screen[word]() for word in words)),
    )
