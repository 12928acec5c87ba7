"""Who may see what: the role file ``<database>.roles.yml`` beside the published database.

```yaml
roles:
  analyst: []
  fundraiser: [single_people, contact_details]
  steward: [single_people, contact_details, small_groups, refused_rows]
accounts:
  alice: steward
  "*": analyst
tokens:
  crm: {role: fundraiser, sha256: 9f86d081…}
```

Without the file, everything is allowed but refused rows, which nobody sees without a role. An
account that the file does not name has the role of ``"*"``, or none. Accounts are those of the
system; ``tokens`` are further bearer tokens of the HTTP API, as SHA-256 in hex. The audit log
notes the role of each call, and what was refused. The file is a rule for people who keep to the
runner: who can read the database file can read it with another program, too.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from enrichment import audit
from enrichment.errors import InputError
from enrichment.paths import database_file

PERMISSIONS = {
    "single_people": "rows about single people",
    "contact_details": "e-mail addresses and phones",
    "small_groups": "groups of fewer people than the minimum",
    "refused_rows": "refused rows",
}
"""What a role may allow, with its name in a message."""

_NAME = re.compile(r"[a-z_]{1,40}")
_TOKEN_NAME = re.compile(r"[a-z0-9_]{1,40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class RefusedError(InputError):
    """The role does not allow what was asked."""


@dataclass(frozen=True)
class Role:
    """A role and what it allows. ``name`` is None where there is no role file."""

    name: str | None
    allowed: frozenset[str]

    def may(self, permission: str) -> bool:
        """Whether this role allows something."""
        return permission in self.allowed

    def require(self, permission: str) -> None:
        """Raises RefusedError, and notes it for the audit log, unless this role allows it."""
        if self.name is not None:
            audit.note(role=self.name)
        if self.may(permission):
            return
        audit.note(refused=permission)
        what = PERMISSIONS[permission]
        if self.name is None:
            raise RefusedError(f"{what} need a role that allows {permission} in {role_file()}")
        raise RefusedError(f"the role {self.name} may not see {what} ({role_file().name})")


EVERYBODY = Role(None, frozenset(PERMISSIONS) - {"refused_rows"})
"""The role of all accounts without a role file."""


@dataclass(frozen=True)
class Token:
    """A further bearer token: its name, its SHA-256 in hex, and its role."""

    name: str
    digest: str
    role: Role


@dataclass(frozen=True)
class Roles:
    """The content of the role file."""

    accounts: Mapping[str, Role]
    tokens: tuple[Token, ...]

    def of(self, account: str) -> Role:
        """The role of an account."""
        return self.accounts.get(account) or self.accounts.get("*") or Role("none", frozenset())


def role_file() -> Path:
    """The role file, beside the published database."""
    file = database_file()
    return file.with_name(f"{file.name}.roles.yml")


def roles() -> Roles | None:
    """The role file; None if there is none. Raises InputError for a file that is not valid."""
    file = role_file()
    try:
        content = file.read_text(encoding="utf-8")
        mode = file.stat().st_mode
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        reason = str(getattr(error, "strerror", None) or "not UTF-8 text").lower()
        raise InputError(f"the role file {file} cannot be read: {reason}") from None
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise InputError(
            f"the role file {file} can be written by others than its owner: chmod go-w"
        )
    return _parsed(content, file)


def _parsed(content: str, file: Path) -> Roles:
    import yaml

    try:
        found = yaml.safe_load(content) or {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark is not None else ""
        raise InputError(f"{file}{line}: not valid YAML") from None
    if not isinstance(found, dict) or set(found) - {"roles", "accounts", "tokens"}:
        raise InputError(f"{file}: expected roles, accounts and tokens, and nothing else")
    named = {}
    for name, allowed in _mapping(found, "roles", file).items():
        if not _NAME.fullmatch(str(name)):
            raise InputError(f"{file}: a role's name has small letters and _ only")
        unknown = set(allowed) - set(PERMISSIONS) if isinstance(allowed, list) else {""}
        if unknown:
            raise InputError(f"{file}: role {name}: expected a list of {', '.join(PERMISSIONS)}")
        named[name] = Role(name, frozenset(allowed))

    def role_of(value: Any, where: str) -> Role:
        if not isinstance(value, str) or value not in named:
            raise InputError(f"{file}: {where}: expected one of the roles {', '.join(named)}")
        return named[value]

    accounts = {
        str(account): role_of(role, f"accounts, entry {number}")
        for number, (account, role) in enumerate(_mapping(found, "accounts", file).items(), 1)
    }
    tokens = []
    for name, token in _mapping(found, "tokens", file).items():
        is_valid = isinstance(token, dict) and set(token) == {"role", "sha256"}
        if not is_valid or not _SHA256.fullmatch(str(token["sha256"])):
            raise InputError(f"{file}: a token has a role and the sha256 of its text, in hex")
        if not _TOKEN_NAME.fullmatch(str(name)):
            raise InputError(f"{file}: a token's name has small letters, digits and _ only")
        tokens.append(Token(name, token["sha256"], role_of(token["role"], f"token {name}")))
    return Roles(accounts, tuple(tokens))


def _mapping(found: dict[str, Any], key: str, file: Path) -> dict[Any, Any]:
    value = found.get(key) or {}
    if not isinstance(value, dict):
        raise InputError(f"{file}: {key}: expected names, each with its value")
    return value


def current() -> Role:
    """The role of the account that runs the process. Raises InputError for a file not valid."""
    found = roles()
    return EVERYBODY if found is None else found.of(audit.user())


def require(permission: str) -> None:
    """Raises RefusedError unless the account's role allows it."""
    current().require(permission)
