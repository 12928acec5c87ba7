"""Write pages of the docs: `tools/render_docs.py marts`, or `scores bias-audit --html`.

`marts` and `metrics` are committed and made from the descriptions of the models; `metrics` also
writes `metrics/models/`. `evaluation` writes the tables of the committed page `docs/scores.md` from
a database. The other pages show what a database holds; `make docs` writes them as HTML for the docs
site.

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
from rendering import bias_audit, evaluation, html, marts, metrics, scores

PAGES: dict[str, Callable[[duckdb.DuckDBPyConnection, Path, str], None]] = {
    "scores": scores.write_page,
    "bias-audit": bias_audit.write_page,
}
"""The writer of each page about a database; its last argument names what that was built from."""

COMMITTED: dict[str, Callable[[Path], None]] = {
    "marts": marts.write_page,
    "metrics": metrics.write_page,
}
"""The writer of each page that is committed in `docs/` and made without a database."""

SECTIONS: dict[str, tuple[str, Callable[[duckdb.DuckDBPyConnection, Path, str], None]]] = {
    "evaluation": ("scores", evaluation.write_section)
}
"""Parts of committed pages about a database: the name of the page, and the writer of the part."""

DOCS = PROJECT / "docs"
SITE = PROJECT / "target" / "docs_pages"

SAMPLE, ANY = "a build from the made-up sample (`make demo`)", "one database"


def render(page: str, database: Path, folder: Path, source: str) -> Path:
    """Writes a page about a database, with its plots, and returns the page's file.

    Raises DatabaseError or InputError.
    """
    name, write = SECTIONS[page] if page in SECTIONS else (page, PAGES[page])
    file = folder / f"{name}.md"
    if not database.is_file():
        raise DatabaseError(f"there is no database at {database}: build it, or name another")
    if not folder.is_dir():
        raise InputError(f"--out: there is no folder {folder}")
    try:
        with duckdb.connect(str(database), read_only=True) as con:
            write(con, file, source)
    except duckdb.IOException:
        raise DatabaseError(
            f"{database} cannot be read: it is being built, or is not a database"
        ) from None
    except duckdb.CatalogException:
        raise DatabaseError(
            f"{database} does not have the tables of the page {page}: build it again"
        ) from None
    except OSError as error:
        raise InputError(f"--out: {error.strerror}: name a folder that can be written") from None
    return file


def place_of(given: Path | None, default: Path) -> Path:
    """The folder for the pages: the given one, or the default, which is made if it is missing."""
    if given is not None:
        return given.resolve()
    default.mkdir(parents=True, exist_ok=True)
    return default


def main() -> int:
    """Runs the command line; any mistake is one line."""
    parser = argparse.ArgumentParser(description="Write pages of the docs.")
    parser.add_argument(
        "pages",
        nargs="+",
        choices=sorted([*PAGES, *SECTIONS, *COMMITTED]),
        metavar="page",
        help="which pages",
    )
    parser.add_argument("--database", type=Path, help="default: the published database")
    parser.add_argument(
        "--out",
        type=Path,
        help="folder; default: docs for committed pages, target/docs_pages for the others",
    )
    parser.add_argument(
        "--sample", action="store_true", help="say that the figures are of the made-up sample"
    )
    parser.add_argument(
        "--html",
        action="store_true",
        help="write HTML instead of Markdown for pages about a database",
    )
    given = parser.parse_args()
    try:
        source = SAMPLE if given.sample else ANY
        for page in given.pages:
            if page in COMMITTED:
                file = place_of(given.out, DOCS) / f"{page}.md"
                COMMITTED[page](file)
            else:
                database = given.database.resolve() if given.database else database_file()
                folder = place_of(given.out, DOCS if page in SECTIONS else SITE)
                file = render(page, database, folder, source)
                file = html.converted(file) if given.html and page in PAGES else file
            print(file)
    except RunnerError as error:
        print(f"render_docs.py: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
