"""The placebo of attribution: clicks after a gift, by the same rules as those before (F49)."""

import math
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from reference.attribution import Attribution, CampaignModel
from reference.behaviour import Row
from reference.measures import wilson
from reference.records import Gift, voters_of_gift
from reference.settings import ATTRIBUTION_WINDOW_DAYS, MODELS

Click = tuple[str, datetime]
"""(campaign, time)."""

_WINDOW = timedelta(days=ATTRIBUTION_WINDOW_DAYS)


def clicks_around(gift: Gift, attribution: Attribution) -> tuple[list[Click], list[Click]]:
    """Clicks in the window before and in the window after a gift."""
    links = attribution.world.links
    addresses = links.emails_of(voters_of_gift(gift, links))
    if gift.email is not None:
        addresses.add(gift.email)
    before, after = [], []
    for address in addresses:
        for campaign_id, clicked in attribution.clicks.get(address, ()):
            if abs(clicked.date() - gift.at.date()) > _WINDOW:
                continue
            is_a_date = gift.at.time() == time()
            if clicked <= gift.at or (is_a_date and clicked.date() == gift.at.date()):
                before.append((campaign_id, clicked))
            else:
                after.append((campaign_id, clicked))
    return before, after


def counted_gifts(attribution: Attribution) -> list[Gift]:
    """Gifts whose two windows lie within the days of which clicks are known."""
    times = [clicked for clicks in attribution.clicks.values() for _, clicked in clicks]
    if not times:
        return []
    first, last = min(times).date() + _WINDOW, attribution.world.as_of - _WINDOW
    gifts = attribution.world.everybodys_gifts
    return [gift for gift in gifts if first <= gift.at.date() <= last]


def credited(model: str, clicks: list[Click], *, is_after: bool) -> set[str]:
    """The campaigns that a model credits with some part of the gift; after it, time is mirrored."""
    if model not in ("first_touch", "last_touch") or not clicks:
        return {campaign_id for campaign_id, _ in clicks}
    latest = (model == "last_touch") != is_after
    moment = (max if latest else min)(clicked for _, clicked in clicks)
    return {min(campaign_id for campaign_id, clicked in clicks if clicked == moment)}


def attribution_placebo(attribution: Attribution) -> dict[CampaignModel, Row]:
    """Every model over all campaigns, and each campaign with a click around a gift."""
    gifts = counted_gifts(attribution)
    around = [clicks_around(gift, attribution) for gift in gifts]
    table: dict[CampaignModel, Row] = {}
    for model in MODELS:
        pairs = [
            (credited(model, before, is_after=False), credited(model, after, is_after=True))
            for before, after in around
        ]
        campaigns = {c for touched, placebo in pairs for c in touched | placebo}
        table[None, model] = _row(model, None, [(bool(t), bool(p)) for t, p in pairs])
        for campaign in campaigns:
            answers = [(campaign in touched, campaign in placebo) for touched, placebo in pairs]
            table[campaign, model] = _row(model, campaign, answers)
    return table


def attribution_profile(attribution: Attribution) -> dict[int, Row]:
    """Every day from the window's first to its last."""
    gifts = counted_gifts(attribution)
    around = [(gift.at.date(), clicks_around(gift, attribution)) for gift in gifts]
    table = {}
    for day in range(-ATTRIBUTION_WINDOW_DAYS, ATTRIBUTION_WINDOW_DAYS + 1):
        before = sum(_has_day(clicks[0], gift_day, day) for gift_day, clicks in around)
        after = sum(_has_day(clicks[1], gift_day, day) for gift_day, clicks in around)
        table[day] = {
            "gifts": len(gifts),
            "gifts_clicked_before": before,
            "gifts_clicked_after": after,
            "clicked_before_share": before / len(gifts) if gifts else None,
            "clicked_after_share": after / len(gifts) if gifts else None,
        }
    return table


def _has_day(clicks: Iterable[Click], gift_day: date, day: int) -> bool:
    return any((clicked.date() - gift_day).days == day for _, clicked in clicks)


def _row(model: str, campaign_id: str | None, answers: list[tuple[bool, bool]]) -> Row:
    gifts = len(answers)
    touched = sum(first for first, _ in answers)
    placebo = sum(second for _, second in answers)
    both = sum(first and second for first, second in answers)
    row: Row = {
        "model": model,
        "campaign_id": campaign_id,
        "gifts": gifts,
        "touched_gifts": touched,
        "placebo_gifts": placebo,
        "both_gifts": both,
        **dict.fromkeys(("touched_share", "placebo_share", "difference", "ci_low", "ci_high")),
    }
    if gifts:
        low, high = paired_interval(touched, placebo, both, gifts)
        row |= {
            "touched_share": touched / gifts,
            "placebo_share": placebo / gifts,
            "difference": (touched - placebo) / gifts,
            "ci_low": low,
            "ci_high": high,
        }
    return row


def paired_interval(first: int, second: int, both: int, pairs: int) -> tuple[float, float]:
    """Newcombe (1998), method 10 for paired proportions."""
    p1, p2 = first / pairs, second / pairs
    (l1, u1), (l2, u2) = wilson(first, pairs), wilson(second, pairs)
    neither = pairs - first - second + both
    surplus = float(both * neither - (first - both) * (second - both))
    if surplus > 0:
        surplus = max(surplus - pairs / 2, 0)
    spread = math.sqrt(first * (pairs - first) * second * (pairs - second))
    phi = surplus / spread if spread else 0.0
    down, up = (p1 - l1, u2 - p2), (u1 - p1, p2 - l2)

    def half(a: float, b: float) -> float:
        return math.sqrt(max(a * a - 2 * phi * a * b + b * b, 0))

    return p1 - p2 - half(*down), p1 - p2 + half(*up)
