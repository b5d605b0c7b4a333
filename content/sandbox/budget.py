"""How much one rendering may do, counted as it goes: so a template without end is stopped in any thread.

A step is an iteration, a call, a filter, a file; working through data costs steps by its size. Text is
counted wherever it is made, also where it is only kept in a variable. Both counts depend on the template
and its data alone; the processor's time is the net below them, for what costs more than it looks.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import cast

from jinja2 import TemplateError
from jinja2.utils import Namespace
from pydantic import BaseModel

MOST_STEPS = 200_000
"""Of one rendering. The default emails take about a thousand."""
MOST_TEXT = 1_000_000
"""Characters that one rendering may make. Mail programs cut an email off at 102 KB."""
MOST_SECONDS = 10.0
"""Of the processor, in this thread: others that keep the machine busy do not count."""
_LOOK_EVERY = 1_000
_CHARACTERS_A_STEP = 100
_MODEL = 20  # steps to write one out
# Tuples: `a | b` is put together anew each time that it is evaluated, and this is the hottest place there is.
_TEXTS = (str, bytes)
_HOLDING = (list, tuple, dict, set, frozenset, range, Namespace)


class LimitExceeded(TemplateError):
    """A template does more than any message needs."""


class Budget:
    """What one rendering has used so far."""

    __slots__ = ("_began", "_look", "steps", "text")

    def __init__(self) -> None:
        """Begin with nothing used."""
        self.steps = self.text = 0
        self._look = _LOOK_EVERY
        self._began = time.thread_time()

    def spend(self, steps: int, text: int = 0) -> None:
        """Count steps, and characters made.

        Raises:
            LimitExceeded: that was too much.
        """
        self.steps += steps + text // _CHARACTERS_A_STEP
        self.text += text
        if self.text > MOST_TEXT:
            msg = f"makes more than {MOST_TEXT:,} characters"
            raise LimitExceeded(msg)
        if self.steps > MOST_STEPS:
            msg = f"takes more than {MOST_STEPS:,} steps"
            raise LimitExceeded(msg)
        if self.steps >= self._look:
            self._look = self.steps + _LOOK_EVERY
            if time.thread_time() - self._began > MOST_SECONDS:
                msg = f"takes more than {MOST_SECONDS:.0f} seconds"
                raise LimitExceeded(msg)


_current: ContextVar[Budget | None] = ContextVar("budget", default=None)


@contextmanager
def budget() -> Iterator[Budget]:
    """Give a rendering its budget; one that is inside another shares it."""
    outer = _current.get()
    if outer is not None:
        yield outer
        return
    mine = Budget()
    token = _current.set(mine)
    try:
        yield mine
    finally:
        _current.reset(token)


def spend(steps: int, text: int = 0) -> None:
    """Count against the rendering that is under way, if there is one. Raises as `Budget.spend`."""
    current = _current.get()
    if current is not None:
        current.spend(steps, text)


def counted(values: Iterator[object]) -> Iterator[object]:
    """Give what an iterator gives, a step each."""
    for value in values:
        spend(1)
        yield value


def weight(*values: object) -> int:
    """Return how many steps it takes to work through values once, with all that is inside them.

    A list that holds one list twice, that holds one twice, and so on, is small to make and endless to write
    or to compare; and both are done by the interpreter without a look at any other thread.

    Raises:
        LimitExceeded: that is too much; it is found without working through it.
    """
    steps = 0
    for value in values:
        if isinstance(value, _TEXTS):
            steps += len(value) // _CHARACTERS_A_STEP
        elif isinstance(value, _HOLDING):
            steps += _held(value)
    return steps


def _held(value: object) -> int:
    left, steps = [value], 0
    while left:
        one = left.pop()
        inside = _inside(one) if isinstance(one, _HOLDING) else ()
        steps += len(inside) or _size(one)
        if steps > MOST_STEPS:
            msg = f"takes more than {MOST_STEPS:,} steps"
            raise LimitExceeded(msg)
        if not isinstance(inside, range):
            left.extend(inside)
    return steps


def _inside(value: object) -> Collection[object]:
    """Return what a list or its like holds."""
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    return list(vars(value).values()) if isinstance(value, Namespace) else cast("Collection[object]", value)


def _size(value: object) -> int:
    """Return how many steps it takes to work through what holds nothing."""
    if isinstance(value, _TEXTS):
        return len(value) // _CHARACTERS_A_STEP
    return _MODEL if isinstance(value, BaseModel) else 0


def longest(size: int) -> None:
    """Refuse a text or list that would be longer than a whole message, before it is made.

    Raises:
        LimitExceeded: it would be.
    """
    if size > MOST_TEXT:
        msg = f"makes a value of more than {MOST_TEXT:,} characters"
        raise LimitExceeded(msg)
