"""Bodies that are long, deep, broken or slow, on every route, over sockets against the server as it runs."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from storage.database import Database
from storage.migrate import upgrade
from tests.web.test_fuzz import API_TOKEN, FakeTemporal, make_app, operations, served
from web import bodies

Address = tuple[str, int]
WRITES = [(path, method) for path, method in operations() if method in {"post", "put"}]
BROKEN = {
    "deep": b"[" * 10_000 + b"]" * 10_000,
    "deep objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "not UTF-8": b'{"first_name": "\xff\xfe\xc3\x28"}',
    "half a character": b'{"first_name": "\\ud800"}',
    "no JSON": b"\x00" * 1000,
    "5 MB": b" " * 5_000_000,
}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    """The served app."""
    home: Path = tmp_path_factory.mktemp("slow")
    database = Database(f"sqlite:///{home}/afterglow.db")
    upgrade(database)
    with served(make_app(home, database, FakeTemporal())) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        yield host, int(port)
    database.close()


def head(path: str, method: str, length: int, *more: str) -> bytes:
    """A request's head, with the key; any id in the path."""
    target = path.replace("{", "").replace("}", "")
    lines = [
        f"{method.upper()} {target} HTTP/1.1",
        "Host: shop",
        "Content-Type: application/json",
        f"Authorization: Bearer {API_TOKEN}",
        f"Content-Length: {length}",
        *more,
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def begun(address: Address, request: bytes) -> socket.socket:
    """A connection on which a part of a request was sent."""
    connection = socket.create_connection(address, 20)
    connection.sendall(request)
    return connection


def answer_on(connection: socket.socket) -> str:
    """What the server sends until it closes, or has nothing more to send."""
    received = b""
    with contextlib.suppress(ConnectionError):
        while part := connection.recv(65_536):
            received += part
            if b"connection: close" not in received.lower() and b"\r\n\r\n" in received:
                break
    return received.decode("latin-1")


def status_of(answer: str) -> int:
    """The status of an answer."""
    return int(answer.split(" ", 2)[1])


@pytest.mark.parametrize(("path", "method"), WRITES)
@pytest.mark.parametrize("name", BROKEN)
def test_broken_bodies_are_refused(address: Address, path: str, method: str, name: str) -> None:
    """The key is right, or there is no signature: a refusal is received, and no error of ours."""
    body = BROKEN[name]
    with socket.create_connection(address, 20) as connection:
        connection.sendall(head(path, method, len(body)))
        with contextlib.suppress(ConnectionError):
            connection.sendall(body)
        status = status_of(answer_on(connection))
    assert 400 <= status < 500
    if name == "5 MB" and not path.startswith(("/webhooks/shopify", "/webhooks/woocommerce")):
        assert status == 413
    elif path.startswith(("/orders", "/customers")):
        assert status == 422


def test_nobody_without_a_key_sends_a_body(address: Address) -> None:
    """The refusal is there before a byte of the body is sent."""
    request = head("/orders", "post", 1000).replace(API_TOKEN.encode(), b"wrong")
    with begun(address, request) as connection:
        assert status_of(answer_on(connection)) == 401


@pytest.mark.parametrize(("path", "method"), WRITES)
def test_a_slow_body_is_given_up(
    address: Address, monkeypatch: pytest.MonkeyPatch, path: str, method: str
) -> None:
    """One byte of a hundred has come when the time is over: 408, and the connection is closed."""
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.2)
    with begun(address, head(path, method, 100) + b"{") as connection:
        answer = answer_on(connection)
        assert connection.recv(1) == b""
    assert (status_of(answer), "request_timeout" in answer) == (408, True)
    assert "connection: close" in answer.lower()


def test_dripping_does_not_gain_time(address: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte again and again: the time is the whole body's, so that the answer comes while it drips."""
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.5)
    with begun(address, head("/webhooks/sendgrid", "post", 1_000_000)) as connection:
        connection.settimeout(0.05)
        answer = b""
        while not answer:
            connection.sendall(b" ")
            with contextlib.suppress(TimeoutError):
                answer = connection.recv(65_536)
    assert b" 408 " in answer


def test_many_slow_bodies_hold_nobody_up(address: Address) -> None:
    """300 bodies that do not come hold no thread: the others' requests are answered."""
    with ExitStack() as open_ones:
        for number in range(300):
            path = ("/webhooks/sendgrid", "/webhooks/twilio/inbound", "/unsubscribe/x", "/orders")[number % 4]
            open_ones.enter_context(begun(address, head(path, "post", 1000) + b"{"))
        threads = threading.active_count()
        for number in range(20):
            body = b'{"first_name": "Ada"}'
            with begun(address, head(f"/customers/c-{number}", "put", len(body)) + body) as connection:
                assert status_of(answer_on(connection)) == 200
        assert threading.active_count() <= threads + 2


def test_the_memory_of_all_bodies_is_bounded(address: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too much together is refused with 503 and when to come again; then there is room again."""
    monkeypatch.setattr(bodies, "MAX_HELD", 1_000_000)
    part = b" " * 400_000
    with ExitStack() as open_ones:
        held = [
            open_ones.enter_context(begun(address, head("/webhooks/sendgrid", "post", 500_000) + part))
            for _ in range(3)
        ]
        answers = []
        for connection in held:
            connection.settimeout(1)
            with contextlib.suppress(TimeoutError):
                answers.append(answer_on(connection))
    assert [status_of(answer) for answer in answers] == [503]
    assert "retry-after: 5" in answers[0].lower()
    for _ in range(5):
        body = part + b"[]"
        with begun(address, head("/webhooks/sendgrid", "post", len(body)) + body) as connection:
            assert status_of(answer_on(connection)) == 403


def test_an_early_answer_is_read_by_who_still_writes(address: Address) -> None:
    """A client that writes on after the refusal, as most do, gets the answer and not a reset."""
    with begun(address, head("/orders", "post", 3_000_000)) as connection:
        for _ in range(30):
            connection.sendall(b" " * 100_000)
        assert status_of(answer_on(connection)) == 413
