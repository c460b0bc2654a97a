"""Figures are readable by everybody: Chinese, without colour, without eyes; and drawn the same each time."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from course_lib import figures, fonts, language
from course_lib.authoring.checks.figures import library_glyphs
from course_lib.fonts.subset import (
    FULL_NAME,
    LARGEST,
    LIKELY,
    PUNCTUATION,
    SYMBOLS,
    make_subset,
    wanted_characters,
)
from course_lib.paths import repository_root

from .conftest import require

NOTO = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")


@pytest.fixture(autouse=True)
def styled(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("COURSE_STRICT", "1")
    with mpl.rc_context(), warnings.catch_warnings():
        figures.use_style()
        yield
    plt.close("all")


def draw(title: str = "") -> Figure:
    figure, axes = plt.subplots()
    axes.plot([0, 1], [0, 1], label=title)
    axes.set(title=title)
    return figure


def test_chinese_is_drawn_and_a_missing_glyph_is_an_error() -> None:
    figures.image_bytes(draw("迁移学习：准确率 −1，λ → ∞"))
    with pytest.raises(UserWarning, match="missing from font"):
        figures.image_bytes(draw("龘"))


def test_a_missing_glyph_is_a_warning_for_students(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_STRICT", "0")
    with warnings.catch_warnings():
        warnings.resetwarnings()
        figures.use_style()
        with pytest.warns(UserWarning, match="missing from font"):
            figures.image_bytes(draw("龘"))


def test_lines_differ_without_colour() -> None:
    _, axes = plt.subplots()
    lines = [axes.plot([0, 1], [0, k])[0] for k in range(len(figures.COLOURS))]
    assert len({line.get_color() for line in lines}) == len(lines)
    assert len({line.get_marker() for line in lines}) == len(lines)
    assert len({str(line.get_linestyle()) + str(line._dash_pattern) for line in lines}) == len(
        lines
    )


def luminance(colour: str) -> float:
    """Give the relative luminance of WCAG 2.2."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_first_colours_stand_out_from_the_page() -> None:
    for colour in figures.COLOURS[:3]:
        assert 1.05 / (luminance(colour) + 0.05) >= 3, "WCAG 2.2 asks 3:1 of graphics"


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_the_same_figure_gives_the_same_bytes(kind: str) -> None:
    one, other = draw("准确率"), draw("准确率")
    assert figures.image_bytes(one, kind) == figures.image_bytes(other, kind)


def test_outside_a_notebook_the_words_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    language.use("zh")
    figures.describe(draw(), "It rises from 0 to 1.", "从 0 升到 1。")
    assert capsys.readouterr().out == "从 0 升到 1。\n"


def test_in_a_notebook_the_words_are_caption_and_alternative_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import IPython.display

    shown: list[dict[str, str]] = []
    monkeypatch.setattr(figures, "_in_notebook", lambda: True)
    monkeypatch.setattr(IPython.display, "display", lambda data, raw: shown.append(data))
    figures.describe(draw(), 'Rises "fast", 0 < 1', "")
    (data,) = shown
    assert 'alt="Rises &quot;fast&quot;, 0 &lt; 1"' in data["text/html"]
    assert "<figcaption" in data["text/html"]
    assert data["text/plain"] == 'Rises "fast", 0 < 1'
    assert plt.get_fignums() == [], "or the notebook shows it once more"


def test_style_does_not_start_a_window_or_import_a_framework() -> None:
    code = (
        "import sys; from course_lib.figures import use_style; use_style();"
        "print(sorted({'torch', 'tensorflow', 'keras', 'tkinter', 'IPython'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    assert done.stdout.strip() == "[]"


def test_the_font_is_small_renamed_and_comes_with_its_licence() -> None:
    from fontTools.ttLib import TTFont

    assert fonts.PATH.stat().st_size <= LARGEST
    with TTFont(fonts.PATH) as font:
        names = [str(record) for record in font["name"].names if record.nameID in (1, 4, 6)]
        assert not any("Noto" in name or "Source" in name for name in names)
        assert font["CFF "].cff.fontNames == ["CourseSansSC-Regular"]
    licence = fonts.PATH.with_name("OFL.txt").read_text(encoding="utf-8")
    assert "SIL OPEN FONT LICENSE" in licence and "Adobe" in licence


def test_the_font_has_the_common_characters_and_all_that_figures_use() -> None:
    common = "的一是不了在人有我他这为之大来以个中上们到说国和地也子时道出而要于就下得可你年生"
    assert fonts.missing_glyphs(f"{common}{PUNCTUATION}{SYMBOLS}{LIKELY}") == []
    assert fonts.missing_glyphs("准确率龘\n") == ["龘"]
    assert list(library_glyphs(repository_root())) == []
    assert len(wanted_characters(repository_root())) > 3900


@pytest.mark.slow
def test_the_font_can_be_made_again_byte_for_byte() -> None:
    require(NOTO.exists(), f"{NOTO.name} (Debian: fonts-noto-cjk) is not installed: {FULL_NAME}")
    one = make_subset(NOTO, repository_root())
    assert one == make_subset(NOTO, repository_root())
    assert len(one) <= LARGEST
