"""The ledger of messages that were handed over: files of the extract ``handovers``.

A file's name ends in the first 16 hex digits of its SHA-256, so that a file that was cut short or
edited is not its name any more. Part files of a hand-over that did not finish begin with a dot and
hold no message: nothing was handed over from them.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

TABLE = "handovers"
"""The table's folder below the folder of extracts."""

DIGITS = 16
_NAME = re.compile(rf"(.*-)?([0-9a-f]{{{DIGITS}}})\.(csv|csv\.gz|parquet)")
_PART = re.compile(r"\..*\.part")


def digits_of(content: bytes) -> str:
    """The digits at the end of the name of a file with this content."""
    return hashlib.sha256(content).hexdigest()[:DIGITS]


def is_part(name: str) -> bool:
    """Whether a file was being written when its hand-over ended."""
    return _PART.fullmatch(name) is not None


def problem(path: Path) -> str:
    """What is wrong with a file of the ledger; empty if it is whole."""
    named = _NAME.fullmatch(path.name)
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if named is None or named.group(2) != digest[:DIGITS]:
        return (
            f"its name does not end in the first {DIGITS} hex digits of its SHA-256, so it was cut "
            "short or edited, and what was sent is not known: put back the file that was written"
        )
    return ""
