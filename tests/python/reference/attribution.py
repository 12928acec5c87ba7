"""Attribution of everybody's gifts to campaigns, six models side by side (000-33, 34, 42)."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from fractions import Fraction

from reference.behaviour import Row, World
from reference.measures import Number, rate
from reference.records import Gift, voters_of_gift
from reference.settings import ATTRIBUTION_WINDOW_DAYS, MODELS, TIME_DECAY_HALF_LIFE_DAYS
from reference.voters import VoterKey

Contact = VoterKey | str
"""A voter, or else the address or phone itself."""

CampaignModel = tuple[str | None, str]


@dataclass(frozen=True)
class Touch:
    """A campaign with a human click in a gift's window."""

    campaign_id: str
    first_click_at: datetime
    last_click_at: datetime
    days_to_donation: int


@dataclass(frozen=True)
class Credit:
    """A row of attribution_credits; without a touch the gift is unattributed."""

    gift: Gift
    contact: Contact
    touch: Touch | None
    model: str
    credit: Number


def contact_of_gift(gift: Gift, world: World) -> Contact:
    """Contact: the first voter it belongs to, else its address, else its phone."""
    voters = voters_of_gift(gift, world.links)
    return voters[0] if voters else gift.email or gift.phone or ""


def contact_of_address(address: str, world: World) -> Contact:
    """Contact of a click: the first voter of its address, else the address."""
    voters = world.links.voters_of_email.get(address)
    return voters[0] if voters else address


def is_in_window(clicked: datetime, gift: Gift) -> bool:
    """F46: a gift at exactly midnight is a date and compares dates; 0 to 30 calendar days."""
    gift_is_a_date = gift.at.time() == time()
    if gift_is_a_date and clicked.date() > gift.at.date():
        return False
    if not gift_is_a_date and clicked > gift.at:
        return False
    return (gift.at.date() - clicked.date()).days <= ATTRIBUTION_WINDOW_DAYS


def shares(model: str, touches: list[Touch]) -> list[tuple[Touch, Number]]:
    """F45: the credit of each touch of one gift under a model."""
    in_order = sorted(touches, key=lambda touch: (touch.first_click_at, touch.campaign_id))
    count = len(touches)
    if model == "any_touch":
        return [(touch, 1) for touch in touches]
    if model == "first_touch":
        return [(in_order[0], 1)]
    if model == "last_touch":
        latest = max(touch.last_click_at for touch in touches)
        tied = [touch for touch in touches if touch.last_click_at == latest]
        return [(min(tied, key=lambda touch: touch.campaign_id), 1)]
    if model == "linear":
        return [(touch, Fraction(1, count)) for touch in touches]
    if model == "position_based":
        if count <= 2:
            return [(touch, Fraction(1, count)) for touch in touches]
        ends = (in_order[0], in_order[-1])
        middle = Fraction(20, 100 * (count - 2))
        return [(t, Fraction(40, 100) if t in ends else middle) for t in in_order]
    half_life = TIME_DECAY_HALF_LIFE_DAYS
    weights = [(touch, 2 ** (-touch.days_to_donation / half_life)) for touch in touches]
    total = sum(weight for _, weight in weights)
    return [(touch, weight / total) for touch, weight in weights]


class Attribution:
    """Credits, clickers, last clicks and clients of every campaign that anybody clicked."""

    def __init__(self, world: World) -> None:
        """Walk once over everybody's human clicks, then once over everybody's gifts."""
        self.world = world
        self.clicks: dict[str, list[tuple[str, datetime]]] = defaultdict(list)
        self.last_click: dict[str, date] = {}
        clicks_of_client: dict[str, Counter[str]] = defaultdict(Counter)
        for event in world.everybodys_events:
            if not event.is_human or event.click <= 0 or event.campaign_id is None:
                continue
            campaign_id, day = event.campaign_id, event.at.date()
            self.clicks[event.email].append((campaign_id, event.at))
            self.last_click[campaign_id] = max(day, self.last_click.get(campaign_id, day))
            if event.client is not None:
                clicks_of_client[campaign_id][event.client] += event.click
        self.client_by_clicks = {
            campaign_id: min(clients, key=lambda client: (-clients[client], client))
            for campaign_id, clients in clicks_of_client.items()
        }
        self.credits = [
            credit for gift in world.everybodys_gifts for credit in self._credits_of(gift)
        ]

    def client(self, campaign_id: str) -> str | None:
        """F48: that of `campaigns`; of an unknown campaign the one on most of its clicks."""
        known = self.world.campaigns.get(campaign_id)
        return known.client if known else self.client_by_clicks.get(campaign_id)

    def name(self, campaign_id: str) -> str | None:
        """F48: an unknown campaign is kept with NULL name."""
        known = self.world.campaigns.get(campaign_id)
        return known.name if known else None

    def touches(self, gift: Gift) -> list[Touch]:
        """Touches from the gift's own address and any used address of its voters (F48)."""
        addresses = self.world.links.emails_of(voters_of_gift(gift, self.world.links))
        if gift.email is not None:
            addresses.add(gift.email)
        times: dict[str, list[datetime]] = defaultdict(list)
        for address in addresses:
            for campaign_id, clicked in self.clicks.get(address, ()):
                if is_in_window(clicked, gift):
                    times[campaign_id].append(clicked)
        return [
            Touch(
                campaign_id,
                min(clicked),
                max(clicked),
                (gift.at.date() - max(clicked).date()).days,
            )
            for campaign_id, clicked in times.items()
        ]

    def _credits_of(self, gift: Gift) -> list[Credit]:
        contact = contact_of_gift(gift, self.world)
        touches = self.touches(gift)
        if not touches:
            return [Credit(gift, contact, None, model, 1) for model in MODELS]
        return [
            Credit(gift, contact, touch, model, share)
            for model in MODELS
            for touch, share in shares(model, touches)
        ]

    def clickers(self, addresses: Iterable[str]) -> dict[str, set[Contact]]:
        """Per campaign, the contacts of these addresses that clicked it."""
        clickers: dict[str, set[Contact]] = defaultdict(set)
        for address in addresses:
            for campaign_id, _ in self.clicks.get(address, ()):
                clickers[campaign_id].add(contact_of_address(address, self.world))
        return clickers


def credit_row(credit: Credit, attribution: Attribution) -> Row:
    """attribution_credits: one row per gift, campaign and model."""
    voter = credit.contact if isinstance(credit.contact, tuple) else (None, None)
    touch = credit.touch
    return {
        "model": credit.model,
        "donation_id": credit.gift.donation_id,
        "state": voter[0],
        "svid": voter[1],
        "campaign_id": touch.campaign_id if touch else None,
        "client_shortname": attribution.client(touch.campaign_id) if touch else None,
        "first_click_at": touch.first_click_at if touch else None,
        "last_click_at": touch.last_click_at if touch else None,
        "donation_date": credit.gift.at.date(),
        "days_to_donation": touch.days_to_donation if touch else None,
        "credit": credit.credit,
    }


def campaign_table(
    attribution: Attribution, credits: Iterable[Credit], clickers: dict[str, set[Contact]]
) -> dict[CampaignModel, Row]:
    """Credits summed by campaign and model; every clicked campaign and `unattributed` has rows."""
    of_key: dict[CampaignModel, list[Credit]] = defaultdict(list)
    for credit in credits:
        campaign_id = credit.touch.campaign_id if credit.touch else None
        of_key[campaign_id, credit.model].append(credit)
    campaign_ids = {None, *clickers, *(campaign_id for campaign_id, _ in of_key)}
    return {
        (campaign_id, model): _campaign_row(
            attribution,
            campaign_id,
            model,
            of_key.get((campaign_id, model), []),
            clickers.get(campaign_id or "", set()),
        )
        for campaign_id in campaign_ids
        for model in MODELS
    }


def _campaign_row(
    attribution: Attribution,
    campaign_id: str | None,
    model: str,
    credits: list[Credit],
    clickers: set[Contact],
) -> Row:
    donors = len({credit.contact for credit in credits if credit.credit > 0})
    row: Row = {
        "campaign_id": campaign_id,
        "model": model,
        "donors_attributed": donors,
        "donations_credited": sum((credit.credit for credit in credits), Fraction(0)),
    }
    if campaign_id is None:
        return row
    days = [c.touch.days_to_donation for c in credits if c.touch and c.credit > 0]
    age = (attribution.world.as_of - attribution.last_click[campaign_id]).days
    return row | {
        "client_shortname": attribution.client(campaign_id),
        "campaign_name": attribution.name(campaign_id),
        "avg_days_to_donate": Fraction(sum(days), len(days)) if days else None,
        "min_days": min(days, default=None),
        "max_days": max(days, default=None),
        "unique_clickers": len(clickers),
        "donors_per_100_clickers": rate(donors, len(clickers), 2),
        "is_mature": age > ATTRIBUTION_WINDOW_DAYS,
    }


def campaign_attribution(attribution: Attribution) -> dict[CampaignModel, Row]:
    """campaign_attribution (000-34, F49): over everybody's gifts and clicks."""
    clickers = attribution.clickers(attribution.clicks)
    return campaign_table(attribution, attribution.credits, clickers)
