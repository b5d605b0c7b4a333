"""The closed set of reasons: one vocabulary for status, database, report and preview."""

from __future__ import annotations

from enum import StrEnum


class Channel(StrEnum):
    """A way to reach a customer."""

    EMAIL = "email"
    SMS = "sms"

    @property
    def label(self) -> str:
        """The channel's name for people."""
        return {"email": "email", "sms": "SMS"}[self.value]


class Reason(StrEnum):
    """Why a step waits, was skipped, or why a campaign ended. `TEXTS` has the words for people."""

    AWAITING_EVENT = "awaiting_event"
    NOT_DUE = "not_due"
    QUIET_HOURS = "quiet_hours"
    CAPPED = "capped"
    SPACED = "spaced"
    AWAITING_OPEN = "awaiting_open"

    TOO_LATE = "too_late"
    HOLDOUT = "holdout"
    NO_AUDIENCE = "no_audience"
    NO_ADDRESS = "no_address"
    NO_CONSENT = "no_consent"
    NOT_CONFIRMED = "not_confirmed"
    SUPPRESSED = "suppressed"
    ENGAGED = "engaged"
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"

    DUE = "due"
    SENT = "sent"

    COMPLETED = "completed"
    REPURCHASED = "repurchased"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"
    STOPPED = "stopped"
    DUPLICATE = "duplicate"


TEXTS: dict[Reason, str] = {
    Reason.AWAITING_EVENT: "waits for news of the order",
    Reason.NOT_DUE: "not due yet",
    Reason.QUIET_HOURS: "quiet hours where the customer lives",
    Reason.CAPPED: "the customer has had enough messages for now",
    Reason.SPACED: "too soon after this campaign's last message",
    Reason.AWAITING_OPEN: "waits to see whether the email is opened",
    Reason.TOO_LATE: "its window has passed",
    Reason.HOLDOUT: "the customer is in the holdout that gets nothing",
    Reason.NO_AUDIENCE: "the step has nothing for this segment",
    Reason.NO_ADDRESS: "no address for the customer's channel",
    Reason.NO_CONSENT: "no consent for the customer's channel",
    Reason.NOT_CONFIRMED: "the SMS consent is not confirmed yet (double opt-in)",
    Reason.SUPPRESSED: "the address is suppressed: it bounced, complained or opted out",
    Reason.ENGAGED: "the email was opened: no SMS is needed",
    Reason.FAILED: "the provider refused the message",
    Reason.UNCONFIRMED: "nobody can tell whether it arrived: never sent again",
    Reason.DUE: "due now",
    Reason.SENT: "sent",
    Reason.COMPLETED: "every step was settled",
    Reason.REPURCHASED: "the customer bought again",
    Reason.CANCELLED: "the order was cancelled",
    Reason.REFUNDED: "the order was refunded",
    Reason.STOPPED: "stopped by request",
    Reason.DUPLICATE: "the order has had its campaign already",
}
