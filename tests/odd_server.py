"""A web server that misbehaves in a way which each address names; for the tests of downloads."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CONTENT = bytes(range(256)) * 4096  # one MiB
HALF = len(CONTENT) // 2


class OddServer(ThreadingHTTPServer):
    """Serves CONTENT at ``/good`` and, in its odd ways, elsewhere.

    Attributes:
        asked: The address and the Range of each request so far.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, str]] = []
        self.content = CONTENT
        self.scheme = "http"
        self.pause = 0.05  # seconds between two bytes of what drips
        self.gate = threading.Event()  # what "held" waits for
        self.files: dict[str, bytes] = {}  # what "file/NAME" gives

    def url(self, way: str) -> str:
        """Give the address of one way to behave."""
        return f"{self.scheme}://127.0.0.1:{self.server_port}/{way}"

    def count(self, way: str) -> int:
        """Say how often an address was asked."""
        return sum(path == f"/{way}" for path, _ in self.asked)


class _Handler(BaseHTTPRequestHandler):
    server: OddServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def handle(self) -> None:
        """Bear a client that goes away."""
        try:
            super().handle()
        except OSError:
            self.close_connection = True

    def do_HEAD(self) -> None:
        """Say how large a file is, where the address names one that is well."""
        way = self.path.strip("/")
        if way.startswith("file/"):
            content = self.server.files[way.removeprefix("file/")]
        elif way == "good":
            content = self.server.content
        else:
            self._status(404, {"Content-Length": "0"})
            return
        self._status(200, {"Content-Length": str(len(content))})

    def do_GET(self) -> None:
        """Answer in the way that the address names."""
        asked = self.headers.get("Range", "")
        self.server.asked.append((self.path, asked))
        way = self.path.strip("/").partition("?")[0]
        content = self.server.content
        if way in ("good", "cut", "cut-once"):
            self._ranged(content, cut=way == "cut" or (way == "cut-once" and not asked))
        elif way.startswith("file/"):
            self._whole(self.server.files[way.removeprefix("file/")])
        elif way == "held":
            self._status(200, {"Content-Length": str(len(content))})
            self.wfile.write(content[:HALF])
            self.server.gate.wait(30)
            self.wfile.write(content[HALF:])
        elif way == "no-ranges":
            self._whole(content)
        elif way == "no-ranges-cut":
            self._whole(content, stop=HALF)
        elif way == "html":
            self._whole(b"<html>Please log in</html>", kind="text/html; charset=utf-8")
        elif way == "wrong":
            self._whole(content[::-1])
        elif way == "short":
            self._whole(content[:HALF])
        elif way == "long":
            self._whole(content + b"more")
        elif way == "endless":
            self._endless()
        elif way == "lying-range":
            self._status(
                206, {"Content-Range": f"bytes 0-9/{len(content)}", "Content-Length": "10"}
            )
            self.wfile.write(content[:10])
        elif way == "drip":
            self._drip(content)
        elif way == "drip-head":
            self._drip_out(b"HTTP/1.1 200 OK\r\n" + b"X-More: 1\r\n" * 90)
        elif way == "hang":
            time.sleep(5)
            self.close_connection = True
        elif way == "redirect":
            self._status(302, {"Location": "/good", "Content-Length": "0"})
        elif way == "loop":
            self._status(302, {"Location": "/loop", "Content-Length": "0"})
        elif way == "busy-once":
            busy = self.server.count(way) == 1
            self._status(503, {"Content-Length": "0"}) if busy else self._whole(content)
        else:
            self._status(404, {"Content-Length": "0"})

    def _ranged(self, content: bytes, *, cut: bool) -> None:
        """Serve from where is asked, with the file's version; ``cut``: stop half-way through the rest."""
        start = 0
        version = f'"{hash(content)}"'
        asked = self.headers.get("Range", "")
        if asked and self.headers.get("If-Range", version) == version:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            if start >= len(content):
                self._status(416, {"Content-Length": "0"})
                return
        length = len(content) - start
        headers = {"Content-Length": str(length), "ETag": version}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        self._status(206 if start else 200, headers)
        self.wfile.write(content[start : start + length // 2] if cut else content[start:])
        self.close_connection = self.close_connection or cut

    def _whole(
        self, content: bytes, *, stop: int | None = None, kind: str = "application/octet-stream"
    ) -> None:
        self._status(200, {"Content-Length": str(len(content)), "Content-Type": kind})
        self.wfile.write(content[:stop])
        self.close_connection = self.close_connection or stop is not None

    def _endless(self) -> None:
        self._status(200, {"Connection": "close"})
        while True:
            self.wfile.write(CONTENT)

    def _drip(self, content: bytes) -> None:
        self._status(200, {"Content-Length": str(len(content))})
        self._drip_out(content)

    def _drip_out(self, content: bytes) -> None:
        for value in content:
            self.wfile.write(bytes([value]))
            time.sleep(self.server.pause)

    def _status(self, number: int, headers: dict[str, str]) -> None:
        self.send_response(number)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()


@contextmanager
def odd_server(certificate: Path | None = None) -> Iterator[OddServer]:
    """Run such a server; with a certificate (and its key) in a file, by https."""
    server = OddServer()
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.scheme = "https"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
