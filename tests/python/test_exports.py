"""Exports of other products become extracts: each map on a made-up export of its shape (002-35)."""

from __future__ import annotations

import csv
import gzip
import json
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from enrichment import exports
from enrichment.errors import InputError

PROJECT = Path(__file__).resolve().parents[2]
ANN = "ann@example.org"
AT = "2026-03-02 10:20:30"
SECONDS = 1772446830


def ga4(name: str, **more: Any) -> dict[str, Any]:
    params = {"ga_session_id": 77, "page_location": "https://example.org/", "topic": "schools"}
    return {
        "event_date": "20260302",
        "event_timestamp": SECONDS * 1_000_000,
        "event_name": name,
        "event_params": [
            {
                "key": key,
                "value": {
                    "string_value": value if isinstance(value, str) else None,
                    "int_value": None if isinstance(value, str) else value,
                },
            }
            for key, value in params.items()
        ],
        "user_pseudo_id": "12.34",
    } | more


def segment(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "messageId": f"m-{kind}", "timestamp": "2026-03-02T12:20:30+02:00"} | more


def ses(kind: str, **more: Any) -> dict[str, Any]:
    sent = {"timestamp": "2026-03-02T10:00:00.000Z", "messageId": "x", "destination": [ANN]}
    return {"eventType": kind, "mail": sent | {"tags": {"campaign": ["spring"]}}} | more


def sendgrid(event: str, **more: Any) -> dict[str, Any]:
    known = {"email": ANN, "timestamp": SECONDS, "event": event, "category": ["spring"]}
    return known | {"sg_event_id": f"e-{event}"} | more


def mailgun(name: str, event: str, **more: Any) -> dict[str, Any]:
    known = {"event": event, "timestamp": SECONDS + 0.5, "id": name, "recipient": ANN}
    return known | {"tags": ["spring"]} | more


ANALYTICS: dict[str, tuple[list[dict[str, Any]], list[tuple[Any, ...]]]] = {
    "ga4": (
        [
            ga4("page_view", user_id="WI:0012345"),
            ga4("session_start", user_id="WI:0012345"),
            ga4("page_view"),
            ga4("Signed petition!", user_id=ANN),
        ],
        [
            (None, None, "WI:0012345", "12.34-77", "page_view", "schools"),
            (None, ANN, None, "12.34-77", "signed_petition", "schools"),
        ],
    ),
    "segment": (
        [
            segment("page", userId="WI:0012345", properties={"topic": "schools"}),
            segment("identify", userId="WI:0012345"),
            segment("track", event="Order Completed", context={"traits": {"email": ANN}}),
        ],
        [
            ("m-page", None, "WI:0012345", None, "page_view", "schools"),
            ("m-track", ANN, None, None, "purchase", None),
        ],
    ),
    "mixpanel": (
        [
            {
                "event": name,
                "properties": {"time": SECONDS, "distinct_id": who, "$insert_id": f"i{place}"},
            }
            for place, (name, who) in enumerate(
                [("$mp_web_page_view", ANN), ("Purchase", "0012345"), ("$identify", ANN)]
            )
        ],
        [
            ("i0", ANN, None, None, "page_view", None),
            ("i1", None, "0012345", None, "purchase", None),
        ],
    ),
    "amplitude": (
        [
            {
                "event_type": name,
                "event_time": f"{AT}.123000",
                "user_id": "WI:0012345",
                "device_id": "d",
                "session_id": 5,
                "uuid": f"u{place}",
                "event_properties": {"topic": "schools"},
            }
            for place, name in enumerate(["[Amplitude] Page Viewed", "session_start"])
        ],
        [("u0", None, "WI:0012345", "d-5", "page_view", "schools")],
    ),
}
"""An export of each product, and its rows: id, e-mail, voter id, session, type and topic."""

MAIL: dict[str, tuple[Any, list[tuple[Any, ...]]]] = {
    "mailchimp": (
        {
            "campaign_id": "c1",
            "emails": [
                {
                    "campaign_id": "c1",
                    "email_address": ANN,
                    "activity": [
                        {"action": "open", "timestamp": "2026-03-02T10:20:30+00:00"},
                        {
                            "action": "click",
                            "timestamp": "2026-03-02T10:20:30+00:00",
                            "url": "https://example.org/a",
                        },
                    ],
                },
                {"campaign_id": "c1", "email_address": "bob@example.org", "activity": []},
            ],
        },
        [
            ("c1", 0, 0, 1, 0, 0, 0, None, None, "https://example.org/a"),
            ("c1", 0, 1, 0, 0, 0, 0, None, None, None),
        ],
    ),
    "sendgrid": (
        [
            sendgrid("processed"),
            sendgrid("delivered"),
            sendgrid("open", sg_machine_open=True),
            sendgrid("spamreport", category="spring"),
            sendgrid("group_unsubscribe", marketing_campaign_id=12),
            sendgrid("new thing"),
        ],
        [
            ("12", 0, 0, 0, 0, 0, 1, False, "e-group_unsubscribe", None),
            ("spring", 0, 0, 0, 0, 1, 0, False, "e-spamreport", None),
            ("spring", 0, 1, 0, 0, 0, 0, True, "e-open", None),
            ("spring", 1, 0, 0, 0, 0, 0, False, "e-processed", None),
        ],
    ),
    "mailgun": (
        [
            mailgun("m0", "accepted"),
            mailgun("m1", "opened", **{"client-info": {"bot": "apple"}}),
            mailgun("m2", "failed", severity="permanent"),
            mailgun("m3", "failed", severity="temporary"),
        ],
        [
            ("spring", 0, 0, 0, 1, 0, 0, False, f"m2-{SECONDS}.5", None),
            ("spring", 0, 1, 0, 0, 0, 0, True, f"m1-{SECONDS}.5", None),
            ("spring", 1, 0, 0, 0, 0, 0, False, f"m0-{SECONDS}.5", None),
        ],
    ),
    "postmark": (
        [
            {"RecordType": "Delivery", "Recipient": ANN, "DeliveredAt": f"{AT}Z", "Tag": "spring"},
            {"RecordType": "Bounce", "Email": ANN, "BouncedAt": f"{AT}Z", "Tag": "spring"},
            {
                "RecordType": "SubscriptionChange",
                "Recipient": ANN,
                "ChangedAt": f"{AT}Z",
                "Tag": "spring",
                "SuppressSending": True,
                "SuppressionReason": "ManualSuppression",
            },
            {
                "RecordType": "SubscriptionChange",
                "Recipient": ANN,
                "ChangedAt": f"{AT}Z",
                "SuppressSending": False,
                "SuppressionReason": None,
            },
        ],
        [
            ("spring", 0, 0, 0, 0, 0, 1, None, None, None),
            ("spring", 1, 0, 0, 0, 0, 0, None, None, None),
            ("spring", 1, 0, 0, 1, 0, 0, None, None, None),
        ],
    ),
    "amazon_ses": (
        [
            ses("Send"),
            ses("Delivery"),
            ses("Click", click={"timestamp": f"{AT}Z", "link": "https://example.org/a"}),
        ],
        [
            ("spring", 0, 0, 1, 0, 0, 0, None, None, "https://example.org/a"),
            ("spring", 1, 0, 0, 0, 0, 0, None, None, None),
        ],
    ),
}
"""An export of each platform, and its rows: campaign, the six flags, is_bot, id and link."""

Written = Callable[[str, Any], Path]


@pytest.fixture
def export(tmp_path: Path) -> Written:
    """Writes an export: a list as JSON lines, anything else as one document."""

    def write(name: str, content: Any) -> Path:
        file = tmp_path / name
        text = json.dumps(content)
        if isinstance(content, list):
            text = "\n".join(json.dumps(row) for row in content)
        file.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        return file

    return write


def rows_of(file: Path, columns: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as con:
        query = f"select {columns} from read_parquet(?) order by all"
        return con.execute(query, [str(file)]).fetchall()


def test_every_map_is_tried() -> None:
    assert sorted([*ANALYTICS, *MAIL]) == exports.platforms()


@pytest.mark.parametrize("platform", ANALYTICS)
def test_an_analytics_export_becomes_behavior_events(
    platform: str, export: Written, tmp_path: Path
) -> None:
    delivered, expected = ANALYTICS[platform]
    file = export(f"{platform}.jsonl.gz", delivered)
    done = exports.convert(platform, file, tmp_path / "extracts")
    assert done.file.parent == tmp_path / "extracts" / "behavior_events"
    assert stat.S_IMODE(done.file.stat().st_mode) == 0o600
    assert (done.delivered, done.written, done.unknown) == (len(delivered), len(expected), 0)
    assert done.ignored + done.anonymous == len(delivered) - len(expected)
    columns = "event_id, email, svid, session_id, event_type, properties ->> '$.topic'"
    assert rows_of(done.file, columns) == sorted(
        expected, key=lambda row: (row[0] or "z", str(row))
    )
    ((first, source),) = set(rows_of(done.file, "occurred_at[:19], source"))
    assert (first, source) == (AT.replace(" ", "T"), platform)
    assert exports.convert(platform, file, tmp_path / "extracts").file == done.file


@pytest.mark.parametrize("platform", MAIL)
def test_a_mail_export_becomes_email_clickers(
    platform: str, export: Written, tmp_path: Path
) -> None:
    delivered, expected = MAIL[platform]
    done = exports.convert(platform, export(f"{platform}.json", delivered), tmp_path / "x", "acme")
    flags = ", ".join(exports.FLAGS)
    assert rows_of(done.file, f"CAMPAIGN_ID, {flags}, IS_BOT, EVENT_ID, LINK") == expected
    assert {row[:2] for row in rows_of(done.file, "EMAIL, CLIENT_SHORTNAME")} == {(ANN, "acme")}
    assert {str(day) for (day,) in rows_of(done.file, "EVENT_DATE::date")} == {"2026-03-02"}
    opens = exports.convert(
        platform, tmp_path / f"{platform}.json", tmp_path / "x", "acme", "email_openers"
    )
    assert opens.written == sum(row[2] for row in expected)
    assert opens.file.parent.name == "email_openers"


def test_columns_of_a_csv_are_read(tmp_path: Path) -> None:
    file = tmp_path / "sendgrid.csv"
    file.write_text(f"email,event,timestamp,category\n{ANN},open,{SECONDS},spring\n")
    done = exports.convert("sendgrid", file, tmp_path / "x", "acme")
    assert rows_of(done.file, "EMAIL, OPEN, CAMPAIGN_ID, EVENT_DATE::varchar") == [
        (ANN, 1, "spring", AT)
    ]


def test_a_written_file_has_the_columns_of_its_source() -> None:
    """Names that no extract declares would be passed over in silence."""
    import yaml

    declared: dict[str, set[str]] = {}
    for file in (PROJECT / "models" / "staging").rglob("*.yml"):
        for source in (yaml.safe_load(file.read_text()) or {}).get("sources", []):
            for table in source["tables"]:
                declared[table["name"]] = {column["name"] for column in table["columns"]}
    for extract in ("email_clickers", "email_openers", "behavior_events"):
        assert set(exports._COLUMNS[extract]) <= declared[extract]
    with (PROJECT / "seeds" / "event_types.csv").open(newline="") as rows:
        types = {row["event_type"] for row in csv.DictReader(rows)}
    for line in exports.lines():
        if line.kind == "event":
            known = types if line.extract == "behavior_events" else set(exports.FLAGS)
            assert set(line.becomes.split(" ")) <= known | {"ignored"}, line
        elif line.kind == "column":
            assert line.becomes in {"", *exports._COLUMNS[line.extract]}, line
            assert line.rule in {"json", *exports._RULES}, line
    # What people do with a mail, on social media, with the service and in an app (003-28).
    assert {"email_forward", "email_share", "social_follow", "service_request", "app_open"} <= types


@pytest.mark.parametrize(
    ("arguments", "content", "said"),
    [
        (["mailgun", "--client", "acme"], [{"email": ANN, "event": "open"}], "export of mailgun?"),
        (["sendgrid"], [{"email": ANN}], "--client NAME is missing"),
        (["ga4", "--into", "donations"], [{}], "go into behavior_events"),
        (["ga4"], "no json", "cannot be read"),
        (["ga4"], None, "there is no file"),
    ],
)
def test_a_bad_export_is_one_line(
    arguments: list[str], content: Any, said: str, export: Written, tmp_path: Path
) -> None:
    file = tmp_path / "given.jsonl"
    if isinstance(content, str):
        file.write_text(content)
    elif content is not None:
        export("given.jsonl", content)
    into = arguments[arguments.index("--into") + 1] if "--into" in arguments else None
    client = "acme" if "--client" in arguments else None
    with pytest.raises(InputError) as refused:
        exports.convert(arguments[0], file, tmp_path / "x", client, into)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
    assert ANN not in str(refused.value)
    assert not (tmp_path / "x").exists()


def test_the_command_says_what_became_of_the_rows(export: Written, tmp_path: Path) -> None:
    file = export("sendgrid.json", MAIL["sendgrid"][0])
    command = [sys.executable, str(PROJECT / "scripts" / "convert_export.py")]
    run = subprocess.run(
        [*command, "sendgrid", str(file), "--client", "acme", "--out", str(tmp_path / "x")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert "4 of 6 rows\n1 rows are events that no extract needs\n" in run.stdout
    assert "1 rows are events without a line in the seed export_maps: 'new thing'" in run.stdout
