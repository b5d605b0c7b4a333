"""Erasing what is known of a person beyond contact data and orders: scores, standing, coupons, reviews."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import delete, update
from sqlalchemy.engine import CursorResult
from sqlmodel import Session, col, select

from campaign.offers.coupons import CouponState
from storage.tables import CouponRow, CustomerScoreRow, LoyaltyStandingRow, ProductQuoteRow, ReviewRow


def erase_profile(session: Session, ids: Collection[str], nobody: str) -> int:
    """Delete scores and standing, leave coupons and ratings to nobody; return how many reviews there were.

    A rating stays, since an average without it would be another one; the words and who wrote them go, also
    where they are quoted.
    """
    mine = sorted(ids)
    connection = session.connection()
    for row in (CustomerScoreRow, LoyaltyStandingRow):
        connection.execute(delete(row).where(col(row.customer_id).in_(mine)))
    coupons = update(CouponRow).where(col(CouponRow.customer_id).in_(mine))
    reserved = col(CouponRow.state) == CouponState.RESERVED.value
    connection.execute(coupons.where(reserved).values(state=CouponState.RELEASED.value))
    connection.execute(coupons.values(customer_id=nobody))
    reviews = update(ReviewRow).where(col(ReviewRow.customer_id).in_(mine))
    emptied = {"customer_id": nobody, "text": None, "author": None, "language": None, "source_id": None}
    done = connection.execute(reviews.values(emptied))
    # After the reviews: `storage.queries.reviews.ratings` holds those that it is just quoting.
    emptied_now = select(ReviewRow.id).where(col(ReviewRow.customer_id) == nobody)
    connection.execute(delete(ProductQuoteRow).where(col(ProductQuoteRow.review_id).in_(emptied_now)))
    assert isinstance(done, CursorResult)  # noqa: S101 - what changes rows counts them
    return done.rowcount
