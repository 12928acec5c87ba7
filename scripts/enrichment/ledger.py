"""The ledger of messages that were handed over: files of the extract ``handovers``.

A file's name ends in the first 16 hex digits of its SHA-256, so that a file that was cut short or
edited is not its name any more. Part files of a hand-over that did not finish begin with a dot and
hold no message: nothing was handed over from them.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from enrichment.errors import InputError
from enrichment.paths import data_folder

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


def stem_of(name: str) -> str:
    """The name of a file without the digits at its end: an erasure changes only those."""
    named = _NAME.fullmatch(name)
    return named.group(1) or "" if named else name


COLUMNS = (
    *("message_key", "trigger", "experiment", "arm", "state", "svid", "channel", "template"),
    *("handed_over_at", "entry_key", "step", "build_id", "rules"),
)
"""The columns of a file that a hand-over writes."""


def folder() -> Path:
    """The folder of the ledger, which may not exist yet."""
    return data_folder() / TABLE


def files() -> list[Path]:
    """The files of the ledger, by name. Raises InputError if one of them is not whole."""
    root = folder()
    found = sorted(
        path
        for path in (root.rglob("*") if root.is_dir() else ())
        if path.is_file() and not path.name.startswith((".", "_"))
    )
    for path in found:
        wrong = problem(path)
        if wrong:
            raise InputError(f"file {TABLE}/{path.relative_to(root)}: {wrong}")
    return found


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file of the ledger; column names in lower case."""
    with path.open(newline="", encoding="utf-8") as stream:
        return [
            {name.lower(): value or "" for name, value in row.items() if name}
            for row in csv.DictReader(stream)
        ]


def write(stem: str, columns: Sequence[str], lines: Iterable[Sequence[object]]) -> Path:
    """Writes a file of the ledger, whole or not at all; returns it.

    ``stem`` is the beginning of its name. The file exists under its name only when all of it is on
    the disk.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(lines)
    content = text.getvalue().encode()
    root = folder()
    root.mkdir(mode=0o700, exist_ok=True)
    for left in root.glob(".*.part"):
        left.unlink()  # of a hand-over that was killed; a running one holds the lock
    part = root / f".{stem}.part"
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    file = root / f"{stem}{digits_of(content)}.csv"
    os.replace(part, file)  # noqa: PTH105 (a test of faults stands in its way)
    sync(root)
    return file


def sync(place: Path) -> None:
    """Waits until the names in a folder are on the disk."""
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def erase(is_erased: Callable[[str, str], bool]) -> Iterator[tuple[Path, Path]]:
    """Rewrites the files that name an erased voter; yields each old file and the new one.

    ``is_erased`` takes a state and a voter id. Of such a row, the message key stays alone: nobody
    may get the message again. After a crash both files may exist, and the next call ends the work.
    """
    for path in files():
        if path.suffix != ".csv":
            continue
        found = rows(path)
        kept = [
            {"message_key": row.get("message_key", "")}
            if is_erased(row.get("state", "").strip().upper(), row.get("svid", "").strip())
            else row
            for row in found
        ]
        if kept == found:
            continue
        columns = list(found[0])
        new = write(
            stem_of(path.name), columns, ([row.get(name, "") for name in columns] for row in kept)
        )
        with suppress(FileNotFoundError):
            path.unlink()
        sync(folder())
        yield path, new
