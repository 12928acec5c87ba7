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
    PRIOR_MOST_DEVIATIONS,
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


def fit_prior(counts: Iterable[tuple[int, int]], mean: Fraction | None = None) -> Prior:
    """F20: the overall share, and the intra-class correlation of the groups that are no outliers.

    `counts` are (successes, trials). Groups below the least number of trials are not asked. A first
    guess is a weighted median: under a beta-binomial with the correlation w, the median of z², the
    squared distance from the mean over its chance variance, is w · (trials − 1) + 1 times that of a
    squared normal variable. That mean is without the highest and the lowest shares. The moment
    estimate is of the groups within three deviations by the guess. `mean` stands in for the overall
    share.
    """
    pairs = [(min(x, n), n) for x, n in counts if n > 0]
    total = sum(n for _, n in pairs)
    if not total:
        return Prior(0.0, 0.0)
    if mean is None:
        mean = Fraction(sum(x for x, _ in pairs), total)
    asked = [(x, n) for x, n in pairs if n >= PRIOR_LEAST_TRIALS]
    centre = _trimmed_mean(asked)
    guess = _median_guess(asked, centre)
    inside = [pair for pair in asked if _is_within(pair, centre, guess)]
    return Prior(float(mean), float(_moment_estimate(inside)))


def _trimmed_mean(pairs: list[tuple[int, int]]) -> Fraction:
    """The share of all trials without a tenth of the weight at either end."""
    all_weight, so_far = sum(min(n, PRIOR_FULL_TRIALS) for _, n in pairs), 0
    successes = trials = 0
    for x, n in sorted(pairs, key=lambda pair: Fraction(*pair)):
        before, so_far = so_far, so_far + min(n, PRIOR_FULL_TRIALS)
        if 10 * so_far > all_weight and 10 * before < 9 * all_weight:
            successes, trials = successes + x, trials + n
    return Fraction(successes, trials) if trials else Fraction(0)


def _z_squared(pair: tuple[int, int], mean: Fraction) -> Fraction:
    successes, trials = pair
    variance = trials * mean * (1 - mean)
    return (successes - trials * mean) ** 2 / variance if variance else Fraction(0)


def _median_guess(pairs: list[tuple[int, int]], mean: Fraction) -> Fraction:
    """The weighted median of what each group alone says, groups weighing up to a limit."""
    alone = [
        (
            (_z_squared((x, n), mean) / MEDIAN_OF_A_SQUARED_NORMAL - 1) / (n - 1),
            min(n, PRIOR_FULL_TRIALS),
        )
        for x, n in pairs
    ]
    middle, so_far = Fraction(sum(own for _, own in alone), 2), 0
    for correlation, own in sorted(alone):
        so_far += own
        if so_far >= middle:
            return max(Fraction(0), min(Fraction(1), correlation))
    return Fraction(0)


def _is_within(pair: tuple[int, int], mean: Fraction, guess: Fraction) -> bool:
    return _z_squared(pair, mean) <= PRIOR_MOST_DEVIATIONS**2 * (1 + (pair[1] - 1) * guess)


def _moment_estimate(pairs: list[tuple[int, int]]) -> Fraction:
    """Kleinman's estimate of the intra-class correlation, 0 to 1."""
    total, degrees = sum(n for _, n in pairs), len(pairs) - 1
    if degrees < 1:
        return Fraction(0)
    mean = Fraction(sum(x for x, _ in pairs), total)
    denominator = total - Fraction(sum(n * n for _, n in pairs), total) - degrees
    if not 0 < mean < 1 or denominator <= 0:
        return Fraction(0)
    spread = sum((n * (Fraction(x, n) - mean) ** 2 for x, n in pairs), Fraction(0))
    estimate = (spread / (mean * (1 - mean)) - degrees) / denominator
    return max(Fraction(0), min(Fraction(1), estimate))
