"""A build that is killed at a random moment leaves the published file as it was."""

from __future__ import annotations

import random
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from conftest import SmallWorld
from place import KILLED, Place
from warm import Warm

SEED, KILLS, KILLS_OF_THE_GATE = 4, 30, 3


@pytest.fixture(scope="module")
def place(
    small_world: SmallWorld, warm: Warm, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """One published database for all kills: each build starts with the leftovers of the last."""
    yield Place(tmp_path_factory.mktemp("random_kills"), small_world, warm)


@pytest.mark.parametrize(
    "number",
    [
        *range(KILLS_OF_THE_GATE),
        *(
            pytest.param(number, marks=pytest.mark.thorough)
            for number in range(KILLS_OF_THE_GATE, KILLS)
        ),
    ],
)
def test_a_kill_at_a_random_moment(number: int, place: Place, small_world: SmallWorld) -> None:
    """During a SQL statement: the published file is untouched, and the runner answers."""
    chance = random.Random(SEED + number)  # noqa: S311 (no secret)
    statement = chance.randrange(1, small_world.statements * 9 // 10)
    plant: tuple[str, list[Any]] = (
        "signalled_within_a_statement",
        [signal.SIGKILL, statement, chance.uniform(0, 0.02)],
    )
    run = place.build([plant], whole=True)
    assert run.returncode == KILLED, run.stderr
    place.assert_untouched()


def test_the_next_build_works_after_random_kills(place: Place) -> None:
    """A build publishes, and leaves no files of the killed ones behind."""
    place.assert_works_again()
