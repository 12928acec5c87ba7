"""dbt-duckdb plugin: what SQL may reach during a build, and what is told of an error.

The engine of every dbt command reads the extract folder, the seeds, the database that it builds,
the one before, and its own spill folder. Every other file, the network and extensions are out of
reach, and no statement can change that. It is set where the connection is opened, and not by a
hook, so that no command gets around it.

What the engine says of a failure may quote a value of a row, and dbt would write that into its log,
its result files and the terminal. Where it may, only the kind of the error and the file are told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt_common.exceptions import DbtRuntimeError

from enrichment.code_version import PROJECT

# These speak of SQL, files and memory, before or apart from any row.
_ABOUT_NO_ROW = (
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.DependencyException,
    duckdb.IOException,
    duckdb.NotImplementedException,
    duckdb.OutOfMemoryException,
    duckdb.ParserException,
    duckdb.PermissionException,
    duckdb.SyntaxException,
    duckdb.TransactionException,
)
_LOCKED = "the configuration has been locked"
_FILE = re.compile(r"file ['\"][^'\"\n]+\.parquet['\"]", re.IGNORECASE)


class Plugin(BasePlugin):  # type: ignore[misc]  # dbt is not typed for checkers
    """Locks each engine that dbt opens; last of the plugins, for it ends all configuration."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Takes the folder of extracts, and makes dbt tell errors without values."""
        folder = str(plugin_config["data_dir"])
        # A pattern of files begins with the folder's name as it is escaped in patterns.
        self._folders = [folder, re.sub(r"([*?[])", r"[\1]", folder), str(PROJECT / "seeds")]
        DuckDBConnectionManager.exception_handler = _told_without_values

    def configure_connection(self, conn: Any) -> None:
        """Ends the engine's reach, and its configuration."""
        # Not among the profile's settings: those are set again for each cursor.
        conn.execute("set global TimeZone = 'UTC'")
        folders = ", ".join("'" + folder.replace("'", "''") + "'" for folder in self._folders)
        conn.execute(f"set allowed_directories = [{folders}]")
        conn.execute("set enable_external_access = false; set lock_configuration = true")


@contextmanager
def _told_without_values(
    manager: DuckDBConnectionManager, sql: str, connection_name: str = "master"
) -> Iterator[None]:
    """In place of dbt-duckdb's own handler of errors, which logs all that the engine says."""
    try:
        yield
    except DbtRuntimeError:
        raise
    except Exception as error:
        manager.rollback_if_open()
        raise DbtRuntimeError(without_values(error)) from None


def without_values(error: BaseException) -> str:
    """What an error says, but for what it may quote of a row."""
    text = str(error)
    if isinstance(error, _ABOUT_NO_ROW) or _LOCKED in text:
        return text
    kind = text.partition(":")[0] if isinstance(error, duckdb.Error) else type(error).__name__
    found = _FILE.search(text)
    return (
        f"{kind}{' in ' + found.group(0) if found else ''} (what the engine says may quote a row, "
        "and is not kept: run the compiled SQL in a DuckDB client to read it)"
    )
