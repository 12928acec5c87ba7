"""sqlfluff, which compiles each file of macros once, not twice for each file that it lints."""

from __future__ import annotations

import sys
from typing import Any

from jinja2 import Environment
from sqlfluff.cli.commands import cli

really: Any = Environment.compile
compiled: dict[tuple[Any, ...], Any] = {}


def compile_once(self: Environment, source: Any, *more: Any, **options: Any) -> Any:
    """As Jinja does, or did before: the code of a text is the same in all environments alike."""
    if more or options or not isinstance(source, str):
        return really(self, source, *more, **options)
    key = (type(self), *self.extensions, source)
    if key not in compiled:
        compiled[key] = really(self, source)
    return compiled[key]


Environment.compile = compile_once  # type: ignore[method-assign]

if __name__ == "__main__":
    sys.exit(cli())
