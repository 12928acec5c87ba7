"""Arithmetic: rounding, rates, intervals, the shrinkage prior, false discovery."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from reference.settings import (
    MEDIAN_OF_A_SQUARED_NORMAL,
    PRIOR_FULL_TRIALS,
    PRIOR_LEAST_TRIALS,
    SCORE_WEIGHTS,
    Z,
)

Number = int | float | Fraction


@dataclass(frozen=True)
class Rounded:
    """An exact value and the number of places it is published with."""

    exact: Number
    places: int

    @property
    def published(self) -> float:
        """Rounded half away from zero."""
        unit = Decimal(1).scaleb(-self.places)
        if isinstance(self.exact, Fraction):
            scaled = abs(self.exact) * 10**self.places
            whole = math.floor(scaled + Fraction(1, 2))
            return math.copysign(float(Decimal(whole) * unit), self.exact)
        return float(Decimal(repr(self.exact)).quantize(unit, ROUND_HALF_UP))


def rate(numerator: int, denominator: int, places: int) -> Rounded | None:
    """Rates: percent, NULL where the denominator is 0."""
    return Rounded(Fraction(100 * numerator, denominator), places) if denominator else None


def affinity_score(clicks: int, opens: int, unsubs: int, sends: int) -> Rounded | None:
    """000-22: (3 clicks + 1 open − 5 unsubscribes) / sends · 100, 2 places, NULL without sends."""
    weights = SCORE_WEIGHTS
    points = weights["clicks"] * clicks + weights["opens"] * opens + weights["unsubs"] * unsubs
    return rate(points, sends, 2)


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """The 95 % Wilson score interval of a share (F33)."""
    share, z2 = successes / trials, Z * Z
    centre = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = math.sqrt(share * (1 - share) / trials + z2 / (4 * trials * trials))
    half *= Z / (1 + z2 / trials)
    return centre - half, centre + half


def newcombe(x1: int, n1: int, x2: int, n2: int) -> tuple[float, float]:
    """The 95 % interval of a difference of two shares from their Wilson intervals (F51)."""
    p1, p2 = x1 / n1, x2 / n2
    (low1, high1), (low2, high2) = wilson(x1, n1), wilson(x2, n2)
    difference = p1 - p2
    return (
        difference - math.sqrt((p1 - low1) ** 2 + (high2 - p2) ** 2),
        difference + math.sqrt((high1 - p1) ** 2 + (p2 - low2) ** 2),
    )


def two_proportion_p(x1: int, n1: int, x2: int, n2: int) -> float:
    """Two-sided pooled two-proportion z-test; 1 where nothing varies (F51)."""
    if not n1 or not n2:
        return 1.0
    pooled = (x1 + x2) / (n1 + n2)
    variance = pooled * (1 - pooled) * (1 / n1 + 1 / n2)
    if variance <= 0:
        return 1.0
    return math.erfc(abs(x1 / n1 - x2 / n2) / math.sqrt(variance) / math.sqrt(2))


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """The q of each p: the smallest p·m/rank of itself and of every larger p (F51)."""
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    q_values = [1.0] * len(p_values)
    smallest = 1.0
    for rank in range(len(order), 0, -1):
        index = order[rank - 1]
        smallest = min(smallest, p_values[index] * len(order) / rank)
        q_values[index] = smallest
    return q_values


@dataclass(frozen=True)
class Prior:
    """F20: the overall share, and how much of a client's own share is signal (0 to 1)."""

    mean: float
    weight: float

    def shrunk(self, successes: int, trials: int) -> float:
        """Beta-binomial shrinkage of one share; successes are capped at trials."""
        own = self.weight * min(successes, trials) + (1 - self.weight) * self.mean
        return own / (self.weight * trials + (1 - self.weight))


def fit_prior(counts: Iterable[tuple[int, int]]) -> Prior:
    """F20: the overall share, and the weighted median of what each group says about the weight.

    `counts` are (successes, trials). Under a beta-binomial with the weight w, the median of z², the
    squared distance from the mean over its chance variance, is w · (trials − 1) + 1 times that of a
    squared normal variable. Groups below the least number of trials are not asked; the others weigh
    as much as their trials, up to a limit.
    """
    pairs = [(min(x, n), n) for x, n in counts if n > 0]
    total = sum(n for _, n in pairs)
    if not total:
        return Prior(0.0, 0.0)
    mean = Fraction(sum(x for x, _ in pairs), total)
    variance = mean * (1 - mean)
    asked = [(x, n) for x, n in pairs if n >= PRIOR_LEAST_TRIALS]
    if len(asked) < 2 or not variance:
        return Prior(float(mean), 0.0)
    weights = [
        (
            ((x - n * mean) ** 2 / (n * variance) / MEDIAN_OF_A_SQUARED_NORMAL - 1) / (n - 1),
            min(n, PRIOR_FULL_TRIALS),
        )
        for x, n in asked
    ]
    middle = Fraction(sum(own for _, own in weights), 2)
    so_far = 0
    for weight, own in sorted(weights):
        so_far += own
        if so_far >= middle:
            return Prior(float(mean), float(max(Fraction(0), min(Fraction(1), weight))))
    raise AssertionError("the weights add up to more than half of themselves")
