"""Fits a table into the width of a terminal: whole ids and numbers, and the first columns first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

_PLAIN = re.compile(r"(?:-?\d+(?:\.\d{1,5})?)?")
_BETWEEN = 3  # a line and a blank on each side
_TEXT = 24  # a longer text may be broken at its blanks, into lines of at least so many characters
_WORD = 40  # a longer word is broken anywhere; ids are shorter


class Column(NamedTuple):
    """A column that is shown: its header, perhaps in lines, and its width; None is any width."""

    header: str
    width: int | None


def fitted(names: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[Column]:
    """The columns of a table that fit, in order: the last ones are left out first.

    Headers break at their underscores, and prose breaks at its blanks, before a column is left out.
    """
    from rich.cells import cell_len

    cells = [max((cell_len(row[at]) for row in rows), default=0) for at, _ in enumerate(names)]
    natural = [max(cell, len(name)) for cell, name in zip(cells, names, strict=True)]
    if _total(natural) <= width:
        return [Column(name, None) for name in names]
    least = [
        max(min(cells[at], _TEXT), _longest_word(rows, at), max(map(len, _parts(name))))
        for at, name in enumerate(names)
    ]
    count = len(names)
    while count > 1 and _total(least[:count]) > width:
        count -= 1
    widths = least[:count]
    # Prose gets the room first, then the headers from the left.
    wanted = [(at, cells[at]) for at in range(count) if cells[at] > _TEXT]
    wanted += [(at, natural[at]) for at in range(count) if cells[at] <= _TEXT]
    for at, most in wanted:
        widths[at] += max(0, min(most - widths[at], width - _total(widths)))
    return [Column(_broken(names[at], widths[at]), widths[at]) for at in range(count)]


def _longest_word(rows: Sequence[Sequence[str]], at: int) -> int:
    """The width of a column's longest word."""
    words = (len(word) for row in rows for word in row[at].split())
    return min(max(words, default=0), _WORD)


def aligned(rows: Sequence[Sequence[str]], are_fractions: Sequence[bool]) -> list[list[str]]:
    """The cells with zeros behind fractions, so that the points of a column stand in one line."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    for column, is_fraction in zip(columns, are_fractions, strict=bool(rows)):
        digits = max((len(cell.partition(".")[2]) for cell in column), default=0)
        if is_fraction and digits and all(map(_PLAIN.fullmatch, column)):
            column[:] = [
                f"{cell}{'' if '.' in cell else '.'}{'0' * (digits - len(cell.partition('.')[2]))}"
                if cell
                else cell
                for cell in column
            ]
    return [list(row) for row in zip(*columns, strict=True)]


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + _BETWEEN * len(widths) + 1


def _parts(name: str) -> list[str]:
    """The parts of a name, each but the last with its underscore."""
    parts = name.split("_")
    return [f"{part}_" for part in parts[:-1]] + parts[-1:]


def _broken(name: str, width: int) -> str:
    """A name in lines of at most ``width`` characters, broken after underscores."""
    lines = [""]
    for part in _parts(name):
        if len(lines[-1]) + len(part) <= width:
            lines[-1] += part
        else:
            lines.append(part)
    return "\n".join(line for line in lines if line)
