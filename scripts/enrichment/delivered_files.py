"""What lies in the folder of extracts: files to read, how each CSV file is written, and the rest.

Nothing beneath a table's folder is passed over: a file is read, or it is listed with the reason
why it is not. Parquet files describe themselves. A CSV file does not, so its dialect is found from
its header, and its rows are counted once by the engine's own reader, which refuses a row that does
not fit. The SQL that reads the files is in macros/extracts.sql.
"""

from __future__ import annotations

import atexit
import codecs
import csv
import gzip
import hashlib
import io
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, cast

import duckdb

from enrichment import ledger

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
"""The delimiters of a CSV file, and what a message calls them."""

LISTED = (
    "STRUCT(source_table VARCHAR, source_file VARCHAR, path VARCHAR, kind VARCHAR, reason VARCHAR,"
    ' reader VARCHAR, "columns" VARCHAR[])[]'
)
COUNTED = "STRUCT(rows_in BIGINT, problem VARCHAR)[]"
"""Types of the two functions that SQL calls."""

_SUFFIXES = {".parquet": "parquet", ".csv": "csv", ".csv.gz": "csv"}
# Writers leave these beside their files; none holds a row.
_MARKERS = {
    *("_SUCCESS", "_metadata", "_common_metadata", "_manifest", ".DS_Store", "Thumbs.db"),
    *("desktop.ini", ".gitkeep", ".keep"),
}
_LONGEST = 2**31 - 1  # no limit of its own: the engine has one
_HEADER = 1_000_000  # bytes: a longer first line is no header
_MISFIT = re.compile(r"Expected Number of Columns: (\d+) Found: (\d+)")

_readers: dict[str, CsvFile] = {}
_spool: Path | None = None


@dataclass
class CsvFile:
    """A CSV file and its dialect. ``copy`` is the same text in UTF-8, where the file has another.

    ``problem`` says in which line the file is not what was expected; empty if it is.
    """

    path: str
    is_gzip: bool = False
    delimiter: str = ","
    columns: list[str] = field(default_factory=list)
    copy: str = ""
    problem: str = ""

    def reader(self) -> str:
        """The SQL that reads it: every column is text, and a row that does not fit is an error.

        Not ``parallel = false``: with it, the engine drops what follows a quote that does not end.
        """
        columns = ", ".join(f"{_text(name)}: 'varchar'" for name in self.columns)
        delimiter = "\\t" if self.delimiter == "\t" else self.delimiter
        compression = "gzip" if self.is_gzip and not self.copy else "none"
        return (
            f"read_csv({_text(as_pattern(self.copy or self.path))}, auto_detect = false, "
            f"header = true, delim = '{delimiter}', quote = '\"', escape = '\"', "
            f"strict_mode = true, hive_partitioning = false, compression = '{compression}', "
            f"columns = {{{columns}}})"
        )

    def stream(self) -> IO[bytes]:
        """Its bytes in UTF-8, decompressed."""
        if self.copy:
            return Path(self.copy).open("rb")
        return _opened(self.path)


@dataclass
class Listed:
    """A file beneath a table's folder.

    ``kind`` is ``parquet`` or ``csv``, ``marker`` (of a writer, without rows), ``unread``, or
    ``broken`` (the build must stop); ``reason`` says why.
    """

    source_table: str
    source_file: str
    path: str
    kind: str
    reason: str = ""
    reader: str = ""
    columns: list[str] = field(default_factory=list)


def spool_into(folder: Path) -> None:
    """Sets the folder for copies in UTF-8; they are removed when this process ends."""
    global _spool  # one engine, and so one folder, a process
    _spool = folder
    atexit.register(shutil.rmtree, folder, ignore_errors=True)


def as_pattern(path: str) -> str:
    """The path as a file pattern of the engine that means only this file."""
    return re.sub(r"([*?[])", r"[\1]", path)


def delivered_files(folder: str, tables: dict[str, list[str]]) -> list[dict[str, Any]]:
    """All files beneath the folders of ``tables``, which gives each table's declared columns.

    One dict a file, with the fields of `Listed`; sorted by table and name.
    """
    found: list[Listed] = []
    for table, declared in sorted(tables.items()):
        root = os.path.join(folder, table)  # noqa: PTH118  # the engine knows files by this text
        for path, problem in sorted(_below(root)):
            name = path[len(root) + 1 :]
            found.append(_listed(table, name, path, problem, declared))
    return [asdict(file) for file in found]


def quick_look(folder: str, tables: dict[str, list[str]]) -> list[Listed]:
    """The files beneath the folders of ``tables`` as ``delivered_files`` lists them, in a moment.

    A CSV file in another encoding than UTF-8 has no columns here: it would have to be copied.
    """
    return [
        _listed(table, path[len(root) + 1 :], path, problem, declared, is_quick=True)
        for table, declared in sorted(tables.items())
        for root in (os.path.join(folder, table),)  # noqa: PTH118  # as in delivered_files
        for path, problem in sorted(_below(root))
    ]


def csv_rows(paths: Sequence[str]) -> list[dict[str, Any]]:
    """The rows of each CSV file, or the line that does not fit; the files are listed before."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        counted = pool.map(_counted, [_readers[path] for path in paths])
        return [{"rows_in": rows, "problem": problem or None} for rows, problem in counted]


# ------------------------------------------------------------------------------------- the listing


def _below(folder: str) -> Iterator[tuple[str, str]]:
    """The files in a folder and in all folders in it, and what is wrong with them.

    Links are followed, after all else: a file keeps the name of its own place.
    """
    seen: set[str] = set()
    folders: list[str] = [folder]
    links: list[str] = []
    while folders or links:
        here = folders.pop() if folders else links.pop()
        place = os.path.realpath(here)
        if place in seen:
            yield here, "a link to a folder that is read already"
            continue
        seen.add(place)
        try:
            entries = list(os.scandir(here))
        except FileNotFoundError:
            continue
        except NotADirectoryError:
            yield here, "broken: a file, not a folder"
            continue
        except OSError as error:
            yield here, f"broken: {(error.strerror or 'unreadable').lower()}"
            continue
        for entry in entries:
            if entry.is_dir():
                (links if entry.is_symlink() else folders).append(entry.path)
            else:
                yield entry.path, "" if entry.is_file() else "not a regular file"
        links.sort(reverse=True)


def _listed(
    table: str,
    name: str,
    path: str,
    problem: str,
    declared: Iterable[str],
    *,
    is_quick: bool = False,
) -> Listed:
    shown = "".join(c if c.isprintable() else "?" for c in name.encode(errors="replace").decode())
    base = name.rpartition("/")[2]
    kind = next((_SUFFIXES[end] for end in _SUFFIXES if base.lower().endswith(end)), "")
    file = Listed(table, shown, path if shown == name else "", "unread")
    hidden = [part for part in name.split("/") if part.startswith((".", "_"))]
    if problem.startswith("broken: "):
        file.kind, file.reason = "broken", problem.removeprefix("broken: ")
    elif problem:
        file.reason = problem
    elif base in _MARKERS or (base.startswith(".") and base.endswith(".crc")):
        file.kind, file.reason = "marker", "a writer's mark, without rows"
    elif table == ledger.TABLE and ledger.is_part(base):
        file.kind, file.reason = "marker", "of a hand-over that did not finish"
    elif hidden:
        file.reason = f"{hidden[0]} is hidden, as unfinished files are"
    elif not kind:
        file.reason = "not .parquet, .csv or .csv.gz"
    elif shown != name:
        file.kind, file.reason = "broken", "its name is no printable text"
    elif kind == "csv":
        described = _described(path, [column.lower() for column in declared], is_quick=is_quick)
        _readers[path] = described
        file.kind = "broken" if described.problem else "csv"
        file.reason, file.columns = described.problem, described.columns
        file.reader = described.reader() if not described.problem else ""
    else:
        file.kind = "parquet"
    if table == ledger.TABLE and file.kind in ("csv", "parquet"):
        file.reason = ledger.problem(Path(path))
        file.kind = "broken" if file.reason else file.kind
    return file


# ----------------------------------------------------------------------- the dialect


def _opened(path: str) -> IO[bytes]:
    """A file's bytes; what it is decides, not its name."""
    with Path(path).open("rb") as file:
        is_gzip = file.read(2) == b"\x1f\x8b"
    return cast("IO[bytes]", gzip.open(path)) if is_gzip else Path(path).open("rb")


def _described(path: str, declared: list[str], *, is_quick: bool = False) -> CsvFile:
    """The dialect of a CSV file, by its header; if it is to be quick, of UTF-8 only."""
    file = CsvFile(path)
    try:
        with Path(path).open("rb") as raw:
            file.is_gzip = raw.read(2) == b"\x1f\x8b"
        with _opened(path) as stream:
            encoding = _encoding(stream.read(4))
        if encoding != "utf-8" and is_quick:
            return file
        if encoding != "utf-8":
            file.copy = _utf8_copy(path, encoding)
        with file.stream() as stream:
            header = _first_record(stream)
    except _BadLineError as error:
        file.problem = str(error)
        return file
    except (OSError, EOFError) as error:
        file.problem = f"cannot be read ({type(error).__name__})"
        return file
    _choose_delimiter(file, header, declared)
    return file


def _encoding(start: bytes) -> str:
    """The encoding by a file's first bytes: by its mark, or by the zeros of UTF-16."""
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if start.startswith(mark):
            return encoding
    zeros = tuple(place for place, byte in enumerate(start) if byte == 0)
    return "utf-16-le" if zeros == (1, 3) else "utf-16-be" if zeros == (0, 2) else "utf-8"


def _utf8_copy(path: str, encoding: str) -> str:
    """A copy of a file in UTF-8: the engine reads no other encoding reliably."""
    if _spool is None:
        raise OSError("no folder for copies")
    _spool.mkdir(mode=0o700, parents=True, exist_ok=True)
    copy = _spool / f"{hashlib.sha256(os.fsencode(path)).hexdigest()}.csv"
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    handle = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as written, _opened(path) as stream:
        is_first = True
        while True:
            block = stream.read(1 << 20)
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                with suppress(UnicodeDecodeError):
                    line += error.object[: error.start].decode(encoding).count("\n")
                raise _BadLineError(f"line {line} is not {encoding.upper()[:6]}") from None
            text = text.removeprefix("\ufeff") if is_first else text
            is_first = False
            line += text.count("\n")
            written.write(text.encode())
            if not block:
                return str(copy)


def _first_record(stream: IO[bytes]) -> str:
    """The header: the first line, or as many lines as its quotes span."""
    record = b""
    while record.count(b'"') % 2 or not record:
        line = stream.readline(_HEADER)
        record += line
        if not line or len(record) >= _HEADER:
            break
    try:
        text = record.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _BadLineError("line 1 is neither UTF-8 nor UTF-16") from None
    # Old Macintosh files end their lines with \r alone.
    return re.split(r"\r(?!\n)", text)[0] if "\r" in text.rstrip("\r\n") else text


def _choose_delimiter(file: CsvFile, header: str, declared: list[str]) -> None:
    """The delimiter with which the header names most of the table's columns."""
    best: tuple[int, int] = (0, 0)
    for delimiter in DELIMITERS:
        try:
            (names,) = csv.reader(io.StringIO(header, newline=""), delimiter=delimiter, strict=True)
        except (csv.Error, ValueError):
            continue
        names = [name.strip() for name in names]
        known = {name.lower() for name in names} & set(declared)
        if (len(known), len(names)) > best and known:
            best = (len(known), len(names))
            file.delimiter, file.columns = delimiter, names
    if not file.columns:
        file.problem = (
            "line 1 names no column of the table: expected a header row, its names separated by "
            "comma, semicolon, tab or |"
        )
        return
    seen: set[str] = set()
    for place, name in enumerate(file.columns):
        if name.lower() in seen and name.lower() in declared:
            file.problem = f"line 1 names the column {name.lower()} twice"
        if not name or name.lower() in seen:
            file.columns[place] = f"column_{place + 1}"
        seen.add(file.columns[place].lower())


# ----------------------------------------------------------------------- the rows


class _BadLineError(ValueError):
    """A line that is not what it should be."""


def _counted(file: CsvFile) -> tuple[int | None, str]:
    """How many rows the engine reads, or what is wrong."""
    counts = ", ".join(f"count({_name(name)})" for name in file.columns)
    try:
        with duckdb.connect(config={"threads": 1}) as con:
            row = con.execute(f"select count(*), {counts} from {file.reader()}").fetchone()
    except duckdb.Error as error:
        return None, _misfit(file, str(error))
    return (int(row[0]), "") if row else (0, "")


def _misfit(file: CsvFile, message: str) -> str:
    """The first line that does not fit, in words. The engine's own message quotes the line."""
    try:
        return _found_misfit(file) or _by_the_engine(message)
    except (OSError, EOFError, gzip.BadGzipFile) as error:
        return f"cannot be decompressed to its end ({type(error).__name__})"


def _found_misfit(file: CsvFile) -> str:
    terminators: set[str] = set()
    lines = 0

    def decoded(stream: IO[bytes]) -> Iterator[str]:
        nonlocal lines
        for line in stream:
            lines += 1
            try:
                yield line.decode()
            except UnicodeDecodeError:
                raise _BadLineError(f"line {lines} is not UTF-8") from None

    csv.field_size_limit(_LONGEST)
    width = len(file.columns)
    first = 1
    with file.stream() as stream:
        reader = csv.reader(decoded(stream), delimiter=file.delimiter, strict=True)
        try:
            for record in reader:
                found = len(record) - (len(record) == width + 1 and not record[-1])
                if record and found != width:
                    columns = "column" if found == 1 else "columns"
                    return f"line {first} has {found} {columns}, the header has {width}"
                first = lines + 1
        except _BadLineError as error:
            return str(error)
        except csv.Error:
            return f"line {first} has a quote that does not end where a field ends"
    with file.stream() as stream:
        for number, line in enumerate(stream, start=1):
            terminators.add("CR LF" if line.endswith(b"\r\n") else "LF")
            if len(terminators) > 1 and line.endswith(b"\n"):
                return f"line {number} ends in another way than the lines before (CR LF and LF)"
    return ""


def _by_the_engine(message: str) -> str:
    line = re.search(r"Line: (\d+)", message)
    where = f"line {line.group(1)}" if line else "a line"
    misfit = _MISFIT.search(message)
    if misfit:
        return f"{where} has {misfit.group(2)} columns, the header has {misfit.group(1)}"
    if "aximum" in message:
        return f"{where} is longer than 2,000,000 bytes; perhaps a quote does not end"
    return f"{where} is no CSV"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _name(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'
