"""Paths of the project, the published pair, the work files and the extracts."""

from __future__ import annotations

import glob
import os
import re
from pathlib import Path

from enrichment.errors import InputError

PROJECT = Path(__file__).resolve().parents[2]

# DuckDB names a catalog after its file, and a catalog may not share a name with a schema.
_SCHEMAS = {
    "staging",
    "quarantine",
    "linkage",
    "events",
    "keys",
    "aggregates",
    "marts",
    "segments",
    "seeds",
    "main",
}
_RESERVED = _SCHEMAS | {
    *("memory", "system", "temp", "information_schema", "pg_catalog"),
    *("previous", "previous_private", "private", "erased", "definitions"),  # attached by a build
}

_SHOWN = 200  # characters of a path in a message


def _path(variable: str, default: str) -> Path:
    """A path from the environment (relative to the working directory), or from the project."""
    given = os.environ.get(variable, "")
    return resolved(given, variable) if given else PROJECT / default


def resolved(path: str, where: str) -> Path:
    """An absolute path. Raises InputError, which names ``where`` it was given, if it is invalid."""
    try:
        absolute = Path(path).expanduser().resolve()
        absolute.exists()  # fails if a name is too long, or a folder is not readable
    except (OSError, RuntimeError, ValueError):
        given = path if len(path) <= _SHOWN else f"{path[:_SHOWN]}…"
        raise InputError(f"{where}: {given!r} is not a usable path; give another") from None
    return absolute


def is_ours(file: Path) -> bool:
    """Whether a file belongs to the published database, its builds, its log, or the extracts."""
    database = database_file()
    beside = file.parent == database.parent and file.name.startswith(database.name)
    folders = (work_file().parent, history_folder(), _path("BEHAVIORAL_DATA_DIR", "data"))
    return beside or any(file.is_relative_to(folder) for folder in folders)


def database_file() -> Path:
    """The published database: ``BEHAVIORAL_DB``, else ``warehouse/behavioral.duckdb``.

    Raises InputError if DuckDB cannot use the file's base name as a catalog name.
    """
    file = _path("BEHAVIORAL_DB", "warehouse/behavioral.duckdb")
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", file.stem) or file.stem.lower() in _RESERVED:
        raise InputError(
            f"BEHAVIORAL_DB: the file name {file.name} cannot name a database: use letters, digits "
            "and _ before the suffix, and no schema's name, for example behavioral.duckdb"
        )
    return file


def private_half(file: Path, build_id: str | None = None) -> Path:
    """The private half beside a database file.

    That of a published file carries the id of its build. The pairs that a build or an analyst's own
    `dbt build` writes have none.
    """
    return file.with_name(f"{file.name}.private{f'-{build_id}' if build_id else ''}")


def private_halves() -> list[Path]:
    """The private halves of the published build and of the kept ones; perhaps one of neither."""
    file = database_file()
    return sorted(
        found
        for found in file.parent.glob(f"{glob.escape(file.name)}.private-*")
        if found.suffix != ".wal" and found.is_file() and not found.is_symlink()
    )


def work_file() -> Path:
    """The file of a running build: same base name and file system as the published database."""
    file = database_file()
    return file.parent / ".build" / file.name


def history_folder() -> Path:
    """The folder of kept builds, ``<build id>/<base name>``, beside the published database."""
    return database_file().parent / ".history"


def key_file() -> Path:
    """The file of the pseudonym key, beside the published database."""
    file = database_file()
    return file.with_name(f"{file.name}.key")


def audit_file() -> Path:
    """The audit log, beside the published database."""
    file = database_file()
    return file.with_name(f"{file.name}.audit.jsonl")


def data_folder() -> Path:
    """The extracts: ``BEHAVIORAL_DATA_DIR``, else ``data``. Raises InputError if not a folder."""
    folder = _path("BEHAVIORAL_DATA_DIR", "data")
    if not folder.is_dir():
        raise InputError(
            f"there is no folder of extracts at {folder}: set BEHAVIORAL_DATA_DIR to the folder "
            "that holds <table>/*.parquet"
        )
    return folder
