"""The pages of `docs/` stand alone: what is cited exists, and public text needs no codes.

Nothing here needs a database or dbt: files are read as text, YAML with pyyaml.
"""

from __future__ import annotations

import csv
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

import readability

PROJECT = Path(__file__).resolve().parents[2]
REQUIREMENTS = PROJECT / "docs" / "requirements.md"
CORRECTIONS = PROJECT / "docs" / "corrections.md"
PUBLIC = ("marts", "segments", "quarantine")
"""Folders of models whose descriptions people read in BI tools and on the docs site."""

PAGE = re.compile(r"(?<![\w./*<-])((?:\.\./)*[A-Za-z][\w-]*(?:/[\w-]+)*\.md)\b")
LINK = re.compile(r"\[[^\]]*\]\(([\w-]+\.md)\)")
"""A link of a page in `docs/` to one beside it; code that writes such pages has them, too."""
GENERATED_PAGES = ("docs/benchmark.md", "docs/bias-audit.md", "docs/scores.md")
"""Pages that a command of the Makefile writes; they need not be committed."""

NAMED_COMMAND = re.compile(r"(segment\.py|make) ([\w-]+)(?: .*)?")


@cache
def texts() -> dict[str, str]:
    """Every tracked text file but the generated ones, by path."""
    return {
        name: (PROJECT / name).read_text(encoding="utf-8")
        for name in readability.tracked(PROJECT)
        if name.endswith(readability.TEXT) and name not in readability.GENERATED
    }


@cache
def documents() -> dict[str, dict[str, Any]]:
    """Every YAML file of models and seeds, by path."""
    return {
        name: yaml.safe_load(text) or {}
        for name, text in texts().items()
        if name.startswith(("models/", "seeds/")) and name.endswith(".yml")
    }


def entries(kind: str) -> list[tuple[str, dict[str, Any]]]:
    """The entries of one kind (`models`, `seeds`, `sources`, `unit_tests`), with their files."""
    return [(name, entry) for name, file in documents().items() for entry in file.get(kind, [])]


def table(page: Path) -> list[list[str]]:
    """The rows of a page's tables whose first cell is a code."""
    lines = page.read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in rows if readability.CODE.fullmatch(row[0])]


def quoted(cell: str) -> list[str]:
    """What a cell names in backticks."""
    return re.findall(r"`([^`]+)`", cell)


# ------------------------------------------------------------------------------ codes and pages


@pytest.mark.parametrize("page", [REQUIREMENTS, CORRECTIONS], ids=lambda page: page.stem)
def test_a_page_has_one_whole_line_a_code(page: Path) -> None:
    rows = table(page)
    codes = [row[0] for row in rows]
    assert len(codes) == len(set(codes))
    columns = 3 if page == REQUIREMENTS else 4
    assert [row[0] for row in rows if len(row) != columns or not all(row)] == []


def test_every_cited_code_has_a_line() -> None:
    assert readability.unresolved_codes(PROJECT, texts()) == {}


def test_every_cited_page_exists() -> None:
    """A page is named from the root of the repository, or in a page beside it by its bare name."""
    known = {*GENERATED_PAGES, *readability.tracked(PROJECT)}
    wrong = [
        f"{name}: {page}"
        for name, text in texts().items()
        for page in PAGE.findall(LINK.sub(linked, text) if name.endswith(".py") else text)
        if page not in known
        and not (name.endswith(".md") and beside(name, page) in known)
        and not (name.endswith(".py") and f'/ "{page}"' in text)  # a path that code joins
    ]
    assert wrong == []


def linked(link: re.Match[str]) -> str:
    """The page that a link leads to, by its path from the root."""
    return f"docs/{link[1]}"


def beside(name: str, page: str) -> str:
    """A page's path from the root, where it is named from the folder of another page."""
    folder = (PROJECT / name).parent
    return str((folder / page).resolve().relative_to(PROJECT))


# ----------------------------------------------------------------- names on the pages of codes


@cache
def known_names() -> set[str]:
    """Models, seeds, subjects of rules, macros, tables of extracts, and columns."""
    paths = [Path(name) for name in readability.tracked(PROJECT)]
    models = {path.stem for path in paths if path.parts[0] == "models" and path.suffix == ".sql"}
    seeds = {path.stem for path in paths if path.parts[0] == "seeds" and path.suffix == ".csv"}
    macros = {
        found
        for name, text in texts().items()
        if name.startswith("macros/")
        for found in re.findall(r"\{%-?\s*macro\s+(\w+)", text)
    }
    sources = [entry for _, source in entries("sources") for entry in source["tables"]]
    described = [*(entry for _, entry in entries("models")), *sources]
    columns = {column["name"] for entry in described for column in entry.get("columns", [])}
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))
    with (PROJECT / "seeds" / "rules.csv").open(newline="", encoding="utf-8") as file:
        subjects = {row["subject"] for row in csv.DictReader(file)}
    tables = models | seeds | subjects | {one["name"] for one in sources}
    return tables | macros | columns | {*project["vars"]}


def exists(name: str) -> bool:
    """Whether there is a file, a command or a definition of this name."""
    command = NAMED_COMMAND.fullmatch(name)
    if command and command[1] == "make":
        return f"\n{command[2]}:" in (PROJECT / "Makefile").read_text(encoding="utf-8")
    if command:
        runner = (PROJECT / "scripts" / "segment.py").read_text(encoding="utf-8")
        function = f"\ndef {command[2].replace('-', '_')}("
        return function in runner or f'command("{command[2]}")' in runner
    return (PROJECT / name).exists() if "/" in name else name in known_names()


def test_requirements_name_what_there_is() -> None:
    rows = table(REQUIREMENTS)
    wrong = [f"{row[0]}: {name}" for row in rows for name in quoted(row[2]) if not exists(name)]
    assert wrong == []
    assert [row[0] for row in rows if not quoted(row[2]) and "not built yet" not in row[2]] == []


def test_corrections_name_tests_that_there_are() -> None:
    functions = {
        found
        for name, text in texts().items()
        if name.startswith("tests/") and name.endswith(".py")
        for found in re.findall(r"^def (test_\w+)", text, re.MULTILINE)
    }
    singular = {Path(name).stem for name in texts() if re.match(r"tests/.*\.sql$", name)}
    units = {entry["name"] for _, entry in entries("unit_tests")}
    rows = table(CORRECTIONS)
    tests = functions | singular | units
    assert [
        f"{row[0]}: {name}" for row in rows for name in quoted(row[3]) if name not in tests
    ] == []
    assert [row[0] for row in rows if not quoted(row[3]) and "not built yet" not in row[3]] == []


def test_the_interface_names_columns_that_there_are() -> None:
    """Each mart, question and extract of the page has the columns that stand beside it."""
    sources = [entry for _, source in entries("sources") for entry in source["tables"]]
    described = {
        entry["name"]: {column["name"] for column in entry.get("columns", [])}
        for entry in [
            *(entry for kind in ("models", "seeds") for _, entry in entries(kind)),
            *sources,
        ]
    }
    wrong, named = [], set()
    for line in (PROJECT / "docs" / "interface.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        name = next(iter(quoted(cells[0])), "").partition("(")[0] if line.startswith("|") else ""
        if name in described:
            named.add(name)
            columns = {*quoted(cells[-1]), *re.findall(r"\*\*(\w+)\*\*", cells[1])} - {*described}
            wrong += [f"{name}: {column}" for column in columns - described[name]]
    assert wrong == []
    public = {entry["name"] for file, entry in entries("models") if Path(file).parts[1] in PUBLIC}
    assert public - named <= {"rejected_rows_of_small_extracts"}


# -------------------------------------------------------------------------------- public text


def public_texts() -> dict[str, str]:
    """What BI tools and the docs site show of public models, seeds and their columns."""
    entries_of = [
        entry
        for file, entry in [*entries("models"), *entries("seeds")]
        if file.startswith("seeds/") or Path(file).parts[1] in PUBLIC
    ]
    described = {
        f"{entry['name']}.{part.get('name', '')}": str(part.get("description", ""))
        for entry in entries_of
        for part in [{**entry, "name": ""}, *entry.get("columns", [])]
    }
    blocks = {
        block: text
        for name, page in texts().items()
        if name.startswith("models/") and name.endswith(".md")
        for block, text in re.findall(r"\{% docs (\w+) %\}(.*?)\{% enddocs %\}", page, re.DOTALL)
    }
    used = {block for text in described.values() for block in re.findall(r"doc\('(\w+)'\)", text)}
    return described | {f"block {name}": blocks[name] for name in sorted(used & set(blocks))}


def test_public_text_says_the_meaning_and_not_a_code() -> None:
    public = public_texts()
    assert len(public) > 500
    assert [name for name, text in public.items() if readability.CODE.search(text)] == []
