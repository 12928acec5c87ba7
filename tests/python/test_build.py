"""Builds of the real project: odd and bad extracts, failures, and what a build leaves behind.

Builds run in a copy of the checkout, so that the `target`, `logs` and `warehouse` of the real one
stay as they are.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from conftest import build_environment
from sample_data.pairs import copy_pair, opened
from warm import Warm

PROJECT = Path(__file__).resolve().parents[2]
OURS = ("BEHAVIORAL_", "DBT_")

# ------------------------------------------------------------------------- extracts of many shapes

TEXT, NUMBER, FLOAT = pa.string(), pa.int64(), pa.float64()
ZONED = pa.timestamp("us", tz="America/Chicago")
CHICAGO = timezone(timedelta(hours=-5))

Columns = dict[str, tuple[pa.DataType, list[Any]]]

ODD: dict[str, list[Columns]] = {
    "person": [
        # Other case; ids as numbers; the optional county and home phone are missing; one too many.
        {
            "ID": (NUMBER, [1, 3]),
            "Email": (TEXT, [" Ann@Needle.example ", None]),
            "CELL_Phone": (TEXT, [None, "608-771-0103"]),
            "State": (TEXT, ["WI", "wi"]),
            "favourite_colour": (TEXT, ["red", "green"]),
        },
        # Ids as text, and in another order; now there is a county.
        {
            "county": (TEXT, ["Dane", "Rock"]),
            "state": (TEXT, ["MN", "MN"]),
            "cell_phone": (TEXT, ["(608) 771-0102 x9", None]),
            "email": (TEXT, ["n/a", "dan@needle.example"]),
            "id": (TEXT, ["2", "4"]),
            "home_phone": (pa.null(), [None, None]),
        },
    ],
    "person_custom_field": [
        {
            "person_id": (FLOAT, [1.0, 2.0, 3.0, 4.0]),
            "custom_field_id": (TEXT, ["7", "7", "7", "7"]),
            "VALUE": (TEXT, ["0071001", "0071001", "0071003", "0071004"]),
        }
    ],
    "custom_field": [{"id": (pa.int16(), [7]), "name": (TEXT, [" State_Voter_ID "])}],
    "list_link_phone_email_map": [
        # Phones as numbers; no cohort times.
        {
            "contact_number": (NUMBER, [6087710102, 16085550199]),
            "email": (TEXT, ["bob@needle.example", "stranger@needle.example"]),
        }
    ],
    "email_clickers": [
        # Late on 10 June in Chicago is 11 June in UTC; no CLICK, no IS_BOT, no EVENT_ID.
        {
            "EMAIL": (TEXT, ["ann@needle.example", "bob@needle.example"]),
            "CAMPAIGN_ID": (NUMBER, [12, 12]),
            "CLIENT_SHORTNAME": (TEXT, ["acme", "acme"]),
            "EVENT_DATE": (ZONED, [datetime(2025, 6, 10, 23, 30, tzinfo=CHICAGO)] * 2),
            "SEND": (pa.int8(), [1, 1]),
            "OPEN": (pa.bool_(), [True, False]),
            "UNSUBSCRIBE": (FLOAT, [0.0, None]),
        },
        {
            "email": (TEXT, ["ann@needle.example"]),
            "campaign_id": (NUMBER, [12]),
            "client_shortname": (TEXT, ["acme"]),
            "event_date": (pa.date32(), [date(2025, 6, 11)]),
            "click": (NUMBER, [1]),
            "bounce_reason": (pa.list_(TEXT), [["none"]]),
        },
    ],
    "campaigns": [
        # The id as a float is the events' 12; the start is text.
        {
            "CAMPAIGN_ID": (FLOAT, [12.0, 13.0]),
            "CLIENT_SHORTNAME": (TEXT, ["acme", "acme"]),
            "CAMPAIGN_NAME": (TEXT, ["Summer", "Never sent"]),
            "START_DATE": (TEXT, ["2025-06-01", "June"]),  # the second: rejected
        }
    ],
    "donations": [
        # No id and no state; phones and amounts as floats; dates as text.
        {
            "EMAIL": (TEXT, ["ann@needle.example"] * 4 + [None, "ann@needle.example"]),
            "CONTACT_NUMBER": (FLOAT, [None] * 4 + [6087710103.0, float("nan")]),
            "DONATION_DATE": (
                TEXT,
                [
                    "2025-06-12",
                    "2025-06-12T20:00:00-05:00",
                    "01/02/2024",
                    "2025-06-14",
                    "2025-06-15 12:00:00",
                    " 2025-06-16 ",
                ],
            ),
            "AMOUNT": (FLOAT, [10.0, 20.5, 30.0, float("nan"), 40.0, float("inf")]),
        }
    ],
}
"""Valid extracts in odd clothes, as files of columns: three donations and a campaign are bad."""

NEEDLES = (b"needle.example", b"7710102", b"771-0102", b"7710103", b"0071001", b"0071003")
"""Texts of people in the odd extracts that nothing but a database may hold."""


def write(folder: Path, tables: dict[str, list[Columns]]) -> Path:
    """Writes extracts, a file for each group of columns."""
    for table, files in tables.items():
        (folder / table).mkdir(parents=True)
        for number, columns in enumerate(files):
            arrays = {name: pa.array(values, kind) for name, (kind, values) in columns.items()}
            pq.write_table(pa.table(arrays), folder / table / f"part-{number}.parquet")
    return folder


# -------------------------------------------------------------------------------- copied checkouts


class Checkout(NamedTuple):
    """A copy of the project, and the environment of somebody who works in it."""

    folder: Path
    environment: dict[str, str]

    @property
    def published(self) -> Path:
        """Where its runner publishes."""
        return self.folder / "warehouse" / "behavioral.duckdb"

    def run(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Runs a command of the virtual environment in it."""
        return subprocess.run(
            [str(Path(sys.executable).with_name(command[0])), *command[1:]],
            cwd=self.folder,
            env={**self.environment, **variables},
            capture_output=True,
            text=True,
            check=False,
        )

    def build(self, extracts: Path, *accept: str) -> subprocess.CompletedProcess[str]:
        """Builds and publishes with the runner."""
        return self.run(
            *("python", "scripts/segment.py", "build", *(f"--accept={check}" for check in accept)),
            BEHAVIORAL_DATA_DIR=str(extracts),
        )


def checkout(folder: Path) -> Checkout:
    """A fresh copy of what a build needs."""
    for name in (
        "models",
        "macros",
        "seeds",
        "scripts",
        "tools",
        "dbt_project.yml",
        "profiles.yml",
        "selectors.yml",
    ):
        copy = shutil.copytree if (PROJECT / name).is_dir() else shutil.copy
        copy(PROJECT / name, folder / name)
    shutil.copytree(PROJECT / "tests", folder / "tests", ignore=shutil.ignore_patterns("*.py"))
    (folder / "warehouse" / "dev").mkdir(parents=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return Checkout(folder, kept)


@pytest.fixture(scope="module")
def odd_extracts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The odd extracts."""
    return write(tmp_path_factory.mktemp("odd") / "extracts", ODD)


class Dev(NamedTuple):
    """A checkout in which somebody typed `dbt build`, and what dbt said."""

    checkout: Checkout
    said: str


@pytest.fixture(scope="module")
def dev(odd_extracts: Path, tmp_path_factory: pytest.TempPathFactory) -> Dev:
    """The odd extracts, built by a plain `dbt build` with only BEHAVIORAL_DATA_DIR set."""
    made = checkout(tmp_path_factory.mktemp("checkout") / "project")
    made.published.write_bytes(b"published before")
    # Ids of one file are numbers, and half of two tables is refused.
    accepted = "{accepted_checks: [integer_ids, rejected_share]}"
    run = made.run(
        *("dbt", "--no-use-colors", "build", "--selector", "everything", "--vars", accepted),
        BEHAVIORAL_DATA_DIR=str(odd_extracts),
    )
    assert run.returncode == 0, run.stdout[-3000:]
    return Dev(made, run.stdout)


@pytest.fixture(scope="module")
def odd(dev: Dev) -> Iterator[Callable[[str], list[tuple[Any, ...]]]]:
    """Asks the database of the odd extracts."""
    file = dev.checkout.folder / "warehouse" / "dev" / "behavioral.duckdb"
    with closing(opened(file)) as con:
        yield lambda sql: con.execute(sql).fetchall()


# ----------------------------------------------------------------------------- a plain `dbt build`


def test_a_plain_dbt_build_leaves_the_published_database_alone(dev: Dev) -> None:
    assert (dev.checkout.folder / "warehouse" / "dev" / "behavioral.duckdb").is_file()
    assert dev.checkout.published.read_bytes() == b"published before"


def test_a_build_passes_without_a_warning(dev: Dev, sample_build: tuple[Path, str]) -> None:
    """Models, seeds, data tests, and all tests of the code."""
    results = json.loads((dev.checkout.folder / "target" / "run_results.json").read_text())
    assert {result["status"] for result in results["results"]} <= {"success", "pass", "no-op"}
    ids = [result["unique_id"] for result in results["results"]]
    assert {each.partition(".")[0] for each in ids} >= {"model", "seed", "test", "unit_test"}
    folders = [PROJECT / "tests" / name for name in ("macros", "code")]
    of_code = [{file.stem for file in folder.glob("*.sql")} for folder in folders]
    assert all(of_code) and set.union(*of_code) <= {each.split(".")[2] for each in ids}
    assert re.search(r"\bWARN=0 ERROR=0 SKIP=0\b", dev.said)
    warned = [line for line in dev.said.splitlines() if re.search("warning|deprecat", line, re.I)]
    assert warned == []
    assert not re.search("warn|deprecat", sample_build[1], re.IGNORECASE)


def test_other_case_and_other_types_are_the_same_person(
    odd: Callable[[str], list[tuple[Any, ...]]],
) -> None:
    """Columns by name in any case, over files of different schemas; ids and phones of any type."""
    assert odd(
        "select state, svid, person_id, county, emails_linked, phones_linked, total_opens, "
        "total_clicks, donation_count, donation_amount "
        "from marts.enriched_profiles order by svid, state"
    ) == [
        # The number 6087710102 of the map is the text (608) 771-0102 x9 of the person.
        ("MN", "0071001", "2", "Dane", 1, 1, 0, 0, 0, None),
        ("WI", "0071001", "1", None, 1, 0, 1, 1, 2, Decimal("30.50")),
        # The gift of the phone 6087710103.0 is that of 608-771-0103.
        ("WI", "0071003", "3", None, 0, 1, 0, 0, 1, Decimal("40.00")),
        ("MN", "0071004", "4", "Rock", 1, 0, 0, 0, 0, None),
    ]


def test_times_are_utc(odd: Callable[[str], list[tuple[Any, ...]]]) -> None:
    """A zone is converted; a date is its midnight; text may have an offset."""
    assert odd(
        "select event_at, sends, opens, clicks, unsubs from events.fct_email_events "
        "where email_key = 'ann@needle.example' order by event_at"
    ) == [
        (datetime(2025, 6, 11), 0, 0, 1, 0),
        (datetime(2025, 6, 11, 4, 30), 1, 1, 0, 0),
    ]
    assert odd(
        "select donated_at from staging.base_giving__donations "
        "where rejection_reason is null order by donated_at"
    ) == [
        (datetime(2025, 6, 12),),
        (datetime(2025, 6, 13, 1),),
        (datetime(2025, 6, 15, 12),),
    ]
    assert odd("select as_of_date from marts.build_info") == [(date(2025, 6, 15),)]


def test_ids_of_any_type_are_one_id(odd: Callable[[str], list[tuple[Any, ...]]]) -> None:
    assert odd(
        "select distinct campaign_id, campaign_name, client_shortname, donations_credited "
        "from marts.campaign_attribution where model = 'linear' and campaign_id is not null"
    ) == [("12", "Summer", "acme", 2.0)]


def test_values_that_cannot_be_cast_reject_their_rows(
    odd: Callable[[str], list[tuple[Any, ...]]],
) -> None:
    assert odd(
        "select source_table, reason, row_json ->> 'DONATION_DATE', row_json ->> 'START_DATE' "
        "from quarantine.rejected_rows order by all"
    ) == [
        ("campaigns", "uncastable_value", None, "June"),
        ("donations", "uncastable_value", " 2025-06-16 ", None),  # an infinite amount
        ("donations", "uncastable_value", "01/02/2024", None),
        ("donations", "uncastable_value", "2025-06-14", None),  # NaN as amount
    ]


# ------------------------------------------------------------------------------------- bad extracts


def without_table(folder: Path) -> None:
    """An extract is missing."""
    shutil.rmtree(folder / "donations")


def without_column(folder: Path) -> None:
    """A required column is missing."""
    columns = {name: kind for name, kind in ODD["campaigns"][0].items() if "CLIENT" not in name}
    replace(folder, "campaigns", columns)


def with_a_number_for_a_time(folder: Path) -> None:
    """A type that cannot hold a time."""
    columns = {**ODD["email_clickers"][0], "EVENT_DATE": (NUMBER, [20250610, 20250611])}
    replace(folder, "email_clickers", columns)


def with_a_struct(folder: Path) -> None:
    """A nested type where text is expected."""
    kind = pa.struct({"address": TEXT})
    columns = {**ODD["person"][0], "Email": (kind, [{"address": "ann@needle.example"}] * 2)}
    replace(folder, "person", columns)


def without_rows(folder: Path) -> None:
    """A file with columns and no rows."""
    replace(folder, "custom_field", {"id": (NUMBER, []), "name": (TEXT, [])})


def with_two_types(folder: Path) -> None:
    """Ids as fractions in one file and as text in another: 12.0 and 12 would be two ids."""
    fractions: Columns = {
        "CAMPAIGN_ID": (pa.float64(), [12.0]),
        "CLIENT_SHORTNAME": (TEXT, ["acme"]),
    }
    texts: Columns = {"CAMPAIGN_ID": (TEXT, ["13"]), "CLIENT_SHORTNAME": (TEXT, ["acme"])}
    shutil.rmtree(folder / "campaigns")
    write(folder, {"campaigns": [fractions, texts]})


def with_a_file_short_of_a_column(folder: Path) -> None:
    """Read with the others, the file would have NULL there."""
    columns = {"PERSON_ID": (TEXT, ["1"]), "CUSTOM_FIELD_ID": (TEXT, ["7"])}
    pq.write_table(
        pa.table({name: pa.array(values, kind) for name, (kind, values) in columns.items()}),
        folder / "person_custom_field" / "short.parquet",
    )


def with_a_name_of_the_engine(folder: Path) -> None:
    """A column that hides the place of a row in its file."""
    columns = {**ODD["campaigns"][0], "file_row_number": (NUMBER, [1] * 9)}
    replace(
        folder, "campaigns", {name: (kind, values[:1]) for name, (kind, values) in columns.items()}
    )


def with_a_broken_file(folder: Path) -> None:
    """A file as an interrupted copy leaves it."""
    (folder / "donations" / "part-9.parquet").write_bytes(b"PAR1 and no more")


def replace(folder: Path, table: str, columns: Columns) -> None:
    """Replaces a table by one file."""
    shutil.rmtree(folder / table)
    write(folder, {table: [columns]})


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (without_table, ["table donations", "required", "no Parquet file"]),
        (without_column, ["table campaigns", "no column CLIENT_SHORTNAME", "expected varchar"]),
        (
            with_a_number_for_a_time,
            ["table email_clickers", "column EVENT_DATE", "expected timestamp", "found BIGINT"],
        ),
        (with_a_struct, ["table person", "column email", "expected varchar", "found STRUCT"]),
        (without_rows, ["table custom_field", "no rows"]),
        (
            with_a_file_short_of_a_column,
            ["table person_custom_field", "no column value", "short.parquet"],
        ),
        (with_a_name_of_the_engine, ["table campaigns", "column file_row_number", "another name"]),
        (with_a_broken_file, ["part-9.parquet", "cannot be read as Parquet"]),
        (with_two_types, ["table campaigns", "column CAMPAIGN_ID", "DOUBLE and VARCHAR"]),
    ],
)
def test_bad_extracts_stop_the_build_before_it_touches_anything(
    spoil: Callable[[Path], None], said: list[str], warm: Warm, odd_extracts: Path, tmp_path: Path
) -> None:
    """One line that says what, where, and what to do; exit code 2."""
    folder = shutil.copytree(odd_extracts, tmp_path / "extracts")
    spoil(folder)
    database = tmp_path / "warehouse" / "behavioral.duckdb"
    database.parent.mkdir()
    database.write_bytes(b"published before")
    run = warm.run("build", env=build_environment(folder, database, tmp_path))
    assert run.returncode == 2, run.stderr
    assert run.stdout == ""
    (line,) = (line for line in run.stderr.splitlines() if line != "Starting dbt")
    assert line.startswith("segment.py: ")
    assert [words for words in [*said, str(folder)] if words not in line] == []
    assert re.search(r": (?:put|add|deliver) ", line)
    assert_published_untouched(database)


def test_a_missing_folder_is_told_at_once(dev: Dev, tmp_path: Path) -> None:
    run = dev.checkout.build(tmp_path / "nowhere")
    assert run.returncode == 2
    (line,) = run.stderr.splitlines()
    assert str(tmp_path / "nowhere") in line
    assert "set BEHAVIORAL_DATA_DIR" in line
    assert_published_untouched(dev.checkout.published)


def assert_published_untouched(database: Path) -> None:
    """The published database has not changed, and no half-built file stands beside it."""
    assert database.read_bytes() == b"published before"
    left = {str(file.name) for file in database.parent.rglob("*") if file.is_file()}
    assert left <= {
        *("behavioral.duckdb", "behavioral.duckdb.key", "behavioral.duckdb.lock", ".gitignore"),
        *("behavioral.duckdb.audit.jsonl", "behavioral.duckdb.parsed", "behavioral.duckdb.private"),
    }


def test_too_many_rejected_rows_stop_the_build_or_are_told(
    dev: Dev, odd_extracts: Path, tmp_path: Path
) -> None:
    """The seed decides by table; with few rows the build only warns, and it publishes.

    Of the three rows two are kept, where the seed `rules` says so; accounting counts all.
    """
    made = checkout(tmp_path / "project")
    shutil.copytree(dev.checkout.folder / "target", made.folder / "target")
    seed = made.folder / "seeds" / "input_limits.csv"
    seed.write_text(f"{seed.read_text()}rejected_share,campaigns,0.5,0,stop,Half is fine\n")
    rules = made.folder / "seeds" / "rules.csv"
    kept = "quarantine_limits,kept_rows,"
    rules.write_text(rules.read_text().replace(f"{kept}100000,", f"{kept}2,"))
    run = made.build(odd_extracts, "integer_ids")
    assert run.returncode == 0, run.stderr
    (line,) = (line for line in run.stderr.splitlines() if "warning" in line)
    assert line == (
        "segment.py: warning: table donations: 3 of 6 rows are rejected, 3 of them for "
        "uncastable_value: 50.0 %, expected at most 5.0 %"
    )
    with closing(opened(made.published)) as con:
        told = con.execute(
            "select source_table, status from marts.input_checks"
            " where check_name = 'rejected_share' and found_value > 0.05 order by source_table"
        ).fetchall()
        rejected = con.execute(
            "select count(*), max(omitted_rows), max(rows_rejected) from quarantine.rejected_rows"
            " inner join quarantine.row_accounting using (source_table)"
            " where source_table = 'donations'"
        ).fetchall()
    assert told == [("campaigns", "passed"), ("donations", "warned")]
    assert rejected == [(2, 1, 3)]


# ----------------------------------------------------------------------------------- failed builds


@pytest.fixture(scope="module")
def failed(
    dev: Dev, odd_extracts: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Checkout, subprocess.CompletedProcess[str]]:
    """A build of two defects: a seed that is no number, and a key that two voters share."""
    made = checkout(tmp_path_factory.mktemp("failing") / "project")
    shutil.copytree(dev.checkout.folder / "target", made.folder / "target")
    (made.folder / "target" / "run_results.json").unlink()
    made.published.write_bytes(b"published before")
    seed = made.folder / "seeds" / "attribution_models.csv"
    seed.write_text(seed.read_text().replace("linear,4,", "linear,four,"))
    contract = made.folder / "models" / "marts" / "profiles" / "enriched_profiles.yml"
    text, changed = re.subn(
        r"(type: primary_key,? *\n?\s*columns: )\[state, svid\]", r"\1[svid]", contract.read_text()
    )
    assert changed == 1
    contract.write_text(text)
    return made, made.build(odd_extracts, "integer_ids", "rejected_share")


def test_a_failed_build_leaves_the_published_database(
    failed: tuple[Checkout, subprocess.CompletedProcess[str]],
) -> None:
    made, run = failed
    assert run.returncode == 4, run.stderr
    assert run.stdout == ""
    line = run.stderr.splitlines()[-1]
    assert line.startswith("segment.py: ")
    assert "attribution_models" in line
    assert "enriched_profiles" in line
    assert "the published database is untouched" in line
    assert_published_untouched(made.published)


def test_a_failed_build_says_where_to_read_more(
    failed: tuple[Checkout, subprocess.CompletedProcess[str]],
) -> None:
    assert "run `dbt build` on a file of your own to read why" in failed[1].stderr


@pytest.mark.parametrize("which", ["dev", "failed"])
def test_what_dbt_writes_names_nobody(which: str, request: pytest.FixtureRequest) -> None:
    """Not in the files, not in the output, not even where the engine refused a person's row."""
    fixture = request.getfixturevalue(which)
    folder = fixture[0].folder
    said = fixture.said if which == "dev" else fixture[1].stdout + fixture[1].stderr
    files = {
        str(file.relative_to(folder)): file.read_bytes()
        for name in ("target", "logs")
        for file in (folder / name).rglob("*")
        if file.is_file()
    }
    assert files
    assert which == "failed" or "target/run_results.json" in files
    # The seconds that a node took may have any digits after the point.
    results = "target/run_results.json"
    if results in files:
        files[results] = re.sub(rb"(?<=: )\d+\.\d+(?=[,}\s])", b"", files[results])
    named = [
        f"{name}: {needle.decode()}"
        for name, content in {**files, "output": said.encode()}.items()
        for needle in NEEDLES
        if needle in content
    ]
    assert named == []


# ------------------------------------------------------------------------ what data tests notice


@pytest.mark.parametrize(
    ("test", "damage", "said"),
    [
        (
            "assert_seeds_keep_their_rules",
            "update seeds.permitted_use set use = 'solict' where use = 'solicit'",
            ("permitted_use", "use in ('contact', 'solicit')"),
        ),
        (
            "assert_seeds_keep_their_rules",
            "insert into seeds.time_zones select * from seeds.time_zones limit 1",
            ("time_zones", "unique: state"),
        ),
        (
            "assert_seeds_keep_their_rules",
            "update seeds.time_zones set time_zone = null where state = 'WI'",
            ("time_zones", "time_zone is not null"),
        ),
        (
            "assert_seeds_keep_their_rules",
            "update seeds.behavior_pattern_events set event_type = 'nothing' "
            "where event_type = 'email_unsubscribe'",
            ("behavior_pattern_events", "event_type in ("),
        ),
        ("key_lnk_voter_state", "update linkage.lnk_voter set persons = 0", ("persons >= 1",)),
        ("key_lnk_voter_state", "update linkage.lnk_voter set svid = null", ("not null: svid",)),
        (
            "key_lnk_voter_state",
            "insert into linkage.lnk_voter select * from linkage.lnk_voter",
            ("unique: state, svid",),
        ),
        (
            "key_key_voters_",
            "update keys.key_voters set voter_number = 1",
            ("unique: voter_number",),
        ),
    ],
)
def test_a_data_test_names_what_is_broken(
    test: str, damage: str, said: tuple[str, ...], dev: Dev, tmp_path: Path
) -> None:
    """The rules of seeds, and the conditions beside the key of a model."""
    folder = dev.checkout.folder
    (compiled,) = (folder / "target" / "compiled").rglob(f"{test}*.sql")
    database = tmp_path / "behavioral.duckdb"
    copy_pair(folder / "warehouse" / "dev" / "behavioral.duckdb", database)
    with closing(opened(database, read_only=False)) as con:
        assert con.execute(compiled.read_text()).fetchall() == []
        con.execute(damage)
        broken = con.execute(compiled.read_text()).fetchall()
    assert broken
    assert all(words in " ".join(map(str, row)) for row in broken for words in said)


# --------------------------------------------------------------------------- the published database


@pytest.fixture
def asked(
    sample_database: Path, tmp_path: Path
) -> Callable[[Callable[[Path], None]], subprocess.CompletedProcess[str]]:
    """Asks a damaged copy of the sample's database; an output file exists already."""

    def ask(spoil: Callable[[Path], None]) -> subprocess.CompletedProcess[str]:
        database = tmp_path / "behavioral.duckdb"
        shutil.copy(sample_database, database)
        spoil(database)
        (tmp_path / "answer.csv").write_text("as it was\n")
        return subprocess.run(
            [
                *(sys.executable, str(PROJECT / "scripts" / "segment.py"), "analyze"),
                *("--svid", "0012345", "--out", "answer.csv"),
            ],
            cwd=tmp_path,
            env=os.environ | {"BEHAVIORAL_DB": str(database)},
            capture_output=True,
            text=True,
            check=False,
        )

    return ask


def test_a_good_database_answers(
    asked: Callable[[Callable[[Path], None]], subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    run = asked(lambda file: None)
    assert run.returncode == 0
    assert re.fullmatch("segment.py: 0 of 1 ids are known; .*\n", run.stderr)
    assert (tmp_path / "answer.csv").read_text().startswith("requested_svid,")


def cut_in_half(file: Path) -> None:
    """A database as an interrupted copy leaves it."""
    os.truncate(file, file.stat().st_size // 2)


def made_of_older_code(file: Path) -> None:
    """As another version of the definitions would have built it."""
    with duckdb.connect(str(file)) as con:
        con.execute("update marts.build_info set code_digest = md5(code_digest)")


def without_a_build(file: Path) -> None:
    """A database that no build finished."""
    with duckdb.connect(str(file)) as con:
        con.execute("drop table marts.build_info")


@pytest.mark.parametrize(
    "spoil",
    [Path.unlink, cut_in_half, made_of_older_code, without_a_build],
    ids=lambda f: f.__name__,
)
def test_an_unusable_database_is_exit_3(
    spoil: Callable[[Path], None],
    asked: Callable[[Callable[[Path], None]], subprocess.CompletedProcess[str]],
    tmp_path: Path,
) -> None:
    run = asked(spoil)
    assert run.returncode == 3
    (line,) = run.stderr.splitlines()
    assert line.startswith("segment.py: ")
    assert str(tmp_path / "behavioral.duckdb") in line
    assert "segment.py build" in line
    assert "0012345" not in line
    assert (tmp_path / "answer.csv").read_text() == "as it was\n"
    assert not [file for file in tmp_path.iterdir() if file.name.startswith(".segment-")]


def test_older_clients_can_open_the_published_database(sample_database: Path) -> None:
    """Storage version 65, that of DuckDB 1.2; the header is magic bytes and a number."""
    with sample_database.open("rb") as file:
        header = file.read(20)
    assert header[8:12] == b"DUCK"
    assert struct.unpack("<Q", header[12:20])[0] <= 65
    with opened(sample_database) as con:
        tags = con.execute(
            "select tags['storage_version'] from duckdb_databases() where not internal "
            "and database_name <> 'memory'"
        ).fetchall()
    assert tags == [("v1.2.0+",), ("v1.2.0+",)]


def test_the_build_is_stamped(sample_database: Path) -> None:
    with opened(sample_database) as con:
        built_at, voters = con.execute("select built_at, voters from marts.build_info").fetchall()[
            0
        ]
    assert timedelta(0) <= datetime.now(UTC).replace(tzinfo=None) - built_at < timedelta(days=1)
    assert voters > 0
