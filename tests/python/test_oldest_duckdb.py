"""The published file in the oldest DuckDB that README promises: every function answers the same.

The old version comes from the package index, as any other requirement, and is kept in `target`.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

PROJECT = Path(__file__).resolve().parents[2]
LOCK = PROJECT / "requirements-oldest.lock"
VERSION = LOCK.read_text().split("duckdb==")[1].strip()

ASK = """
import json, sys

folder, database = sys.argv[1:]
if folder:
    sys.path.insert(0, folder)
import duckdb

con = duckdb.connect(database, read_only=True)
con.execute("set TimeZone = 'UTC'; set enable_progress_bar = false")
found = {"version": duckdb.__version__, "answers": {}, "marts": {}}
con.execute('''
    create temp table ids as
    select list(state || ':' || svid order by state, svid) || ['no such id'] as svids
    from (select state, svid from marts.enriched_profiles order by state, svid limit 400)
''')
functions = con.execute('''
    select distinct function_name
    from duckdb_functions()
    where schema_name = 'segments' and not internal
    order by function_name
''').fetchall()
for (name,) in functions:
    rows = con.execute(f"select * from segments.{name}((select svids from ids))").fetchall()
    found["answers"][name] = sorted(rows, key=lambda row: [str(value) for value in row[:3]])
tables = con.execute('''
    select table_name from duckdb_tables() where schema_name = 'marts' and not internal
''').fetchall()
for (name,) in tables:
    found["marts"][name] = len(con.execute(f"select * from marts.{name}").fetchall())
print(json.dumps(found, default=str))
"""


@pytest.fixture(scope="session")
def oldest() -> Path:
    """A folder with the oldest DuckDB; installed by the first run that needs it."""
    folder = PROJECT / "target" / f"oldest-duckdb-{VERSION}"
    folder.parent.mkdir(exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            part = folder.with_name(f"{folder.name}.part")
            pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            subprocess.run(
                [*pip, "--no-deps", "--upgrade", "--target", str(part), "-r", str(LOCK)], check=True
            )
            part.rename(folder)
    return folder


def asked(folder: Path | None, database: Path) -> dict[str, Any]:
    """What a DuckDB finds in the file: the one in a folder, or the one of this environment."""
    run = subprocess.run(
        [sys.executable, "-c", ASK, str(folder or ""), str(database)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def is_same(one: Any, other: Any) -> bool:
    """Whether two values are equal, fractions to nine digits."""
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
    return bool(one == other)


def test_the_pages_promise_this_version() -> None:
    short = ".".join(VERSION.split(".")[:2])
    assert f"DuckDB {short} or later" in (PROJECT / "README.md").read_text()
    profiles = (PROJECT / "profiles.yml").read_text()
    assert f"storage_compatibility_version: v{VERSION}\n" in profiles


def test_the_oldest_version_answers_as_the_newest(oldest: Path, sample_database: Path) -> None:
    """Every table function, and every mart."""
    old, new = asked(oldest, sample_database), asked(None, sample_database)
    assert old["version"] == VERSION != new["version"]
    assert len(old["answers"]) >= 14
    assert old["marts"] == new["marts"]
    assert old["answers"].keys() == new["answers"].keys()
    for name, rows in new["answers"].items():
        assert len(old["answers"][name]) == len(rows), name
        for one, other in zip(old["answers"][name], rows, strict=True):
            assert len(one) == len(other), name
            assert all(map(is_same, one, other)), name
