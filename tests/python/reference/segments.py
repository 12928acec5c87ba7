"""The questions: a list of requested ids in, rows out (000-35…39)."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import Any

from reference.affinity import Priors, client_affinity, fit_priors
from reference.attribution import Attribution, CampaignModel, campaign_table
from reference.behaviour import Behaviour, Row, World, donor_propensity_row, enriched_profile
from reference.health import engagement_health, weeks_of_events
from reference.likeness import people_of, similarities
from reference.measures import (
    Number,
    benjamini_hochberg,
    newcombe,
    rate,
    two_proportion_p,
)
from reference.normalise import text
from reference.records import Event, Gift
from reference.settings import LOOKALIKE_CLIENT_FLOOR, MAX_AGE, UNKNOWN_YEAR_UNTIL
from reference.voters import VoterKey

_QUALIFIED = re.compile(r"(?P<state>[A-Za-z]{2}):(?P<svid>.*)", re.DOTALL)

PROFILE_OF_NOBODY = (
    "person_id",
    "county",
    "campaigns_engaged",
    "total_clicks",
    "total_opens",
    "clients_engaged",
    "donation_count",
    "is_donor",
    "is_clicker",
    "last_engagement_date",
    "last_donation_date",
)
"""Columns of segment_profile that are NULL for an unknown or ambiguous id."""

PROPENSITY_OF_NOBODY = (
    "total_clicks",
    "total_opens",
    "campaigns_count",
    "clients_count",
    "days_since_last_click",
    "past_donations",
    "days_since_last_donation",
    "donor_propensity_score",
    "gifts_not_used",
    "solicitation_blocked_by",
)
"""Columns of segment_propensity that are NULL for an unknown or ambiguous id."""


def requested_ids(svids: Iterable[Any]) -> list[str]:
    """Requested ids: trimmed, blanks and NULLs dropped, each distinct text once."""
    return list(dict.fromkeys(entry for svid in svids if (entry := text(svid)) is not None))


@dataclass
class Segment:
    """Requested ids, the voters behind them, and what reaches those."""

    statuses: dict[str, str]
    voter_of_id: dict[str, VoterKey]
    voters: set[VoterKey]
    addresses: set[str]
    phones: set[str]
    events: list[Event]
    gifts: list[Gift]


class Questions:
    """The table functions over one world."""

    def __init__(self, world: World) -> None:
        """Prepare what every question shares."""
        self.world = world
        self.states_of_svid: dict[str, set[str]] = defaultdict(set)
        for state, svid in world.voters:
            self.states_of_svid[svid].add(state)

    @cached_property
    def priors(self) -> Priors:
        """F20: a segment uses the population's prior."""
        return fit_priors(self.world)

    @cached_property
    def weeks(self) -> dict[Event, date]:
        """F31: the week of every kept event."""
        return weeks_of_events(self.world)

    @cached_property
    def attribution(self) -> Attribution:
        """Everybody's credits and clicks."""
        return Attribution(self.world)

    def resolve(self, requested: str) -> VoterKey | str:
        """The voter behind a requested id, or `unknown`, or `ambiguous` (F02, F03)."""
        match = _QUALIFIED.fullmatch(requested)
        if match:
            key = (match["state"].upper(), text(match["svid"]) or "")
            return key if key in self.world.voters else "unknown"
        states = self.states_of_svid.get(requested, set())
        if len(states) == 1:
            return next(iter(states)), requested
        return "ambiguous" if states else "unknown"

    def segment(self, svids: Iterable[Any]) -> Segment:
        """Resolve a list of requested ids."""
        statuses, voter_of_id = {}, {}
        for requested in requested_ids(svids):
            answer = self.resolve(requested)
            if isinstance(answer, str):
                statuses[requested] = answer
            else:
                voter_of_id[requested] = answer
                statuses[requested] = self.world.behaviours[answer].link_status
        voters = set(voter_of_id.values())
        addresses = self.world.links.emails_of(voters)
        return Segment(
            statuses,
            voter_of_id,
            voters,
            addresses,
            self.world.links.phones_of(voters),
            self.world.events_of(addresses),
            self.world.gifts_of(voters),
        )

    def profile(self, svids: Iterable[Any]) -> dict[str, Row]:
        """segment_profile (000-11): each requested id once; NULL counts for nobody."""
        segment = self.segment(svids)
        return {
            requested: self._of_id(segment, requested, enriched_profile, PROFILE_OF_NOBODY)
            for requested in segment.statuses
        }

    def _of_id(
        self,
        segment: Segment,
        requested: str,
        describe: Callable[[Behaviour], Row],
        unknown: Iterable[str],
    ) -> Row:
        """A known id's row, or NULL in every column that would tell of a person."""
        row: Row = {"requested_svid": requested}
        if requested in segment.voter_of_id:
            behaviour = self.world.behaviours[segment.voter_of_id[requested]]
            row |= describe(behaviour)
        else:
            row |= dict.fromkeys(unknown)
        row["link_status"] = segment.statuses[requested]
        return row

    def propensity(self, svids: Iterable[Any], threshold: float = 0.0) -> dict[str, Row]:
        """segment_propensity (000-36): the rounded score compares with the threshold."""
        segment = self.segment(svids)
        table = {
            requested: self._of_id(
                segment,
                requested,
                self._propensity_of,
                PROPENSITY_OF_NOBODY,
            )
            for requested in segment.statuses
        }
        return {
            requested: row
            for requested, row in table.items()
            if (
                threshold <= 0
                if row["donor_propensity_score"] is None
                else row["donor_propensity_score"].published >= threshold
            )
        }

    def _propensity_of(self, behaviour: Behaviour) -> Row:
        row = donor_propensity_row(behaviour, self.world.as_of)
        if not self.world.has_suppressions:  # These are not read here.
            opted_out = self._opted_out_by(behaviour.voter.key)
            limited = None if behaviour.may_be_asked else "permitted_use"
            row["solicitation_blocked_by"] = opted_out or limited
        return row

    def _opted_out_by(self, key: VoterKey) -> str | None:
        """An unsubscribe or a complaint: the person's own takes precedence over a machine's."""
        events = self.world.events_of(self.world.links.emails_of([key]))
        by_human = {event.is_human for event in events if event.unsub > 0 or event.complaint > 0}
        return ("opted_out" if True in by_human else "machine") if by_human else None

    def summary(self, svids: Iterable[Any]) -> Row:
        """segment_summary: ids are counted by id, donors and clickers by voter, events once."""
        segment = self.segment(svids)
        known = [self.world.behaviours[key] for key in segment.voter_of_id.values()]
        voters = [self.world.behaviours[key] for key in segment.voters]
        with_behavior = sum(behaviour.has_behaviour for behaviour in known)
        engagements = [event for event in segment.events if event.is_engagement]
        return {
            "requested": len(segment.statuses),
            "known": len(known),
            "linked": sum(behaviour.is_linked for behaviour in known),
            "with_behavior": with_behavior,
            "coverage_rate": rate(with_behavior, len(segment.statuses), 2),
            "donors": sum(behaviour.gifts > 0 for behaviour in voters),
            "clickers": sum(behaviour.clicks > 0 for behaviour in voters),
            "donation_count": len(segment.gifts),
            "total_clicks": sum(event.click for event in engagements),
            "total_opens": sum(event.open for event in engagements),
        }

    def affinity(self, svids: Iterable[Any]) -> dict[str, Row]:
        """segment_affinity (000-18, 000-38): client_affinity of the segment's addresses."""
        events = self.segment(svids).events
        return client_affinity(events, self.priors, self.world.population_basis)

    def health(self, svids: Iterable[Any]) -> dict[date, Row]:
        """segment_health (000-28): the population's weeks, the segment's events."""
        return engagement_health(self.world, self.weeks, self.segment(svids).events)

    def attributed(self, svids: Iterable[Any]) -> dict[CampaignModel, Row]:
        """segment_attribution (000-33): gifts of any voter of the segment, each once."""
        segment = self.segment(svids)
        gifts = set(segment.gifts)
        credits = [credit for credit in self.attribution.credits if credit.gift in gifts]
        clickers = self.attribution.clickers(segment.addresses)
        return campaign_table(self.attribution, credits, clickers)

    def deviation(
        self, svids: Iterable[Any], deviation_threshold: float = 0.1
    ) -> dict[tuple[str, str], Row]:
        """segment_deviation (000-39, F51): a row for every value that occurs in the file.

        Without a known voter there are no shares, and no q_value to compare.
        """
        segment = self.segment(svids)
        size, everybody = len(segment.voters), len(self.world.voters)
        in_file = Counter(pair for pairs in self._attributes.values() for pair in pairs)
        inside = Counter(pair for key in segment.voters for pair in self._attributes[key])
        for attribute in ("donor", "clicker"):
            for value in ("true", "false"):
                in_file[attribute, value] += 0
        table: dict[tuple[str, str], Row] = {}
        p_values = []
        for pair, baseline in in_file.items():
            own = inside[pair]
            p_values.append(two_proportion_p(own, size, baseline - own, everybody - size))
            table[pair] = _deviation_row(pair, own, size, baseline, everybody)
        for row, q_value in zip(table.values(), benjamini_hochberg(p_values), strict=True):
            if size:
                row["q_value"] = q_value
            row["is_flagged"] = (
                bool(size) and abs(row["difference"]) >= deviation_threshold and q_value <= 0.05
            )
        return table

    @cached_property
    def _attributes(self) -> dict[VoterKey, list[tuple[str, str]]]:
        return {
            key: _attributes_of(behaviour, self.world.as_of)
            for key, behaviour in self.world.behaviours.items()
        }

    def lookalike_scores(self, svids: Iterable[Any]) -> dict[VoterKey, float]:
        """segment_lookalike (000-30…32): every eligible candidate and its similarity_score."""
        segment = self.segment(svids)
        if not segment.voters:
            return {}
        wanted = _engagements(segment.events)
        pattern = {c: count for c, count in wanted.items() if count > LOOKALIKE_CLIENT_FLOOR}
        total = sum(pattern.values())
        scores = {}
        for key in self.world.voters:
            events = self._eligible_events(key, segment)
            if not events:
                continue
            own = _engagements(events)
            scores[key] = float(
                sum(
                    (
                        min(own[client], 2 * count) * Fraction(count, total)
                        for client, count in pattern.items()
                    ),
                    Fraction(0),
                )
            )
        return scores

    def similarities(self, svids: Iterable[Any]) -> dict[VoterKey, float]:
        """segment_lookalike (F39): how much everybody with an engagement is like the segment."""
        return similarities(self._compared_people, self.segment(svids).voters)

    @cached_property
    def _compared_people(self) -> dict[VoterKey, Any]:
        return people_of(self.world)

    def _eligible_events(self, key: VoterKey, segment: Segment) -> list[Event]:
        """F36…F43: the events of a candidate; none when it is not one."""
        links = self.world.links
        addresses = links.emails_of([key])
        if (
            key in segment.voters
            or addresses & segment.addresses
            or links.phones_of([key]) & segment.phones
        ):
            return []
        if self._opted_out_by(key) or not self.world.behaviours[key].may_be_asked:
            return []
        events = self.world.events_of(addresses)
        return events if any(event.is_engagement for event in events) else []


def _engagements(events: Iterable[Event]) -> Counter[str]:
    """000-30: numbers of engagements by client."""
    return Counter(e.client for e in events if e.is_engagement and e.client is not None)


def _age(birth: date, as_of: date) -> int:
    return as_of.year - birth.year - ((as_of.month, as_of.day) < (birth.month, birth.day))


def known_birth(births: Iterable[date], as_of: date) -> date | None:
    """F66: the first that may be a living person's; another stands for an unknown date."""
    return next(
        (
            birth
            for birth in births
            if birth.year > UNKNOWN_YEAR_UNTIL and _age(birth, as_of) <= MAX_AGE
        ),
        None,
    )


def age_band(birth: date | None, as_of: date) -> str:
    """F51: the age at as_of_date; below 18, future and missing birth dates are unknown."""
    if birth is None or birth > as_of:
        return "unknown"
    age = _age(birth, as_of)
    if age < 18:
        return "unknown"
    for low, high in ((18, 24), (25, 34), (35, 44), (45, 54), (55, 64)):
        if low <= age <= high:
            return f"{low}-{high}"
    return "65+"


def _attributes_of(behaviour: Behaviour, as_of: date) -> list[tuple[str, str]]:
    voter = behaviour.voter
    return [
        ("state", voter.key[0]),
        ("county", voter.county or "unknown"),
        ("party", voter.party or "unknown"),
        ("gender", voter.gender or "unknown"),
        ("age_band", age_band(known_birth(voter.birth_dates, as_of), as_of)),
        ("donor", "true" if behaviour.gifts else "false"),
        ("clicker", "true" if behaviour.clicks else "false"),
    ]


def _deviation_row(
    pair: tuple[str, str], own: int, size: int, baseline: int, everybody: int
) -> Row:
    """One value's shares, their difference with a Newcombe interval, and their ratio."""
    row: Row = {
        "attribute": pair[0],
        "value": pair[1],
        "segment_share": None,
        "baseline_share": Fraction(baseline, everybody),
        "difference": None,
        "ratio": None,
        "ci_low": None,
        "ci_high": None,
    }
    if not size:
        return row
    segment_share: Number = Fraction(own, size)
    row["segment_share"] = segment_share
    row["difference"] = segment_share - row["baseline_share"]
    row["ratio"] = segment_share / row["baseline_share"] if baseline else None
    row["ci_low"], row["ci_high"] = newcombe(own, size, baseline, everybody)
    return row
