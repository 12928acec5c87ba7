"""A build that is killed in any phase leaves the published pair complete, old or new."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import PROJECT, SmallWorld
from place import INTERRUPTED, KILLED, Place, Plants
from warm import Warm


@pytest.fixture(scope="module")
def place(
    small_world: SmallWorld, warm: Warm, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """One published database for all kills: each build starts with the leftovers of the last."""
    yield Place(tmp_path_factory.mktemp("kills"), small_world, warm)


def at_node(number: int, when: str, share: float) -> Plants:
    """A signal at a node of the build."""
    return [("signalled_at_node", [number, when, share])]


def at_call(number: int, where: str, when: str, place: str = "") -> Plants:
    """A signal before or after a call of a function."""
    return [("signalled_at_call", [number, where, when, place])]


CLOSE = "enrichment.dbt_build:close_engine"
PRIVATE, PUBLISHED = "behavioral.duckdb.private /", "behavioral.duckdb /"
"""What the arguments of the two renames hold."""

BEFORE_THE_RENAME: dict[str, Plants] = {
    "start-up": at_call(signal.SIGKILL, "enrichment.dbt_build:dbt_build", "before"),
    "hashing": at_call(signal.SIGKILL, "hashlib:file_digest", "before"),
    "first node begins": at_node(signal.SIGKILL, "begins", 0.0),
    "first node is done": at_node(signal.SIGKILL, "is done", 0.0),
    "middle node begins": at_node(signal.SIGKILL, "begins", 0.5),
    "middle node is done": at_node(signal.SIGKILL, "is done", 0.5),
    "last node begins": at_node(signal.SIGKILL, "begins", 1.0),
    "last node is done": at_node(signal.SIGKILL, "is done", 1.0),
    "before the engine closes": at_call(signal.SIGKILL, CLOSE, "before"),
    "after the engine closes": at_call(signal.SIGKILL, CLOSE, "after"),
    "before the sync": at_call(signal.SIGKILL, "os:fsync", "before"),
    "after the sync": at_call(signal.SIGKILL, "os:fsync", "after"),
    "before the renames": at_call(signal.SIGKILL, "os:replace", "before", PRIVATE),
    "between the renames": at_call(signal.SIGKILL, "os:replace", "after", PRIVATE),
    "before the rename": at_call(signal.SIGKILL, "os:replace", "before", PUBLISHED),
}


OF_THE_GATE = ("start-up", "middle node is done", "last node is done", "between the renames")


@pytest.mark.parametrize(
    "phase",
    [
        phase if phase in OF_THE_GATE else pytest.param(phase, marks=pytest.mark.thorough)
        for phase in BEFORE_THE_RENAME
    ],
)
def test_a_kill_in_each_phase(phase: str, place: Place) -> None:
    """Both published files are byte for byte the old ones, and the runner answers."""
    for file in place.extracts.rglob("*.parquet"):
        file.touch()  # so that it is hashed again
    run = place.build(BEFORE_THE_RENAME[phase])
    assert run.returncode == KILLED, run.stderr
    place.assert_untouched()


def test_the_next_build_works(place: Place) -> None:
    """After all these kills a build publishes, and leaves no files of them behind."""
    place.assert_works_again()


def test_a_kill_after_the_rename(place: Place) -> None:
    """The new file is complete and answers, and the next build works."""
    before = place.build_id()
    run = place.build(at_call(signal.SIGKILL, "os:replace", "after", PUBLISHED))
    assert run.returncode == KILLED, run.stderr
    assert place.build_id() != before
    place.assert_works_again()


def test_a_kill_among_the_tests(place: Place) -> None:
    """A build with its data tests, killed when the first of them begins."""
    first_test = ("signalled_at_the_first_test", [signal.SIGKILL])
    run = place.build([first_test], tests=True)
    assert run.returncode == KILLED, run.stderr
    place.assert_untouched()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["TERM", "INT"])
@pytest.mark.parametrize("share", [pytest.param(0.0, marks=pytest.mark.thorough), 0.6])
def test_a_build_that_is_stopped(number: int, share: float, place: Place) -> None:
    """One line, exit code 130, the published file untouched, and no files left behind."""
    run = place.build(at_node(number, "begins", share))
    assert place.assert_one_line(run, INTERRUPTED).startswith("segment.py: interrupted")
    place.assert_untouched()
    place.assert_nothing_left()


def test_the_command_itself_is_killed(place: Place) -> None:
    """The command as a person starts it, with nothing of these tests in its process."""
    command = [sys.executable, str(PROJECT / "scripts" / "segment.py"), "build"]
    with subprocess.Popen(
        command, env=place.environment(), stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "done (" in line:
                break
        process.kill()
        process.stderr.read()
    assert process.returncode == KILLED
    place.assert_untouched()
    place.assert_works_again()
    assert not Path(f"{place.database}.wal").exists()
