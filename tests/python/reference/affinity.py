"""Client affinity of the population, of a segment and of a person (000-18…23)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from reference.behaviour import Row, Totals, World
from reference.measures import Prior, Rounded, affinity_score, fit_prior, rate
from reference.records import Event
from reference.settings import RATES, SCORE_WEIGHTS

PersonClient = tuple[str, str, str]
"""(state, svid, client_shortname)."""


@dataclass(frozen=True)
class Priors:
    """One prior per rate of the score, fitted on the population's clients (F20)."""

    clicks: Prior
    opens: Prior
    unsubs: Prior

    def score(self, totals: Totals) -> Rounded | None:
        """affinity_score_adjusted: the score of the three shrunk rates, NULL without sends."""
        if not totals.sends:
            return None
        points = 0.0
        for name, weight in SCORE_WEIGHTS.items():
            prior: Prior = getattr(self, name)
            points += weight * prior.shrunk(getattr(totals, name), totals.sends)
        return Rounded(100 * points, 2)


def by_client(events: Iterable[Event]) -> dict[str, Totals]:
    """Totals per client; an event without a client has no row."""
    totals: dict[str, Totals] = defaultdict(Totals)
    for event in events:
        if event.client is not None:
            totals[event.client].add(event)
    return totals


def fit_priors(world: World) -> Priors:
    """F20: fitted on the population's clients that have sends."""
    clients = by_client(world.events).values()
    return Priors(
        *(
            fit_prior((getattr(totals, name), totals.sends) for totals in clients)
            for name in ("clicks", "opens", "unsubs")
        )
    )


def _counts(totals: Totals) -> Row:
    counts = totals.counts()
    row: Row = {
        "unique_contacts": len(totals.addresses),
        "total_events": totals.total_events,
        **{name: counts[name] for name in ("sends", "opens", "clicks", "bounces", "unsubs")},
        **totals.unique_figures(),
    }
    for name in ("open_rate", "click_to_open_rate", "click_rate", "unsub_rate"):
        numerator, denominator, places = RATES[name]
        row[name] = rate(counts[numerator], counts[denominator], places)
    return row


def client_affinity(events: Iterable[Event], priors: Priors, basis: str) -> dict[str, Row]:
    """client_affinity (000-18…22): one row per client, ranked by the adjusted score."""
    table: dict[str, Row] = {}
    for client, totals in by_client(events).items():
        table[client] = {
            "client_shortname": client,
            **_counts(totals),
            "affinity_score": affinity_score(
                totals.clicks, totals.opens, totals.unsubs, totals.sends
            ),
            "affinity_score_adjusted": priors.score(totals),
            "population_basis": basis,
        }

    def order(client: str) -> tuple[bool, float, str]:
        score: Rounded | None = table[client]["affinity_score_adjusted"]
        return score is None, -score.published if score else 0.0, client

    for rank, client in enumerate(sorted(table, key=order), start=1):
        table[client]["affinity_rank"] = rank
    return table


def person_client_affinity(world: World, priors: Priors) -> dict[PersonClient, Row]:
    """person_client_affinity (000-23, F21, F22): one row per voter and client."""
    of_client = {client: priors.score(t) for client, t in by_client(world.events).items()}
    table: dict[PersonClient, Row] = {}
    for state, svid in world.voters:
        events = world.events_of(world.links.emails_of([(state, svid)]))
        stopped = {event.client for event in events if event.unsub or event.complaint}
        for client, totals in by_client(events).items():
            own, population = priors.score(totals), of_client[client]
            lift = None
            if own is not None and population is not None and population.published > 0:
                lift = own.published / population.published
            table[state, svid, client] = {
                "state": state,
                "svid": svid,
                "client_shortname": client,
                **_counts(totals),
                "affinity_score_adjusted": own,
                "affinity_lift": lift,
                "is_stopped": client in stopped,
            }
    return table
