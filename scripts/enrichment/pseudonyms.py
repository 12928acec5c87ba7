"""The key of pseudonyms: ``BEHAVIORAL_HASH_KEY``, else a private file, created once.

HMAC-SHA256 (RFC 2104) with this key turns a value that can be guessed, such as an address or a
voter id, into one that only the holder of the key can compute.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

PSEUDONYM_LENGTH = 32
"""Hex digits of a pseudonym: the macro ``keyed_hash`` keeps half of the hash."""


def hash_key(key_file: Path) -> bytes:
    """The pseudonym key: from the environment, else from ``key_file``, created if missing."""
    given = os.environ.get("BEHAVIORAL_HASH_KEY", "")
    if given:
        return given.encode()
    key_file.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = key_file.read_bytes().strip()
        if not key:
            raise ValueError(
                f"The key file {key_file} is empty: put the key back or delete the file"
            ) from None
        return key
    key = secrets.token_hex(32).encode()
    with os.fdopen(handle, "wb") as file:
        file.write(key)
    return key


def list_digest(ids: Iterable[str], key_file: Path) -> str | None:
    """HMAC-SHA256 (hex) of a list of ids as a set, trimmed and sorted; None without a key.

    A plain hash of a short list could be found by trying the ids of a voter file.
    """
    key = os.environ.get("BEHAVIORAL_HASH_KEY", "").encode()
    if not key:
        try:
            key = key_file.read_bytes().strip()
        except OSError:
            key = b""
    if not key:
        return None
    digest = hmac.new(key, b"list of ids\0", hashlib.sha256)
    distinct = {text.strip() for text in ids}
    distinct.discard("")
    for one in sorted(distinct):
        digest.update(one.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()
