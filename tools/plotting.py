"""How every plot in the docs looks: SVG that is the same for the same figures.

The colours are those of Okabe and Ito, which colour-blind readers can distinguish.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, VERMILION = "#0072B2", "#E69F00", "#009E73", "#D55E00"
SKY, PURPLE, INK, GREY, PALE = "#56B4E9", "#CC79A7", "#222222", "#767676", "#E6E6E6"
COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, INK, "#8C6D31", GREY)

BEHIND = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
"""The box behind a label that may lie on a line."""

_STYLE: dict[Any, Any] = {
    "svg.hashsalt": "behavioral-enrichment",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 10.0,
    "axes.titlesize": 11.0,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": PALE,
    "grid.linewidth": 0.8,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
}


@contextmanager
def drawn(file: Path, width: float, height: float) -> Iterator[Figure]:
    """A figure, inches wide and high, that is written to ``file``."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
