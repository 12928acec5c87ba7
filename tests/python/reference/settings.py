"""The numbers and lists of the brief that the definitions refer to."""

import csv
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).resolve().parents[3]

UNKNOWN_YEAR_UNTIL, MAX_AGE = 1900, 115
"""A birth date up to that year, or of an older person, stands for an unknown one."""

HUB_LIMIT = 5
"""Rules 1, 2 and 4 of the linkage: five is in, six is out."""

ATTRIBUTION_WINDOW_DAYS = 30
"""000-33: a click earns a gift at most this many calendar days later."""

EARLIEST_YEAR = 1990
"""Rows dated before this year are rejected."""

SCORE_WEIGHTS = {"clicks": 3, "opens": 1, "unsubs": -5}
"""000-22."""

PRIOR_LEAST_TRIALS = 10
PRIOR_FULL_TRIALS = 100
PRIOR_MOST_DEVIATIONS = 3
"""F20: clients with fewer sends do not set the prior, and outliers do not; the weight's limit."""

MEDIAN_OF_A_SQUARED_NORMAL = Fraction(0.67448975019608174) ** 2

MINIMUM_DENOMINATOR = 100
"""000-29: below this many sends (opens for click_to_open_rate) a week is insufficient_data."""

Z = 1.96
"""Of every 95 % interval."""

BASELINE_WEEKS = 8
BASELINE_WEEKS_NEEDED = 4

TIME_DECAY_HALF_LIFE_DAYS = 7

LOOKALIKE_CLIENT_FLOOR = 10
LOOKALIKE_PRIOR = 5
LOOKALIKE_FIT_SEEDS = 200
"""000-30: a client is part of the pattern with more than this many engagements."""

RATES: dict[str, tuple[str, str, int]] = {
    "open_rate": ("opens", "sends", 2),
    "click_to_open_rate": ("clicks", "opens", 2),
    "click_rate": ("clicks", "sends", 2),
    "bounce_rate": ("bounces", "sends", 2),
    "unsub_rate": ("unsubs", "sends", 4),
    "complaint_rate": ("complaints", "sends", 4),
}
"""000-19…21, 000-28: numerator, denominator, published places."""

BANDS: dict[str, tuple[Fraction, Fraction, bool]] = {
    "open_rate": (Fraction(10), Fraction(20), True),
    "click_to_open_rate": (Fraction(1), Fraction(3), True),
    "click_rate": (Fraction(1), Fraction(3), True),
    "bounce_rate": (Fraction(2), Fraction(5), False),
    "unsub_rate": (Fraction(1, 10), Fraction(1, 2), False),
    "complaint_rate": (Fraction(1, 100), Fraction(5, 100), False),
}
"""000-29: both ends of the warning band in percent, and whether more is better."""

MODELS = (
    "any_touch",
    "first_touch",
    "last_touch",
    "linear",
    "position_based",
    "time_decay",
)

_PLACEHOLDERS = (
    "none",
    "n/a",
    "null",
    "none@none.com",
    "no@email.com",
    "noemail@noemail.com",
    "test@test.com",
    "na@na.com",
    "unknown@unknown.com",
)


class MachineRule(NamedTuple):
    """A rule of the seed machine_rules; 0 where it has no number."""

    rule: str
    within_seconds: int
    more_than: int


@cache
def machine_rules() -> tuple[MachineRule, ...]:
    """The rules by which a machine is recognised, in their order."""
    with (PROJECT / "seeds" / "machine_rules.csv").open(newline="", encoding="utf-8") as lines:
        seed = sorted(csv.DictReader(lines), key=lambda row: int(row["sort_order"]))
    return tuple(
        MachineRule(row["rule"], int(row["within_seconds"] or 0), int(row["more_than"] or 0))
        for row in seed
    )


SENTINEL_FLAGS = frozenset({999, 9999})
SENTINEL_AMOUNTS = frozenset({-999, -9999, 9999})
"""Numbers that stand for "not known": rows with one are rejected."""


@cache
def may_solicit(source: str | None) -> bool:
    """Whether gifts of a source may decide whom to ask: none given, or a line that permits it."""
    if source is None:
        return True
    seed = PROJECT / "seeds" / "permitted_use.csv"
    with seed.open(newline="", encoding="utf-8") as lines:
        found = {
            row["is_permitted"].lower() == "true"
            for row in csv.DictReader(lines)
            if (row["subject_kind"], row["use"]) == ("donation_source", "solicit")
            and row["subject"].strip().lower() == source
        }
    return found == {True}


@cache
def placeholders() -> frozenset[str]:
    """Identifiers that stand for "none" (F04): those of the seed, else those of the definitions."""
    seed = PROJECT / "seeds" / "placeholder_identifiers.csv"
    if not seed.exists():
        return frozenset(_PLACEHOLDERS)
    with seed.open(newline="", encoding="utf-8") as lines:
        return frozenset(row["identifier"].strip().lower() for row in csv.DictReader(lines))
