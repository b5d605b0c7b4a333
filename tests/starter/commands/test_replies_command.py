"""`afterglow replies`: what a person sees, and settles."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from intake.received_replies import receive_reply
from starter.__main__ import app
from storage.database import Database
from storage.migrate import upgrade
from tests.callbacks import save_shop_customer
from tests.facts import PLACED


def test_the_command_lists_and_settles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """B25: the list with its texts; settled ones are gone; an unknown id changes nothing."""
    monkeypatch.setenv("AFTERGLOW_HOME", str(tmp_path))
    database = Database(f"sqlite:///{tmp_path / 'afterglow.db'}")
    upgrade(database)
    save_shop_customer(database)
    with database.transaction() as session:
        receive_reply(session, "+12025550123", "wrong number", PLACED)
        receive_reply(session, "+12025550124", "is this spam?", PLACED)
        receive_reply(session, "+12025550125", "no thanks", PLACED)
    database.close()

    def run(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["replies", *words])
        return result.exit_code, result.output

    code, listed = run()
    assert code == 0
    assert "3 of 3 replies" in listed
    assert "is this spam?" in listed
    code, settled = run("--opt-out", "1", "--other", "2")
    assert code == 0
    assert "1: opted out" in settled
    assert "2: not an opt-out" in settled
    assert "is this spam?" not in settled
    code, refused = run("--opt-out", "3", "--other", "99")
    assert code == 1
    assert "3: opted out" not in refused, "what is not kept is not reported as done"
    assert "1 of 1 replies" in run()[1], "nothing is half done"
    assert "no reply waits" in run("--other", "3")[1]
