"""Hand-made extracts for tests, and the database that the project builds from them."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from warm import Warm

PROJECT = Path(__file__).resolve().parents[2]

Row = dict[str, Any]
Tables = Mapping[str, Iterable[Mapping[str, Any]]]

_TEXT, _ID, _FLAG, _TIME = pa.string(), pa.int64(), pa.int32(), pa.timestamp("us")

SCHEMAS: dict[str, dict[str, Any]] = {
    "person": {
        "id": _ID,
        "email": _TEXT,
        "cell_phone": _TEXT,
        "home_phone": _TEXT,
        "county": _TEXT,
        "state": _TEXT,
    },
    "person_custom_field": {"person_id": _ID, "custom_field_id": _ID, "value": _TEXT},
    "custom_field": {"id": _ID, "name": _TEXT},
    "list_link_phone_email_map": {
        "CONTACT_NUMBER": _TEXT,
        "EMAIL": _TEXT,
        "FIRST_COHORT_AT": _TIME,
        "LAST_COHORT_AT": _TIME,
    },
    "email_clickers": {
        "EMAIL": _TEXT,
        "CAMPAIGN_ID": _ID,
        "CLIENT_SHORTNAME": _TEXT,
        "EVENT_DATE": _TIME,
        "SEND": _FLAG,
        "OPEN": _FLAG,
        "CLICK": _FLAG,
        "BOUNCE": _FLAG,
        "COMPLAINT": _FLAG,
        "UNSUBSCRIBE": _FLAG,
        "IS_BOT": pa.bool_(),
        "EVENT_ID": _TEXT,
    },
    "campaigns": {
        "CAMPAIGN_ID": _ID,
        "CLIENT_SHORTNAME": _TEXT,
        "LIST_ID": _ID,
        "CHANNEL": _TEXT,
        "CAMPAIGN_NAME": _TEXT,
        "START_DATE": _TIME,
    },
    "donations": {
        "EMAIL": _TEXT,
        "CONTACT_NUMBER": _TEXT,
        "DONATION_DATE": _TIME,
        "STATE": _TEXT,
        "AMOUNT": pa.decimal128(18, 2),
        "DONATION_ID": _TEXT,
        "DONATION_SOURCE": _TEXT,
    },
}
"""The seven required tables: their columns, in interface order, with the types of an export."""


OPTIONAL: dict[str, dict[str, Any]] = {
    "suppressions": {"identifier": _TEXT, "channel": _TEXT, "reason": _TEXT, "from_date": _TIME},
    "segment_lists": {"segment": _TEXT, "svid": _TEXT, "added_at": _TIME},
    "erasure_requests": {"identifier": _TEXT, "requested_at": _TIME},
    "dns_records": {
        "domain": _TEXT,
        "record_type": _TEXT,
        "name": _TEXT,
        "value": _TEXT,
        "collected_at": _TIME,
    },
    "web_visits": {
        "EMAIL": _TEXT,
        "CONTACT_NUMBER": _TEXT,
        "EVENT_DATE": _TIME,
        "SESSION_ID": _TEXT,
        "TOPIC": _TEXT,
        "DURATION_SECONDS": pa.float64(),
        "EVENT_ID": _TEXT,
    },
    "behavior_events": {
        "event_id": _TEXT,
        "email": _TEXT,
        "phone": _TEXT,
        "svid": _TEXT,
        "session_id": _TEXT,
        "event_type": _TEXT,
        "occurred_at": _TEXT,
        "page": _TEXT,
        "properties": _TEXT,
        "context": _TEXT,
        "value": pa.float64(),
    },
}
"""Tables that an organisation may do without; they are written where they have rows."""


FIELDS = ("state_voter_id", "party", "gender", "birth_date", "voter_key")
"""Names of the custom fields; their ids are 1, 2, 3, ..."""


FLAGS = ("send", "open", "click", "bounce", "complaint", "unsubscribe")
"""The flags of an event."""


class Extracts:
    """The rows of the seven tables, made one by one; times are ISO 8601 text."""

    def __init__(self) -> None:
        """Begin with the dictionary of custom fields alone."""
        self.tables: dict[str, list[Row]] = {table: [] for table in SCHEMAS}
        for number, name in enumerate(FIELDS, start=1):
            self.tables["custom_field"].append({"id": number, "name": name})

    def person(
        self,
        svid: str | None,
        email: str | None = None,
        *,
        state: str = "WI",
        county: str | None = None,
        cell_phone: str | None = None,
        home_phone: str | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> int:
        """A person with a voter id and perhaps other custom fields; returns the person id."""
        number = len(self.tables["person"]) + 1
        self.tables["person"].append({
            "id": number,
            "email": email,
            "cell_phone": cell_phone,
            "home_phone": home_phone,
            "county": county,
            "state": state,
        })  # fmt: skip
        if svid is not None:
            self.field(number, "state_voter_id", svid)
        for name, value in (fields or {}).items():
            self.field(number, name, value)
        return number

    def field(self, person_id: int, name: str, value: str) -> None:
        """One value of one custom field of a person."""
        self.tables["person_custom_field"].append(
            {"person_id": person_id, "custom_field_id": FIELDS.index(name) + 1, "value": value}
        )

    def mapped(self, phone: str, email: str, first_seen: str | None = None) -> None:
        """A phone and an address that were seen together."""
        self.tables["list_link_phone_email_map"].append(
            {"CONTACT_NUMBER": phone, "EMAIL": email, "FIRST_COHORT_AT": moment(first_seen)}
        )

    def campaign(
        self, campaign: int, client: str, name: str | None = None, start: str | None = None
    ) -> None:
        """A row of the campaigns table."""
        self.tables["campaigns"].append({
            "CAMPAIGN_ID": campaign,
            "CLIENT_SHORTNAME": client,
            "CHANNEL": "email",
            "CAMPAIGN_NAME": name,
            "START_DATE": moment(start),
        })  # fmt: skip

    def event(
        self,
        email: str | None,
        at: str | datetime,
        *,
        client: str = "common",
        campaign: int | None = None,
        event_id: str | None = None,
        is_bot: bool = False,
        **flags: int,
    ) -> None:
        """A row of email_clickers; flags are ``send``, ``open``, ``click`` and so on, else 0."""
        if unknown := set(flags) - set(FLAGS):
            raise ValueError(f"no such flags: {', '.join(sorted(unknown))}")
        number = len(self.tables["email_clickers"]) + 1
        self.tables["email_clickers"].append({
            "EMAIL": email,
            "CAMPAIGN_ID": campaign,
            "CLIENT_SHORTNAME": client,
            "EVENT_DATE": moment(at),
            **{name.upper(): flags.get(name, 0) for name in FLAGS},
            "IS_BOT": is_bot,
            "EVENT_ID": event_id or f"event-{number}",
        })  # fmt: skip

    def mailing(
        self,
        emails: Sequence[str],
        at: str,
        *,
        client: str = "common",
        campaign: int | None = None,
        sends: int,
        **flags: int,
    ) -> None:
        """So many sends, a minute apart, to each address in turn; the first ones have the flags.

        ``flags`` says how many of the rows have each flag: ``open=3`` is three rows with an open.
        """
        start = datetime.fromisoformat(at)
        for number in range(sends):
            self.event(
                emails[number % len(emails)],
                start + timedelta(minutes=number),
                client=client,
                campaign=campaign,
                event_id=None,
                is_bot=False,
                send=1,
                **{name: 1 for name, count in flags.items() if number < count},
            )

    def gift(
        self,
        at: str,
        email: str | None = None,
        *,
        phone: str | None = None,
        donation_id: str | None = None,
        source: str | None = None,
    ) -> None:
        """A row of donations, of 25 dollars."""
        number = len(self.tables["donations"]) + 1
        self.tables["donations"].append({
            "EMAIL": email,
            "CONTACT_NUMBER": phone,
            "DONATION_DATE": moment(at),
            "STATE": "WI",
            "AMOUNT": Decimal(25),
            "DONATION_ID": donation_id or f"gift-{number}",
            "DONATION_SOURCE": source,
        })  # fmt: skip

    def visit(self, at: str | None, email: str | None = None, *, phone: str | None = None) -> None:
        """A row of web_visits."""
        number = len(self.tables.setdefault("web_visits", [])) + 1
        self.tables["web_visits"].append(
            {
                "EMAIL": email,
                "CONTACT_NUMBER": phone,
                "EVENT_DATE": moment(at),
                "EVENT_ID": f"visit-{number}",
            }
        )

    def act(self, at: str | None, event_type: str = "page_view", **columns: Any) -> None:
        """A row of behavior_events, its other columns as given."""
        number = len(self.tables.setdefault("behavior_events", [])) + 1
        self.tables["behavior_events"].append(
            {"event_id": f"act-{number}", "event_type": event_type, "occurred_at": at, **columns}
        )

    def suppress(
        self, identifier: str | None, channel: str | None = None, from_date: str | None = None
    ) -> None:
        """A row of suppressions."""
        self.tables.setdefault("suppressions", []).append(
            {"identifier": identifier, "channel": channel, "from_date": moment(from_date)}
        )

    def dns(
        self, domain: str | None, name: str, value: str, at: str = "2025-06-01", kind: str = "TXT"
    ) -> None:
        """A row of dns_records."""
        self.tables.setdefault("dns_records", []).append({
            "domain": domain,
            "record_type": kind,
            "name": name,
            "value": value,
            "collected_at": moment(at),
        })  # fmt: skip

    def erase(self, identifier: str | None) -> None:
        """A row of erasure_requests."""
        self.tables.setdefault("erasure_requests", []).append({"identifier": identifier})


def moment(text: str | datetime | None) -> datetime | None:
    """ISO 8601 text as a time."""
    return datetime.fromisoformat(text) if isinstance(text, str) else text


def write_extracts(folder: Path, tables: Tables, *, without: Collection[str] = ()) -> Path:
    """Write ``<folder>/<table>/part-0.parquet`` for each table, optional ones if they have rows.

    A row may leave out columns, which are NULL then. ``without`` names columns that the files
    shall not have at all, as ``table.COLUMN``. Returns the folder.
    Raises ValueError for a name that no table has.
    """
    schemas = SCHEMAS | {table: schema for table, schema in OPTIONAL.items() if tables.get(table)}
    columns_of = {
        table: [column for column in schema if f"{table}.{column}" not in without]
        for table, schema in schemas.items()
    }
    known = {f"{table}.{column}" for table, schema in schemas.items() for column in schema}
    given = {
        f"{table}.{column}" for table, rows in tables.items() for row in rows for column in row
    }
    if unknown := (given | set(without)) - known:
        raise ValueError(f"no extract has the columns {', '.join(sorted(unknown))}")
    for table, columns in columns_of.items():
        schema = pa.schema([(column, schemas[table][column]) for column in columns])
        rows = [{column: row.get(column) for column in columns} for row in tables.get(table, ())]
        file = folder / table / "part-0.parquet"
        file.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), file)
    return folder


def build_database(
    warm: Warm,
    extracts: Path,
    folder: Path,
    *,
    as_of_date: date,
    select: Sequence[str] = (),
    previous: Path | None = None,
    accept: Sequence[str] = (),
) -> Path:
    """Build the project, or the models selected, without its tests; returns the database.

    Everything that the build writes is below ``folder``. ``previous`` is a database whose build has
    read what need not be read again, from files that may have been others; ``accept`` names checks.
    Raises RuntimeError with the last lines of dbt when the build fails.
    """
    database = folder / "behavioral.duckdb"
    given = {
        "as_of_date": as_of_date.isoformat(),
        "accepted_checks": [*accept, *(["changed_file", "missing_file"] if previous else [])],
    }
    environment = os.environ | {
        "BEHAVIORAL_DATA_DIR": str(extracts),
        "BEHAVIORAL_DB": str(database),
        "BEHAVIORAL_WORK_DB": str(database),
        "BEHAVIORAL_PREVIOUS_DB": str(previous or ""),
    }
    folder.mkdir(parents=True, exist_ok=True)
    run = warm.dbt(
        *("--no-use-colors", "build", "--target", "publish", "--vars", json.dumps(given)),
        *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
        *("--target-path", str(folder / "target"), "--log-path", str(folder / "logs")),
        *("--log-level-file", "none", "--no-write-json"),  # no test reads them
        *("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"),
        *(["--select", *select] if select else []),
        env=environment,
    )
    if run.returncode != 0:
        raise RuntimeError("dbt build failed:\n" + "\n".join(run.stdout.splitlines()[-30:]))
    return database
