"""What a site does with a build, day by day: definitions that change, hand-overs, erasures, limits.

`Acting` writes definitions that a small sample fills, and changes them from day to day. The ledger
of hand-overs is part of the extracts. The same seed gives the same days, but the order of a
ledger's files follows the real clock.
"""

from __future__ import annotations

import csv
import hashlib
import io
import random
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from sample_data.days import CHANNELS

FIRST_LIMITS = 3
"""The first day whose build leaves out old rows."""
ERASED, HANDED_OVER = 6, 3
"""Every so many days somebody asks to be erased, and messages are handed over."""
_DAY = "12:00:00"
_TRIGGERS = {
    "thanks": """
enter: {event: donation}
entry_key: event
priority: 60
cooldown: 3 days
holdout: 10%
expires_after: 10 days
goal: {did: donation, within: 30 days}
steps:
  - {do: send, channel: email, template: thank_you}
  - {wait: 24 hours, unless: email_click, do: send, channel: sms, template: birthday_text}
""",
    "welcome": """
enter: {segment: readers}
entry_key: spell
priority: 40
cooldown: 5 days
holdout: 5%
exit: unsubscribe
expires_after: 20 days
steps:
  - {do: send, channel: email, template: invitation}
""",
    "yearly": """
enter: {segment: givers}
entry_key: once
priority: 20
holdout: 0%
expires_after: 30 days
steps:
  - {do: send, channel: email, template: gift_appeal}
""",
}


class Acting:
    """The definitions of a site, its limits of retention, and its ledger."""

    def __init__(self, definitions: Path, extracts: Path, seed: int) -> None:
        """Writes the definitions of day 0 below `definitions`."""
        self.definitions, self.extracts = definitions, extracts
        self.chance = random.Random(seed)  # noqa: S311
        self.limits: dict[str, int] = {}
        self.handed_over: list[str] = []
        """The key of each message in a list, in the order of the lists."""
        self._dated: set[str] = set()
        self._within = {"readers": 60, "givers": 400}
        self._paused: str | None = None
        self._write()

    def _write(self) -> None:
        acts = {"readers": "email_open", "givers": "donation"}
        made = {
            f"segments/{name}.yml": (
                f"segment: {name}\nwho: {{did: {acts[name]}, within: {days} days}}\n"
            )
            for name, days in self._within.items()
        }
        for name, text in _TRIGGERS.items():
            status = "paused" if name == self._paused else "active"
            made[f"triggers/{name}.yml"] = (
                f"trigger: {name}\nstatus: {status}\nactive_from: 2024-06-01\n{text.lstrip()}"
            )
        for name, text in made.items():
            file = self.definitions / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")

    def digest(self) -> str:
        """What a build reads of all this, in short."""
        files = [*sorted(self.definitions.rglob("*.yml")), *self._files()]
        files += sorted((self.extracts / "erasure_requests").glob("*.csv"))
        content = b"".join(file.read_bytes() for file in files)
        return hashlib.sha256(content + repr(self.limits).encode()).hexdigest()

    def begin(self, day: int) -> None:
        """Changes definitions and limits for the builds of a day, every second day."""
        if day % 2:
            name = self.chance.choice(sorted(self._within))
            self._within[name] += self.chance.choice([-20, 30])
            self._paused = self.chance.choice([None, *_TRIGGERS])
            self._write()
        if day == FIRST_LIMITS:
            self.limits = {
                "email_clickers": 500,
                "donations": 400,
                CHANNELS[0]: 300,
                CHANNELS[1]: 200,
            }
        elif day > FIRST_LIMITS and day % 3 == 0:
            # Shorter for a week of changes, then longer again, then none.
            step = self.chance.choice([-40, -25, -10, *([60, 0] if day > 2 * FIRST_LIMITS else [])])
            self.limits = (
                {} if not step else {kind: days + step for kind, days in self.limits.items()}
            )
            if not self.limits and step:
                self.limits = {"email_clickers": 600, "donations": 500}

    def erase(self, day: int, voters: Iterable[str]) -> None:
        """Asks to erase a voter, of those with a message if there are any."""
        named = sorted({f"{row['state']}:{row['svid']}" for row in self._rows() if row["svid"]})
        chosen = self.chance.choice(named or sorted(voters))
        file = self.extracts / "erasure_requests" / f"request-{day:03}.csv"
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"identifier\n{chosen}\n", encoding="utf-8")

    def _files(self) -> list[Path]:
        return sorted((self.extracts / "handovers").glob("*.csv"))

    def _rows(self) -> list[dict[str, str]]:
        return [
            row
            for file in self._files()
            for row in csv.DictReader(file.read_text(encoding="utf-8").splitlines())
        ]

    def sent(self, lists: Path, clock: date) -> None:
        """Counts the messages of new lists, and dates them to the day of the build.

        The command dates a message to the real clock, which is years after the sample.
        """
        for file in self._files():
            stem = file.stem[:-16]
            if stem in self._dated:
                continue
            self._dated.add(stem)
            found = list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
            listed = lists / stem.rstrip("-") / "list.csv"
            keys = [
                row["message_key"]
                for row in csv.DictReader(listed.read_text(encoding="utf-8").splitlines())
            ]
            if sorted(keys) != sorted(row["message_key"] for row in found):
                raise ValueError(f"{file.name}: the list and the ledger hold other messages")
            self.handed_over += keys
            text = io.StringIO(newline="")
            writer = csv.DictWriter(text, list(found[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(row | {"handed_over_at": f"{clock} {_DAY}"} for row in found)
            content = text.getvalue().encode()
            digits = hashlib.sha256(content).hexdigest()[:16]
            file.unlink()
            file.with_name(f"{stem}{digits}.csv").write_bytes(content)
