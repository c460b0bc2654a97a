"""How grading says how it gets on: in a terminal, in a log, and when it is told to stop."""

from __future__ import annotations

import pytest

from course_lib import language
from course_lib.grading.pace import Pace, shown


def test_the_rate_is_that_of_the_latest_and_what_was_unchanged_says_nothing_of_it():
    now = [0.0]
    pace = Pace(200, clock=lambda: now[0])
    assert pace.words() == "0 of 200" and pace.a_minute is None
    for _ in range(100):
        pace.step(counts=False)
    assert pace.words() == "100 of 200"
    for _ in range(10):
        now[0] += 6
        pace.step()
    assert pace.a_minute == pytest.approx(10)
    assert pace.words() == "110 of 200, 10 a minute, 9 min left"
    for _ in range(80):
        now[0] += 1
        pace.step()
    assert pace.words() == "190 of 200, 60 a minute, 10 s left"
    language.use("zh")
    assert pace.words() == "190/200，每分钟 60 份，还需 10 秒"


def test_without_a_terminal_a_line_now_and_then_says_it(capsys):
    with shown(3, every=0.0) as step:
        for name in ("ann", "bob", "eve"):
            step(f"✓ {name}: 5 / 7", True)
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("✓")] == [
        *("✓ ann: 5 / 7", "✓ bob: 5 / 7", "✓ eve: 5 / 7")
    ]
    said = [line for line in lines if line.startswith("…")]
    assert len(said) == 2 and said[0].startswith("… 1 of 3") and "a minute" in said[1]
    with shown(3) as step:
        step("✓ ann: 5 / 7", True)
    assert capsys.readouterr().out == "✓ ann: 5 / 7\n"
