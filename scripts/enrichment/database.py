"""Queries the published database: table functions with bound arguments, and whole marts.

Each command opens the file read-only under its base name, and closes it at its end. The connection
can reach no other file, except in the folder for its output. Only a command that needs addresses,
phones or refused rows also opens the private half: the one whose name carries the
build id that the published file holds.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from enrichment import audit, code_version, contracts, roles
from enrichment.errors import DatabaseError, InputError, shown
from enrichment.paths import database_file, history_folder, private_half
from enrichment.resource_errors import is_full_disk

if TYPE_CHECKING:
    import duckdb

BUILD = "run `python scripts/segment.py build`"
PRIVATE = "private"
"""The name of an attached private half; its views and functions contain it."""

REFUSED_ROWS = "rejected_rows"
"""What ``export`` reads from the private half."""
_BATCH = 10_000
_T = TypeVar("_T")


@dataclass(frozen=True)
class Query:
    """SQL text written by this program, and the values bound to its question marks."""

    sql: str
    values: tuple[Any, ...] = ()

    def beside(self, other: Query, key: str) -> Query:
        """The rows of this query with the columns of another, which has one row per ``key``."""
        return Query(
            f"select * from ({self.sql}) left join ({other.sql}) using ({identifier(key)}) "
            f"order by {identifier(key)}",
            (*self.values, *other.values),
        )


def identifier(name: str) -> str:
    """``name`` as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """``value`` as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def attach(
    con: duckdb.DuckDBPyConnection, file: Path, *, read_only: bool, name: str | None = None
) -> None:
    """Attaches ``file`` as ``name``, by default its base name, which its functions refer to."""
    mode = " (read_only)" if read_only else ""
    con.execute(f"attach {text(str(file))} as {identifier(name or file.stem)}{mode}")


def refuse_foreign_writes(file: Path) -> None:
    """Raises DatabaseError if a write-ahead log lies beside a database: no build leaves one.

    The engine would replay it, even when it opens the file read-only, and answer with what another
    program wrote.
    """
    log = file.with_name(f"{file.name}.wal")
    if os.path.lexists(log):
        raise DatabaseError(
            f"another program has written to the database {file} and has not finished ({log.name} "
            f"lies beside it): close that program, then {BUILD}, which replaces both"
        )


def build_info(con: duckdb.DuckDBPyConnection, file: Path) -> tuple[Any, ...] | None:
    """``build_id, as_of_date, code_digest`` of an attached database; None if it has no build."""
    row: tuple[Any, ...] | None = con.execute(
        "select build_id, as_of_date, code_digest "
        f"from {identifier(file.stem)}.marts.build_info limit 1"
    ).fetchone()
    return row


def private_name(con: duckdb.DuckDBPyConnection, file: Path, database: str) -> Path | None:
    """The private half of an attached database; None for a build of one file, of earlier code.

    That of an analyst's own pair carries no build id.
    """
    build_id = _build_id(con, database)
    of_one_file = con.execute(
        "select count(*) from duckdb_schemas() "
        "where database_name = ? and schema_name = 'extracts'",
        [database],
    ).fetchone()
    if of_one_file != (0,):
        return None
    own, named = private_half(file), private_half(file, build_id)
    if file.parent == history_folder() / str(build_id):
        named = private_half(database_file().with_name(file.name), build_id)
    return own if own.is_file() and not named.is_file() else named


def _build_id(con: duckdb.DuckDBPyConnection, database: str) -> str | None:
    """The id of an attached database's build; None if it holds none."""
    import duckdb

    try:
        row = con.execute(
            f"select build_id from {identifier(database)}.marts.build_info limit 1"
        ).fetchone()
    except (duckdb.CatalogException, duckdb.InvalidInputException):
        # Without the table, the engine takes the Python function of that name for it.
        return None
    return str(row[0]) if row else None


def attach_private(
    con: duckdb.DuckDBPyConnection, file: Path, database: str, *, name: str = PRIVATE
) -> Path | None:
    """Attaches the private half of an attached published or kept database, read-only.

    Returns its path, None if the build has only one file. Raises DatabaseError if the half is
    missing, damaged, written by another program, or of another build.
    """
    import duckdb

    half = private_name(con, file, database)
    if half is None:
        return None
    remedy = f"put back the file of this build, or {BUILD}"
    if not half.is_file():
        raise DatabaseError(f"the private half {half} of the database is missing: {remedy}")
    refuse_foreign_writes(half)
    build_id = _build_id(con, database)
    try:
        attach(con, half, read_only=True, name=name)
        # A selection of models without build_info makes a pair without an id.
        found = (
            build_id
            and con.execute(f"select build_id from {identifier(name)}.extracts.build").fetchall()
        )
    except duckdb.Error:
        _detach(con, name)
        raise DatabaseError(
            f"the private half {half} of the database cannot be read: {remedy}"
        ) from None
    if build_id and found != [(build_id,)]:
        _detach(con, name)
        raise DatabaseError(f"the private half {half} is not of build {build_id}: {remedy}")
    return half


def _identity(file: Path) -> tuple[int, int, int] | None:
    """The identity of a file, which differs in one that has replaced it; None if there is none."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns


def _detach(con: duckdb.DuckDBPyConnection, name: str) -> None:
    con.execute(f"detach database if exists {identifier(name)}")


class Database:
    """The published database, opened read-only for one command.

    ``writable`` is the only folder that a COPY may write to. With ``private``, the private half is
    open too. Raises DatabaseError if a file is missing, unreadable, half-written, written by
    another program, of another build or older than the code.
    """

    def __init__(self, writable: Path | None = None, *, private: bool = False) -> None:
        self.file = database_file()
        self._writable = writable
        self._private = private
        self.rows_read = 0
        self._long_list: Sequence[str] | None = None

    def __enter__(self) -> Self:
        import duckdb

        while True:
            if not self.file.is_file():
                raise DatabaseError(f"there is no database at {self.file}: {BUILD}")
            refuse_foreign_writes(self.file)
            opened = _identity(self.file)
            # A connection in memory, so that a new file is seen as soon as it replaces the old one.
            self._con = duckdb.connect(
                config={"autoinstall_known_extensions": False, "autoload_known_extensions": False}
            )
            try:
                self._open()
            except DatabaseError:
                self._con.close()
                # A build that is published meanwhile may remove the private half of the last one.
                if not self._private or _identity(self.file) == opened:
                    raise
            except BaseException:
                self._con.close()
                raise
            else:
                return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        import duckdb

        self._con.close()
        if isinstance(error, RuntimeError) and "interrupted" in str(error).lower():
            # The engine raises this if a signal stopped its query.
            raise KeyboardInterrupt from None
        if isinstance(error, duckdb.Error):
            # The message of the engine may quote a value: show only the type of the error.
            raise DatabaseError(
                f"the database {self.file} cannot answer ({type(error).__name__}); it may be "
                f"damaged or made by a different code version: {BUILD}"
            ) from None

    def _open(self) -> None:
        import duckdb

        try:
            attach(self._con, self.file, read_only=True)
        except duckdb.Error as error:
            if "lock" in str(error).lower():
                raise DatabaseError(
                    f"the database {self.file} is being written by another process: wait for it, "
                    "or publish with `python scripts/segment.py build`"
                ) from None
            raise DatabaseError(
                f"the database {self.file} cannot be read (half-written, or no database): {BUILD}"
            ) from None
        try:
            info = build_info(self._con, self.file)
        except duckdb.Error:
            info = None
        if info is None:
            raise DatabaseError(f"the database {self.file} holds no finished build: {BUILD}")
        audit.note(build_id=info[0])
        if info[2] != code_version.code_digest():
            raise DatabaseError(
                f"the database {self.file} was made by a different code version: {BUILD}"
            )
        if self._private:
            attach_private(self._con, self.file, self.file.stem)
        self._con.execute("set temp_directory = ''")
        if self._writable is not None:
            self._con.execute(f"set allowed_directories = [{text(str(self._writable))}]")
        self._con.execute("set enable_external_access = false; set lock_configuration = true")

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Another connection to the opened file, with temporary tables of its own."""
        return self._con.cursor()

    def relation(self, schema: str, name: str, *, private: bool = False) -> str:
        """The full name of a table, view or function of the database, as SQL.

        With ``private``, of one that stands in the private half.
        """
        database = PRIVATE if private else self.file.stem
        return ".".join(identifier(part) for part in (database, schema, name))

    def ask(
        self,
        function: str,
        svids: Sequence[str],
        options: dict[str, Any] | None = None,
        *,
        select: str = "select *",
        then: str = "",
        then_values: Sequence[Any] = (),
    ) -> Query:
        """The call of a table function of ``segments``; ids and options are bound values.

        ``select`` and ``then`` are the SQL around the call, ``then_values`` the values of the
        question marks in ``then``.
        """
        options = options or {}
        arguments = "".join(f", {name} := ?" for name in options)
        argument, values = self._argument(svids, "?")
        call = f"{self.relation('segments', function)}({argument}{arguments})"
        return Query(f"{select} from {call} {then}", (*values, *options.values(), *then_values))

    def _argument(self, svids: Sequence[str], mark: str) -> tuple[str, tuple[Any, ...]]:
        """A list of ids as SQL, and the values to bind for it.

        A long list is bound once, in parts, and kept in memory: to bind a million ids in one value
        takes 200 MB, in every statement.
        """
        if len(svids) <= _BATCH:
            return mark, (list(svids),)
        if self._long_list is not svids:
            self._con.execute("create or replace temp table segment_ids (entry varchar)")
            for start in range(0, len(svids), _BATCH):
                part = list(svids[start : start + _BATCH])
                self._con.execute("insert into temp.segment_ids select unnest(?)", [part])
            self._long_list = svids
        return "(select list(entry) from temp.segment_ids)", ()

    def _run(self, work: Callable[[], _T]) -> _T:
        """Runs ``work`` in another thread, so that Ctrl-C can interrupt a long query."""
        with ThreadPoolExecutor(1) as pool:
            result = pool.submit(work)
            try:
                return result.result()
            except KeyboardInterrupt:
                self._con.interrupt()
                raise

    def columns(self, query: Query) -> dict[str, str]:
        """The names and types of a query's columns, without its rows."""
        self._con.execute(f"select * from ({query.sql}) limit 0", query.values)
        return {name: str(kind) for name, kind, *_ in self._con.description or ()}

    def rows(self, query: Query) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
        """The column names and the rows of a query; one query at a time."""
        self._run(lambda: self._con.execute(query.sql, query.values))
        names = [column[0] for column in self._con.description or ()]
        return names, self._fetched()

    def _fetched(self) -> Iterator[tuple[Any, ...]]:
        is_last = False
        while not is_last:
            batch = self._run(lambda: self._con.fetchmany(_BATCH))
            is_last = len(batch) < _BATCH
            self.rows_read += len(batch)
            yield from batch

    def keep(self, name: str, query: Query) -> None:
        """Keeps the rows of a query in memory as ``temp.<name>`` until the connection closes."""
        sql = f"create or replace temp table {identifier(name)} as {query.sql}"
        self._run(lambda: self._con.execute(sql, query.values))

    def texts(self, query: Query) -> Iterator[str]:
        """The values of a query with one text column."""
        return (line for (line,) in self.rows(query)[1])

    def keep_answers(self, svids: Sequence[str], requested: Mapping[str, dict[str, Any]]) -> None:
        """Calls functions about one segment, each with its options, and keeps their answers.

        One statement calls all of them, so that the engine computes their common parts only once.
        """
        argument, bound = self._argument(svids, "$1")
        values = list(bound)
        lists = []
        for function, options in requested.items():
            arguments = [argument]
            for name, value in options.items():
                values.append(value)
                arguments.append(f"{name} := ${len(values)}")
            call = f"{self.relation('segments', function)}({', '.join(arguments)})"
            lists.append(f"(select list(answer) from {call} as answer) as {identifier(function)}")
        self.keep("answers", Query(f"select {', '.join(lists)}", tuple(values)))

    @staticmethod
    def kept(function: str) -> str:
        """SQL of a function's kept rows, in no certain order."""
        return f"(select unnest({identifier(function)}, max_depth := 2) from temp.answers)"

    def all_rows(self, query: Query) -> list[tuple[Any, ...]]:
        """All rows of a small query."""
        return list(self.rows(query)[1])

    def records(self, query: Query) -> list[dict[str, Any]]:
        """All rows of a small query, by column."""
        names, rows = self.rows(query)
        return [dict(zip(names, row, strict=True)) for row in rows]

    def has(self, schema: str, name: str) -> bool:
        """Whether this build has a table or function of that name."""
        found = self.all_rows(
            Query(
                "select count(*) from (select database_name, schema_name, table_name as name "
                "from duckdb_tables() union all "
                "select database_name, schema_name, function_name as name from duckdb_functions() "
                ") where database_name = ? and schema_name = ? and name = ?",
                (self.file.stem, schema, name),
            )
        )
        return bool(found[0][0])

    def write_parquet(self, query: Query, file: Path) -> None:
        """Writes a query's rows to ``file``, which must be in the writable folder.

        Raises OSError if the disk is full.
        """
        import duckdb

        try:
            self._run(
                lambda: self._con.sql(query.sql, params=list(query.values)).write_parquet(str(file))
            )
        except duckdb.IOException as error:
            if is_full_disk(str(error)):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from None
            raise
        rows = self._con.execute("select count(*) from read_parquet(?)", [str(file)]).fetchone()
        self.rows_read += rows[0] if rows else 0

    def mart(self, name: str) -> Query:
        """The rows of a mart, named with or without its schema.

        Raises InputError if it is unknown, or if the account's role may not see its rows.
        """
        role = roles.current()
        _, found = self.rows(
            Query(
                "select schema_name, name from ("
                "select database_name, schema_name, table_name as name from duckdb_tables() "
                "union all "
                "select database_name, schema_name, view_name as name from duckdb_views()) "
                "where database_name = ? and schema_name in ('marts', 'quarantine') order by all",
                (self.file.stem,),
            )
        )
        marts = {mart: schema for schema, mart in found}
        if role.may("refused_rows"):
            marts[REFUSED_ROWS] = "quarantine"
        schema, _, bare = name.rpartition(".")
        if bare not in marts or schema not in ("", marts[bare]):
            raise InputError(
                f"there is no mart {shown(name)}; expected one of {', '.join(sorted(marts))}"
            )
        if role.name is not None and marts[bare] == "marts":
            contract = contracts.relation("marts", bare)
            if contract is None or contract.is_about_single_people:
                role.require("single_people")
            elif not role.may("small_groups"):
                from enrichment.disclosure import shown_mart

                return shown_mart(self, contract)
        if bare == REFUSED_ROWS:
            if not self._private:
                raise InputError(f"{REFUSED_ROWS} stand in the private half: use `export`")
            return Query(f"select * from {self.relation(marts[bare], bare, private=True)}")
        return Query(f"select * from {self.relation(marts[bare], bare)}")

    def attribution_models(self) -> list[str]:
        """The names of the attribution models in the database, sorted."""
        marts = self.relation("marts", "campaign_attribution")
        _, found = self.rows(Query(f"select distinct model from {marts} order by model"))
        return [model for (model,) in found]


class Listing(Database):
    """Rows that come from the runner, not from a database, and are written like any answer."""

    def __enter__(self) -> Self:
        import duckdb

        self._con = duckdb.connect()
        return self

    @staticmethod
    def of(columns: dict[str, str], rows: list[tuple[Any, ...]]) -> Query:
        """The rows, in order; ``columns`` are their names and types."""
        values = [[row[at] for row in rows] for at in range(len(columns))]
        typed = (
            f"unnest(cast(? as {kind}[])) as {identifier(name)}" for name, kind in columns.items()
        )
        return Query("select " + ", ".join(typed), tuple(values))
