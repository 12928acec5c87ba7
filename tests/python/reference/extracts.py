"""Extract files in, plain tuples out."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

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

Accounts = dict[str, Counter[str]]


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


def rows(folder: Path, table: str) -> Iterator[tuple[Any, ...]]:
    """The declared columns of every row of a table, columns matched without case, missing as None.

    Extra columns are ignored; a missing optional column reads as None in every row.
    """
    wanted = COLUMNS[table]
    for path in sorted((folder / table).glob("*.parquet")):
        with pq.ParquetFile(path) as file:
            names = {name.lower(): name for name in reversed(file.schema_arrow.names)}
            present = [names[name] for name in wanted if name in names]
            for batch in file.iter_batches(batch_size=100_000, columns=present):
                nothing = [None] * batch.num_rows
                columns = [
                    _values(batch.column(names[name])) if name in names else nothing
                    for name in wanted
                ]
                yield from zip(*columns, strict=True)
