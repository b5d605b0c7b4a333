"""Segments: named rules over what is known of a customer when a message is decided."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from campaign.definition.base import Name, Section, Words
from campaign.definition.segments.bounds import Amounts, Counts, Durations, LifetimeValues, Names
from campaign.fields.money import Money
from campaign.fields.places import Country


class Condition(Section):
    """What must be so. Several keys in one table must all be so; ``all``, ``any``, ``not`` combine tables.

    Orders that were cancelled or refunded count for nothing. ``lifetime_value`` is what was paid and not
    given back, ``average_order`` that by order, ``predicted_value`` what the next 365 days are expected to
    bring: all in the shop's currency. What is not known (no prediction, no order to count from) is within no
    bounds. ``country``: the customer's, else the shop's; ``vertical`` the shop's.
    """

    model_config = ConfigDict(serialize_by_alias=True)

    all: Annotated[list[Condition], Field(min_length=1)] | None = None
    any: Annotated[list[Condition], Field(min_length=1)] | None = None
    not_: Annotated[Condition | None, Field(alias="not")] = None
    orders: Counts | None = None
    lifetime_value: LifetimeValues | None = None
    predicted_value: Amounts | None = None
    average_order: Amounts | None = None
    since_last_order: Durations | None = None
    categories: Names | None = None
    tags: Names | None = None
    loyalty_tier: Annotated[list[Words], Field(min_length=1)] | None = None
    country: Annotated[list[Country], Field(min_length=1)] | None = None
    vertical: Annotated[list[Name], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            msg = "says nothing: write a condition, such as orders = { at_least = 2 }"
            raise ValueError(msg)
        return self

    @model_serializer(mode="wrap")
    def _without_unset(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {key: value for key, value in handler(self).items() if value is not None}


def tiers_named(condition: Condition | None) -> Iterator[str]:
    """Give the tiers of loyalty that a condition names, however deep."""
    if condition is None:
        return
    yield from condition.loyalty_tier or ()
    for part in (*(condition.all or ()), *(condition.any or ()), condition.not_):
        yield from tiers_named(part)


class Segment(Section):
    """Customers of whom ``when`` is so; without it, everyone.

    ``min_orders`` and ``min_lifetime_value`` are the older way to write it: either is enough.
    """

    name: Name
    when: Condition | None = None
    min_orders: Annotated[int, Field(ge=1)] | None = None
    min_lifetime_value: Money | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.when is not None and (self.min_orders is not None or self.min_lifetime_value is not None):
            msg = "has both when and min_orders or min_lifetime_value: write these into when"
            raise ValueError(msg)
        return self

    @property
    def rule(self) -> Condition | None:
        """What a customer of the segment fits, however it is written; None: everyone does."""
        either = []
        if self.min_orders is not None:
            either.append(Condition(orders=Counts(at_least=self.min_orders)))
        if self.min_lifetime_value is not None:
            either.append(Condition(lifetime_value=LifetimeValues(at_least=self.min_lifetime_value)))
        return Condition(any=either) if either else self.when
