"""What becomes of a review, and which ratings an average counts: rules without I/O, and without a sentiment.

Sources: 16 CFR 465.7(b) (no suppression by rating or negative sentiment; the criteria for withholding that it
names are the ones below), 16 CFR 465.4 (nothing is given for what a review says), Directive 2005/29/EC, Annex
I, nos. 23b and 23c (reviews are of people who bought, and none is manipulated). docs/reviews.md explains.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self


class ReviewState(StrEnum):
    """``pending``: a moderator has yet to read it; ``published``; ``rejected``: with a reason."""

    PENDING = "pending"
    PUBLISHED = "published"
    REJECTED = "rejected"


class Rejection(StrEnum):
    """Why a review is not shown. A closed set: that it is negative is no reason.

    ``rating_counts``: the words are withheld, and the rating still counts. It counts for nothing only where
    it is no customer's rating of the product.
    """

    text: str
    rating_counts: bool

    FAKE = "fake", "it was written by nobody who bought the product, or was paid for", False
    ADVERTISING = "advertising", "it advertises something else", False
    UNRELATED = "unrelated", "it is about something else than the product", False
    ABUSIVE = "abusive", "it insults, harasses, or is obscene", True
    DISCRIMINATORY = "discriminatory", "it discriminates against people", True
    DEFAMATORY = "defamatory", "it defames somebody", True
    PERSONAL_DATA = "personal_data", "it has personal data in it", True
    CONFIDENTIAL = "confidential", "it has trade secrets or confidential information in it", True
    FALSE = "false", "what it states is clearly false", True

    # These have defaults only for type checkers, which take `Rejection("fake")` for a call of this.
    def __new__(cls, value: str, text: str = "", rating_counts: bool = True) -> Self:
        """Give a member its words, and whether the rating counts."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.text, member.rating_counts = text, rating_counts
        return member


class Move(StrEnum):
    """What a moderator does with a review. ``hide`` takes a published one back to be read again."""

    PUBLISH = "publish"
    REJECT = "reject"
    HIDE = "hide"


_TO = {
    Move.PUBLISH: ReviewState.PUBLISHED,
    Move.REJECT: ReviewState.REJECTED,
    Move.HIDE: ReviewState.PENDING,
}

#: Why a moderator should look at a pending review: it has a link, as only imported ones can.
HAS_LINK = "link"
#: Longer reviews are not quoted: cut short, one could say something else than its author.
LONGEST_QUOTE = 300
NOT_COUNTED = frozenset(reason.value for reason in Rejection if not reason.rating_counts)


def moved(state: ReviewState, move: Move) -> ReviewState | None:
    """Return the state after a move; None where it cannot be made: what is rejected is not shown anyway."""
    return None if move is Move.HIDE and state is ReviewState.REJECTED else _TO[move]


def counts(state: ReviewState, why: str | None) -> bool:
    """Return whether a rating counts in the average: whatever its review says, published or not."""
    return not (state is ReviewState.REJECTED and why in NOT_COUNTED)


def is_quotable(
    state: ReviewState, rating: int, text: str | None, written_at: datetime, *, since: datetime, stars: int
) -> bool:
    """Return whether messages may quote a review: published, recent, of enough stars, and in full."""
    return (
        state is ReviewState.PUBLISHED
        and written_at > since
        and rating >= stars
        and text is not None
        and 0 < len(text) <= LONGEST_QUOTE
    )


def expires_at(sent_at: datetime, open_for: timedelta) -> datetime:
    """Return until when the link of a message takes reviews."""
    return sent_at + open_for
