"""The service, asked by real clients: well-behaved ones, careless ones, and ones that mean harm."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Event, Thread
from typing import Any

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.serving import Contract, Service, running
from course_lib.serving.contract import RequestError, read_images, require_headers
from course_lib.serving.service import make_server

CONTRACT = Contract((2, 3, 1), ("dark", "<light>"), most=4)
PICTURE = [[0, 50, 255], [1, 2, 3]]


def brightness(images: np.ndarray) -> np.ndarray:
    light = images.reshape(len(images), -1).mean(axis=1)
    return np.stack([100 - light, light - 100], axis=1)


@pytest.fixture
def service() -> Service:
    return Service(brightness, CONTRACT, "abc", patience=0.4)


@pytest.fixture
def address(service: Service) -> Iterator[str]:
    with running(service) as url:
        yield url.removeprefix("http://")


def ask(
    address: str, method: str, path: str, body: bytes | str | None = None, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(address, timeout=5)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, named)
    response = connection.getresponse()
    found = response.status, dict(response.getheaders()), response.read()
    connection.close()
    return found


def post(address: str, told: Any) -> tuple[int, Any]:
    body = told if isinstance(told, (bytes, str)) else json.dumps(told)
    status, _, content = ask(
        address, "POST", "/predict", body, Content_Type="application/json; charset=utf-8"
    )
    return status, json.loads(content)


def raw(address: str, text: bytes) -> bytes:
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), timeout=5) as line:
        line.sendall(text)
        found = b""
        while piece := line.recv(65536):
            found += piece
    return found


def test_pictures_are_answered_in_order_with_the_models_version(
    address: str, service: Service
) -> None:
    dark, light = [[0] * 3] * 2, [[[255]] * 3] * 2  # with and without the one channel
    status, told = post(address, {"images": [dark, light, PICTURE]})
    assert status == 200 and told["model"] == "abc"
    assert [answer["class"] for answer in told["answers"]] == ["dark", "<light>", "dark"]
    assert told["answers"][0]["probability"] == 1.0
    assert service.log[-1].images == 3 and service.log[-1].status == 200
    assert service.log[-1].seconds > 0 and 0.5 < service.log[-1].confidence <= 1


def test_a_connection_serves_many_requests(address: str) -> None:
    connection = http.client.HTTPConnection(address, timeout=5)
    for _ in range(3):
        body = json.dumps({"images": [PICTURE]})
        connection.request("POST", "/predict", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        assert response.status == 200 and json.loads(response.read())["model"] == "abc"
    connection.close()


@pytest.mark.parametrize(
    "told",
    [
        [PICTURE],
        {"images": PICTURE},
        {"images": []},
        {"images": [PICTURE], "more": 1},
        {"images": {"0": PICTURE}},
        {"images": [[[0, 50, 256], [1, 2, 3]]]},
        {"images": [[[0, 50, -1], [1, 2, 3]]]},
        {"images": [[[0, 50, True], [1, 2, 3]]]},
        {"images": [[[0, 50, 1.0], [1, 2, 3]]]},
        {"images": [[[0, 50, "1"], [1, 2, 3]]]},
        {"images": [[[0, 50, None], [1, 2, 3]]]},
        {"images": [[[0, 50], [1, 2, 3]]]},
        {"images": [[[0, 50, 1]]]},
        {"images": [[[[0, 0], [1, 1], [1, 1]]] * 2]},
        {"images": [[[[0], 1, [1]], [[1], [1], [1]]]]},
        {"images": [None]},
        {"images": ["picture"]},
        {"images": [[]]},
        None,
        3,
    ],
)  # fmt: skip
def test_what_is_no_picture_is_refused_with_a_sentence(address: str, told: Any) -> None:
    status, answer = post(address, told)
    assert status == 422 and set(answer) == {"error"} and answer["error"]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"\xff\xfe", b'{"images": [[[NaN, 1, 1], [1, 1, 1]]]}', b"[" * 500,
        b'{"images": [[[1e999, 1, 1], [1, 1, 1]]]}'[:-2], b"[" + b"9" * 900 + b"", b"\x00" * 20,
    ],
)  # fmt: skip
def test_what_is_no_json_is_refused(address: str, body: bytes) -> None:
    assert post(address, body)[0] == 400


def test_deep_nesting_and_long_numbers_end_in_a_refusal_and_the_service_lives(address: str) -> None:
    large = Service(brightness, Contract((28, 28, 1), ("a", "b")), patience=2)
    with running(large) as url:
        at = url.removeprefix("http://")
        assert post(at, b"[" * 200_000)[0] == 400
        assert post(at, b'{"images": [' + b"9" * 100_000 + b"]}")[0] in (400, 422)
        assert ask(at, "GET", "/health")[0] == 200


def test_bodies_that_are_too_large_are_refused_unread(address: str) -> None:
    too_long = CONTRACT.largest_body + 1
    head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    for length in (str(too_long), "9" * 15, "9" * 400):
        found = raw(address, head + b"Content-Length: " + length.encode() + b"\r\n\r\n")
        assert (
            found.startswith(b"HTTP/1.1 413") and b"Connection: close" in found
        ) or b" 413 " in found
    assert post(address, {"images": [PICTURE] * 5})[0] == 413


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (b"", 411),
        (b"Transfer-Encoding: chunked\r\n", 411),
        (b"Content-Encoding: gzip\r\nContent-Length: 5\r\n", 411),
        (b"Content-Length: -5\r\n", 400),
        (b"Content-Length: 1_0\r\n", 400),
        (b"Content-Length: +5\r\n", 400),
        (b"Content-Length: 5\r\nContent-Length: 6\r\n", 400),
        (b"Content-Length: \xd9\xa5\r\n", 400),
    ],
)
def test_a_length_that_cannot_be_trusted_is_refused(
    address: str, lines: bytes, status: int
) -> None:
    head = b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    assert raw(address, head + lines + b"\r\n").startswith(b"HTTP/1.1 %d" % status)


def test_who_sends_slowly_or_less_than_announced_does_not_hold_the_service(address: str) -> None:
    head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    start = time.monotonic()
    assert raw(address, head + b"Content-Length: 40\r\n\r\n{").startswith(b"HTTP/1.1 408")
    assert raw(address, b"POST /pred") == b""  # a head that never ends
    assert time.monotonic() - start < 4
    assert post(address, {"images": [PICTURE]})[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "/../pyproject.toml", "/..%2f..%2fetc/passwd", "//etc/passwd", "/etc/passwd", "/card/../predict",
        "/%00", "/predict/", "/PREDICT", "/./", "/health/x", "http://127.0.0.1/etc", "*", "/a" * 3000,
    ],
)  # fmt: skip
def test_there_are_no_paths_to_trick(address: str, path: str) -> None:
    status, _, content = ask(address, "GET", path)
    assert status == 404 and b"root:" not in content and len(content) < 200


def test_methods_other_than_the_right_one_are_refused(address: str) -> None:
    status, headers, _ = ask(address, "GET", "/predict")
    assert status == 405 and headers["Allow"] == "POST"
    assert ask(address, "POST", "/health", b"{}", Content_Type="application/json")[0] == 405
    for method in ("PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"):
        status, headers, content = ask(address, method, "/predict")
        assert (status, headers["Allow"]) == (405, "POST") and json.loads(content)["error"]
    assert ask(address, "BREW", "/predict")[0] == 501
    status, headers, content = ask(address, "HEAD", "/health")
    assert status == 200 and not content and int(headers["Content-Length"]) > 5
    assert ask(address, "GET", "/health", b"abc")[0] == 400


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\x16\x03\x01 hello\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\n", 505),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + b"X: 1\r\n" * 200 + b"\r\n", 431),
    ],
)
def test_what_is_no_http_gets_one_sentence_too(address: str, sent: bytes, status: int) -> None:
    head, _, content = raw(address, sent).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d" % status) and json.loads(content)["error"]
    assert ask(address, "GET", "/health")[0] == 200


def test_who_sends_too_much_reads_the_refusal(address: str) -> None:
    # Nothing is read of it; but who is cut off while sending would only see a broken line.
    assert post(address, b"x" * 20_000_000)[0] == 413


def test_who_asks_before_sending_is_refused_before_sending(address: str) -> None:
    head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n"
    assert raw(address, head + b"Content-Length: 999999\r\n\r\n").startswith(b"HTTP/1.1 413")
    body = json.dumps({"images": [PICTURE]}).encode()
    whole = head + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    found = raw(address, whole)
    assert found.startswith(b"HTTP/1.1 100") and b"HTTP/1.1 200" in found


def test_a_byte_now_and_then_does_not_hold_a_place_for_ever() -> None:
    with running(Service(brightness, CONTRACT, at_once=1, patience=0.5)) as url:
        at = url.removeprefix("http://")
        host, port = at.split(":")
        with socket.create_connection((host, int(port)), timeout=5) as line:
            head = (
                b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            )
            line.sendall(head + b"Content-Length: 90\r\n\r\n")
            start = time.monotonic()
            with suppress(OSError):
                while time.monotonic() - start < 1.5:
                    line.sendall(b"[")
                    time.sleep(0.1)
            assert post(at, {"images": [PICTURE]})[0] == 200


def test_more_connections_than_there_are_places_hear_so(service: Service) -> None:
    service.patience = 5
    server = make_server(service, 0, connections=2)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    at = ("127.0.0.1", int(server.server_address[1]))
    try:
        with socket.create_connection(at), socket.create_connection(at):
            time.sleep(0.2)
            found = raw(f"127.0.0.1:{at[1]}", b"")
            assert found.startswith(b"HTTP/1.1 503") and b"error" in found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_port_that_is_taken_is_a_sentence(address: str, service: Service) -> None:
    for port in (int(address.split(":")[1]), 70_000, -1):
        with pytest.raises(CourseError, match="cannot be had"):
            make_server(service, port)


def test_a_watcher_that_fails_costs_nobody_the_answer(
    service: Service, capfd: pytest.CaptureFixture[str]
) -> None:
    seen: list[int] = []
    service.watchers = (lambda images, p: 1 / 0, lambda images, p: seen.append(len(images)))  # type: ignore[func-returns-value, assignment, return-value]
    with running(service) as url:
        assert post(url.removeprefix("http://"), {"images": [PICTURE]})[0] == 200
    assert seen == [1] and "watcher: ZeroDivisionError" in capfd.readouterr().err


def test_a_model_is_replaced_between_two_answers_and_none_is_lost(service: Service) -> None:
    other = Service(lambda x: -brightness(x), CONTRACT, "new")
    expected = {"abc": "dark", "new": "<light>"}
    with running(service) as url, ThreadPoolExecutor(4) as pool:
        at = url.removeprefix("http://")
        asked = [pool.submit(post, at, {"images": [[[0] * 3] * 2]}) for _ in range(60)]
        asked[20].result()
        service.replace(other)
        found = [ask.result() for ask in asked]
    assert {status for status, _ in found} == {200}
    assert {told["model"] for _, told in found} == {"abc", "new"}
    assert all(told["answers"][0]["class"] == expected[told["model"]] for _, told in found)
    with pytest.raises(CourseError, match="another contract"):
        service.replace(Service(brightness, Contract((2, 3, 1), ("a", "b"))))
    assert service.version == "new"


def test_other_kinds_of_content_are_refused(address: str) -> None:
    body = json.dumps({"images": [PICTURE]})
    for kind in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "image/png",
        "application/jsonp",
    ):
        assert ask(address, "POST", "/predict", body, Content_Type=kind)[0] == 415


def test_only_who_calls_this_machine_by_its_name_is_answered(address: str) -> None:
    for host in ("evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost@evil"):
        assert ask(address, "GET", "/health", Host=host)[0] == 403
    assert raw(address, b"GET /health HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 403")


def test_no_other_page_may_use_it(address: str) -> None:
    _, headers, page = ask(address, "GET", "/")
    policy = headers["Content-Security-Policy"]
    nonce = policy.split("'nonce-")[1].split("'")[0]
    assert "default-src 'none'" in policy and "unsafe-inline" not in policy
    assert page.count(f'nonce="{nonce}"'.encode()) == 2
    assert nonce not in ask(address, "GET", "/")[1]["Content-Security-Policy"]
    assert not any(name.lower().startswith("access-control") for name in headers)
    assert headers["X-Content-Type-Options"] == "nosniff" and "Python" not in headers["Server"]


def test_names_of_classes_are_text_on_the_page(address: str) -> None:
    page = ask(address, "GET", "/")[2].decode()
    assert "&lt;light&gt;" in page and "<light>" not in page


def test_the_page_takes_a_picture_in_the_browser_and_sends_no_file(address: str) -> None:
    page = ask(address, "GET", "/")[2].decode()
    assert 'type="file"' in page and "createImageBitmap" in page and "FormData" not in page
    assert 'id="ink" type="checkbox" checked' in page and "/card" not in page.split("<script")[0]
    colours = Service(brightness, Contract((2, 3, 3), ("a", "b")), card={"name": "x"})
    with running(colours) as url:
        page = ask(url.removeprefix("http://"), "GET", "/")[2].decode()
    assert 'id="ink" type="checkbox">' in page and 'href="/card"' in page


def test_the_card_is_shown_escaped_or_said_to_be_missing(address: str) -> None:
    assert ask(address, "GET", "/card")[0] == 404
    card = {"name": "<b>", "evaluation": [{"on": "<i>", "n": 3}]}
    with running(Service(brightness, CONTRACT, card=card)) as url:
        status, _, page = ask(url.removeprefix("http://"), "GET", "/card")
    assert status == 200 and b"&lt;b&gt;" in page and b"<i>" not in page and b"<b>" not in page


@pytest.mark.parametrize(
    "logits", [np.zeros((1, 3)), np.full((1, 2), np.nan), np.zeros(2), RuntimeError("secret path")]
)
def test_a_model_that_fails_is_a_500_without_its_reasons(
    logits: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(images: np.ndarray) -> np.ndarray:
        if isinstance(logits, Exception):
            raise logits
        return logits

    with running(Service(broken, CONTRACT)) as url:
        status, told = post(url.removeprefix("http://"), {"images": [PICTURE]})
    assert status == 500 and "secret" not in told["error"]
    assert "predict:" in capfd.readouterr().err  # for whoever runs it


def test_who_comes_when_all_places_are_taken_hears_so() -> None:
    go, entered = Event(), Event()

    def slow(images: np.ndarray) -> np.ndarray:
        entered.set()
        go.wait(5)
        return brightness(images)

    with running(Service(slow, CONTRACT, at_once=1)) as url, ThreadPoolExecutor() as pool:
        at = url.removeprefix("http://")
        first = pool.submit(post, at, {"images": [PICTURE]})
        assert entered.wait(5)
        status, told = post(at, {"images": [PICTURE]})
        assert status == 503 and told["error"] and ask(at, "GET", "/health")[0] == 200
        go.set()
        assert first.result()[0] == 200


def test_many_clients_at_once_each_get_their_own_answer() -> None:
    with running(Service(brightness, CONTRACT, at_once=16)) as url, ThreadPoolExecutor(8) as pool:
        at = url.removeprefix("http://")
        shades = [0, 255] * 20
        found = list(pool.map(lambda v: post(at, {"images": [[[v] * 3] * 2]}), shades))
    assert [told["answers"][0]["class"] for _, told in found] == ["dark", "<light>"] * 20


def test_watchers_see_what_was_answered_and_nothing_else_is_kept(service: Service) -> None:
    seen: list[tuple[int, ...]] = []
    service.watchers = (lambda images, p: seen.append(images.shape + p.shape),)
    with running(service) as url:
        post(url.removeprefix("http://"), {"images": [PICTURE] * 2})
        post(url.removeprefix("http://"), {"images": []})
    assert seen == [(2, 2, 3, 1, 2, 2)]
    assert [line.status for line in service.log] == [200, 422]
    assert all(isinstance(value, (int, float)) for line in service.log for value in line)


def test_probabilities_are_rounded() -> None:
    third = Service(lambda x: np.tile([0.0, 0.693], (len(x), 1)), CONTRACT, digits=1)
    told, p = third.answer(np.zeros((1, 2, 3, 1), np.uint8))
    assert told["answers"][0]["probability"] == 0.7 and p[0, 1] != 0.7


def test_the_largest_request_that_is_allowed_fits() -> None:
    wide = json.dumps({"images": [[[[255]] * 3] * 2] * 4}, indent=0).encode()
    assert require_headers(CONTRACT, "application/json", [str(len(wide))], False) == len(wide)
    assert read_images(CONTRACT, wide).shape == (4, 2, 3, 1)
    colours = Contract((1, 1, 3), ("a", "b"))
    assert read_images(colours, b'{"images": [[[[1, 2, 3]]]]}').tolist() == [[[[1, 2, 3]]]]
    with pytest.raises(RequestError):
        read_images(colours, b'{"images": [[[1]]]}')
