"""SHA-256 of many files, in parallel."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def file_hashes(paths: list[str]) -> list[str]:
    """The SHA-256 of each file, in hex; one thread per core: hashing frees the interpreter."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(_file_sha256, paths))


def _file_sha256(path: str) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
