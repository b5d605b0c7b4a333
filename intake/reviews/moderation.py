"""A moderator's decisions about reviews. None of them looks at the stars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from campaign.errors import BadInput, NotFound, Problem
from campaign.reviews.states import Move, Rejection, ReviewState, moved
from storage.queries.people.locks import lock_customers
from storage.queries.reviews.reviews import get_review, save_review, settle, states_of
from storage.tables import ReviewRow


@dataclass(frozen=True)
class Decision:
    """What to do with a review. ``seen``: the `written_at` of the version that was read, if it is known."""

    move: Move
    reason: Rejection | None = None
    seen: datetime | None = None


def moderate(session: Session, review_id: int, decision: Decision, now: datetime) -> ReviewRow:
    """Publish, reject or hide a review; return it. Done again, it changes nothing.

    Raises:
        BadInput: a rejection without a reason, a reason without a rejection, a move that its state does not
            allow, or a version that its writer has replaced meanwhile.
        NotFound: no such review.
    """
    _check(decision)
    row = _locked(session, review_id)
    target, why = moved(ReviewState(row.state), decision.move), decision.reason
    if decision.seen is not None and row.written_at != decision.seen:
        fix = "read it again, and decide about what it says now"
        raise BadInput([Problem("written_at", "the review has been changed since", fix)])
    if target is None:
        raise BadInput([Problem("state", f"is {row.state}", "it is not shown: publish it, or leave it")])
    if (row.state, row.why) != (target.value, why):
        settle(row, target, why, now)
        save_review(session, row)
    return row


def check_all(session: Session, review_ids: Sequence[int], decision: Decision) -> None:
    """Refuse a decision about several reviews that cannot be made about every one of them: all are named.

    Raises:
        BadInput: it is about one version and several reviews, or a state does not allow the move.
        NotFound: there are no such reviews.
    """
    if decision.seen is not None and len(set(review_ids)) > 1:
        raise BadInput([Problem("written_at", "is of one review", "decide about one at a time")])
    states = states_of(session, review_ids)
    if unknown := [str(one) for one in dict.fromkeys(review_ids) if one not in states]:
        msg = f"no review {', '.join(unknown)}: nothing was done"
        raise NotFound(msg)
    stuck = [one for one, state in states.items() if moved(state, decision.move) is None]
    if stuck:
        fix = "it is not shown: publish it, or leave it"
        raise BadInput([Problem(f"review {one}", f"is {states[one].value}", fix) for one in stuck])


def _check(decision: Decision) -> None:
    if (decision.move is Move.REJECT) is (decision.reason is None):
        missing = decision.reason is None
        fix = f"write one of: {', '.join(Rejection)}" if missing else "leave it out"
        raise BadInput([Problem("reason", "is missing" if missing else "is only for a rejection", fix)])


def _locked(session: Session, review_id: int) -> ReviewRow:
    """Return a review under its writer's locks: an erasure or a new version of it waits."""
    row = get_review(session, review_id)
    if row.customer_id is not None:
        lock_customers(session, [row.customer_id])
    return get_review(session, review_id)
