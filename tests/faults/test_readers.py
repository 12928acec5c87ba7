"""Who asks while builds are published sees one build or the next: no error, and no mixture."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from conftest import SmallWorld
from enrichment.database import Database, Query
from enrichment.paths import private_half
from enrichment.publish import build_and_publish
from place import Place
from sample_data.pairs import halves
from warm import Warm

READERS = 2
MARTS = ("enriched_profiles", "donor_propensity", "client_affinity", "campaign_attribution")
Seen = tuple[str, ...]


def generation() -> Seen:
    """The id of the build, and what is in some marts, as one question sees them."""
    with Database() as database:
        (info,) = database.rows(database.mart("build_info"))[1]
        names, _ = database.rows(database.mart("build_info"))
        marts = [
            str(next(database.rows(Query(f"select bit_xor(hash(t)) from ({query.sql}) as t"))[1]))
            for query in (database.mart(mart) for mart in MARTS)
        ]
        svids = [row[0] for row in database.rows(profiles(database))[1]]
        found = list(database.rows(database.ask("segment_profile", svids))[1])
        assert len(found) == len(svids)
    return (str(info[names.index("build_id")]), *marts)


def profiles(database: Database) -> Query:
    """Some voters."""
    query = database.mart("enriched_profiles")
    return Query(f"select distinct svid from ({query.sql}) order by svid limit 20")


def read_until(stop: str, begun: str, environment: dict[str, str]) -> list[Seen]:
    """Asks without a pause until a file is there; a question that fails ends it with its error."""
    os.environ |= environment
    seen = [generation()]
    Path(begun).touch()
    while not Path(stop).exists():
        seen.append(generation())
    seen.append(generation())
    return seen


def test_readers_see_one_build_or_the_next(
    small_world: SmallWorld, warm: Warm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five publishes, one of them of a real build, under questions that never pause.

    Each answer is of one published build, whole; a reader sees them in order, and the last one.
    """
    place = Place(tmp_path, small_world, warm)
    for name, value in place.environment().items():
        monkeypatch.setenv(name, value)
    other = tmp_path / "other" / place.database.name
    other.parent.mkdir()
    run = place.build((), "--as-of", "2026-03-01", BEHAVIORAL_DB=str(other))
    assert run.returncode == 0, run.stderr
    published = [generation()]

    def publish(file: Path) -> None:
        def copy(work: Path) -> None:
            for half, place in zip(halves(file), (work, private_half(work)), strict=True):
                shutil.copyfile(half, place)

        build_and_publish(copy)
        published.append(generation())

    def build() -> None:
        run = place.build()
        assert run.returncode == 0, run.stderr
        published.append(generation())

    steps: list[Callable[[], None]] = [
        lambda: publish(other),
        lambda: publish(small_world.database),
        build,
        lambda: publish(other),
        lambda: publish(small_world.database),
    ]
    stop, begun = tmp_path / "stop", [tmp_path / f"begun-{number}" for number in range(READERS)]
    with ProcessPoolExecutor(READERS, get_context("spawn")) as pool:
        readers = [
            pool.submit(read_until, str(stop), str(mark), place.environment()) for mark in begun
        ]
        try:
            while not all(mark.exists() for mark in begun):
                assert not any(reader.done() for reader in readers)
            for step in steps:
                step()
        finally:
            stop.touch()
        answers = [reader.result() for reader in readers]
    assert len({*published}) == 3
    for seen in answers:
        assert len(seen) > 5
        assert {*seen} <= {*published}
        assert seen[-1] == published[-1]
        changes = [now for before, now in zip([None, *seen], seen, strict=False) if before != now]
        assert is_in_order(changes, published)


def is_in_order(changes: list[Seen], published: list[Seen]) -> bool:
    """Whether a reader saw builds in the order in which they were published; some it may miss."""
    rest = iter(published)
    return all(any(each == change for each in rest) for change in changes)
