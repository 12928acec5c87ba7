"""Addresses, sending domains and sensitive fields, from extracts to the database.

One build of hand-made extracts: people with every kind of address, records of domains, values of
custom fields that nobody may know, which are searched for in all that was built, and a text in each
text column of each extract, which is searched for in the published half.
"""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Iterator
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import pytest
import yaml
from disposable_email_domains import blocklist
from email_validator import EmailNotValidError, validate_email

import update_hygiene_lists
from enrichment import ledger
from extracts import PROJECT, SCHEMAS, Extracts, build_database, write_extracts
from render_docs import ANY, SAMPLE, render
from rendering.bias_audit import hidden_among_totals
from sample_data.pairs import halves, opened
from warm import Warm

AS_OF = date(2025, 6, 30)

DISPOSABLE = "mailinator.com"
LONG_KEY = "M" * 392

PARTY, GENDER, BIRTH_DATE = "Needlepartei", "needlegender", "1971-02-03"


def patterns() -> dict[str, set[str]]:
    """Patterns of sensitive fields, and the published tables that may hold their values."""
    with (PROJECT / "seeds" / "sensitive_fields.csv").open(newline="") as file:
        return {
            row["field_pattern"]: set(row["allowed_marts"].split()) for row in csv.DictReader(file)
        }


def unread() -> dict[str, str]:
    """Name of a field for each pattern that is not read, and a value to search for."""
    names = (name for name in patterns() if name not in ("party", "gender", "birth_date"))
    return {name.strip("%"): f"needle-{number:03}-value" for number, name in enumerate(names)}


def world() -> Extracts:
    """Twelve people of one party, whose addresses are of every kind."""
    made = Extracts()
    addresses = [
        "ann@valid.org",
        f"bob@{DISPOSABLE}",
        f"cleo@mail.{DISPOSABLE}",
        "info@office.org",
        "dora@duck.com",
        "ed@reserved.invalid",
        "fay at x.org",
        "none@none.com",
        "gus@bounces.org",
        "hal@recovers.org",
        "ida@quiet.org",
        None,
    ]
    for number, address in enumerate(addresses, start=1):
        made.person(f"{number:04}", address, fields={"party": PARTY, "gender": GENDER})
    made.field(1, "birth_date", BIRTH_DATE)
    for number, (name, value) in enumerate(unread().items(), start=100):
        made.tables["custom_field"].append({"id": number, "name": name})
        for person, field in ((1, number), (None, number), (2, None)):
            made.tables["person_custom_field"].append(
                {"person_id": person, "custom_field_id": field, "value": value}
            )
    made.campaign(1, "acme")
    made.event("ann@valid.org", "2025-06-01T10:00", campaign=1, send=1, open=1)
    for day in ("01", "08", "15"):
        made.event("gus@bounces.org", f"2025-05-{day}", campaign=int(day), send=1, bounce=1)
        made.event("hal@recovers.org", f"2025-05-{day}", campaign=int(day), send=1, bounce=1)
    made.event("hal@recovers.org", "2025-05-20", campaign=20, send=1)
    for number in range(10):
        made.event("ida@quiet.org", f"2024-12-{number + 1:02}", campaign=1, send=1)
    made.mapped("608-234-0001", "ann@valid.org")
    made.gift("2025-06-01", "ann@valid.org")
    made.dns("sends.org", "sends.org", '"v=spf1 include:spf.sends.org" " -all"')
    made.dns("sends.org", "spf.sends.org", "v=spf1 ip4:192.0.2.1 ~all")
    made.dns("sends.org", "s1._domainkey.sends.org", f"v=DKIM1; p={LONG_KEY}")
    made.dns("sends.org", "_dmarc.sends.org.", "v=DMARC1; p=reject; rua=mailto:a@sends.org")
    made.dns("sends.org", "_dmarc.sends.org", "v=DMARC1; p=reject; rua=mailto:a@sends.org")
    made.dns(None, "sends.org", "v=spf1 +all")
    made.dns("sends.org", "sends.org", "v=spf1 +all", at="2025-05-31")
    made.dns("fails.org", "fails.org", "v=spf1 +all")
    made.dns("loops.org", "loops.org", "v=spf1 include:B.Loops.org. -all")
    made.dns("loops.org", "b.loops.org", "v=spf1 redirect=c.loops.org.")
    made.dns("loops.org", "c.loops.org", "v=spf1 include:b.loops.org -all")
    made.dns("loops.org", "_dmarc.loops.org", "v=dmarc1; p=reject")
    made.dns("moves.org", "moves.org", "v=spf1 redirect=b.moves.org.")
    made.dns("moves.org", "b.moves.org", "v=spf1 redirect=C.moves.org")
    made.dns("moves.org", "c.moves.org.", "v=spf1 mx ~all")
    made.dns("moves.org", "_dmarc.moves.org", '" v=DMARC1; p=reject"')
    return made


# An address and a phone, in every spelling of an extract, and a text of every text column.
MAIL, PHONE = "planted@planted.example", "6085557799"


def declared() -> dict[str, dict[str, str]]:
    """The columns of every extract, with their types."""
    found = {}
    for file in sorted((PROJECT / "models" / "staging").rglob("*.yml")):
        for source in yaml.safe_load(file.read_text()).get("sources", []):
            if source["name"] not in ("intake", "definitions"):
                for table in source["tables"]:
                    columns = {column["name"]: column["data_type"] for column in table["columns"]}
                    found[table["name"]] = columns
    return found


def planted(table: str, column: str, kind: str, *, refused: bool = False) -> str:
    """The planted value of a column; a refused row has no date that can be read."""
    of_name = {
        "email": f" {MAIL.upper()} ",
        "contact_number": "(608) 555-7799",
        "cell_phone": "608-555-7799",
        "phone": PHONE,
        "identifier": MAIL,
        "state": "WI",
        "svid": "WI:0099",
        "event_type": "page_view",
        "occurred_at": "never" if refused else "2025-06-01T10:00:00Z",
        "record_type": "TXT",
        "domain": "sends.org",
        "status": "registered" if table == "event_attendance" else "granted",
        "channel": "email",
    }
    if table == "erasure_requests" and column == "identifier":
        return f"gone.{MAIL}"
    if column.lower() in of_name:
        return of_name[column.lower()]
    if kind == "timestamp":
        return "never" if refused else "2025-06-01 10:00:00"
    return {"varchar": f"Planted {table} {column}", "boolean": "false"}.get(kind, "1")


def plant(made: Extracts, folder: Path) -> None:
    """Rows of every extract about somebody outside the voter file; one of two cannot be read."""
    other = made.person(None, MAIL, cell_phone=PHONE, home_phone=PHONE, county="Planted county")
    made.tables["custom_field"].append({"id": 900, "name": "Planted custom_field name"})
    made.tables["person_custom_field"].append(
        {"person_id": other, "custom_field_id": 900, "value": f"Planted value {MAIL} {PHONE}"}
    )
    made.mapped(PHONE, MAIL)
    made.mapped("12", f"Planted {MAIL} {PHONE}")
    made.campaign(77, "Planted client", "Planted campaign")
    of_mail: dict[str, Any] = {
        "client": "Planted client",
        "campaign": 77,
        "event_id": "Planted event",
    }
    made.event(f" {MAIL.upper()} ", "2025-06-01T10:00", send=1, open=1, click=1, **of_mail)
    made.event(f"Planted {MAIL}", "2025-06-01T10:00", send=1, **of_mail)
    made.gift("2025-06-02", MAIL, phone=PHONE, donation_id="Planted gift", source="Planted source")
    made.tables["donations"].append({"EMAIL": MAIL, "CONTACT_NUMBER": PHONE})
    made.act("2025-06-01T10:00:00Z", email=MAIL, page=f'{{"path": "/?mail={MAIL}"}}',
             properties=f'{{"note": "{MAIL}"}}', context=f'{{"phone": "{PHONE}"}}')  # fmt: skip
    made.act("never", email=MAIL, properties=f"Planted {MAIL}")
    write_extracts(folder, made.tables)
    for table, columns in declared().items():
        if table in SCHEMAS:
            continue
        lines = [
            [planted(table, name, kind, refused=refused) for name, kind in columns.items()]
            for refused in (False, True)
        ]
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows([[*columns], *lines])
        content = text.getvalue().encode()
        file = folder / table / f"planted-{ledger.digits_of(content)}.csv"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)


@pytest.fixture(scope="module")
def built(warm: Warm, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database."""
    folder = tmp_path_factory.mktemp("hygiene")
    extracts = folder / "extracts"
    plant(world(), extracts)
    return build_database(warm, extracts, folder / "built", as_of_date=AS_OF)


def select(database: Path, sql: str) -> list[tuple[Any, ...]]:
    with opened(database) as con:
        return con.execute(sql).fetchall()


def texts(database: Path) -> Iterator[tuple[str, str]]:
    """Each row of what was built, and of what functions answer, as text."""
    with opened(database) as con:
        tables = con.execute(
            "select schema_name, table_name from duckdb_tables() where not temporary union all "
            "select schema_name, view_name from duckdb_views() where not internal "
            "and schema_name not in ('extracts', 'staging')"
        ).fetchall()
        functions = con.execute(
            "select distinct function_name from duckdb_functions() where schema_name = 'segments'"
        ).fetchall()
        queries = [(f"{schema}.{name}", f"{schema}.{name}") for schema, name in tables] + [
            (
                f"segments.{name}",
                f"segments.{name}((select list(svid) from marts.enriched_profiles))",
            )
            for (name,) in functions
        ]
        for name, relation in queries:
            for row in con.execute(f"select * from {relation}").fetchall():
                yield name, "\x1f".join(str(value) for value in row)


def holders(database: Path, value: str) -> set[str]:
    """Tables and functions that hold a value."""
    return {name for name, text in texts(database) if value in text}


def published(names: set[str]) -> set[str]:
    """The bare names of those that people outside the project read."""
    return {
        table
        for schema, _, table in (name.partition(".") for name in names)
        if schema in ("marts", "quarantine", "segments")
    }


# ---------------------------------------------------------------------------------------- addresses


def test_every_kind_of_address_is_classed_and_none_is_removed(built: Path) -> None:
    found = select(
        built,
        "select svid, address_class, class_reason, bounce_class, mail_blocked_by "
        "from marts.address_hygiene order by svid",
    )
    assert found == [
        ("0001", "valid", None, "none", None),
        ("0002", "disposable", None, "none", "disposable"),
        ("0003", "disposable", None, "none", "disposable"),
        ("0004", "role", None, "none", "role"),
        ("0005", "relay", None, "none", None),
        ("0006", "risky", "reserved_domain", "none", "risky"),
        ("0007", "malformed", "malformed", "none", "malformed"),
        ("0008", "malformed", "placeholder", "none", "malformed"),
        ("0009", "risky", "hard_bounce", "hard", "hard_bounce"),
        ("0010", "valid", None, "recovered", None),
        ("0011", "valid", None, "none", "inactive"),
    ]


def test_no_address_or_domain_is_told(built: Path) -> None:
    rows = [text for name, text in texts(built) if name == "marts.address_hygiene"]
    assert len(rows) == 11
    assert not any(
        part in row for row in rows for part in ("@", "valid.org", "office", "quiet", DISPOSABLE)
    )


def test_the_list_of_disposable_domains_is_that_of_the_packages() -> None:
    with (PROJECT / "seeds" / "disposable_domains.csv").open(newline="") as file:
        kept = [
            (row["domain"], row["domain_class"], row["rationale"]) for row in csv.DictReader(file)
        ]
    assert kept == update_hygiene_lists.rows()
    assert {row[2] for row in kept if row[1] == "disposable"} == {
        f"disposable-email-domains {version('disposable-email-domains')}"
    }


def test_a_list_that_is_none_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(update_hygiene_lists, "SEED", tmp_path / "disposable_domains.csv")
    for wrong, told in (
        (set(), "0 disposable domains"),
        (blocklist | {"gmail.com"}, "gmail.com is a public mailbox provider"),
        (blocklist | {"no domain"}, "1 names are no domains"),
    ):
        monkeypatch.setattr(update_hygiene_lists, "blocklist", wrong)
        with pytest.raises(SystemExit) as stopped:
            update_hygiene_lists.main()
        assert stopped.value.code == 2
        assert told in capsys.readouterr().err
    assert not (tmp_path / "disposable_domains.csv").exists()


@pytest.mark.parametrize(
    "address",
    [
        *("ann@x.org", "a.b+c@sub.x-y.co", "o'hara@x.org", "ann@x", "ann@@x.org", "ann at x.org"),
        *(".ann@x.org", "an..n@x.org", "ann.@x.org", "ann@-x.org", "ann@x-.org", "ann@x..org"),
        *("@x.org", "ann@", "ann@x.123", f"{'a' * 64}@x.org", f"{'a' * 65}@x.org"),
        f"ann@{'x' * 50}.{'y' * 60}.org",
    ],
)
def test_what_is_an_address_is_what_a_maintained_package_says(address: str) -> None:
    try:
        validate_email(address, check_deliverability=False, strict=True)
        is_valid = True
    except EmailNotValidError:
        is_valid = False
    assert is_address(address) == is_valid


def is_address(text: str) -> bool:
    """What the pattern of the macro email_pattern says, and the lengths of the macro email_key."""
    source = (PROJECT / "macros" / "normalize.sql").read_text()
    # SQL, not HTML.
    template = jinja2.Environment(autoescape=False).from_string(source)  # noqa: S701
    pattern = str(template.make_module().email_pattern()).strip()  # type: ignore[attr-defined]
    with duckdb.connect() as con:
        ((found,),) = con.execute(
            "select regexp_full_match(?, ?) and length(?) <= 254 and strpos(?, '@') <= 65",
            [text, pattern, text, text],
        ).fetchall()
    return bool(found)


# --------------------------------------------------------------------------------- sending domains


def test_sending_domains_are_judged_from_their_last_records(built: Path) -> None:
    found = select(
        built,
        "select domain, readiness, spf_status, spf_lookups, dkim_status, dmarc_status, "
        "dmarc_policy from marts.sending_domains order by domain",
    )
    assert found == [
        ("fails.org", "not_ready", "broken", 0, "missing", "missing", None),
        ("loops.org", "not_ready", "broken", 11, "missing", "missing", None),
        ("moves.org", "not_ready", "ready", 3, "missing", "missing", None),
        ("sends.org", "enforced", "ready", 1, "ready", "ready", "reject"),
    ]


def test_records_are_accounted_for(built: Path) -> None:
    counts = "rows_in, rows_kept, rows_unlinked, rows_rejected, rows_duplicate"
    found = select(
        built, f"select {counts} from quarantine.row_accounting where source_table = 'dns_records'"
    )
    assert found == [(18, 14, 0, 3, 1)]
    refused = select(
        built, "select reason from quarantine.rejected_rows where source_table = 'dns_records'"
    )
    assert sorted(refused) == [*[("domain_malformed",)] * 2, ("uncastable_value",)]


# --------------------------------------------------------------------------------- sensitive fields


def test_the_search_sees_what_is_there(built: Path) -> None:
    assert "linkage.lnk_voter" in holders(built, PARTY)
    assert "linkage.lnk_voter" in holders(built, BIRTH_DATE)
    planted = select(built, "select count(*) from extracts.person_custom_field")
    assert planted[0][0] > 3 * len(unread())


def test_fields_that_nobody_may_know_are_in_no_table(built: Path) -> None:
    assert holders(built, "needle-") == set()
    refused = select(
        built,
        "select count(*), count(distinct row_json) from quarantine.rejected_rows "
        "where source_table = 'person_custom_field'",
    )
    assert refused == [(2 * len(unread()), 1)]


@pytest.mark.parametrize(("field", "value"), [("party", PARTY), ("gender", GENDER)])
def test_a_field_is_where_it_may_be_and_nowhere_else(field: str, value: str, built: Path) -> None:
    """F69: where it may be it is, too; a table without it is named in vain."""
    assert published(holders(built, value)) == patterns()[field]


def test_no_mart_holds_a_date_of_birth(built: Path) -> None:
    assert published(holders(built, BIRTH_DATE)) <= patterns()["birth_date"]


# ------------------------------------------------------------------------------- the published half


PEOPLE = (b"ann@valid.org", b"hal@recovers.org", b"ida@quiet.org")
STRANGER = (b"planted.example", b"6085557799", b"555-7799")

# Names of campaigns and clients, ids of gifts, and the ledger's own words are shown on purpose.
HIDDEN = re.compile(
    r"@(?:valid|recovers|quiet|bounces|office)\.org|6082340001|"
    r"planted\.example|6085557799|555-7799|"
    r"Planted (?!county|client|campaign|gift|handovers (?:trigger|template|message_key))[\w.@ ]*",
    re.I,
)


def uncompressed(half: Path, folder: Path) -> Path:
    """A copy of the tables of a half, whose texts a search of its bytes can see."""
    folder.mkdir()
    copy = folder / "copy.duckdb"
    with duckdb.connect(str(copy)) as con:
        con.execute("set force_compression = 'uncompressed'")
        con.execute(f"attach '{half}' as own (read_only)")
        tables = con.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'own'"
        ).fetchall()
        for schema, table in tables:
            con.execute(f'create schema if not exists "{schema}"')
            con.execute(f'create table "{schema}"."{table}" as from own."{schema}"."{table}"')
        con.execute("checkpoint")
    shutil.copy(half, copy.with_suffix(".own"))
    return copy


def found_in(half: Path) -> dict[str, set[str]]:
    """The planted texts in the rows, definitions and comments of a half, by relation."""
    found: dict[str, set[str]] = {}

    def search(name: str, text: str) -> None:
        if values := {each.group() for each in HIDDEN.finditer(text)}:
            found.setdefault(name, set()).update(values)

    with duckdb.connect() as con:
        # The name that its views use.
        con.execute(f"attach '{half}' as behavioral (read_only)")
        tables = con.execute(
            "select schema_name, table_name from duckdb_tables() where not internal union all "
            "select schema_name, view_name from duckdb_views() where not internal "
            "and schema_name not in ('extracts', 'staging', 'quarantine')"
        ).fetchall()
        for schema, table in tables:
            for row in con.execute(f'select * from behavioral."{schema}"."{table}"').fetchall():
                search(f"{schema}.{table}", "\x1f".join(str(value) for value in row))
        told = con.execute(
            "select view_name, coalesce(sql, '') || coalesce(comment, '') from duckdb_views() "
            "where not internal union all "
            "select table_name, coalesce(comment, '') from duckdb_tables() union all "
            "select table_name, coalesce(comment, '') from duckdb_columns() union all "
            "select function_name, coalesce(macro_definition, '') || coalesce(comment, '') "
            "from duckdb_functions() where not internal"
        ).fetchall()
        for name, text in told:
            search(name, text)
    return found


def test_the_published_half_holds_no_address_phone_name_or_refused_row(
    built: Path, tmp_path: Path
) -> None:
    """Neither in a row, a definition or a comment, nor in a byte of an uncompressed copy."""
    published, private = halves(built)
    assert found_in(published) == {}
    refused = "select distinct source_table from quarantine.rejected_rows"
    assert len(select(built, refused)) > 5
    copies = [uncompressed(half, tmp_path / str(n)) for n, half in enumerate((published, private))]
    bytes_of = [
        copy.read_bytes().lower() + copy.with_suffix(".own").read_bytes().lower() for copy in copies
    ]
    assert not [needle for needle in (*PEOPLE, *STRANGER) if needle in bytes_of[0]]
    assert [needle for needle in PEOPLE if needle not in bytes_of[1]] == [], "the search sees them"


def test_nothing_published_reads_the_private_half(built: Path) -> None:
    """Every view and function answers with the published file alone."""
    published, _ = halves(built)
    with duckdb.connect() as con:
        con.execute(f"attach '{published}' as behavioral (read_only)")
        con.execute("use behavioral")
        views = con.execute(
            "select schema_name || '.' || view_name from duckdb_views() where not internal"
        ).fetchall()
        functions = con.execute(
            "select distinct function_name from duckdb_functions() "
            "where schema_name = 'segments' and not internal"
        ).fetchall()
        assert len(views) > 2
        assert len(functions) > 10
        for (view,) in views:
            con.execute(f"select * from {view}").fetchall()
        for (name,) in functions:
            con.execute(f"select * from segments.{name}(['WI:0099', 'WI:0001'])").fetchall()


# --------------------------------------------------------------------------------------- bias audit


@pytest.mark.parametrize(
    ("sizes", "told"),
    [
        ([5000, 400, 30], [5000, 400, 30]),
        ([5000, 400, 10], [5000]),
        ([5000, 6, 5], [5000]),
        ([5000, 30, 5, 5], [5000]),
        ([5000, 3], []),
        ([10], []),
        ([11], [11]),
    ],
)
def test_small_groups_are_not_found_by_subtraction(sizes: list[int], told: list[int]) -> None:
    groups = (
        f"(select unnest({sizes}) as people, 0 as other_people, 11 as minimum_people, 1 as row_key)"
    )
    rows = hidden_among_totals(f"{groups} as sized", "minimum_people")
    with duckdb.connect() as con:
        found = con.execute(
            f"select people from ({rows}) where not is_hidden order by people desc"
        ).fetchall()
    assert [people for (people,) in found] == told


def test_the_page_tells_the_mart_and_nothing_of_small_groups(built: Path, tmp_path: Path) -> None:
    text = render("bias-audit", built, tmp_path, ANY).read_text()
    assert f"as of {AS_OF}" in text
    assert PARTY in text  # twelve people
    assert "under 0.001" not in text
    listed = re.findall(r"^\| [^|]+ \| ([\d,]+) \|", text, re.MULTILINE)
    assert min(int(people.replace(",", "")) for people in listed) >= 11
    hidden = re.findall(r"(\d+) not shown for their size", text)
    assert max(map(int, hidden)) > 1
    # Eleven have an address, one of them mailed no more.
    assert f"| {PARTY} | 11 | 0.091 | 1 | 9.1 (1.6 to 37.7) |" in text
    assert "made-up sample" not in text


def test_the_page_has_every_audited_score(sample_database: Path, tmp_path: Path) -> None:
    text = render("bias-audit", sample_database, tmp_path, SAMPLE).read_text()
    assert SAMPLE in text
    with (PROJECT / "seeds" / "audited_scores.csv").open(newline="") as file:
        assert [
            f"`{one['score']}`"
            for one in csv.DictReader(file)
            if f"## `{one['score']}`" not in text
        ] == []
