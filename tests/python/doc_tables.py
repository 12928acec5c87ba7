"""Reads tables of Markdown pages."""

from __future__ import annotations

import re


def cells(line: str) -> list[str]:
    """The cells of a row of a Markdown table."""
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def quoted(cell: str) -> list[str]:
    """What a cell names in backticks, and what it links to."""
    return re.findall(r"`([^`]+)`", cell) + re.findall(r"\]\(([^)#\s]+)", cell)
