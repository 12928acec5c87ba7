"""Measure how easily the project reads: `python tools/readability.py [FOLDER]`.

Prints a row for each figure: what is measured, the figure, its goal. Exit code 1: a goal is missed.
Nothing is built; every figure is counted from the text of the files that git tracks.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).resolve().parents[1]

TEXT = (".sql", ".yml", ".md", ".py", ".csv")
PAGES = ("docs/requirements.md", "docs/corrections.md")
"""The pages that give each code a line, whose first cell is the code."""
GENERATED = ("seeds/disposable_domains.csv",)
EXAMPLES = ("tools/readability.py", "tests/python/test_readability.py")
"""Files that name the words they are about."""

ARCHAISMS = re.compile(
    r"\b(?:is|are|be|been|being|was|were|not|nothing|only) told\b(?! apart)|\bbarred\b|\bwhoever\b"
    r"|\bwhosoever\b|\bof nobody\b|\blest\b|\bdear(?:est)?\b|\bsave for\b|\bmade anew\b"
    r"|\bof whom\b|\bof which nothing\b|\bwhereof\b|\bthereof\b|\bhenceforth\b|\bnought\b"
    r"|\bnobody's\b|\bbe it\b|\bas of which\b|\bsparing\b",
    re.IGNORECASE,
)
INVERTED = re.compile(
    r"(?:Of|Whom|Whose|Whoever|Whatever|Nor|Lest|Told|So too|As it)\b"
    r"|Who\b[^?]*$"
    r"|What\b[^?]*\b(?:is|are|was|were|has|have)\b[^?]*$"
    r"|For\b[^.?!,]*:"
)
"""The opening of a sentence that puts its subject last or has none.

Left out, because good prose has it too: "Where", "How many" and "Whether" (what a function gives),
"Without", "Neither", and a question, which ends with a question mark.
"""
CODE = re.compile(r"\b(?:00[0-3]-\d\d|F\d{2,3})\b")
LISTED_COLUMN = re.compile(r"^\s*(?:[a-z_][a-z0-9_]*\.)?([a-z_][a-z0-9_]*),?\s*$")
KEYWORDS = frozenset(
    {"select", "from", "where", "with", "union", "all", "and", "or", "on", "group", "order", "by"}
    | {"limit", "case", "end", "else", "not", "having", "using", "distinct", "cross", "join"}
    | {"inner", "left"}
)
LINE_COMMENTS = {".sql": "--", ".py": "#", ".yml": "#"}
BLOCK_COMMENTS = {
    ".sql": re.compile(r"\{#-?(.*?)-?#\}", re.DOTALL),
    ".py": re.compile(r'"""(.*?)"""', re.DOTALL),
}
SENTENCE_END = re.compile(r"(?<=[.?!])\s+(?=[A-Z`\"])|\n\s*\n")
CTE = re.compile(r"^\s*(?:with\s+)?[a-z_]\w*\s+as\s+(?:\{\{[^}]*\}\}\s*)?\(\s*$", re.MULTILINE)


class Figure(NamedTuple):
    """One row of the table: the figure's name, its value, and the most that it may be."""

    name: str
    value: float
    most: float


def tracked(project: Path) -> list[str]:
    """The files of the project that git tracks and that still exist."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=project, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    return [name for name in listed if (project / name).is_file()]


def models(project: Path, names: Iterable[str]) -> Iterator[str]:
    """The text of each model."""
    for name in names:
        if name.startswith("models/") and name.endswith(".sql"):
            yield (project / name).read_text(encoding="utf-8")


def relisted_share(texts: Iterable[str]) -> float:
    """Percent of SQL lines that repeat a column's bare name from an earlier line of the same file.

    Blank lines and comments do not count.
    """
    lines = repeated = 0
    for text in texts:
        seen: set[str] = set()
        for line in text.splitlines():
            if not line.strip() or line.lstrip().startswith("--"):
                continue
            lines += 1
            found = LISTED_COLUMN.match(line)
            if not found or found[1] in KEYWORDS:
                continue
            repeated += found[1] in seen
            seen.add(found[1])
    return 100 * repeated / max(lines, 1)


def ctes(texts: Iterable[str]) -> list[int]:
    """The number of common table expressions of each model, ascending."""
    return sorted(len(CTE.findall(text)) for text in texts)


def sentences(text: str, suffix: str) -> list[str]:
    """The sentences of a file's comments (and docstrings), each in one line."""
    mark = LINE_COMMENTS[suffix]
    blocks = list(BLOCK_COMMENTS[suffix].findall(text)) if suffix in BLOCK_COMMENTS else []
    block: list[str] = []
    for line in [*text.splitlines(), ""]:
        if line.lstrip().startswith(mark):
            block.append(line.lstrip().removeprefix(mark).strip())
        elif block:
            blocks.append("\n".join(block))
            block = []
    parts = (part for block in blocks for part in SENTENCE_END.split(block))
    lines = (" ".join(part.split()) for part in parts)
    return [line for line in lines if re.match(r"[A-Z][a-z]*\b", line)]


def inverted_share(texts: Iterable[tuple[str, str]]) -> float:
    """Percent of comment sentences that open inverted or headless; `texts` have a suffix each."""
    said = [line for text, suffix in texts for line in sentences(text, suffix)]
    return 100 * sum(INVERTED.match(line) is not None for line in said) / max(len(said), 1)


def archaisms(texts: Iterable[str]) -> float:
    """How many old-fashioned phrases there are in 10,000 lines."""
    found = lines = 0
    for text in texts:
        found += len(ARCHAISMS.findall(text))
        lines += len(text.splitlines())
    return 10_000 * found / max(lines, 1)


def explained_codes(page: str) -> set[str]:
    """The codes that have a line of their own in the tables of a page."""
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("|")]
    return {code for cell in rows for code in CODE.findall(cell)}


def unresolved_codes(project: Path, names: Iterable[str]) -> dict[str, str]:
    """Codes that are cited without a line of their own in the pages, each with a file citing it."""
    explained: set[str] = set()
    for page in PAGES:
        if (project / page).is_file():
            explained |= explained_codes((project / page).read_text(encoding="utf-8"))
    return {
        code: name
        for name in names
        if name.endswith(TEXT) and name not in GENERATED
        for code in CODE.findall((project / name).read_text(encoding="utf-8"))
        if code not in explained
    }


def figures(project: Path) -> list[Figure]:
    """All figures of a project."""
    names = tracked(project)
    sql = list(models(project, names))
    prose = {
        name: (project / name).read_text(encoding="utf-8")
        for name in names
        if name.endswith(TEXT) and name not in (*GENERATED, *EXAMPLES)
    }
    comments = [(text, Path(name).suffix) for name, text in prose.items()]
    inverted = inverted_share(one for one in comments if one[1] in LINE_COMMENTS)
    counts = ctes(sql)
    readme = (project / "README.md").read_text(encoding="utf-8")
    return [
        Figure("re-listed columns, % of the models' SQL lines", round(relisted_share(sql), 1), 8),
        Figure("old-fashioned phrases per 10,000 lines", round(archaisms(prose.values()), 1), 4),
        Figure("comment sentences inverted or headless, %", round(inverted, 1), 2),
        Figure("cited codes without a line in docs/", len(unresolved_codes(project, names)), 0),
        Figure("models over 250 lines", sum(len(text.splitlines()) > 250 for text in sql), 4),
        Figure("CTEs a model, 95th percentile", counts[int(0.95 * (len(counts) - 1))], 19),
        Figure("words of README.md", len(readme.split()), 1000),
        Figure(
            "lines of README.md over 200 characters",
            sum(len(line) > 200 for line in readme.splitlines()),
            0,
        ),
    ]


def main() -> int:
    """Prints the table; 1 if a goal is missed."""
    measured = figures(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else PROJECT)
    print("| figure | measured | at most |\n|---|---|---|")
    for figure in measured:
        print(f"| {figure.name} | {figure.value:g} | {figure.most:g} |")
    return int(any(figure.value > figure.most for figure in measured))


if __name__ == "__main__":
    sys.exit(main())
