"""The file of refused rows: as they were, with the reason beside each, to be corrected and imported again.

It holds personal data, as the file does that it comes from: only its owner may read it.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from intake.imports.private_files import private_file
from intake.imports.records import REASON, Layout, Record, layout_of, records


class Refusals:
    """Refused rows, in the format of the file that they come from. The file is made with its first row."""

    def __init__(self, path: Path | None, layout: Layout, kept: int) -> None:
        """Go on after the rows that are ``kept``: what an interrupted run wrote after them is cut off.

        ``path`` None: nothing is written.
        """
        self.path, self._layout = path, layout
        self._file: IO[bytes] | None = None
        self._marks = {kept: 0}
        if path is not None and path.exists():
            self._go_on(path, kept)

    def _go_on(self, path: Path, kept: int) -> None:
        if kept == 0:
            path.unlink()
            return
        self._file = path.open("r+b")
        layout = layout_of(self._file)
        rows = records(self._file, layout, layout.start, layout.lines_before)
        ends = [record.end for record in itertools.islice(rows, kept)]
        self._marks[kept] = ends[-1] if ends else layout.start

    def write(self, before: int, refused: Sequence[tuple[Record, str]]) -> None:
        """Add rows after the ``before`` first ones, and have them on the disk before their batch."""
        if not refused or self.path is None:
            return
        if self._file is None:
            self._file = private_file(self.path)
        self._file.seek(self._marks[before])
        self._file.truncate()
        if self._marks[before] == 0 and self._layout.delimiter is not None:
            self._file.write(self._csv([*self._header(), REASON]))
        self._file.write(b"".join(self._written(record, reason) for record, reason in refused))
        self._file.flush()
        os.fsync(self._file.fileno())
        self._marks = {before: self._marks[before], before + len(refused): self._file.tell()}

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def _header(self) -> list[str]:
        return [name for name in self._layout.columns if name != REASON]

    def _written(self, record: Record, reason: str) -> bytes:
        if self._layout.delimiter is None:
            values = record.values or {"line": record.given[0].strip()}
            return (json.dumps({**values, REASON: reason}, default=str) + "\n").encode()
        width = len(self._layout.columns)
        cells = list(itertools.islice(itertools.chain(record.given, itertools.repeat("")), width))
        named = zip(self._layout.columns, cells, strict=True)
        return self._csv([*(cell for name, cell in named if name != REASON), reason])

    def _csv(self, cells: Sequence[str]) -> bytes:
        text = io.StringIO()
        csv.writer(text, delimiter=self._layout.delimiter or ",", lineterminator="\n").writerow(cells)
        return text.getvalue().encode()
