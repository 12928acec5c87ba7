"""Reads lists of voter ids (SVIDs) as text, so that leading zeros stay.

It detects these forms by content: one id a line; CSV, TSV or semicolon-separated text, with a
header that names an id column and perhaps a ``state`` column, or one column without a header; a
JSON list, a JSON object with ``svids`` or ``seed_svids``, JSON lines; Parquet with a text id
column. SQL trims ids and removes duplicates. A message names a line or a position, never an id.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from enrichment import audit
from enrichment.errors import InputError

ID_COLUMNS = ("svid", "state_voter_id", "voter_id", "requested_svid")
_LIST_KEYS = ("svids", "seed_svids")
_BLANKS = r"[\s\u200b-\u200d\u2060\ufeff]*"
_ENDS = re.compile(f"^{_BLANKS}|{_BLANKS}$")
_QUALIFIED = re.compile(r"[A-Za-z]{2}:")
_STATE = re.compile(r"[A-Za-z]{2}")
_BINARY = {
    b"PK\x03\x04": "a workbook or zip archive",
    b"\x1f\x8b": "a gzip archive",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}


def read_segment(file: str | None, given: list[str]) -> list[str]:
    """The ids of ``--svids`` followed by those of ``--svid``, as given.

    Raises InputError if neither is given, or if they hold no id.
    """
    if file is None and not given:
        raise InputError("no segment: give --svids FILE (- is standard input) or --svid ID")
    ids = _from_file(file) if file is not None else []
    ids += [_storable(text, f"--svid number {n}") for n, text in enumerate(given, 1)]
    if not any(_trimmed(text) for text in ids):
        where = _name(file) if file is not None else "--svid"
        raise InputError(f"{where}: no voter id in it; give one id a line, CSV, JSON or Parquet")
    audit.note_ids(_trimmed(text) for text in ids)
    return ids


def _from_file(file: str) -> list[str]:
    name = _name(file)
    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except (OSError, ValueError) as error:
        if Path(name).suffix or "/" in name:
            reason = (getattr(error, "strerror", None) or "not a path").lower()
            raise InputError(f"--svids: cannot read {name}: {reason}") from None
        raise InputError(
            "--svids: there is no such file; a single voter id goes into --svid"
        ) from None
    suffix = Path(name).suffix.lower()
    if not content.strip():
        raise InputError(f"{name}: the file is empty; give one id a line, CSV, JSON or Parquet")
    if content.startswith(b"PAR1"):
        return list(_parquet(content, name))
    if suffix in (".parquet", ".pq"):
        raise InputError(f"{name}: not a Parquet file")
    text = _decoded(content, name)
    if suffix in (".json", ".jsonl", ".ndjson") or _trimmed(text)[:1] in ("[", "{"):
        return list(_json(text, name))
    return list(_delimited(text, name))


def _name(file: str) -> str:
    return "standard input" if file == "-" else file


def _trimmed(text: str) -> str:
    """``text`` without Unicode white space and zero-width characters at its ends."""
    return _ENDS.sub("", text)


def _storable(text: str, where: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InputError(f"{where} is not valid Unicode text") from None
    return text


def _qualified(svid: str, state: str | None, where: str) -> str:
    """``svid`` with its state in front, if a state is given beside it and not yet in front."""
    state = _trimmed(state or "")
    if not state or not _trimmed(svid) or _QUALIFIED.match(_trimmed(svid)):
        return svid
    if not _STATE.fullmatch(state):
        raise InputError(f"{where}: the state is not a two-letter code such as WI")
    return f"{state}:{svid}"


def _decoded(content: bytes, name: str) -> str:
    found = next((kind for start, kind in _BINARY.items() if content.startswith(start)), None)
    if found is None and b"\0" in content:
        found = "binary, or not UTF-8"
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        found = found or f"not UTF-8 text (line {line})"
        text = ""
    if found:
        raise InputError(f"{name}: the file is {found}; save it as UTF-8 text, CSV or Parquet")
    return text


def _column(name: str) -> str:
    """A column name for comparisons: trimmed, lower case, ``_`` for spaces and hyphens."""
    return re.sub(r"[ -]+", "_", _trimmed(name).lower())


def _positions(header: list[str]) -> tuple[int | None, int | None]:
    """The positions of the id column and of the state column in a header."""
    names = [_column(name) for name in header]
    svid = next((names.index(name) for name in ID_COLUMNS if name in names), None)
    return svid, names.index("state") if "state" in names else None


def _delimited(text: str, name: str) -> Iterator[str]:
    first = _trimmed(next((line for line in text.splitlines() if _trimmed(line)), ""))
    delimiter = next((mark for mark in "\t,;" if mark in first), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[tuple[int, list[str]]] = []
    try:
        for row in reader:
            while len(row) > 1 and not _trimmed(row[-1]):
                row.pop()
            if any(_trimmed(cell) for cell in row):
                rows.append((reader.line_num, row))
    except csv.Error:
        raise InputError(f"{name}, line {reader.line_num}: not readable as CSV") from None
    if not rows:
        return
    header = rows[0][1]
    svid_at, state_at = _positions(header)
    if svid_at is None:
        if len(header) > 1 or _is_unknown_header(rows):
            raise InputError(
                f"{name}, line {rows[0][0]}: no id column; a header must name one of "
                f"{', '.join(ID_COLUMNS)}, or the file hold one column of ids"
            )
        svid_at = 0
    else:
        del rows[0]
    width = len(header)
    for line, row in rows:
        if len(row) > width:
            raise InputError(f"{name}, line {line}: {len(row)} columns where {width} was expected")
        svid = row[svid_at] if svid_at < len(row) else ""
        state = row[state_at] if state_at is not None and state_at < len(row) else None
        yield _qualified(svid, state, f"{name}, line {line}")


def _is_unknown_header(rows: list[tuple[int, list[str]]]) -> bool:
    """Whether the first line of one column is a word, and every other line has a digit."""
    others = [row[0] for _, row in rows[1:]]
    return (
        re.fullmatch(r"[A-Za-z_ ]+", _trimmed(rows[0][1][0])) is not None
        and bool(others)
        and all(re.search(r"\d", cell) for cell in others)
    )


def _json(text: str, name: str) -> Iterator[str]:
    try:
        try:
            content = json.loads(text)
        except json.JSONDecodeError:
            # Split at line feeds only: a JSON string may hold U+2028 and the like.
            content = [json.loads(line) for line in text.split("\n") if _trimmed(line)]
    except (ValueError, RecursionError):
        raise InputError(f"{name}: neither JSON nor one JSON value a line") from None
    if isinstance(content, dict) and _positions(list(content))[0] is None:
        found = [content[key] for key in _LIST_KEYS if key in content]
        if not found or not all(isinstance(value, list) for value in found):
            raise InputError(f"{name}: expected a JSON list of ids, or an object with 'svids'")
        content = [item for value in found for item in value]
    if not isinstance(content, list):
        content = [content]
    for position, item in enumerate(content, 1):
        yield _json_id(item, f"{name}, entry {position}")


def _json_id(item: Any, where: str) -> str:
    state = None
    if isinstance(item, dict):
        keys = list(item)
        svid_at, state_at = _positions(keys)
        if svid_at is None:
            raise InputError(f"{where}: no id; an object needs one of {', '.join(ID_COLUMNS)}")
        state = item[keys[state_at]] if state_at is not None else None
        item = item[keys[svid_at]]
    if item is None:
        return ""
    if isinstance(item, int | float) and not isinstance(item, bool):
        raise InputError(f"{where}: a number; put ids in quotes, or leading zeros are lost")
    if not isinstance(item, str) or not isinstance(state, str | None):
        raise InputError(f"{where}: not a text; give ids as JSON strings")
    return _qualified(_storable(item, where), _storable(state or "", where), where)


def _nameless() -> IO[bytes]:
    """A file that no folder lists: in memory where the system can, else on the disk."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("ids"), "w+b")
    return tempfile.TemporaryFile("w+b")


def _parquet(content: bytes, name: str) -> Iterator[str]:
    import duckdb

    # A copy of our own, so that standard input works and a path is never read as a pattern. It has
    # no name in any folder: a kill leaves no list of ids behind.
    with _nameless() as copy, duckdb.connect() as con:
        copy.write(content)
        copy.flush()
        try:
            source = con.sql("select * from read_parquet(?)", params=[f"/dev/fd/{copy.fileno()}"])
            columns, types = list(source.columns), [str(kind) for kind in source.types]
            svid_at, state_at = _positions(columns)
            if svid_at is None:
                raise InputError(f"{name}: no id column; expected one of {', '.join(ID_COLUMNS)}")
            for at in (svid_at, state_at):
                if at is not None and types[at] != "VARCHAR":
                    raise InputError(
                        f"{name}: the column {_column(columns[at])} is {types[at]}, not text; "
                        "cast it to text where leading zeros are still known"
                    )
            rows = source.fetchall()
        except duckdb.Error:
            raise InputError(f"{name}: not a readable Parquet file") from None
    for number, row in enumerate(rows, 1):
        state = row[state_at] if state_at is not None else None
        yield _qualified(row[svid_at] or "", state, f"{name}, row {number}")
