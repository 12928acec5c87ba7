"""Reads lists of voter ids (SVIDs) as text, so that leading zeros stay.

It detects these forms by content: one id a line, or several between blanks or other separators;
text separated by commas, semicolons, tabs or ``|``, with a header that names an id column and
perhaps a ``state`` column, or one column without a header; a JSON list, a JSON object with
``svids`` or ``seed_svids``, JSON lines; Parquet with a text id column. What a spreadsheet put
around an id is taken off. SQL trims ids and removes duplicates. A message names a line or a
position, never an id. A million ids are read within 500 MB: nothing is kept but the ids.
"""

from __future__ import annotations

import csv
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from enrichment import audit, named_segments
from enrichment.database import Database
from enrichment.errors import InputError

ID_COLUMNS = ("svid", "state_voter_id", "voter_id", "requested_svid")
_LIST_KEYS = ("svids", "seed_svids")
_BATCH = 10_000
_BLANKS = "".join(char for char in map(chr, range(0x3001)) if char.isspace())
_BLANKS += "\u200b\u200c\u200d\u2060\ufeff"
_QUALIFIED = re.compile(r"[A-Za-z]{2}:")
_STATE = re.compile(r"[A-Za-z]{2}")
_SEPARATORS = "\t,;|"
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_ID = re.compile(r"(?:[A-Za-z]{2}:)?[0-9A-Za-z._-]*[0-9][0-9A-Za-z._-]*")
_SPREADSHEET_TEXT = re.compile(r'="([^"]*)"')
_QUOTED = re.compile(r"['\u2018\u2019]([^'\u2018\u2019]*[0-9][^'\u2018\u2019]*)['\u2018\u2019]?")
_DECIMAL = re.compile(r"((?:[A-Za-z]{2}:)?[0-9]+)\.0+")
_FULL_WIDTH_DIGIT = re.compile("[\uff10-\uff19]")
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_OTHER_THAN_PLAIN_LINES = re.compile(r"[^0-9A-Za-z:\r\n]")
_PLAIN = re.compile(r"[0-9A-Za-z:]*")
_HAS_ID = re.compile(r"[0-9A-Za-z]")
_BINARY = {
    b"PK\x03\x04": "a workbook or zip archive",
    b"\x1f\x8b": "a gzip archive",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}


def read_segment(file: str | None, given: list[str], name: str | None = None) -> list[str]:
    """The members of ``--segment``, or the ids of ``--svids`` followed by those of ``--svid``.

    Raises InputError if none is given, if they hold no id, or if there is no such segment.
    """
    if name is not None:
        if file is not None or given:
            raise InputError("--segment names the people: give it without --svids and --svid")
        found = named_segments.members(name)
        audit.note_ids(found)
        return found
    if file is None and not given:
        raise InputError(
            "no segment: give --segment NAME, --svids FILE (- is standard input) or --svid ID"
        )
    ids = _from_file(file) if file is not None else []
    ids += [meant(_storable(text, f"--svid number {n}")) for n, text in enumerate(given, 1)]
    if not any(_trimmed(text) for text in ids):
        where = _name(file) if file is not None else "--svid"
        raise InputError(f"{where}: no voter id in it; give one id a line, CSV, JSON or Parquet")
    audit.note_ids(_trimmed(text) for text in ids)
    return ids


def from_list(given: Sequence[str | None], where: str) -> list[str]:
    """The ids of a list, as given. Raises InputError, which names an entry, never an id."""
    ids = [
        item if item and _PLAIN.fullmatch(item) else _json_id(item, f"{where}, entry {number}")
        for number, item in enumerate(given, 1)
    ]
    if not any(_HAS_ID.search(text) for text in ids):
        raise InputError(f"{where}: no voter id in it")
    audit.note_ids(_trimmed(text) for text in ids)
    return ids


def from_upload(content: bytes) -> list[str]:
    """The ids of a file that was sent. Raises InputError if it holds none."""
    ids = _from_content(content, "the list")
    if not any(_trimmed(text) for text in ids):
        raise InputError("the list: no voter id in it; give one id a line, CSV, JSON or Parquet")
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
    return _from_content(content, name)


def _from_content(content: bytes, name: str) -> list[str]:
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
    return text.strip(_BLANKS)


def meant(text: str) -> str:
    """The id that ``text`` certainly means: without a spreadsheet's marks around or in it.

    ``'0012`` and ``="0012"`` are 0012, which a spreadsheet keeps as text; 12345.0 is a number that
    was once a decimal; full-width characters are those of ASCII. Other text stays as it is.
    """
    if _PLAIN.fullmatch(text):
        return text
    svid = _trimmed(text)
    if _FULL_WIDTH_DIGIT.search(svid):
        svid = svid.translate(_FULL_WIDTH)
    for marks in (_SPREADSHEET_TEXT, _QUOTED, _DECIMAL):
        if found := marks.fullmatch(svid):
            svid = _trimmed(found[1])
    return text if svid == _trimmed(text) else svid


def _storable(text: str, where: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InputError(f"{where} is not valid Unicode text") from None
    return text


def _qualified(svid: str, state: str | None, where: str) -> str:
    """The id, with its state in front if a state is given beside it and not yet in front."""
    svid = meant(svid)
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
    """The ids of a text; it is read twice, because only all of its lines show what a line means."""
    first = _trimmed(next((found[0] for found in _LINE.finditer(text) if _trimmed(found[0])), ""))
    delimiter = next((mark for mark in _SEPARATORS if mark in first), "")
    if not _OTHER_THAN_PLAIN_LINES.search(text):
        yield from _plain_lines(text, first, name)
        return
    words = first.split()
    if not delimiter and _positions([first])[0] is None and _positions(words)[0] is not None:
        delimiter = " "
    header = next((row for _, row in _rows(text, delimiter, name)), None)
    if header is None:
        return
    svid_at, state_at = _positions(header)
    has_quotes = '"' in text
    if svid_at is not None:
        is_one_column = len(header) == 1 and not has_quotes
        for line, row in _rows(text, delimiter, name, skip=1):
            if len(row) > len(header):
                raise InputError(
                    f"{name}, line {line}: {len(row)} columns where {len(header)} was expected"
                )
            svid = row[svid_at] if svid_at < len(row) else ""
            state = row[state_at] if state_at is not None and state_at < len(row) else None
            for one in _parts(svid) if is_one_column else [svid]:
                yield _qualified(one, state, f"{name}, line {line}")
        return

    def cells() -> Iterator[tuple[int, list[str]]]:
        for line, row in _rows(text, delimiter, name):
            yield line, row if len(row) > 1 or has_quotes else _parts(row[0])

    layout = _Layout.of(cells())
    if (layout.columns > 1 and not layout.is_list_of_ids) or layout.has_unknown_header:
        raise _no_column(name, layout.first_line)
    for _, row in cells():
        for cell in row:
            yield meant(cell)


def _plain_lines(text: str, first: str, name: str) -> Iterator[str]:
    """The ids of a text of letters, digits and colons, one a line: most lists are like that."""
    lines = text.split()
    has_header = _positions([first])[0] is not None
    is_word = not has_header and len(lines) > 1 and first.isalpha()
    if is_word and all(re.search(r"\d", line) for line in lines[1:]):
        blank_lines = len(text[: text.index(first)].splitlines())
        raise _no_column(name, blank_lines + 1)
    yield from lines[1:] if has_header else lines


def _no_column(name: str, line: int) -> InputError:
    return InputError(
        f"{name}, line {line}: no id column; a header must name one of {', '.join(ID_COLUMNS)}, "
        "or the file hold one column of ids"
    )


def _rows(text: str, delimiter: str, name: str, skip: int = 0) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not blank, each with its last line; empty cells at the end are no cells.

    A blank as ``delimiter`` means any number of blanks.
    """
    lines = (found[0] for found in _LINE.finditer(text))
    reader = csv.reader(
        lines, delimiter=delimiter if delimiter in _SEPARATORS and delimiter else ",", strict=True
    )
    try:
        for row in reader:
            if delimiter == " ":
                row = row[0].split() if row else []
            while len(row) > 1 and not _trimmed(row[-1]):
                row.pop()
            if any(_trimmed(cell) for cell in row):
                if skip:
                    skip -= 1
                else:
                    yield reader.line_num, row
    except csv.Error:
        raise InputError(f"{name}, line {reader.line_num}: not readable as CSV") from None


def _parts(cell: str) -> list[str]:
    """The ids in one cell: several, if they stand between blanks or ``|`` and each has a digit.

    Only for a text without quotes: who quotes knows how to write a cell.
    """
    if _PLAIN.fullmatch(cell):
        return [cell]
    parts = re.split(r"[|\s]+", _trimmed(cell))
    parts = [part for part in parts if part]
    if len(parts) > 1 and all(_ID.fullmatch(meant(part)) for part in parts):
        return parts
    return [cell]


@dataclass
class _Layout:
    """What the rows of a text without a header show about their columns."""

    first_line: int = 0
    rows: int = 0
    starts_with_a_word: bool = False
    all_have_digits: bool = True
    all_are_ids: bool = True
    widths: set[int] = field(default_factory=set)
    lengths: list[set[int]] = field(default_factory=list)
    """The lengths of the cells, by column."""

    @classmethod
    def of(cls, rows: Iterable[tuple[int, list[str]]]) -> _Layout:
        found = cls()
        for line, row in rows:
            found.rows += 1
            found.widths.add(len(row))
            if found.rows == 1:
                found.first_line = line
                word = re.fullmatch(r"[A-Za-z_ ]+", _trimmed(row[0]))
                found.starts_with_a_word = word is not None
            elif not re.search(r"\d", row[0]):
                found.all_have_digits = False
            while len(found.lengths) < len(row):
                found.lengths.append(set())
            for at, cell in enumerate(row):
                svid = _trimmed(meant(cell))
                found.all_are_ids &= _ID.fullmatch(svid) is not None
                found.lengths[at].add(len(svid.rpartition(":")[2]))
        return found

    @property
    def columns(self) -> int:
        return len(self.lengths)

    @property
    def has_unknown_header(self) -> bool:
        """Whether the first line is a word, and every other line has a digit."""
        return self.rows > 1 and self.starts_with_a_word and self.all_have_digits

    @property
    def is_list_of_ids(self) -> bool:
        """Whether several cells a row are certainly ids, not an id beside something else.

        Rows of one width are a table, and so are columns whose texts differ in length.
        """
        are_alike = all(self.lengths[0] & lengths for lengths in self.lengths)
        if self.rows == 1:
            return self.all_are_ids and (are_alike or self.columns > 2)
        return self.all_are_ids and are_alike and len(self.widths) > 1


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
        number = 0
        try:
            path = f"/dev/fd/{copy.fileno()}"
            source = con.sql("select * from read_parquet(?)", params=[path])
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
            found = con.execute("select * from read_parquet(?)", [path])
            while rows := found.fetchmany(_BATCH):
                for row in rows:
                    number += 1
                    state = row[state_at] if state_at is not None else None
                    yield _qualified(row[svid_at] or "", state, f"{name}, row {number}")
        except duckdb.Error:
            raise InputError(f"{name}: not a readable Parquet file") from None


FORMS = {
    "leading_zeros": "with leading zeros",
    "letter_case": "with letters in the other case",
    "signs": "without signs between letters and digits, or with them",
    "state_in_front": "with a colon after the state, as in WI:0012345",
    "several": "with other zeros, case and signs together",
}
"""How ids could be written to be known, by the form of the function ``segment_forms``."""

_LOOKS = (
    ("e-mail addresses", re.compile(r"[^@]+@[^@]+")),
    ("numbers that a spreadsheet has rounded (1.2E+07)", re.compile(r"[0-9.,]+[eE][+-]?[0-9]+")),
    ("phone numbers", re.compile(r"[+(][0-9() .-]{9,}|[0-9]{3}[ .-][0-9]{3}[ .-][0-9]{4}")),
    ("dates", re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,2}/[0-9]{1,2}/[0-9]{2,4}")),
    ("digits only", re.compile(r"(?:[A-Za-z]{2}:)?[0-9]+")),
    ("words without a digit", re.compile(r"[^0-9]+")),
)


def report(database: Database, segment: Sequence[str], least_known: int = 0) -> None:
    """Says on standard error why ids of a list are unknown, if their form may be the reason.

    It says so whenever unknown ids would be known in another form, and whenever fewer than a tenth
    of the list is known. The line holds no id. In an answer that hides how many are known, it only
    says what another form would make known, if that is ``least_known`` ids or more.
    """
    found = {
        form: (known, requested)
        for form, requested, known in database.all_rows(
            database.ask("segment_forms", segment, select="select form, requested, known_ids")
        )
    }
    known, requested = found.pop("as_given", (0, 0))
    if not requested:
        return
    best = max(found, key=lambda form: found[form][0], default="")
    could_be = found[best][0] if best else 0
    is_rare = known * 10 < requested
    said = f"{could_be:,} of {requested:,} would be known {FORMS[best]}" if could_be else ""
    if least_known:
        if could_be >= least_known and requested - could_be not in range(1, least_known):
            print(f"segment.py: {said}", file=sys.stderr)
        return
    if not is_rare and not could_be:
        return
    line = f"{known:,} of {requested:,} ids are known"
    if could_be:
        line += f"; {said}"
    if is_rare and could_be * 2 < requested:
        line += f"; {_look(segment)}: are they voter ids of the states in this voter file?"
    print(f"segment.py: {line}", file=sys.stderr)


def _look(segment: Sequence[str]) -> str:
    """What most ids of a list look like, in words."""
    svids = [_trimmed(svid) for svid in segment[:_BATCH]]
    svids = [svid for svid in svids if svid]
    counts = [
        (sum(pattern.fullmatch(svid) is not None for svid in svids), kind)
        for kind, pattern in _LOOKS
    ]
    count, kind = max(counts, key=lambda one: one[0])
    lengths = sorted(len(svid.rpartition(":")[2]) for svid in svids)
    long = f"{lengths[0]} to {lengths[-1]}" if lengths[0] != lengths[-1] else f"{lengths[0]}"
    if count * 2 <= len(svids):
        kind = "letters and digits"
    return f"they look like {kind}, {long} characters long"


def check_output(file: str | None, out: Path | None) -> None:
    """Raises InputError if the answer would replace the list of ids, under whatever name."""
    if file is None or out is None or not out.exists():
        return
    try:
        source = os.fstat(sys.stdin.fileno()) if file == "-" else Path(file).stat()
        is_same = os.path.samestat(source, out.stat())
    except (OSError, ValueError, AttributeError):
        return
    if is_same:
        raise InputError("--out: this file is the list of ids of --svids; name another")
