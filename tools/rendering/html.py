"""Pages as HTML for a browser; the Markdown parser is the one that `rich` brings along."""

from __future__ import annotations

from html import escape
from pathlib import Path

from markdown_it import MarkdownIt

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; color: #222; }}
body {{ max-width: 75rem; margin: 2rem auto; padding: 0 1rem; }}
table {{ border-collapse: collapse; font-size: 0.85rem; display: block; overflow-x: auto; }}
th, td {{ border: 1px solid #ddd; padding: 0.25rem 0.5rem; text-align: left; vertical-align: top; }}
th {{ background: #f4f4f4; }}
code {{ background: #f4f4f4; padding: 0 0.2rem; }}
img {{ max-width: 100%; }}
</style>
</head>
<body>
{body}
</body>
</html>
"""


def converted(page: Path) -> Path:
    """Writes a Markdown page as HTML beside it and removes the Markdown; the HTML file."""
    text = page.read_text(encoding="utf-8")
    title = text.splitlines()[0].lstrip("# ")
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    file = page.with_suffix(".html")
    file.write_text(_PAGE.format(title=escape(title), body=body), encoding="utf-8")
    page.unlink()
    return file
