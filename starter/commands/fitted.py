"""A table that fits its terminal: cells break between words, and inside one only as a last resort."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Column, Table
from rich.text import Text

FRAME, COLUMN_FRAME = 1, 3
"""Columns of the terminal that lines and blanks take: once, and for each column."""


class FittedTable(Table):
    """Rich narrows the widest columns first, whatever words they hold: a short date was broken in two."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Set the columns' widths for this terminal, then render as ever."""
        room = options.max_width - FRAME - COLUMN_FRAME * len(self.columns)
        for column, width in zip(
            self.columns, widths([_texts(one) for one in self.columns], room), strict=True
        ):
            column.width = width
        yield from super().__rich_console__(console, options)


def widths(columns: Sequence[Sequence[str]], room: int) -> list[int]:
    """Return how wide each column is, given its cells' texts: ``room`` characters at most in all.

    Every column has room for its longest word; what is left goes to the columns that lack the least. Where
    not even the words fit, the longest are broken.
    """
    whole = [
        max((Text(line).cell_len for text in cells for line in text.split("\n")), default=1)
        for cells in columns
    ]
    found = [
        max((Text(word).cell_len for text in cells for word in text.split()), default=1) for cells in columns
    ]
    while sum(found) > room and max(found) > 1:
        found[found.index(max(found))] -= 1
    for count, one in enumerate(sorted(range(len(columns)), key=lambda index: whole[index] - found[index])):
        share = (room - sum(found)) // (len(columns) - count)
        found[one] += max(0, min(share, whole[one] - found[one]))
    return found


def _texts(column: Column) -> list[str]:
    return [Text.from_markup(str(cell)).plain for cell in (column.header, *column.cells)]
