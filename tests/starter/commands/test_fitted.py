"""Tables for people at 80 columns: no word is broken while there is room for it."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from starter.commands.console import table
from starter.commands.fitted import widths

HEAD = ("step", "decision", "why", "decided (UTC)", "next (UTC)")
ROW = ("win-back-soft", "wait", "all is sent; should a message fail, another channel takes over",
       "2026-03-01 12:00", "2026-03-02 09:00")  # fmt: skip


def shown(width: int, *cells: str) -> list[str]:
    """The lines of a table with one row in a terminal of some width."""
    console = Console(file=io.StringIO(), width=width)
    made = table("Steps", *HEAD)
    made.add_row(*cells)
    console.print(made)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize("width", [80, 100, 200])
def test_words_stay_whole(width: int) -> None:
    """Every word of every cell stands in one line, and no line is longer than the terminal."""
    lines = shown(width, *ROW)
    assert max(map(len, lines)) <= width
    for word in " ".join(ROW).split():
        assert any(word in line for line in lines), word


def test_a_wide_terminal_breaks_nothing() -> None:
    """With room for everything each cell stands in one line."""
    assert any(all(cell in line for cell in ROW) for line in shown(200, *ROW))


def test_an_id_without_end_is_broken_and_nothing_is_lost() -> None:
    """One word longer than the terminal is broken; the other columns keep their words."""
    lines = shown(80, "q" * 100, *ROW[1:])
    assert max(map(len, lines)) <= 80
    assert sum(line.count("q") for line in lines) == 100
    assert any("2026-03-01" in line for line in lines)


def test_room_goes_to_the_columns_that_lack_least() -> None:
    """A date that lacks six characters gets them before a sentence gets its forty."""
    cells = [["ab"], ["2026-03-01 12:00"], ["word " * 10]]
    assert widths(cells, 40) == [2, 16, 22]
    assert sum(widths(cells, 10)) <= 10
