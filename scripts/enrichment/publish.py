"""Builds into a pair of work files and publishes it in one rename, so that nobody sees half of it.

A build is a pair: the published half, and the private half with addresses, phones, refused rows and
what the next build carries over. The private half is put beside the published file first, under a
name with the id of its build. The rename of the published half is the only commit: a reader of
the private half opens the one that the published file names (`enrichment.database`).

The work file has the base name of the published file, because table functions contain the catalog
name. It lies in a folder beside it, because a rename is atomic only within one file system. A lock
allows one build at a time; the system releases it when its process ends.

The replaced file is kept (``BEHAVIORAL_KEEP_BUILDS``) as a second link to the same data, created
before the rename; its private half stays where it is. If a process dies at any step, the published
path holds a complete file whose private half is there: the old one before the rename, the new one
after it. The next build removes what a dead process left, and private halves that no published or
kept file names.
"""

from __future__ import annotations

import datetime
import errno
import fcntl
import os
import re
import shutil
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from enrichment.database import (
    PRIVATE,
    attach,
    attach_private,
    build_info,
    identifier,
    refuse_foreign_writes,
)
from enrichment.errors import BuildError, DatabaseError, InputError
from enrichment.output import sweep
from enrichment.paths import (
    database_file,
    history_folder,
    private_half,
    private_halves,
    work_file,
)
from enrichment.resource_errors import build_error, check_memory_limit, shortage

if TYPE_CHECKING:
    import duckdb

KEPT = "BEHAVIORAL_KEEP_BUILDS"
_BUILD_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")
_HOLDER = re.compile(rb"process \d+ on [\w.-]+, since [\d :+-]+")


def build_and_publish(
    build: Callable[[Path], None], *, forget: Callable[[Path], bool] | None = None
) -> str:
    """Runs ``build`` on a fresh work pair and publishes the result; returns its build id.

    ``forget`` inspects the finished work pair. If it returns True (earlier builds hold people who
    are erased now), all kept builds are removed first, and none is kept.

    Raises what ``build`` raises, BuildError if the work pair holds no finished build or the disk is
    full, and DatabaseError if another build runs. The published pair changes only on success.
    """
    published, work = database_file(), work_file()
    number = _number_kept()
    check_memory_limit()
    with _locked():
        try:
            _tidy()
            build(work)
            build_id = _finish(work)
            is_to_forget = forget is not None and forget(work)
            with in_one_go():
                if is_to_forget:
                    # Before the rename: after a crash, a rollback is lost, but nobody is kept.
                    forget_kept()
                elif number:
                    _keep(published)
                _put_private(private_half(work), private_half(published, build_id))
                _replace(work, published)
                _retire(number)
        except OSError as error:
            raise build_error(error, work.parent) from None
        finally:
            _discard(work)
    return build_id


def rollback(build_id: str | None) -> tuple[Build, str | None]:
    """Puts a kept build back, by default the newest; the one it replaces is kept.

    Returns the restored build and the id of the replaced one, None if that file held no build.
    Raises InputError for an id that is not kept, and DatabaseError if no build is kept, the kept
    file is damaged, or a build runs.
    """
    published = database_file()
    with _locked():
        current = _described(published, "published") if published.is_file() else None
        kept = {
            file.parent.name: file
            for file in kept_files()
            if current is None or file.parent.name != current.build_id
        }
        if not kept:
            raise DatabaseError(f"no earlier build is kept in {history_folder()}: see {KEPT}")
        chosen = build_id or next(iter(kept))
        if chosen not in kept:
            raise InputError(
                f"no such build is kept: expected one of {', '.join(kept)} "
                "(see python scripts/segment.py history)"
            )
        file = kept[chosen]
        restored = _described(file, "published")
        if restored.build_id != chosen or not _is_whole(file):
            raise DatabaseError(
                f"the kept build {chosen} is damaged ({file}): the published file stays; "
                "name another build, or run `build`"
            )
        wrong = _private_problem(file)
        if wrong:
            raise DatabaseError(
                f"the kept build {chosen} cannot be restored: {wrong}; the published file stays"
            )
        try:
            with in_one_go():
                replaced = _keep(published)
                _replace(file, published)
                shutil.rmtree(file.parent, ignore_errors=True)
                _tidy()
        except OSError as error:
            reason = (error.strerror or type(error).__name__).lower()
            raise DatabaseError(
                f"cannot restore the build in {published.parent}: {reason}"
            ) from None
    return restored, replaced


def last_database() -> Path | None:
    """The published database, if a build can compare with it and reuse the rows that it has read.

    None if it is missing, unreadable, without a build or written by another program: the next
    build reads everything again. It does so too without the private half (``why_all_is_read``).
    """
    import duckdb

    file = database_file()
    if not file.is_file():
        return None
    try:
        refuse_foreign_writes(file)
        with duckdb.connect() as con:
            attach(con, file, read_only=True)
            return file if build_info(con, file) else None
    except (duckdb.Error, DatabaseError):
        return None


def why_all_is_read(last: Path | None) -> str:
    """Why a build cannot reuse the rows of the ``last`` one: a line; empty if it can."""
    if last is None:
        return ""
    wrong = _private_problem(last, is_read=False)
    return f"all files are read again: {wrong}" if wrong else ""


def _private_problem(file: Path, *, is_read: bool = True) -> str:
    """The fault of the private half of a published or kept database; empty if nothing is.

    With ``is_read``, every row of it is read.
    """
    import duckdb

    try:
        with duckdb.connect() as con:
            attach(con, file, read_only=True)
            half = attach_private(con, file, file.stem)
            if half is None:
                return "" if is_read else "the last build is of earlier code, and one file"
        if is_read and not _is_whole(half):
            return f"its private half is damaged ({half})"
    except DatabaseError as error:
        return str(error).partition(": put back")[0]
    except duckdb.Error:
        return f"{file} cannot be read"
    return ""


# Published and kept builds


@dataclass(frozen=True)
class Build:
    """A build that is ``published``, ``kept``, or ``damaged``.

    ``facts`` is its row of marts.build_info, by column, as the code of that time wrote it; empty
    for a damaged build. ``private_bytes`` is None if its private half is missing.
    """

    file: Path
    status: str
    facts: dict[str, Any]
    size_bytes: int
    private_bytes: int | None

    @property
    def build_id(self) -> str | None:
        """The id in the file."""
        return self.facts.get("build_id")


def builds() -> list[Build]:
    """The published build and the kept ones, newest first, damaged ones last."""
    published = database_file()
    found = [_described(published, "published")] if published.is_file() else []
    ids = {build.build_id for build in found}
    for file in kept_files():
        # Another build may remove it at this moment.
        with suppress(FileNotFoundError):
            if file.parent.name not in ids:
                found.append(_described(file, "kept"))
    # Sorting is stable: kept files come newest first.
    return sorted(
        found,
        key=lambda build: build.facts.get("built_at") or datetime.datetime.min,
        reverse=True,
    )


def kept_files() -> list[Path]:
    """The database files of earlier builds, newest first.

    They hold personal data like the published file, so that every search for a person covers them.
    During a build, one of them may be the published file under a second name.
    """
    found = []
    for folder in _folders():
        file = folder / database_file().name
        with suppress(FileNotFoundError):
            found.append((file.stat().st_mtime_ns, file))
    return [file for _, file in sorted(found, reverse=True)]


def every_kept_file() -> list[Path]:
    """``kept_files``, and the builds that were kept while BEHAVIORAL_DB had another file name.

    No command can restore the others, but they hold people all the same. The private halves lie
    elsewhere (``every_private_half``).
    """
    own = kept_files()
    others = [
        file
        for folder in _folders()
        for file in sorted(folder.iterdir())
        if file not in own and file.suffix != ".wal" and file.is_file() and not file.is_symlink()
    ]
    return [*own, *others]


def every_private_half() -> list[Path]:
    """The private halves beside the database: of the published build and of each kept one."""
    others = {
        private_half(database_file().with_name(file.name), file.parent.name)
        for file in every_kept_file()
    }
    return sorted({*private_halves(), *(half for half in others if half.is_file())})


def forget_kept() -> int:
    """Removes every kept build, so that none holds an erased person; returns how many.

    The caller must hold the lock: ``build_and_publish`` calls this if ``forget`` returns True.
    """
    others = [half for half in every_private_half() if half not in private_halves()]
    folders = {file.parent for file in every_kept_file()}
    for folder in folders:
        shutil.rmtree(folder)
    for half in others:
        half.unlink()
    _tidy_history()
    _remove_unnamed()
    return len(folders)


def _folders() -> list[Path]:
    history = history_folder()
    if not history.is_dir():
        return []
    return [
        folder
        for folder in sorted(history.iterdir())
        if _BUILD_ID.fullmatch(folder.name) and folder.is_dir() and not folder.is_symlink()
    ]


def _number_kept() -> int:
    given = os.environ.get(KEPT, "") or "2"
    if not re.fullmatch(r"\d{1,3}", given, re.ASCII):
        raise InputError(f"{KEPT}: expected a number of earlier builds to keep, from 0 to 999")
    return int(given)


def _described(file: Path, status: str) -> Build:
    """The build in a database file, made by any version of the code."""
    import duckdb

    facts: dict[str, Any] = {}
    private_bytes = None
    try:
        refuse_foreign_writes(file)
        with duckdb.connect() as con:
            attach(con, file, read_only=True)
            con.execute(f'select * from "{file.stem}".marts.build_info limit 1')
            names = [column[0] for column in con.description or ()]
            row = con.fetchone()
            facts = dict(zip(names, row, strict=True)) if row else {}
    except (duckdb.Error, DatabaseError):
        pass  # The engine's message may quote data. The status says that the file is damaged.
    if "build_id" in facts:
        with suppress(OSError):
            private_bytes = private_half(database_file(), facts["build_id"]).stat().st_size
    return Build(file, status if facts else "damaged", facts, file.stat().st_size, private_bytes)


def _is_whole(file: Path) -> bool:
    """Whether every row of every table can be read; each block has a checksum."""
    import duckdb

    try:
        with duckdb.connect() as con:
            attach(con, file, read_only=True, name="whole")
            tables = con.execute(
                "select schema_name, table_name from duckdb_tables() where database_name = 'whole'"
            ).fetchall()
            for schema, table in tables:
                con.execute(
                    f'select max(hash(one)) from whole."{schema}"."{table}" as one'
                ).fetchall()
    except duckdb.Error:
        return False
    return True


# The steps; a process may die in any of them


@contextmanager
def _locked() -> Iterator[None]:
    lock = work_file().with_name(f"{work_file().name}.lock")
    try:
        lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        reason = (error.strerror or "").lower()
        raise InputError(f"BEHAVIORAL_DB: cannot write {lock}: {reason}") from None
    with os.fdopen(handle, "r+b", buffering=0) as stream:
        try:
            # The lock belongs to the open handle: the text that a dead process left means nothing.
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            found = _HOLDER.match(os.pread(handle, 200, 0))
            holder = found.group().decode().strip() if found else "an unnamed process"
            raise DatabaseError(
                f"another build is running: {holder} holds {lock}; wait until it ends"
            ) from None
        since = datetime.datetime.now(datetime.UTC).isoformat(sep=" ", timespec="seconds")
        try:
            os.ftruncate(handle, 0)
            stream.write(
                f"process {os.getpid()} on {socket.gethostname()}, since {since}\n".encode()
            )
        except OSError as error:
            raise build_error(error, lock.parent) from None
        try:
            yield
        finally:
            os.ftruncate(handle, 0)


@contextmanager
def in_one_go() -> Iterator[None]:
    """Ignores signals during the last step: it is completed."""
    held = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def too_late(number: int, frame: FrameType | None) -> None:
        pass

    before = {number: signal.signal(number, too_late) for number in held}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)


def _tidy() -> None:
    """Removes what earlier builds, and commands that wrote beside the database, left behind."""
    sweep(database_file().parent)
    _discard(work_file())
    _tidy_history()
    _remove_unnamed()


def _discard(work: Path) -> None:
    """Removes a work pair, and the engine's files beside it."""
    half = private_half(work)
    for file in (work, _wal(work), half, _wal(half)):
        if file.is_dir() and not file.is_symlink():
            shutil.rmtree(file, ignore_errors=True)
        else:
            file.unlink(missing_ok=True)
    shutil.rmtree(work.with_name(f"{work.name}.tmp"), ignore_errors=True)


def _tidy_history() -> None:
    """Removes incomplete and empty entries of the history; the rest becomes private."""
    shutil.rmtree(_half_made(), ignore_errors=True)
    for folder in _folders():
        _wal(folder / database_file().name).unlink(missing_ok=True)
        if not any(folder.iterdir()):
            folder.rmdir()
    published = database_file()
    for file in kept_files():
        if not (published.exists() and file.samefile(published)):
            file.chmod(0o600)


def _remove_unnamed() -> None:
    """Removes the private halves that neither the published nor a kept file names.

    None if the published file cannot be read: it may name any.
    """
    published = database_file()
    ids = {file.parent.name for file in kept_files()}
    if published.is_file():
        build_id = _described(published, "published").build_id
        if build_id is None:
            return
        ids.add(build_id)
    named = {private_half(published, build_id) for build_id in ids}
    for half in private_halves():
        if half not in named:
            half.unlink(missing_ok=True)
            _wal(half).unlink(missing_ok=True)


def _half_made() -> Path:
    return history_folder() / f".{database_file().name}"


def _wal(file: Path) -> Path:
    return file.with_name(f"{file.name}.wal")


def _finish(work: Path) -> str:
    """Checkpoints the work pair, checks that it holds one build, and syncs it to the disk."""
    import duckdb

    info, half = None, private_half(work)
    if not half.is_file():
        raise BuildError("the build wrote no private half")
    try:
        with duckdb.connect() as con:
            attach(con, work, read_only=False)
            attach(con, half, read_only=False, name=PRIVATE)
            for database in (work.stem, PRIVATE):
                con.execute(f"checkpoint {identifier(database)}")
            info = build_info(con, work)
            strays = _of_another_build(con, work, info[0]) if info else []
            ids = con.execute(f"select build_id from {PRIVATE}.extracts.build").fetchall()
            if info and ids != [(info[0],)]:
                strays.append("the private half")
    except duckdb.Error as error:
        raise BuildError(
            shortage(str(error), work.parent)
            or f"the built file cannot be read ({type(error).__name__})"
        ) from None
    if info is None:
        raise BuildError("the build wrote no row to marts.build_info")
    if strays:
        raise BuildError(f"{', '.join(strays)} is from another build than {info[0]}")
    for file in (work, half):
        if _wal(file).exists():
            raise BuildError("the built file could not be checkpointed: a .wal is left beside it")
        with file.open("rb+") as stream:
            os.fsync(stream.fileno())
    return str(info[0])


def _of_another_build(con: duckdb.DuckDBPyConnection, file: Path, build_id: str) -> list[str]:
    """The tables of marts with a row of another build; views have the rows of their tables."""
    tables = con.execute(
        "select table_name from duckdb_columns() where database_name = ? and schema_name = 'marts' "
        "and column_name = 'build_id' and table_name in "
        "(select table_name from duckdb_tables() where schema_name = 'marts') order by all",
        [file.stem],
    ).fetchall()
    return [
        table
        for (table,) in tables
        if con.execute(
            f'select 1 from "{file.stem}".marts."{table}" '
            "where build_id is distinct from ? limit 1",
            [build_id],
        ).fetchone()
    ]


def _keep(published: Path) -> str | None:
    """Gives the published file a second name in the history; returns its build id.

    The second name is created and checked in a folder of its own, away from a .wal that belongs to
    another file. The entry appears in one rename. A file without a build is not kept: None.
    """
    if not published.is_file():
        return None
    part = _half_made()
    part.mkdir(mode=0o700, parents=True)
    part.parent.chmod(0o700)
    link = part / published.name
    try:
        link.hardlink_to(published)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise
        # The file system has no hard links.
        shutil.copy2(published, link)
        with link.open("rb+") as stream:
            os.fsync(stream.fileno())
    build_id = _described(link, "kept").build_id
    if build_id is None or not _BUILD_ID.fullmatch(build_id):
        shutil.rmtree(part)
        return None
    entry = part.with_name(build_id)
    # An entry of a process that died before it replaced the published file.
    shutil.rmtree(entry, ignore_errors=True)
    part.rename(entry)
    _sync(part.parent)
    return build_id


def _put_private(half: Path, place: Path) -> None:
    """Moves a private half to its place, which no reader knows before the published half is."""
    half.chmod(0o600)
    _wal(place).unlink(missing_ok=True)
    half.replace(place)
    _sync(place.parent)


def _replace(file: Path, published: Path) -> None:
    """Moves a complete file over the published one, and keeps the mode (0600 for the first)."""
    file.chmod(published.stat().st_mode & 0o777 if published.exists() else 0o600)
    # A .wal here belongs to neither file: nobody writes to a published file, which is complete
    # without one.
    _wal(published).unlink(missing_ok=True)
    file.replace(published)
    _sync(published.parent)


def _retire(number: int) -> None:
    """Removes all kept builds but the newest ``number``."""
    for file in kept_files()[number:]:
        shutil.rmtree(file.parent, ignore_errors=True)
    _tidy_history()
    _remove_unnamed()


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
