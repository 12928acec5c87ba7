"""Searches every table of every kept database for people who requested erasure.

``models/staging/rights`` defines which people a request means; its views stand in the private half
of the published build and read the extracts. The search covers both halves of every build: erased
person ids; erased addresses and phones, alone or within a longer text, in any spelling; voter ids,
beside their state and as ``WI:0012345``; and the pseudonyms (keyed hashes) of all of these. No such
value is ever printed.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from enrichment import ledger
from enrichment.database import (
    BUILD,
    PRIVATE,
    attach,
    attach_private,
    identifier,
    private_name,
    refuse_foreign_writes,
)
from enrichment.delivered_files import as_pattern, csv_rows, delivered_files, spool_into
from enrichment.errors import DatabaseError
from enrichment.handover import forget, lists_folder
from enrichment.paths import (
    PROJECT,
    data_folder,
    database_file,
    key_file,
    private_half,
    work_file,
)
from enrichment.pseudonyms import PSEUDONYM_LENGTH, hash_key

if TYPE_CHECKING:
    import duckdb

DEVELOPMENT = PROJECT / "warehouse" / "dev" / "behavioral.duckdb"


@dataclass(frozen=True)
class Count:
    """Rows of one table that name an erased person; ``rows`` is None if it cannot be read.

    ``status`` is published, kept, development, ledger (a file of hand-overs), list (what one
    wrote), or delivered (a file of another extract).
    """

    status: str
    file: Path
    table: str
    rows: int | None

    @property
    def is_remainder(self) -> bool:
        """Whether this contradicts the proof. The organisation itself must clean the extracts."""
        return self.status != "delivered" and self.rows != 0


_WANTED = """
create temp table wanted_voters as
with requests as (
    select distinct svid_state, svid from private.staging.stg_rights__erasure_requests
    where svid is not null
),
states as (
    select distinct state from private.staging.base_rights__person_contacts
    where state is not null
    union select distinct svid_state from requests where svid_state is not null
)
select states.state, requests.svid from requests
inner join states on states.state = coalesce(requests.svid_state, states.state);

create temp table wanted_persons as
select person_id from private.staging.stg_rights__erased_persons;

create temp table wanted_contacts as
select email_key, phone_key from private.staging.stg_rights__erased_contacts;

create temp table wanted_texts as
select email_key as wanted from wanted_contacts where email_key is not null
union select phone_key from wanted_contacts where phone_key is not null
union select lower(state || ':' || svid) from wanted_voters;
"""

# Addresses, with and without special characters around them; for phones, the digits of each value
# within a text.
_WITHIN = """
    list_has_any(
        list_concat(
            regexp_extract_all(value, '[a-z0-9.!#$%&''*+/=?^_{|}~`-]+@[a-z0-9.-]*[a-z0-9]'),
            regexp_extract_all(value, '[a-z0-9._+-]+@[a-z0-9.-]*[a-z0-9]')
        ),
        (select coalesce(list(email_key), []) from wanted_contacts where email_key is not null)
    )
    or list_has_any(
        regexp_extract_all(
            regexp_replace(value, '[^0-9",:{}]', '', 'g'), '1?([2-9][0-9]{2}[2-9][0-9]{6})', 1
        ),
        (select coalesce(list(phone_key), []) from wanted_contacts where phone_key is not null)
    )
    or list_has_any(
        regexp_extract_all(value, '[a-z]{2}:[^\\s"'',;(){}]+'),
        (select coalesce(list(lower(state || ':' || svid)), []) from wanted_voters)
    )"""


def prove(kept: Sequence[Path]) -> Iterator[Count]:
    """Counts the remaining rows per table of the published, kept and development pairs.

    ``kept`` are the published halves of kept builds, and all private halves.
    Delivered files that hold rows of erased people come last. Raises DatabaseError if the published
    database was built without the requests of the extracts, or lacks its private half.
    """
    import duckdb

    with duckdb.connect() as con:
        con.execute("set temp_directory = ''")  # never write the searched values to a disk
        own_half = _open(con)
        _want_pseudonyms(con)
        files = [("published", file) for file in (database_file(), own_half)]
        files += [("kept", file) for file in kept if file != own_half]
        if database_file() != DEVELOPMENT:
            own = (DEVELOPMENT, private_half(DEVELOPMENT))
            files += [("development", file) for file in own if file.is_file()]
        for status, file in files:
            yield from _counts(con, status, file)
        for status, file in _handed_over():
            yield _count_in_file(con, status, file)
        folder = data_folder()
        for table, name, rows in con.execute(
            "select source_table, source_file, rows_erased "
            "from private.staging.stg_rights__erased_rows "
            "where rows_erased > 0 and source_table <> 'handovers' order by all"
        ).fetchall():
            yield Count("delivered", folder / table / name, table, rows)


def _handed_over() -> Iterator[tuple[str, Path]]:
    """The files of the ledger and the lists beside the database: the project's own files."""
    yield from (("ledger", file) for file in ledger.files())
    folder = lists_folder()
    yield from (("list", file) for file in sorted(folder.rglob("*.csv")) if folder.is_dir())


def _count_in_file(con: duckdb.DuckDBPyConnection, status: str, file: Path) -> Count:
    """The rows of a file, Parquet or CSV, that name an erased person."""
    import duckdb

    reader = "read_csv(?, all_varchar = true, header = true, delim = ',')"
    if file.suffix == ".parquet":
        reader = "read_parquet(?)"
    try:
        con.execute(
            f"create or replace temp table written as select * from {reader}",
            [as_pattern(str(file))],
        )
        columns = [row[0] for row in con.execute("describe written").fetchall()]
        names = {name.lower(): f"cast({identifier(name)} as varchar)" for name in columns}
        found = con.execute(_search(con, "written", names)).fetchone()
    except duckdb.Error:
        return Count(status, file, "(cannot be read)", None)
    return Count(status, file, ledger.TABLE, found[0] if found else None)


def erase_from_ledger() -> int:
    """Takes the erased people of the published build out of the ledger; returns how many files.

    Of their messages, the keys stay. The lists of those hand-overs are removed.
    """
    import duckdb

    if not ledger.files():
        return 0
    with duckdb.connect() as con:
        con.execute("set temp_directory = ''")  # never write the erased ids to a disk
        file = database_file()
        attach(con, file, read_only=True)
        attach_private(con, file, file.stem)
        erasures = f"{PRIVATE}.staging.stg_rights__erasures"
        if con.execute(f"select count(*) from {erasures}").fetchone() == (0,):
            return 0
        svids = f"{PRIVATE}.staging.stg_rights__erased_svids"
        erased = set(con.execute(f"select svid_state, svid from {svids}").fetchall())
    written = 0
    for old, _ in ledger.erase(lambda state, svid: bool({(state, svid), (None, svid)} & erased)):
        forget(old)
        written += 1
    return written


def _open(con: duckdb.DuckDBPyConnection) -> Path:
    """Attaches the published pair under the names that its views use; returns its private half."""
    import duckdb

    file = database_file()
    if not file.is_file():
        raise DatabaseError(f"there is no database at {file}: {BUILD}")
    refuse_foreign_writes(file)
    delivered = _requests_delivered(con)
    try:
        attach(con, file, read_only=True)
        half = attach_private(con, file, file.stem)
        if half is None:
            raise DatabaseError(
                f"the database {file} was made by a different code version: {BUILD}"
            )
        con.execute(_WANTED)
        known = con.execute(f"select count(*) from {PRIVATE}.extracts.erasure_requests").fetchone()
    except duckdb.Error as error:
        raise DatabaseError(
            f"the database {file} cannot read the requests for erasure ({type(error).__name__}); "
            f"were the extracts moved? {BUILD}"
        ) from None
    if known != (delivered,):
        raise DatabaseError(
            f"the database {file} is older than the newest erasure_requests: {BUILD}"
        )
    return half


def _requests_delivered(con: duckdb.DuckDBPyConnection) -> int | None:
    """The rows of erasure_requests that lie in the extracts; None if a file cannot be read."""
    folder, work = data_folder(), work_file()
    # The views of the database read copies of UTF-16 files there.
    spool_into(work.with_name(f"{work.name}.tmp") / "utf8")
    tables = {entry.name: ["identifier"] for entry in folder.iterdir() if entry.is_dir()}
    files = [
        file
        for file in delivered_files(str(folder), tables)
        if file["source_table"] == "erasure_requests"
    ]
    parquet = [as_pattern(file["path"]) for file in files if file["kind"] == "parquet"]
    counted = [row["rows_in"] for row in csv_rows([f["path"] for f in files if f["kind"] == "csv"])]
    if None in counted or any(file["kind"] == "broken" for file in files):
        return None
    if parquet:
        query = "select sum(num_rows) from parquet_file_metadata(?)"
        counted += [row[0] for row in con.execute(query, [parquet]).fetchall()]
    return int(sum(counted))


def _want_pseudonyms(con: duckdb.DuckDBPyConnection) -> None:
    """Adds the pseudonyms of the erased people."""
    if not os.environ.get("BEHAVIORAL_HASH_KEY") and not key_file().is_file():
        raise DatabaseError(
            f"there is no key of pseudonyms: set BEHAVIORAL_HASH_KEY, or put {key_file()} back"
        )
    key = hash_key(key_file())
    named = con.execute(
        "select email_key from wanted_contacts where email_key is not null "
        "union select phone_key from wanted_contacts where phone_key is not null "
        "union select state || ':' || svid from wanted_voters"
    ).fetchall()
    # Kept builds of earlier code may hold the whole hash instead of its first half.
    whole = [hmac.new(key, text.encode(), hashlib.sha256).hexdigest() for (text,) in named]
    pseudonyms = [[name] for name in (*whole, *(name[:PSEUDONYM_LENGTH] for name in whole))]
    if pseudonyms:
        con.executemany("insert into wanted_texts values (?)", pseudonyms)


def _counts(con: duckdb.DuckDBPyConnection, status: str, file: Path) -> Iterator[Count]:
    """The tables of one database file, each with the number of rows that name an erased person."""
    import duckdb

    try:
        attach(con, file, read_only=True, name="looked_at")
    except duckdb.Error:
        yield Count(status, file, "(cannot be read)", None)
        return
    try:
        tables: dict[tuple[str, str], dict[str, str]] = {}
        for schema, table, column, kind in con.execute(
            "select columns.schema_name, columns.table_name, columns.column_name, "
            "columns.data_type "
            "from duckdb_columns() as columns inner join duckdb_tables() as tables "
            "using (database_name, schema_name, table_name) "
            "where columns.database_name = 'looked_at' "
            "and (columns.data_type like '%VARCHAR%' or columns.data_type = 'BLOB') "
            "order by columns.schema_name, columns.table_name, columns.column_index"
        ).fetchall():
            # Binary columns hold hashes: compare them in hex.
            text = f"hex({identifier(column)})" if kind == "BLOB" else identifier(column)
            tables.setdefault((schema, table), {})[column] = f"cast({text} as varchar)"
        for (schema, table), columns in tables.items():
            name = ".".join(identifier(part) for part in ("looked_at", schema, table))
            found = con.execute(_search(con, name, columns)).fetchone()
            yield Count(status, file, f"{schema}.{table}", found[0] if found else None)
    finally:
        con.execute("detach looked_at")


def _search(con: duckdb.DuckDBPyConnection, table: str, columns: dict[str, str]) -> str:
    """SQL that counts the rows of a table that name an erased person.

    ``columns`` are the names and the SQL of their text. Each distinct value is searched once, not
    each row: large tables repeat their values.
    """
    conditions = []
    for number, text in enumerate(columns.values()):
        hits = f"hits_{number}"
        con.execute(
            f"create or replace temp table {hits} as with texts as ("
            f"select distinct {text} as delivered from {table}), "
            "lowered as (select delivered, lower(trim(delivered)) as value from texts) "
            "select delivered from lowered where value is not null and ("
            f"value in (select wanted from wanted_texts) or {_WITHIN})"
        )
        conditions.append(f"{text} in (select delivered from {hits})")
    if "person_id" in columns:
        conditions.append("person_id in (select person_id from wanted_persons)")
    if "svid" in columns:
        of_state = "and wanted_voters.state = looked.state" if "state" in columns else ""
        conditions.append(
            "exists (select 1 from wanted_voters where "
            f"wanted_voters.svid = looked.svid {of_state})"
        )
    if {"source_table", "row_json"} <= columns.keys():
        conditions.append(
            "source_table in ('person_custom_field', 'behavior_events') "
            "and exists (select 1 from wanted_voters where "
            "contains(replace(row_json, ' ', ''), '\"' || wanted_voters.svid || '\"'))"
        )
    return f"select count(*) from {table} as looked where {' or '.join(conditions)}"


def must_forget(work: Path, earlier: Sequence[Path]) -> bool:
    """Whether one of the ``earlier`` pairs holds a person whom the ``work`` pair has erased.

    True for a pair that cannot be read, or was built without requests: it may hold anybody.
    """
    import duckdb

    erased = "staging.stg_rights__erasures"
    with duckdb.connect() as con:
        _attach_half(con, work, "work")
        requests = con.execute(f"select count(*) from work.{erased}").fetchone()
        if requests == (0,):
            return False
        for file in earlier:
            if not file.is_file():
                continue
            try:
                _attach_half(con, file, "earlier")
                new = con.execute(
                    f"select count(*) from work.{erased} as work where not exists (select 1 from "
                    f"earlier.{erased} as earlier where earlier.erasure_hash = work.erasure_hash)"
                ).fetchone()
                con.execute("detach earlier")
            except duckdb.Error:
                return True
            if new != (0,):
                return True
    return False


def _attach_half(con: duckdb.DuckDBPyConnection, file: Path, name: str) -> None:
    """Attaches the private half of a database; a build of earlier code has one file."""
    attach(con, file, read_only=True, name="published")
    half = private_name(con, file, "published")
    con.execute("detach published")
    attach(con, half or file, read_only=True, name=name)
