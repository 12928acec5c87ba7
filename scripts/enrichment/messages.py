"""Messages on standard error as JSON, a line each, for programs that collect logs (`--json-log`).

A line has the time (UTC), the level (info, warning or error), the command and the message; the last
line of a command that failed also has its exit code. No message holds an id, address or phone.
"""

from __future__ import annotations

import datetime
import io
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

OPTION = "--json-log"
_OWN, _WARNING = "segment.py: ", "warning: "


class JsonLines(io.TextIOBase):
    """A text stream that writes each line as a JSON object."""

    def __init__(self, stream: IO[str], command: str) -> None:
        self._stream = stream
        self._command = command
        self._begun = ""

    def writable(self) -> bool:
        """It can be written to."""
        return True

    def write(self, text: str) -> int:
        """Writes the lines that are complete, and keeps the rest for later."""
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            self._line(line)
        return len(text)

    def flush(self) -> None:
        """Flushes the stream beneath."""
        self._stream.flush()

    def finish(self) -> None:
        """Writes what has no line end."""
        begun, self._begun = self._begun, ""
        self._line(begun)
        self.flush()

    def event(self, level: str, message: str, **facts: int | str) -> None:
        """Writes a line."""
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        entry = {"at": now, "level": level, "command": self._command, "message": message, **facts}
        self._stream.write(json.dumps(entry, ensure_ascii=False) + "\n")

    def _line(self, line: str) -> None:
        message = line.strip().removeprefix(_OWN)
        if message:
            level = "warning" if message.startswith(_WARNING) else "info"
            self.event(level, message.removeprefix(_WARNING))


@contextmanager
def as_json(command: str, *, is_asked: bool) -> Iterator[None]:
    """Standard error as JSON lines, if that is asked for."""
    if not is_asked or sys.stderr is None:
        yield
        return
    before, lines = sys.stderr, JsonLines(sys.stderr, command)
    sys.stderr = lines
    try:
        yield
    finally:
        lines.finish()
        sys.stderr = before
