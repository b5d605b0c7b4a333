"""One batch of a file of reviews in one transaction. The same review again changes nothing."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session

from campaign.customers.addresses import normal_address
from campaign.errors import BadInput, Problem
from campaign.reasons import Channel
from campaign.reviews.imported import ImportedReview
from campaign.reviews.states import HAS_LINK, ReviewState
from campaign.reviews.words import has_link, plain_words, primary_language
from intake.imports.batches import Became, Outcome
from intake.imports.formats import Group
from storage.inserts import insert_rows
from storage.queries.people.locks import lock_people
from storage.queries.people.same_address import customers_with
from storage.queries.reviews.imported import (
    Pair,
    known_customers,
    known_reviews,
    lines_with_buyers,
    reviewed_lines,
    skus_by_handle,
)
from storage.tables import ReviewRow


def apply_reviews(session: Session, groups: Sequence[Group]) -> list[Outcome]:
    """Add a batch of reviews; return what became of each. A refused one stops no other."""
    batch = _Batch(session, [review for group in groups for review in group.news.reviews])
    outcomes = [
        Outcome(Became.REFUSED, group.problem) if group.problem else batch.take(group.news.reviews[0])
        for group in groups
    ]
    insert_rows(session, ReviewRow, batch.rows)
    return outcomes


class _Batch:
    """What was known of a batch's reviews, and the rows to add."""

    def __init__(self, session: Session, reviews: Sequence[ImportedReview]) -> None:
        order_ids = {review.order_id for review in reviews if review.order_id}
        ids = {review.customer_id for review in reviews if review.customer_id}
        addresses = {_address(review.email) for review in reviews if review.email}
        if order_ids or ids or addresses:
            lock_people(session, ids, sorted(addresses), order_ids)
        self.orders = lines_with_buyers(session, order_ids) if order_ids else {}
        self.customers = known_customers(session, ids) if ids else set()
        self.by_address = customers_with(session, addresses) if addresses else {}
        self.products = skus_by_handle(session, {review.handle for review in reviews if review.handle})
        self.here = known_reviews(session, {(review.source, review.identity) for review in reviews})
        lines = {(review.order_id, review.sku) for review in reviews if review.order_id and review.sku}
        self.reviewed: set[Pair] = reviewed_lines(session, lines)
        self.rows: list[dict[str, object]] = []

    def take(self, review: ImportedReview) -> Outcome:
        """Decide about one review, and collect its row."""
        sku, number = review.sku or self.products.get(review.handle or ""), (review.source, review.identity)
        if sku is None:
            return _refused("handle", "no product of the catalogue has it", "import the products first")
        order = self.orders.get(review.order_id or "")
        if order and sku not in order[1]:
            return _refused(
                "order_id", "this order does not have the product", "correct it, or leave it empty"
            )
        line = (review.order_id or "", sku) if order else None
        if number in self.here or line in self.reviewed:
            return Outcome(Became.UNCHANGED)
        self.here.add(number)
        if line:
            self.reviewed.add(line)
        self.rows.append(_row(review, sku, line and line[0], order[0] if order else self._writer(review)))
        return Outcome(Became.ACCEPTED)

    def _writer(self, review: ImportedReview) -> str | None:
        """Return whose it is, where that is known: nobody is made of a review."""
        if review.customer_id in self.customers:
            return review.customer_id
        return next(iter(self.by_address.get(_address(review.email), ())), None) if review.email else None


def _address(email: str) -> tuple[Channel, str]:
    return Channel.EMAIL, normal_address(Channel.EMAIL, email)


def _row(
    review: ImportedReview, sku: str, order_id: str | None, customer_id: str | None
) -> dict[str, object]:
    text = plain_words(review.text or "") or None
    flagged = text is not None and has_link(text)
    state = ReviewState.PENDING if flagged else ReviewState(review.state)
    return {
        "sku": sku, "customer_id": customer_id, "order_id": order_id, "source": review.source,
        "source_id": review.identity, "rating": review.rating, "text": text,
        "author": plain_words(review.author or "") or None, "language": primary_language(review.language),
        "state": state.value, "why": HAS_LINK if flagged else None, "written_at": review.written_at,
        "settled_at": review.written_at if state is ReviewState.PUBLISHED else None,
    }  # fmt: skip


def _refused(where: str, what: str, fix: str) -> Outcome:
    return Outcome(Became.REFUSED, str(BadInput([Problem(where, what, fix)])))
