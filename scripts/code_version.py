"""Which definitions a database was built from."""

from __future__ import annotations

import hashlib
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent


def code_digest() -> str:
    """SHA-256 (hex) over every definition: models and macros (SQL), seeds (CSV) and the project."""
    digest = hashlib.sha256()
    files = [PROJECT / "dbt_project.yml"]
    for folder, suffix in (("models", "sql"), ("macros", "sql"), ("seeds", "csv")):
        files += sorted((PROJECT / folder).rglob(f"*.{suffix}"))
    for file in files:
        digest.update(file.relative_to(PROJECT).as_posix().encode() + b"\0")
        digest.update(file.read_bytes() + b"\0")
    return digest.hexdigest()
