"""Writes answers: a table for a person, or CSV, JSON, Parquet and xlsx for a program.

A file is written in a private folder beside its destination, readable by its owner only. The
complete file is renamed over the old one, so that a failure leaves the old file untouched.
"""

from __future__ import annotations

import errno
import fcntl
import io
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from enrichment import audit, ids, screen, workbook
from enrichment.answers import Answer, Section, as_text, is_number
from enrichment.database import Database, Query
from enrichment.errors import InputError, RunnerError, shown
from enrichment.paths import is_ours, resolved
from enrichment.serialize import csv_lines, json_objects

FORMATS = ("table", "csv", "parquet", "json", "xlsx")
HTML = "html"
"""The format of a report, which no other command writes."""
TERMINAL_ROWS = 50
_EXCEL_ROWS = 1_048_576
_IN_MEMORY = 2**23
_PRIVATE = ".segment-"


class Target:
    """The destination and the format of an answer.

    Raises InputError for an unknown format, an unknown suffix without a format, a path that cannot
    be written to, a binary format without a file, and a closed standard output.
    """

    def __init__(self, out: str | None, form: str | None, *, is_page: bool = False) -> None:
        self.file = None if out in (None, "-") else resolved(str(out), "--out")
        self.format = HTML if is_page else self._format(form)
        self.folder: Path | None = None
        self._page = ""
        if self.file is not None:
            self._check(self.file)
        elif self.format in ("parquet", "xlsx"):
            raise InputError(f"--format {self.format} is binary: name a file with --out")
        elif sys.stdout is None:
            raise InputError("standard output is closed: name a file with --out")
        elif is_page and sys.stdout.isatty():
            raise InputError("name a file for the page with --out, such as --out report.html")

    def _format(self, form: str | None) -> str:
        if form is not None:
            if form.lower() not in FORMATS:
                raise InputError(f"--format {shown(form)}: expected one of {', '.join(FORMATS)}")
            return form.lower()
        if self.file is None:
            return "table" if sys.stdout is not None and sys.stdout.isatty() else "csv"
        suffix = self.file.suffix[1:].lower()
        if suffix not in FORMATS[1:]:
            raise InputError(
                f"--out {self.file}: the suffix gives no format; end in .csv, .parquet, .json or "
                ".xlsx, or add --format"
            )
        return suffix

    @staticmethod
    def _check(file: Path) -> None:
        if not file.parent.is_dir():
            raise InputError(f"--out: there is no folder {file.parent}; make it first")
        if file.exists() and not file.is_file():
            raise InputError(f"--out {file}: not an ordinary file; name a file to write")
        if is_ours(file):
            raise InputError(
                f"--out {file}: this path belongs to the database or the extracts; name another"
            )
        if file.exists() and not os.access(file, os.W_OK):
            raise InputError(f"--out {file}: the file is read-only; name another")

    def write(self, database: Database, answer: Answer) -> None:
        """Writes the complete, logged answer to its file or to standard output.

        Raises RunnerError if the disk is full; a file that was there is then unchanged.
        """
        audit.note(format=self.format)
        if self.file is None or self.folder is None:
            self._write_stdout(database, answer)
            return
        try:
            self._write_file(database, answer, self.file, self.folder)
        except OSError as error:
            reason = (error.strerror or type(error).__name__).lower()
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                reason = f"no room is left on the disk ({reason}); free some and try again"
            raise RunnerError(
                f"--out {self.file}: {reason}; a file that was there is unchanged"
            ) from None

    def write_page(self, database: Database, page: str) -> None:
        """Writes a complete, logged page to its file or to standard output, as ``write`` does."""
        self._page = page
        self.write(database, Answer.of(HTML, Query("select 1")))

    def _write_file(self, database: Database, answer: Answer, file: Path, folder: Path) -> None:
        part = folder / f"part.{self.format}"
        if self.format == "parquet":
            database.write_parquet(answer.flat, part)
        elif self.format == "xlsx":
            workbook.write(database, answer, part, folder, _EXCEL_ROWS)
        else:
            with part.open("w", encoding="utf-8", newline="") as stream:
                self._write_text(database, answer, stream)
        part.chmod(0o600)
        with part.open("rb+") as stream_of_bytes:
            os.fsync(stream_of_bytes.fileno())
            audit.before_handing_out(
                output_digest=audit.digest_of(stream_of_bytes), rows=database.rows_read
            )
        part.replace(file)

    def _write_text(self, database: Database, answer: Answer, stream: IO[str]) -> None:
        if self.format == HTML:
            stream.write(self._page)
        elif self.format == "table":
            _write_tables(database, answer, stream, to_screen=self.file is None)
        elif self.format == "json":
            _write_json(database, answer, stream)
        else:
            _write_csv(database, answer.flat, stream)

    def _write_stdout(self, database: Database, answer: Answer) -> None:
        if self.format != "table" and hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(encoding="utf-8", newline="")
        elif hasattr(sys.stdout, "reconfigure"):
            # Where the terminal has no such character, its number is better than no answer.
            sys.stdout.reconfigure(errors="backslashreplace")
        with (
            tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as aside,
            io.TextIOWrapper(aside, encoding="utf-8", newline="", write_through=True) as stream,
        ):
            self._write_text(database, answer, stream)
            stream.seek(0)
            audit.before_handing_out(output_digest=audit.digest_of(aside), rows=database.rows_read)
            stream.seek(0)
            shutil.copyfileobj(stream, sys.stdout)
        sys.stdout.flush()


@contextmanager
def target(
    out: str | None, form: str | None, source: str | None = None, *, is_page: bool = False
) -> Iterator[Target]:
    """A target with its private folder, which is always removed at the end.

    Raises InputError if the target is ``source``, the file that --svids names.
    """
    destination = Target(out, form, is_page=is_page)
    ids.check_output(source, destination.file)
    if destination.file is None:
        yield destination
        return
    sweep(destination.file.parent)
    try:
        destination.folder, lock = private_folder(destination.file.parent)
    except OSError as error:
        reason = (error.strerror or "").lower()
        raise InputError(f"--out: cannot write in {destination.file.parent}: {reason}") from None
    try:
        yield destination
    finally:
        shutil.rmtree(destination.folder, ignore_errors=True)
        os.close(lock)


def private_folder(beside: Path) -> tuple[Path, int]:
    """A new private folder, and a lock that is held as long as its process lives."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PRIVATE, dir=beside))
        lock = os.open(folder, os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.exists():
            return folder, lock
        os.close(lock)  # Another command removed the folder before this one had the lock.


def sweep(folder: Path) -> None:
    """Removes the private folders that killed commands left in ``folder``.

    A running command holds a lock on its folder; the system releases it when the process ends.
    """
    for left in folder.glob(f"{_PRIVATE}*"):
        with suppress(OSError):
            lock = os.open(left, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left, ignore_errors=True)
            finally:
                os.close(lock)


def _write_csv(database: Database, query: Query, stream: IO[str]) -> None:
    columns = database.columns(query)
    stream.write(",".join(columns) + "\n")
    for line in database.texts(csv_lines(query, columns)):
        stream.write(line + "\n")


def json_text(database: Database, answer: Answer) -> str:
    """The answer as ``--format json`` writes it."""
    stream = io.StringIO()
    _write_json(database, answer, stream)
    return stream.getvalue()


def _write_json(database: Database, answer: Answer, stream: IO[str]) -> None:
    if answer.bare:
        _write_json_section(database, answer.sections[0], stream)
    else:
        for position, section in enumerate(answer.sections):
            stream.write(",\n" if position else "{\n")
            stream.write(f"{json.dumps(section.name)}: ")
            _write_json_section(database, section, stream)
        stream.write("\n}")
    stream.write("\n")


def _write_json_section(database: Database, section: Section, stream: IO[str]) -> None:
    objects = database.texts(json_objects(section.query, database.columns(section.query)))
    if section.single:
        stream.write(next(objects, "null"))
        return
    stream.write("[")
    for position, line in enumerate(objects):
        stream.write(",\n  " if position else "\n  ")
        stream.write(line)
    stream.write("\n]")


def _write_tables(database: Database, answer: Answer, stream: IO[str], *, to_screen: bool) -> None:
    """Readable tables; a terminal shows the first rows, and the columns that fit."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    on_terminal = to_screen and sys.stdout.isatty()
    has_lines = not to_screen or _can_write(box.HEAVY_HEAD, sys.stdout.encoding)
    # Without a terminal nothing is cut: lines may have any length.
    width = Console().width if on_terminal else 10_000
    console = Console(file=stream, width=width, force_terminal=on_terminal, highlight=False)
    for section in answer.screen:
        columns, rows = database.rows(section.query)
        chosen = [columns.index(name) for name in section.columns if name in columns]
        chosen = chosen or list(range(len(columns)))
        table = Table(
            title=section.name.replace("_", " "),
            title_justify="left",
            title_style="bold",
            box=box.HEAVY_HEAD if has_lines else box.ASCII,
        )
        if section.single:
            table.add_column("measure")
            table.add_column("value", justify="right")
            row = next(rows, ())
            for name, value in zip(columns, row, strict=False):
                table.add_row(Text(name), Text(_printable(value)))
            console.print(table)
            continue
        lines: list[list[Any]] = []
        more = 0
        for row in rows:
            if on_terminal and len(lines) == TERMINAL_ROWS and not section.is_whole:
                more += 1
                continue
            lines.append([row[at] for at in chosen])
        cells = [[_printable(value) for value in line] for line in lines]
        if on_terminal:
            fractions = [
                any(isinstance(value, float) for value in of) for of in zip(*lines, strict=True)
            ]
            cells = screen.aligned(cells, fractions)
        fitted = screen.fitted([columns[at] for at in chosen], cells, width)
        for number, column in enumerate(fitted):
            numeric = any(is_number(line[number]) for line in lines)
            table.add_column(
                Text(column.header),
                justify="right" if numeric else "left",
                width=column.width,
                overflow="fold",
            )
        for texts in cells:
            table.add_row(*(Text(text) for text in texts[: len(fitted)]))
        console.print(table)
        if more or len(fitted) < len(columns):
            count = len(lines) + more
            console.print(
                f"{count:,} {'row' if count == 1 else 'rows'}"
                f"{f', {more:,} not shown' if more else ''}; "
                f"{len(fitted)} of {len(columns)} columns; --out FILE has them all",
                style="dim",
            )


def _can_write(lines: Any, encoding: str | None) -> bool:
    """Whether an encoding has the characters that the lines of a table are made of."""
    try:
        str(lines).encode(encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return False
    return True


def _printable(value: Any) -> str:
    """A value to read: four digits of a fraction, and no control characters."""
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1_000 else f"{value:.0f}"
    text = as_text(value)
    return "".join(char if char.isprintable() else "\ufffd" for char in text)
