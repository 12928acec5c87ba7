"""A built database is a pair of files: both at once, for tests and tools.

The runner opens what a command needs (`enrichment.database`). Here everything is open.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb

from enrichment.database import PRIVATE, attach, private_name


def halves(database: Path) -> tuple[Path, ...]:
    """The published file and its private half, if it has one."""
    with duckdb.connect() as con:
        attach(con, database, read_only=True, name="published")
        half = private_name(con, database, "published")
    return (database, half) if half is not None and half.is_file() else (database,)


def copy_pair(database: Path, place: Path) -> Path:
    """Copies both halves, the published one to ``place``; returns that."""
    for half in halves(database):
        shutil.copyfile(half, place.with_name(half.name.replace(database.name, place.name, 1)))
    return place


def opened(database: Path, *, read_only: bool = True) -> duckdb.DuckDBPyConnection:
    """A connection to both halves of a built database, under the names that their views use.

    A schema's name alone finds the half, such as ``linkage.lnk_voter``; where both halves have the
    schema, the published one comes first. A relation without a schema is in memory.
    """
    con = duckdb.connect()
    published, *rest = halves(database)
    attach(con, published, read_only=read_only)
    for half in rest:
        attach(con, half, read_only=read_only, name=PRIVATE)
    schemas = con.execute(
        "select database_name, schema_name from duckdb_schemas() where not internal or "
        "schema_name = 'main' order by database_name = ?, schema_name <> 'main', schema_name",
        [PRIVATE],
    ).fetchall()
    names = (published.stem, PRIVATE)
    path = [f"{name}.{schema}" for name, schema in schemas if name in names]
    con.execute("set search_path = '" + ",".join(["memory.main", *path]) + "'")
    return con
