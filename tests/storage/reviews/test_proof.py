"""What a message says of other customers' reviews: real ones, of what it shows, in the reader's language."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session

from campaign.definition.reviews import Reviews
from campaign.reviews.states import Move, Rejection
from campaign.wire import Product
from content.extras.social_proof import quotes_of, shop_rating_of
from dev.bench.statements import recorded_statements
from intake.reviews.moderation import Decision, moderate
from storage.database import Database
from storage.queries.reviews.ratings import refresh_ratings
from storage.queries.shop.catalogue import save_product, shelf_for
from tests.facts import PLACED
from tests.mail import LOYALTY, Mail
from tests.storage.reviews.test_ratings import write

MUG: dict[str, Any] = {
    "sku": "mug", "name": "Stoneware mug", "url": "https://shop.example.com/p/mug", "price": "19.00",
    "currency": "USD", "rating": 4.9, "review_count": 999, "review_quote": "The shop's own words.",
}  # fmt: skip


def sell(session: Session, **changes: Any) -> None:
    """Save the mug, which the shop says has 999 reviews."""
    save_product(session, Product.model_validate(MUG | changes))


@pytest.fixture
def shop(database: Database) -> Database:
    """A mug that the shop praises itself."""
    with database.transaction() as session:
        sell(session)
    return database


def shown(database: Database, language: str = "en") -> tuple[Product, list[str], tuple[float, int] | None]:
    """The mug as a message about it has it, the quotes, and the shop's rating."""
    with database.reading() as session:
        shelf = shelf_for(session, ["mug"], PLACED, language=language)
    rating = shop_rating_of(shelf)
    stars = (rating.average, rating.count) if rating else None
    return shelf.known["mug"], [quote.text for quote in quotes_of(shelf)], stars


def test_the_shops_own_figures_hold_only_without_reviews(shop: Database) -> None:
    """Without reviews what the catalogue says; with one, its rating and nothing that the shop says."""
    product, quotes, rating = shown(shop)
    assert (product.rating, product.review_count, product.review_quote) == (4.9, 999, MUG["review_quote"])
    assert (quotes, rating) == ([], None)
    with shop.transaction() as session:
        write(session, {"sku": "mug", "rating": 1, "text": "Leaks."}, {"sku": "tray", "rating": 2})
    refresh_ratings(shop, PLACED, Reviews())
    product, quotes, rating = shown(shop)
    assert (product.rating, product.review_count, product.review_quote) == (1.0, 1, None)
    assert (quotes, rating) == ([], (1.5, 2))


def test_a_quote_is_read_in_the_customers_language_only(shop: Database) -> None:
    """German customers read German words, and none where there are none; the average is everybody's."""
    with shop.transaction() as session:
        write(
            session, {"sku": "mug", "text": "Warm."}, {"sku": "mug", "text": "Hält warm.", "language": "de"}
        )
    refresh_ratings(shop, PLACED, Reviews())
    found = {language: shown(shop, language) for language in ("en", "de", "fr")}
    assert {language: quotes for language, (_, quotes, _) in found.items()} == {
        "en": ["Warm."], "de": ["Hält warm."], "fr": [],
    }  # fmt: skip
    assert {product.review_count for product, _, _ in found.values()} == {2}


def test_it_costs_no_statement(shop: Database) -> None:
    """Ratings and quotes come with the catalogue's statement."""
    with recorded_statements(shop) as found:
        shown(shop)
    assert len([text for text in found.texts if "product_quotes" in text]) == 1
    assert len([text for text in found.texts if text.lstrip().startswith(("SELECT", "WITH"))]) == 1


async def test_what_a_customer_wrote_is_words_in_a_message(mail: Mail) -> None:
    """Markup, template signs and links of a review stay what they are, in both parts, and lead nowhere."""
    hostile = "<b>Good</b> {{ 7 * 7 }} see spam.example/x"
    with mail.database.transaction() as session:
        sell(session)
        write(session, {"sku": "mug", "text": hostile, "author": "<i>Ada</i>"})
    refresh_ratings(mail.database, LOYALTY, Reviews())
    html, text = written(mail)
    assert "<b>Good</b>" not in html
    assert "&lt;b&gt;Good&lt;/b&gt; {{ 7 * 7 }}" in html
    assert not re.search(r'href="[^"]*spam\.example', html)
    assert hostile in text


async def test_a_rejected_review_is_in_no_message(mail: Mail) -> None:
    """Taken back between the refresh and the message, it is not quoted; its rating still counts."""
    with mail.database.transaction() as session:
        sell(session)
        (row,) = write(session, {"sku": "mug", "text": "Names Ben Miller."})
    refresh_ratings(mail.database, LOYALTY, Reviews())
    with mail.database.transaction() as session:
        moderate(session, row.id or 0, Decision(Move.REJECT, Rejection.PERSONAL_DATA), LOYALTY)
    html, text = written(mail)
    assert "Ben Miller" not in html + text
    refresh_ratings(mail.database, LOYALTY, Reviews())
    assert shown(mail.database)[0].review_count == 1


def written(mail: Mail) -> tuple[str, str]:
    """The soft win-back of the order, as HTML and text."""
    message = mail.claim(step="win-back-soft", now=PLACED + timedelta(days=31))
    return message.html or "", message.text or ""
