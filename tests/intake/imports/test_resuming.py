"""An import that is killed goes on where it was: what is there at the end is what one run makes."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import Session

from dev.bench.imports import write_orders
from intake.imports.batches import apply_batch
from storage.database import Database
from storage.queries.imports.progress import move_import
from tests.facts import ROOT
from tests.intake.imports.command import Run, contents, counts, rows, run

__all__ = ["run"]
ROWS, BROKEN = 16_000, 40
KILLS = 4
STATE = "SELECT rows_read, accepted, refused FROM imports"


def file_with_mistakes(folder: Path) -> Path:
    """A file of two lines an order, some of them with a currency that is none."""
    path = folder / "orders.csv"
    write_orders(path, ROWS)
    lines = path.read_text().splitlines()
    for number in range(1, 2 * BROKEN, 2):
        place = number * 97 + 2 * (number * 97 % 2)
        lines[place] = lines[place].replace("USD", "XXXX")
    path.write_text("\n".join(lines) + "\n")
    return path


def killed(url: str, path: Path, database: Database, after: int) -> None:
    """Run the command until so many rows are committed, and kill it; it may be anywhere in a batch then."""
    command = [sys.executable, "-m", "starter", "import", "orders", str(path)]
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "AFTERGLOW_DATABASE_URL": url}, stdout=subprocess.DEVNULL
    )
    while process.poll() is None and read(database) < after:
        pass  # reads the database: what is waited for is a commit of another process
    process.kill()
    process.wait()


def read(database: Database) -> int:
    """How many rows are committed."""
    found = rows(database, "SELECT coalesce(sum(rows_read), 0) FROM imports")
    return int(str(found[0][0]))


def test_killed_several_times_nothing_is_doubled_or_lost(
    run: Run, database: Database, tmp_path: Path
) -> None:
    """Tables, counts and the file of refused rows are the same as after an uninterrupted import."""
    path = file_with_mistakes(tmp_path)
    chance = random.Random(8)  # noqa: S311 - no secret
    for kill in range(KILLS):
        killed(database.url, path, database, ROWS * kill // (KILLS + 1) + chance.randrange(1, 1_000))
    interrupted = read(database)
    done = run("orders", str(path))
    assert 0 < interrupted < ROWS
    assert f"Goes on after row {interrupted}" in done.output
    refused = tmp_path / "orders.csv.refused.csv"
    after_kills = (contents(database), rows(database, STATE), refused.read_bytes())
    with database.transaction() as session:
        for table in ("order_lines", "orders", "customers", "imports"):
            session.connection().execute(text(f"DELETE FROM {table}"))  # noqa: S608
    run("orders", str(path))
    assert after_kills == (contents(database), rows(database, STATE), refused.read_bytes())
    assert refused.read_text().count("XXXX") > 0


def test_a_batch_that_fails_is_done_anew(
    run: Run, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a batch wrote to the file of refused rows before it failed is not there twice."""
    path = file_with_mistakes(tmp_path)
    failed: list[bool] = []

    def fails_once(session: Session, *given: object) -> bool:
        if not failed and given[2] != 0:
            failed.append(True)
            msg = "the process ends here"
            raise RuntimeError(msg)
        return move_import(session, *given)  # type: ignore[arg-type]

    monkeypatch.setattr("intake.imports.importing.move_import", fails_once)
    assert isinstance(run("orders", str(path)).exception, RuntimeError)
    run("orders", str(path))
    lines = (tmp_path / "orders.csv.refused.csv").read_text().splitlines()
    assert len(lines) == len(set(lines))
    assert rows(database, STATE)[0][2] == len(lines) - 1


def test_two_at_once_do_not_take_a_row_twice(
    run: Run, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second process that imports the same file ends with a word about the first."""
    path = file_with_mistakes(tmp_path)

    def overtaken(session: Session, *given: object) -> object:
        session.connection().execute(text("UPDATE imports SET position = position + 1"))
        return apply_batch(session, *given)  # type: ignore[arg-type]

    monkeypatch.setattr("intake.imports.importing.apply_batch", overtaken)
    done = run("orders", str(path))
    assert (done.exit_code, "another process imports this file" in done.output) == (1, True)
    assert counts(database)["orders"] == 0
