"""Fixtures that every Python test shares: sample extracts, and the database built from them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def sample_extracts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of sample extracts: 0.5 % of the brief's rows, every trap included."""
    folder = tmp_path_factory.mktemp("sample") / "extracts"
    subprocess.run(
        [
            sys.executable,
            str(PROJECT / "scripts" / "make_sample_data.py"),
            *("--scale", "0.005", "--seed", "7", "--out", str(folder)),
        ],
        check=True,
        capture_output=True,
    )
    return folder


def run_build(
    extracts: Path, database: Path, *, accept: Collection[str] = ()
) -> subprocess.CompletedProcess[str]:
    """What the runner printed as it built and published ``database`` from ``extracts``."""
    environment = os.environ | {
        "BEHAVIORAL_DATA_DIR": str(extracts),
        "BEHAVIORAL_DB": str(database),
        "BEHAVIORAL_HASH_KEY": "a key for tests only",
    }
    finished = subprocess.run(
        [
            *(sys.executable, str(PROJECT / "scripts" / "segment.py"), "build"),
            *(f"--accept={check}" for check in accept),
        ],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished


@pytest.fixture(scope="session")
def sample_build(
    sample_extracts: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """The published database of the sample, built by the runner, and what the runner printed."""
    database = tmp_path_factory.mktemp("warehouse") / "behavioral.duckdb"
    return database, run_build(sample_extracts, database)


@pytest.fixture(scope="session")
def sample_database(sample_build: tuple[Path, subprocess.CompletedProcess[str]]) -> Path:
    """The published database of the sample."""
    return sample_build[0]
