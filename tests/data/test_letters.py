"""Rendered characters: which there are, and how they are drawn."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from course_lib import data
from course_lib.data import Style, scripts
from course_lib.data.letters import LATIN, LOOK_LIKE_DIGITS
from course_lib.data.rendering import enlarge
from course_lib.data.typefaces import (
    DIGIT_TYPEFACES,
    LETTER_TYPEFACES,
    draw_mask,
    edge_distances,
    place_in_box,
    thin,
)


@pytest.mark.parametrize("name", ["letters", "scripts"])
def test_letters_never_contain_a_digit(name):
    for character in data.load(name, n=20).classes:
        assert len(character) == 1
        assert unicodedata.category(character) in ("Lu", "Ll", "Lo")
        assert unicodedata.numeric(character, None) is None
        assert not {"DIGIT", "NUMERAL", "TONE"} & set(unicodedata.name(character).split())


def test_letters_are_a_to_z_and_rendered_digits_0_to_9():
    assert "".join(data.load("letters", n=20).classes) == LATIN
    assert "".join(data.load("rendered_digits", n=20).classes) == "0123456789"
    assert len(LETTER_TYPEFACES) == 22 and len(DIGIT_TYPEFACES) == 21


def test_look_alikes_can_be_left_out():
    assert set("OIlSZB") <= set(LOOK_LIKE_DIGITS)
    left = data.load("letters", n=20, without=LOOK_LIKE_DIGITS)
    assert not set(LOOK_LIKE_DIGITS) & set(left.classes) and len(left.classes) == 40
    all_scripts = set(data.load("scripts", n=20).classes)
    fewer = set(data.load("scripts", n=20, without_look_alikes=True).classes)
    # Cyrillic ze, Latin yogh and "ou" look like 3, 3 and 8.
    assert {"З", "Ȝ", "Ȣ"} <= all_scripts - fewer
    assert not set(LOOK_LIKE_DIGITS) & fewer


def test_shapes_tell_look_alikes_from_others():
    assert scripts.look_alikes(("З", "Ж", "Ш")) == ["З"]


def test_scripts_are_many_and_each_shape_is_there_once():
    letters = scripts.script_letters()
    assert len(letters) > 1000
    assert "Ω" in letters and "Ж" in letters and "א" in letters
    assert "А" not in letters, "the Cyrillic A is drawn like the Latin one"


def test_a_style_changes_how_not_what():
    printed, written = (data.load("letters", n=300, style=style) for style in ("print", "hand"))
    assert (printed.y == written.y).all()
    assert written.x.mean() > 1.3 * printed.x.mean(), "written letters fill the image"


def test_fill_is_what_tells_large_from_small():
    big, small = (LATIN.index(c) for c in "Oo")
    ink = {}
    for fill in (False, True):
        domain = data.load("letters", n=1000, style=Style(fill=fill, noise=0))
        rows = (domain.x[..., 0] > 127).any(axis=2).sum(axis=1)
        ink[fill] = rows[domain.y == small].mean() / rows[domain.y == big].mean()
    assert ink[False] < 0.85 < ink[True]


def test_images_of_a_batch_do_not_depend_on_what_follows():
    many, few = (data.load("letters", n=n, cache=False) for n in (1100, 1000))
    same_label = many.y[:1000] == few.y
    assert same_label.sum() > 900, "labels come in the same shuffled rounds"


def test_coarse_images_have_no_fine_detail():
    style = Style(resolutions=(8,), noise=0)
    x = data.load("letters", n=50, style=style, cache=False).x[..., 0].astype(float)
    step_within_pixel = np.abs(np.diff(x, axis=2))[:, :, 1::4].max()
    sharp = data.load("letters", n=50, style=Style(noise=0), cache=False).x[..., 0].astype(float)
    assert step_within_pixel <= 255 / 4 + 1 < np.abs(np.diff(sharp, axis=2)).max()


def test_enlarging_is_linear_between_the_middles_of_pixels():
    ramp = np.arange(8.0)[None, None, :].repeat(8, axis=1)
    wide = enlarge(ramp, 32)[0, 0]
    assert wide[:3].tolist() == [0, 0, 0.125] and wide[-1] == 7
    assert np.allclose(np.diff(wide[2:30]), 0.25)


def test_thinning_leaves_a_line_that_keeps_the_shape():
    bar = np.zeros((1, 20, 30), bool)
    bar[0, 5:14, 3:27] = True
    line = thin(bar)[0]
    assert (line <= bar[0]).all()
    assert (line.sum(axis=0)[8:22] == 1).all(), "one pixel wide"


def test_thinning_keeps_a_ring_a_ring():
    y, x = np.mgrid[-15:16, -15:16]
    ring = ((y**2 + x**2 < 14**2) & (y**2 + x**2 > 7**2))[None]
    line = thin(ring)[0]
    angles = np.unique(np.round(np.arctan2(*np.nonzero(line) - np.array([[15], [15]])), 1))
    assert 50 < line.sum() < 90 and len(angles) > 40


def test_distances_from_outlines_are_what_scipy_measures_glyph_by_glyph() -> None:
    ink = np.stack(
        [place_in_box(draw_mask(name, c)[0]) for name in LETTER_TYPEFACES[:3] for c in "iMo"]
    )
    for one, measured in zip(ink, edge_distances(ink), strict=True):
        outside, inside = distance_transform_edt(~one), distance_transform_edt(one)
        eighths = np.where(one, 0.5 - inside, outside - 0.5)[1::2, 1::2] / 2 * 8
        assert (measured == np.clip(np.rint(eighths), -127, 127)).all()
