"""Which values of one fact fit a condition: spans of what has an order, sets of names of what has none."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

INFINITE = Decimal("Infinity")
Number = int | Decimal


@dataclass(frozen=True)
class Spans:
    """Values that have an order: half-open spans ``[low, high)``, rising and apart.

    ``unknown``: whether a fact that is not known is among them.
    """

    spans: tuple[tuple[Number, Number], ...]
    unknown: bool = False

    def __bool__(self) -> bool:
        """Whether there is any value."""
        return bool(self.spans) or self.unknown

    def __and__(self, other: Spans) -> Spans:
        """Return the values of both."""
        found = ((max(a, c), min(b, d)) for a, b in self.spans for c, d in other.spans)
        return Spans(tuple(span for span in found if span[0] < span[1]), self.unknown and other.unknown)

    def without(self, other: Spans) -> Spans:
        """Return the values that the other has not."""
        edges = [-INFINITE, *(edge for span in other.spans for edge in span), INFINITE]
        gaps = tuple((low, high) for low, high in zip(edges[::2], edges[1::2], strict=True) if low < high)
        return self & Spans(gaps, not other.unknown)

    @property
    def low(self) -> Number:
        """The least known value; infinite where none is known."""
        return self.spans[0][0] if self.spans else INFINITE

    @property
    def high(self) -> Number:
        """What every known value is below."""
        return self.spans[-1][1] if self.spans else -INFINITE


def span(low: Number | None, high: Number | None) -> Spans:
    """Return the known values from ``low`` on and below ``high``; None: without end."""
    return Spans(((-INFINITE if low is None else low, INFINITE if high is None else high),))


@dataclass(frozen=True)
class NameSet:
    """Some names, or with ``others`` all but these."""

    names: frozenset[str] = frozenset()
    others: bool = False

    def __bool__(self) -> bool:
        """Whether there is any name: of all names there is always another one."""
        return self.others or bool(self.names)

    def __and__(self, other: NameSet) -> NameSet:
        """Return the names of both."""
        if self.others and other.others:
            return NameSet(self.names | other.names, others=True)
        if self.others:
            return NameSet(other.names - self.names)
        return NameSet(self.names - other.names if other.others else self.names & other.names)

    def without(self, other: NameSet) -> NameSet:
        """Return the names that the other has not."""
        return self & NameSet(other.names, others=not other.others)
