"""``python -m dev``: what it says of where things are."""

from __future__ import annotations

import urllib.request
from pathlib import Path

import pytest

from dev.__main__ import for_the_command_line
from dev.servers import pictures
from dev.servers.ports import HOST, free_ports
from settings import Settings

USUAL = "127.0.0.1:7233"


def test_nothing_is_to_be_exported_where_all_is_as_always() -> None:
    """The usual ports and folders are the command line's own."""
    assert for_the_command_line(Settings(), USUAL) == []


def test_everything_that_is_not_as_always_is_to_be_exported() -> None:
    """A home beside the usual one is another database: commands without it would write to the wrong one."""
    settings = Settings(home=Path("my shop"), templates=Path("mine"))
    (line,) = for_the_command_line(settings, "127.0.0.1:7234")
    exported = "AFTERGLOW_HOME='my shop' AFTERGLOW_TEMPLATES=mine TEMPORAL_ADDRESS=127.0.0.1:7234"
    assert line == f"For the command line, in another terminal: export {exported}"


def test_a_database_of_ones_own_is_named_without_its_password() -> None:
    """What is printed may be in a log."""
    lines = for_the_command_line(Settings(database_url="postgresql://a:secret@db.example/shop"), USUAL)
    assert len(lines) == 1
    assert "AFTERGLOW_DATABASE_URL" in lines[0]
    assert "secret" not in lines[0]


def test_pictures_are_where_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo's catalogue outlives the demo: its pictures' address is kept, unless it is another's."""
    (port,) = free_ports(1)
    monkeypatch.setattr(pictures, "PICTURES_PORT", port)
    for _ in range(2):
        with pictures.serving_pictures() as usual, pictures.serving_pictures() as other:
            assert usual == f"http://{HOST}:{port}"
            assert other != usual
            name = next(pictures.PICTURES.glob("*.png")).name
            with urllib.request.urlopen(f"{usual}/{name}") as answer:  # noqa: S310 - our own server
                assert answer.status == 200
