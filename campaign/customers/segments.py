"""Which segment a customer is in, and what each condition said of which value: one evaluation for both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Any

from campaign.customers.history import kept_orders, lifetime_value
from campaign.customers.loyalty import loyalty_standing
from campaign.definition.durations import format_duration
from campaign.definition.model import Definition
from campaign.definition.segments.bounds import Amounts, Counts, Durations, LifetimeValues, NameChoice
from campaign.definition.segments.conditions import Condition, Segment
from campaign.facts import Facts


class Combined(StrEnum):
    """How a condition is made: of one fact, or of other conditions."""

    FACT = "fact"
    ALL = "all"
    ANY = "any"
    NOT = "not"


@dataclass(frozen=True)
class Judged:
    """A condition in words, whether it is so, and the value that was seen (None: of combined ones).

    ``parts`` are the conditions that it is made of, each judged, also where the first has settled it.
    """

    text: str
    holds: bool
    value: str | None = None
    parts: tuple[Judged, ...] = ()
    kind: Combined = Combined.FACT


@dataclass(frozen=True)
class SegmentJudged:
    """A segment, whether the customer fits it, and why. The first that fits is the customer's.

    ``why`` is None for a segment without conditions.
    """

    name: str
    matched: bool
    why: Judged | None = None


def segment_of(definition: Definition, facts: Facts, now: datetime) -> str:
    """Return the first segment of the definition that the customer fits; the last one takes everyone."""
    known = _Known(definition, facts, now)
    fitting = (s.name for s in definition.segments if _judge_segment(s, known).matched)
    return next(fitting, definition.segments[-1].name)


def explain_segments(definition: Definition, facts: Facts, now: datetime) -> list[SegmentJudged]:
    """Return every segment with what its conditions said, in their order."""
    known = _Known(definition, facts, now)
    return [_judge_segment(segment, known) for segment in definition.segments]


@dataclass(frozen=True)
class _Known:
    """The values that conditions look at."""

    definition: Definition
    facts: Facts
    now: datetime

    @cached_property
    def currency(self) -> str:
        return self.definition.shop.currency

    @cached_property
    def placed(self) -> list[datetime]:
        """When each kept order was placed."""
        return [order.placed_at for order in kept_orders(self.facts.orders)]

    @cached_property
    def value(self) -> Decimal:
        return lifetime_value(self.facts.orders, self.currency)

    @cached_property
    def average(self) -> Decimal | None:
        count = sum(order.kept and order.currency == self.currency for order in self.facts.orders)
        return self.value / count if count else None

    @cached_property
    def since_last_order(self) -> timedelta | None:
        return max(self.now - self.placed[-1], timedelta(0)) if self.placed else None

    def orders(self, within: timedelta | None) -> int:
        return sum(within is None or self.now - at <= within for at in self.placed)


def _judge_segment(segment: Segment, known: _Known) -> SegmentJudged:
    rule = segment.rule
    if rule is None:
        return SegmentJudged(segment.name, matched=True)
    why = _judge(rule, known)
    return SegmentJudged(segment.name, why.holds, why)


def _judge(condition: Condition, known: _Known) -> Judged:
    """Judge a table: everything in it must be so."""
    parts = tuple(_parts(condition, known))
    return parts[0] if len(parts) == 1 else _all(parts)


def _parts(condition: Condition, known: _Known) -> Iterator[Judged]:
    if condition.all is not None:
        yield _all(tuple(_judge(part, known) for part in condition.all))
    if condition.any is not None:
        parts = tuple(_judge(part, known) for part in condition.any)
        yield Judged("any of these", any(p.holds for p in parts), parts=parts, kind=Combined.ANY)
    if condition.not_ is not None:
        part = _judge(condition.not_, known)
        yield Judged("not", not part.holds, parts=(part,), kind=Combined.NOT)
    for name, test in _TESTS.items():
        wanted = getattr(condition, name)
        if wanted is not None:
            yield from test(wanted, known)


def _all(parts: tuple[Judged, ...]) -> Judged:
    return Judged("all of these", all(part.holds for part in parts), parts=parts, kind=Combined.ALL)


def _orders(wanted: Counts, known: _Known) -> Iterator[Judged]:
    count = known.orders(wanted.within)
    holds = (wanted.at_least is None or count >= wanted.at_least) and (
        wanted.at_most is None or count <= wanted.at_most
    )
    words = "orders" if wanted.within is None else f"orders in the last {format_duration(wanted.within)}"
    yield Judged(f"{words} {_bounds(wanted.at_least, wanted.at_most, 'at most')}", holds, str(count))


def _lifetime_value(wanted: LifetimeValues, known: _Known) -> Iterator[Judged]:
    if wanted.at_least is not None or wanted.below is not None:
        yield _amount("lifetime value", wanted, known.value, known)
    if wanted.top is not None:
        above = known.facts.insight.shop.top_values.get(wanted.top)
        words = "not measured" if above is None else f"above {_money(above, known)}"
        text = f"lifetime value in the top {wanted.top} % ({words})"
        yield Judged(text, above is not None and known.value > above, _money(known.value, known))


def _predicted_value(wanted: Amounts, known: _Known) -> Iterator[Judged]:
    yield _amount("predicted value", wanted, known.facts.insight.predicted_value, known)


def _average_order(wanted: Amounts, known: _Known) -> Iterator[Judged]:
    yield _amount("average order", wanted, known.average, known)


def _amount(name: str, wanted: Amounts, value: Decimal | None, known: _Known) -> Judged:
    low, high = (None if bound is None else _money(bound, known) for bound in (wanted.at_least, wanted.below))
    text = f"{name} {_bounds(low, high)}"
    return Judged(text, _within(value, wanted), "not known" if value is None else _money(value, known))


def _since_last_order(wanted: Durations, known: _Known) -> Iterator[Judged]:
    low, high = (None if each is None else format_duration(each) for each in (wanted.at_least, wanted.below))
    value = known.since_last_order
    seen = "no order" if value is None else format_duration(value)
    yield Judged(f"since the last order {_bounds(low, high)}", _within(value, wanted), seen)


def _categories(wanted: NameChoice, known: _Known) -> Iterator[Judged]:
    return _names("categories bought", wanted, known.facts.insight.categories)


def _tags(wanted: NameChoice, known: _Known) -> Iterator[Judged]:
    return _names("tags", wanted, known.facts.insight.tags)


def _names(name: str, wanted: NameChoice, has: frozenset[str]) -> Iterator[Judged]:
    mine, seen = _folded(has), ", ".join(sorted(has)) or "none"
    tests: tuple[tuple[str, list[str] | None, Callable[[frozenset[str]], bool]], ...] = (
        ("any of", wanted.any_of, lambda names: bool(names & mine)),
        ("all of", wanted.all_of, lambda names: names <= mine),
        ("none of", wanted.none_of, lambda names: not names & mine),
    )
    for words, names, test in tests:
        if names is not None:
            yield Judged(f"{name}: {words} {', '.join(names)}", test(_folded(names)), seen)


def _loyalty_tier(wanted: list[str], known: _Known) -> Iterator[Judged]:
    yield _one_of("loyalty tier", wanted, loyalty_standing(known.definition, known.facts).tier_name)


def _country(wanted: list[str], known: _Known) -> Iterator[Judged]:
    yield _one_of("country", wanted, known.facts.customer.country or known.definition.shop.country)


def _vertical(wanted: list[str], known: _Known) -> Iterator[Judged]:
    yield _one_of("vertical", wanted, known.definition.shop.vertical)


def _one_of(name: str, wanted: list[str], value: str | None) -> Judged:
    holds = value is not None and value.casefold() in _folded(wanted)
    return Judged(f"{name}: {' or '.join(wanted)}", holds, value or "none")


_TESTS: Mapping[str, Callable[[Any, _Known], Iterator[Judged]]] = MappingProxyType(
    {
        "orders": _orders,
        "lifetime_value": _lifetime_value,
        "predicted_value": _predicted_value,
        "average_order": _average_order,
        "since_last_order": _since_last_order,
        "categories": _categories,
        "tags": _tags,
        "loyalty_tier": _loyalty_tier,
        "country": _country,
        "vertical": _vertical,
    }
)
"""A test for every key of `Condition` but those that combine."""


def _within(value: Any, wanted: Amounts | Durations) -> bool:
    return (
        value is not None
        and (wanted.at_least is None or value >= wanted.at_least)
        and (wanted.below is None or value < wanted.below)
    )


def _bounds(low: object | None, high: object | None, high_word: str = "below") -> str:
    words = [("at least", low), (high_word, high)]
    return " and ".join(f"{word} {bound}" for word, bound in words if bound is not None)


def _money(amount: Decimal, known: _Known) -> str:
    return f"{amount:.2f} {known.currency}"


def _folded(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name.casefold() for name in names)
