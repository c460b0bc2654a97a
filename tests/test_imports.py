"""Leaving out what others would import along."""

from __future__ import annotations

import sys

import pytest

from course_lib.imports import leaving_out


def test_a_module_left_out_looks_missing_and_can_be_imported_afterwards() -> None:
    sys.modules.pop("colorsys", None)
    with leaving_out("colorsys"), pytest.raises(ImportError):
        __import__("colorsys")
    assert __import__("colorsys").rgb_to_hls(0, 0, 0)[0] == 0


def test_a_module_that_is_there_stays() -> None:
    with leaving_out("json"):
        import json

        assert json.loads("1") == 1
    assert "json" in sys.modules
