"""Pictures of the docs as SVG, from left to right: lineage of a table, and keys that tables share.

No library and no script draws them, so they open anywhere, and two runs draw the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape

_ROW, _GAP, _COLUMN_GAP, _LETTER, _BOLD_LETTER = 20, 12, 90, 7.2, 8.1


@dataclass
class Box:
    """A table in a picture: its name, its lines below, its colour and the page that it leads to."""

    name: str
    colour: str
    link: str = ""
    lines: list[str] = field(default_factory=list)
    is_subject: bool = False

    @property
    def height(self) -> float:
        """In pixels."""
        return _ROW * (1 + len(self.lines)) + 6

    @property
    def width(self) -> float:
        """In pixels, by the longest line."""
        lines = [len(line) * _LETTER for line in self.lines]
        return max([len(self.name) * _BOLD_LETTER, *lines]) + 24


@dataclass(frozen=True)
class Edge:
    """A line from one box to another, by their names; dashed if it is not the whole story."""

    start: str
    end: str
    is_dashed: bool = False
    label: str = ""


def picture(title: str, columns: list[list[Box]], edges: Iterable[Edge]) -> str:
    """The SVG of boxes in columns, and of edges between them."""
    edges = sorted(set(edges), key=lambda one: (one.start, one.end))
    columns = _ordered([column for column in columns if column], edges)
    height = max(sum(box.height + _GAP for box in column) for column in columns) + _GAP
    places: dict[str, tuple[float, float, Box]] = {}
    x = 10.0
    for column in columns:
        y = (height - sum(box.height + _GAP for box in column)) / 2 + _GAP
        for box in column:
            places[box.name] = (x, y, box)
            y += box.height + _GAP
        x += max(box.width for box in column) + _COLUMN_GAP
    width = x - _COLUMN_GAP + 10
    lines = [_line(edge, places) for edge in edges]
    boxes = [_drawn(*place) for place in places.values()]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" role="img" aria-label="{escape(title)}" class="picture">'
        f"<title>{escape(title)}</title>{''.join(lines)}{''.join(boxes)}</svg>"
    )


def _ordered(columns: list[list[Box]], edges: list[Edge]) -> list[list[Box]]:
    """The columns with boxes near the boxes that they are connected to, so that few edges cross."""
    neighbours: dict[str, list[str]] = {}
    for edge in edges:
        neighbours.setdefault(edge.start, []).append(edge.end)
        neighbours.setdefault(edge.end, []).append(edge.start)
    columns = [sorted(column, key=lambda box: box.name) for column in columns]
    for _ in range(4):
        height = {
            box.name: (place + 0.5) / len(column)
            for column in columns
            for place, box in enumerate(column)
        }

        def middle(box: Box, height: dict[str, float] = height) -> tuple[float, str]:
            near = [height[name] for name in neighbours.get(box.name, []) if name in height]
            return (sum(near) / len(near) if near else height[box.name], box.name)

        columns = [sorted(column, key=middle) for column in columns]
    return columns


def _line(edge: Edge, places: dict[str, tuple[float, float, Box]]) -> str:
    start_x, start_y, start = places[edge.start]
    end_x, end_y, end = places[edge.end]
    x1, y1 = start_x + start.width, start_y + start.height / 2
    x2, y2 = end_x, end_y + end.height / 2
    if start_x == end_x:  # in one column: around the right side
        x2 = end_x + end.width
        bends = max(x1, x2) + 40, max(x1, x2) + 40
    else:
        bends = (x1 + x2) / 2, (x1 + x2) / 2
    path = f"M{x1:.1f},{y1:.1f} C{bends[0]:.1f},{y1:.1f} {bends[1]:.1f},{y2:.1f} {x2:.1f},{y2:.1f}"
    dashes = ' stroke-dasharray="5 4"' if edge.is_dashed else ""
    label = f"<title>{escape(edge.label)}</title>" if edge.label else ""
    return f'<path d="{path}" fill="none" stroke="#999" stroke-width="1.3"{dashes}>{label}</path>'


def _drawn(x: float, y: float, box: Box) -> str:
    edge, weight = ("#222", 2) if box.is_subject else (box.colour, 1.2)
    parts = [
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" rx="4" '
        f'fill="#fff" stroke="{edge}" stroke-width="{weight}"/>',
        f'<rect x="{x:.1f}" y="{y:.1f}" width="6" height="{box.height:.1f}" fill="{box.colour}"/>',
        f'<text x="{x + 14:.1f}" y="{y + 17:.1f}" font-weight="600">{escape(box.name)}</text>',
    ]
    parts += [
        f'<text x="{x + 14:.1f}" y="{y + 17 + _ROW * number:.1f}" fill="#555">{escape(line)}</text>'
        for number, line in enumerate(box.lines, start=1)
    ]
    drawn = "".join(parts)
    return f'<a href="{escape(box.link)}">{drawn}</a>' if box.link else drawn
