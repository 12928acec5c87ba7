"""Sessions, sequences, funnels and cohorts of the sample, compared with plain Python."""

from __future__ import annotations

import csv
import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest

from sample_data.pairs import opened

PROJECT = Path(__file__).resolve().parents[2]
GAP = timedelta(minutes=30)
LONGEST = 4 * 3600.0


class Event(NamedTuple):
    """A row of the stream."""

    voter: int
    number: int
    at: datetime
    kind: str
    category: str
    is_human: bool
    is_contact: bool
    is_dated: bool
    given: str | None
    seconds: float
    value: float


@pytest.fixture(scope="session")
def database(sample_database: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The built sample, to be read."""
    with opened(sample_database) as con:
        yield con


@pytest.fixture(scope="session")
def events(database: duckdb.DuckDBPyConnection) -> list[Event]:
    """The stream, voter by voter in the order of time."""
    rows = database.execute(
        "select voter_number, event_number, occurred_at, event_type, category, is_human, "
        "is_contact, local_source = 'date', given_session_id, coalesce(duration_seconds, 0), "
        "coalesce(value, 0) from events.fct_voter_events order by 1, 2"
    ).fetchall()
    return [Event(*row) for row in rows]


@pytest.fixture(scope="session")
def visits(events: list[Event]) -> list[list[Event]]:
    """The sessions, each a list of its events, in no order."""
    found: list[list[Event]] = []
    for _, own in groupby((event for event in events if event.is_human), lambda e: e.voter):
        open_visits: dict[Any, list[Event]] = {}
        for event in own:
            lane = event.given or ("day" if event.is_dated else "hours",)
            last = open_visits.get(lane)
            goes_on = last and (event.given or event.at - last[-1].at <= GAP)
            if last and goes_on:
                last.append(event)
            else:
                open_visits[lane] = [event]
                found.append(open_visits[lane])
    return found


def rows_of(database: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    """The rows of an answer, sorted."""
    return sorted(database.execute(sql).fetchall())


def month_of(moment: date) -> date:
    """First day of the month."""
    return date(moment.year, moment.month, 1)


def months_between(earlier: date, later: date) -> int:
    """Calendar months, whatever the day."""
    return (later.year - earlier.year) * 12 + later.month - earlier.month


def as_of(database: duckdb.DuckDBPyConnection) -> date:
    """The clock's day."""
    (row,) = database.execute("select as_of_date from keys.key_clock").fetchall()
    day: date = row[0]
    return day


def test_sessions_of_the_sample(
    database: duckdb.DuckDBPyConnection, visits: list[list[Event]]
) -> None:
    expected = sorted(
        (
            visit[0].voter,
            visit[0].at,
            visit[-1].at,
            len(visit),
            min(
                round(
                    max((e.at - visit[0].at).total_seconds() + e.seconds for e in visit),
                    3,
                ),
                LONGEST,
            ),
            any(e.is_contact for e in visit),
            visit[0].kind,
            visit[-1].kind,
        )
        for visit in visits
    )
    actual = rows_of(
        database,
        "select voter_number, started_at, ended_at, events, duration_seconds, is_contact, "
        "entry_event_type, exit_event_type from marts.sessions",
    )
    assert len(expected) > 100
    assert actual == expected


def test_sequences_of_the_sample(
    database: duckdb.DuckDBPyConnection, visits: list[list[Event]]
) -> None:
    pairs: Counter[tuple[str, str]] = Counter()
    people = defaultdict(set)
    for visit in visits:
        timed = [event for event in visit if not event.is_dated]
        moments = [list(moment) for _, moment in groupby(timed, lambda e: e.at)]
        for first, following in pairwise(moments):
            for kind in {e.kind for e in first}:
                for next_kind in {e.kind for e in following}:
                    if any(
                        e.is_contact
                        for e in [*first, *following]
                        if (e in first and e.kind == kind)
                        or (e in following and e.kind == next_kind)
                    ):
                        pairs[kind, next_kind] += 1
                        people[kind, next_kind].add(visit[0].voter)
    firsts: Counter[str] = Counter()
    nexts: Counter[str] = Counter()
    for (kind, next_kind), count in pairs.items():
        firsts[kind] += count
        nexts[next_kind] += count
    total = sum(pairs.values())
    actual = rows_of(
        database,
        "select first_event_type, next_event_type, pairs, people, lift "
        "from marts.session_sequences",
    )
    assert len(actual) > 1
    assert [row[:4] for row in actual] == sorted(
        (*pair, count, len(people[pair])) for pair, count in pairs.items()
    )
    for kind, next_kind, count, _, lift in actual:
        independent = (firsts[kind] / total) * (nexts[next_kind] / total)
        assert math.isclose(lift, count / total / independent, abs_tol=1e-4)


def reached_steps(
    own: list[Event], entry: Event, steps: list[tuple[set[str], int, bool]]
) -> list[Event | None]:
    """What somebody did at each step after the first, until they stop."""
    done: list[Event | None] = []
    at = entry.at
    for kinds, within_days, is_implied in steps:
        fit = [
            event
            for event in own
            if event.kind in kinds
            and (event.at.date() >= at.date() if event.is_dated else event.at >= at)
            and (event.at.date() - entry.at.date()).days <= within_days
        ]
        first = min(fit, key=lambda e: e.at) if fit else None
        if first is None and not is_implied:
            break
        done.append(first)
        if first and not is_implied:
            at = max(at, first.at)
    return done


def test_funnels_of_the_sample(database: duckdb.DuckDBPyConnection, events: list[Event]) -> None:
    declared: dict[str, dict[int, tuple[set[str], int, bool]]] = defaultdict(dict)
    with (PROJECT / "seeds" / "funnel_steps.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            step = declared[row["funnel"]].setdefault(
                int(row["step_number"]),
                (set(), int(row["within_days"]), row["is_implied"] == "true"),
            )
            step[0].add(row["event_type"])
    expected: Counter[tuple[str, date, int]] = Counter()
    unseen: Counter[tuple[str, date, int]] = Counter()
    for _, rows in groupby((event for event in events if event.is_contact), lambda e: e.voter):
        own = list(rows)
        for funnel, numbered in declared.items():
            steps = [numbered[number] for number in sorted(numbered)]
            # The run that got furthest, the earliest of several.
            furthest: dict[date, list[Event | None]] = {}
            for event in own:
                if event.kind in steps[0][0]:
                    run = [event, *reached_steps(own, event, steps[1:])]
                    while run[-1] is None:
                        run.pop()
                    if len(run) > len(furthest.get(month_of(event.at), [])):
                        furthest[month_of(event.at)] = run
            for month, run in furthest.items():
                for number, what in enumerate(run, 1):
                    expected[funnel, month, number] += 1
                    unseen[funnel, month, number] += what is None
    actual = rows_of(
        database,
        "select funnel, entry_month, step_number, reached, reached_unrecorded from marts.funnels "
        "where reached > 0",
    )
    assert any(unseen.values())
    assert actual == sorted((*key, count, unseen[key]) for key, count in expected.items())


def test_cohorts_of_the_sample(database: duckdb.DuckDBPyConnection, events: list[Event]) -> None:
    today = as_of(database)
    members: Counter[tuple[str, date]] = Counter()
    active: Counter[tuple[str, date, int]] = Counter()
    value: Counter[tuple[str, date, int]] = Counter()
    for _, rows in groupby((event for event in events if event.is_contact), lambda e: e.voter):
        own = list(rows)
        gifts = [event for event in own if event.kind == "donation"]
        acts = [event for event in own if event.is_human and event.category != "opt_out"]
        money = [event for event in own if event.kind in ("donation", "refund")]
        kinds = {"first_touch": (own, acts), "first_gift": (gifts, gifts)}
        for kind, (begun_by, active_by) in kinds.items():
            if not begun_by:
                continue
            begun = month_of(begun_by[0].at)
            members[kind, begun] += 1
            for months in {months_between(begun, event.at) for event in active_by}:
                active[kind, begun, months] += 1
            for event in money:
                months = months_between(begun, event.at)
                if months >= 0:
                    value[kind, begun, months] += round(event.value * 100)
    expected = []
    for (kind, begun), people in members.items():
        cents = 0
        for months in range(min(months_between(begun, today), 36) + 1):
            cents += value[kind, begun, months]
            is_complete = months < months_between(begun, today)
            expected.append(
                (kind, begun, months, people, active[kind, begun, months], is_complete, cents)
            )
    actual = rows_of(
        database,
        "select cohort_kind, cohort_month, months_since, members, active, is_complete, "
        "cast(cumulative_value * 100 as bigint) from marts.cohorts",
    )
    assert {row[0] for row in actual} == {"first_touch", "first_gift"}
    assert actual == sorted(expected)
