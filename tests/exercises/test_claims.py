"""A claim that holds is printed, one that does not stops the notebook."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib import language
from course_lib.errors import CourseError
from course_lib.exercises import ClaimFailed, claim


def test_what_holds_is_printed(capsys):
    claim("It wins.", True, zh="它赢了。")
    claim("It wins.", np.float32(2) > 1)
    language.use("zh")
    claim("It wins.", True, zh="它赢了。")
    assert capsys.readouterr().out == "✓ It wins.\n✓ It wins.\n✓ 它赢了。\n"


def test_what_does_not_hold_raises(capsys):
    with pytest.raises(ClaimFailed, match=r"did not come out here: “It wins\.”"):
        claim("It wins.", False)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("condition", [np.array([True]), np.array(True), 1, "yes", None, [True]])
def test_only_one_truth_value_will_do(condition):
    with pytest.raises(CourseError, match="one truth value"):
        claim("It wins.", condition)
