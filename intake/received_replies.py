"""A customer's text message as it comes in: a clear wish takes effect, a doubtful one waits for a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from campaign.customers.keywords import Intent, intent_of
from campaign.reasons import Channel
from intake.replies import apply_intent
from storage.queries.people.replies import Verdict, add_reply, settle_replies_of, take_reply
from storage.tables import ConsentRow

MAX_WORDING = 2_000
"""So much of a message is kept, as evidence of a wish or until a person has read it."""


@dataclass(frozen=True)
class Received:
    """What a message was meant to do, and whether that changed anything.

    ``still_out``: the customer has opted out earlier, which a YES does not take back.
    """

    intent: Intent | None
    changed: bool = False
    still_out: bool = False


def receive_reply(
    session: Session, phone: str, text: str, now: datetime, *, opt_out_type: str | None = None
) -> Received:
    """Do what a message is meant to do, or put it into the list of doubtful ones.

    ``opt_out_type`` is the provider's own reading of it, if it has one. A YES after an opt-out is in the
    list too: it may unblock the number at the provider, but names no consent, which only START gives back.
    """
    intent, words = intent_of(text, opt_out_type=opt_out_type), text[:MAX_WORDING]
    if intent is None:
        return Received(None)
    still_out = intent is Intent.CONFIRM and _has_opted_out(session, phone)
    if intent is Intent.DOUBTFUL or still_out:
        add_reply(session, phone, words, now)
        return Received(intent, still_out=still_out)
    if intent in _VERDICTS:
        settle_replies_of(session, phone, _VERDICTS[intent], now)
    return Received(intent, apply_intent(session, phone, intent, words, now))


def settle_reply(session: Session, identifier: int, verdict: Verdict, now: datetime) -> bool:
    """Settle a doubtful message as a person has read it; True if that revoked a consent.

    Raises:
        NotFound: no such message waits.
    """
    sender, text = take_reply(session, identifier, verdict, now)
    return verdict == "opt_out" and apply_intent(session, sender, Intent.STOP, text, now)


_VERDICTS: dict[Intent, Verdict] = {Intent.STOP: "opt_out", Intent.START: "other"}


def _has_opted_out(session: Session, phone: str) -> bool:
    """Return whether the last entry about a number takes its consent back."""
    about = select(ConsentRow.state).where(
        ConsentRow.channel == Channel.SMS.value, ConsentRow.address == phone
    )
    last = session.exec(about.order_by(col(ConsentRow.at).desc(), col(ConsentRow.id).desc()).limit(1)).first()
    return last == "revoked"
