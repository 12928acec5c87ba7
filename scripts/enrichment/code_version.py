"""Digests of the definitions that a database was built from."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


# The definitions of how a delivered row is read, and which rows are kept.
_READING = (
    "macros/carry.sql",
    "macros/dates.sql",
    "macros/events.sql",
    "macros/extract_tables.sql",
    "macros/extracts.sql",
    "macros/keys.sql",
    "macros/normalize.sql",
    "macros/phone_forms.sql",
    "macros/quarantine.sql",
    "macros/rights.sql",
    "macros/sentinels.sql",
    "models/staging",
    "models/linkage/lnk_map_row.sql",
    "models/events/fct_email_rows.sql",
    "models/events/fct_donations.sql",
    "scripts/enrichment/delivered_files.py",
    "seeds/placeholder_identifiers.csv",
    "seeds/sentinel_numbers.csv",
)


def code_version() -> str:
    """The version in ``dbt_project.yml``."""
    text = (PROJECT / "dbt_project.yml").read_text(encoding="utf-8")
    found = re.search(r"""^version: *["']?([\w.+-]+)""", text, re.MULTILINE)
    return found.group(1) if found else "unknown"


def code_digest() -> str:
    """SHA-256 (hex) over every definition: models and macros (SQL), seeds (CSV) and the project."""
    return _digest("dbt_project.yml", "models", "macros", "seeds")


def reading_digest() -> str:
    """SHA-256 (hex) over the definitions that rows kept by an earlier build depend on."""
    return _digest(*_READING, more=_limits_of_quarantine())


def _limits_of_quarantine() -> bytes:
    """The lines of the seed `rules` that decide which refused rows an earlier build has kept."""
    lines = (PROJECT / "seeds" / "rules.csv").read_bytes().splitlines()
    return b"\n".join(line for line in lines if line.startswith(b"quarantine_limits,"))


def _digest(*paths: str, more: bytes = b"") -> str:
    files: list[Path] = []
    for name in paths:
        path = PROJECT / name
        files += [path] if path.is_file() else sorted((*path.rglob("*.sql"), *path.rglob("*.csv")))
    digest = hashlib.sha256(more)
    for file in files:
        digest.update(file.relative_to(PROJECT).as_posix().encode() + b"\0")
        digest.update(file.read_bytes() + b"\0")
    return digest.hexdigest()
