"""Full disks, too little memory, and files that are broken, locked or garbage.

Every fault gives one line that names the cause and the file, and an exit code. The published
database stays as it was, byte for byte.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from conftest import PROJECT, SmallWorld
from place import Place, sha256
from sample_data.equality import NAMES_THE_FILE, compare
from sample_data.pairs import copy_pair, halves, opened
from warm import Warm


@pytest.fixture(scope="module")
def place(small_world: SmallWorld, warm: Warm, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """One published database for all faults that do not change it."""
    return Place(tmp_path_factory.mktemp("faults"), small_world, warm)


@pytest.fixture
def own_place(small_world: SmallWorld, warm: Warm, tmp_path: Path) -> Place:
    """A published database for one test alone."""
    return Place(tmp_path, small_world, warm)


# --------------------------------------------------------------------------------- disk and memory


@contextmanager
def mounted(folder: Path, *arguments: str) -> Iterator[bool]:
    """A file system at `folder`, if this machine allows mounting."""
    done = subprocess.run(
        ["mount", *arguments, str(folder)], capture_output=True, check=False
    ).returncode
    try:
        yield done == 0
    finally:
        if done == 0:
            subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize(
    "limit", [2_000, pytest.param(600_000, marks=pytest.mark.thorough), 3_000_000]
)
def test_a_write_that_fails(limit: int, place: Place) -> None:
    """No room for the first block, a table, many tables: exit code 4 and one line.

    The published file is untouched, and the next build works.
    """
    run = place.build([("no_more_bytes_than", [limit])])
    place.assert_one_line(run, 4)
    place.assert_untouched()
    place.assert_nothing_left()


def test_a_full_disk(own_place: Place, tmp_path: Path) -> None:
    """On a small disk (if none can be mounted: with a limit on the size of files).

    Exit code 4 and one line; the published file is untouched; with room again, a build works.
    """
    size = sum(half.stat().st_size for half in halves(own_place.database))
    disk = tmp_path / "disk"
    disk.mkdir()
    with mounted(disk, "-t", "tmpfs", "-o", f"size={size + 2_000_000}", "tmpfs") as is_small:
        if is_small:
            moved = disk / "behavioral.duckdb"
            copy_pair(own_place.database, moved)
            kept = [sha256(half) for half in halves(moved)]
            run = own_place.build(whole=True, BEHAVIORAL_DB=str(moved))
            own_place.assert_one_line(run, 4)
            assert [sha256(half) for half in halves(moved)] == kept
            assert [file.name for file in disk.rglob("*.wal")] == []
        else:
            limit = own_place.database.stat().st_size // 2
            run = own_place.build([("no_more_bytes_than", [limit])], whole=True)
            own_place.assert_one_line(run, 4)
    own_place.assert_untouched()
    own_place.assert_works_again()


@pytest.mark.parametrize("limit", ["1MB", pytest.param("8MB", marks=pytest.mark.thorough)])
def test_too_little_memory(limit: str, place: Place) -> None:
    """Exit code 4 and one line; the published file is untouched."""
    run = place.build(BEHAVIORAL_MEMORY_LIMIT=limit)
    place.assert_one_line(run, 4)
    place.assert_untouched()
    place.assert_nothing_left()


@pytest.mark.parametrize("form", ["csv", "json", "parquet", "xlsx"])
def test_an_export_that_fails_midway(form: str, place: Place, tmp_path: Path) -> None:
    """The old file stays; no part of the new one, and no private folder, is left."""
    out = tmp_path / f"scores.{form}"
    out.write_text("as it was\n")
    run = place.ask(
        *("export", "person_client_affinity", "--out", str(out)),
        plants=[("no_more_bytes_than", [5_000])],
    )
    assert run.returncode in (1, 3), run.stderr
    place.assert_one_line(run, run.returncode)
    assert out.read_text() == "as it was\n"
    assert [file.name for file in tmp_path.iterdir()] == [out.name]


def test_an_export_is_for_its_owner_only(place: Place, tmp_path: Path) -> None:
    """Mode 0600, even if the old file was readable for everybody."""
    out = tmp_path / "scores.csv"
    out.write_text("as it was\n")
    out.chmod(0o666)
    assert place.ask("export", "client_affinity", "--out", str(out)).returncode == 0
    assert out.stat().st_mode & 0o777 == 0o600


# ------------------------------------------------------------------------------------ broken files


def cut(share: float) -> Callable[[Path], None]:
    """Leaves a part of a file, like an interrupted copy."""

    def spoil(file: Path) -> None:
        os.truncate(file, int(file.stat().st_size * share))

    return spoil


def zero_bytes(file: Path) -> None:
    """The end of a file is zeros, like a copy whose blocks never arrived."""
    size = file.stat().st_size
    os.truncate(file, size // 2)
    os.truncate(file, size)


def without_end(file: Path) -> None:
    """All but the last bytes."""
    os.truncate(file, file.stat().st_size - 5)


def garbage(file: Path) -> None:
    """Something else under the name of a Parquet file."""
    file.write_bytes(b"email,phone\nann@needle.example,6085550100\n" * 100)


def other_schema(file: Path) -> None:
    """A table of something else."""
    pq.write_table(pa.table({"weather": ["rain"]}), file)


@pytest.mark.parametrize("table", ["person", "email_clickers"])
@pytest.mark.parametrize(
    "spoil",
    [cut(0), cut(0.02), cut(0.9), without_end, zero_bytes, garbage, other_schema],
    ids=["empty", "a few bytes", "most bytes", "without end", "half zeros", "garbage", "other"],
)
def test_a_broken_extract(
    spoil: Callable[[Path], None], table: str, place: Place, tmp_path: Path
) -> None:
    """Exit code 2 and one line that names the file, or table and column, and the remedy."""
    extracts = shutil.copytree(place.extracts, tmp_path / "extracts")
    file = sorted((extracts / table).glob("*.parquet"))[0]
    spoil(file)
    run = place.build(BEHAVIORAL_DATA_DIR=str(extracts))
    line = place.assert_one_line(run, 2)
    assert file.name in line or f"table {table}" in line
    assert any(words in line for words in ("deliver", "add the column", "put the extract"))
    assert "needle" not in run.stderr
    place.assert_untouched()
    place.assert_nothing_left()


# --------------------------------------------------------------- locks, read-only places, garbage


def test_another_build_is_running(own_place: Place) -> None:
    """The second build says so and exits 3; the first one, paused meanwhile, then publishes."""
    before = own_place.build_id()
    first = own_place.start([("signalled_at_node", [signal.SIGSTOP, "begins", 0.1])])
    wait_until_stopped(first.pid)
    second = own_place.build()
    assert "another build is running" in own_place.assert_one_line(second, 3)
    assert str(first.pid) in second.stderr
    assert own_place.build_id() == before
    first.kill(signal.SIGCONT)
    assert first.wait() == 0, first.stderr
    assert own_place.build_id() != before
    own_place.assert_nothing_left()


def wait_until_stopped(pid: int) -> None:
    """Waits until a process has stopped itself or ended."""
    state = ""
    while state not in ("T", "Z", "X"):
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    assert state == "T"


def test_a_database_that_is_being_written(own_place: Place) -> None:
    """A question reports that and exits 3; a build writes elsewhere and publishes over it."""
    code = (
        "import duckdb, sys; con = duckdb.connect(sys.argv[1]); print('open', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", f"{code}; input()", str(own_place.database)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        run = own_place.ask("export", "build_info")
        assert "being written" in own_place.assert_one_line(run, 3)
        built = own_place.build()
        assert built.returncode == 0, built.stderr
        assert own_place.build_id()
        process.communicate("\n")
    assert own_place.build_id()


def test_a_read_only_folder(own_place: Place) -> None:
    """Exit code 3, as the log cannot be written, and one line that names the folder."""
    folder = own_place.database.parent
    with mounted(folder, "--bind", str(folder)) as is_mount:
        if is_mount:
            remount = ["mount", "-o", "remount,ro,bind", str(folder)]
            subprocess.run(remount, check=True)
            run = own_place.build()
        else:
            folder.chmod(0o500)
            run = own_place.build()
            folder.chmod(0o700)
    assert str(folder) in own_place.assert_one_line(run, 3)
    own_place.assert_untouched()


@pytest.mark.thorough
def test_garbage_in_target(own_place: Place) -> None:
    """The files that dbt keeps of earlier runs are garbage: the build succeeds without them."""
    target = own_place.folder / "target"
    target.mkdir(exist_ok=True)
    for name in ("partial_parse.msgpack", "manifest.json", "run_results.json", "graph.gpickle"):
        (target / name).write_bytes(b"\x93garbage\x00\xff" * 50)
    before = own_place.build_id()
    run = subprocess.run(
        [sys.executable, str(PROJECT / "scripts" / "segment.py"), "build"],
        env=own_place.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "Traceback" not in run.stderr
    assert own_place.build_id() != before


def test_garbage_in_write_ahead_logs(own_place: Place) -> None:
    """An answer is refused: another program has written there. A build removes the garbage."""
    before, content = own_place.build_id(), own_place.database.read_bytes()
    work = own_place.database.parent / ".build" / own_place.database.name
    work.parent.mkdir(exist_ok=True)
    for file in (own_place.database, work):
        file.with_name(f"{file.name}.wal").write_bytes(b"garbage " * 1000)
    work.write_bytes(b"garbage " * 1000)
    for command in (
        ("export", "client_affinity"),
        ("affinity", "--svid", "WI:1"),
        ("prove-erased",),
    ):
        line = own_place.assert_one_line(own_place.ask(*command), 3)
        assert f"another program has written to the database {own_place.database}" in line
    assert own_place.ask("history").returncode == 0
    assert own_place.database.read_bytes() == content
    run = own_place.build()
    assert run.returncode == 0, run.stderr
    assert own_place.build_id() != before
    own_place.assert_nothing_left()


def test_what_another_program_wrote_is_no_answer(own_place: Place) -> None:
    """A program that wrote to the published file and died left a log, which is not replayed."""
    answer = own_place.ask("export", "client_affinity").stdout
    log = own_place.database.with_name(f"{own_place.database.name}.wal")
    code = (
        "import duckdb, os, sys; con = duckdb.connect(sys.argv[1]);"
        "con.execute('update marts.client_affinity set sends = 999');"
        "os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", code, str(own_place.database)], check=True)
    assert log.is_file()
    assert "lies beside it" in own_place.assert_one_line(
        own_place.ask("export", "client_affinity"), 3
    )
    log.unlink()
    run = own_place.ask("export", "client_affinity")
    assert (run.returncode, run.stdout) == (0, answer)


# ---------------------------------------------------------------------------- one build, one result


def test_neither_threads_nor_the_order_of_rows_matter(
    own_place: Place, small_world: SmallWorld
) -> None:
    """Built again from shuffled extracts, four models at a time: the same rows, to the bit.

    Whatever is added up first, and whichever model is built first.
    """
    for file in sorted(own_place.extracts.glob("*/*.parquet")):
        rows = pq.read_table(file)
        order = [*range(len(rows))]
        random.Random(7).shuffle(order)  # noqa: S311
        pq.write_table(rows.take(order), file)
    (own_place.extracts / "manifest.json").unlink()
    run = own_place.build(
        [("with_threads", [4])], "--full-refresh", whole=True, BEHAVIORAL_PREVIOUS_DB=""
    )
    assert run.returncode == 0, run.stderr
    comparison = compare(
        small_world.database,
        own_place.database,
        but_rows_of=("extracts", "staging", "quarantine"),
        but_columns=NAMES_THE_FILE,
    )
    assert comparison.difference is None
    assert comparison.compared > 50


def test_threads_do_not_matter(own_place: Place, small_world: SmallWorld) -> None:
    """Built again with four models at a time: every table has the same rows, to the bit."""
    run = own_place.build([("with_threads", [4])], whole=True, BEHAVIORAL_PREVIOUS_DB="")
    assert run.returncode == 0, run.stderr
    comparison = compare(small_world.database, own_place.database)
    assert comparison.difference is None
    assert comparison.compared > 50


@pytest.mark.thorough
def test_a_spilling_build_is_the_same_build(own_place: Place, small_world: SmallWorld) -> None:
    """With little memory the engine uses its spill folder, and gives the same result."""
    run = own_place.build(whole=True, BEHAVIORAL_MEMORY_LIMIT="120MB")
    assert run.returncode == 0, run.stderr
    assert compare(small_world.database, own_place.database).difference is None
    with opened(own_place.database) as con:
        assert con.execute("select count(*) from marts.build_info").fetchall() == [(1,)]
