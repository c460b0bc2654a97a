"""A model behind HTTP on this machine: Python's own server, made strict.

For one machine and its user: it listens on 127.0.0.1 only, and answers only who calls it by that
name. It hands out no files: each address is a key of a dictionary, so there is no path to trick.
Pictures are answered and forgotten. For the open internet it needs what stands in chapter 15: a
reverse proxy with TLS, accounts, rates.
"""

from __future__ import annotations

import json
import secrets
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import BoundedSemaphore, Lock, Thread
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import numpy as np

from course_lib.calibration import softmax
from course_lib.language import both
from course_lib.serving.card import card_page
from course_lib.serving.contract import Contract, RequestError, read_images, require_headers
from course_lib.serving.page import front_page

Predict = Callable[[np.ndarray], np.ndarray]
Watcher = Callable[[np.ndarray, np.ndarray], None]


class Line(NamedTuple):
    """What is kept of a request: numbers, no picture and no address.

    Attributes:
        seconds: From the head of the request to the answer.
        status: The HTTP status.
        images: How many pictures were answered.
        confidence: The mean of their largest probabilities; NaN without pictures.
    """

    seconds: float
    status: int
    images: int
    confidence: float


@dataclass
class Service:
    """A model with its contract, and what is said about it.

    Attributes:
        predict: uint8 images N×H×W×C → logits N×K.
        contract: What is taken and refused.
        version: Which model this is, such as the first digits of its file's SHA-256: in each answer.
        card: The model card (:mod:`course_lib.serving.card`), or nothing.
        watchers: Called with each request's images and probabilities, such as a drift monitor's.
        digits: To how many decimals probabilities are given; see chapter 15 on privacy.
        at_once: How many requests may be inside at a time; others hear 503.
        patience: Seconds that a client may take to send its request.
        log: The last 10,000 requests, in numbers.
    """

    predict: Predict
    contract: Contract
    version: str = "unnamed"
    card: dict[str, Any] | None = None
    watchers: tuple[Watcher, ...] = ()
    digits: int = 2
    at_once: int = 8
    patience: float = 10.0
    log: deque[Line] = field(default_factory=lambda: deque(maxlen=10_000))
    turn: Any = field(default_factory=Lock, repr=False)

    def answer(self, images: np.ndarray) -> tuple[dict[str, Any], np.ndarray]:
        """Give what is sent back for images, and the probabilities N×K behind it."""
        with self.turn:  # a framework's model has modes: one at a time
            logits = np.asarray(self.predict(images), np.float64)
        if (
            logits.shape != (len(images), len(self.contract.classes))
            or not np.isfinite(logits).all()
        ):
            raise ValueError("the model's outputs are no finite numbers N×K")
        p = softmax(logits)
        best = p.argmax(axis=1)
        answers = [
            {"class": self.contract.classes[k], "probability": round(float(row[k]), self.digits)}
            for k, row in zip(best, p, strict=True)
        ]
        return {"model": self.version, "answers": answers}, p


@contextmanager
def running(service: Service, port: int = 0) -> Iterator[str]:
    """Serve inside a ``with`` statement; gives the address, such as ``http://127.0.0.1:40123``.

    Args:
        port: 0 takes any free one.
    """
    server = make_server(service, port)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def serve(service: Service, port: int) -> None:
    """Serve until Ctrl-C."""
    with make_server(service, port) as server:
        print(
            both(
                f"Model {service.version}: http://127.0.0.1:{server.server_address[1]}/  (Ctrl-C ends)",
                f"模型 {service.version}：http://127.0.0.1:{server.server_address[1]}/ （按 Ctrl-C 结束）",
            ),
            flush=True,
        )
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


def make_server(service: Service, port: int) -> ThreadingHTTPServer:
    """Give a server on this machine's own address, not started."""

    class Bound(_Handler):
        pass

    Bound.service, Bound.inside = service, BoundedSemaphore(service.at_once)
    Bound.timeout = service.patience

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

        def handle_error(self, request: Any, client_address: Any) -> None:
            # Whoever hangs up in the middle is no news, and a traceback tells a student nothing.
            if not isinstance(sys.exc_info()[1], (OSError, ValueError)):
                super().handle_error(request, client_address)

    return Server(("127.0.0.1", port), Bound)


class _Handler(BaseHTTPRequestHandler):
    """One request: found in the table, checked, answered, noted."""

    service: Service
    inside: BoundedSemaphore
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "course", ""  # no versions for strangers

    def do_GET(self) -> None:
        self._respond("GET")

    def do_POST(self) -> None:
        self._respond("POST")

    def _respond(self, method: str) -> None:
        start = time.perf_counter()
        images, confidence = 0, float("nan")
        nonce = secrets.token_urlsafe(16)
        try:
            kind, content, images, confidence = self._content(method, nonce)
            status = 200
        except RequestError as refusal:
            status, kind = refusal.status, "application/json"
            content = json.dumps({"error": str(refusal)}, ensure_ascii=False).encode()
            # What of the body was not read would be taken for the next request.
            self.close_connection = True
        # First noted, then sent: whoever has the answer finds it in the log.
        seconds = time.perf_counter() - start
        self.service.log.append(Line(seconds, status, images, confidence))
        self._send(status, kind, content, nonce)

    def _content(self, method: str, nonce: str) -> tuple[str, bytes, int, float]:
        """Give a response's kind and bytes, how many pictures it answers, and how surely."""
        self._require_host()
        path = urlsplit(self.path).path if self.path.startswith("/") else ""
        pages = {"/": self._front, "/health": self._health, "/card": self._card}
        known = {**dict.fromkeys(pages, "GET"), "/predict": "POST"}
        if path not in known:
            raise RequestError(404, "There is nothing here.", "这里什么也没有。")
        if known[path] != method:
            raise RequestError(405, f"Use {known[path]} here.", f"这里请用 {known[path]}。")
        if path == "/predict":
            return "application/json", *self._predict()
        self._require_no_body()
        kind = "application/json" if path == "/health" else "text/html; charset=utf-8"
        return kind, pages[path](nonce), 0, float("nan")

    def _require_host(self) -> None:
        """Answer only who calls this machine by its own name: else a page elsewhere could (rebinding)."""
        host = (self.headers.get("Host") or "").rpartition(":")[0] or self.headers.get("Host", "")
        if host not in ("127.0.0.1", "localhost"):
            raise RequestError(403, "Call it 127.0.0.1.", "请用 127.0.0.1 访问。")

    def _require_no_body(self) -> None:
        if self.headers.get("Transfer-Encoding") or self.headers.get("Content-Length", "0") != "0":
            raise RequestError(400, "A GET has no body.", "GET 请求不带正文。")

    def _predict(self) -> tuple[bytes, int, float]:
        headers = self.headers
        encoded = bool(headers.get("Transfer-Encoding") or headers.get("Content-Encoding"))
        kind, lengths = headers.get("Content-Type", ""), headers.get_all("Content-Length") or []
        length = require_headers(self.service.contract, kind, lengths, encoded)
        if not self.inside.acquire(blocking=False):
            raise RequestError(503, "Busy: try again in a moment.", "正忙：请稍后再试。")
        try:
            return self._answer(self._read(length))
        finally:
            self.inside.release()

    def _read(self, length: int) -> np.ndarray:
        try:
            body = self.rfile.read(length)
        except OSError:  # the time is up
            body = b""
        if len(body) < length:
            raise RequestError(408, "The body did not come whole.", "正文没有收全。")
        return read_images(self.service.contract, body)

    def _answer(self, images: np.ndarray) -> tuple[bytes, int, float]:
        try:
            told, probabilities = self.service.answer(images)
            for watcher in self.service.watchers:
                watcher(images, probabilities)
        except Exception as error:
            # The reason is for whoever runs the service, not for whoever called it.
            print(f"predict: {type(error).__name__}: {error}", file=sys.stderr)
            raise RequestError(500, "The model failed.", "模型出错了。") from None
        content = json.dumps(told, ensure_ascii=False).encode()
        return content, len(images), float(probabilities.max(axis=1).mean())

    def _front(self, nonce: str) -> bytes:
        return front_page(self.service.contract, self.service.version, nonce).encode()

    def _health(self, nonce: str) -> bytes:
        return json.dumps(
            {"model": self.service.version, "answered": len(self.service.log)}
        ).encode()

    def _card(self, nonce: str) -> bytes:
        if self.service.card is None:
            raise RequestError(404, "This model has no card.", "这个模型没有模型卡。")
        return card_page(self.service.card).encode()

    def _send(self, status: int, kind: str, content: bytes, nonce: str) -> None:
        self.send_response(status)
        headers = {
            "Content-Type": kind,
            "Content-Length": str(len(content)),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            # The page may run its own script, call its own service, and nothing else.
            "Content-Security-Policy": f"default-src 'none'; script-src 'nonce-{nonce}'; "
            f"style-src 'nonce-{nonce}'; connect-src 'self'; form-action 'none'; "
            "base-uri 'none'; frame-ancestors 'none'",
        }
        if status == 405:
            headers["Allow"] = "POST" if urlsplit(self.path).path == "/predict" else "GET"
        if status == 503:
            headers["Retry-After"] = "1"
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        return  # the log is in numbers: see Line
