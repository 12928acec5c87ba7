"""Who did what: kept events by address, gifts by voter, and the per-voter summaries."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

from reference.extracts import Accounts, new_accounts
from reference.links import Links, build_links
from reference.machines import judged
from reference.measures import Rounded, rate
from reference.records import (
    Campaign,
    Event,
    Gift,
    keep_events,
    keep_gifts,
    read_campaigns,
    read_records,
    voters_of_gift,
)
from reference.settings import may_solicit
from reference.voters import Voter, VoterKey, read_voter_file

Row = dict[str, Any]


@dataclass
class Mailing:
    """What came of one campaign to one address."""

    sends: int = 0
    bounces: int = 0
    is_opened: bool = False
    is_clicked: bool = False

    @property
    def is_delivered(self) -> bool:
        """F19: more sends than bounces, or a human answer, which proves it."""
        return self.sends > self.bounces or self.is_opened


@dataclass
class Totals:
    """Sums of flags: sends of every row, the rest of human rows only."""

    addresses: set[str] = field(default_factory=set)
    total_events: int = 0
    sends: int = 0
    opens: int = 0
    clicks: int = 0
    bounces: int = 0
    complaints: int = 0
    unsubs: int = 0
    active: set[str] = field(default_factory=set)
    mailings: dict[tuple[str, str], Mailing] = field(default_factory=dict)
    answers: int = 0
    machine_answers: int = 0

    def add(self, event: Event) -> None:
        """Count a kept event once."""
        self.addresses.add(event.email)
        self.total_events += 1
        self.sends += event.send
        self._mail(event, is_machine=not event.is_human)
        if not event.is_human:
            return
        self.opens += event.open
        self.clicks += event.click
        self.bounces += event.bounce
        self.complaints += event.complaint
        self.unsubs += event.unsub
        if event.is_engagement:
            self.active.add(event.email)

    def _mail(self, event: Event, *, is_machine: bool) -> None:
        """Count an answer, and put the event to its mailing; without a campaign it has none."""
        has_answer = event.open > 0 or event.click > 0
        self.answers += has_answer
        self.machine_answers += has_answer and is_machine
        if event.campaign_id is None:
            return
        mailing = self.mailings.setdefault((event.email, event.campaign_id), Mailing())
        mailing.sends += event.send
        if not is_machine:
            mailing.bounces += event.bounce
            mailing.is_opened |= has_answer
            mailing.is_clicked |= event.click > 0

    def unique_figures(self) -> Row:
        """F19: what was delivered, distinct mailings per delivered one, and machines' answers."""
        mailings = self.mailings.values()
        delivered = sum(mailing.is_delivered for mailing in mailings)
        opened = sum(mailing.is_opened for mailing in mailings)
        clicked = sum(mailing.is_clicked for mailing in mailings)
        share = Fraction(self.machine_answers, self.answers) if self.answers else None
        return {
            "delivered": max(self.sends - self.bounces, 0),
            "unique_delivered": delivered,
            "unique_opens": opened,
            "unique_clicks": clicked,
            "unique_open_rate": rate(opened, delivered, 2),
            "unique_click_rate": rate(clicked, delivered, 2),
            "answers": self.answers,
            "machine_answers": self.machine_answers,
            "machine_share": None if share is None else Rounded(share, 4),
        }

    def counts(self) -> dict[str, int]:
        """The counts under the names that rates refer to."""
        return {
            "sends": self.sends,
            "opens": self.opens,
            "clicks": self.clicks,
            "bounces": self.bounces,
            "complaints": self.complaints,
            "unsubs": self.unsubs,
        }


@dataclass
class Behaviour:
    """What is known of one voter."""

    voter: Voter
    is_contactable: bool
    is_linked: bool
    has_event: bool
    campaigns: set[str]
    clients: set[str]
    clicks: int
    opens: int
    gifts: int
    usable_gifts: int
    last_engagement: date | None
    last_click: date | None
    last_gift: date | None
    last_usable_gift: date | None

    @property
    def has_behaviour(self) -> bool:
        """coverage: any kept event, or a gift."""
        return self.has_event or self.gifts > 0

    @property
    def link_status(self) -> str:
        """000-11: of a voter that is known."""
        return "with_behavior" if self.has_behaviour else "no_behavior"

    @property
    def may_be_asked(self) -> bool:
        """Permitted use: a donor has a gift that may serve to solicit."""
        return self.usable_gifts > 0 or self.gifts == 0


class World:
    """Everything read from the extracts, and what the definitions make of it."""

    def __init__(
        self, folder: Path, as_of: date | None = None, build_day: date | None = None
    ) -> None:
        """Read a folder of extracts; build_day is the day of the build (UTC)."""
        self.accounts: Accounts = new_accounts()
        self.has_suppressions = (folder / "suppressions").exists()
        records = read_records(folder, as_of, build_day or date.max, self.accounts)
        self.as_of = records.as_of
        file = read_voter_file(folder, self.accounts)
        self.voters = file.voters
        self.links: Links = build_links(folder, file, self.as_of, self.accounts)
        self.campaigns: dict[str, Campaign] = read_campaigns(folder, self.accounts)

        kept, clicks = keep_events(
            records.events,
            lambda event: event.email in self.links.voters_of_email,
            self.accounts["email_clickers"],
        )
        self.events = judged(kept, is_of_voter=True)
        self.everybodys_events = self.events + judged(clicks, is_of_voter=False)
        donations, everybodys_donations = keep_gifts(
            records.gifts,
            lambda gift: bool(voters_of_gift(gift, self.links)),
            self.accounts["donations"],
        )
        self.gifts = [gift for gift in donations if gift.is_gift]
        self.usable_ids = {
            gift.donation_id for gift in records.gifts if may_solicit(gift.source)
        } - {None}
        self.everybodys_gifts = [gift for gift in everybodys_donations if gift.is_gift]

        self.events_of_address: dict[str, list[Event]] = defaultdict(list)
        for event in self.events:
            self.events_of_address[event.email].append(event)
        self.gifts_of_voter: dict[VoterKey, list[Gift]] = defaultdict(list)
        for gift in self.gifts:
            for key in voters_of_gift(gift, self.links):
                self.gifts_of_voter[key].append(gift)

    def events_of(self, addresses: Iterable[str]) -> list[Event]:
        """Kept events of distinct addresses, each once (F05)."""
        return [event for name in set(addresses) for event in self.events_of_address.get(name, ())]

    def is_usable(self, gift: Gift) -> bool:
        """Whether any row of the gift comes from a source that may serve to solicit."""
        return may_solicit(gift.source) or gift.donation_id in self.usable_ids

    def gifts_of(self, voters: Iterable[VoterKey]) -> list[Gift]:
        """Gifts that belong to any of these voters, each once (F05)."""
        wanted = set(voters)
        return [
            gift for gift in self.gifts if wanted.intersection(voters_of_gift(gift, self.links))
        ]

    @cached_property
    def population_basis(self) -> str:
        """F14: clickers_only when no used address in the data is without a click."""
        clicked = {event.email for event in self.events if event.click > 0}
        return "clickers_only" if clicked >= set(self.events_of_address) else "all_recipients"

    @cached_property
    def behaviours(self) -> dict[VoterKey, Behaviour]:
        """Every voter's behaviour."""
        return {key: self._behaviour(voter) for key, voter in self.voters.items()}

    def _behaviour(self, voter: Voter) -> Behaviour:
        addresses = self.links.emails_of([voter.key])
        events = self.events_of(addresses)
        engagements = [event for event in events if event.is_engagement]
        gifts = self.gifts_of_voter.get(voter.key, [])
        usable = [gift for gift in gifts if self.is_usable(gift)]
        return Behaviour(
            voter=voter,
            is_contactable=bool(voter.emails or voter.phones),
            is_linked=bool(addresses or self.links.phones_of([voter.key])),
            has_event=bool(events),
            campaigns={e.campaign_id for e in engagements if e.campaign_id is not None},
            clients={e.client for e in engagements if e.client is not None},
            clicks=sum(event.click for event in engagements),
            opens=sum(event.open for event in engagements),
            gifts=len(gifts),
            usable_gifts=len(usable),
            last_engagement=max((e.at.date() for e in engagements), default=None),
            last_click=max((e.at.date() for e in engagements if e.click > 0), default=None),
            last_gift=max((gift.at.date() for gift in gifts), default=None),
            last_usable_gift=max((gift.at.date() for gift in usable), default=None),
        )


def enriched_profile(behaviour: Behaviour) -> Row:
    """enriched_profiles (000-11…17)."""
    voter = behaviour.voter
    return {
        "state": voter.key[0],
        "svid": voter.key[1],
        "person_id": voter.person_id,
        "county": voter.county,
        "link_status": behaviour.link_status,
        "campaigns_engaged": len(behaviour.campaigns),
        "total_clicks": behaviour.clicks,
        "total_opens": behaviour.opens,
        "clients_engaged": len(behaviour.clients),
        "donation_count": behaviour.gifts,
        "is_donor": behaviour.gifts > 0,
        "is_clicker": behaviour.clicks > 0,
        "last_engagement_date": behaviour.last_engagement,
        "last_donation_date": behaviour.last_gift,
    }


def enriched_profiles(world: World) -> dict[VoterKey, Row]:
    """enriched_profiles: one row per (state, svid)."""
    return {key: enriched_profile(behaviour) for key, behaviour in world.behaviours.items()}


def coverage(world: World) -> dict[tuple[str, str], Row]:
    """Coverage (000-58, F03): the waterfall, one row per (state, step), zeros kept."""
    table: dict[tuple[str, str], Row] = {}
    for state in {key[0] for key in world.voters}:
        of_state = [b for key, b in world.behaviours.items() if key[0] == state]
        steps = {
            "in_file": len(of_state),
            "contactable": sum(b.is_contactable for b in of_state),
            "linked": sum(b.is_linked for b in of_state),
            "with_behavior": sum(b.has_behaviour for b in of_state),
        }
        for step, people in steps.items():
            share = people / len(of_state)
            table[state, step] = {"state": state, "step": step, "people": people, "share": share}
    return table


def donor_propensity_row(behaviour: Behaviour, as_of: date) -> Row:
    """donor_propensity (000-24…26, F25, F29): features, components and the clamped score.

    Gifts that may not serve to solicit are counted apart.
    """
    since_click = (as_of - behaviour.last_click).days if behaviour.last_click else None
    last_gift = behaviour.last_usable_gift
    since_gift = (as_of - last_gift).days if last_gift else None
    days = 365 if since_click is None else since_click
    base = 0.7 if behaviour.usable_gifts else 0.1
    clicks = 0.15 * min(behaviour.clicks, 50) / 50
    campaigns = 0.10 * min(len(behaviour.campaigns), 20) / 20
    recency = -0.05 * min(days, 365) / 365
    score = max(0.0, min(1.0, base + clicks + campaigns + recency))
    return {
        "state": behaviour.voter.key[0],
        "svid": behaviour.voter.key[1],
        "total_clicks": behaviour.clicks,
        "total_opens": behaviour.opens,
        "campaigns_count": len(behaviour.campaigns),
        "clients_count": len(behaviour.clients),
        "days_since_last_click": since_click,
        "past_donations": behaviour.usable_gifts,
        "days_since_last_donation": since_gift,
        "donor_propensity_score": Rounded(score, 3),
        "score_base": base,
        "score_clicks": clicks,
        "score_campaigns": campaigns,
        "score_recency": recency,
        "is_scored": behaviour.has_behaviour,
        "gifts_not_used": behaviour.gifts - behaviour.usable_gifts,
    }


def donor_propensity(world: World) -> dict[VoterKey, Row]:
    """donor_propensity: one row per (state, svid)."""
    return {
        key: donor_propensity_row(behaviour, world.as_of)
        for key, behaviour in world.behaviours.items()
    }
