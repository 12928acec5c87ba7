"""dbt-duckdb plugin that protects people: who reads the file, what SQL reaches, what errors show.

The file, its folder and whatever the engine writes beside it are for their owner alone (0600 and
0700). The plugin sees to that before the engine opens the file, in every dbt command.

The engine of every dbt command can read the extract folder, the seeds, the database that it builds,
the database of the last build, and its own spill folder. Other files, the network and extensions
are out of reach, and no statement can change that. The plugin sets this when the connection opens,
so that no command avoids it, as it could avoid a hook.

The engine's message about a failure may quote a value of a row, and dbt would write it into its
log, its result files and the terminal. The plugin therefore replaces dbt-duckdb's exception handler
by one that reports only the type of such an error and the file. dbt-duckdb has no setting for this.
To drop the replacement, it would need an option to rewrite the messages of errors.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt_common.exceptions import DbtRuntimeError

from enrichment.code_version import PROJECT
from enrichment.paths import private_half
from enrichment.plugins.session_variables import spool_folder

# These messages are about SQL, files and memory, never about a row.
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
_FILE = re.compile(r"file ['\"][^'\"\n]+\.(?:parquet|csv|csv\.gz)['\"]", re.IGNORECASE)


class Plugin(BasePlugin):  # type: ignore[misc]  # dbt is not typed for checkers
    """Locks each engine that dbt opens. It is the last plugin: it ends all configuration."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Reads the folder of extracts, and makes dbt report errors without values."""
        folder = str(plugin_config["data_dir"])
        # File patterns begin with the name of the folder, escaped as in patterns.
        self._folders = [folder, re.sub(r"([*?[])", r"[\1]", folder), str(PROJECT / "seeds")]
        DuckDBConnectionManager.exception_handler = _without_values

    def update_connection_config(self, creds: Any, config: dict[str, Any]) -> None:
        """Makes both halves, their folder and later files private, before the engine opens them."""
        if creds.path != ":memory:":
            keep_private(Path(creds.path))
            keep_private(private_half(Path(creds.path)))

    def configure_connection(self, conn: Any) -> None:
        """Limits what the engine can reach, and locks its configuration."""
        # Not a setting of the profile: dbt sets those again for each cursor, after the lock.
        conn.execute("set global TimeZone = 'UTC'")
        allowed = [*self._folders, str(spool_folder(conn))]
        folders = ", ".join("'" + folder.replace("'", "''") + "'" for folder in allowed)
        conn.execute(f"set allowed_directories = [{folders}]")
        conn.execute("set enable_external_access = false; set lock_configuration = true")


def keep_private(file: Path) -> None:
    """Makes a database private, with its folder if that is the project's own or new.

    From here on, this process creates files for their owner alone: the engine creates a .wal and a
    spill folder beside the database whenever it likes.
    """
    os.umask(0o077)
    folder = file.absolute().parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.is_relative_to(PROJECT / "warehouse" / "dev"):
        folder.chmod(0o700)
    for found in (file, file.with_name(f"{file.name}.wal")):
        if found.is_file():
            found.chmod(0o600)


@contextmanager
def _without_values(
    manager: DuckDBConnectionManager, sql: str, connection_name: str = "master"
) -> Iterator[None]:
    """Replaces dbt-duckdb's exception handler, which logs the engine's whole message."""
    try:
        yield
    except DbtRuntimeError:
        raise
    except Exception as error:
        manager.rollback_if_open()
        raise DbtRuntimeError(without_values(error)) from None


def without_values(error: BaseException) -> str:
    """The message of an error, without values that it may quote from a row."""
    text = str(error)
    if isinstance(error, _ABOUT_NO_ROW) or _LOCKED in text:
        return text
    kind = text.partition(":")[0] if isinstance(error, duckdb.Error) else type(error).__name__
    found = _FILE.search(text)
    return (
        f"{kind}{' in ' + found.group(0) if found else ''} (the engine's message may quote a row "
        "and is not kept: run the compiled SQL in a DuckDB client to read it)"
    )
