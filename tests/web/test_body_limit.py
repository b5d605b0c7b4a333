"""Bodies that are too long or too deep, against the server as it runs."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.database import Database
from tests.web.test_fuzz import API_TOKEN, FakeTemporal, make_app, served
from web.bodies import MAX_JSON

HEAD = (
    "POST /orders HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n"
    f"Authorization: Bearer {API_TOKEN}\r\n"
)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    """The served app; its database is never reached."""
    home: Path = tmp_path_factory.mktemp("limit")
    with served(make_app(home, Database(f"sqlite:///{home}/afterglow.db"), FakeTemporal())) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        yield host, int(port)


def answer_to(address: tuple[str, int], *parts: bytes) -> str:
    """Send the parts, and nothing more; return the status line of what comes back."""
    with socket.create_connection(address, 10) as connection:
        for part in parts:
            connection.sendall(part)
        return connection.recv(100).decode("latin-1").partition("\r\n")[0]


def test_a_long_body_is_refused_by_its_header(address: tuple[str, int]) -> None:
    """28 MB are announced and not one byte of them is sent: the answer is there all the same."""
    assert "413" in answer_to(address, f"{HEAD}Content-Length: 28000000\r\n\r\n".encode())


def test_a_long_body_without_a_length_is_refused_where_it_becomes_too_long(address: tuple[str, int]) -> None:
    """In chunks, which never end: it is not read on."""
    chunk = b"x" * 65_536
    framed = f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n"
    head = f"{HEAD}Transfer-Encoding: chunked\r\n\r\n".encode()
    assert "413" in answer_to(address, head, *[framed] * (MAX_JSON // len(chunk) + 1))


def test_a_deep_body_is_wrong_input(address: tuple[str, int]) -> None:
    """Half a million brackets are no error of ours, and cost no stack."""
    body = b"[" * 500_000
    assert "422" in answer_to(address, f"{HEAD}Content-Length: {len(body)}\r\n\r\n".encode(), body)
