"""Write the docs site into dbt's target folder, after `dbt docs generate`.

It follows every column of every model back to the delivered columns, and stops with one line if
there is a model that it cannot follow: nothing is left out silently.

Exit codes: 0 done; 2 bad arguments; 3 dbt has not written its files, or a model cannot be followed.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from enrichment.paths import PROJECT
from lineage.project import LineageError, read_project
from rendering.dbt_site import write_site
from rendering.html import write_pages
from rendering.tables import Site


def main() -> int:
    """Runs the command line; any mistake is one line."""
    parser = argparse.ArgumentParser(description="Write the docs site.")
    parser.add_argument("--target", type=Path, default=PROJECT / "target", help="dbt's folder")
    target: Path = parser.parse_args().target
    try:
        project = read_project(target / "manifest.json")
        Site(project, target / "docs_pages").write()
        write_pages(PROJECT / "docs", target / "docs_pages" / "pages")
        write_site(target)
    except FileNotFoundError as error:
        print(f"docs_site.py: there is no {error.filename}: run `make docs`", file=sys.stderr)
        return 3
    except LineageError as error:
        print(f"docs_site.py: {error}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
