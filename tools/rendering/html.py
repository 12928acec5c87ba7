"""Pages as HTML for a browser; the Markdown parser is the one that `rich` brings along."""

from __future__ import annotations

import re
from functools import cache
from html import escape
from pathlib import Path

from markdown_it import MarkdownIt

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #222; }
body { max-width: 90rem; margin: 1rem auto 4rem; padding: 0 1rem; }
nav { margin-bottom: 1.5rem; padding-bottom: 0.5rem; border-bottom: 1px solid #ddd; }
nav a { margin-right: 1.25rem; }
table { border-collapse: collapse; font-size: 0.85rem; display: block; overflow-x: auto; }
th, td { border: 1px solid #ddd; padding: 0.25rem 0.5rem; text-align: left; vertical-align: top; }
th { background: #f4f4f4; }
td p { margin: 0 0 0.3rem; }
tr:target { background: #fff6d6; }
code { background: #f4f4f4; padding: 0 0.2rem; overflow-wrap: anywhere; }
pre { background: #f4f4f4; padding: 0.5rem; overflow-x: auto; max-width: 40rem; }
a { color: #0b5cad; }
img { max-width: 100%; }
figure { margin: 1rem 0; overflow-x: auto; }
figcaption { font-size: 0.85rem; color: #555; }
.picture { font: 12px system-ui, sans-serif; max-width: none; }
.layer { color: #fff; padding: 0.1rem 0.5rem; border-radius: 0.75rem; font-size: 0.85rem; }
input[type=search] { font: inherit; width: 30rem; max-width: 100%; padding: 0.3rem; }
"""
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<nav>{links}</nav>
{body}
</body>
</html>
"""
_LINKS = (
    ("../static_index.html", "Tables and their lineage"),
    ("index.html", "Find a column"),
    ("relationships.html", "How tables fit together"),
    ("pages/metrics.html", "Metrics"),
    ("pages/definitions.html", "Definitions"),
    ("scores.html", "Distribution of scores"),
    ("bias-audit.html", "Bias audit"),
)


def page(title: str, body: str, up: str = "") -> str:
    """A page of the docs site; `up` leads from it to the folder of the pages."""
    links = "".join(f'<a href="{up}{link}">{escape(text)}</a>' for link, text in _LINKS)
    return _PAGE.format(title=escape(title), style=STYLE, links=links, body=body)


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table")


@cache
def from_markdown(text: str) -> str:
    """The HTML of Markdown; many columns share one description."""
    return str(_parser().render(text))


def _slug(heading: str) -> str:
    """The anchor of a heading, as GitHub makes it."""
    text = re.sub(r"<[^>]+>", "", heading).lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def write_pages(docs: Path, folder: Path) -> None:
    """Writes the committed pages as HTML, with links to each other and into the repository."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in sorted(docs.glob("*.md")):
        text = file.read_text(encoding="utf-8")
        body = from_markdown(re.sub(r"\]\(([\w-]+)\.md", r"](\1.html", text))
        body = re.sub(
            r"<h([1-6])>(.*?)</h\1>",
            lambda found: f'<h{found[1]} id="{_slug(found[2])}">{found[2]}</h{found[1]}>',
            body.replace('href="../', 'href="../../../'),
        )
        title = text.splitlines()[0].lstrip("# ")
        (folder / f"{file.stem}.html").write_text(page(title, body, up="../"), encoding="utf-8")


def converted(file: Path) -> Path:
    """Writes a Markdown page as HTML beside it and removes the Markdown; the HTML file."""
    text = file.read_text(encoding="utf-8")
    title = text.splitlines()[0].lstrip("# ")
    written = file.with_suffix(".html")
    written.write_text(page(title, from_markdown(text)), encoding="utf-8")
    file.unlink()
    return written
