"""Templates checked before a customer sees them: rendered with full, empty and hostile data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from campaign.errors import BadCampaign, Problem
from campaign.reasons import Channel
from content.context import Brand, Customer, Line, MessageContext, Offer, Order, Product
from content.rendering import SUFFIXES, render_email, render_sms
from content.sms import to_gsm7

_AT = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)


def check_templates(folder: Path, wanted: Iterable[tuple[Channel, str]], brand: Brand) -> list[Problem]:
    """Render each wanted template with several contexts; list every mistake once."""
    found: dict[Problem, None] = {}
    for channel, name in wanted:
        for context in examples(brand):
            found |= dict.fromkeys(_check(folder, channel, name, context))
    return list(found)


def _check(folder: Path, channel: Channel, name: str, context: MessageContext) -> Iterator[Problem]:
    file = SUFFIXES[channel].format(name)
    try:
        if channel is Channel.EMAIL:
            yield from _check_email(folder, file, name, context)
        else:
            yield from _check_sms(folder, file, name, context)
    except BadCampaign as error:
        yield from error.problems


def _check_email(folder: Path, file: str, name: str, context: MessageContext) -> Iterator[Problem]:
    email = render_email(folder, name, context)
    if not email.subject:
        yield Problem(file, "has an empty subject", "write one in the block subject")
    for part, text in (("html", email.html), ("text", email.text)):
        address = context.brand.postal_address if part == "text" else _escaped(context.brand.postal_address)
        if address not in text:
            yield Problem(
                file, f"shows no postal address ({part})", "law requires it: use brand.postal_address"
            )
        if not _way_out(context, text):
            yield Problem(
                file, f"has no way to unsubscribe ({part})", "use unsubscribe_url or brand.unsubscribe_email"
            )


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("'", "&#39;")


def _way_out(context: MessageContext, text: str) -> bool:
    return any(way in text for way in (context.unsubscribe_url, context.brand.unsubscribe_email) if way)


def _check_sms(folder: Path, file: str, name: str, context: MessageContext) -> Iterator[Problem]:
    text = render_sms(folder, name, context).text
    if not _says(text, context.brand.name):
        yield Problem(file, "does not say who it is from", "law requires it: use brand.name")
    if not _says(text, context.brand.sms_opt_out):
        yield Problem(file, "does not say how to opt out", "law requires it: use brand.sms_opt_out")


def _says(text: str, words: str) -> bool:
    """Say whether words are in an SMS, as they are or in plain characters."""
    return words in text or to_gsm7(words) in text


def examples(brand: Brand) -> list[MessageContext]:
    """Return the contexts that every template must survive: full, bare, hostile."""
    return [full_example(brand), _bare(brand), _hostile(brand)]


def _bare(brand: Brand) -> MessageContext:
    line = Line(sku="SKU-1", name="SKU-1", quantity=1, unit_price=Decimal("5.00"))
    order = Order(order_id="1001", placed_at=_AT, currency="USD", total=Decimal("5.00"), lines=[line])
    return MessageContext(
        message_id="m-1", step="step", segment="first-time", brand=brand, customer=Customer(), order=order
    )


def full_example(brand: Brand) -> MessageContext:
    """Return a context in which nothing is missing."""
    product = Product(
        sku="MUG-1", name="Stoneware mug", url="https://shop.example.com/p/mug", price=Decimal("19.90"),
        currency="USD", category="Kitchen", rating=4.7, review_count=213, review_quote="My favourite.",
    )  # fmt: skip
    about = product.model_dump(exclude={"price", "currency", "category"})
    lines = [Line(quantity=2, unit_price=Decimal("19.90"), **about)] * 2
    return _bare(brand).model_copy(
        update={
            "customer": Customer(first_name="Ada", language="en"),
            "order": Order(
                order_id="1001", placed_at=_AT, currency="USD", total=Decimal("79.60"), lines=lines
            ),
            "offer": Offer(
                code="CODE10", text="10% off your next order", valid_until=_AT, terms="Once per customer."
            ),
            "best_sellers": [product] * 3,
            "whats_new": [product] * 2,
            "cross_sell": [product],
            "unsubscribe_url": "https://shop.example.com/unsubscribe/token",
            "preferences_url": "https://shop.example.com/preferences/token",
        }
    )


def _hostile(brand: Brand) -> MessageContext:
    full = full_example(brand)
    name = "<script>alert(1)</script>{{ 7 * 7 }}\r\nBcc: x@example.com"
    lines = [
        line.model_copy(update={"name": name, "review_quote": "</mj-text>\"'&"}) for line in full.order.lines
    ]
    return full.model_copy(
        update={
            "customer": Customer(first_name=name[:20]),
            "order": full.order.model_copy(update={"lines": lines}),
        }
    )
