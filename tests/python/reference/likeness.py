"""Likeness as a contrast of seeds with all others: logistic regression, written for people."""

import math
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from reference.behaviour import World
from reference.settings import LOOKALIKE_FIT_SEEDS, LOOKALIKE_PRIOR
from reference.voters import VoterKey

Vector = list[float]


@dataclass(frozen=True)
class Person:
    """What is compared of a voter with an engagement, clients aside."""

    shares: dict[str, float]
    features: tuple[float, ...]
    steps: tuple[int, ...]
    """Into how many steps a unit of each feature is cut for the fit."""


def people_of(world: World) -> dict[VoterKey, Person]:
    """Every voter with an engagement."""
    people = {}
    for key in world.voters:
        events = world.events_of(world.links.emails_of([key]))
        days = [event.at.date() for event in events if event.is_engagement]
        if not days:
            continue
        clients = Counter(e.client for e in events if e.is_engagement and e.client is not None)
        engaged = sum(clients.values())
        gifts = [
            gift.at.date() for gift in world.gifts_of_voter.get(key, []) if world.is_usable(gift)
        ]
        people[key] = Person(
            shares={client: count / engaged for client, count in clients.items()},
            features=(
                math.log1p(len(days)),
                _log_days(max(days), world.as_of),
                _log_days(min(days), world.as_of),
                _clicks_per_send(
                    sum(event.click for event in events if event.is_human),
                    sum(event.send for event in events),
                ),
                math.log1p(len(gifts)),
                _log_days(max(gifts), world.as_of) if gifts else 0,
                _log_days(min(gifts), world.as_of) if gifts else 0,
            ),
            steps=(4, 4, 4, 20, 4, 4, 4),
        )
    return people


def _log_days(day: date, as_of: date) -> float:
    return math.log1p((as_of - day).days)


def _clicks_per_send(clicks: int, sends: int) -> float:
    """0 to 1, by the published percentage; 0 without a send."""
    if not sends:
        return 0
    return min(100, _rounded(10_000 * clicks / sends) / 100) / 100


def _rounded(value: float) -> float:
    """The nearest whole number; halves go away from 0."""
    return math.copysign(math.floor(abs(value) + 0.5), value)


def similarities(
    people: dict[VoterKey, Person], segment: Collection[VoterKey]
) -> dict[VoterKey, float]:
    """The similarity of everybody to the seeds among the people; 0.5 where nothing is fitted."""
    keys = list(people)
    is_seed = [key in segment for key in keys]
    seeds, others = sum(is_seed), len(keys) - sum(is_seed)
    if not seeds or not others:
        return dict.fromkeys(keys, 0.5)
    mixes = _client_mixes([people[key] for key in keys], is_seed)
    rows = [[mix, *people[key].features] for mix, key in zip(mixes, keys, strict=True)]
    steps = (4, *people[keys[0]].steps)
    cut = [[_rounded(x * n) / n for x, n in zip(row, steps, strict=True)] for row in rows]
    weight = min(1, LOOKALIKE_FIT_SEEDS / seeds)
    weights = [weight if seed else weight * seeds / others for seed in is_seed]

    columns = range(len(steps))
    means = [sum(row[c] for row in cut) / len(cut) for c in columns]
    deviations = []
    for c in columns:
        variance = sum((row[c] - means[c]) ** 2 for row in cut) / len(cut)
        deviations.append(math.sqrt(variance) if variance > 1e-9 else 1.0)
    varies = [
        len({row[c] for row, seed in zip(cut, is_seed, strict=True) if not seed}) > 1
        for c in columns
    ]

    def standardized(row: Vector) -> Vector:
        scaled = [(row[c] - means[c]) / deviations[c] if varies[c] else 0.0 for c in columns]
        return [1.0, *scaled]

    priors = [0.0, deviations[0], *[0.0] * (len(steps) - 1)]
    coefficients = _fit([standardized(row) for row in cut], is_seed, weights, priors)
    return {
        key: 1 / (1 + math.exp(-_product(coefficients, standardized(row))))
        for key, row in zip(keys, rows, strict=True)
    }


def _client_mixes(people: Sequence[Person], is_seed: Sequence[bool]) -> Vector:
    """The mean log ratio of each person's clients; seeds are compared with the other seeds."""
    with_client = [person for person in people if person.shares]
    population: Counter[str] = Counter()
    among_seeds: Counter[str] = Counter()
    seeds = 0.0
    for person in with_client:
        population.update(person.shares)
    for person, seed in zip(people, is_seed, strict=True):
        if seed and person.shares:
            among_seeds.update(person.shares)
            seeds += 1
    prior = LOOKALIKE_PRIOR
    mixes = []
    for person, seed in zip(people, is_seed, strict=True):
        mix = 0.0
        for client, share in person.shares.items():
            own = share if seed else 0
            expected = population[client] / len(with_client)
            observed = max(among_seeds[client] - own, 0) / expected
            mix += share * math.log((observed + prior) / (max(seeds - seed, 0) + prior))
        mixes.append(mix)
    return mixes


def _fit(
    rows: Sequence[Vector], is_seed: Sequence[bool], weights: Vector, priors: Vector
) -> Vector:
    """The penalized maximum: Newton's direction, halved until the likelihood grows."""
    size = len(priors)
    at = [0.0] * size

    def objective(point: Vector) -> float:
        total = -0.5 * sum((b - p) ** 2 for b, p in zip(point[1:], priors[1:], strict=True))
        for row, seed, weight in zip(rows, is_seed, weights, strict=True):
            logit = _product(point, row) * (1 if seed else -1)
            total -= weight * (math.log1p(math.exp(-abs(logit))) + max(-logit, 0))
        return total

    for _ in range(200):
        slope = [0.0, *(p - b for b, p in zip(at[1:], priors[1:], strict=True))]
        matrix = [[float(i == j and i > 0) for j in range(size)] for i in range(size)]
        for row, seed, weight in zip(rows, is_seed, weights, strict=True):
            chance = 1 / (1 + math.exp(-_product(at, row)))
            for i in range(size):
                slope[i] += weight * (seed - chance) * row[i]
                for j in range(size):
                    matrix[i][j] += weight * chance * (1 - chance) * row[i] * row[j]
        if max(map(abs, slope)) < 1e-10:
            break
        direction = _solved(matrix, slope)
        length, here = 1.0, objective(at)
        while length > 1e-6:
            there = [b + length * d for b, d in zip(at, direction, strict=True)]
            if objective(there) > here:
                break
            length /= 2
        else:
            break
        at = there
    return at


def _solved(matrix: list[Vector], values: Vector) -> Vector:
    """The solution of a system of equations: Gauss and Jordan, with pivots."""
    rows = [[*row, value] for row, value in zip(matrix, values, strict=True)]
    size = len(rows)
    for column in range(size):
        pivot = max(range(column, size), key=lambda row: abs(rows[row][column]))
        rows[column], rows[pivot] = rows[pivot], rows[column]
        head = rows[column][column]
        rows[column] = [value / head for value in rows[column]]
        for other in range(size):
            if other != column:
                factor = rows[other][column]
                rows[other] = [
                    a - factor * b for a, b in zip(rows[other], rows[column], strict=True)
                ]
    return [row[-1] for row in rows]


def _product(left: Vector, right: Vector) -> float:
    return sum(a * b for a, b in zip(left, right, strict=True))
