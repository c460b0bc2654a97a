"""Reports by class, against numbers counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.reports import confusion_matrix, report_classes

CLASSES = ("ant", "bee", "wasp", "never")
Y = np.array([0, 0, 0, 1, 1, 2])
PREDICTED = np.array([0, 0, 1, 1, 0, 1])


def test_rows_are_true_classes_and_columns_predicted_ones():
    expected = [[2, 1, 0, 0], [1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]]
    assert confusion_matrix(Y, PREDICTED, CLASSES).tolist() == expected


def test_precision_and_recall_by_hand():
    ant, bee, wasp, never, mean = report_classes(Y, PREDICTED, CLASSES)
    assert (ant.precision, ant.recall, ant.support) == (
        pytest.approx(2 / 3),
        pytest.approx(2 / 3),
        3,
    )
    assert (bee.precision, bee.recall) == (pytest.approx(1 / 3), pytest.approx(1 / 2))
    assert bee.f1 == pytest.approx(2 * (1 / 3) * (1 / 2) / (1 / 3 + 1 / 2))
    assert wasp[1:] == (0.0, 0.0, 0.0, 1) and never.support == 0
    assert mean.recall == pytest.approx((2 / 3 + 1 / 2 + 0 + 0) / 4) and mean.support == 6


def test_a_row_prints_as_a_line():
    line = str(report_classes(Y, PREDICTED, CLASSES)[0])
    assert line.split() == ["ant", "precision", "0.667", "recall", "0.667", "F1", "0.667", "n", "3"]


@pytest.mark.parametrize(
    ("y", "predicted", "sentence"),
    [
        (Y, np.zeros((6, 4)), "argmax"),
        (Y[:0], Y[:0], "one length"),
        (Y, PREDICTED + 3, "labels run from 0 to 3"),
        (Y, PREDICTED[:-1], "one length"),
        (Y, PREDICTED + 0.5, "whole numbers"),
        (Y, np.array(CLASSES)[PREDICTED], "text"),
    ],
)
def test_what_is_not_labels_is_refused(y, predicted, sentence):
    with pytest.raises(CourseError, match=sentence):
        report_classes(y, predicted, CLASSES)


def test_lists_and_floats_that_are_whole_are_labels():
    expected = confusion_matrix(Y, PREDICTED, CLASSES).tolist()
    assert confusion_matrix(Y.tolist(), PREDICTED.astype(float), CLASSES).tolist() == expected
    assert confusion_matrix(Y.astype(np.uint8), PREDICTED, list(CLASSES)).tolist() == expected


@pytest.mark.parametrize("classes", [4, "abcd"])
def test_classes_are_a_row_of_names(classes):
    with pytest.raises(CourseError, match="row of names"):
        confusion_matrix(Y, PREDICTED, classes)
