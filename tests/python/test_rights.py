"""People who opt out are not contacted, and people who ask for erasure are in no table."""

from __future__ import annotations

import csv
import hashlib
import hmac
import shutil
from collections.abc import Iterable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest

import segment
from enrichment import erasure, publish
from enrichment.database import attach
from enrichment.paths import private_half
from enrichment.plugins.session_variables import Plugin
from enrichment.pseudonyms import PSEUDONYM_LENGTH
from extracts import Extracts, build_database, write_extracts
from sample_data.pairs import copy_pair, halves, opened
from warm import Warm

AS_OF = date(2025, 6, 30)
KEY = "a key for tests only"

ERASED = (
    *("WI:0001", "wi:0003", " EVE@x.org", "(608) 234-0006", "lost@x.org", "no id at all"),
    *("Ivy Example <Ivy@x.org>; mailto:jon@x.org?subject=me", "tel:+1-608-234-0011;ext=4"),
)
"""By voter id, with a housemate and a namesake; by address; by phone; a stranger; no identifier;
two strangers in one cell, beside a name; a link."""

NEEDLES = (
    *("ann@x.org", "6082340001", "ann.mapped@x.org", "WI:0001"),
    *("6082340003", "WI:0003"),
    *("eve@x.org", "6082340005", "WI:0005"),
    *("fay@x.org", "6082340006", "WI:0006"),
    *("lost@x.org", "no id at all"),
    *("ivy@x.org", "jon@x.org", "6082340011"),
)
"""Text that no table may hold; mapped addresses only beside an erased phone."""


def world() -> Extracts:
    """Ann, Cora, Eve and Fay, whom ERASED means, and people who share something with them."""
    made = Extracts()
    made.person("0001", "Ann@x.org", cell_phone="608-234-0001", home_phone="608-234-0099")
    made.person("0002", "bob@x.org", cell_phone="608-234-0002", home_phone="608-234-0099")
    made.person("0003", "couple@x.org", cell_phone="608-234-0003")
    made.person("0004", "couple@x.org")
    made.person("0005", "eve@x.org", cell_phone="608-234-0005")
    made.person("0006", "fay@x.org", cell_phone="608-234-0006")
    made.person("0001", "gus@x.org", state="MN")
    made.person("0008", "hal@x.org")
    made.person("0001", "ann@x.org")  # another record of Ann's
    made.person(None, "eve@x.org", state="Wisconsin")  # refused: no state
    made.field(10, "party", "eve@x.org")
    made.mapped("608-234-0001", "ann.mapped@x.org")
    made.mapped("608-234-0002", "bob.mapped@x.org")
    made.mapped("608-234-0001", "malformed")
    made.mapped("malformed", "Eve@X.org")
    made.campaign(1, "acme", "Call 608.234.0001, or write to eve@x.org")
    made.campaign(2, "acme", "spring")
    made.tables["campaigns"].append({"CAMPAIGN_NAME": "=Lost@x.org, +1 (608) 234-0006"})
    made.gift("2025-06-05", "ivy@x.org")
    made.gift("2025-06-05", "jon@x.org")
    made.gift("2025-06-05", phone="608-234-0011")
    for name in ("ann", "bob", "couple", "eve", "fay", "gus", "hal", "lost", "stays"):
        made.event(f"{name}@x.org", "2025-06-01T10:00", campaign=2, send=1, open=1, click=1)
        made.event(f"{name.upper()}@x.org ", "2025-06-02T10:00", campaign=2, send=1)
        made.gift("2025-06-03", f"{name}@x.org")
    made.event("ann.mapped@x.org", "2025-06-01T10:00", campaign=2, send=1)
    made.event("eve@x.org", "1980-01-01", campaign=2)
    made.event("hal@x.org", "2030-01-01", campaign=2, client="Fay@x.org")
    made.gift("2030-01-01", "hal@x.org", donation_id="of 608/234/0005")
    made.gift("2025-06-04", phone="608-234-0006")
    made.gift("2025-06-05", "stays@x.org", phone="608-234-0099")
    for name in ("ann", "bob", "eve", "lost", "stays"):
        made.visit("2025-06-04T10:00", f"{name}@x.org")
    made.visit(None, phone="608-234-0006")
    for voter in ("WI:0001", "MN:0001", "0001", "WI:0008", "WI:0005", "0006"):
        made.act("2025-06-04T10:00:00-05:00", svid=voter)
    made.act("2025-06-04", "yawn", svid="wi:0001")
    made.act("2025-06-05", email="hal@x.org", properties='{"reader": "fay@x.org"}')
    made.act("2025-06-05", "yawn", email="hal@x.org", properties='{"reader": "EVE@x.org"}')
    made.act("2025-06-05", email="hal@x.org", properties='{"reader": "(608) 234-0006"')
    made.act("2030-01-01", email="hal@x.org", context='{"reader": "fay@x.org"}')
    made.suppress("eve@x.org")
    made.suppress("WI:0008", "email")
    made.suppress("nobody")
    made.suppress("Bob and Gus <BOB@x.org>, gus@x.org", "email")
    return made


def asked_world() -> Extracts:
    """The same people, some of whom asked to be erased."""
    made = world()
    for identifier in ERASED:
        made.erase(identifier)
    return made


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory, warm: Warm) -> dict[str, Path]:
    """Builds before the requests, after them, afresh with them, and when some are withdrawn."""
    folder = tmp_path_factory.mktemp("rights")
    extracts = write_extracts(folder / "extracts", world().tables)
    accept = ("unreadable_requests",)
    build = partial(build_database, warm, extracts, as_of_date=AS_OF, accept=accept)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BEHAVIORAL_HASH_KEY", KEY)
        before = build(folder / "before")
        write_extracts(extracts, asked_world().tables)
        onwards = build(folder / "onwards", previous=before)
        afresh = build(folder / "afresh")
        (extracts / "erasure_requests" / "part-0.parquet").unlink()
        back = build(folder / "back", previous=onwards)
        write_extracts(extracts, asked_world().tables)
    return {"before": before, "onwards": onwards, "afresh": afresh, "back": back}


def select(database: Path, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with opened(database) as con:
        return con.execute(sql, values).fetchall()


def occurrences(database: Path, needles: Iterable[str]) -> dict[str, int]:
    """How many rows of each table hold one of the texts, in any column, in any case."""
    found: dict[str, int] = {}
    with opened(database) as con:
        tables = con.execute(
            "select schema_name || '.' || table_name from duckdb_tables() where not temporary"
        ).fetchall()
        for (table,) in tables:
            for row in con.execute(f"select * from {table}").fetchall():
                # Bytes hold hashes.
                told = (value.hex() if isinstance(value, bytes) else str(value) for value in row)
                text = "\x1f".join(told).lower()
                if any(needle.lower() in text for needle in needles):
                    found[table] = found.get(table, 0) + 1
    return found


def pseudonyms(texts: Iterable[str]) -> list[str]:
    hashes = [hmac.new(KEY.encode(), text.encode(), hashlib.sha256).hexdigest() for text in texts]
    return [text[:PSEUDONYM_LENGTH] for text in hashes]


def test_the_search_sees_who_is_there(builds: dict[str, Path]) -> None:
    found = occurrences(builds["before"], NEEDLES)
    assert {
        "linkage.lnk_map_row",
        "events.fct_email_rows",
        "quarantine.rejected_rows_of_small_extracts",
        "events.fct_donations",
    } <= set(found)
    assert occurrences(builds["before"], pseudonyms(["WI:0001", "lost@x.org"]))


def test_pseudonyms_need_the_key(builds: dict[str, Path]) -> None:
    """F68: without a key, a hash could be found by hashing a list of addresses."""
    contacts = "select distinct lower(hex(contact_hash)) from events.fct_donations"
    found = {contact for (contact,) in select(builds["before"], contacts)}
    assert set(pseudonyms(["lost@x.org", "WI:0001"])) <= found
    plain = [hashlib.sha256(text.encode()).hexdigest() for text in ("lost@x.org", "WI:0001")]
    assert occurrences(builds["before"], [text[:PSEUDONYM_LENGTH] for text in plain]) == {}


@pytest.mark.parametrize("build", ["onwards", "afresh"])
def test_the_erased_are_nowhere(builds: dict[str, Path], build: str) -> None:
    assert occurrences(builds[build], NEEDLES) == {}
    hashed = pseudonyms(["WI:0001", "WI:0003", "WI:0005", "WI:0006", "eve@x.org", "lost@x.org"])
    assert occurrences(builds[build], hashed) == {}


@pytest.mark.parametrize("build", ["onwards", "afresh"])
def test_the_views_of_staging_show_nobody_erased(builds: dict[str, Path], build: str) -> None:
    """Only the tables of the requests, and the extracts as they were delivered, hold them."""
    shown = []
    with opened(builds[build]) as con:
        views = con.execute(
            "select view_name from duckdb_views() where schema_name = 'staging'"
        ).fetchall()
        for (view,) in views:
            rows = con.execute(f"select * from staging.{view}").fetchall()
            text = "\n".join(str(row) for row in rows).lower()
            if any(needle in text for needle in ("ann@x.org", "eve@x.org", "6082340006")):
                shown.append(view)
    about_requests = {
        "base_rights__erasure_requests",
        "base_rights__person_contacts",
        "stg_rights__erased_contacts",
        "stg_rights__erasure_requests",
    }
    assert set(shown) <= about_requests


def test_views_read_who_is_erased_from_memory(builds: dict[str, Path], tmp_path: Path) -> None:
    """A build evaluates the erased once: no base view searches other extracts in its own plan."""
    plugin = Plugin("session_variables", {"key_file": str(tmp_path / "key")})
    with duckdb.connect(str(tmp_path / "other.duckdb")) as opened:
        plugin.configure_connection(opened)
        opened.execute("detach private")
        published, private = halves(builds["onwards"])
        attach(opened, published, read_only=True, name="behavioral")
        attach(opened, private, read_only=True, name="private")
        opened.execute("use private")
        views = ("voterfile__persons", "giving__donations", "outreach__email_events")

        def shown(con: duckdb.DuckDBPyConnection, view: str) -> tuple[int, list[Any]]:
            sql = f"from staging.base_{view}"
            ((_, plan),) = con.execute(f"explain (format json) select * {sql}").fetchall()
            rows = con.execute(f"select source_file, source_row_number {sql} order by all")
            return plan.lower().count("read_parquet"), rows.fetchall()

        searching = {view: shown(opened, view) for view in views}
        for held in ("erasure_requests", "erased_persons", "erased_contacts"):
            name = f"stg_rights__{held}"
            opened.execute(f"create table erased.main.{name} as from staging.{name}")
            opened.execute("insert into erased.main.held values (?)", [name])
        with opened.cursor() as cursor:
            plugin.configure_cursor(cursor)
            cursor.execute("use private")
            for view, (scans, rows) in searching.items():
                held_scans, held_rows = shown(cursor, view)
                assert held_scans == 2 < scans, "its own extract, which a plan names twice"
                assert held_rows == rows != []


def test_no_byte_of_the_file_names_the_erased(builds: dict[str, Path]) -> None:
    """Neither a table nor a block that a table has left."""
    for build in ("onwards", "afresh"):
        for half in halves(builds[build]):
            content = half.read_bytes().lower()
            assert not [needle for needle in NEEDLES if needle.lower().encode() in content]


def test_who_shares_with_the_erased_stays(builds: dict[str, Path]) -> None:
    profiles = (
        "select state || ':' || svid, total_clicks, donation_count from marts.enriched_profiles"
    )
    found = {voter: tuple(rest) for voter, *rest in select(builds["onwards"], profiles)}
    assert found == {
        "MN:0001": (1, 1),  # has the voter id of one who is erased, in another state
        "WI:0002": (1, 2),  # has a gift by the landline that was the erased one's, too
        "WI:0004": (1, 1),  # has the address that was the erased one's, too
        "WI:0008": (1, 1),
    }
    phones = "select phone_key from linkage.lnk_voter_phone order by 1"
    assert select(builds["onwards"], phones) == [("6082340002",), ("6082340099",)]


def test_what_channels_tell_of_the_erased_is_nobody_elses(builds: dict[str, Path]) -> None:
    """A bare voter id, which two states gave out, does not become the one's who stays."""
    told = (
        "select state || ':' || svid, channel, count(*) from marts.events"
        " where channel = 'web' group by all order by all"
    )
    assert select(builds["onwards"], told) == [
        ("MN:0001", "web", 1),
        ("WI:0002", "web", 1),
        ("WI:0008", "web", 2),
    ]


def test_the_rows_of_the_erased_are_accounted_for(builds: dict[str, Path]) -> None:
    sql = (
        "select source_table, rows_in, rows_kept, rows_unlinked, rows_rejected, rows_duplicate, "
        "rows_erased from quarantine.row_accounting"
    )
    for build in ("onwards", "afresh"):
        found = {table: counts for table, *counts in select(builds[build], sql)}
        assert all(row[0] == sum(row[1:5]) for row in found.values())
        assert {table: row[5] for table, row in found.items()} == {
            "person": 6,  # Ann twice, Cora, Eve and her refused row, Fay
            "person_custom_field": 6,
            "custom_field": 0,
            "list_link_phone_email_map": 3,
            "email_clickers": 9,  # two each of Ann, Eve, Fay and the stranger, one refused
            "campaigns": 1,
            "donations": 8,
            "suppressions": 1,
            "erasure_requests": 0,
            "web_visits": 4,
            "behavior_events": 7,  # five by voter ids, and two refused that name somebody
        }
        assert found["erasure_requests"][:5] == [8, 7, 0, 1, 0]
        assert found["suppressions"][:5] == [4, 2, 1, 1, 0]
    withheld = (
        "select row_json from quarantine.rejected_rows where source_table = 'erasure_requests'"
    )
    assert select(builds["onwards"], withheld) == [('{"identifier": "withheld"}',)]


def test_a_request_that_cannot_be_read_is_counted_and_named(builds: dict[str, Path]) -> None:
    checks = "select source_table, found_value, status, message from marts.input_checks "
    sql = checks + "where check_name = 'unreadable_requests' order by source_table"
    found = {table: rest for table, *rest in select(builds["onwards"], sql)}
    assert found["erasure_requests"] == [
        1,
        "accepted",
        "table erasure_requests: 1 of 8 requests hold no address, phone or voter id that can be "
        "read (part-0.parquet row 5)",
    ]
    assert found["suppressions"][:2] == [1, "warned"]
    assert select(builds["before"], sql)[0][1:] == (
        *(0, "passed"),
        "table erasure_requests: there are no requests",
    )


def test_a_request_that_cannot_be_read_stops_the_build(tmp_path: Path, warm: Warm) -> None:
    """One of two is enough, and the line names the file and the row, not the text."""
    made = Extracts()
    made.person("0001", "ann@x.org")
    made.mapped("608-234-0001", "ann@x.org")
    made.campaign(1, "acme")
    made.event("ann@x.org", "2025-06-01T10:00", campaign=1)
    made.gift("2025-06-03", "ann@x.org")
    made.erase("ann@x.org, ben@@x.org")
    made.erase("Quiet One")
    extracts = write_extracts(tmp_path / "extracts", made.tables)
    with pytest.raises(RuntimeError) as stopped:
        build_database(
            *(warm, extracts, tmp_path / "built"),
            as_of_date=AS_OF,
            select=["+base_rights__erasure_requests+1"],
        )
    assert (
        "Extracts: table erasure_requests: 1 of 2 requests hold no address, phone or voter id that "
        "can be read, and of 1 only a part can be read (part-0.parquet row 0, part-0.parquet row 1)"
        ": correct the requests, or accept it with --accept unreadable_requests"
    ) in str(stopped.value)
    assert not {"ben", "Quiet"} & set(str(stopped.value).replace("@", " ").split())


def test_suppressions_are_read_within_other_text(builds: dict[str, Path]) -> None:
    sql = "select state || ':' || svid from linkage.lnk_voter_suppression where is_email_suppressed"
    assert {voter for (voter,) in select(builds["before"], sql)} == {
        *("WI:0002", "MN:0001", "WI:0005", "WI:0008"),
    }


def differing(one: Path, other: Path) -> list[str]:
    """Tables whose rows differ between two databases, apart from the id of the build."""
    pairs = zip(halves(one), halves(other), strict=True)
    return [table for mine, theirs in pairs for table in differing_of_half(mine, theirs)]


def differing_of_half(one: Path, other: Path) -> list[str]:
    wrong = []
    with duckdb.connect() as con:
        con.execute(f"attach '{one}' as one (read_only); attach '{other}' as other (read_only)")
        tables = con.execute(
            "select schema_name || '.' || table_name, "
            "string_agg('\"' || column_name || '\"', ', ') "
            "from duckdb_columns() where database_name = 'one' and not internal "
            "and column_name not in ('build_id', 'read_at_build', 'rejected_at_build', 'built_at', "
            "'build_seconds', 'fingerprint', 'modified_at', 'started_at', 'finished_at') "
            "and schema_name || '.' || table_name in ("
            "select schema_name || '.' || table_name from duckdb_tables() "
            "where database_name = 'one') "
            "and schema_name in ('linkage', 'aggregates', 'marts', 'quarantine') "
            "and table_name not in ('build_info', 'build_tables', 'input_checks') group by all"
        ).fetchall()
        for table, columns in tables:
            first, second = (
                f"(select {columns} from {database}.{table})" for database in ("one", "other")
            )
            rows = con.execute(
                f"select count(*) from ({first} except all {second} union all "
                f"({second} except all {first}))"
            ).fetchone()
            if rows != (0,):
                wrong.append(table)
    return wrong


def test_building_on_gives_what_building_afresh_gives(builds: dict[str, Path]) -> None:
    assert differing(builds["onwards"], builds["afresh"]) == []


def test_who_takes_the_request_back_is_back_whole(builds: dict[str, Path]) -> None:
    """Rows that were dropped are read again, also those of strangers and refused rows."""
    assert differing(builds["back"], builds["before"]) == []


# -------------------------------------------------------------------------------------- the proof


@pytest.fixture
def prove(
    builds: dict[str, Path], tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> Any:
    """Runs prove-erased on a copy of a build, after planting; returns code, rows and stderr."""
    monkeypatch.setenv("BEHAVIORAL_DATA_DIR", str(builds["before"].parents[1] / "extracts"))
    monkeypatch.setenv("BEHAVIORAL_HASH_KEY", KEY)
    monkeypatch.setattr(erasure, "DEVELOPMENT", tmp_path / "dev" / "behavioral.duckdb")

    def proves(
        build: str = "onwards",
        plant: str = "",
        kept: str = "",
        dev: str = "",
        name: str = "behavioral.duckdb",
    ) -> tuple[int, dict[tuple[str, str], str], str]:
        database = tmp_path / "behavioral.duckdb"
        copy_pair(builds[build], database)
        monkeypatch.setenv("BEHAVIORAL_DB", str(database))
        if plant:
            with duckdb.connect(str(database)) as con:
                con.execute(plant)
        if dev:
            (tmp_path / "dev").mkdir()
            copy_pair(builds[dev], tmp_path / "dev" / "behavioral.duckdb")
        if kept:
            place = tmp_path / ".history" / "b0" / name
            place.parent.mkdir(parents=True)
            published, private = halves(builds[kept])
            shutil.copy(published, place)
            shutil.copy(private, private_half(tmp_path / name, "b0"))
        out = tmp_path / "proof.csv"
        code = segment.run(["prove-erased", "--out", str(out)])
        said = capsys.readouterr().err
        with out.open(newline="") as file:
            rows = {(row["status"], row["table_name"]): row["rows"] for row in csv.DictReader(file)}
        assert not any(needle in said.lower() for needle in NEEDLES)
        return code, rows, said

    return proves


def test_nothing_is_left(prove: Any) -> None:
    code, rows, said = prove()
    assert code == 0, rows
    assert {rows for (status, _), rows in rows.items() if status == "published"} == {"0"}
    assert ("published", "marts.enriched_profiles") in rows
    assert "no table names anybody" in said
    assert rows["delivered", "person"] == "6", "the extracts still hold them, and that is told"


PLANTED = {
    "an address": "' EVE@x.org ' as note",
    "an address within text": "'by <eve@x.org>, by mail' as note",
    "a phone in another spelling": "'(608) 234-0006 x1' as note",
    "a phone within JSON": """'{"a":"1 608 234 0001"}' as note""",
    "a voter": "'WI:0001' as note",
    "a voter within text": """'{"x":"wi:0001"}' as note""",
    "a pseudonym": f"'{pseudonyms(['WI:0003'])[0]}' as note",
    "a stranger's pseudonym": f"'{pseudonyms(['lost@x.org'])[0]}' as note",
    "a pseudonym by earlier code": "'"
    f"{hmac.new(KEY.encode(), b'lost@x.org', hashlib.sha256).hexdigest()}' as note",
    "a pseudonym in bytes": f"unhex('{pseudonyms(['WI:0003'])[0]}') as contact_hash",
    "a voter id beside its state": "'WI' as state, '0003' as svid",
    "a person id": "'5' as person_id",
}
"""Rows that name somebody, each of them in a table of its own."""


def test_every_remainder_is_found(prove: Any) -> None:
    plants = [f'create table marts."{what}" as select {row}' for what, row in PLANTED.items()]
    plants.append("update seeds.age_bands set rationale = ' EVE@x.org '")
    code, rows, said = prove(plant="; ".join(plants))
    assert code == 1
    left = {
        table for (status, table), count in rows.items() if status != "delivered" and count != "0"
    }
    assert left == {"seeds.age_bands", *(f"marts.{what}" for what in PLANTED)}
    assert "still name people" in said


def test_what_somebody_else_has_is_no_remainder(prove: Any) -> None:
    """The namesake of another state, a similar address, another's id."""
    code, rows, _ = prove(
        plant="create table marts.left_over as select 'MN' as state, '0001' as svid, "
        "'steve@x.org, couple@x.org, WI:00011' as note, '4' as person_id"
    )
    assert code == 0, rows


def test_kept_and_development_databases_are_searched(prove: Any) -> None:
    code, rows, _ = prove(kept="before", dev="before")
    assert code == 1
    for status in ("kept", "development"):
        assert int(rows[status, "linkage.lnk_map_row"]) > 0
        assert int(rows[status, "marts.enriched_profiles"]) > 0
    assert rows["published", "linkage.lnk_map_row"] == "0"


def test_kept_builds_of_another_name_are_searched_and_forgotten(prove: Any, tmp_path: Path) -> None:
    """BEHAVIORAL_DB had another file name when the build was kept."""
    code, rows, _ = prove(kept="before", name="earlier_name.duckdb")
    assert code == 1
    assert int(rows["kept", "linkage.lnk_map_row"]) > 0
    assert publish.kept_files() == [], "it is no build that a rollback could restore"
    assert publish.every_kept_file() == [tmp_path / ".history" / "b0" / "earlier_name.duckdb"]
    half = private_half(tmp_path / "earlier_name.duckdb", "b0")
    assert publish.every_private_half() == [half]
    assert publish.forget_kept() == 1
    assert not any((tmp_path / ".history").iterdir())
    assert not half.exists()


def test_earlier_builds_are_forgotten_for_somebody_new_only(builds: dict[str, Path]) -> None:
    assert erasure.must_forget(builds["onwards"], [builds["before"]])
    assert not erasure.must_forget(builds["onwards"], [builds["afresh"]])
    assert not erasure.must_forget(builds["before"], [builds["before"]])
