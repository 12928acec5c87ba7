"""A model cannot reach beyond the extracts, and its failures show no values of a row.

A copy of the project in which models try both, built as an analyst would: by plain dbt. Its log,
its result files, its output and its documentation are searched for what was planted in extracts.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest

from conftest import build_environment
from enrichment.database import Database
from enrichment.errors import DatabaseError
from enrichment.plugins.sandbox import keep_private, without_values
from extracts import Extracts, write_extracts
from test_build import Checkout, checkout
from warm import Warm

NEEDLES = ("7310042", "needle.roe", "608-731-0042", "6087310042", "Needleshire", "Needlepartei")
"""An SVID, an address, a phone as delivered and normalised, a county, a custom field's value."""

REACHING = {
    "reads_text": "select * from read_text('/etc/passwd')",
    "reads_csv": "select * from read_csv('/etc/passwd', delim = ':', header = false)",
    "lists_files": "select * from glob('/etc/*')",
    "reads_beyond": "{% set folder = env_var('BEHAVIORAL_DATA_DIR') %}"
    "select * from read_text({{ text_literal(folder ~ '/../secret') }})",
    "reads_the_net": "select * from read_csv('https://example.org/x.csv')",
}
"""Models that read what is not theirs."""

DOING = {
    "copies_out": "copy (select 1) to '{{ env_var(\"REACHED\") }}'",
    "attaches": "attach '{{ env_var(\"REACHED\") }}' as elsewhere",
    "installs": "install httpfs",
    "loads": "load '/tmp/x.duckdb_extension'",
    "unlocks": "set enable_external_access = true",
    "reconfigures": "set memory_limit = '100GB'",
    "opens_more": "set allowed_directories = ['/']",
}
"""Models whose hook does what it may not."""

ROWS = "{{ ref('base_voterfile__persons') }}"
TELLING = {
    "casts": f"select cast(email_key as integer) as n from {ROWS}",
    "casts_a_day": f"select cast(county as date) as n from {ROWS}",
    "parses": f"select strptime(cell_phone_key, '%Y') as n from {ROWS}",
    "raises": f"select error(email_key) as n from {ROWS}",
    "looks_up": "{% set persons = ref('base_voterfile__persons') %}{% if execute %}"
    "{% do run_query('select cast(county as date) from ' ~ persons) %}{% endif %}select 1 as n",
    "breaks_its_contract": f"select email_key as n from {ROWS}, range(2)",
}
"""Models of which the engine would quote a row."""


def planted() -> Extracts:
    """One voter, in every table, with the needles."""
    world = Extracts()
    world.person(
        NEEDLES[0],
        f"{NEEDLES[1]}@example.com",
        cell_phone=NEEDLES[2],
        county=NEEDLES[4],
        fields={"party": NEEDLES[5]},
    )
    world.mapped(NEEDLES[2], f"{NEEDLES[1]}@example.com")
    world.campaign(1, "acme")
    world.event(f"{NEEDLES[1]}@example.com", "2025-06-01T10:00", campaign=1, click=1)
    world.gift("2025-06-02", f"{NEEDLES[1]}@example.com", phone=NEEDLES[2])
    return world


def test_a_plain_build_is_its_owners_alone(tried: Tried) -> None:
    file = tried.checkout.folder / "warehouse" / "dev" / "behavioral.duckdb"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_what_the_engine_writes_beside_it_is_private_too(tmp_path: Path) -> None:
    file = tmp_path / "dev" / "behavioral.duckdb"
    before = os.umask(0o022)
    try:
        keep_private(file)
        with duckdb.connect(str(file)) as con:
            con.execute("create table one as select 1 as n")
        file.chmod(0o644)
        os.umask(0o022)
        keep_private(file)
        with duckdb.connect(str(file)) as con:
            con.execute("insert into one values (2)")
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()}
    finally:
        os.umask(before)
    assert modes == {"behavioral.duckdb": 0o600, "behavioral.duckdb.wal": 0o600}
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


class Tried(NamedTuple):
    """A project in which models tried, what dbt said, and how each node ended."""

    checkout: Checkout
    said: str
    ended: dict[str, tuple[str, str]]
    """Name → (status, message)."""


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Tried:
    """A plain `dbt build` of all of them, and the documentation after it."""
    folder = tmp_path_factory.mktemp("sandbox")
    (folder / "secret").write_text("secret")
    data = write_extracts(folder / "it's [all] here", planted().tables)
    made = checkout(folder / "project")
    models = made.folder / "models" / "tries"
    models.mkdir()
    for name, sql in {**REACHING, **TELLING}.items():
        (models / f"{name}.sql").write_text("{{ config(materialized='table') }} " + sql)
    for name, statement in DOING.items():
        hook = '{{ config(pre_hook="' + statement.replace('"', "'") + '") }}'
        quoted = hook.replace("'BEHAVIORAL", "\\'BEHAVIORAL")
        (models / f"{name}.sql").write_text(f"{quoted} select 1 as n")
    (models / "tries.yml").write_text(
        "models:\n  - name: breaks_its_contract\n    config: {contract: {enforced: true}}\n"
        "    columns:\n      - {name: n, data_type: varchar, constraints: [{type: primary_key}]}\n"
    )
    (models / "persons_again.sql").write_text(f"select * from {ROWS}")
    (made.folder / "tests" / "assert_nobody.sql").write_text(
        "select * from {{ ref('persons_again') }}"
    )
    here = {"BEHAVIORAL_DATA_DIR": os.path.relpath(data, made.folder)}
    here["REACHED"] = str(folder / "reached")
    run = made.run(
        *("dbt", "--no-use-colors", "build", "--exclude-resource-type", "unit_test"),
        *("--select", "tries", "+segment_profile", "assert_nobody", "path:seeds"),
        *("--indirect-selection", "cautious"),
        **here,
    )
    results = json.loads((made.folder / "target" / "run_results.json").read_text())["results"]
    shutil.copy(made.folder / "target" / "run_results.json", made.folder / "target" / "build.json")
    docs = made.run(
        *("dbt", "--no-use-colors", "docs", "generate", "--static", "--exclude", "looks_up"), **here
    )
    assert docs.returncode == 0, docs.stdout[-2000:]
    assert not (folder / "reached").exists()
    ended = {
        result["unique_id"].split(".")[2]: (result["status"], result["message"] or "")
        for result in results
    }
    return Tried(made, run.stdout + run.stderr + docs.stdout + docs.stderr, ended)


@pytest.mark.parametrize("model", [*REACHING, *DOING])
def test_a_model_that_reaches_out_fails(model: str, tried: Tried) -> None:
    status, message = tried.ended[model]
    assert status == "error"
    assert any(
        words in message
        for words in ("disabled by configuration", "disabled through", "has been locked")
    ), message


def test_honest_models_are_built(tried: Tried) -> None:
    """Extracts in a folder of an odd and relative name, and seeds, are in reach."""
    honest = {
        name: ending
        for name, ending in tried.ended.items()
        if name not in {*REACHING, *DOING, *TELLING, "assert_nobody"}
    }
    assert {"segment_profile", "affinity_weights"} <= set(honest)
    assert {status for status, _ in honest.values()} <= {"success", "pass", "no-op"}
    file = tried.checkout.folder / "warehouse" / "dev" / "behavioral.duckdb"
    with duckdb.connect(str(file), read_only=True) as con:
        found = con.execute("select svid, county from marts.enriched_profiles").fetchall()
    assert found == [(NEEDLES[0], NEEDLES[4])]


@pytest.mark.parametrize("model", TELLING)
def test_a_failure_on_a_row_is_told_by_kind(model: str, tried: Tried) -> None:
    status, message = tried.ended[model]
    assert status == "error"
    assert re.search(r"\w Error \(the engine's message may quote a row", message)


def test_a_failing_test_is_told_by_number(tried: Tried) -> None:
    assert tried.ended["assert_nobody"] == ("fail", "Got 1 result, configured to fail if != 0")


def test_no_failure_tells_what_is_in_a_row(tried: Tried) -> None:
    """Neither log, result files, compiled SQL, output nor documentation holds a needle."""
    folder = tried.checkout.folder
    files = [
        file for name in ("target", "logs") for file in (folder / name).rglob("*") if file.is_file()
    ]
    assert {"dbt.log", "build.json", "manifest.json", "catalog.json", "static_index.html"} <= {
        file.name for file in files
    }
    contents = {str(file): file.read_bytes() for file in files} | {"output": tried.said.encode()}
    found = [
        (name, needle)
        for name, content in contents.items()
        for needle in NEEDLES
        if needle.lower().encode() in content.lower()
    ]
    assert found == []


def test_an_error_about_no_row_is_told_whole() -> None:
    """A misspelt column is not a secret; what a cast could not read is."""
    with duckdb.connect() as con:
        with pytest.raises(duckdb.Error) as misspelt:
            con.execute("select nme from (select 'needle.roe' as name)")
        assert '"nme"' in without_values(misspelt.value)
        with pytest.raises(duckdb.Error) as miscast:
            con.execute("select cast(n as integer) from (select 'needle.roe' || random() as n)")
        assert "needle" in str(miscast.value)
        assert without_values(miscast.value).startswith("Conversion Error (")
        assert "needle" not in without_values(miscast.value)


# ----------------------------------------------------------------------------------- the questions


ATTACKS = (
    "select * from read_text('/etc/passwd')",
    "select * from read_csv('/etc/passwd')",
    "select * from glob('/etc/*')",
    "select * from read_blob(getvariable('x'))",
    "copy (select 1) to '/tmp/reached.csv'",
    "copy marts.build_info to 'reached.parquet'",
    "export database 'reached'",
    "attach 'reached.duckdb' as reached",
    "attach '/etc/passwd' as reached (read_only)",
    "install httpfs",
    "load httpfs",
    "load '/tmp/x.duckdb_extension'",
    "set enable_external_access = true",
    "set allowed_directories = ['/']",
    "set allowed_paths = ['/etc/passwd']",
    "set lock_configuration = false",
    "reset lock_configuration",
    "set memory_limit = '100GB'",
    "pragma threads = 1",
    "pragma enable_profiling = 'json'",
    "set temp_directory = '/tmp'",
    "select getenv('HOME')",
    "create secret (type s3)",
    "delete from behavioral.marts.build_info",
    "create table behavioral.marts.mine as select 1",
    "drop schema behavioral.segments cascade",
    "create or replace macro behavioral.segments.segment_profile(x) as table select 1",
    "select * from other.t",
)


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_question_reaches_its_database_only(
    attack: str, sample_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read-only, without files, extensions, other databases, or a way to configure that."""
    monkeypatch.setenv("BEHAVIORAL_DB", str(sample_database))
    monkeypatch.chdir(tmp_path)
    size = sample_database.stat()
    with pytest.raises(DatabaseError), Database() as database:
        database._con.execute(attack).fetchall()
    assert sample_database.stat() == size or sample_database.stat().st_mtime == size.st_mtime
    assert list(tmp_path.iterdir()) == []


# --------------------------------------------------------------------------------- the process list


def test_the_process_list_shows_no_id(sample_database: Path, tmp_path: Path) -> None:
    """A question that runs: its command line and its environment, as any user can list them."""
    (tmp_path / "data").mkdir()
    runner = Path(__file__).resolve().parents[2] / "scripts" / "segment.py"
    with subprocess.Popen(
        [sys.executable, str(runner), "propensity", "--svid", NEEDLES[0], "--svids", "-"],
        env=build_environment(tmp_path / "data", sample_database, tmp_path),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        seen = b""
        listed = Path(f"/proc/{process.pid}")
        # It waits for the ids of standard input; until it has begun, the shell's line is there.
        while not seen.startswith(b"segment.py propensity") and process.poll() is None:
            seen = (listed / "cmdline").read_bytes()
        shown = [(listed / name).read_bytes() for name in ("cmdline", "environ", "comm", "stat")]
        out, _ = process.communicate(b"0012345\n")
    assert process.returncode == 0
    assert NEEDLES[0].encode() in out
    assert [text for text in shown if NEEDLES[0].encode() in text] == []


def test_a_build_of_the_runner_writes_no_log(warm: Warm, tmp_path: Path) -> None:
    """Neither a log nor results, also where it fails on a person's row."""
    data = write_extracts(tmp_path / "extracts", planted().tables)
    (tmp_path / "warehouse").mkdir()
    environment = build_environment(data, tmp_path / "warehouse" / "behavioral.duckdb", tmp_path)
    plants = [["small_build", []], ["quoting_statement", []]]
    run = warm.run("build", env=environment, first=("plant", "several", [plants]))
    assert run.returncode == 4
    said = run.stdout + run.stderr
    names = {file.name for name in ("target", "logs") for file in (tmp_path / name).rglob("*")}
    assert not names & {"dbt.log", "run_results.json", "manifest.json"}
    contents = [file.read_bytes() for name in ("target", "logs")
                for file in (tmp_path / name).rglob("*") if file.is_file()]  # fmt: skip
    assert contents
    for needle in NEEDLES:
        assert needle not in said
        assert not any(needle.encode() in content for content in contents)
