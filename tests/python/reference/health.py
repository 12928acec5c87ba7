"""Weekly engagement health and its alerts (000-28, 000-29, 000-44)."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction

from reference.attribution import Attribution
from reference.behaviour import Row, Totals, World
from reference.measures import rate, wilson
from reference.normalise import week_of
from reference.records import Event
from reference.settings import (
    BANDS,
    BASELINE_WEEKS,
    BASELINE_WEEKS_NEEDED,
    MINIMUM_DENOMINATOR,
    RATES,
)

GRADES = ("healthy", "warning", "critical")


def weeks_of_events(world: World) -> dict[Event, date]:
    """F31: the week of the latest send of its campaign to its address at or before the event.

    Else of the first later send; else, and without a campaign, of the event itself.
    """
    sends: dict[tuple[str, str], list[Event]] = defaultdict(list)
    for event in world.events:
        if event.send > 0 and event.campaign_id is not None:
            sends[event.email, event.campaign_id].append(event)
    times = {key: sorted(event.at for event in of_key) for key, of_key in sends.items()}
    weeks = {}
    for event in world.events:
        of_pair = times.get((event.email, event.campaign_id or ""), [])
        at = event.at
        if of_pair:
            at = of_pair[max(bisect_right(of_pair, event.at) - 1, 0)]
        weeks[event] = week_of(at.date())
    return weeks


def band(metric: str, percent: Fraction | float) -> str:
    """000-29: the brief's bands; the middle one includes both of its ends."""
    low, high, more_is_better = BANDS[metric]
    if low <= percent <= high:
        return "warning"
    return "healthy" if (percent > high) == more_is_better else "critical"


def status(metric: str, counts: dict[str, int]) -> str:
    """000-29: the band of the unrounded rate, or insufficient_data."""
    numerator, denominator, _ = RATES[metric]
    if counts[denominator] < MINIMUM_DENOMINATOR:
        return "insufficient_data"
    return band(metric, Fraction(100 * counts[numerator], counts[denominator]))


def is_certain(metric: str, counts: dict[str, int]) -> bool:
    """F33: the whole Wilson interval lies in the band; never where it makes no sense."""
    numerator, denominator, _ = RATES[metric]
    successes, trials = counts[numerator], counts[denominator]
    if trials < MINIMUM_DENOMINATOR or successes > trials:
        return False
    own = status(metric, counts)
    return all(band(metric, 100 * end) == own for end in wilson(successes, trials))


def weeks_of_world(world: World, weeks: dict[Event, date]) -> list[date]:
    """F34: without gaps, from the population's first week to that of as_of_date."""
    last = week_of(world.as_of)
    first = min(weeks.values(), default=last)
    return [first + timedelta(days=7 * i) for i in range((last - first).days // 7 + 1)]


def engagement_health(
    world: World, weeks: dict[Event, date], events: Iterable[Event]
) -> dict[date, Row]:
    """engagement_health_weekly (000-28, 000-29): one row per week of the population's series."""
    totals: dict[date, Totals] = defaultdict(Totals)
    for event in events:
        totals[weeks[event]].add(event)
    table: dict[date, Row] = {}
    for week in weeks_of_world(world, weeks):
        counts = totals[week].counts()
        row: Row = {
            "week_start": week,
            "is_complete_week": week < week_of(world.as_of),
            "active_contacts": len(totals[week].active),
            **counts,
            **totals[week].unique_figures(),
            "population_basis": world.population_basis,
        }
        for metric, (numerator, denominator, places) in RATES.items():
            row[metric] = rate(counts[numerator], counts[denominator], places)
            row[f"{metric}_status"] = status(metric, counts)
            row[f"{metric}_is_certain"] = is_certain(metric, counts)
        table[week] = row
    return table


def campaign_engagement(world: World, attribution: Attribution) -> dict[str, Row]:
    """campaign_engagement: one row per campaign of the population's kept events (F19, F48)."""
    totals: dict[str, Totals] = defaultdict(Totals)
    for event in world.events:
        if event.campaign_id is not None:
            totals[event.campaign_id].add(event)
    table: dict[str, Row] = {}
    for campaign_id, own in totals.items():
        known = world.campaigns.get(campaign_id)
        table[campaign_id] = {
            "campaign_id": campaign_id,
            "campaign_name": known.name if known else None,
            "client_shortname": attribution.client(campaign_id),
            "channel": known.channel if known else None,
            "start_date": known.start if known else None,
            "unique_contacts": len(own.addresses),
            "total_events": own.total_events,
            **own.counts(),
            **own.unique_figures(),
        }
    return table


def _pooled(metric: str, history: list[Row]) -> Fraction | None:
    """F35: the pooled share of the trailing complete weeks, NULL with less than four of them."""
    numerator, denominator, _ = RATES[metric]
    with_data = [row for row in history if row[denominator] > 0]
    if len(with_data) < BASELINE_WEEKS_NEEDED:
        return None
    return Fraction(sum(row[numerator] for row in history), sum(r[denominator] for r in history))


def _is_out_of_control(share: Fraction, trials: int, pooled: Fraction) -> bool:
    """F35: outside pooled ± 3·√(p(1−p)/n), compared exactly; a share above 1 counts as 1."""
    if pooled > 1:
        return False
    share = min(share, Fraction(1))
    return (share - pooled) ** 2 > 9 * pooled * (1 - pooled) / trials


def engagement_health_alerts(health: dict[date, Row]) -> dict[tuple[date, str], Row]:
    """engagement_health_alerts (000-44): a status that got worse, or a rate out of control."""
    table: dict[tuple[date, str], Row] = {}
    complete = [health[week] for week in sorted(health) if health[week]["is_complete_week"]]
    for metric, (numerator, denominator, _) in RATES.items():
        previous = None
        for index, row in enumerate(complete):
            own = row[f"{metric}_status"]
            if own == "insufficient_data":
                continue
            pooled = _pooled(metric, complete[max(0, index - BASELINE_WEEKS) : index])
            share = Fraction(row[numerator], row[denominator])
            worse = previous is not None and GRADES.index(own) > GRADES.index(previous)
            if worse or (
                pooled is not None and _is_out_of_control(share, row[denominator], pooled)
            ):
                table[row["week_start"], metric] = {
                    "week_start": row["week_start"],
                    "metric": metric,
                    "value": row[metric],
                    "baseline": None if pooled is None else 100 * pooled,
                    "status": own,
                    "previous_status": previous,
                }
            previous = own
    return table
