"""SQL that turns rows into text: each row a line of CSV, or a JSON object.

For two million cells Python needs seconds, the engine a fifth of a second.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from enrichment.database import Query, identifier, text

_WHOLE = ("BIGINT", "HUGEINT", "INTEGER", "SMALLINT", "TINYINT", "BOOLEAN")
_NEVER_QUOTED = (*_WHOLE, "DOUBLE", "DATE", "TIMESTAMP")
# A spreadsheet runs a cell that starts with one of these, full-width ones too; a cell with one of
# those is quoted.
FORMULA = "=+-@\t\r\uff1d\uff0b\uff0d\uff20"
_FORMULA = text(FORMULA)
_SPECIAL = text('[",\r\n]')


def csv_lines(query: Query, columns: Mapping[str, str]) -> Query:
    """Each row of a query as a line of CSV (RFC 4180), without the line end.

    ``columns`` are the names and types. NULL is empty, dates are ISO, and text that a spreadsheet
    would run as a formula gets an apostrophe.
    """
    cells, texts = [], []
    for name, kind in columns.items():
        if kind in _NEVER_QUOTED or kind.startswith("DECIMAL"):
            cells.append(f"coalesce({_plain(identifier(name), kind, ' ')}, '')")
        else:
            texts.append(_text(identifier(name), kind))
            cells.append(f'"quoted texts"[{len(texts)}]')
    # One list for all texts: planning one expression per column takes longer than running it on a
    # thousand rows.
    harmless = f"""list_transform(
        cast([{", ".join(texts)}] as varchar[]),
        lambda cell: case
            when cell <> '' and contains({_FORMULA}, left(cell, 1)) then '''' || cell
            else coalesce(cell, '')
        end
    )"""
    quoted = f"""list_transform(
        {harmless},
        lambda cell: case
            when regexp_matches(cell, {_SPECIAL}) then '"' || replace(cell, '"', '""') || '"'
            else cell
        end
    )"""
    # A lone empty cell is quoted, because a blank line is not a row.
    return Query(
        f"select coalesce(nullif(concat_ws(',', {', '.join(cells)}), ''), '\"\"') "
        f'from (select *, {quoted} as "quoted texts" from ({query.sql}))',
        query.values,
    )


def json_objects(query: Query, columns: Mapping[str, str]) -> Query:
    """Each row of a query as a JSON object: ISO dates, no NaN, decimals as numbers."""
    pairs = ", ', ', ".join(
        f"{text(json.dumps(name, ensure_ascii=False) + ': ')}, "
        f"coalesce({_json_value(identifier(name), kind)}, 'null')"
        for name, kind in columns.items()
    )
    return Query(f"select concat('{{', {pairs}, '}}') from ({query.sql})", query.values)


def _json_value(column: str, kind: str) -> str:
    plain = _plain(column, kind, "T")
    if kind in _WHOLE:
        return plain
    if kind == "DOUBLE":
        return f"case when isfinite({column}) then {plain} end"
    if kind.startswith("DECIMAL"):
        whole, fraction = f"cast({column} as hugeint)", f"cast({column} as double)"
        return (
            f"case when {column} = {whole} then cast({whole} as varchar) "
            f"else cast({fraction} as varchar) end"
        )
    if kind in ("DATE", "TIMESTAMP"):
        return f"'\"' || {plain} || '\"'"
    return f"cast(to_json({column}) as varchar)"


def _text(column: str, kind: str) -> str:
    return column if kind == "VARCHAR" else f"cast(to_json({column}) as varchar)"


def _plain(column: str, kind: str, between: str) -> str:
    """A value as text; a timestamp in ISO 8601, without a fraction of zero."""
    if kind == "TIMESTAMP":
        iso = f"strftime({column}, '%Y-%m-%d{between}%H:%M:%S.%f')"
        return f"replace({iso}, '.000000', '')"
    return f"cast({column} as varchar)"
