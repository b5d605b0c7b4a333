"""What a message can show, gathered from the facts, the catalogue and what other rooms know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, zip_longest

from campaign import wire
from campaign.catalogue.shelf import Recommendation, Shelf
from campaign.customers.history import kept_orders, lifetime_value
from campaign.definition.localized import in_language
from campaign.definition.model import Definition
from campaign.definition.steps import Step
from campaign.facts import Facts, OrderLine, PastOrder
from campaign.languages.tags import tag_of
from content.context import (
    Brand,
    Customer,
    Item,
    Line,
    MessageContext,
    Order,
    Product,
)
from content.extras.loyalty import shown_loyalty
from content.extras.offers import Coupon, shown_offer
from content.extras.social_proof import quotes_of, shop_rating_of
from content.review_links import ReviewLinks


@dataclass(frozen=True)
class Recipient:
    """Who is written to, as templates may know it, and the pages that the message links to.

    ``message_id`` names the message to our own pages; a preview has none of them.
    """

    message_id: str = ""
    first_name: str | None = None
    language: str | None = None
    unsubscribe_url: str | None = None
    preferences_url: str | None = None


@dataclass(frozen=True)
class Extras:
    """What makes a message personal, beyond order and catalogue; each is left out where there is none.

    ``coupon``: of an offer with codes of the customer's own; without one the message goes without the offer.
    ``review_page`` is where this message's products are reviewed; else the brand's page is linked to.
    """

    coupon: Coupon | None = None
    review_page: str | None = None


NO_EXTRAS = Extras()
_OF_PRODUCT = [name for name in Product.model_fields if name in wire.Product.model_fields]


def build_context(
    definition: Definition,
    step: Step,
    segment: str,
    facts: Facts,
    now: datetime,
    *,
    about: Sequence[PastOrder],
    lines: Sequence[OrderLine],
    shelf: Shelf,
    recipient: Recipient,
    extras: Extras = NO_EXTRAS,
) -> MessageContext:
    """Gather everything that a template can see, for a message or its preview.

    ``about``: the orders that the message is about, oldest first, at least one; ``lines`` are theirs,
    ``shelf`` what the catalogue has to show beside them. An offer's end is counted from ``now``.
    """
    language = tag_of(recipient.language or definition.shop.language, facts.customer.country)
    links = ReviewLinks(definition, step, extras.review_page)
    orders = [_order(order, lines, shelf, links) for order in about]
    return MessageContext(
        message_id=recipient.message_id,
        step=step.name,
        segment=segment,
        brand=brand_of(definition, language),
        customer=Customer(first_name=recipient.first_name, language=recipient.language),
        order=orders[-1],
        orders=orders,
        lines=lines_of(orders),
        offer=shown_offer(
            definition, offer_name(step, segment), extras.coupon, facts.customer, now, language
        ),
        best_sellers=_products(shelf.best_sellers),
        whats_new=_products(shelf.whats_new),
        cross_sell=_products(shelf.cross_sell),
        replenish=_products(shelf.replenish),
        recommended=_products(shelf.recommended),
        quotes=quotes_of(shelf),
        shop_rating=shop_rating_of(shelf),
        loyalty=shown_loyalty(definition, facts, language),
        language=language,
        order_count=len(kept_orders(facts.orders)),
        lifetime_value=lifetime_value(facts.orders, facts.currency),
        currency=facts.currency,
        unsubscribe_url=recipient.unsubscribe_url,
        preferences_url=recipient.preferences_url,
    )


def offer_name(step: Step, segment: str) -> str | None:
    """Return the offer that a step has for a segment."""
    audience = step.audience(segment)
    return audience.offer if audience else None


def brand_of(definition: Definition, language: str | None = None) -> Brand:
    """Return the brand as templates see it, with its words in a language, else in the shop's."""
    brand, shops = definition.brand, definition.shop.language
    own = brand.model_dump(include=set(Brand.model_fields))
    opt_out = in_language(brand.sms_opt_out, language or shops, shops, tone=brand.tone)
    return Brand.model_validate({**own, "language": shops, "sms_opt_out": opt_out})


def lines_of(orders: Sequence[Order]) -> list[Line]:
    """Return the lines of all orders, a product once; first of each order its first: all are named."""
    found: dict[str, Line] = {}
    for line in chain.from_iterable(zip_longest(*(order.lines for order in orders))):
        if line is not None:
            before = found[line.sku].quantity if line.sku in found else 0
            found[line.sku] = line.model_copy(update={"quantity": before + line.quantity})
    return list(found.values())


def _order(order: PastOrder, lines: Sequence[OrderLine], shelf: Shelf, links: ReviewLinks) -> Order:
    """Show an order without what came back; with all of it where nothing else would be left to show."""
    mine = [line for line in lines if line.order_id == order.order_id]
    left = [(line, line.kept) for line in mine if line.kept] or [(line, line.quantity) for line in mine]
    return Order(
        order_id=order.order_id,
        placed_at=order.placed_at,
        currency=order.currency,
        total=order.value,
        lines=[_line(line, quantity, shelf.known.get(line.sku), links) for line, quantity in left],
    )


def _line(line: OrderLine, quantity: int, product: wire.Product | None, links: ReviewLinks) -> Line:
    about = {name: getattr(product, name) for name in Item.model_fields} if product else {"name": line.sku}
    sold = {"sku": line.sku, "quantity": quantity, "unit_price": line.unit_price}
    return Line(**about | sold | links.of(line))


def _products(shown: Sequence[Recommendation]) -> list[Product]:
    return [
        Product(
            **{name: getattr(entry.product, name) for name in _OF_PRODUCT},
            kind=entry.kind.value,
            goes_with=entry.goes_with,
        )
        for entry in shown
    ]
