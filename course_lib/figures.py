"""How the course's figures look, and how they say in words what they show.

Colours are Okabe and Ito's, which colour-blind readers can tell apart; lines differ by marker and
dash as well, so that no figure needs colour. Type is large enough for the width of a telephone.
"""

from __future__ import annotations

import base64
import html
import io
import logging
import os
import pickle
import sys
import warnings
from typing import Any

from matplotlib import font_manager, rcParams
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from course_lib import fonts
from course_lib.bilingual import in_each_language, let_figures_take_turns, turn
from course_lib.language import both

# Okabe and Ito (2008), "Color Universal Design"; yellow left out: it vanishes on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
DASHES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)))

SIZE = (5.2, 3.6)  # inches: 12 pt type stays readable when this is shown 9 cm wide
PIXELS_PER_INCH = 110  # on the page; the picture itself is drawn twice as fine


def use_style() -> None:
    """Set matplotlib's style for the course; :func:`course_lib.start` calls it.

    In strict mode (``COURSE_STRICT=1``: tests and builds) a character that neither font has is an error.
    """
    _register_font()
    let_figures_take_turns()
    rcParams.update(
        {
            "font.family": [fonts.FAMILY, "DejaVu Sans"],
            "font.size": 12,
            "figure.figsize": SIZE,
            "figure.dpi": PIXELS_PER_INCH,
            "figure.constrained_layout.use": True,
            "axes.prop_cycle": _line_styles(),
            "axes.grid": True,
            "axes.axisbelow": True,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "grid.color": "#DDDDDD",
            "lines.linewidth": 2,
            "lines.markersize": 6,
            "legend.frameon": False,
            "image.cmap": "viridis",
            "svg.hashsalt": "course",  # the same figure gives the same bytes
            "svg.fonttype": "path",
        }
    )
    # Saving a PDF cuts the font down and tells of every table it drops.
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    if os.environ.get("COURSE_STRICT") == "1":
        warnings.filterwarnings("error", message=r"Glyph .* missing from")


def describe(figure: Figure, summary_en: str, summary_zh: str) -> None:
    """Show a figure together with what it says in words, in the current language.

    In a notebook the sentence is the picture's caption and its alternative text, so readers who
    cannot see the picture get the same conclusion. Elsewhere the sentence is printed.

    Args:
        figure: A finished figure; in a notebook it is closed, or it would be shown twice.
        summary_en: What the figure shows: kind, axes with units, and the conclusion with its numbers.
        summary_zh: The same in Chinese.
    """
    summary = both(summary_en, summary_zh)
    if _in_notebook():
        from IPython.display import display

        display({"text/html": as_html(figure, summary), "text/plain": summary}, raw=True)
        plt.close(figure)
    else:
        print(summary)


def image_bytes(figure: Figure, kind: str = "png") -> bytes:
    """Draw a figure as ``"png"`` or ``"svg"``: the same figure gives the same bytes."""
    file = io.BytesIO()
    undated: dict[str, Any] = (
        {"Software": None} if kind == "png" else {"Date": None, "Creator": None}
    )
    drawn = figure if turn() is None else pickle.loads(pickle.dumps(figure))
    drawn.savefig(file, format=kind, dpi=2 * PIXELS_PER_INCH, metadata=undated)
    if drawn is not figure:  # drawn again in the other language, whose layout starts from nothing
        plt.close(drawn)
    return file.getvalue()


@in_each_language
def as_html(figure: Figure, summary: str) -> str:
    """Give a figure as HTML that holds the picture, with a sentence as its caption and alternative text."""
    picture = base64.b64encode(image_bytes(figure)).decode()
    width = round(figure.get_size_inches()[0] * PIXELS_PER_INCH)
    sentence = html.escape(summary)
    # The caption is hidden from screen readers: they have just read it as the alternative text.
    return (
        f'<figure style="margin: 0; max-width: {width}px">'
        f'<img src="data:image/png;base64,{picture}" alt="{sentence}" style="width: 100%">'
        f'<figcaption aria-hidden="true">{sentence}</figcaption></figure>'
    )


def _register_font() -> None:
    known = {entry.name for entry in font_manager.fontManager.ttflist}
    if fonts.FAMILY not in known:
        font_manager.fontManager.addfont(fonts.PATH)


def _line_styles() -> Any:
    """Let lines differ by colour, dash and marker, with markers about a tenth of the axes apart."""
    from cycler import cycler

    styles = cycler(color=COLOURS) + cycler(linestyle=DASHES) + cycler(marker=MARKERS)
    return styles + cycler(markevery=[0.1] * len(COLOURS))


def _in_notebook() -> bool:
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython

    return hasattr(get_ipython(), "kernel")
