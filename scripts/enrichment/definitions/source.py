"""Reads a YAML file, and remembers on which line every value stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from enrichment.definitions.problems import DefinitionError, Problem, quoted

Place = tuple[str | int, ...]
"""Where a value stands: the keys and positions that lead to it."""

_LARGEST = 100_000  # bytes of a definition
_DEEPEST = 40
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Source:
    """A file of a definition: its value, and the line of each place in it."""

    file: str
    value: dict[str, Any]
    lines: dict[Place, int]

    def line(self, place: Sequence[str | int]) -> int:
        """The line of a place, or of the nearest place around it.

        Steps that are not in the file, such as the name of a model, are passed over.
        """
        at: Place = ()
        value: Any = self.value
        for step in place:
            is_key = isinstance(value, dict) and step in value
            if is_key or (isinstance(value, list) and step in range(len(value))):
                value = value[step]
                at = (*at, step)
        return self.lines.get(at, 1)

    def problem(self, place: Sequence[str | int], what: str) -> Problem:
        """A problem at a place of this file."""
        return Problem(self.file, self.line(place), what)


def read_source(path: Path, shown: str) -> Source:
    """Reads a file; ``shown`` is its name in messages. Raises DefinitionError if it is no YAML."""

    def stop(line: int, what: str) -> DefinitionError:
        return DefinitionError([Problem(shown, line, what)])

    try:
        data = path.read_bytes()
    except OSError as error:
        raise stop(1, f"cannot be read ({error.strerror}): check the file") from None
    if len(data) > _LARGEST:
        raise stop(1, f"is larger than {_LARGEST // 1000} KB: a definition is a short text")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise stop(line, "is no text in UTF-8: save the file as UTF-8") from None
    loader = _LOADER(text)
    try:
        node = loader.get_single_node()
        lines: dict[Place, int] = {}
        value = _value(loader, node, (), lines) if node else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = error.problem or error.context or "error"
        raise stop(mark.line + 1 if mark else 1, f"is no valid YAML: {what}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise stop(1, f"is no valid YAML: {' '.join(str(error).split())[:100]}") from None
    finally:
        loader.dispose()
    if not isinstance(value, dict):
        raise stop(1, "expected keys and values, such as `segment: name`")
    return Source(shown, value, lines)


def _value(loader: Any, node: Any, place: Place, lines: dict[Place, int]) -> Any:
    """The value of a node; fills in ``lines``."""
    if len(place) > _DEEPEST:
        raise yaml.MarkedYAMLError(problem="nested too deep", problem_mark=node.start_mark)
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        found: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = loader.construct_object(key_node)
            # YAML reads the words on, off, yes and no as booleans.
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else key
            if not isinstance(key, str) or key in found:
                what = (
                    f"the key {quoted(key)} stands here twice"
                    if isinstance(key, str)
                    else "a key must be a word"
                )
                raise yaml.MarkedYAMLError(problem=what, problem_mark=key_node.start_mark)
            lines[(*place, key)] = key_node.start_mark.line + 1
            found[key] = _value(loader, value_node, (*place, key), lines)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_value(loader, item, (*place, at), lines) for at, item in enumerate(node.value)]
    return loader.construct_object(node)
