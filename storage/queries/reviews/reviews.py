"""Reviews as rows: found by their writer, written, moved on, listed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func
from sqlmodel import Session, col, select

from campaign.errors import NotFound
from campaign.reviews.states import ReviewState
from storage.tables import ProductQuoteRow, ReviewRow

WRITTEN_HERE = "page"
"""The ``source`` of a review that was written on our own page."""


def reviews_by(session: Session, customer_id: str, skus: Collection[str]) -> dict[str, ReviewRow]:
    """Return a customer's review of each product that has one; of several, the newest."""
    mine = select(ReviewRow).where(ReviewRow.customer_id == customer_id, col(ReviewRow.sku).in_(list(skus)))
    rows = session.exec(mine.order_by(col(ReviewRow.written_at), col(ReviewRow.id)))
    return {row.sku: row for row in rows}


def get_review(session: Session, review_id: int) -> ReviewRow:
    """Return a review, read anew.

    Raises:
        NotFound: no such review.
    """
    row = session.get(ReviewRow, review_id, populate_existing=True)
    if row is None:
        msg = f"no review {review_id}"
        raise NotFound(msg)
    return row


def states_of(session: Session, review_ids: Iterable[int]) -> dict[int, ReviewState]:
    """Return the states of those of these reviews that there are, by number."""
    columns = (col(ReviewRow.id), col(ReviewRow.state))
    statement = select(*columns).where(columns[0].in_(set(review_ids))).order_by(columns[0])
    return {number: ReviewState(state) for number, state in session.exec(statement) if number}


def save_review(session: Session, row: ReviewRow) -> ReviewRow:
    """Add a review or save a changed one: it is quoted no more, until it is chosen again."""
    session.add(row)
    session.flush()
    session.connection().execute(delete(ProductQuoteRow).where(col(ProductQuoteRow.review_id) == row.id))
    return row


@dataclass(frozen=True)
class Wanted:
    """Which reviews to list: of a state, of a product, with ids above ``after``."""

    state: ReviewState | None = None
    sku: str | None = None
    after: int = 0


def list_reviews(session: Session, wanted: Wanted, limit: int) -> Sequence[ReviewRow]:
    """Return reviews, the oldest first."""
    rows = select(ReviewRow).where(*_conditions(wanted)).order_by(col(ReviewRow.id)).limit(limit)
    return session.exec(rows).all()


def count_reviews(session: Session, wanted: Wanted) -> int:
    """Return how many reviews a list without a limit would have."""
    return session.exec(select(func.count()).select_from(ReviewRow).where(*_conditions(wanted))).one()


def _conditions(wanted: Wanted) -> list[Any]:
    found: list[Any] = [col(ReviewRow.id) > wanted.after]
    if wanted.state is not None:
        found.append(col(ReviewRow.state) == wanted.state.value)
    if wanted.sku is not None:
        found.append(col(ReviewRow.sku) == wanted.sku)
    return found


def all_reviews(session: Session) -> Iterator[ReviewRow]:
    """Give every review, the oldest first, in bounded memory."""
    rows = select(ReviewRow).order_by(col(ReviewRow.id)).execution_options(yield_per=1_000)
    yield from session.exec(rows)


def settle(row: ReviewRow, state: ReviewState, why: str | None, now: datetime) -> None:
    """Move a review to a state; ``why``: the reason of a rejection."""
    row.state, row.why = state.value, why
    row.settled_at = None if state is ReviewState.PENDING else now
