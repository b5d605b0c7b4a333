"""What a message can say of other customers' reviews: real ones, of the products that it shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Average:
    """What all ratings come to: ``average`` out of 5, of ``count`` ratings."""

    average: float
    count: int


@dataclass(frozen=True)
class Quoted:
    """A published review in the customer's language, whole. ``author``: the name to show, if any."""

    sku: str
    text: str
    rating: int
    author: str | None = None
    verified: bool = False
