"""Write pages of the docs from what a database holds: `tools/render_docs.py scores bias-audit`.

Exit codes: 0 done; 2 bad arguments; 3 the database is missing, or older than the page.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb

from enrichment.errors import DatabaseError, InputError, RunnerError
from enrichment.paths import PROJECT, database_file
from rendering import bias_audit, scores

PAGES: dict[str, Callable[[duckdb.DuckDBPyConnection, Path, str], None]] = {
    "scores": scores.write_page,
    "bias-audit": bias_audit.write_page,
}
"""What writes each page, `docs/<page>.md`; the text says what the database was built from."""

SAMPLE, ANY = "a build from the made-up sample (`make demo`)", "one database"


def render(page: str, database: Path, docs: Path, source: str) -> Path:
    """Writes a page and its plots; its file. Raises DatabaseError or InputError."""
    file = docs / f"{page}.md"
    if not database.is_file():
        raise DatabaseError(f"there is no database at {database}: build it, or name another")
    if not docs.is_dir():
        raise InputError(f"--out: there is no folder {docs}")
    try:
        with duckdb.connect(str(database), read_only=True) as con:
            PAGES[page](con, file, source)
    except duckdb.IOException:
        raise DatabaseError(
            f"{database} cannot be read: it is being built, or is no database"
        ) from None
    except duckdb.CatalogException:
        raise DatabaseError(
            f"{database} does not have the tables of the page {page}: build it anew"
        ) from None
    except OSError as error:
        raise InputError(f"--out: {error.strerror}: name a folder that can be written") from None
    return file


def main() -> int:
    """Runs the command line; any mistake is one line."""
    parser = argparse.ArgumentParser(description="Write pages of the docs from a database.")
    parser.add_argument("pages", nargs="+", choices=sorted(PAGES), metavar="page", help="of which")
    parser.add_argument("--database", type=Path, help="default: the published database")
    parser.add_argument("--out", type=Path, default=PROJECT / "docs", help="folder of the docs")
    parser.add_argument(
        "--sample", action="store_true", help="say that the figures are of the made-up sample"
    )
    given = parser.parse_args()
    try:
        database = given.database.resolve() if given.database else database_file()
        source = SAMPLE if given.sample else ANY
        for page in given.pages:
            print(render(page, database, given.out.resolve(), source))
    except RunnerError as error:
        print(f"render_docs.py: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
