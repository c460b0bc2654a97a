"""Looking at the book in a browser on this machine."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from course_lib.lab import free_port
from course_lib.language import both


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:  # each picture would be a line
        return


def serve(folder: Path, port: int = 8000, *, opened: Callable[[str], Any] | None = None) -> None:
    """Hand out a folder's files on localhost until Ctrl-C.

    Args:
        port: The first one to try.
        opened: Told the address once the server listens there, such as ``webbrowser.open``.
    """
    port = free_port(port)
    with ThreadingHTTPServer(("127.0.0.1", port), partial(_Quiet, directory=str(folder))) as server:
        print(
            both(
                f"The book: http://localhost:{port}/  (Ctrl-C ends)",
                f"电子书：http://localhost:{port}/ （按 Ctrl-C 结束）",
            )
        )
        try:
            if (
                opened is not None
            ):  # the socket listens already: a browser waits for its first answer
                opened(f"http://localhost:{port}/")
            server.serve_forever()
        except KeyboardInterrupt:
            print()
