"""Averages count every rating, and quotes are published, recent and whole: SQL against the rules, on both."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from statistics import mean
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete
from sqlmodel import Session, select

from campaign.definition.reviews import Reviews
from campaign.reviews.states import LONGEST_QUOTE, Move, Rejection, ReviewState, counts, is_quotable
from intake.person.erasure import erase_person
from intake.reviews.moderation import Decision, moderate
from shops.news import PersonRequest, PrivacyRequest
from storage import replacing
from storage.database import Database
from storage.queries.people.customers import ensure_customers
from storage.queries.reviews import ratings
from storage.queries.reviews.ratings import WHOLE_SHOP, refresh_ratings
from storage.queries.reviews.reviews import save_review
from storage.tables import ProductQuoteRow, ProductRatingRow, ReviewRow
from tests.facts import PLACED
from tests.storage.test_storage import purchase, save

RULES = Reviews()
STANDING = st.one_of(
    st.tuples(st.sampled_from([ReviewState.PENDING, ReviewState.PUBLISHED]), st.none()),
    st.tuples(st.just(ReviewState.REJECTED), st.sampled_from(Rejection)),
)
REVIEWS = st.lists(
    st.builds(
        lambda sku, rating, standing, text, language, days: {
            "sku": sku, "rating": rating, "state": standing[0].value,
            "why": standing[1] and standing[1].value, "text": text, "language": language,
            "written_at": PLACED - timedelta(days=days), "source": "page",
        },
        st.sampled_from("abc"), st.integers(1, 5), STANDING,
        st.sampled_from([None, "Good.", "ä" * LONGEST_QUOTE, "x" * (LONGEST_QUOTE + 1)]),
        st.sampled_from([None, "en", "de"]), st.sampled_from([0, 1, 547, 548, 549]),
    ),
    max_size=12,
)  # fmt: skip


def write(session: Session, *reviews: dict[str, Any]) -> list[ReviewRow]:
    """Save reviews; published ones of five stars today unless given otherwise."""
    usual = {"sku": "a", "source": "page", "rating": 5, "text": "Good.", "language": "en"}
    usual |= {"state": "published", "written_at": PLACED}
    return [save_review(session, ReviewRow.model_validate(usual | review)) for review in reviews]


def rated(database: Database) -> dict[str, tuple[float, int]]:
    """The stored ratings, by sku."""
    with database.reading() as session:
        return {row.sku: (row.average, row.count) for row in session.exec(select(ProductRatingRow))}


def quoted(database: Database) -> dict[tuple[str, str], int]:
    """Which review is quoted, by product and language."""
    with database.reading() as session:
        return {(row.sku, row.language): row.review_id for row in session.exec(select(ProductQuoteRow))}


def expected_ratings(rows: Sequence[ReviewRow]) -> dict[str, tuple[Any, int]]:
    """What the rules make of the same reviews."""
    stars = defaultdict(list)
    for row in rows:
        if counts(ReviewState(row.state), row.why):
            stars[row.sku].append(row.rating)
            stars[WHOLE_SHOP].append(row.rating)
    return {sku: (pytest.approx(mean(values)), len(values)) for sku, values in stars.items()}


def expected_quotes(rows: Sequence[ReviewRow]) -> dict[tuple[str, str], int]:
    """Of each product and language the newest that may be quoted."""
    since, found = PLACED - RULES.quotes_within, {}
    for row in sorted(rows, key=lambda row: (row.written_at, row.id or 0)):
        fits = is_quotable(
            ReviewState(row.state), row.rating, row.text, row.written_at, since=since, stars=RULES.quotes_from
        )
        if fits and row.language:
            found[row.sku, row.language] = row.id or 0
    return found


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(reviews=REVIEWS)
def test_ratings_and_quotes_are_what_the_rules_say(database: Database, reviews: list[dict[str, Any]]) -> None:
    """Any reviews in any state: the rows are those of the pure rules, also after others were there before."""
    with database.transaction() as session:
        for table in (ProductQuoteRow, ReviewRow):
            session.connection().execute(delete(table))
        rows = write(session, *reviews)
    refresh_ratings(database, PLACED, RULES)
    assert rated(database) == expected_ratings(rows)
    assert quoted(database) == expected_quotes(rows)


def test_rejecting_the_negative_ones_makes_no_average_better(database: Database) -> None:
    """With words withheld for each reason that is about words, the one star still counts."""
    about_words = [reason for reason in Rejection if reason.rating_counts]
    with database.transaction() as session:
        rows = write(session, {"rating": 5}, *({"rating": 1} for _ in about_words))
        for row, reason in zip(rows[1:], about_words, strict=True):
            moderate(session, row.id or 0, Decision(Move.REJECT, reason), PLACED)
    refresh_ratings(database, PLACED, RULES)
    average: Any = (5 + len(about_words)) / (1 + len(about_words))
    assert rated(database)["a"] == (average, 1 + len(about_words))


def test_what_is_taken_back_is_quoted_no_more(database: Database) -> None:
    """Hidden, rejected or erased: its quote is gone in the same transaction, without a refresh."""
    with database.transaction() as session:
        ensure_customers(session, ["c-1"])
        skus = ({"sku": sku, "customer_id": "c-1" if sku == "c" else None} for sku in "abc")
        rows = write(session, *skus)
    refresh_ratings(database, PLACED, RULES)
    assert set(quoted(database)) == {("a", "en"), ("b", "en"), ("c", "en")}
    with database.transaction() as session:
        moderate(session, rows[0].id or 0, Decision(Move.HIDE), PLACED)
        moderate(session, rows[1].id or 0, Decision(Move.REJECT, Rejection.FAKE), PLACED)
    assert set(quoted(database)) == {("c", "en")}
    with database.transaction() as session:
        erase_person(session, PersonRequest(PrivacyRequest.ERASE, customer_id="c-1"), "test", PLACED)
    assert quoted(database) == {}
    assert refresh_ratings(database, PLACED, RULES) == {"product_ratings": 3, "product_quotes": 0}


def test_a_verified_review_is_quoted_before_a_newer_one(database: Database) -> None:
    """Of two that fit, the one whose order is known."""
    with database.transaction() as session:
        save(session, purchase("o-1", "a"))
        old, new = write(session, {"written_at": PLACED - timedelta(days=9), "order_id": "o-1"}, {})
    refresh_ratings(database, PLACED, RULES)
    assert (quoted(database), new.order_id) == ({("a", "en"): old.id}, None)
    with database.transaction() as session:
        moderate(session, old.id or 0, Decision(Move.HIDE), PLACED)
    refresh_ratings(database, PLACED, RULES)
    assert quoted(database) == {("a", "en"): new.id}


def test_what_is_hidden_while_quotes_are_written_is_not_quoted(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A review that was chosen, and taken back before its quote is written, is left out."""
    with database.transaction() as session:
        (row,) = write(session, {})
    write_quotes = ratings._write_quotes

    def hidden_first(session: Session, *rest: Any) -> int:
        moderate(session, row.id or 0, Decision(Move.HIDE), PLACED)
        return write_quotes(session, *rest)

    monkeypatch.setattr(ratings, "_write_quotes", hidden_first)
    refresh_ratings(database, PLACED, RULES)
    assert quoted(database) == {}


def test_many_products_are_replaced_in_batches(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no longer there goes from every part of the table, before, between and after the batches."""
    monkeypatch.setattr(replacing, "ROWS_AT_ONCE", 2)
    with database.transaction() as session:
        rows = write(session, *({"sku": f"s-{number}"} for number in range(9)))
    refresh_ratings(database, PLACED, RULES)
    assert len(rated(database)) == 10
    with database.transaction() as session:
        for row in (rows[0], rows[4], rows[8]):
            moderate(session, row.id or 0, Decision(Move.REJECT, Rejection.FAKE), PLACED)
    refresh_ratings(database, PLACED, RULES)
    left = {f"s-{number}" for number in (1, 2, 3, 5, 6, 7)}
    assert set(rated(database)) == left | {WHOLE_SHOP}
    assert {sku for sku, _ in quoted(database)} == left
