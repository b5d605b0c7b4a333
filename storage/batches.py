"""Rows some at once: what grows with the shop is read and written in parts of a bounded size."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from itertools import groupby, islice
from typing import TypeVar

T = TypeVar("T")


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Give items ``size`` at once; the last part may be smaller."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def whole_keys(rows: Iterable[T], key: Callable[[T], Hashable], size: int) -> Iterator[list[T]]:
    """Give rows at least ``size`` at once, in parts that end where a key does; they are sorted by it."""
    batch: list[T] = []
    for _, of_key in groupby(rows, key):
        batch += of_key
        if len(batch) >= size:
            yield batch
            batch = []
    if batch:
        yield batch
