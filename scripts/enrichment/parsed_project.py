"""Keeps the parsed project beside the work file, so that dbt parses once per version of the code.

To parse takes dbt longer than all the rest of a small build. What it finds depends on the code, on
the versions of dbt, and on the name of the database; not on the extracts, not on variables of the
environment, and not on dbt's own variables: `macros/dates.sql` and others read those in a build.

The file holds nothing about people, only the project: 0600 like all files of its folder. A file
that is damaged, of other code, or of another user is ignored, and the project is parsed again.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import zlib
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from enrichment.paths import PROJECT, work_file

_DEFINITIONS = ("models", "macros", "seeds", "tests")
_SUFFIXES = (".sql", ".yml", ".yaml", ".md", ".csv", ".py")
_PROJECT = ("dbt_project.yml", "profiles.yml", "selectors.yml")
_VERSIONS = ("dbt-core", "dbt-common", "dbt-adapters", "dbt-duckdb", "duckdb")
_DIGEST_BYTES = 32
_DATE, _DATETIME = 1, 2


def parsed_file() -> Path:
    """Where the parsed project is kept."""
    return work_file().with_name(f"{work_file().name}.parsed")


def parsed_project(parse: Callable[[], Any]) -> Any:
    """The manifest of this project: the one that is kept, or what ``parse`` returns.

    The caller must hold the lock of the build. ``parse`` may return None, which is not kept.
    """
    key = _key()
    manifest = _read(key)
    if manifest is None:
        manifest = parse()
        if manifest is not None:
            # A full disk, for example: the next build parses again.
            with suppress(OSError):
                _write(key, manifest)
    return manifest


def _key() -> bytes:
    """The SHA-256 of all that a parsed project depends on."""
    digest = hashlib.sha256()
    facts = [str(PROJECT), work_file().stem, sys.version, *(version(name) for name in _VERSIONS)]
    files = [PROJECT / name for name in _PROJECT if (PROJECT / name).is_file()]
    for folder in _DEFINITIONS:
        found = (PROJECT / folder).rglob("*")
        files += sorted(file for file in found if file.suffix in _SUFFIXES and file.is_file())
    for text in facts:
        digest.update(text.encode() + b"\0")
    for file in files:
        content = file.read_bytes()
        digest.update(f"{file.relative_to(PROJECT).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.digest()


def _read(key: bytes) -> Any:
    """The kept manifest; None if there is none for this key that can be trusted."""
    try:
        handle = os.open(parsed_file(), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as stream:
        about = os.fstat(handle)
        is_own = about.st_uid == os.geteuid() and stat.S_ISREG(about.st_mode)
        if not is_own or about.st_mode & 0o077:
            return None
        try:
            content = stream.read()
        except OSError:
            return None
    payload = content[_DIGEST_BYTES:]
    if content[:_DIGEST_BYTES] != hashlib.sha256(key + payload).digest():
        return None
    import msgpack
    from dbt.contracts.graph.manifest import Manifest

    try:
        manifest: Any = Manifest.from_msgpack(
            zlib.decompress(payload),
            decoder=lambda packed: msgpack.unpackb(packed, ext_hook=_from_bytes, raw=False),
        )
        manifest.build_flat_graph()
    except Exception:  # whatever a format of dbt's own raises: the project can be parsed again
        return None
    return manifest


def _write(key: bytes, manifest: Any) -> None:
    """Writes a manifest in one step."""
    import msgpack

    # The text of the files is of use only to dbt when it parses again.
    files, manifest.files = manifest.files, {}
    try:
        packed = manifest.to_msgpack(lambda data: msgpack.packb(data, default=_to_bytes))
    finally:
        manifest.files = files
    payload = zlib.compress(packed, 1)
    part = parsed_file().with_name(f"{parsed_file().name}.part")
    part.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        with os.fdopen(os.open(part, flags, 0o600), "wb") as stream:
            stream.write(hashlib.sha256(key + payload).digest() + payload)
        part.replace(parsed_file())
    finally:
        part.unlink(missing_ok=True)


def _to_bytes(value: Any) -> Any:
    """Dates of a unit test's rows, which MessagePack does not know."""
    import msgpack

    if isinstance(value, date):
        kind = _DATETIME if isinstance(value, datetime) else _DATE
        return msgpack.ExtType(kind, value.isoformat().encode())
    raise TypeError(f"no form for {type(value).__name__}")


def _from_bytes(kind: int, text: bytes) -> Any:
    """The dates again."""
    return (datetime if kind == _DATETIME else date).fromisoformat(text.decode())
