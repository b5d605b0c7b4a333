"""Twelve contrasting customers, as contexts of a message: whatever looks good for all of them looks good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from campaign.catalogue.shelf import Kind
from content.checking.examples import about_orders
from content.context import (
    Brand,
    Customer,
    Item,
    Line,
    Loyalty,
    MessageContext,
    Offer,
    Order,
    Product,
    Quote,
    ShopRating,
)
from dev.sample_shop.people import PRODUCTS

PICTURES = "https://shop.example.com/pictures"
_PLACED = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
_LINKS = "https://mail.shop.example.com"
_QUOTE = "The light is warm and the hinge stays where I put it."
_LONG = "Maximiliana-Alexandra Konstantinopoulou"
_VIP_OFFER = "early access and free shipping on your next order"
_PERKS = "free shipping"
_TRANSLATIONS = {
    _PERKS: {"de": "gratis Versand", "es": "envío gratis", "fr": "livraison offerte"},
    "20% off everything": {
        "de": "20 % auf alles",
        "es": "un 20 % de descuento en todo",
        "fr": "20 % de remise sur tout",
    },
    _VIP_OFFER: {
        "de": "früher Zugang und gratis Versand bei der nächsten Bestellung",
        "es": "acceso anticipado y envío gratis en el próximo pedido",
        "fr": "accès en avant-première et livraison offerte sur la prochaine commande",
    },
}
_LONG_PRODUCT = "Hand-thrown stoneware serving bowl with a reactive glaze, extra large, sea green and sand"


def customers(brand: Brand) -> Mapping[str, MessageContext]:
    """Return the contexts by what is special about each; all are in English, but for their formats."""
    usual = _context(brand, "Ada", ["MUG-02"])
    offer = _offer(usual, "20% off everything", "COMEBACK-7KQ4-M2XP", 20)
    return {
        "first-time": _without_extras(usual),
        "returning": _with(
            usual, lines=["LAMP-01", "TEA-13"], order_count=3, offer=offer, segment="returning",
            replenish=_products(["TEA-13"]),
        ),
        "vip": _with(
            usual, lines=["BAG-06", "KNIF-04"], order_count=12, segment="vip", loyalty=_top(),
            offer=_offer(usual, _VIP_OFFER, "VIPSHIP", None),
        ),
        "long-names": _with(usual, lines=["VASE-19"], name=_LONG, product=_LONG_PRODUCT, offer=offer),
        "no-name": _with(usual, lines=["CNDL-07"], name=None),
        "no-pictures": _with(usual, lines=["JRNL-08", "SOAP-16"], pictures=False, offer=offer),
        "many-items": _with(usual, lines=[product["sku"] for product in PRODUCTS[3:12]], offer=offer),
        "right-to-left-name": _with(usual, lines=["TENT-05"], name="\u0644\u064a\u0644\u0649", offer=offer),
        "austria": _with(usual, lines=["PAN-09"], currency="EUR", country="AT", offer=offer),
        "mexico": _with(usual, lines=["APRN-20", "OIL-21"], currency="MXN", country="MX"),
        "joint-orders": _joint(usual),
        "unknown-product": _unknown(usual),
    }  # fmt: skip


def in_language(context: MessageContext, brand: Brand, language: str) -> MessageContext:
    """Return a context for a reader of a language, whose country stays."""
    country = context.language.partition("-")[2]
    offer = context.offer and context.offer.model_copy(
        update={"text": _translated(language, context.offer.text)}
    )
    loyalty = context.loyalty and context.loyalty.model_copy(
        update={"perks": _translated(language, context.loyalty.perks)}
    )
    tag = f"{language}-{country}" if country else language
    changes = {"brand": brand, "language": tag, "offer": offer, "loyalty": loyalty}
    return context.model_copy(update=changes)


def _translated(language: str, text: str | None) -> str | None:
    return _TRANSLATIONS[text].get(language, text) if text in _TRANSLATIONS else text


def _context(brand: Brand, name: str | None, skus: Sequence[str]) -> MessageContext:
    order = _order("1042", skus)
    bare = MessageContext(
        message_id="m-1", step="step", segment="first-time", brand=brand, customer=Customer(first_name=name),
        order=order, orders=[order], lines=[],
        best_sellers=_products(["SOCK-11", "BOTL-10", "BORD-14"]),
        whats_new=_products(["STOV-22", "CLOK-24", "PILW-23"]),
        cross_sell=_products(["HOOK-15", "TOWL-17", "BLNK-03"]),
        recommended=_recommended(),
        quotes=[Quote(text=_QUOTE, item="Kestrel desk lamp", rating=5, author="Ben H.")],
        shop_rating=ShopRating(average=4.7, count=6214),
        loyalty=Loyalty(
            tier="Sapling", perks=_PERKS, next_tier="Evergreen",
            orders_missing=2, value_missing=Decimal("120.00"),
        ),
        unsubscribe_url=f"{_LINKS}/unsubscribe/x", preferences_url=f"{_LINKS}/preferences/x",
    )  # fmt: skip
    return about_orders(bare, order)


def _with(
    context: MessageContext,
    *,
    lines: Sequence[str],
    name: str | None = "Ada",
    product: str | None = None,
    pictures: bool = True,
    currency: str = "USD",
    country: str = "US",
    **changes: Any,
) -> MessageContext:
    order = _order("1042", lines)
    if product:
        named = [line.model_copy(update={"name": product}) for line in order.lines]
        order = order.model_copy(update={"lines": named})
    made = about_orders(context, order).model_copy(
        update={
            "customer": Customer(first_name=name), "language": f"en-{country}",
            "currency": currency, **changes
        }
    )  # fmt: skip
    made = _changed(made, {"currency": currency})
    return made if pictures else _changed(made, {"image_url": None}, {"image_url": None})


def _changed(
    context: MessageContext, products: Mapping[str, Any], lines: Mapping[str, Any] | None = None
) -> MessageContext:
    shown = ("best_sellers", "whats_new", "cross_sell", "replenish", "recommended")
    update: dict[str, Any] = {
        name: [item.model_copy(update=products) for item in getattr(context, name)] for name in shown
    }
    if lines:
        order = context.order
        kept = [line.model_copy(update=lines) for line in order.lines]
        return about_orders(context, order.model_copy(update={"lines": kept})).model_copy(update=update)
    return context.model_copy(update=update)


def _without_extras(context: MessageContext) -> MessageContext:
    nothing: dict[str, Any] = {
        "quotes": [],
        "shop_rating": None,
        "loyalty": None,
        "cross_sell": [],
        "recommended": [],
        "replenish": [],
    }
    return context.model_copy(update=nothing)


def _joint(context: MessageContext) -> MessageContext:
    first, second = _order("1041", ["MUG-02", "TEA-13"]), _order("1042", ["HEAD-18", "VASE-19", "APRN-20"])
    return about_orders(context, first, second)


def _unknown(context: MessageContext) -> MessageContext:
    line = Line(sku="X-900", name="X-900", quantity=2, unit_price=Decimal(7), review_url=f"{_LINKS}/review/x")
    return about_orders(context, context.order.model_copy(update={"lines": [line]}))


def _order(order_id: str, skus: Sequence[str]) -> Order:
    lines = [_line(sku, number) for number, sku in enumerate(skus)]
    total = sum((line.unit_price * line.quantity for line in lines), Decimal(0))
    return Order(order_id=order_id, placed_at=_PLACED, currency="USD", total=total, lines=lines)


def _line(sku: str, number: int) -> Line:
    product = _product(sku)
    about = product.model_dump(include=set(Item.model_fields))
    page = f"{_LINKS}/review/x?item={sku}"
    stars = [f"{page}&stars={count}" for count in range(1, 6)]
    return Line(quantity=1 + number % 2, unit_price=product.price, review_url=page, star_urls=stars, **about)


def _products(skus: Sequence[str]) -> list[Product]:
    return [_product(sku) for sku in skus]


def _recommended() -> list[Product]:
    why = {"kind": Kind.TOGETHER.value, "goes_with": _product("MUG-02").name}
    return [item.model_copy(update=why) for item in _products(["HOOK-15", "TOWL-17", "BLNK-03"])]


def _product(sku: str) -> Product:
    found = next(product for product in PRODUCTS if product["sku"] == sku)
    return Product.model_validate({**found, "image_url": f"{PICTURES}/{sku.lower()}.png"})


def _offer(context: MessageContext, text: str, code: str, percent: int | None) -> Offer:
    return Offer(
        text=text, code=code, percent=Decimal(percent) if percent else None,
        apply_url=f"{context.brand.url}/discount/{code}", valid_until=_PLACED + timedelta(days=90),
        terms=None,
    )  # fmt: skip


def _top() -> Loyalty:
    return Loyalty(tier="Evergreen", points=2140)
