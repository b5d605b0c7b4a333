"""Rows of a CSV or JSON Lines file, streamed: each with its line, and where the file goes on after it."""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import IO, Any

from campaign.errors import BadInput, Problem

LONGEST_LINE = 1_000_000
DELIMITERS = (",", ";", "\t")
REASON = "reason"
_BLOCK = 1 << 20
_SIGNATURES = (
    (b"PK\x03\x04", "is a spreadsheet or a ZIP archive", "export it as CSV, or unpack it"),
    (codecs.BOM_UTF16_LE, "is UTF-16", "save it as UTF-8"),
    (codecs.BOM_UTF16_BE, "is UTF-16", "save it as UTF-8"),
    (b"[", "is a JSON list", "write one object a line: jq -c '.[]' FILE"),
)


@dataclass(frozen=True)
class Record:
    """One row. ``values``: by column, without the empty ones; ``given``: what it was, to hand back.

    ``line``: where it begins, from 1; ``end``: the position in bytes after it. ``problem``: it is no row.
    """

    line: int
    end: int
    values: dict[str, Any] = field(default_factory=dict)
    given: Sequence[str] = ()
    problem: str | None = None


@dataclass(frozen=True)
class Layout:
    """How a file is written. ``columns``: the header of a CSV file, the first object's keys of JSON Lines.

    ``delimiter`` is None for JSON Lines; ``start``: the position in bytes of the first row.
    """

    columns: tuple[str, ...]
    delimiter: str | None
    start: int
    lines_before: int


def unpacked(file: IO[bytes], scratch: IO[bytes]) -> IO[bytes]:
    """Return a file that can be read again: itself, or the scratch file with what was packed or streamed.

    Raises:
        BadInput: a stream is packed.
    """
    if not file.seekable():
        shutil.copyfileobj(file, scratch, _BLOCK)
        scratch.seek(0)
        if _is_gzip(scratch):
            fix = "unpack it on the way: gunzip -c FILE | ... -"
            raise BadInput([Problem("standard input", "is a gzip file", fix)])
        return scratch
    if not _is_gzip(file):
        return file
    with gzip.open(file) as packed:
        shutil.copyfileobj(packed, scratch, _BLOCK)
    scratch.seek(0)
    return scratch


def _is_gzip(file: IO[bytes]) -> bool:
    found = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    return found


def digest_of(file: IO[bytes], name: str, *more: str) -> tuple[str, int]:
    """Return the SHA-256 of the file's bytes and of ``more``, and its size; the file is at its start again.

    Raises:
        BadInput: it is empty, no UTF-8, or of a kind that is not read here.
    """
    digest, decoder, size = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")(), 0
    while block := file.read(_BLOCK):
        _refuse_other_kinds(block if size == 0 else b"", name)
        digest.update(block)
        _decode(decoder, block, name, size)
        size += len(block)
    _decode(decoder, b"", name, size, final=True)
    file.seek(0)
    if size == 0:
        raise BadInput([Problem(name, "is empty", "name a file with rows in it")])
    for text in more:
        digest.update(b"\0" + text.encode())
    return digest.hexdigest(), size


def _refuse_other_kinds(head: bytes, name: str) -> None:
    for signature, what, fix in _SIGNATURES:
        if head.lstrip(b" \r\n\t" if signature == b"[" else b"").startswith(signature):
            raise BadInput([Problem(name, what, fix)])


def _decode(decoder: Any, block: bytes, name: str, at: int, *, final: bool = False) -> None:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError as error:
        where = f"{name}, byte {at + error.start}"
        raise BadInput([Problem(where, "is not UTF-8", "save the file as UTF-8")]) from None


class _Lines:
    """The lines of a file as text, with the position after the last one that was read."""

    def __init__(self, file: IO[bytes], number: int) -> None:
        self.file, self.number, self.end = file, number, file.tell()

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self.file.readline(LONGEST_LINE + 1)
        if not line:
            raise StopIteration
        self.number += 1
        self.end += len(line)
        if len(line) > LONGEST_LINE:
            what = f"is longer than {LONGEST_LINE} bytes"
            raise BadInput([Problem(f"line {self.number}", what, "check the file's line ends")])
        return line.decode("utf-8")


def layout_of(file: IO[bytes]) -> Layout:
    """Find out how a file is written, from its first line.

    Raises:
        BadInput: its header names a column twice, or its first line is no JSON object.
    """
    file.seek(len(codecs.BOM_UTF8) if file.read(3) == codecs.BOM_UTF8 else 0)
    begin = file.tell()
    if file.read(1) == b"{":
        file.seek(begin)
        first = next(records(file, Layout((), None, begin, 0), begin, 0), None)
        return Layout(tuple(first.values) if first else (), None, begin, 0)
    file.seek(begin)
    lines = _Lines(file, 0)
    head = next(lines, "")
    file.seek(begin)
    lines = _Lines(file, 0)
    delimiter = max(DELIMITERS, key=head.count)
    names = next(_rows(lines, delimiter), [])
    columns = tuple(name.strip() for name in names)
    if problems := [Problem(f"column {name}", "is there twice", "rename one") for name in _twice(columns)]:
        raise BadInput(problems)
    return Layout(columns, delimiter, lines.end, lines.number)


def _twice(columns: Sequence[str]) -> list[str]:
    return sorted({name for name in columns if name and columns.count(name) > 1})


def records(file: IO[bytes], layout: Layout, position: int, line: int) -> Iterator[Record]:
    """Give the rows from a position on; ``line``: how many lines lie before it.

    Raises:
        BadInput: from here on it cannot be read, such as after a quotation mark that is never closed.
    """
    file.seek(position)
    lines = _Lines(file, line)
    return _objects(lines) if layout.delimiter is None else _csv_records(lines, layout)


def _csv_records(lines: _Lines, layout: Layout) -> Iterator[Record]:
    begin = lines.number + 1
    for row in _rows(lines, layout.delimiter or ","):
        if len(row) == len(layout.columns):
            values = {name: text for name, value in zip(layout.columns, row, strict=True)
                      if (text := value.strip())}  # fmt: skip
            yield Record(begin, lines.end, values, row)
        elif row:
            problem = f"has {len(row)} columns where the header has {len(layout.columns)}"
            yield Record(begin, lines.end, {}, row, problem)
        begin = lines.number + 1


def _rows(lines: _Lines, delimiter: str) -> Iterator[list[str]]:
    csv.field_size_limit(LONGEST_LINE)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        begin = lines.number + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            fix = "check its quotation marks: one inside a quoted value is written twice"
            raise BadInput([Problem(f"line {begin}", f"is no CSV ({error})", fix)]) from None
        if row is None:
            return
        yield row


def _objects(lines: _Lines) -> Iterator[Record]:
    for line in lines:
        if line.strip():
            yield _object(line, lines)


def _object(line: str, lines: _Lines) -> Record:
    try:
        found = json.loads(line, parse_float=Decimal)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        return Record(lines.number, lines.end, {}, (line,), "is no JSON object")
    return Record(lines.number, lines.end, found, (line,))
