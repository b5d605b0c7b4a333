"""Conditions as logic: what a set of conditions leaves possible of each fact, or that it leaves nothing.

The method is sound: where it finds nothing possible, no customer fits. It splits alternatives one by one, and
narrows each fact to the values that are left; two facts are linked only where one follows from the other
(`_linked`). What depends on the shop's figures, as how much the top 10 % have spent, is left open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from campaign.definition.segments.bounds import Amounts, Counts, Durations, LifetimeValues, NameChoice
from campaign.definition.segments.conditions import Condition
from campaign.definition.segments.value_sets import INFINITE, NameSet, Number, Spans, span

Fact = tuple[str, object]
"""A fact that conditions are about: its key, and which one of several (the window, the tag)."""
Possible = Mapping[Fact, Spans | NameSet]
_MOST_SPLITS = 10_000
"""Of alternatives: with more, all that is left counts as possible."""
_MICROSECOND = timedelta(microseconds=1)
_ORDERS, _SINCE, _VALUE = "orders", ("since_last_order", None), ("lifetime_value", None)
_DOMAINS: Mapping[str, Spans | NameSet] = {
    _ORDERS: span(0, None),
    "lifetime_value": span(0, None),
    "share": span(1, 101),
    "predicted_value": Spans(((-INFINITE, INFINITE),), unknown=True),
    "average_order": Spans(((0, INFINITE),), unknown=True),
    "since_last_order": Spans(((0, INFINITE),), unknown=True),
    "categories": span(0, 2),
    "tags": span(0, 2),
}
_NAMES = NameSet(others=True)


@dataclass(frozen=True)
class Is:
    """The fact has one of these values."""

    fact: Fact
    values: Spans | NameSet


@dataclass(frozen=True)
class Every:
    """All of these are so."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True)
class Some:
    """One of these is so."""

    parts: tuple[Formula, ...]


Formula = Is | Every | Some
EVERYONE = Every(())


def formula(condition: Condition | None) -> Formula:
    """Return a segment's condition as logic; None is everyone."""
    if condition is None:
        return EVERYONE
    wanted = {name: getattr(condition, name) for name in _FORMULAS}
    return Every(tuple(_FORMULAS[name](value) for name, value in wanted.items() if value is not None))


def negated(what: Formula) -> Formula:
    """Return the opposite."""
    if isinstance(what, Is):
        return Is(what.fact, _without(domain(what.fact), what.values))
    parts = tuple(map(negated, what.parts))
    return Some(parts) if isinstance(what, Every) else Every(parts)


def possible(formulas: Iterable[Formula]) -> Possible | None:
    """Return values of the facts with which all of these are so; None: there are none.

    Values that are returned are a box: any of each, as far as facts do not depend on each other.
    """
    return _Search().find(list(formulas), [], {})


def domain(fact: Fact) -> Spans | NameSet:
    """Return all values that a fact can have."""
    return _DOMAINS.get(fact[0], _NAMES)


def _counts(counts: Counts) -> Formula:
    beyond = None if counts.at_most is None else counts.at_most + 1
    return Is((_ORDERS, counts.within), span(counts.at_least, beyond))


def _lifetime_value(bounds: LifetimeValues) -> Formula:
    share = None if bounds.top is None else Is(("share", None), span(1, bounds.top + 1))
    return Every((_bounds("lifetime_value", bounds), share or EVERYONE))


def _bounds(name: str, bounds: Amounts | Durations) -> Formula:
    if bounds.at_least is None and bounds.below is None:
        return EVERYONE
    return Is((name, None), span(_number(bounds.at_least), _number(bounds.below)))


def _number(bound: Number | timedelta | None) -> Number | None:
    return bound // _MICROSECOND if isinstance(bound, timedelta) else bound


def _choice(name: str, choice: NameChoice) -> Formula:
    def each(names: list[str], *, there: bool) -> tuple[Formula, ...]:
        values = span(1, 2) if there else span(0, 1)
        return tuple(Is((name, one.casefold()), values) for one in names)

    return Every(
        (
            Some(each(choice.any_of, there=True)) if choice.any_of else EVERYONE,
            *each(choice.all_of or [], there=True),
            *each(choice.none_of or [], there=False),
        )
    )


def _one_of(name: str, names: list[str]) -> Formula:
    return Is((name, None), NameSet(frozenset(map(str.casefold, names))))


_FORMULAS: Mapping[str, Callable[[Any], Formula]] = {
    "all": lambda parts: Every(tuple(map(formula, parts))),
    "any": lambda parts: Some(tuple(map(formula, parts))),
    "not_": lambda part: negated(formula(part)),
    "orders": _counts,
    "lifetime_value": _lifetime_value,
    **{name: partial(_bounds, name) for name in ("predicted_value", "average_order", "since_last_order")},
    **{name: partial(_choice, name) for name in ("categories", "tags")},
    **{name: partial(_one_of, name) for name in ("loyalty_tier", "country", "vertical")},
}
"""What each key of `Condition` says."""


class _Search:
    """Goes through alternatives, depth first, with what each leaves possible."""

    def __init__(self) -> None:
        self.splits = 0

    def find(
        self, todo: list[Formula], choices: list[Some], box: dict[Fact, Spans | NameSet]
    ) -> Possible | None:
        """Return the first box that is left, or None."""
        self.splits += 1
        if self.splits > _MOST_SPLITS:
            return box
        while todo:
            what = todo.pop()
            if isinstance(what, Every):
                todo.extend(what.parts)
            elif isinstance(what, Some):
                choices.append(what)
            elif not _narrow(box, what):
                return None
        if not choices:
            return box if _linked(box) else None
        *rest, choice = sorted(choices, key=lambda some: -len(some.parts))
        found = (self.find([part], list(rest), dict(box)) for part in choice.parts)
        return next((one for one in found if one is not None), None)


def _narrow(box: dict[Fact, Spans | NameSet], what: Is) -> bool:
    """Leave only these values of the fact; return whether any is left."""
    box[what.fact] = _and(box.get(what.fact, domain(what.fact)), what.values)
    return bool(box[what.fact])


def _linked(box: dict[Fact, Spans | NameSet]) -> bool:
    """Narrow facts by each other, and return whether all have a value left.

    A longer time has no fewer orders; the last order lies in a time exactly if that has one; who has spent
    something has an order. Twice, since each narrows the others.
    """
    return all(_narrow(box, what) for _ in range(2) for what in _consequences(box))


def _consequences(box: dict[Fact, Spans | NameSet]) -> Iterator[Is]:
    if isinstance(value := box.get(_VALUE), Spans) and value.low > 0:
        yield Is((_ORDERS, None), span(1, None))
    windows = sorted((w for name, w in box if name == _ORDERS), key=_length)
    for window in windows:
        yield from _with_recency(box, window)
    for one in windows:
        for other in windows:
            if _length(one) <= _length(other):
                yield Is((_ORDERS, other), span(_spans(box, one).low, None))
                yield Is((_ORDERS, one), span(None, _spans(box, other).high))


def _with_recency(box: dict[Fact, Spans | NameSet], window: object) -> Iterator[Is]:
    orders, since = _spans(box, window), box.get(_SINCE)
    if not isinstance(since, Spans):
        return
    ends = _length(window) + 1
    if orders.low >= 1:
        yield Is(_SINCE, span(0, ends))
    if orders.high <= 1:
        yield Is(_SINCE, Spans(((ends, INFINITE),) if ends < INFINITE else (), unknown=True))
    if since.low >= ends:
        yield Is((_ORDERS, window), span(0, 1))
    if not since.unknown and since.high <= ends:
        yield Is((_ORDERS, window), span(1, None))


def _spans(box: dict[Fact, Spans | NameSet], window: object) -> Spans:
    found = box[_ORDERS, window]
    assert isinstance(found, Spans)  # noqa: S101 - for the type checker: orders are counted
    return found


def _length(window: object) -> Number:
    return window // _MICROSECOND if isinstance(window, timedelta) else INFINITE


def _and(one: Spans | NameSet, other: Spans | NameSet) -> Spans | NameSet:
    return one & other  # type: ignore[operator] # both are of one fact


def _without(one: Spans | NameSet, other: Spans | NameSet) -> Spans | NameSet:
    return one.without(other)  # type: ignore[arg-type] # both are of one fact
