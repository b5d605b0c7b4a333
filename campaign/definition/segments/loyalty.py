"""The tiers of the loyalty programme, lowest first, and what each takes."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from campaign.definition.base import Name, Section
from campaign.definition.localized import Localized
from campaign.fields.money import Money
from campaign.fields.places import Language

Title = Annotated[str, StringConstraints(min_length=1, max_length=40)]


class Tier(Section):
    """A tier. ``orders`` or ``value`` is enough to be in it; with neither, only the programme gives it.

    ``value`` is in the shop's currency, of all that was paid and not given back. ``perks`` fits into a
    sentence: "free shipping and early access". Both may be written for each language.
    """

    name: Name
    title: Title | Annotated[dict[Language, Title], Field(min_length=1)]
    orders: Annotated[int, Field(ge=1)] | None = None
    value: Money | None = None
    perks: Localized | None = None

    @property
    def counted(self) -> bool:
        """Whether it is reached by what the customer has bought."""
        return self.orders is not None or self.value is not None


class Loyalty(Section):
    """The programme's tiers; none: the shop has no tiers."""

    tiers: list[Tier] = Field(default=[], max_length=10)

    @model_validator(mode="after")
    def _rising(self) -> Self:
        for lower, higher in pairwise([tier for tier in self.tiers if tier.counted]):
            if not _takes_more(lower, higher):
                msg = f'tiers: "{higher.name}" takes no more than "{lower.name}": list them from the lowest'
                raise ValueError(msg)
        return self


def _takes_more(lower: Tier, higher: Tier) -> bool:
    """Whether the higher one takes more of everything that both count."""
    orders = lower.orders is None or higher.orders is None or lower.orders < higher.orders
    return orders and (lower.value is None or higher.value is None or lower.value < higher.value)
