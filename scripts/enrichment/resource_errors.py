"""One-line messages for a build that ran out of disk or memory."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

from enrichment.errors import BuildError, InputError

_DISK = re.compile(
    r"No space left on device|Disk quota exceeded|File too large|failed to offload data block"
)
_MEMORY = re.compile(r"Out of Memory Error|OutOfMemoryException|MemoryError|bad_alloc")
_LIMIT = re.compile(r"\d+(\.\d+)? ?(([KMGT]i?)?B|%)", re.IGNORECASE | re.ASCII)
_VARIABLE = "BEHAVIORAL_MEMORY_LIMIT"


def check_memory_limit() -> None:
    """Raises InputError if ``BEHAVIORAL_MEMORY_LIMIT`` is not an amount of memory."""
    given = os.environ.get(_VARIABLE)
    if given is not None and not _LIMIT.fullmatch(given):
        raise InputError(f"{_VARIABLE}: expected an amount of memory such as 1500MB or 4GB")


def is_full_disk(text: str) -> bool:
    """Whether the text of an error says that no room is left on the disk."""
    return _DISK.search(text) is not None


def shortage(text: str, folder: Path, where: str = "") -> str | None:
    """A message, if the text of an error shows that disk or memory is full; else None.

    The build writes in ``folder``; ``where`` is the model that it was building.
    """
    doing = f" in {where}" if where else ""
    if is_full_disk(text):
        return (
            f"no room is left on the disk{doing}: {folder} needs room for a second database and "
            "for what does not fit into memory; free some and build again"
        )
    if _MEMORY.search(text):
        limit = os.environ.get(_VARIABLE) or "1500MB"
        return f"out of memory{doing}: {_VARIABLE} is {limit}; raise it and build again"
    return None


def build_error(error: OSError, folder: Path) -> BuildError:
    """The error of a build that cannot write."""
    is_full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    reason = os.strerror(errno.ENOSPC) if is_full else str(error.strerror or "an error")
    return BuildError(shortage(reason, folder) or f"cannot write in {folder}: {reason.lower()}")
