"""What is wrong with a definition: the file, the line, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import NamedTuple

from enrichment.errors import InputError

_SHOWN = 60  # characters of a word in a message
_LISTED = 12  # words in a message


class Problem(NamedTuple):
    """One thing that is wrong; ``str`` gives the line that a person reads."""

    file: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.what}"


class DefinitionError(InputError):
    """Definitions that cannot be used: the first problem, and how many more there are."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        more = len(self.problems) - 1
        also = f" (and {more} more: `segment.py definitions check` lists them)" if more else ""
        super().__init__(f"{self.problems[0]}{also}")


def quoted(word: object) -> str:
    """A word of a definition in quotes, cut if it is long."""
    text = " ".join(str(word).split())
    return f"'{text}'" if len(text) <= _SHOWN else f"'{text[:_SHOWN]}…'"


def unknown(what: str, word: object, words: Iterable[str]) -> str:
    """The message about a word that is not one of ``words``, with what may have been meant."""
    known = sorted(words)
    close = get_close_matches(str(word), known, n=1, cutoff=0.6)
    if close:
        hint = f"did you mean {close[0]}?"
    elif known:
        more = f" and {len(known) - _LISTED} more" if len(known) > _LISTED else ""
        hint = f"expected one of {', '.join(known[:_LISTED])}{more}"
    else:
        hint = "there are none yet"
    return f"unknown {what} {quoted(word)}: {hint}"
