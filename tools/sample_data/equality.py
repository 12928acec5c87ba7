"""Whether two databases are the same, table by table and row by row."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import duckdb

from enrichment.database import PRIVATE, attach
from sample_data.pairs import halves, opened

NAMES_THE_BUILD = {
    *("build_id", "rejected_at_build", "read_at_build"),
    *("built_at", "finished_at", "duration_seconds", "build_seconds", "folder_digest"),
}
"""Columns that name the build, its time or its place; two builds always differ in them."""

NAMES_THE_FILE = {
    *("source_row_number", "rejected_row_id", "input_digest"),
    *("fingerprint", "sha256", "size_bytes", "modified_at"),
}
"""Columns that name a file or a place in it: they differ if the same rows come in another order."""

OF_THE_LAST_BUILD = {
    ("extracts", "checks"),
    ("staging", "stg_input_checks"),
    ("marts", "input_checks"),
}
"""Relations about the last build: their columns are compared, their rows are not."""

COUNTS_ROWS = ("marts", "build_tables")
"""The table with the row count of each table, also of those about the last build."""

Columns = list[tuple[str, str]]
Name = tuple[str, str, str]
"""The half, the schema and the name of a relation or function."""


@dataclass(frozen=True)
class Comparison:
    """The number of tables, views and functions that are equal, and the first difference."""

    compared: int
    difference: str | None


def compare(
    first: Path,
    second: Path,
    *,
    but_rows_of: Collection[str] = (),
    but_columns: Collection[str] = (),
) -> Comparison:
    """Compares two databases, both halves of each.

    In the schemas `but_rows_of`, only the columns of views are compared. The values of the columns
    `but_columns` are not compared.

    Doubles are equal if all their bits are (0.0 is -0.0). A difference is reported by names and
    counts, never by the content of a row.
    """
    pairs = halves(first), halves(second)
    compared = 0
    with opened(first) as one, opened(second) as other, duckdb.connect() as con:
        for each in (one, other, con):
            each.execute("set TimeZone = 'UTC'")
        functions = [_functions(each) for each in (one, other)]
        relations = [_relations(each) for each in (one, other)]
        for mine, theirs in (functions, relations):
            for name in sorted({*mine, *theirs}):
                if name not in mine or name not in theirs:
                    where = "first" if name in mine else "second"
                    return Comparison(compared, f"{'.'.join(name)}: only in the {where}")
                if mine[name] != theirs[name]:
                    return Comparison(compared, f"{'.'.join(name)}: of another make")
                compared += 1
        for side, files in zip(("one", "other"), pairs, strict=True):
            for half, file in zip(("published", "private"), files, strict=False):
                attach(con, file, read_only=True, name=f"{side}_{half}")
        for (half, schema, name), (kind, columns) in sorted(relations[0].items()):
            if (kind == "view" and schema in but_rows_of) or (schema, name) in OF_THE_LAST_BUILD:
                continue
            chosen = [pair for pair in columns if pair[0] not in but_columns]
            if kind == "view":
                # A view reads both halves of its own database, under their own names.
                difference = _rows_of_view((one, other), (half, schema, name), chosen)
            else:
                difference = _rows(con, (half, schema, name), chosen)
            if difference:
                return Comparison(compared, f"{schema}.{name}: {difference}")
    return Comparison(compared, None)


_HALF = f"case when database_name = '{PRIVATE}' then 'private' else 'published' end"
_OWN = "not internal and database_name not in ('memory', 'temp', 'system')"


def _functions(con: duckdb.DuckDBPyConnection) -> dict[Name, object]:
    """The parameters and the text of the table functions."""
    found = con.execute(
        f"select {_HALF}, schema_name, function_name, parameters, macro_definition"
        f" from duckdb_functions() where {_OWN}"
    ).fetchall()
    return {(half, schema, name): rest for half, schema, name, *rest in found}


def _relations(con: duckdb.DuckDBPyConnection) -> dict[Name, tuple[str, Columns]]:
    """Tables and views with their kind and their columns and types, in order."""
    found = con.execute(
        "select database_name, schema_name, table_name, 'table', "
        f"{_HALF} from duckdb_tables() where {_OWN}"
        " union all select database_name, schema_name, view_name, 'view', "
        f"{_HALF} from duckdb_views() where {_OWN}"
    ).fetchall()
    relations = {}
    for database, schema, name, kind, half in found:
        described = con.execute(f'describe "{database}"."{schema}"."{name}"').fetchall()
        relations[half, schema, name] = (kind, [(row[0], row[1]) for row in described])
    return relations


def _rows_of_view(
    sides: tuple[duckdb.DuckDBPyConnection, ...], place: Name, columns: Columns
) -> str | None:
    """How the rows of a view differ between both databases; None if they are equal."""
    chosen = ", ".join(f'"{column}"' for column, _ in columns if column not in NAMES_THE_BUILD)
    if not chosen:
        return None
    half, schema, name = place
    digests = []
    for con in sides:
        database = PRIVATE
        if half != "private":
            (database,) = con.execute(
                f"select database_name from duckdb_databases() where {_OWN} "
                f"and database_name <> '{PRIVATE}'"
            ).fetchone() or ("",)
        # Equal rows have an equal hash of each; the sum does not depend on their order.
        digests.append(
            con.execute(
                "select count(*), sum(hash(one)), bit_xor(hash(one)) from "
                f'(select {chosen} from "{database}"."{schema}"."{name}") as one'
            ).fetchone()
        )
    return None if digests[0] == digests[1] else f"the rows differ ({digests})"


def _rows(con: duckdb.DuckDBPyConnection, place: Name, columns: Columns) -> str | None:
    """How the rows of a relation differ between both databases; None if they are equal."""
    chosen = ", ".join(f'"{column}"' for column, _ in columns if column not in NAMES_THE_BUILD)
    if not chosen:
        return None
    half, schema, name = place
    condition = ""
    if (schema, name) == COUNTS_ROWS:
        left_out = ", ".join(f"('{layer}', '{table}')" for layer, table in OF_THE_LAST_BUILD)
        condition = f" where (layer, table_name) not in ({left_out})"
    mine, theirs = (
        f'select {chosen} from {side}_{half}."{schema}"."{name}"{condition}'
        for side in ("one", "other")
    )
    counts = [_number(con, f"select count(*) from ({rows})") for rows in (mine, theirs)]
    alone = _number(con, f"select count(*) from ({mine} except all {theirs})")
    if counts[0] == counts[1] and alone == 0:
        return None
    alone_there = _number(con, f"select count(*) from ({theirs} except all {mine})")
    return (
        f"{counts[0]} rows in the first, {alone} of them not in the second;"
        f" {counts[1]} rows in the second, {alone_there} of them not in the first"
        f"{_columns_that_differ(con, mine, theirs, columns)}"
    )


def _columns_that_differ(
    con: duckdb.DuckDBPyConnection, mine: str, theirs: str, columns: Columns
) -> str:
    """The columns that differ, each taken alone, as the end of a sentence."""
    differing = [
        column
        for column, _ in columns
        if column not in NAMES_THE_BUILD
        and _number(
            con,
            f'select count(*) from (select "{column}" from ({mine})'
            f' except all select "{column}" from ({theirs}))',
        )
    ]
    return f" (columns: {', '.join(differing)})" if differing else ""


def _number(con: duckdb.DuckDBPyConnection, query: str) -> int:
    row = con.execute(query).fetchone()
    return int(row[0]) if row else 0
