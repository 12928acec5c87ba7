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
GENERATED = ("seeds/disposable_domains.csv", "LICENSE")
EXAMPLES = ("tools/readability.py",)
"""Files that name the words they are about."""

ARCHAISMS = re.compile(
    r"\b(?:is|are|be|was|were) told\b|\bbarred\b|\bwhoever\b|\bwhosoever\b|\bof nobody\b|\blest\b"
    r"|\bdear(?:est)?\b|\bsave for\b|\bmade anew\b|\bof whom\b|\bof which nothing\b|\bwhereof\b"
    r"|\bthereof\b|\bhenceforth\b|\bnought\b|\bnobody's\b|\bbe it\b|\bas of which\b|\bsparing\b"
    r"|^\s*(?:--|\#|\{\#-)?\s*Who (?:has|is|was|asked|did|gave)\b",
    re.IGNORECASE | re.MULTILINE,
)
CODE = re.compile(r"\b(?:00[0-3]-\d\d|F\d{2,3})\b")
LISTED_COLUMN = re.compile(r"^\s*(?:[a-z_][a-z0-9_]*\.)?([a-z_][a-z0-9_]*),?\s*$")
KEYWORDS = frozenset(
    [
        "select",
        "from",
        "where",
        "with",
        "union",
        "all",
        "and",
        "or",
        "on",
        "group",
        "order",
        "by",
        "limit",
        "case",
        "end",
        "else",
        "not",
        "having",
        "using",
        "distinct",
        "cross",
        "join",
        "inner",
        "left",
    ]
)
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
    return 100 * repeated / lines


def ctes(texts: Iterable[str]) -> list[int]:
    """The number of common table expressions of each model, ascending."""
    return sorted(len(CTE.findall(text)) for text in texts)


def archaisms(project: Path, names: Iterable[str]) -> tuple[int, int]:
    """How many old-fashioned phrases there are, and in how many lines."""
    found = lines = 0
    for name in names:
        if name.endswith(TEXT) and name not in GENERATED and name not in EXAMPLES:
            text = (project / name).read_text(encoding="utf-8")
            found += len(ARCHAISMS.findall(text))
            lines += len(text.splitlines())
    return found, lines


def unresolved_codes(project: Path, names: Iterable[str]) -> set[str]:
    """Codes that are cited and have no line of their own in the pages of docs/."""
    explained: set[str] = set()
    for page in ("docs/requirements.md", "docs/corrections.md"):
        if (project / page).is_file():
            for line in (project / page).read_text(encoding="utf-8").splitlines():
                if line.startswith("|"):
                    explained.update(CODE.findall(line.split("|")[1]))
    cited: set[str] = set()
    for name in names:
        if name.endswith(TEXT) and name not in GENERATED:
            cited.update(CODE.findall((project / name).read_text(encoding="utf-8")))
    return cited - explained


def figures(project: Path) -> list[Figure]:
    """All figures of a project."""
    names = tracked(project)
    sql = list(models(project, names))
    found, lines = archaisms(project, names)
    counts = ctes(sql)
    readme = (project / "README.md").read_text(encoding="utf-8")
    return [
        Figure("re-listed columns, % of the models' SQL lines", round(relisted_share(sql), 1), 8),
        Figure("old-fashioned phrases per 10,000 lines", round(10_000 * found / lines, 1), 4),
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
