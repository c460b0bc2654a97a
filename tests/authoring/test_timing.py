"""The running time in a chapter's first cell is the one that was measured and kept."""

from __future__ import annotations

import json
import os
from dataclasses import replace

from course_lib.authoring.localise import render_opening
from course_lib.authoring.sources import read_source, source_paths
from course_lib.authoring.timing import in_fives, measured_seconds
from course_lib.paths import repository_root


def _keep(root, **seconds):
    path = root / "benchmarks" / "results" / "chapters.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [{"chapter": "04_x", "framework": name, "seconds": s} for name, s in seconds.items()]
    path.write_text(json.dumps({"result": {"rows": rows}}))
    return path


def test_what_was_kept_is_given_and_a_newer_measurement_replaces_it(tmp_path):
    assert dict(measured_seconds(tmp_path, "04_x")) == {}
    path = _keep(tmp_path, pytorch=31.2)
    assert dict(measured_seconds(tmp_path, "04_x")) == {"pytorch": 31.2}
    assert dict(measured_seconds(tmp_path, "05_x")) == {}
    _keep(tmp_path, pytorch=31.2, keras=60.0)
    os.utime(path, (0, 0))  # another day: two writes at once may bear the same time
    assert dict(measured_seconds(tmp_path, "04_x")) == {"pytorch": 31.2, "keras": 60.0}


def test_seconds_are_rounded_up_to_fives():
    assert [in_fives(s) for s in (0.4, 9.9, 10.0, 10.1, 91.5)] == [5, 10, 10, 15, 95]


def test_the_opening_says_it_in_both_languages_and_nothing_where_nothing_was_measured():
    root = repository_root()
    (path,) = source_paths(root, ["04"])
    source = replace(read_source(path, root), seconds={"pytorch": 31.2, "keras": 60.0})
    opening = [render_opening(source, language) for language in ("en", "zh")]
    assert "about 35 s in PyTorch, about 60 s in Keras, on two processor cores" in opening[0]
    assert "PyTorch 约 35 秒，Keras 约 60 秒，内存" in opening[1]
    opening = [render_opening(replace(source, seconds={}), each) for each in ("en", "zh")]
    assert "whole**: on two processor cores" in opening[0] and "核，内存" in opening[1]
