"""What the review page reads and writes: whose link it is, what it is about, and what that person writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlmodel import Session, col, select

from campaign.customers.joined_orders import orders_about
from campaign.definition.model import Definition
from campaign.definition.reviews import STARS
from campaign.errors import NotFound
from campaign.facts import OrderLine
from campaign.reviews.states import ReviewState, expires_at
from campaign.reviews.words import MAX_TEXT, has_link, plain_words, primary_language, shown_name
from intake.preferences import is_anothers
from storage.inserts import insert_once
from storage.queries.campaigns.facts import RunFacts, load_run_of
from storage.queries.campaigns.orders import order_lines
from storage.queries.messages.links import CLICKED
from storage.queries.people.customers import get_customer
from storage.queries.people.locks import lock_messages
from storage.queries.reviews.reviews import WRITTEN_HERE, reviews_by, save_review, settle
from storage.tables import MessageEventRow, MessageRow, ProductRow, ReviewRow
from storage.tables.people import ERASED

PAUSE = timedelta(seconds=5)
"""Between two versions of one review, so that a program cannot keep moderators busy."""


class Closed(StrEnum):
    """Why a link that we made takes no review any more."""

    EXPIRED = "expired"
    ERASED = "erased"
    RETURNED = "returned"


class Mistake(StrEnum):
    """What is wrong with what was posted: nothing was saved."""

    NO_ITEM = "no_item"
    NO_STARS = "no_stars"
    TOO_LONG = "too_long"
    LINK = "link"
    TOO_SOON = "too_soon"


@dataclass(frozen=True)
class Item:
    """One product to review. ``name``: the catalogue's, else the sku; ``review``: this customer's own."""

    sku: str
    name: str
    order_id: str
    review: ReviewRow | None = None


@dataclass(frozen=True)
class Writer:
    """Whoever holds a link: what they may review, and the name that can be shown beside it."""

    message_id: str
    customer_id: str
    definition: Definition
    items: Sequence[Item]
    name: str | None = None
    language: str | None = None
    closed: Closed | None = None

    def item(self, sku: str | None) -> Item | None:
        """Return the product of that sku, if it is one of these."""
        return next((item for item in self.items if item.sku == sku), None)


@dataclass(frozen=True)
class Posted:
    """What somebody posts. ``named``: the name is to be shown; ``language``: the browser's, if known."""

    sku: str | None
    stars: int | None
    text: str = ""
    named: bool = False
    language: str | None = None


def writer_of(session: Session, message_id: str, now: datetime) -> Writer | None:
    """Return all that the page shows; None if there is no such message."""
    message = session.get(MessageRow, message_id, populate_existing=True)
    if message is None:
        return None
    try:
        run = load_run_of(session, message_id)
    except NotFound:
        return None
    customer_id = run.contact.customer_id
    if closed := _closed(message, run, now):
        return Writer(message_id, customer_id, run.definition, (), None, run.contact.language, closed)
    row = get_customer(session, customer_id)
    items = _items(session, run, message)
    return Writer(
        message_id, customer_id, run.definition, items, shown_name(row.first_name, row.last_name),
        run.contact.language, None if items else Closed.RETURNED,
    )  # fmt: skip


def _closed(message: MessageRow, run: RunFacts, now: datetime) -> Closed | None:
    if run.contact.customer_id.startswith(ERASED) or message.customer_id.startswith(ERASED):
        return Closed.ERASED
    if is_anothers(message, run):
        return Closed.EXPIRED
    sent = message.sent_at or message.claimed_at
    return Closed.EXPIRED if now > expires_at(sent, run.definition.reviews.open_for) else None


def _items(session: Session, run: RunFacts, message: MessageRow) -> list[Item]:
    """Return what the message was about and the customer has kept, each product once."""
    about = orders_about(run.definition.step(message.step), run.facts) or (run.facts.own,)
    lines = order_lines(session, [order.order_id for order in about])
    kept: dict[str, OrderLine] = {}
    for line in lines:
        if line.kept:
            kept.setdefault(line.sku, line)
    reviews = reviews_by(session, run.contact.customer_id, kept)
    known = select(ProductRow.sku, ProductRow.name).where(col(ProductRow.sku).in_(list(kept)))
    names = dict(session.exec(known).all())
    return [Item(sku, names.get(sku, sku), line.order_id, reviews.get(sku)) for sku, line in kept.items()]


def write_review(session: Session, message_id: str, posted: Posted, now: datetime) -> Mistake | Item | None:
    """Save what was posted, under the person's locks; return the product with its review, or what is wrong.

    A customer has one review of a product: what is posted again changes it, and a changed one is read by a
    moderator again. The same again changes nothing. None: the link takes no review (any more).
    """
    lock_messages(session, [message_id])
    writer = writer_of(session, message_id, now)
    if writer is None or writer.closed:
        return None
    item, text = writer.item(posted.sku), plain_words(posted.text)
    if mistake := _mistake(item, posted, text):
        return mistake
    assert item is not None  # noqa: S101 - `_mistake` has looked
    return _save(session, writer, item, posted, text, now)


def _mistake(item: Item | None, posted: Posted, text: str) -> Mistake | None:
    if item is None:
        return Mistake.NO_ITEM
    if posted.stars is None or not 1 <= posted.stars <= STARS:
        return Mistake.NO_STARS
    if len(text) > MAX_TEXT:
        return Mistake.TOO_LONG
    return Mistake.LINK if has_link(text) else None


def _save(
    session: Session, writer: Writer, item: Item, posted: Posted, text: str, now: datetime
) -> Mistake | Item:
    author = writer.name if posted.named else None
    said = (posted.stars, text or None, author)
    row = item.review
    if row is not None and (row.rating, row.text, row.author) == said:
        return item
    if row is not None and timedelta(0) <= now - row.written_at < PAUSE:
        return Mistake.TOO_SOON
    if row is None:
        row = ReviewRow(
            sku=item.sku, order_id=item.order_id, customer_id=writer.customer_id, source=WRITTEN_HERE,
            rating=0, state="", written_at=now,
        )  # fmt: skip
    row.rating, row.text, row.author = said[0] or 0, said[1], said[2]
    language = writer.language or posted.language or writer.definition.shop.language
    row.written_at, row.language = now, primary_language(language)
    settle(row, ReviewState.PENDING, None, now)
    save_review(session, row)
    _record_click(session, writer, row, now)
    return Item(item.sku, item.name, item.order_id, row)


def _record_click(session: Session, writer: Writer, row: ReviewRow, now: datetime) -> None:
    """Whoever reviews has followed the message's link: a person, whatever its scanners have opened."""
    insert_once(
        session, MessageEventRow, message_id=writer.message_id, kind=CLICKED, at=now,
        event_id=f"review:{row.id}:{writer.message_id}", machine=False,
    )  # fmt: skip
