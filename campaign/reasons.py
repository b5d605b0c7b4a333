"""The closed set of reasons: one vocabulary for status, database, report and preview."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Channel(StrEnum):
    """A way to reach a customer."""

    EMAIL = "email"
    SMS = "sms"

    @property
    def label(self) -> str:
        """The channel's name for people."""
        return {"email": "email", "sms": "SMS"}[self.value]


class Reason(StrEnum):
    """Why a step waits, was sent or skipped, or why a campaign ended.

    ``text`` is the reason in words for people, ``skipped`` the same where it is why nothing was sent: what
    was waited for did not come. ``rank`` orders the reasons: where the channels of a step were held back by
    different ones, the lowest rank names the step's, being the closest to a message. It follows from the
    order here, so that no two are equal and none is missing.
    """

    text: str
    skipped: str
    rank: int

    SENT = "sent", "sent"
    HOLDOUT = "holdout", "the customer is in the holdout that gets nothing"
    UNCONFIRMED = "unconfirmed", "it is not known whether it arrived: never sent again"
    FAILED = "failed", "not delivered: refused by the provider, or bounced"

    DUE = "due", "due now"
    QUIET_HOURS = "quiet_hours", "quiet hours where the customer lives"
    CAPPED = "capped", "the customer has had enough messages for now"
    SPACED = "spaced", "too soon after this campaign's last message"
    NO_COUPON = (
        "no_coupon",
        "waits for a coupon: the offer has no code to give now",
        "the offer had no coupon to give",
    )
    AWAITING_CLICK = (
        "awaiting_click",
        "waits to see whether the email is clicked",
        "it was not known in time whether the email was clicked",
    )

    TOO_LATE = "too_late", "its window has passed"
    ENGAGED = "engaged", "the email was clicked: no SMS is needed"
    SUPPRESSED = "suppressed", "the address is suppressed: it bounced, complained or opted out"
    NOT_CONFIRMED = "not_confirmed", "the SMS consent is not confirmed yet (double opt-in)"
    NO_CONSENT = "no_consent", "no consent for the customer's channel"
    NO_ADDRESS = "no_address", "no address for the customer's channel"
    NO_AUDIENCE = "no_audience", "the step has nothing for this segment"
    JOINED = "joined", "the customer has had this message for an order placed at about the same time"
    RENEWAL = "renewal", "the step is not for a subscription's renewals"
    RETURNED = "returned", "everything in the order came back"
    REVIEWED = "reviewed", "everything in the order has been reviewed"

    NOT_DUE = "not_due", "not due yet"
    AWAITING_REPORTS = "awaiting_reports", "all is sent; should a message fail, the other channel takes over"
    AWAITING_EVENT = (
        "awaiting_event",
        "waits for news of the order",
        "no news of the order in time",
    )

    COMPLETED = "completed", "every step was settled"
    REPURCHASED = "repurchased", "the customer bought again"
    CANCELLED = "cancelled", "the order was cancelled"
    REFUNDED = "refunded", "the order was refunded"
    STOPPED = "stopped", "stopped by request"
    DUPLICATE = "duplicate", "the order has had its campaign already"

    # `text` has a default only for type checkers, which take `Reason("due")` for a call of this.
    def __new__(cls, value: str, text: str = "", skipped: str = "") -> Self:
        """Give a member its words, and the rank that its place in the list makes."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.text = text
        member.skipped = skipped or text
        member.rank = len(cls.__members__)
        return member

    def text_for(self, kind: str) -> str:
        """Return the words that fit a decision of this kind (``"skip"``, ``"wait"``, ...)."""
        return self.skipped if kind == "skip" else self.text

    @classmethod
    def _missing_(cls, value: object) -> Reason | None:
        """Read a value of earlier versions, as rows and histories hold them."""
        return cls.AWAITING_CLICK if value == "awaiting_open" else None
