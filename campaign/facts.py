"""What a decision is made from: plain immutable data, loaded anew for every decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from campaign.offers.coupons import HeldCoupon, OfferStock
from campaign.reasons import Channel
from campaign.wire import OrderStatus


class Purpose(StrEnum):
    """What a message is for: the step's own words, or the one question of double opt-in."""

    MARKETING = "marketing"
    OPT_IN = "opt_in"


class MessageState(StrEnum):
    """The life of a message: claimed -> sending -> one of the settled states.

    `HELD_OUT` is a ghost: what a customer of the holdout would have been sent. It is settled from the start,
    is never rendered or delivered, and counts against nothing but the held-out customer's own caps.
    """

    CLAIMED = "claimed"
    SENDING = "sending"
    SENT = "sent"
    UNCONFIRMED = "unconfirmed"
    FAILED = "failed"
    SKIPPED = "skipped"
    HELD_OUT = "held_out"

    @property
    def settled(self) -> bool:
        """Whether nothing more will be done for the message."""
        return self not in (MessageState.CLAIMED, MessageState.SENDING)

    @property
    def counts(self) -> bool:
        """Whether it counts against caps: it has reached the customer, or may have, or is about to."""
        return self not in (MessageState.FAILED, MessageState.SKIPPED, MessageState.HELD_OUT)


@dataclass(frozen=True)
class ConsentEntry:
    """One entry of the ledger, in the order it was recorded.

    ``confirmed``: the customer has confirmed it from the very address (double opt-in). ``elsewhere``:
    it was given for an address that is not the customer's any more.
    """

    id: int
    channel: Channel
    granted: bool
    at: datetime
    confirmed: bool = False
    elsewhere: bool = False


@dataclass(frozen=True)
class CustomerFacts:
    """What is known of the customer now.

    ``reachable`` holds the channels with an address, ``suppressed`` those whose address may not be
    written to. ``less``: the customer chose fewer messages. ``opt_in_requested``: the one opt-in question
    for this number has been put.
    """

    customer_id: str
    reachable: frozenset[Channel]
    preferred: str | None = None
    country: str | None = None
    region: str | None = None
    postal_code: str | None = None
    phone: str | None = None
    time_zone: str | None = None
    suppressed: frozenset[Channel] = frozenset()
    less: bool = False
    opt_in_requested: bool = False
    consents: tuple[ConsentEntry, ...] = ()


@dataclass(frozen=True)
class PastOrder:
    """One order of the customer. ``kept`` is false once cancelled or refunded.

    ``refunded``: what was given back of ``total``; ``returned``: all of its products came back;
    ``renewal``: of a subscription; ``started``: it has a campaign, running or ended; ``reviewed``: the
    customer has reviewed all that was kept of it.
    """

    order_id: str
    placed_at: datetime
    total: Decimal
    currency: str
    kept: bool = True
    refunded: Decimal = Decimal(0)
    returned: bool = False
    renewal: bool = False
    started: bool = True
    reviewed: bool = False

    @property
    def value(self) -> Decimal:
        """What was paid and not given back; an order may be edited to less than was given back before."""
        return max(self.total - self.refunded, Decimal(0))


@dataclass(frozen=True)
class OrderLine:
    """One line of an order as it stands. ``returned`` is how much of ``quantity`` came back.

    ``reviewed``: its customer has reviewed the product, of whatever order.
    """

    order_id: str
    sku: str
    quantity: int
    unit_price: Decimal
    returned: int = 0
    reviewed: bool = False

    @property
    def kept(self) -> int:
        """How much of it the customer still has."""
        return self.quantity - self.returned


@dataclass(frozen=True)
class PastMessage:
    """A message to the customer, of this campaign or another.

    ``at`` is when it was sent, or last tried, or claimed; ``opened`` and ``clicked``: a person has done so;
    ``placed_at``: when its order was placed, where that is known; ``claimed_at``: of one that is only
    supposed, ``at``.
    Where opens may not be tracked, no rule looks at ``opened`` (`campaign.rules.consent.may_track_opens`).
    """

    order_id: str
    step: str
    channel: Channel
    state: MessageState
    at: datetime
    id: str = ""
    opened: bool = False
    clicked: bool = False
    purpose: Purpose = Purpose.MARKETING
    placed_at: datetime | None = None
    claimed_at: datetime | None = None

    @property
    def begun(self) -> datetime:
        """When it was first claimed: attempts that came to nothing move ``at``, and not this."""
        return self.claimed_at or self.at


@dataclass(frozen=True)
class ShopStatistics:
    """What is computed over the whole shop by a schedule.

    ``top_values``: by share in whole percent (10: the top 10 %), the lifetime value in the shop's currency
    that a customer must exceed to be in it; empty: not measured, or too few customers.
    ``buying_cycle``: the parameters of the serving model of buying cycles; empty: none serves.
    """

    top_values: Mapping[int, Decimal] = field(default_factory=lambda: MappingProxyType({}))
    buying_cycle: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class Insight:
    """What is known of the customer beyond contact data and history. None: not known.

    ``predicted_value``: what the customer will spend in the coming 365 days, in the shop's currency, in
    ``expected_orders`` orders; ``alive``: the probability that the customer still buys here. ``categories``:
    of what was bought and kept. ``loyalty_tier``, ``loyalty_points``: the standing that an external programme
    reported.
    """

    predicted_value: Decimal | None = None
    expected_orders: float | None = None
    alive: float | None = None
    categories: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    loyalty_tier: str | None = None
    loyalty_points: int | None = None
    shop: ShopStatistics = ShopStatistics()


@dataclass(frozen=True)
class Facts:
    """All that `campaign.rules.decision.decide` looks at besides the definition, the step and the time.

    ``repurchased_by`` is the newer order that the signal `repurchased` named; it may be one that is not
    in ``orders``. ``coupons``: the customer's, newest first; ``offers``: the stock of codes, by offer.
    """

    order_id: str
    placed_at: datetime
    currency: str
    customer: CustomerFacts
    events: Mapping[OrderStatus, datetime] = field(default_factory=lambda: MappingProxyType({}))
    orders: tuple[PastOrder, ...] = ()
    messages: tuple[PastMessage, ...] = ()
    holdout: bool = False
    stopped: bool = False
    repurchased_by: str | None = None
    insight: Insight = Insight()
    coupons: tuple[HeldCoupon, ...] = ()
    offers: Mapping[str, OfferStock] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def own(self) -> PastOrder:
        """The order itself."""
        own = (order for order in self.orders if order.order_id == self.order_id)
        return next(own, PastOrder(self.order_id, self.placed_at, Decimal(0), self.currency))

    def mine(self, step: str) -> dict[Channel, PastMessage]:
        """Return this order's messages of a step, by channel."""
        return {m.channel: m for m in self.messages if (m.order_id, m.step) == (self.order_id, step)}
