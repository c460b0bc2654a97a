"""Looking at the book on this machine."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from course_lib.book.serving import serve


def test_what_is_opened_is_where_the_book_is_when_the_port_is_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "index.html").write_text("the book")
    opened: list[str] = []

    def look(address: str) -> None:
        opened.append(address)
        raise KeyboardInterrupt  # as somebody at the keyboard ends it

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        serve(tmp_path, taken, opened=look)
    assert opened and opened[0] != f"http://localhost:{taken}/"
    assert opened[0] in capsys.readouterr().out
