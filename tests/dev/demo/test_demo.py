"""The demo's table, and the help of the development tools."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from content.loading import read_definition
from dev.demo.table import Cell, Row, tables
from tests.facts import CAMPAIGN, ROOT

FIFTH = """
[[steps]]
name = "birthday-of-the-order"
title = "A year ago"
anchors = [{ event = "placed", delay = "365 days" }]
window = "7 days"
audiences = [{ segments = ["*"], email = "win_back_soft" }]
"""


def shown(rows: list[Row], steps: list[str], width: int) -> str:
    """What a terminal of some width shows."""
    console = Console(file=io.StringIO(), width=width)
    for table in tables(rows, steps, console.width):
        console.print(table)
    text = console.file
    assert isinstance(text, io.StringIO)
    return text.getvalue()


@pytest.mark.parametrize("width", [80, 100, 120, 200])
def test_the_table_follows_a_campaign_of_five_steps(tmp_path: Path, width: int) -> None:
    """From 80 columns on, each step has its column, nothing is lost, and no line is too long."""
    file = tmp_path / "campaign.toml"
    file.write_text(CAMPAIGN.read_text("utf-8") + FIFTH, "utf-8")
    steps = [step.name for step in read_definition(file).steps]
    cells = {step: Cell([(f"{135 + n}d 14:4{n}", "sms yes?")]) for n, step in enumerate(steps)}
    rows = [
        Row("1001", "due at night: waits for morning", "first-time", "completed", cells),
        Row("1001-again", "no question", "vip", "still open", {steps[4]: Cell(reason="closed quarter")}),
    ]
    text = shown(rows, steps, width)
    flat = "".join(text.split())
    assert len(steps) == 5
    assert all(f"{135 + n}d14:4{n}" in flat for n in range(5))
    assert text.count("sms yes?") == 5
    assert all(word in text for word in ("birthday-", "closed", "quarter", "completed", "still open"))
    assert max(map(len, text.splitlines())) <= width


def test_steps_without_room_stand_in_a_further_table() -> None:
    """Twelve steps at 80 columns: every one is shown, in three tables."""
    steps = [f"step-{number}" for number in range(12)]
    cells = {step: Cell([(f"{number:>3}d 08:00", "email")]) for number, step in enumerate(steps)}
    text = shown([Row("1001", "everyday", "vip", "completed", cells)], steps, 80)
    assert text.count("what happens") == 3
    assert all(step in text for step in steps)
    assert text.count("email") == 12


@pytest.mark.parametrize(
    "module",
    [
        "dev",
        "dev.demo",
        "dev.setup",
        "dev.topology",
        "dev.bench",
        "dev.schema",
        "dev.histories",
        "dev.screenshots",
    ],
)
def test_help_starts_nothing(module: str, tmp_path: Path) -> None:
    """`--help` explains a tool and ends: no server is started, no file is written."""
    done = subprocess.run(
        [sys.executable, "-m", module, "--help"],
        cwd=ROOT, env={"AFTERGLOW_HOME": str(tmp_path), "PATH": "", "HOME": str(tmp_path)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("usage: ")
    assert not list(tmp_path.iterdir())
