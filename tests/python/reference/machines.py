"""Which kept events a machine caused: the rules of the seed `machine_rules`, in their order."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, time, timedelta
from itertools import combinations

from reference.records import Event
from reference.settings import MachineRule, machine_rules

THINGS: dict[str, Callable[[int, Event], object]] = {
    "burst_clicks": lambda place, event: place,
    "burst_campaigns": lambda place, event: event.campaign_id,
    "burst_links": lambda place, event: event.link,
}
"""What a burst counts: rows, campaigns or links."""


def _is_date(at: datetime) -> bool:
    """Midnight sharp is a date without a time of day."""
    return at.time() == time()


def _is_answer(event: Event) -> bool:
    return event.send <= 0 and (
        event.open > 0 or event.click > 0 or event.unsub > 0 or event.complaint > 0
    )


def _within(earlier: datetime | None, later: datetime, rule: MachineRule) -> bool:
    return earlier is not None and later - earlier <= timedelta(seconds=rule.within_seconds)


class _Sends:
    """The moments of the sends of each address and campaign."""

    def __init__(self, events: Iterable[Event]) -> None:
        self._times: dict[tuple[str, str], list[datetime]] = defaultdict(list)
        for event in events:
            if event.send > 0 and event.campaign_id is not None:
                self._times[event.email, event.campaign_id].append(event.at)
        for times in self._times.values():
            times.sort()

    def answered(self, event: Event) -> datetime | None:
        """The send from which a distance can be measured to the event."""
        if event.send > 0 or event.campaign_id is None or _is_date(event.at):
            return None
        times = self._times.get((event.email, event.campaign_id), [])
        place = bisect_right(times, event.at)
        latest = times[place - 1] if place else None
        return None if latest is None or _is_date(latest) else latest


def _bursts(events: list[Event], rule: MachineRule) -> Iterator[tuple[datetime, datetime]]:
    """First and last moment of every burst of one address, however they overlap."""
    thing = THINGS[rule.rule]
    clicks = [
        (event.at, thing(place, event))
        for place, event in enumerate(events)
        if event.click > 0 and not _is_date(event.at) and thing(place, event) is not None
    ]
    moments = sorted({at for at, _ in clicks})
    pairs = [*((at, at) for at in moments), *combinations(moments, 2)]
    for first, last in pairs:
        if _within(first, last, rule):
            things = {what for at, what in clicks if first <= at <= last}
            if len(things) > rule.more_than:
                yield first, last


def _of_address(events: list[Event], sends: _Sends, is_of_voter: bool) -> list[str | None]:
    """The reason at each event of one address, None for a human one."""
    reasons: list[str | None] = [None] * len(events)

    def name(rule: MachineRule, fits: Callable[[Event], bool]) -> None:
        for place, event in enumerate(events):
            if reasons[place] is None and fits(event):
                reasons[place] = rule.rule

    for rule in machine_rules():
        if rule.rule == "sender_flag":
            name(rule, lambda event: event.is_bot)
        elif rule.rule == "fast_click" and is_of_voter:
            name(
                rule,
                lambda event, rule=rule: (  # type: ignore[misc]
                    event.click > 0 and _within(sends.answered(event), event.at, rule)
                ),
            )
        elif rule.rule in THINGS:
            spans = list(_bursts(events, rule))
            name(
                rule,
                lambda event, spans=spans: (  # type: ignore[misc]
                    _is_answer(event)
                    and not _is_date(event.at)
                    and any(first <= event.at <= last for first, last in spans)
                ),
            )
        elif rule.rule == "proxy_open" and is_of_voter:
            opens = [
                e for e, reason in zip(events, reasons, strict=True) if e.open > 0 and not reason
            ]
            clicked = any(
                event.click > 0 and not reason
                for event, reason in zip(events, reasons, strict=True)
            )
            if (
                len(opens) > rule.more_than
                and not clicked
                and all(_within(sends.answered(event), event.at, rule) for event in opens)
            ):
                name(rule, lambda event: event.open > 0)
    return reasons


def judged(events: list[Event], is_of_voter: bool) -> list[Event]:
    """The kept events with their machine's reason.

    Of people outside the voter file only clicks are given, judged by the flag and by bursts.
    """
    sends = _Sends(events)
    of_address: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        of_address[event.email].append(event)
    return [
        event._replace(machine=reason)
        for own in of_address.values()
        for event, reason in zip(own, _of_address(own, sends, is_of_voter), strict=True)
    ]
