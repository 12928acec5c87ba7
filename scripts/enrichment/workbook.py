"""Writes an answer as xlsx: a first sheet about it, then a sheet with filters for each part.

The first sheet says what was asked, of which build and day, about how many ids, and what each
column means. Text that a spreadsheet would run as a formula is a text cell.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from enrichment import contracts
from enrichment.answers import Answer, Section, as_text, is_number
from enrichment.database import Database, Listing, build_info
from enrichment.errors import InputError

ABOUT = "about"
"""The name of the first sheet."""

_TEXT, _DIGITS = 32_767, 10**15
_NARROW, _WIDE, _MEASURED = 8, 60, 1_000  # characters; and rows whose cells decide the width
_FILTER = 3  # characters of the button in the header


def write(database: Database, answer: Answer, file: Path, scratch: Path, most_rows: int) -> None:
    """Writes the workbook; ``scratch`` is a private folder, a sheet has ``most_rows`` at most.

    Raises InputError if a sheet or a text is too long for xlsx.
    """
    try:
        import xlsxwriter
    except ImportError:
        raise InputError("--format xlsx needs the package xlsxwriter: install it") from None
    options = {"constant_memory": True, "tmpdir": str(scratch), "remove_timezone": True}
    try:
        with xlsxwriter.Workbook(str(file), options) as book:
            _write_about(database, answer, book)
            for section in answer.sections:
                _write_sheet(database, section, book, most_rows)
    except xlsxwriter.exceptions.FileCreateError as error:
        # The package wraps the error of the system, which alone says what is wrong.
        (cause,) = error.args
        raise cause from None


def _write_about(database: Database, answer: Answer, book: Any) -> None:
    """The first sheet: facts about the answer, and a line for each column of the other sheets."""
    sheet = book.add_worksheet(ABOUT)
    bold = book.add_format({"bold": True, "valign": "top"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 1, 28, wrapped)
    sheet.set_column(2, 2, 90, wrapped)
    line = 0
    for name, value in (*_build(database), *answer.about):
        sheet.write_string(line, 0, name, bold)
        if is_number(value):
            sheet.write_number(line, 1, value)
        else:
            sheet.write_string(line, 1, as_text(value))
        line += 1
    line += 1
    sheet.write_row(line, 0, ("sheet", "column", "meaning"), bold)
    for section in answer.sections:
        for row in _meanings(database, section):
            line += 1
            for at, text in enumerate(row):
                sheet.write_string(line, at, text)


def _build(database: Database) -> Iterator[tuple[str, str]]:
    """The day and the build that an answer is about; nothing of rows that come from no build."""
    if not isinstance(database, Listing):
        # Not by database.rows: this is no row of the answer, which the audit log counts.
        build_id, as_of_date, _ = build_info(database.cursor(), database.file) or ("", "", "")
        yield "as-of date", as_text(as_of_date)
        yield "build", as_text(build_id)


def _meanings(database: Database, section: Section) -> Iterator[tuple[str, str, str]]:
    """The sheet with its question, then its columns with their meanings."""
    relation = contracts.relation(*section.source) if section.source else None
    yield section.name, "", relation.meaning if relation else ""
    for name in database.columns(section.query):
        column = relation.columns.get(name) if relation else None
        yield section.name, name, column.meaning if column else ""


def _write_sheet(database: Database, section: Section, book: Any, most_rows: int) -> None:
    formats = {
        datetime.date: book.add_format({"num_format": "yyyy-mm-dd"}),
        datetime.datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
    }
    sheet = book.add_worksheet(section.name[:31])
    columns, rows = database.rows(section.query)
    sheet.write_row(0, 0, columns, book.add_format({"bold": True}))
    sheet.freeze_panes(1, 0)
    widths = [max(_NARROW, len(name) + _FILTER) for name in columns]
    last = 0
    for line, row in enumerate(rows, 1):
        if line >= most_rows:
            raise InputError(
                f"{section.name} has more rows than a sheet of xlsx ({most_rows:,}); "
                "use --format csv or parquet"
            )
        last = line
        for at, value in enumerate(row):
            _write_cell(sheet, line, at, value, formats)
            if line <= _MEASURED:
                widths[at] = max(widths[at], len(_shown(value)))
    for at, width in enumerate(widths):
        sheet.set_column(at, at, min(width + 1, _WIDE))
    if columns:
        sheet.autofilter(0, 0, last, len(columns) - 1)


def _shown(value: Any) -> str:
    """About the text that a cell shows: a spreadsheet rounds fractions to its width."""
    return f"{value:.6g}" if isinstance(value, float) else as_text(value)


def _write_cell(sheet: Any, line: int, at: int, value: Any, formats: dict[type, Any]) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(line, at, value)
    elif isinstance(value, datetime.date) and value.year >= 1900:
        sheet.write_datetime(line, at, value, formats[type(value)])
    elif is_number(value) and math.isfinite(value) and abs(value) < _DIGITS:
        sheet.write_number(line, at, value)
    else:
        text = as_text(value)
        if len(text) > _TEXT:
            raise InputError(
                f"row {line} has a text that is too long for xlsx; use --format csv or parquet"
            )
        sheet.write_string(line, at, text)
