"""Builds into a work file and publishes it in one rename, so that readers never see half a build.

The work file has the published file's base name, because a table function's body keeps the catalog
name, and stands in a folder beside it, because a rename is atomic on one file system only. A lock
makes sure that one build runs at a time; the system frees it when its holder ends, however it ends.
"""

from __future__ import annotations

import datetime
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from enrichment.errors import BuildError, DatabaseError, InputError
from enrichment.places import database_file, work_file
from enrichment.questions import attach, build_info


def build_and_publish(build: Callable[[Path], None]) -> str:
    """Runs ``build`` on a fresh work file and publishes the result; returns its build id.

    Raises what ``build`` raises, BuildError where the work file holds no finished build, and
    DatabaseError where another build runs. The published file changes only on success.
    """
    published, work = database_file(), work_file()
    try:
        work.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or "").lower()
        raise InputError(f"BEHAVIORAL_DB: cannot make {work.parent}: {reason}") from None
    with _locked(work.with_name(f"{work.name}.lock")):
        _discard(work)
        try:
            build(work)
            build_id = _finish(work)
            _replace(work, published)
        finally:
            _discard(work)
    return build_id


def last_database() -> Path | None:
    """The published database, if a build can be compared with it and carry over what it has read.

    None where it is missing. One that cannot be opened, or holds no build, is no reason to fail:
    everything is read again.
    """
    import duckdb

    file = database_file()
    if not file.is_file():
        return None
    try:
        with duckdb.connect() as con:
            attach(con, file, read_only=True)
            return file if build_info(con, file) else None
    except duckdb.Error:
        return None


@contextmanager
def _locked(lock: Path) -> Iterator[None]:
    try:
        stream = lock.open("a+")
    except OSError as error:
        reason = (error.strerror or "").lower()
        raise InputError(f"BEHAVIORAL_DB: cannot write {lock}: {reason}") from None
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.seek(0)
            holder = stream.read().strip() or "an unnamed process"
            raise DatabaseError(
                f"another build is running: {holder} holds {lock}; wait until it ends"
            ) from None
        stream.truncate(0)
        since = datetime.datetime.now(datetime.UTC).isoformat(sep=" ", timespec="seconds")
        stream.write(f"process {os.getpid()}, since {since}\n")
        stream.flush()
        try:
            yield
        finally:
            stream.truncate(0)


def _discard(work: Path) -> None:
    """Removes a work file, and what the engine left beside it."""
    for file in (work, _wal(work)):
        file.unlink(missing_ok=True)
    shutil.rmtree(work.with_name(f"{work.name}.tmp"), ignore_errors=True)


def _wal(file: Path) -> Path:
    return file.with_name(f"{file.name}.wal")


def _finish(work: Path) -> str:
    """Checkpoints the work file, checks that it holds a build, and writes it to the disk."""
    import duckdb

    info = None
    try:
        with duckdb.connect() as con:
            attach(con, work, read_only=False)
            con.execute(f'checkpoint "{work.stem}"')
            info = build_info(con, work)
    except duckdb.Error as error:
        raise BuildError(f"the built file cannot be read ({type(error).__name__})") from None
    if info is None:
        raise BuildError("the build made no row in marts.build_info")
    if _wal(work).exists():
        raise BuildError("the built file could not be checkpointed: a .wal stayed beside it")
    with work.open("rb+") as stream:
        os.fsync(stream.fileno())
    return str(info[0])


def _replace(work: Path, published: Path) -> None:
    """Moves the work file over the published one, which keeps its mode (0600 at first)."""
    work.chmod(published.stat().st_mode & 0o777 if published.exists() else 0o600)
    _wal(published).unlink(missing_ok=True)
    work.replace(published)
    folder = os.open(published.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
