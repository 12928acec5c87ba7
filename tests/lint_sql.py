"""sqlfluff, which does once what it does several times for each file that it lints.

It compiles each file of macros twice for each file, and looks for the depth of each segment, which
takes a third of the time, in each of four rules.
"""

from __future__ import annotations

import sys
from typing import Any

from jinja2 import Environment
from sqlfluff.cli.commands import cli
from sqlfluff.utils.reflow import ReflowSequence

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


from_root: Any = ReflowSequence.from_root
latest: list[Any] = [None, None]


def from_root_once(root_segment: Any, config: Any) -> Any:
    """As sqlfluff does, or did last: the segments of a file that did not change are the same."""
    segments = root_segment.raw_segments  # kept with the root until it changes
    if latest[0] is not segments:
        latest[:] = segments, from_root(root_segment, config)
    last = latest[1]
    return ReflowSequence(
        list(last.elements), last.root_segment, last.reflow_config, last.depth_map
    )


Environment.compile = compile_once  # type: ignore[method-assign]
ReflowSequence.from_root = from_root_once  # type: ignore[method-assign]

if __name__ == "__main__":
    sys.exit(cli())
