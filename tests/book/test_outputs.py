"""What a cell showed, as HTML."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from nbformat.v4 import new_output

from course_lib.book.outputs import outputs_to_html
from course_lib.errors import CourseError

PICTURE = b"\x89PNG\r\n\x1a\n rest"


def shown(*outputs, folder: Path) -> str:  # type: ignore[no-untyped-def]
    return outputs_to_html(list(outputs), folder, "_static/shown")


def test_text_is_escaped_and_its_pieces_are_one(tmp_path: Path) -> None:
    page = shown(
        new_output("stream", name="stdout", text="a < b\n"),
        new_output("stream", name="stdout", text="\x1b[31mred\x1b[0m\n"),
        folder=tmp_path,
    )
    assert page.count("<pre") == 1
    assert "a &lt; b\nred" in page


def test_sentences_may_wrap_and_columns_may_not(tmp_path: Path) -> None:
    sentence = "✓ With five labels, masking is no better than the pixels are."
    columns = [
        "as it is        9.70        5.20  and",
        "[0.686 0.683 0.832 0.863 0.9 0.91]",
        "short",
    ]
    text = "\n".join([sentence, *columns])
    page = shown(new_output("stream", name="stdout", text=text), folder=tmp_path)
    assert f'<span class="wraps">{sentence}</span>' in page
    assert "\n".join(columns) in page


def test_a_picture_becomes_a_file_once(tmp_path: Path) -> None:
    data = f'<figure><img alt="words" src="data:image/png;base64,{base64.b64encode(PICTURE).decode()}"></figure>'
    one = new_output("display_data", data={"text/html": data, "text/plain": "words"})
    page = shown(one, one, folder=tmp_path)
    (file,) = tmp_path.iterdir()
    assert file.read_bytes() == PICTURE
    assert page.count(f"_static/shown/{file.name}") == 2
    assert 'alt="words"' in page and "base64" not in page


def test_plain_text_stands_in_where_there_is_no_html(tmp_path: Path) -> None:
    assert "<b>" not in shown(
        new_output("execute_result", data={"text/plain": "<b>"}), folder=tmp_path
    )


def test_an_error_stops_the_book(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="ValueError: no"):
        shown(new_output("error", ename="ValueError", evalue="no", traceback=[]), folder=tmp_path)
