"""Small plots as SVG text: no script, no font and no file from elsewhere, sharp in print.

A plot shows numbers that stand in a table beside it: here are only places and lengths. Colors that
say something are repeated in words.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from markupsafe import Markup, escape

WIDTH = 720
_LABELS = 210
_VALUES = 84
_ROW = 22
_INK, _SOFT, _GRID = "#1f2933", "#52606d", "#d9dfe5"
_ACCENT, _QUIET, _MARK = "#2b5d8c", "#a9b7c6", "#b8541a"
STATUS = {
    "healthy": "#2e7d4f",
    "warning": "#b7791f",
    "critical": "#b3261e",
    "insufficient_data": "#7b8794",
}


class Bar(NamedTuple):
    """A bar: its label, its length, the text at its end, and whether it stands out."""

    label: str
    value: float | None
    text: str
    is_marked: bool = False


class Interval(NamedTuple):
    """A value with its 95 % interval."""

    label: str
    value: float
    low: float | None
    high: float | None
    text: str
    is_marked: bool = False


def _svg(height: float, title: str, parts: Iterable[str]) -> Markup:
    return Markup(  # noqa: S704 (texts are escaped, the rest are numbers of ours)
        f'<svg class="plot" viewBox="0 0 {WIDTH} {height:.0f}" role="img" '
        f'aria-label="{escape(title)}" font-family="inherit" font-size="12">'
        f"<title>{escape(title)}</title>{''.join(parts)}</svg>"
    )


def _text(x: float, y: float, text: str, anchor: str = "start", fill: str = _INK) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{fill}">{escape(text)}</text>'
    )


def _line(x1: float, y1: float, x2: float, y2: float, stroke: str = _GRID, more: str = "") -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{stroke}" {more}/>'
    )


def _cut(label: str, most: int = 28) -> str:
    return label if len(label) <= most else label[: most - 1] + "…"


def _round(value: float) -> float:
    """The least round number that is not below a value: the end of an axis."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(
        step * power for step in (1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10) if step * power >= value
    )


def bars(title: str, rows: Sequence[Bar]) -> Markup:
    """Horizontal bars from zero; a negative one goes to the left."""
    known = [row.value for row in rows if row.value is not None]
    if not known:
        return Markup("")
    least, most = min(0.0, *known), max(0.0, *known)
    span = (most - least) or 1.0
    left, right = float(_LABELS), float(WIDTH - _VALUES)

    def place(value: float) -> float:
        return left + (value - least) / span * (right - left)

    parts = [_line(place(0), 4, place(0), len(rows) * _ROW + 4, _QUIET)]
    for number, row in enumerate(rows):
        y = number * _ROW + 6
        parts.append(_text(_LABELS - 8, y + 12, _cut(row.label), "end"))
        if row.value is not None:
            start, end = sorted((place(0), place(row.value)))
            fill = _MARK if row.is_marked else _ACCENT
            parts.append(
                f'<rect x="{start:.1f}" y="{y}" width="{max(end - start, 1):.1f}" '
                f'height="{_ROW - 7}" rx="2" fill="{fill}"/>'
            )
        parts.append(_text(WIDTH, y + 12, row.text, "end", _SOFT))
    return _svg(len(rows) * _ROW + 10, title, parts)


def intervals(title: str, rows: Sequence[Interval], zero: str = "as the file") -> Markup:
    """A point and its interval in each row, on both sides of zero."""
    if not rows:
        return Markup("")
    ends = [end for row in rows for end in (row.low, row.value, row.high) if end is not None]
    reach = max(abs(end) for end in ends) or 1.0
    left, right = float(_LABELS), float(WIDTH - _VALUES)
    bottom = len(rows) * _ROW + 4

    def place(value: float) -> float:
        return left + (value + reach) / (2 * reach) * (right - left)

    parts = [
        _line(place(0), 0, place(0), bottom, _QUIET),
        _text(place(0), bottom + 14, zero, "middle", _SOFT),
        _text(left, bottom + 14, "← less often", "start", _SOFT),
        _text(right, bottom + 14, "more often →", "end", _SOFT),
    ]
    for number, row in enumerate(rows):
        y = number * _ROW + 12
        color = _MARK if row.is_marked else _ACCENT
        parts.append(_text(_LABELS - 8, y + 4, _cut(row.label), "end"))
        if row.low is not None and row.high is not None:
            parts.append(_line(place(row.low), y, place(row.high), y, color, 'stroke-width="2"'))
        parts.append(f'<circle cx="{place(row.value):.1f}" cy="{y}" r="4" fill="{color}"/>')
        parts.append(_text(WIDTH, y + 4, row.text, "end", _SOFT))
    return _svg(bottom + 20, title, parts)


def columns(title: str, rows: Sequence[Bar]) -> Markup:
    """Vertical bars side by side, such as hours of a day."""
    known = [row.value for row in rows if row.value is not None]
    if not known:
        return Markup("")
    most = max(known) or 1.0
    step = min((WIDTH - 20) / len(rows), 76)
    parts = [_line(10, 120, 10 + step * len(rows), 120, _QUIET)]
    for number, row in enumerate(rows):
        x = 10 + number * step
        if row.value is not None:
            height = 98 * max(row.value, 0) / most
            fill = _MARK if row.is_marked else _ACCENT
            parts.append(
                f'<rect x="{x + step * 0.12:.1f}" y="{120 - height:.1f}" '
                f'width="{step * 0.76:.1f}" height="{height:.1f}" rx="1.5" fill="{fill}"/>'
            )
            parts.append(_text(x + step / 2, 114 - height, row.text, "middle", _SOFT))
        parts.append(_text(x + step / 2, 136, row.label, "middle"))
    return _svg(142, title, parts)


class Week(NamedTuple):
    """A week: its first day, its value (None is hidden or not known) and its status."""

    day: datetime.date
    value: float | None
    status: str


class Bands(NamedTuple):
    """The bounds of a rate's bands."""

    healthy: float
    critical: float
    is_higher_better: bool


def weeks(title: str, rows: Sequence[Week], bands: Bands | None = None) -> Markup:
    """A value by week over its bands; a week without a value is a gap."""
    known = [row.value for row in rows if row.value is not None]
    if not known:
        return Markup("")
    top, bottom, left, right = 10.0, 150.0, 48.0, float(WIDTH - 74)
    bounds = [bands.healthy, bands.critical] if bands else []
    most = _round(max([*known, *(bound for bound in bounds if bound <= 2.5 * max(known))]))
    first, last = rows[0].day.toordinal(), rows[-1].day.toordinal()

    def across(day: datetime.date) -> float:
        return left + (day.toordinal() - first) / max(last - first, 1) * (right - left)

    def up(value: float) -> float:
        return bottom - min(max(value / most, 0), 1) * (bottom - top)

    parts = []
    if bands:
        edges = sorted((up(bands.healthy), up(bands.critical)))
        names = ("healthy", "warning", "critical")
        order = names if bands.is_higher_better else names[::-1]
        for name, start, end in zip(order, (top, *edges), (*edges, bottom), strict=True):
            if end - start < 1:
                continue
            parts.append(
                f'<rect x="{left}" y="{start:.1f}" width="{right - left:.1f}" '
                f'height="{end - start:.1f}" fill="{STATUS[name]}" opacity="0.10"/>'
            )
            if end - start >= 12:
                middle = (start + end) / 2 + 4
                parts.append(_text(right + 6, middle, name, "start", STATUS[name]))
    for share in (0.0, 0.5, 1.0):
        value = most * share
        parts.append(_line(left, up(value), right, up(value)))
        parts.append(_text(left - 6, up(value) + 4, f"{value:.3g}", "end", _SOFT))
    path: list[str] = []
    before: datetime.date | None = None
    for row in rows:
        if row.value is None:
            continue
        is_next = before is not None and (row.day - before).days <= 7
        path.append(f"{'L' if is_next else 'M'}{across(row.day):.1f} {up(row.value):.1f}")
        before = row.day
    parts.append(f'<path d="{" ".join(path)}" fill="none" stroke="{_ACCENT}" stroke-width="1.5"/>')
    for row in rows:
        if row.value is not None:
            # A week whose status may be chance is grey.
            fill = STATUS.get(row.status, _ACCENT)
            parts.append(
                f'<circle cx="{across(row.day):.1f}" cy="{up(row.value):.1f}" r="2.5" '
                f'fill="{fill}"><title>{row.day}: {row.value:.4g}, {escape(row.status)}</title>'
                "</circle>"
            )
    for at in sorted({0, len(rows) // 2, len(rows) - 1}):
        x = across(rows[at].day)
        anchor = "start" if at == 0 else "end" if at == len(rows) - 1 else "middle"
        parts.append(_text(x, bottom + 18, rows[at].day.isoformat(), anchor, _SOFT))
    return _svg(bottom + 26, title, parts)


def calibration(title: str, rows: Sequence[Interval]) -> Markup:
    """Predicted share (``text``) against observed share: a good score lies on the diagonal.

    The label of a row is its predicted share as a number.
    """
    points = [(float(row.label), row) for row in rows]
    if not points:
        return Markup("")
    most = _round(max(end for x, row in points for end in (x, row.value, row.high or 0)))
    left, right, top, bottom = 60.0, 340.0, 10.0, 240.0

    def across(value: float) -> float:
        return left + value / most * (right - left)

    def up(value: float) -> float:
        return bottom - min(value / most, 1) * (bottom - top)

    parts = [
        _line(left, bottom, right, bottom, _QUIET),
        _line(left, bottom, left, top, _QUIET),
        _line(left, bottom, right, top, _GRID, 'stroke-dasharray="4 3"'),
        _text((left + right) / 2, bottom + 32, "predicted share", "middle", _SOFT),
        _text(left, bottom + 16, "0", "middle", _SOFT),
        _text(right, bottom + 16, f"{most:.2g}", "middle", _SOFT),
        _text(left - 6, top + 8, f"{most:.2g}", "end", _SOFT),
        _text(left - 6, bottom, "0", "end", _SOFT),
        _text(right + 16, top + 12, "observed share, with its 95 % interval", "start", _SOFT),
        _text(right + 16, top + 30, "dashed: as predicted", "start", _SOFT),
    ]
    for x, row in points:
        if row.low is not None and row.high is not None:
            parts.append(
                _line(across(x), up(row.low), across(x), up(row.high), _ACCENT, 'stroke-width="2"')
            )
        parts.append(
            f'<circle cx="{across(x):.1f}" cy="{up(row.value):.1f}" r="4" fill="{_ACCENT}"/>'
        )
    return _svg(bottom + 40, title, parts)
