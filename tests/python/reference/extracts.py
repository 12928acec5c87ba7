"""Extract files in, plain tuples out."""

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from reference.normalise import boolean

COLUMNS: dict[str, tuple[str, ...]] = {
    "person": ("id", "email", "cell_phone", "home_phone", "county", "state"),
    "person_custom_field": ("person_id", "custom_field_id", "value"),
    "custom_field": ("id", "name"),
    "list_link_phone_email_map": (
        "contact_number",
        "email",
        "first_cohort_at",
        "last_cohort_at",
    ),
    "email_clickers": (
        "email",
        "campaign_id",
        "client_shortname",
        "event_date",
        "send",
        "open",
        "click",
        "bounce",
        "complaint",
        "unsubscribe",
        "is_bot",
        "event_id",
        "link",
    ),
    "campaigns": (
        "campaign_id",
        "client_shortname",
        "list_id",
        "channel",
        "campaign_name",
        "start_date",
    ),
    "donations": (
        "email",
        "contact_number",
        "donation_date",
        "state",
        "amount",
        "donation_id",
        "donation_source",
    ),
}
"""The seven required tables, their declared columns in interface order."""

DELETED = ("_fivetran_deleted", "_deleted", "is_deleted")
"""Optional columns of every table; a row with a true one was deleted where it comes from."""

Accounts = dict[str, Counter[str]]
Row = tuple[Any, ...]


def new_accounts() -> Accounts:
    """An empty row account for each of the seven tables."""
    names = ("rows_in", "rows_kept", "rows_unlinked", "rows_rejected", "rows_duplicate")
    return {table: Counter(dict.fromkeys(names, 0)) for table in COLUMNS}


def _values(column: pa.Array) -> list[Any]:
    kind = column.type
    if pa.types.is_timestamp(kind):
        if kind.tz is not None:
            column = column.cast(pa.int64()).cast(pa.timestamp(kind.unit))
        column = column.cast(pa.timestamp("us"), safe=False)
    values: list[Any] = column.to_pylist()
    return values


def rows(folder: Path, table: str, accounts: Accounts) -> Iterator[tuple[Any, ...]]:
    """The declared columns of every row of a table, columns matched without case, missing as None.

    Extra columns are ignored; a missing optional column reads as None in every row. A row that its
    source marks as deleted is rejected here.
    """
    account = accounts[table]
    for path in sorted((folder / table).rglob("*.[pc]*")):
        read = _parquet_rows if path.suffix == ".parquet" else _csv_rows
        for row, marks in read(path, COLUMNS[table]):
            if any(mark is not None and boolean(mark) for mark in marks):
                account["rows_in"] += 1
                account["rows_rejected"] += 1
            else:
                yield row


def _parquet_rows(path: Path, wanted: tuple[str, ...]) -> Iterator[tuple[Row, Row]]:
    with pq.ParquetFile(path) as file:
        names = {name.lower(): name for name in reversed(file.schema_arrow.names)}
        present = [names[name] for name in (*wanted, *DELETED) if name in names]
        for batch in file.iter_batches(batch_size=100_000, columns=present):
            nothing = [None] * batch.num_rows
            columns = [
                _values(batch.column(names[name])) if name in names else nothing
                for name in (*wanted, *DELETED)
            ]
            for row in zip(*columns, strict=True):
                yield row[: len(wanted)], row[len(wanted) :]


def _csv_rows(path: Path, wanted: tuple[str, ...]) -> Iterator[tuple[Row, Row]]:
    """Text, or None where a field is empty; the separator is the one that splits the header."""
    with path.open(newline="", encoding="utf-8") as file:
        header = file.readline()
        separator = max(",;\t|", key=header.count)
        names = [name.lower() for name in next(csv.reader([header], delimiter=separator))]
        for fields in csv.reader(file, delimiter=separator):
            values = dict(zip(names, [field or None for field in fields], strict=True))
            yield (
                tuple(values.get(name) for name in wanted),
                tuple(values.get(name) for name in DELETED),
            )
