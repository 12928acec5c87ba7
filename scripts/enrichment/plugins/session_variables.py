"""dbt-duckdb plugin: values that SQL needs but compiled files must not contain.

Every connection of a build gets these DuckDB variables:

* ``hash_key_inner`` and ``hash_key_outer`` (64 bytes each): the padded keys of HMAC-SHA256
  (RFC 2104), read by the macro ``keyed_hash``;
* ``code_version`` and ``code_digest``: the version and the digest of the definitions;
* ``reading_digest``: the digest of the definitions that decide how an extract is read;
* ``folder_digest``: the SHA-256 of the path of the extract folder;
* ``held_<view>`` for each view that the table ``held`` of the database ``erased`` lists: the name
  of the table there with its rows. That database is in memory. A build keeps there who asked to be
  erased (macros/erased.sql), because no file may hold them;

the database ``definitions``, in memory, with the segments and other definitions of the folder
``definitions`` as rows (`enrichment.definitions`): a mistake in one stops every command;

and the functions ``file_hashes(paths)``, the SHA-256 of each file of a list in hex,
``delivered_files(request)``, what lies in the folder of extracts, and ``csv_rows(paths)``, the rows
of each CSV file or the line that does not fit (`enrichment.delivered_files`).

A build writes two files. The one beside that of the profile is attached as ``private``: it gets all
that may not be published (`dbt_project.yml`). The published pair (``BEHAVIORAL_PREVIOUS_DB``) is
attached as ``previous`` and ``previous_private``, read-only: macros/carry.sql takes from it what
the last build has read. A private half that does not belong to the published one is left out.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin
from dbt_common.exceptions import DbtRuntimeError

from enrichment.code_version import code_digest, code_version, reading_digest
from enrichment.database import PRIVATE, attach, attach_private, refuse_foreign_writes
from enrichment.definitions.experiments import check_started
from enrichment.definitions.load import load, rows, tables
from enrichment.delivered_files import COUNTED, LISTED, csv_rows, delivered_files, spool_into
from enrichment.errors import DatabaseError, InputError
from enrichment.hashing import file_hashes
from enrichment.paths import private_half
from enrichment.pseudonyms import hash_key

_BLOCK = 64


def hmac_pads(key: bytes) -> tuple[bytes, bytes]:
    """The inner and the outer padded key of HMAC-SHA256, 64 bytes each."""
    if len(key) > _BLOCK:
        key = hashlib.sha256(key).digest()
    key = key.ljust(_BLOCK, b"\0")
    return bytes(b ^ 0x36 for b in key), bytes(b ^ 0x5C for b in key)


def folder_digest() -> str:
    """The SHA-256 of the path of the extract folder, in hex."""
    folder = Path(os.environ.get("BEHAVIORAL_DATA_DIR") or "data").resolve()
    return hashlib.sha256(os.fsencode(folder)).hexdigest()


def spool_folder(conn: Any) -> Path:
    """The folder for copies of extracts in UTF-8: in the engine's folder for what it spills."""
    (folder,) = conn.execute("select current_setting('temp_directory')").fetchone()
    return Path(folder or ".tmp") / "utf8"


def _delivered_files(request: str) -> list[dict[str, Any]]:
    """The files of a folder; ``request`` is JSON with the folder and the tables' columns."""
    asked = json.loads(request)
    return delivered_files(asked["folder"], asked["tables"])


class Plugin(BasePlugin):  # type: ignore[misc]  # dbt is not typed for checkers
    """Adds the function to each connection, and sets the variables on each cursor."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Reads the key, or creates it, once per process."""
        inner, outer = hmac_pads(hash_key(Path(plugin_config["key_file"])))
        self._variables = {
            "hash_key_inner": inner,
            "hash_key_outer": outer,
            "code_version": code_version(),
            "code_digest": code_digest(),
            "reading_digest": reading_digest(),
            "folder_digest": folder_digest(),
        }
        self._previous = str(plugin_config.get("previous") or "")
        try:
            self._found = load()
        except InputError as error:
            raise DbtRuntimeError(f"Definitions: {error}") from None
        self._definitions = rows(self._found)

    def configure_connection(self, conn: Any) -> None:
        """Adds the functions and attaches the published database."""
        conn.execute(
            "attach ':memory:' as erased; create table erased.main.held (view_name varchar)"
        )
        self._write_definitions(conn)
        conn.create_function("file_hashes", file_hashes, ["VARCHAR[]"], "VARCHAR[]")
        conn.create_function("delivered_files", _delivered_files, ["VARCHAR"], LISTED)
        conn.create_function("csv_rows", csv_rows, ["VARCHAR[]"], COUNTED)
        spool_into(spool_folder(conn))
        if self._previous:
            refuse_foreign_writes(Path(self._previous))
            attach(conn, Path(self._previous), read_only=True, name="previous")
            # The runner says that a build without it reads everything.
            with suppress(DatabaseError):
                attach_private(conn, Path(self._previous), "previous", name="previous_private")
        own, path = conn.execute(
            "select database_name, path from duckdb_databases() "
            "where database_name = current_database()"
        ).fetchone()
        attach(conn, private_half(Path(path)), read_only=False, name=PRIVATE)
        try:
            check_started(self._found.items, conn, "previous" if self._previous else own)
        except InputError as error:
            raise DbtRuntimeError(f"Definitions: {error}") from None

    def _write_definitions(self, conn: Any) -> None:
        conn.execute("attach ':memory:' as definitions")
        for table, columns in tables().items():
            typed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            conn.execute(f"create table definitions.main.{table} ({typed})")
            if self._definitions[table]:
                marks = ", ".join("?" for _ in columns)
                conn.executemany(
                    f"insert into definitions.main.{table} values ({marks})",
                    self._definitions[table],
                )

    def configure_cursor(self, cursor: Any) -> None:
        """Sets the variables. Values are bound, so that no log contains them."""
        # Not the catalog of the engine: to list the tables takes ten times as long, once per model.
        held = cursor.execute("select view_name from erased.main.held").fetchall()
        names = {f"held_{view}": f"erased.main.{view}" for (view,) in held}
        for name, value in (self._variables | names).items():
            cursor.execute(f"set variable {name} = ?", [value])
