"""`afterglow keys`: made once, listed without the keys, revoked by name."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from starter.__main__ import app


def test_keys_are_made_listed_and_revoked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key is on standard output once; a name is taken for ever; unknown and odd names are refused."""
    monkeypatch.setenv("AFTERGLOW_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words: str) -> tuple[int, str, str]:
        result = CliRunner().invoke(app, ["keys", *words])
        return result.exit_code, result.stdout, result.stderr

    assert "no key was made yet" in run("list")[1]
    code, key, note = run("add", "shop")
    assert (code, key.startswith("agk_"), len(key.strip())) == (0, True, 47)
    assert "this once" in note
    assert key.strip() not in run("list")[1]
    assert "shop" in run("list")[1]
    code, _, why = run("add", "shop")
    assert (code, "name of another key" in why) == (2, True)
    for odd in ("", "ada@example.com", "environment", "x" * 41, "a b"):
        code, _, why = run("add", odd)
        assert (code, "cannot be a key's name" in why) == (2, True), odd
    assert run("revoke", "shop")[:2] == (0, "shop: revoked\n")
    assert run("revoke", "shop")[:2] == (0, "shop: was revoked already\n")
    assert run("revoke", "nobody")[0] == 1
    assert run("add", "shop")[0] == 2
