"""A model behind HTTP on this machine: Python's own server, made strict.

For one machine and its user: it listens on 127.0.0.1 only, and answers only who calls it by that
name. It hands out no files: each address is a key of a dictionary, so there is no path to trick.
Pictures are answered and forgotten. For the open internet it needs what stands in chapter 15: a
reverse proxy with TLS, accounts, rates.
"""

from __future__ import annotations

import io
import json
import os
import secrets
import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import BoundedSemaphore, Lock, RLock, Thread
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import numpy as np

from course_lib.calibration import softmax
from course_lib.errors import CourseError
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
        watchers: Called with each request's images and probabilities, such as a drift monitor's: one
            at a time, before the answer is sent. One that fails is reported, and the answer goes out.
        digits: To how many decimals probabilities are given; see chapter 15 on privacy.
        at_once: How many requests may be inside at a time; others hear 503.
        patience: Seconds that a client may take to send its request, from its first byte to its last.
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
    watching: Any = field(default_factory=RLock, repr=False)

    def answer(self, images: np.ndarray) -> tuple[dict[str, Any], np.ndarray]:
        """Give what is sent back for images, and the probabilities N×K behind it."""
        with self.turn:  # a framework's model has modes: one at a time
            logits, version = np.asarray(self.predict(images), np.float64), self.version
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
        return {"model": version, "answers": answers}, p

    def replace(self, other: Service) -> None:
        """Take another service's model, version and card between two answers, without stopping.

        Raises:
            CourseError: Where the other takes other pictures or names other classes: who calls this
                service counts on its contract. The old model stays.
        """
        if other.contract != self.contract:
            raise CourseError(
                f"The new model has another contract ({other.contract}): start a service of its own.",
                f"新模型的约定不同（{other.contract}）：请另开一个服务。",
            )
        with self.turn:
            self.predict, self.version, self.card = other.predict, other.version, other.card

    def watch(self, images: np.ndarray, probabilities: np.ndarray) -> None:
        """Show the watchers what was answered; one that fails costs nobody the answer."""
        with self.watching:
            for watcher in self.watchers:
                try:
                    watcher(images, probabilities)
                except Exception as error:
                    print(f"watcher: {type(error).__name__}: {error}", file=sys.stderr)


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
    """Serve until Ctrl-C; what is being answered then is answered first."""
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
            until = time.monotonic() + service.patience
            while server.answering and time.monotonic() < until:
                time.sleep(0.02)


class _Server(ThreadingHTTPServer):
    """A thread for each connection, and a limit to them."""

    daemon_threads = True
    request_queue_size = 64
    # On Windows this option would let two services share a port, and neither would know.
    allow_reuse_address = os.name != "nt"

    def __init__(self, port: int, handler: type[_Handler], connections: int) -> None:
        self.places = BoundedSemaphore(connections)
        self.answering: set[_Handler] = set()
        super().__init__(("127.0.0.1", port), handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        if self.places.acquire(blocking=False):
            super().process_request(request, client_address)
            return
        refusal = _sentence(RequestError(503, "Busy: try again in a moment.", "正忙：请稍后再试。"))
        head = f"HTTP/1.1 503 Busy\r\nConnection: close\r\nContent-Length: {len(refusal)}\r\n\r\n"
        request.settimeout(1)
        with suppress(OSError):  # before a word was heard, and before a thread is spent
            request.sendall(head.encode() + refusal)
        self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        # Whoever hangs up in the middle is no news, and a traceback tells a student nothing.
        if not isinstance(sys.exc_info()[1], (OSError, ValueError)):
            super().handle_error(request, client_address)


def make_server(service: Service, port: int, *, connections: int = 128) -> _Server:
    """Give a server on this machine's own address, not started.

    Args:
        port: 0 takes any free one.
        connections: How many may be open at a time, idle ones included.

    Raises:
        CourseError: Where the port is taken or not to be had.
    """

    class Bound(_Handler):
        pass

    Bound.service, Bound.inside = service, BoundedSemaphore(service.at_once)
    try:
        return _Server(port, Bound, connections)
    except (OSError, OverflowError) as error:
        raise CourseError(
            f"Port {port} cannot be had ({error}): name another.",
            f"端口 {port} 用不了（{error}）：请换一个。",
        ) from error


class _InTime(io.RawIOBase):
    """What comes over a connection, as long as the time for one request is not up.

    A time-out for each piece is none at all: who sends a byte every few seconds stays for ever.
    """

    def __init__(self, line: socket.socket, patience: float) -> None:
        self.line, self.patience = line, patience
        self.begin()

    def begin(self) -> None:
        """Wait for another request; its time runs from its first byte."""
        self.until, self.begun = time.monotonic() + self.patience, False

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.line.settimeout(left)
        n = self.line.recv_into(into)
        if not self.begun:
            self.until, self.begun = time.monotonic() + self.patience, True
        return n


class _Handler(BaseHTTPRequestHandler):
    """One request: found in the table, checked, answered, noted."""

    service: Service
    inside: BoundedSemaphore
    server: _Server
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "course", ""  # no versions for strangers
    unread = False  # whether a body is on its way that nobody has read

    def setup(self) -> None:
        super().setup()
        self.rfile.close()
        self.clock = _InTime(self.connection, self.service.patience)
        self.rfile = io.BufferedReader(self.clock)

    def handle_one_request(self) -> None:
        self.clock.begin()
        super().handle_one_request()

    def do_GET(self) -> None:
        self._respond(self.command)

    do_POST = do_HEAD = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_TRACE = do_GET  # noqa: N815 (their names are Python's)

    def _respond(self, method: str) -> None:
        self.server.answering.add(self)
        try:
            self._respond_now("GET" if method == "HEAD" else method)
        finally:
            self.server.answering.discard(self)

    def _respond_now(self, method: str) -> None:
        start = time.perf_counter()
        images, confidence = 0, float("nan")
        nonce = secrets.token_urlsafe(16)
        announced = self.headers.get("Content-Length", "0") != "0"
        self.unread = announced or "Transfer-Encoding" in self.headers
        try:
            kind, content, images, confidence = self._content(method, nonce)
            status = 200
        except RequestError as refusal:
            status, kind, content = refusal.status, "application/json", _sentence(refusal)
        # First noted, then sent: whoever has the answer finds it in the log.
        seconds = time.perf_counter() - start
        self.service.log.append(Line(seconds, status, images, confidence))
        self._send(status, kind, content, nonce)
        if self.unread and status != 408:
            self._hear_out()

    def _hear_out(self, seconds: float = 2.0) -> None:
        """Let a refused body run into nothing: who is cut off while sending never reads the refusal."""
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self.clock.until, self.clock.begun = time.monotonic() + seconds, True
            while self.rfile.read1(1 << 16):
                pass

    def handle_expect_100(self) -> bool:
        return True  # "go on" is said where the body is wanted, not before

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Say what Python's server refuses by itself (no HTTP, a line too long …) in our words."""
        words = {
            414: ("The address is too long.", "地址太长。"),
            431: ("The headers are too long.", "请求头太长。"),
            501: ("This service knows GET and POST.", "本服务只认 GET 与 POST。"),
            505: ("Speak HTTP/1.1.", "请使用 HTTP/1.1。"),
        }
        en, zh = words.get(code, ("This is no HTTP request.", "这不是 HTTP 请求。"))
        self.unread = True  # whatever comes next cannot be told from a new request
        self.service.log.append(Line(0.0, code, 0, float("nan")))
        self._send(code, "application/json", _sentence(RequestError(code, en, zh)), "")

    def _content(self, method: str, nonce: str) -> tuple[str, bytes, int, float]:
        """Give a response's kind and bytes, how many pictures it answers, and how surely."""
        self._require_host()
        path = urlsplit(self.path).path if self.path.startswith("/") else ""
        pages = {"/": self._front, "/health": self._health, "/card": self._card}
        known = {**dict.fromkeys(pages, "GET"), "/predict": "POST"}
        if path not in known:
            raise RequestError(404, "There is nothing here.", "这里什么也没有。")
        if known[path] != method:
            self.allowed = "POST" if path == "/predict" else "GET, HEAD"
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
        if self.unread:
            raise RequestError(400, "A GET has no body.", "GET 请求不带正文。")

    def _predict(self) -> tuple[bytes, int, float]:
        headers = self.headers
        encoded = bool(headers.get("Transfer-Encoding") or headers.get("Content-Encoding"))
        kind, lengths = headers.get("Content-Type", ""), headers.get_all("Content-Length") or []
        length = require_headers(self.service.contract, kind, lengths, encoded)
        if not self.inside.acquire(blocking=False):
            raise RequestError(503, "Busy: try again in a moment.", "正忙：请稍后再试。")
        try:
            if self.headers.get("Expect", "").lower() == "100-continue":
                self.send_response_only(100)
                self.end_headers()
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
        self.unread = False
        return read_images(self.service.contract, body)

    def _answer(self, images: np.ndarray) -> tuple[bytes, int, float]:
        try:
            told, probabilities = self.service.answer(images)
        except Exception as error:
            # The reason is for whoever runs the service, not for whoever called it.
            print(f"predict: {type(error).__name__}: {error}", file=sys.stderr)
            raise RequestError(500, "The model failed.", "模型出错了。") from None
        self.service.watch(images, probabilities)
        content = json.dumps(told, ensure_ascii=False).encode("utf-8", "replace")
        return content, len(images), float(probabilities.max(axis=1).mean())

    def _front(self, nonce: str) -> bytes:
        return front_page(
            self.service.contract,
            self.service.version,
            nonce,
            card=self.service.card is not None,
        ).encode("utf-8", "replace")

    def _health(self, nonce: str) -> bytes:
        return json.dumps(
            {"model": self.service.version, "answered": len(self.service.log)}
        ).encode()

    def _card(self, nonce: str) -> bytes:
        if self.service.card is None:
            raise RequestError(404, "This model has no card.", "这个模型没有模型卡。")
        return card_page(self.service.card).encode("utf-8", "replace")

    def _send(self, status: int, kind: str, content: bytes, nonce: str) -> None:
        if self.request_version == "HTTP/0.9":  # which knows no status: say it all the same
            self.request_version, self.unread = "HTTP/1.0", True
        self.connection.settimeout(self.service.patience)
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
            headers["Allow"] = self.allowed
        if status == 503:
            headers["Retry-After"] = "1"
        if self.unread:  # what of the body was not read would be taken for the next request
            headers["Connection"] = "close"  # send_header notes it, and the connection is closed
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        return  # the log is in numbers: see Line


def _sentence(refusal: RequestError) -> bytes:
    return json.dumps({"error": str(refusal)}, ensure_ascii=False).encode()
