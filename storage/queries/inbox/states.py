"""The codes of the inbox: kinds of rows, what became of them, and why they wait or ended so."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from campaign.wire import OrderUpdate


class Kind(StrEnum):
    """What a row is. Orders start campaigns, events signal them, shop events could not be applied.

    A refund is here while its order is not known.
    """

    ORDER = "order"
    EVENT = "event"
    REFUND = "refund"
    SHOP_EVENT = "shop_event"


class State(StrEnum):
    """What became of a row."""

    WAITING = "waiting"
    DONE = "done"
    UNMATCHED = "unmatched"
    REFUSED = "refused"
    DISCARDED = "discarded"


class Why(StrEnum):
    """Why a row waits, or what ended it."""

    TEMPORAL_AWAY = "temporal_away"
    NO_ORDER = "no_order"
    EARLIER_FIRST = "earlier_first"
    NOT_DUE = "not_due"
    CAMPAIGN_ENDED = "campaign_ended"
    NO_CAMPAIGN = "no_campaign"
    BEFORE_ORDER = "before_order"
    NOT_OF_ORDER = "not_of_order"
    NOT_ACCEPTED = "not_accepted"
    NOT_UNDERSTOOD = "not_understood"
    ERASED = "erased"
    NEWER_ORDER = "newer_order"
    BY_HAND = "by_hand"

    @property
    def text(self) -> str:
        """What it means, for people."""
        return _TEXTS[self]


_TEXTS = {
    Why.TEMPORAL_AWAY: "Temporal does not answer",
    Why.NO_ORDER: "its order is not known yet",
    Why.EARLIER_FIRST: "an earlier one of its customer goes first",
    Why.NOT_DUE: "its time has not come",
    Why.CAMPAIGN_ENDED: "the campaign has ended: recorded all the same",
    Why.NO_CAMPAIGN: "the order has no campaign: recorded all the same",
    Why.BEFORE_ORDER: "is dated before its order was placed",
    Why.NOT_OF_ORDER: "does not fit its order: too much, in another currency, or from before it",
    Why.NOT_ACCEPTED: "Temporal does not accept it",
    Why.NOT_UNDERSTOOD: "a shop's request that cannot be read or applied: `inbox retry ID` names the field",
    Why.ERASED: "the customer was erased",
    Why.NEWER_ORDER: "the customer has bought again before its turn",
    Why.BY_HAND: "discarded by hand",
}


def order_key(order_id: str) -> str:
    """Return the key of an order's row."""
    return f"{Kind.ORDER.value}:{order_id}"


def event_key(order_id: str, update: OrderUpdate) -> str:
    """Return the key of an event's row: the same news again is the same row."""
    return f"{Kind.EVENT.value}:{order_id}:{update.status.value}:{_instant(update.at)}"


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="microseconds")
