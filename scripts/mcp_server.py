"""Serve the questions about groups to an assistant (Model Context Protocol, standard input/output).

Off unless somebody starts it, and part of the extra `mcp`; docs/api.md says what it gives.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec

from enrichment.errors import DatabaseError


def main() -> int:
    """Serves until the assistant closes the connection."""
    missing = [name for name in ("mcp", "fastapi", "jinja2") if find_spec(name) is None]
    if missing:
        print(
            f"mcp_server.py: packages are not installed ({', '.join(missing)}): "
            "pip install '.[mcp]' --constraint requirements-dev.lock",
            file=sys.stderr,
        )
        return 2
    from enrichment.web.assistant import make_server
    from enrichment.web.published import Published

    published = Published()
    try:
        with published.session():
            pass
    except DatabaseError as error:
        print(f"mcp_server.py: {error}", file=sys.stderr)
        return error.exit_code
    make_server(published).run("stdio")
    return 0


if __name__ == "__main__":
    sys.exit(main())
