"""Write pages of the docs from what a database holds: `scripts/render_docs.py scores`.

Exit codes: 0 done; 2 bad arguments; 3 the database is missing, or older than the page.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb

from enrichment.errors import DatabaseError, InputError, RunnerError
from enrichment.places import PROJECT, database_file
from rendering import scores

PAGES: dict[str, tuple[str, Callable[[duckdb.DuckDBPyConnection, Path], None]]] = {
    "scores": ("scores.md", scores.write_page),
}
"""The file of each page below ``docs``, and what writes it."""


def render(page: str, database: Path, docs: Path) -> Path:
    """Writes a page and its plots; its file. Raises DatabaseError where the database has it not."""
    name, write = PAGES[page]
    if not database.is_file():
        raise DatabaseError(f"there is no database at {database}: build it, or name another")
    if not docs.is_dir():
        raise InputError(f"--out: there is no folder {docs}")
    try:
        with duckdb.connect(str(database), read_only=True) as con:
            write(con, docs / name)
    except duckdb.IOException:
        raise DatabaseError(
            f"{database} cannot be read: it is being built, or is no database"
        ) from None
    except duckdb.CatalogException:
        raise DatabaseError(
            f"{database} does not have the tables of the page {page}: build it anew"
        ) from None
    return docs / name


def main() -> int:
    """Runs the command line; any mistake is one line."""
    parser = argparse.ArgumentParser(description="Write pages of the docs from a database.")
    parser.add_argument("page", choices=sorted(PAGES), help="which page")
    parser.add_argument("--database", type=Path, help="default: the published database")
    parser.add_argument("--out", type=Path, default=PROJECT / "docs", help="folder of the docs")
    given = parser.parse_args()
    try:
        database = given.database.resolve() if given.database else database_file()
        print(render(given.page, database, given.out.resolve()))
    except RunnerError as error:
        print(f"render_docs.py: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
