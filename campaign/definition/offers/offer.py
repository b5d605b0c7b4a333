"""Offers: what a customer gets, by which code, until when, and how much of it the shop gives away."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from campaign.definition.base import Section
from campaign.definition.durations import Duration
from campaign.definition.localized import Localized, in_language
from campaign.fields.money import Money
from campaign.problems import Form

ShopPath = Annotated[
    str, Form(r"^/(?!/)[^\s?#\\]{0,200}$", 'write a path of the shop such as "/collections/all"')
]
Percent = Annotated[Decimal, Field(gt=0, le=100, max_digits=5, decimal_places=2)]


class Codes(StrEnum):
    """Which code a customer gets: the same as everybody, or one of their own, made by us or uploaded."""

    SHARED = "shared"
    SINGLE_USE = "single_use"
    POOL = "pool"


class Offer(Section):
    """An incentive as the customer reads it, and its code.

    ``text`` and ``terms`` are texts, or tables of them by language. ``percent``, ``amount`` (in the shop's
    currency) or ``free_shipping`` says what the code does: subjects are checked against it.

    ``valid_for``: until the end of that day where the customer lives. A code of the customer's own needs it.
    ``cost``: what one such code is reckoned to cost the shop, for ``max_cost_per_day`` and
    ``max_cost_per_customer`` (in any 365 days); left out: the amount, or the percentage of what the
    customer's orders come to on average. ``stacks``: given also to somebody with another open coupon.

    ``lands_on``: the path of the shop that the link with the code leads to.
    ``keep_ready``: how many codes are made ahead. ``shopify_discount``: the id of the discount at Shopify
    that generated codes are added to.
    """

    text: Localized
    percent: Percent | None = None
    amount: Money | None = None
    free_shipping: bool = False
    coupon: Codes = Codes.SHARED
    code: Annotated[str, Form(r"^[A-Z0-9-]{3,30}$", 'write 3 to 30 capitals, digits and "-"')] | None = None
    prefix: Annotated[str, Form(r"^[A-Z0-9]{2,12}$", "write 2 to 12 capitals and digits")] | None = None
    valid_for: Duration | None = None
    terms: Localized | None = None
    lands_on: ShopPath = "/"
    cost: Money | None = None
    max_per_day: Annotated[int, Field(ge=1)] | None = None
    max_cost_per_day: Money | None = None
    max_cost_per_customer: Money | None = None
    stacks: bool = False
    keep_ready: Annotated[int, Field(ge=1, le=100_000)] = 1_000
    shopify_discount: (
        Annotated[str, Form(r"^gid://shopify/\w+/\d+$", 'write "gid://shopify/DiscountCodeNode/..."')] | None
    ) = None

    @property
    def personal(self) -> bool:
        """Whether each customer gets a code of their own."""
        return self.coupon is not Codes.SHARED

    @property
    def capped_by_day(self) -> bool:
        """Whether only so many are given a day."""
        return self.max_per_day is not None or self.max_cost_per_day is not None

    @property
    def texts(self) -> list[str]:
        """Its text in every language that it has one in."""
        return [self.text] if isinstance(self.text, str) else list(self.text.values())

    def text_in(self, *languages: str, tone: str | None = None) -> str:
        """Return the text in the first of these languages that it is there in, in the brand's tone."""
        return in_language(self.text, *languages, tone=tone)

    def terms_in(self, *languages: str, tone: str | None = None) -> str | None:
        """Return the terms as `text_in` does."""
        return None if self.terms is None else in_language(self.terms, *languages, tone=tone)

    @model_validator(mode="after")
    def _one_benefit(self) -> Self:
        named = [name for name in ("percent", "amount") if getattr(self, name) is not None]
        if len(named) > 1:
            msg = "has both percent and amount: write one of them"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _codes_fit(self) -> Self:
        if self.personal:
            return self._needs_no_shared_code()
        own = (
            "prefix",
            "cost",
            "max_per_day",
            "max_cost_per_day",
            "max_cost_per_customer",
            "shopify_discount",
        )
        for name in own:
            if getattr(self, name) is not None:
                msg = f'{name} is about codes of the customer\'s own: write coupon = "single_use" or "pool"'
                raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _caps_can_be_reckoned(self) -> Self:
        capped = self.max_cost_per_day is not None or self.max_cost_per_customer is not None
        if capped and self.cost is None and self.amount is None and self.percent is None:
            msg = 'has a cost cap, and nothing says what a code costs: write cost = "5.00"'
            raise ValueError(msg)
        return self

    def _needs_no_shared_code(self) -> Self:
        if self.code is not None:
            msg = 'has one code for everybody: remove code, or write coupon = "shared"'
            raise ValueError(msg)
        if self.valid_for is None:
            msg = 'has codes that would never end: write valid_for = "14 days"'
            raise ValueError(msg)
        if self.prefix is not None and self.coupon is Codes.POOL:
            msg = "has a prefix for codes that are uploaded: remove prefix"
            raise ValueError(msg)
        return self
