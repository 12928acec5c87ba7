"""Makes the seed `disposable_domains`: python tools/update_hygiene_lists.py.

`disposable-email-domains` lists services with mailboxes that last for hours. `email-validator`
lists names under which no mailbox can exist. pyproject.toml pins both: change the versions there,
install them, and run this script. Each row names the version of its list. Exit code 0 if the seed
is written, 2 if a list looks wrong.
"""

from __future__ import annotations

import csv
import re
import sys
from importlib.metadata import version
from pathlib import Path

from disposable_email_domains import blocklist
from email_validator import SPECIAL_USE_DOMAIN_NAMES

SEEDS = Path(__file__).resolve().parent.parent / "seeds"
SEED = SEEDS / "disposable_domains.csv"

LEAST = 1_000
"""A list with fewer disposable domains than this is broken."""

_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")


class RefusedError(Exception):
    """A list that must not become the seed; the message says why."""


def rows() -> list[tuple[str, str, str]]:
    """``domain, domain_class, rationale``, in order. Raises RefusedError for a broken list."""
    disposable_from, reserved_from = (
        f"{package} {version(package)}"
        for package in ("disposable-email-domains", "email-validator")
    )
    found = {name.lower(): ("disposable", disposable_from) for name in blocklist} | {
        name.lower(): ("reserved", reserved_from) for name in SPECIAL_USE_DOMAIN_NAMES
    }
    disposable = sum(kind == "disposable" for kind, _ in found.values())
    if disposable < LEAST:
        raise RefusedError(f"{disposable} disposable domains, expected at least {LEAST}")
    if wrong := [name for name in found if not _DOMAIN.fullmatch(name)]:
        raise RefusedError(f"{len(wrong)} names are no domains, such as {wrong[0]!r}")
    with (SEEDS / "mailbox_domains.csv").open(newline="", encoding="utf-8") as file:
        public = {row["domain"] for row in csv.DictReader(file) if row["domain_class"] == "public"}
    if wrong := sorted(public & set(found)):
        raise RefusedError(f"{wrong[0]} is a public mailbox provider (seed mailbox_domains)")
    return [(name, *found[name]) for name in sorted(found)]


def main() -> None:
    """Writes the seed; a refused list is one line and exit code 2."""
    try:
        listed = rows()
    except RefusedError as error:
        print(f"error: {error}: {SEED.name} is unchanged", file=sys.stderr)
        sys.exit(2)
    with SEED.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("domain", "domain_class", "rationale"))
        writer.writerows(listed)
    print(f"{SEED.name}: {len(listed)} domains")


if __name__ == "__main__":
    main()
