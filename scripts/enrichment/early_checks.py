"""Faults of the folder of extracts, found before dbt starts: files and columns.

dbt needs half a minute before it reads the first extract. This module only lists the folder, and
reads the names of columns: all that is missing or foreign comes in one line, for all tables at
once. Rows are checked by the build (macros/extracts.sql), which checks this again.
"""

from __future__ import annotations

import csv
import difflib
import os
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from enrichment.delivered_files import Listed, as_pattern, quick_look
from enrichment.paths import PROJECT, data_folder

_MARKS = ("_fivetran_deleted", "_deleted", "is_deleted")
_MOST_FILES = 500  # a larger delivery's columns wait for the build: to open each file takes time
_SAID = 20  # files that a message names
_PARQUET = (b"PAR1", b"PARE")
_RIGHTS = ("suppressions", "erasure_requests")
_UNREAD = "unread_file"


@dataclass(frozen=True)
class Table:
    """A table of the contract: whether it is required, and its columns as the YAML writes them."""

    is_required: bool
    columns: dict[str, str]
    required_columns: tuple[str, ...]


def problem(accepted: Collection[str] = ()) -> str | None:
    """Why the build would stop at the files or columns of the extracts; None if it would not.

    ``accepted`` are the checks that --accept names. Folders that are named nearly as a table, and
    that no build reads, are warned of on standard error.
    """
    folder, tables = data_folder(), _tables()
    files = quick_look(
        str(folder),
        {name: [*_MARKS, *(c.lower() for c in table.columns)] for name, table in tables.items()},
    )
    nearly = dict(_nearly_tables(folder, tables))
    problems = [
        *_missing_tables(folder, tables, files, nearly),
        *_broken_files(folder, files),
        *_missing_columns(folder, tables, files),
    ]
    if _UNREAD not in accepted:
        problems += _unread_requests(files)
    if problems:
        return ". ".join(problems)
    for name, table in nearly.items():
        print(
            f"segment.py: warning: {name} in {folder} is no table and is not read; "
            f"did you mean {table}?",
            file=sys.stderr,
        )
    return None


def _tables() -> dict[str, Table]:
    """The tables that a build reads, by name, as the YAML of the sources declares them."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found = {}
    for file in sorted((PROJECT / "models" / "staging").glob("*/*sources.yml")):
        content = yaml.load(file.read_text(encoding="utf-8"), loader)  # noqa: S506 (a safe loader)
        for table in (table for source in content["sources"] for table in source["tables"]):
            columns = {column["name"]: column["data_type"] for column in table["columns"]}
            needed = (column["name"] for column in table["columns"] if _is_required(column))
            found[table["name"]] = Table(_is_required(table), columns, tuple(needed))
    return found


def _is_required(entry: dict[str, Any]) -> bool:
    return bool(entry.get("config", {}).get("meta", {}).get("required", False))


def _nearly_tables(folder: Path, tables: Collection[str]) -> Iterator[tuple[str, str]]:
    """What lies beside the tables' folders under a name like theirs, and that table."""
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries if entry.name not in tables)
    for name in names:
        close = difflib.get_close_matches(name.split(".")[0].lower(), tables, 1, 0.8)
        if close and name.isprintable():
            yield name, close[0]


def _missing_tables(
    folder: Path, tables: dict[str, Table], files: list[Listed], nearly: dict[str, str]
) -> Iterator[str]:
    """A line for all required tables without a file."""
    read = {file.source_table for file in files if file.kind in ("parquet", "csv", "broken")}
    missing = sorted(
        name for name, table in tables.items() if table.is_required and name not in read
    )
    if not missing:
        return
    several = len(missing) > 1
    found = [name for name, table in nearly.items() if table in missing]
    yield (
        f"{'tables' if several else 'table'} {', '.join(missing)} "
        f"{'are' if several else 'is'} required, but there is no Parquet file and no CSV file in "
        + ", ".join(f"{folder}/{name}" for name in missing)
        + (f" (found {', '.join(found)})" if found else "")
        + f": put the {'extracts' if several else 'extract'} there, or set BEHAVIORAL_DATA_DIR to "
        "the folder of extracts"
    )


def _broken_files(folder: Path, files: list[Listed]) -> Iterator[str]:
    """A line for each file that cannot be read."""
    for file in files:
        if file.kind == "broken":
            path = "/".join(filter(None, (file.source_table, file.source_file)))
            yield f"file {path}: {file.reason}: deliver it again"
        elif file.kind == "parquet" and not _is_parquet(file.path):
            yield (
                f"{folder}/{file.source_table}/{file.source_file} cannot be read as Parquet: "
                "deliver it again"
            )


def _is_parquet(path: str) -> bool:
    """Whether a file begins and ends as Parquet does. One that cannot be opened is the build's."""
    try:
        with Path(path).open("rb") as stream:
            begin = stream.read(4)
            stream.seek(-4, os.SEEK_END)
            return begin in _PARQUET and stream.read(4) == begin
    except OSError:
        return Path(path).exists() and not os.access(path, os.R_OK)


def _missing_columns(folder: Path, tables: dict[str, Table], files: list[Listed]) -> Iterator[str]:
    """A line for each required column of each table, with the first file that lacks it."""
    columns = _columns(files)
    for name, table in tables.items():
        own = [file for file in files if file.source_table == name and file.path in columns]
        for column in table.required_columns:
            lacking = [file for file in own if not _has(file, columns[file.path], column)]
            if lacking:
                where = f"/{lacking[0].source_file}" if len(own) > 1 else ""
                yield (
                    f"table {name} has no column {column} (expected {table.columns[column]}, found "
                    f"nothing) in {folder}/{name}{where}: add the column to the "
                    f"{'file' if where else 'extract'}"
                )


def _has(file: Listed, columns: set[str], column: str) -> bool:
    """Whether a file, or the name of a folder that it is in, has a column."""
    name = column.lower()
    parts = file.source_file.lower().split("/")[:-1]
    return name in columns or any(part.startswith(f"{name}=") for part in parts)


def _columns(files: list[Listed]) -> dict[str, set[str]]:
    """The names of the columns of each file, in lower case; none of files that cannot tell."""
    found = {
        file.path: {name.lower() for name in file.columns}
        for file in files
        if file.kind == "csv" and file.columns
    }
    paths = [file.path for file in files if file.kind == "parquet" and _is_parquet(file.path)]
    if not paths or len(paths) > _MOST_FILES:
        return found
    import duckdb

    patterns = [as_pattern(path) for path in paths]
    try:
        with duckdb.connect(config={"threads": 1}) as con:
            rows = con.execute("select file_name, name from parquet_schema(?)", [patterns])
            for path, name in rows.fetchall():
                found.setdefault(path, set()).add(str(name).lower())
    except duckdb.Error:
        return {}  # The build says which file it is.
    return found


def _unread_requests(files: list[Listed]) -> Iterator[str]:
    """A line for each table of people's rights with files that are not read, where that stops."""
    with (PROJECT / "seeds" / "input_limits.csv").open(encoding="utf-8", newline="") as stream:
        stopping = {
            row["source_table"]
            for row in csv.DictReader(stream)
            if row["check_name"] == _UNREAD and row["action"] == "stop"
        }
    for table in _RIGHTS:
        names = [f.source_file for f in files if f.source_table == table and f.kind == "unread"]
        if names and stopping & {table, "*"}:
            more = f" and {len(names) - _SAID} more" if len(names) > _SAID else ""
            yield (
                f"table {table} has files that are not read: {', '.join(names[:_SAID])}{more}: "
                "deliver them as .parquet, .csv or .csv.gz, or take them away, or accept it with "
                f"--accept {_UNREAD}"
            )
