"""What all ratings of each product come to, and which review of it is quoted: counted by a schedule.

Every rating counts, published or not (`campaign.reviews.states.counts`). Of quotes there is one for each
product and language: verified before others, then the newest. Nothing is quoted that was taken back
meanwhile: reviews are read again, and held, while their quotes are written, and whoever takes one back
changes the review first and deletes its quote after that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, case, func, insert, literal, select, union_all
from sqlmodel import Session, col

from campaign.definition.reviews import Reviews
from campaign.reviews.states import LONGEST_QUOTE, NOT_COUNTED, ReviewState
from storage.database import Database
from storage.inserts import insert_rows
from storage.replacing import ROWS_AT_ONCE, Rows, replace_rows
from storage.tables import ProductQuoteRow, ProductRatingRow, ReviewRow

RATINGS, QUOTES = "product_ratings", "product_quotes"
WHOLE_SHOP = ""
"""The sku under which the rating of the whole shop stands."""
_QUOTED = ("sku", "language", "review_id", "rating", "text", "author", "verified")

Row = dict[str, Any]


def refresh_ratings(database: Database, now: datetime, rules: Reviews) -> dict[str, int]:
    """Count ratings and choose quotes anew, as of ``now``; return how many rows there are of each."""
    return {
        RATINGS: replace_rows(
            database, RATINGS, ProductRatingRow, ProductRatingRow.sku, _reading(_ratings()),
            lambda session, rows: _write_ratings(session, rows, now), now,
        ),
        QUOTES: replace_rows(
            database, QUOTES, ProductQuoteRow, ProductQuoteRow.sku, _reading(_quotable(now, rules)),
            _write_quotes, now,
        ),
    }  # fmt: skip


def _reading(statement: Any) -> Callable[[Connection], Iterator[Row]]:
    def rows(reading: Connection) -> Iterator[Row]:
        found = reading.execution_options(yield_per=ROWS_AT_ONCE).execute(statement)
        yield from map(dict, found.mappings())

    return rows


def _ratings() -> Any:
    """Select what the ratings of each product come to, and of all products together, by sku."""
    counted = ~((col(ReviewRow.state) == ReviewState.REJECTED.value) & _not_counted())
    rating = (func.avg(ReviewRow.rating).label("average"), func.count().label("count"))
    shop = select(literal(WHOLE_SHOP).label("sku"), *rating).where(counted).having(func.count() > 0)
    each = select(col(ReviewRow.sku), *rating).where(counted).group_by(col(ReviewRow.sku))
    found = union_all(shop, each).subquery()
    return select(found).order_by(found.c.sku)


def _not_counted() -> Any:
    return func.coalesce(col(ReviewRow.why), "").in_(sorted(NOT_COUNTED))


def _quotable(now: datetime, rules: Reviews) -> Any:
    """Select the review to quote of each product and language (`campaign.reviews.states.is_quotable`)."""
    first = func.row_number().over(
        partition_by=(col(ReviewRow.sku), col(ReviewRow.language)),
        order_by=(
            case((col(ReviewRow.order_id).is_not(None), 0), else_=1),
            col(ReviewRow.written_at).desc(),
            col(ReviewRow.id).desc(),
        ),
    )
    fit = (
        col(ReviewRow.state) == ReviewState.PUBLISHED.value,
        col(ReviewRow.written_at) > now - rules.quotes_within,
        col(ReviewRow.rating) >= rules.quotes_from,
        col(ReviewRow.language).is_not(None),
        func.length(ReviewRow.text).between(1, LONGEST_QUOTE),
    )
    found = select(col(ReviewRow.sku), col(ReviewRow.id), first.label("place")).where(*fit).subquery()
    return select(found.c.sku, found.c.id).where(found.c.place == 1).order_by(found.c.sku, found.c.id)


def _write_ratings(session: Session, batch: Rows, now: datetime) -> int:
    rows = [{**row, "average": float(row["average"]), "computed_at": now} for row in batch]
    insert_rows(session, ProductRatingRow, rows)
    return len(rows)


def _write_quotes(session: Session, batch: Rows) -> int:
    """Copy reviews as they are now: one that was changed or taken back since it was chosen is left out."""
    review = ReviewRow
    chosen = (
        select(
            col(review.sku), col(review.language), col(review.id), col(review.rating), col(review.text),
            col(review.author), col(review.order_id).is_not(None),
        )
        .where(
            col(review.id).in_([row["id"] for row in batch]),
            col(review.state) == ReviewState.PUBLISHED.value,
            col(review.text).is_not(None),
        )
        .order_by(col(review.id))
        .with_for_update(read=True)
    )  # fmt: skip
    return session.connection().execute(insert(ProductQuoteRow).from_select(_QUOTED, chosen)).rowcount
