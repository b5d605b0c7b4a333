"""How much one rendering may do, counted as it goes: so a template without end is stopped in any thread.

A step is an iteration, a call, a filter, a file; working through data costs steps by its size. Text is
counted wherever it is made, also where it is only kept in a variable. Both counts depend on the template
and its data alone; the processor's time is the net below them, for what costs more than it looks.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from jinja2 import TemplateError

MOST_STEPS = 200_000
"""Of one rendering. The default emails take about a thousand."""
MOST_TEXT = 1_000_000
"""Characters that one rendering may make. Mail programs cut an email off at 102 KB."""
MOST_SECONDS = 10.0
"""Of the processor, in this thread: others that keep the machine busy do not count."""
_LOOK_EVERY = 1_000
_CHARACTERS_A_STEP = 100
# Tuples: `a | b` is put together anew each time that it is evaluated, and this is the hottest place there is.
_TEXTS = (str, bytes)
_SIZED = (list, tuple, dict, set, frozenset, range)


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


def size_of(value: object) -> int:
    """Return how many steps it takes to work through a value once."""
    if isinstance(value, _TEXTS):
        return len(value) // _CHARACTERS_A_STEP
    return len(value) if isinstance(value, _SIZED) else 0


def longest(size: int) -> None:
    """Refuse a text or list that would be longer than a whole message, before it is made.

    Raises:
        LimitExceeded: it would be.
    """
    if size > MOST_TEXT:
        msg = f"makes a value of more than {MOST_TEXT:,} characters"
        raise LimitExceeded(msg)
