"""Publish or nothing: whatever kills a build or a rollback, one whole pair stands in its place.

Builds are stand-ins: a copy of a small pair in place of what dbt would make.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

import segment
from enrichment import database as database_module
from enrichment import dbt_build, output, paths, publish
from enrichment.errors import BuildError
from test_runner import Run, assert_refused, database, fake_build, original, run, stand_in

__all__ = ["database", "original", "run"]  # fixtures

SCRIPTS = Path(segment.__file__).parent


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What builds of the ids b2 and b3 make."""
    files = {
        build_id: tmp_path_factory.mktemp(build_id) / "behavioral.duckdb"
        for build_id in ("b2", "b3")
    }
    for build_id, file in files.items():
        stand_in(file, build_id=build_id)
    return files


def published_id(file: Path) -> str:
    with duckdb.connect() as con:
        con.execute(f"attach '{file}' as behavioral (read_only)")
        row = con.execute("select build_id from behavioral.marts.build_info").fetchone()
        assert row is not None
        return str(row[0])


def private_id(file: Path) -> str:
    """The build of the private half that a published file names, by its content."""
    with duckdb.connect() as con:
        con.execute(f"attach '{paths.private_half(file, published_id(file))}' as half (read_only)")
        row = con.execute("select build_id from half.extracts.build").fetchone()
        assert row is not None
        return str(row[0])


def halves_there() -> set[str]:
    """The ids in the names of the private halves beside the published file."""
    return {file.name.partition(".private-")[2] for file in paths.private_halves()}


def put(made: Path, work: Path) -> None:
    """Copies a made pair to the place of the work pair."""
    shutil.copyfile(made, work)
    shutil.copyfile(paths.private_half(made), paths.private_half(work))


def kept_ids() -> list[str]:
    return [file.parent.name for file in publish.kept_files()]


def publish_in_turn(*build_ids: str) -> None:
    for build_id in build_ids:
        publish.build_and_publish(fake_build(build_id=build_id))


def hidden(folder: Path) -> set[str]:
    """All that stands beside the published file, but its log."""
    return {
        str(file.relative_to(folder))
        for file in folder.rglob("*")
        if file.is_file() and not file.name.endswith((".audit.jsonl", ".key"))
    }


# Killed at each step

KILLED = """
import os, shutil, signal, sys
from pathlib import Path
from enrichment import paths, publish

step, made = int(sys.argv[1]), Path(sys.argv[2])
STEPS = {"os.rename", "os.link", "os.remove", "os.chmod", "os.mkdir", "os.rmdir", "shutil.rmtree"}
left = None

def kill(event, arguments):
    global left
    if left is not None and event in STEPS:
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

def build(work):
    global left
    for half, place in ((made, work), (paths.private_half(made), paths.private_half(work))):
        shutil.copyfile(half, place)
    left = step

sys.addaudithook(kill)
if sys.argv[3] == "build":
    publish.build_and_publish(build)
else:
    left = step
    publish.rollback(None)
"""


def killed_at(step: int, file: Path, what: str) -> bool:
    """Runs a build or a rollback that is killed at a step; whether it came to that step."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(step), str(file), what],
        cwd=SCRIPTS,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode != 0


@pytest.mark.parametrize("what", ["build", "rollback"])
def test_a_kill_at_any_step_leaves_the_old_pair_or_the_new_one(
    database: Path, made: dict[str, Path], what: str
) -> None:
    publish_in_turn("b0", "b1")
    folder = database.parent
    saved = folder.with_name("saved")
    shutil.copytree(folder, saved)
    old = database.read_bytes()
    new = made["b2"].read_bytes() if what == "build" else publish.kept_files()[0].read_bytes()
    seen = []

    for step in range(1, 100):
        shutil.rmtree(folder)
        shutil.copytree(saved, folder)
        if not killed_at(step, made["b2"], what):
            break
        found = database.read_bytes()
        assert found in (old, new), f"step {step}"
        seen.append(found == new)
        assert private_id(database) == published_id(database), f"step {step}"
        for build in publish.builds():
            assert build.status != "damaged", f"step {step}"
            assert build.private_bytes, f"step {step}: the half of {build.build_id}"
        publish.build_and_publish(lambda work: put(made["b3"], work))
        assert published_id(database) == private_id(database) == "b3"
        assert len(publish.kept_files()) == 2, f"step {step}"
        assert hidden(folder) == {
            "behavioral.duckdb",
            "behavioral.duckdb.private-b3",
            ".build/behavioral.duckdb.lock",
            *(f".history/{build_id}/behavioral.duckdb" for build_id in kept_ids()),
            *(f"behavioral.duckdb.private-{build_id}" for build_id in kept_ids()),
        }, f"step {step}"
    assert seen.index(True) >= 5, "kills before the rename were tried"
    assert seen == sorted(seen)
    assert len(seen) - seen.index(True) >= 2, "kills after the rename were tried"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_in_the_last_step_comes_too_late(
    database: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    def interrupted(file: Path, published: Path) -> None:
        signal.raise_signal(number)
        replace(file, published)
        signal.raise_signal(number)

    replace = publish._replace
    monkeypatch.setattr(publish, "_replace", interrupted)
    before = signal.signal(number, segment._stop)
    try:
        publish_in_turn("b2")
        assert signal.getsignal(number) is segment._stop
    finally:
        signal.signal(number, before)
    assert published_id(database) == "b2"
    assert kept_ids() == ["b1"]


# The lock

HOLDING = """
import sys
from enrichment import publish

def build(work):
    work.write_bytes(b"half of a build")
    print("holding", flush=True)
    sys.stdin.read()

publish.build_and_publish(build)
"""


def test_a_killed_holder_frees_the_lock(run: Run, database: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING],
        cwd=SCRIPTS,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"holding\n"
        outcome = run("build")
        assert_refused(outcome, 3, f"process {holder.pid} on {os.uname().nodename}, since 20")
        assert_refused(run("rollback"), 3, f"process {holder.pid} on ")
        holder.kill()
    lock = paths.work_file().with_name("behavioral.duckdb.lock")
    assert str(holder.pid) in lock.read_text(), "what the dead one wrote is still there"
    publish_in_turn("b2")
    assert published_id(database) == "b2"


@pytest.mark.parametrize("garbage", [b"\xff\xfe\0\n\x1b[2J", b"", b"x" * 100_000])
def test_garbage_in_the_lock_file_is_no_lock(run: Run, database: Path, garbage: bytes) -> None:
    lock = paths.work_file().with_name("behavioral.duckdb.lock")
    lock.parent.mkdir()
    lock.write_bytes(garbage)
    publish_in_turn("b2")
    assert published_id(database) == "b2"
    assert lock.read_bytes() == b""
    lock.write_bytes(garbage)
    with lock.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert_refused(run("build"), 3, "an unnamed process holds")


# What a build leaves and finds


def test_leftovers_are_removed_by_the_next_build(database: Path) -> None:
    work = paths.work_file()
    (work.parent / "behavioral.duckdb.tmp").mkdir(parents=True)
    (work.parent / "behavioral.duckdb.tmp" / "spilled.block").write_bytes(b"rows")
    work.write_bytes(b"half a build")
    work.with_name("behavioral.duckdb.wal").write_bytes(b"garbage")
    half_made = paths.history_folder() / ".behavioral.duckdb"
    half_made.mkdir(parents=True)
    (half_made / "behavioral.duckdb").write_bytes(b"half a copy")
    (paths.history_folder() / "b0").mkdir()
    (database.parent / ".segment-dead").mkdir()
    (database.parent / ".segment-dead" / "part.csv").write_text("svid\n1\n")
    work.with_name("behavioral.duckdb.private").write_bytes(b"half of a private half")
    paths.private_half(database, "b0").write_bytes(b"of a build that was never published")
    publish_in_turn("b2")
    assert hidden(database.parent) == {
        "behavioral.duckdb",
        "behavioral.duckdb.private-b1",
        "behavioral.duckdb.private-b2",
        ".build/behavioral.duckdb.lock",
        ".history/b1/behavioral.duckdb",
    }
    assert [folder.name for folder in paths.history_folder().iterdir()] == ["b1"]


def test_the_private_folder_of_a_running_command_is_left_alone(
    database: Path, tmp_path: Path
) -> None:
    out = str(database.parent / "answer.csv")
    with output.target(out, None) as target, output.target(out, None) as second:
        assert target.folder is not None
        assert second.folder is not None
        publish_in_turn("b2")
        assert target.folder.is_dir()
        assert second.folder.is_dir()
    assert list(database.parent.glob(".segment-*")) == []


def of_two_builds(work: Path) -> None:
    stand_in(work, build_id="b2")
    with duckdb.connect(str(work)) as con:
        con.execute("create table marts.older as select 'b1' as build_id")
        con.execute("create table marts.newer as select 'b2' as build_id")


def test_marts_of_two_builds_are_not_published(database: Path) -> None:
    before = database.read_bytes()
    with pytest.raises(BuildError, match=r"^older is from another build than b2"):
        publish.build_and_publish(of_two_builds)
    assert database.read_bytes() == before


def test_a_full_disk_is_told_and_changes_nothing(run: Run, database: Path) -> None:
    def full(work: Path) -> None:
        work.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    before = database.read_bytes()
    with pytest.raises(BuildError, match=r"no room is left on the disk: .*free some"):
        publish.build_and_publish(full)
    assert database.read_bytes() == before
    assert not paths.work_file().exists()
    publish_in_turn("b2")


def test_a_file_that_may_not_grow_fails_as_a_full_disk(
    database: Path, made: dict[str, Path]
) -> None:
    code = (
        "import resource, shutil, sys; from enrichment import publish\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
        "def build(work):\n"
        "    for end in ('', '.private'):\n"
        "        shutil.copyfile(sys.argv[1] + end, str(work) + end)\n"
        "try: publish.build_and_publish(build)\n"
        "except publish.BuildError as error: print(error)\n"
    )
    before = database.read_bytes()
    done = subprocess.run(
        [sys.executable, "-c", code, str(made["b2"])],
        cwd=SCRIPTS,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("no room is left on the disk: ")
    assert database.read_bytes() == before


def judged(message: str, error: BaseException | None = None) -> str:
    nodes = [SimpleNamespace(node=SimpleNamespace(name="agg_x"), status="error", message=message)]
    result = SimpleNamespace(
        success=False, exception=error, result=SimpleNamespace(results=nodes if message else [])
    )
    with pytest.raises(BuildError) as raised:
        dbt_build._raise_if_failed(
            result, dbt_build._Listener(dbt_build.PlainProgress()), Path("place")
        )
    return str(raised.value)


def test_a_shortage_is_told_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEHAVIORAL_MEMORY_LIMIT", "20MB")
    told = judged(
        "Runtime Error\n  Out of Memory Error: could not allocate block 'roe@example.org'"
    )
    assert (
        told == "out of memory in agg_x: BEHAVIORAL_MEMORY_LIMIT is 20MB; raise it and build again"
    )
    told = judged('IO Error: Could not write file "x": No space left on device')
    assert told.startswith("no room is left on the disk in agg_x: place needs room")
    told = judged("Out of Memory Error: failed to offload data block of size 256.0 KiB")
    assert told.startswith("no room is left on the disk in agg_x: ")
    told = judged("", OSError(errno.ENOSPC, "No space left on device"))
    assert told.startswith("no room is left on the disk: ")
    assert judged("", MemoryError()).startswith("out of memory: ")
    assert judged("Conversion Error: x").startswith("agg_x failed")


@pytest.mark.parametrize("limit", ["lots", "", "10", "-1GB", "1GB; drop"])
def test_a_memory_limit_that_is_none_is_refused(
    run: Run, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setenv("BEHAVIORAL_MEMORY_LIMIT", limit)
    assert_refused(run("build"), 2, "BEHAVIORAL_MEMORY_LIMIT")


# Kept builds


def test_the_replaced_file_is_kept_as_a_link_of_its_owners(database: Path) -> None:
    database.chmod(0o640)
    inode, content = database.stat().st_ino, database.read_bytes()
    publish_in_turn("b2")
    kept = paths.history_folder() / "b1" / "behavioral.duckdb"
    assert publish.kept_files() == [kept]
    assert (kept.stat().st_ino, kept.read_bytes()) == (inode, content)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(paths.history_folder().stat().st_mode) == 0o700
    assert stat.S_IMODE(database.stat().st_mode) == 0o640
    assert paths.is_ours(kept)
    assert paths.is_ours(paths.history_folder() / "b1" / "new.csv")


def test_where_there_are_no_links_it_is_copied(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(link: Path, target: Path) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuses)
    content = database.read_bytes()
    publish_in_turn("b2")
    (kept,) = publish.kept_files()
    assert kept.read_bytes() == content
    assert publish.rollback(None)[1] == "b2"
    assert published_id(database) == "b1"


@pytest.mark.parametrize(
    ("number", "kept"), [("0", []), ("1", ["b3"]), ("", ["b3", "b2"]), ("9", ["b3", "b2", "b1"])]
)
@pytest.mark.usefixtures("database")
def test_so_many_builds_are_kept(
    monkeypatch: pytest.MonkeyPatch, number: str, kept: list[str]
) -> None:
    monkeypatch.setenv("BEHAVIORAL_KEEP_BUILDS", "9")
    publish_in_turn("b2", "b3")
    monkeypatch.setenv("BEHAVIORAL_KEEP_BUILDS", number)
    publish_in_turn("b4")
    assert kept_ids() == kept
    assert halves_there() == {"b4", *kept}


@pytest.mark.parametrize("number", ["-1", "two", "1000", "٣"])
def test_a_number_to_keep_that_is_none_is_refused(
    run: Run, database: Path, monkeypatch: pytest.MonkeyPatch, number: str
) -> None:
    monkeypatch.setenv("BEHAVIORAL_KEEP_BUILDS", number)
    assert_refused(run("build"), 2, "BEHAVIORAL_KEEP_BUILDS: expected a number")


def failing(work: Path) -> None:
    stand_in(work)
    raise BuildError("a test failed")


def test_a_failed_build_keeps_and_removes_nothing(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_in_turn("b2", "b3")
    monkeypatch.setenv("BEHAVIORAL_KEEP_BUILDS", "0")
    with pytest.raises(BuildError):
        publish.build_and_publish(failing)
    assert kept_ids() == ["b2", "b1"]


def test_kept_builds_are_removed_after_publishing_only(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(file: Path, published: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")

    publish_in_turn("b2", "b3")
    monkeypatch.setenv("BEHAVIORAL_KEEP_BUILDS", "0")
    monkeypatch.setattr(publish, "_replace", fails)
    with pytest.raises(BuildError, match="input/output error"):
        publish_in_turn("b4")
    assert published_id(database) == private_id(database) == "b3"
    assert kept_ids() == ["b2", "b1"]


def test_who_asks_to_be_forgotten_is_in_no_kept_build(database: Path) -> None:
    publish_in_turn("b2")
    seen = []

    def forget(work: Path) -> bool:
        seen.append(work.is_file())
        return True

    publish.build_and_publish(fake_build(build_id="b3"), forget=forget)
    assert seen == [True]
    assert publish.kept_files() == []
    assert hidden(database.parent) == {
        "behavioral.duckdb",
        "behavioral.duckdb.private-b3",
        ".build/behavioral.duckdb.lock",
    }
    publish.build_and_publish(fake_build(build_id="b4"), forget=lambda work: False)
    assert kept_ids() == ["b3"]
    assert halves_there() == {"b3", "b4"}
    assert publish.forget_kept() == 1
    assert publish.kept_files() == []
    assert halves_there() == {"b4"}


def test_a_damaged_published_file_is_replaced_and_not_kept(database: Path) -> None:
    database.write_bytes(b"not a database\n" * 1000)
    publish_in_turn("b2")
    assert published_id(database) == "b2"
    assert publish.kept_files() == []


# History and rollback


def damage(file: Path) -> None:
    """Flips a bit in a block that holds rows, somewhere in the middle."""
    content = bytearray(file.read_bytes())
    at = content.index(b"0012345")
    content[at] ^= 1
    file.write_bytes(content)


def test_history_lists_builds_newest_first(run: Run, database: Path) -> None:
    publish_in_turn("b2", "b3")
    with duckdb.connect(str(publish.kept_files()[1])) as con:
        con.execute("update marts.build_info set built_at = built_at - interval 1 day")
        con.execute("alter table marts.build_info add column voters bigint default 3")
    outcome = run("history")
    assert outcome.code == 0
    found = [(row["build_id"], row["status"]) for row in outcome.rows]
    assert found == [("b3", "published"), ("b2", "kept"), ("b1", "kept")]
    oldest = outcome.rows[-1]
    assert oldest["built_at"] == "2025-06-30 10:00:00"
    assert oldest["as_of_date"] == "2025-06-30"
    assert oldest["code_digest"] == "digest"
    assert (oldest["voters"], oldest["rows_in"], oldest["code_version"]) == ("3", "", "")
    assert int(oldest["size_bytes"]) == publish.kept_files()[-1].stat().st_size
    half = paths.private_half(database, "b1")
    assert int(oldest["private_bytes"]) == half.stat().st_size
    half.unlink()
    assert run("history").rows[-1]["private_bytes"] == ""
    file = paths.history_folder() / "b2" / "behavioral.duckdb"
    file.write_bytes(file.read_bytes()[:20_000])
    damaged = run("history").rows[-1]
    assert (damaged["build_id"], damaged["status"]) == ("b2", "damaged")


def test_history_without_a_build_is_empty(run: Run, database: Path) -> None:
    database.unlink()
    outcome = run("history")
    assert outcome.code == 0
    assert outcome.out.startswith("build_id,status,built_at,")
    assert outcome.out.count("\n") == 1


def test_rollback_puts_the_newest_back_and_keeps_the_other(run: Run, database: Path) -> None:
    publish_in_turn("b2", "b3")
    database.chmod(0o640)
    content = publish.kept_files()[0].read_bytes()
    outcome = run("rollback")
    assert outcome.code == 0, outcome.err
    assert outcome.err == (
        f"Published {database} (build b2 of 2025-07-01 10:00 UTC, as of 2025-06-30); "
        "build b3 is kept\n"
    )
    assert database.read_bytes() == content
    assert stat.S_IMODE(database.stat().st_mode) == 0o640
    assert kept_ids() == ["b3", "b1"]
    assert [stat.S_IMODE(file.stat().st_mode) for file in publish.kept_files()] == [0o600, 0o600]
    assert run("export", "build_info").rows[0]["build_id"] == "b2"
    assert private_id(database) == "b2"
    assert run("rollback", "b1").code == 0
    assert published_id(database) == private_id(database) == "b1"
    assert halves_there() == {"b1", "b2", "b3"}
    assert kept_ids() == ["b3", "b2"]


def test_rollback_restores_a_database_that_is_gone(run: Run, database: Path) -> None:
    publish_in_turn("b2")
    database.unlink()
    outcome = run("rollback")
    assert outcome.code == 0, outcome.err
    assert published_id(database) == "b1"
    assert stat.S_IMODE(database.stat().st_mode) == 0o600


def test_rollback_to_an_unknown_build_tells_the_known_ones(run: Run, database: Path) -> None:
    assert_refused(run("rollback"), 3, "no earlier build is kept")
    publish_in_turn("b2", "b3")
    before = database.read_bytes()
    for wrong in ("b9", "b3", "../b2", "0012345"):
        outcome = run("rollback", wrong)
        assert_refused(outcome, 2, "expected one of b2, b1")
        assert "12345" not in outcome.err
    assert database.read_bytes() == before


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100_000])


def another(file: Path) -> None:
    file.unlink()
    stand_in(file, build_id="b7")


@pytest.mark.parametrize("harm", [damage, cut, another])
def test_a_damaged_kept_build_is_refused(
    run: Run, database: Path, harm: Callable[[Path], None]
) -> None:
    publish_in_turn("b2")
    before, inode = database.read_bytes(), database.stat().st_ino
    harm(publish.kept_files()[0])
    assert_refused(run("rollback"), 3, "the kept build b1 is damaged", "the published file stays")
    assert (database.read_bytes(), database.stat().st_ino) == (before, inode)


def test_a_build_of_other_code_is_put_back_with_a_warning(run: Run, database: Path) -> None:
    publish.build_and_publish(fake_build("other", "b2"))
    publish_in_turn("b3")
    outcome = run("rollback")
    assert outcome.code == 0
    assert "made by a different code version: check out that version" in outcome.err
    assert_refused(run("export", "coverage"), 3, "made by a different code version")


# Two halves


def without(half: Path) -> None:
    half.unlink()


def truncated(half: Path) -> None:
    half.write_bytes(half.read_bytes()[:5_000])


def of_another_build(half: Path) -> None:
    with duckdb.connect(str(half)) as con:
        con.execute("update extracts.build set build_id = 'b0'")


def flipped(half: Path) -> None:
    """A bit of a row in one of many blocks, each of which has a checksum."""
    with duckdb.connect(str(half)) as con:
        con.execute("create table extracts.many as select hash(range) as n from range(200_000)")
    content = bytearray(half.read_bytes())
    content[len(content) * 2 // 3] ^= 1
    half.write_bytes(content)


SPOILT = [
    (without, "is missing"),
    (truncated, "cannot be read"),
    (of_another_build, "is not of build b1"),
]


@pytest.mark.parametrize(("spoil", "said"), SPOILT)
def test_who_needs_the_private_half_is_told_what_is_wrong(
    run: Run, database: Path, spoil: Callable[[Path], None], said: str, tmp_path: Path
) -> None:
    """One line for a command that needs it; questions about the published half are answered."""
    half = paths.private_half(database, "b1")
    roles = database.with_name("behavioral.duckdb.roles.yml")
    allowed = "[single_people, contact_details, small_groups, refused_rows]"
    roles.write_text(f"roles: {{steward: {allowed}}}\naccounts: {{'*': steward}}\n")
    assert run("export", "rejected_rows").rows == [{"row_json": "secret"}]
    spoil(half)
    for command in (
        ("export", "rejected_rows"),
        ("propensity", "--svid", "1", "--with-contact-details", "--out", "people.csv"),
        ("hand-over", "--channel", "email"),
        ("prove-erased",),
    ):
        assert_refused(run(*command), 3, said, str(half), "segment.py build")
    assert not (tmp_path / "people.csv").exists()
    assert run("export", "coverage").code == 0
    assert run("propensity", "--svid", "WI:0012345").code == 0


@pytest.mark.parametrize(("spoil", "said"), [*SPOILT, (flipped, "is damaged")])
def test_a_build_is_not_restored_without_its_private_half(
    run: Run, database: Path, spoil: Callable[[Path], None], said: str
) -> None:
    publish_in_turn("b2")
    before, inode = database.read_bytes(), database.stat().st_ino
    spoil(paths.private_half(database, "b1"))
    assert_refused(run("rollback"), 3, "the kept build b1 cannot be restored: ", said)
    assert (database.read_bytes(), database.stat().st_ino) == (before, inode)
    assert private_id(database) == "b2"


@pytest.mark.parametrize(("spoil", "said"), SPOILT)
def test_a_build_without_the_last_private_half_reads_everything(
    database: Path, spoil: Callable[[Path], None], said: str
) -> None:
    last = publish.last_database()
    assert last is not None
    assert publish.why_all_is_read(last) == ""
    spoil(paths.private_half(database, "b1"))
    assert publish.last_database() == last
    assert publish.why_all_is_read(last).startswith("all files are read again: ")
    assert said in publish.why_all_is_read(last)
    assert publish.why_all_is_read(None) == ""


def without_private_half(work: Path) -> None:
    stand_in(work, build_id="b2")
    paths.private_half(work).unlink()


def with_another_private_half(work: Path) -> None:
    stand_in(work, build_id="b2")
    of_another_build(paths.private_half(work))


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (without_private_half, "the build wrote no private half"),
        (with_another_private_half, "the private half is from another build than b2"),
    ],
)
def test_a_work_pair_of_two_builds_is_not_published(
    database: Path, build: Callable[[Path], None], said: str
) -> None:
    before = database.read_bytes()
    with pytest.raises(BuildError, match=said):
        publish.build_and_publish(build)
    assert database.read_bytes() == before
    assert halves_there() == {"b1"}


@pytest.mark.parametrize("which", [".private-", "behavioral.duckdb"])
def test_a_rename_that_fails_leaves_the_old_pair(
    run: Run, database: Path, monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    """Either rename, of the private or the published half: one line, and the old pair stays."""

    def fails(file: Path, place: Path) -> Path:
        if place.parent == database.parent and (
            which in place.name if which == ".private-" else place.name == which
        ):
            raise OSError(errno.EIO, "Input/output error")
        os.replace(file, place)  # noqa: PTH105
        return place

    before = database.read_bytes()
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", fails)
        with pytest.raises(BuildError, match="input/output error"):
            publish_in_turn("b2")
    assert database.read_bytes() == before
    assert private_id(database) == "b1"
    publish_in_turn("b3")
    assert published_id(database) == private_id(database) == "b3"
    assert halves_there() == {"b1", "b3"}


def test_the_private_half_is_its_owners_alone(database: Path) -> None:
    """Any mode of the published file; both are the runner's own."""
    database.chmod(0o644)
    publish_in_turn("b2")
    half = paths.private_half(database, "b2")
    assert stat.S_IMODE(database.stat().st_mode) == 0o644
    assert stat.S_IMODE(half.stat().st_mode) == 0o600
    assert paths.is_ours(half)


def test_a_reader_opens_both_halves_of_one_build(
    run: Run, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build that is published between the two opens, and keeps no other: the new pair is read."""
    monkeypatch.setenv("BEHAVIORAL_KEEP_BUILDS", "0")
    attach_private = database_module.attach_private
    published = ["b2"]

    def slow(*arguments: Any, **options: Any) -> Path | None:
        if published:
            publish_in_turn(published.pop())
        return attach_private(*arguments, **options)

    monkeypatch.setattr(database_module, "attach_private", slow)
    with database_module.Database(private=True) as opened:
        marts = opened.relation("marts", "build_info")
        extracts = opened.relation("extracts", "build", private=True)
        query = f"select own.build_id, half.build_id from {marts} as own cross join {extracts} half"
        assert opened.all_rows(database_module.Query(query)) == [("b2", "b2")]
    assert halves_there() == {"b2"}


def test_a_build_of_one_file_by_earlier_code_is_restored(run: Run, database: Path) -> None:
    """It has no private half; what lies in it is all that it was."""
    with duckdb.connect(str(database)) as con:
        con.execute("create schema extracts")
    paths.private_half(database, "b1").unlink()
    assert "is of earlier code" in publish.why_all_is_read(database)
    publish_in_turn("b2")
    assert run("rollback").code == 0
    assert published_id(database) == "b1"
