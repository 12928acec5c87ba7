"""The built database against the reference, mart by mart, row by row, column by column."""

import math
import random
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from conftest import build_environment
from reference import hostile
from reference.affinity import client_affinity, person_client_affinity
from reference.attribution import campaign_attribution, credit_row
from reference.behaviour import Row, World, coverage, donor_propensity, enriched_profiles
from reference.health import campaign_engagement, engagement_health, engagement_health_alerts
from reference.measures import Rounded, fit_prior
from reference.placebo import attribution_placebo, attribution_profile
from reference.segments import Questions
from reference.settings import RATES
from sample_data.pairs import opened
from warm import Warm

Table = Mapping[Any, Row]
TOLERANCE = 1e-9
SIMILARITY_TOLERANCE = 1e-4
"""Published with 4 places; the build takes at most eight Newton steps."""
RECOMMENDATIONS = {"prefer", "neutral", "reduce", "stop", "not_enough_data"}


class Database:
    """The built database, both halves of it, read-only."""

    def __init__(self, path: Path) -> None:
        """Attach both files to an in-memory connection."""
        self.connection = opened(path)

    def select(self, source: str, parameters: list[Any] | None = None) -> list[Row]:
        """Every row of a relation of the database, as dictionaries."""
        cursor = self.connection.execute(f"select * from {source}", parameters or [])
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def keyed(self, source: str, key: tuple[str, ...], *parameters: Any) -> dict[Any, Row]:
        """Rows by grain; the grain must be unique."""
        table: dict[Any, Row] = {}
        for row in self.select(source, list(parameters)):
            own = key_of(row, key)
            assert own not in table, f"{source}: more than one row of {own!r}"
            table[own] = row
        return table


def key_of(row: Row, key: tuple[str, ...]) -> Any:
    """The grain of a row, a plain value where it is one column."""
    values = tuple(plain(row[name]) for name in key)
    return values[0] if len(values) == 1 else values


def plain(value: Any) -> Any:
    """Times without a zone (UTC), decimals as floats."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None)
    return float(value) if isinstance(value, Decimal) else value


def is_rounding_of(found: Any, expected: Rounded) -> bool:
    """A multiple of the last place, at most half a unit away (either side of a tie)."""
    exact = float(expected.exact)
    unit = 10.0**-expected.places
    slack = TOLERANCE * max(1.0, abs(exact))
    is_a_multiple = math.isclose(found, round(found, expected.places), rel_tol=1e-12, abs_tol=1e-12)
    return is_a_multiple and abs(found - exact) <= unit / 2 + slack


def is_equal(expected: Any, found: Any) -> bool:
    """Whether a column's value is the expected one, floats within their tolerance."""
    found = plain(found)
    if expected is None or found is None:
        return expected is None and found is None
    if isinstance(expected, Rounded):
        return is_rounding_of(found, expected)
    if isinstance(expected, bool):
        return found is expected
    if isinstance(expected, (float, Fraction)):
        return math.isclose(found, float(expected), rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    if isinstance(expected, date) and not isinstance(expected, datetime):
        return bool((found.date() if isinstance(found, datetime) else found) == expected)
    return bool(expected == found)


def shown(value: Any) -> str:
    """A value in a message."""
    if isinstance(value, Rounded):
        return f"{float(value.exact)!r} to {value.places} places"
    return repr(float(value)) if isinstance(value, Fraction) else repr(value)


def differences(name: str, expected: Table, found: Table) -> Iterator[str]:
    """Every key and every expected column in which two tables differ."""
    for key in expected:
        if key not in found:
            yield f"{name}: {key!r}: expected a row, found none"
    for key in found:
        if key not in expected:
            yield f"{name}: {key!r}: expected no row, found one"
    for key, row in expected.items():
        if key not in found:
            continue
        for column, value in row.items():
            if column not in found[key]:
                yield f"{name}: {key!r}: {column}: expected {shown(value)}, found no such column"
            elif not is_equal(value, found[key][column]):
                other = shown(found[key][column])
                yield f"{name}: {key!r}: {column}: expected {shown(value)}, found {other}"


def assert_same(name: str, expected: Table, found: Table) -> None:
    """Fail with table, key, column, expected and found of the first differences."""
    report(list(differences(name, expected, found)))


def report(lines: list[str]) -> None:
    """Fail with the first lines and their number."""
    first = "\n".join(lines[:25])
    assert not lines, f"{len(lines)} differences\n{first}"


HOSTILE_SEEDS = (11, 14)


@pytest.fixture(scope="session", params=["sample", *HOSTILE_SEEDS])
def built(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    """Extracts and the database built of them: the sample, and worlds full of collisions."""
    if request.param == "sample":
        return request.getfixturevalue("sample_extracts"), request.getfixturevalue(
            "sample_database"
        )
    folder = tmp_path_factory.mktemp(f"hostile_{request.param}")
    hostile.write(folder / "extracts", request.param)
    database = folder / "behavioral.duckdb"
    warm: Warm = request.getfixturevalue("warm")
    asked = ("build", "--accept=rejected_share")
    run = warm.run(*asked, env=build_environment(folder / "extracts", database))
    assert run.returncode == 0, run.stderr
    return folder / "extracts", database


@pytest.fixture(scope="session")
def world(built: tuple[Path, Path]) -> World:
    """The reference's view of the extracts."""
    return World(built[0], build_day=datetime.now(UTC).date())


@pytest.fixture(scope="session")
def questions(world: World) -> Questions:
    """The reference's answers."""
    return Questions(world)


@pytest.fixture(scope="session")
def database(built: tuple[Path, Path]) -> Database:
    """The database built from them."""
    return Database(built[1])


def test_row_accounting(world: World, database: Database) -> None:
    """Rows in, kept, unlinked, rejected and duplicate of the seven tables."""
    found = database.keyed("quarantine.row_accounting", ("source_table",))
    expected = {table: dict(account) for table, account in world.accounts.items()}
    required = {table: row for table, row in found.items() if table in expected}
    assert_same("row_accounting", expected, required)


def test_rejected_rows(world: World, database: Database) -> None:
    """Each rejected row of the seven tables stands in the quarantine with a reason."""
    rows = database.select("quarantine.rejected_rows")
    assert all(row["reason"] for row in rows)
    counted = Counter(row["source_table"] for row in rows)
    expected = {t: {"rows": account["rows_rejected"]} for t, account in world.accounts.items()}
    found = {table: {"rows": counted[table]} for table in expected}
    assert_same("rejected_rows", expected, found)


def test_enriched_profiles(world: World, database: Database) -> None:
    """000-11…17: one row per voter."""
    found = database.keyed("marts.enriched_profiles", ("state", "svid"))
    assert_same("enriched_profiles", enriched_profiles(world), found)


def test_coverage(world: World, database: Database) -> None:
    """000-58: the waterfall."""
    assert_same("coverage", coverage(world), database.keyed("marts.coverage", ("state", "step")))


def test_client_affinity(world: World, questions: Questions, database: Database) -> None:
    """000-18…22, F20."""
    expected = client_affinity(world.events, questions.priors, world.population_basis)
    found = database.keyed("marts.client_affinity", ("client_shortname",))
    assert_same("client_affinity", expected, found)


def test_few_sends_neither_set_the_prior_nor_win(
    world: World, questions: Questions, database: Database
) -> None:
    """F20: on the sample clients of a send or two would lead, and weaken the prior for all."""
    clients = database.keyed("marts.client_affinity", ("client_shortname",))
    small = {client for client, row in clients.items() if row["sends"] < 10}
    large = [row for client, row in clients.items() if row["sends"] >= 200]
    for name, prior in (("click", "clicks"), ("open", "opens"), ("unsub", "unsubs")):
        (row,) = database.select(f"marts.affinity_prior where rate = '{name}'")
        # The overall share is that of all clients; the strength must not be that of the small ones.
        sent = [(min(row[prior], row["sends"]), row["sends"]) for row in clients.values()]
        others = fit_prior(
            (
                (clients[client][prior], clients[client]["sends"])
                for client in clients.keys() - small
            ),
            Fraction(sum(done for done, _ in sent), sum(sends for _, sends in sent)),
        )
        assert row["rho"] == pytest.approx(others.weight, rel=0.05, abs=1e-6), name
        assert row["fitted_clients"] <= len(clients.keys() - small)
    ranks = sorted(row["affinity_rank"] for row in large)
    for client in small:
        ahead = [rank for rank in ranks if rank < clients[client]["affinity_rank"]]
        assert len(ahead) >= len(ranks) // 10, client
    if {"cast_spark", "delta_fund"} <= clients.keys():
        assert clients["cast_spark"]["affinity_rank"] > clients["delta_fund"]["affinity_rank"]


def test_person_client_affinity(world: World, questions: Questions, database: Database) -> None:
    """000-23, F21, F22: counts, adjusted score and lift; unsubscribes and complaints stop."""
    expected = person_client_affinity(world, questions.priors)
    found = database.keyed("marts.person_client_affinity", ("state", "svid", "client_shortname"))
    stopped = {key: row.pop("is_stopped") for key, row in expected.items()}
    optional = {name for name in RATES if name not in next(iter(found.values()), {})}
    expected = {
        key: {name: value for name, value in row.items() if name not in optional}
        for key, row in expected.items()
    }
    assert_same("person_client_affinity", expected, found)
    for key, row in found.items():
        assert row["recommendation"] in RECOMMENDATIONS, key
        assert (row["recommendation"] == "stop") == stopped[key], (key, row["recommendation"])


def test_donor_propensity(world: World, database: Database) -> None:
    """000-24…26, F25, F29."""
    found = database.keyed("marts.donor_propensity", ("state", "svid"))
    assert_same("donor_propensity", donor_propensity(world), found)


def test_engagement_health_weekly(world: World, questions: Questions, database: Database) -> None:
    """000-28, 000-29, F31, F33, F34."""
    expected = engagement_health(world, questions.weeks, world.events)
    found = database.keyed("marts.engagement_health_weekly", ("week_start",))
    assert_same("engagement_health_weekly", expected, found)


def test_campaign_engagement(world: World, questions: Questions, database: Database) -> None:
    """F19, F48: distinct mailings, and the campaign's own name and client."""
    found = database.keyed("marts.campaign_engagement", ("campaign_id",))
    assert_same("campaign_engagement", campaign_engagement(world, questions.attribution), found)


def test_engagement_health_alerts(world: World, questions: Questions, database: Database) -> None:
    """000-44, F35: which weeks and rates alert, with their statuses and baseline."""
    health = engagement_health(world, questions.weeks, world.events)
    found = database.keyed("marts.engagement_health_alerts", ("week_start", "metric"))
    expected = engagement_health_alerts(health)
    baselines = {key: row.pop("baseline") for key, row in expected.items()}
    assert_same("engagement_health_alerts", expected, found)
    for key, baseline in baselines.items():
        own = found[key]["baseline"]
        if baseline is None:
            assert own is None, f"engagement_health_alerts: {key!r}: expected no baseline: {own}"
        else:  # Published with as many places as the model likes, at least four.
            assert own == pytest.approx(float(baseline), abs=5.1e-5), (
                f"engagement_health_alerts: {key!r}: baseline: "
                f"expected {float(baseline)}, found {own}"
            )
    assert all(row["severity"] and row["reason"] for row in found.values())


def credits_by_key(rows: Iterable[Row]) -> dict[Any, Row]:
    """Credits above 0 by their grain; a second row of one grain is an error."""
    table: dict[Any, Row] = {}
    for row in rows:
        key = key_of(row, ("donation_id", "campaign_id", "model"))
        assert key not in table, f"attribution_credits: more than one row of {key!r}"
        table[key] = row
    return table


def credit_signature(row: Row) -> Hashable:
    """What a credit says, its donation's id apart."""
    gift_day = plain(row["donation_date"])
    return (
        row["model"],
        row["campaign_id"] or "",
        row["client_shortname"] or "",
        row["state"] or "",
        row["svid"] or "",
        str(plain(row["first_click_at"]) or ""),
        str(plain(row["last_click_at"]) or ""),
        gift_day.date() if isinstance(gift_day, datetime) else gift_day,
        row["days_to_donation"],
        round(float(row["credit"]), 9),
    )


def test_attribution_credits(questions: Questions, database: Database) -> None:
    """000-33, F45…F50: every credit of gifts with an id, and those without as a multiset."""
    attribution = questions.attribution
    credits = [credit_row(credit, attribution) for credit in attribution.credits]
    rows = [row for row in database.select("marts.attribution_credits") if row["credit"] != 0]
    known = {row["donation_id"] for row in credits} - {None}
    assert_same(
        "attribution_credits",
        credits_by_key(row for row in credits if row["donation_id"] is not None),
        credits_by_key(row for row in rows if row["donation_id"] in known),
    )
    expected = Counter(credit_signature(row) for row in credits if row["donation_id"] is None)
    found = Counter(credit_signature(row) for row in rows if row["donation_id"] not in known)
    lines = [f"attribution_credits: expected {row}" for row in (expected - found).elements()]
    lines += [f"attribution_credits: found {row}" for row in (found - expected).elements()]
    report(lines)
    assert len({row["credit_id"] for row in rows}) == len(rows)


def test_attribution_contacts(questions: Questions, database: Database) -> None:
    """000-34: one contact_id for each contact, and never the identifier itself."""
    contacts = {c.gift.donation_id: c.contact for c in questions.attribution.credits}
    ids: dict[Any, set[str]] = defaultdict(set)
    for row in database.select("marts.attribution_credits"):
        if row["donation_id"] in contacts:
            ids[contacts[row["donation_id"]]].add(row["contact_id"])
    several = {contact: found for contact, found in ids.items() if len(found) > 1}
    assert not several, f"attribution_credits: contact_id differs within a contact: {several}"
    every = [contact_id for found in ids.values() for contact_id in found]
    assert len(every) == len(set(every)), "attribution_credits: contacts share a contact_id"
    assert not {str(contact) for contact in ids} & set(every)


def campaign_rows(database: Database, source: str, *parameters: Any) -> dict[Any, Row]:
    """Campaign rows by grain."""
    return database.keyed(source, ("campaign_id", "model"), *parameters)


def test_campaign_attribution(questions: Questions, database: Database) -> None:
    """000-34, F47, F49."""
    expected = campaign_attribution(questions.attribution)
    found = campaign_rows(database, "marts.campaign_attribution")
    assert_same("campaign_attribution", expected, found)


def test_attribution_placebo(questions: Questions, database: Database) -> None:
    """F49: what would be credited if the clicks after a gift had come before it."""
    found = database.keyed("marts.attribution_placebo", ("campaign_id", "model"))
    expected = attribution_placebo(questions.attribution)
    assert expected[None, "any_touch"]["placebo_gifts"] > 0
    assert_same("attribution_placebo", expected, found)
    days = database.keyed("marts.attribution_profile", ("days_after_gift",))
    assert_same("attribution_profile", attribution_profile(questions.attribution), days)


def segment_of(world: World, name: str) -> list[str | None]:
    """A list of requested ids of the sample; the choice is the same in every run."""
    chance = random.Random(7)  # noqa: S311
    keys = sorted(world.voters)
    states_of_svid = Counter(svid for _, svid in keys)
    unique = [key for key in keys if states_of_svid[key[1]] == 1]
    ambiguous = sorted(svid for svid, states in states_of_svid.items() if states > 1)
    busiest = sorted(keys, key=lambda key: (-world.behaviours[key].clicks, key))
    match name:
        case "empty":
            return []
        case "blanks":
            return ["", " \u00a0", None]
        case "unknown":
            return ["no-such-id", "ZZ:0001", "WI:no-such-id"]
        case "one":
            return [f"{busiest[0][0]}:{busiest[0][1]}"]
        case "busiest":
            return [f"{state}:{svid}" for state, svid in busiest[:20]]
        case "ambiguous":
            return [*ambiguous[:3], *(f"{s.lower()}:{i}" for s, i in keys if i in ambiguous[:3])]
        case "bare":
            return [svid for _, svid in chance.sample(unique, min(100, len(unique)))]
        case "everybody":
            return [f"{state}:{svid}" for state, svid in keys]
    known = chance.sample(unique, min(100, len(unique)))
    ids: list[str | None] = [svid for _, svid in known]
    ids += [f" {state}:{svid}\t" for state, svid in known[:15]]
    ids += [f"{state.lower()}:{svid}" for state, svid in known[10:20]]
    ids += [f"\u3000{svid}\u200b" for _, svid in known[:5]]
    ids += [*ambiguous[:1], "no-such-id", "ZZ:0001", "", "  ", None]
    chance.shuffle(ids)
    return ids


SEGMENTS = (
    "mixed",
    "bare",
    "one",
    "busiest",
    "ambiguous",
    "everybody",
    "unknown",
    "blanks",
    "empty",
)

each_segment = pytest.mark.parametrize("segment", SEGMENTS)


@each_segment
def test_segment_profile(
    world: World, questions: Questions, database: Database, segment: str
) -> None:
    """000-11, F03: each requested id once."""
    svids = segment_of(world, segment)
    found = database.keyed("segments.segment_profile(?)", ("requested_svid",), svids)
    assert_same(f"segment_profile of {segment}", questions.profile(svids), found)


@each_segment
def test_segment_summary(
    world: World, questions: Questions, database: Database, segment: str
) -> None:
    """000-35, 000-58: one row."""
    svids = segment_of(world, segment)
    rows = database.select("segments.segment_summary(?)", [svids])
    found = dict(enumerate(rows))
    assert_same(f"segment_summary of {segment}", {0: questions.summary(svids)}, found)


@each_segment
def test_segment_affinity(
    world: World, questions: Questions, database: Database, segment: str
) -> None:
    """000-18, 000-38: all clients, and the first three."""
    svids = segment_of(world, segment)
    expected = questions.affinity(svids)
    key = ("client_shortname",)
    found = database.keyed("segments.segment_affinity(?)", key, svids)
    assert_same(f"segment_affinity of {segment}", expected, found)
    top = database.keyed("segments.segment_affinity(?, top_n := 3)", key, svids)
    first = {client: row for client, row in expected.items() if row["affinity_rank"] <= 3}
    assert_same(f"segment_affinity of {segment}, top 3", first, top)


@each_segment
@pytest.mark.parametrize("threshold", [0.0, 0.05, 0.5])
def test_segment_propensity(
    world: World, questions: Questions, database: Database, segment: str, threshold: float
) -> None:
    """000-36: requested ids at or above the threshold."""
    svids = segment_of(world, segment)
    found = database.keyed(
        "segments.segment_propensity(?, threshold := ?)", ("requested_svid",), svids, threshold
    )
    expected = questions.propensity(svids, threshold)
    assert_same(f"segment_propensity of {segment} from {threshold}", expected, found)


@each_segment
def test_segment_health(
    world: World, questions: Questions, database: Database, segment: str
) -> None:
    """000-28: the weeks of the population."""
    svids = segment_of(world, segment)
    found = database.keyed("segments.segment_health(?)", ("week_start",), svids)
    assert_same(f"segment_health of {segment}", questions.health(svids), found)


@each_segment
@pytest.mark.parametrize("threshold", [0.1, 0.02])
def test_segment_deviation(
    world: World, questions: Questions, database: Database, segment: str, threshold: float
) -> None:
    """000-39, F51."""
    svids = segment_of(world, segment)
    found = database.keyed(
        "segments.segment_deviation(?, deviation_threshold := ?)",
        ("attribute", "value"),
        svids,
        threshold,
    )
    expected = questions.deviation(svids, threshold)
    assert_same(f"segment_deviation of {segment} from {threshold}", expected, found)


@each_segment
def test_segment_attribution(
    world: World, questions: Questions, database: Database, segment: str
) -> None:
    """000-33, 000-34: the segment's gifts, each once."""
    svids = segment_of(world, segment)
    found = campaign_rows(database, "segments.segment_attribution(?)", svids)
    assert_same(f"segment_attribution of {segment}", questions.attributed(svids), found)


@each_segment
def test_segment_lookalike(
    world: World, questions: Questions, database: Database, segment: str
) -> None:
    """000-30…32, F36…F43: who is a candidate, and the raw overlap of each."""
    svids = segment_of(world, segment)
    source = "segments.segment_lookalike(?, expansion_size := 1000000, min_similarity := 0.0)"
    found = database.keyed(source, ("state", "svid"), svids)
    scores = questions.lookalike_scores(svids)
    expected = {
        key: {"similarity_score": score, "person_id": world.voters[key].person_id}
        for key, score in scores.items()
    }
    assert_same(f"segment_lookalike of {segment}", expected, found)
    similarities = questions.similarities(svids)
    apart = {
        key: (row["similarity"], similarities[key])
        for key, row in found.items()
        if abs(row["similarity"] - similarities[key]) > SIMILARITY_TOLERANCE
    }
    assert not apart, f"similarity to {segment}: found and expected differ: {apart}"
    in_order = sorted(found, key=lambda key: (-found[key]["similarity"], key))
    assert [found[key]["rank"] for key in in_order] == list(range(1, len(in_order) + 1))
    assert all(0 <= row["similarity"] <= 1 for row in found.values())


def test_everybody_is_the_population(questions: Questions, world: World) -> None:
    """F05: asking for every voter gives the marts."""
    everybody = segment_of(world, "everybody")
    population = client_affinity(world.events, questions.priors, world.population_basis)
    assert questions.affinity(everybody) == population
    weekly = engagement_health(world, questions.weeks, world.events)
    assert questions.health(everybody) == weekly
