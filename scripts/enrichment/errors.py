"""The errors of a command: one line for a person, and an exit code (docs/interface.md).

No message holds a voter id, an e-mail address or a phone number: it names the line of a bad id.
"""

from __future__ import annotations

import re

_WORD = re.compile(r"[A-Za-z][A-Za-z_. -]{0,39}")


class RunnerError(Exception):
    """A failure with a one-line message; each kind has its own exit code."""

    exit_code = 1


class InputError(RunnerError):
    """Bad arguments or bad input."""

    exit_code = 2


class DatabaseError(RunnerError):
    """The published database is missing, half-written, locked or older than the code."""

    exit_code = 3


class AuditError(DatabaseError):
    """The audit log beside the database cannot be written or read."""


class BuildError(RunnerError):
    """The build failed; the published database is as it was."""

    exit_code = 4


def shown(word: str) -> str:
    """``word`` in quotes, if it is a plain word and so cannot be an id."""
    return f"'{word}'" if _WORD.fullmatch(word) else "the given value"
