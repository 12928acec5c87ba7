"""Identifiers and values as the definitions want them: trimmed, keyed, cast or refused."""

import math
import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import lru_cache
from typing import Any

from reference.settings import SENTINEL_FLAGS, placeholders

WHITE_SPACE = "".join(
    map(
        chr,
        (
            *range(0x09, 0x0E),
            0x20,
            0x85,
            0xA0,
            0x1680,
            *range(0x2000, 0x200B),
            0x2028,
            0x2029,
            0x202F,
            0x205F,
            0x3000,
            *range(0x200B, 0x200E),
            0x2060,
            0xFEFF,
        ),
    )
)
"""Unicode's White_Space characters, and the zero-width ones."""

_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_BRACKETS_AND_DOTS = "()[]{}."
_PLUS = re.compile("[+\uff0b\ufe62]")
_EMAIL = re.compile(
    rf"(?P<local>{_ATOM}(?:\.{_ATOM})*)@(?:{_LABEL}\.)+(?:[a-z]{{2,}}|xn--(?:[a-z0-9-]*[a-z0-9]))"
)
_EXTENSION = re.compile(r"\s*(?:ext\.?|x|#)\s*[0-9]+\s*$", re.IGNORECASE)
_NOT_A_DIGIT = re.compile(r"[^0-9]+")
_PHONE = re.compile(r"[2-9][0-9]{2}[2-9][0-9]{6}")
_STATE = re.compile(r"[A-Za-z]{2}")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_ISO_8601 = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
    r"(?:[T ](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})"
    r"(?::(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]+))?)?"
    r"(?:(?P<utc>Z)|(?P<sign>[+-])(?P<off_hour>[0-9]{2})(?::?(?P<off_minute>[0-9]{2}))?)?)?"
)
_TRUE = {"true", "t", "yes", "y", "1"}
_FALSE = {"false", "f", "no", "n", "0"}


class UncastableError(ValueError):
    """A value that its column's type refuses: the row is rejected."""


def trimmed(text: str) -> str:
    """Identifiers: all Unicode white space and zero-width characters off both ends."""
    return text.strip(WHITE_SPACE)


def text(value: Any) -> str | None:
    """Text ids: trimmed text, blank as None; `7`, `'7'` and a numeric `7.0` are the same id."""
    if value is None:
        return None
    if isinstance(value, str):
        return trimmed(value) or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (float, Decimal)):
        if math.isfinite(value) and value == int(value):
            return str(int(value))
        return format(value.normalize(), "f") if isinstance(value, Decimal) else repr(value)
    return str(value)


@lru_cache(maxsize=1 << 19)
def _email(raw: str) -> tuple[str | None, str | None]:
    address = trimmed(raw).lower()
    if not address:
        return None, "blank"
    if address in placeholders():
        return None, "placeholder"
    local, at, domain = address.partition("@")
    has_blank = any(char in WHITE_SPACE for char in address)
    if local and at and "@" not in domain and not domain.isascii() and not has_blank:
        return None, "non_ascii_domain"
    match = _EMAIL.fullmatch(address)
    if match is None or len(address) > 254 or len(match["local"]) > 64:
        return None, "malformed"
    if any(len(label) > 63 for label in domain.split(".")):
        return None, "malformed"
    return address, None


def email(value: Any) -> tuple[str | None, str | None]:
    """email_key (F04, F07): the key, or None and the reason."""
    return _email("" if value is None else str(value))


@lru_cache(maxsize=1 << 19)
def _phone(raw: str) -> tuple[str | None, str | None]:
    number = trimmed(raw)
    if not number:
        return None, "blank"
    if number.lower() in placeholders():
        return None, "placeholder"
    decimal = re.fullmatch(r"(\+?[0-9]+)\.0+", number)
    national = _national(decimal[1] if decimal else number)
    if national is None:
        return None, "foreign"
    digits = _NOT_A_DIGIT.sub("", _EXTENSION.sub("", national))
    if len(digits) == 11 and digits[0] == "1":
        digits = digits[1:]
    if not _PHONE.fullmatch(digits) or len(set(digits)) == 1:
        return None, "malformed"
    return digits, None


def _national(number: str) -> str | None:
    """A phone without the prefix of a country code; None if the code is not 1."""
    first_digit = re.search("[0-9]", number)
    start = number[: first_digit.start()] if first_digit else number
    bare = number.lstrip(WHITE_SPACE + _BRACKETS_AND_DOTS)
    if _PLUS.search(start):
        rest = number[len(start) :]
    elif bare.startswith("00"):
        rest = bare[2:]
    elif bare.startswith("011"):
        rest = bare[3:]
    else:
        return number
    code = re.search("[0-9]", rest)
    return rest if code and code[0] == "1" else None


def name(value: Any) -> str | None:
    """County, party, gender, client: trimmed, in the form NFC; `unknown` is no value."""
    given = text(value)
    if given is None or given.lower() == "unknown":
        return None
    return unicodedata.normalize("NFC", given)


def phone(value: Any) -> tuple[str | None, str | None]:
    """phone_key (F04, F10): the key, or None and the reason; numbers and text give the same."""
    return _phone(text(value) or "")


def state(value: Any) -> str | None:
    """Linkage: trimmed, upper-cased, two letters; anything else is no state."""
    letters = text(value)
    return letters.upper() if letters and _STATE.fullmatch(letters) else None


def number(value: Any) -> Decimal | None:
    """A decimal column; blank text is NULL; NaN and infinity are refused."""
    if value is None:
        return None
    if isinstance(value, str):
        value = trimmed(value)
        if not value:
            return None
        if not _NUMBER.fullmatch(value):
            raise UncastableError(value)
        return Decimal(value)
    exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not exact.is_finite():
        raise UncastableError(value)
    return exact


def integer(value: Any) -> int | None:
    """An integer column; blank text is NULL; a number with a fraction is refused."""
    exact = number(value)
    if exact is None:
        return None
    if exact != int(exact):
        raise UncastableError(value)
    return int(exact)


def flag(value: Any) -> int:
    """An engagement flag: its integer value, NULL as 0 (F15); negative and sentinel are refused."""
    if value is None:
        return 0
    count = value if type(value) is int else integer(value) or 0
    if count < 0 or count in SENTINEL_FLAGS:
        raise UncastableError(value)
    return count


def boolean(value: Any) -> bool:
    """IS_BOT: NULL and blank as false."""
    if value is None or isinstance(value, bool):
        return bool(value)
    if not isinstance(value, str):
        return bool(value)
    word = trimmed(value).lower()
    if word in _TRUE:
        return True
    if word in _FALSE or not word:
        return False
    raise UncastableError(value)


def moment(value: Any) -> datetime | None:
    """A date or timestamp in UTC, without a zone; text is ISO 8601 or refused (F17)."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, date):
        return datetime.combine(value, time())
    written = trimmed(str(value))
    if not written:
        return None
    match = _ISO_8601.fullmatch(written)
    if match is None:
        raise UncastableError(value)
    part = match.groupdict()
    try:
        stamp = datetime(
            int(part["year"]),
            int(part["month"]),
            int(part["day"]),
            int(part["hour"] or 0),
            int(part["minute"] or 0),
            int(part["second"] or 0),
            int(((part["fraction"] or "") + "000000")[:6]),
        )
        if part["sign"]:
            shift = timedelta(hours=int(part["off_hour"]), minutes=int(part["off_minute"] or 0))
            zone = timezone(shift if part["sign"] == "+" else -shift)
            stamp = stamp.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError) as error:
        raise UncastableError(value) from error
    return stamp


def week_of(day: date) -> date:
    """The Monday of a UTC day's week."""
    return day - timedelta(days=day.weekday())


def nulls_last(values: tuple[Any, ...]) -> tuple[tuple[bool, Any], ...]:
    """A sort key: ascending, None after everything else."""
    return tuple((value is None, "" if value is None else value) for value in values)
