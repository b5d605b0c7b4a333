"""An offer as a message shows it: its words in the customer's language, the code, the link, the last day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from campaign.definition.model import Definition
from campaign.definition.offers.offer import Offer as OfferDefinition
from campaign.facts import CustomerFacts
from campaign.offers.codes import example_code
from campaign.offers.coupons import HeldCoupon
from campaign.offers.links import apply_link
from campaign.offers.validity import valid_until, zone_of
from content.context import Offer


@dataclass(frozen=True)
class Coupon:
    """The customer's own code of the step's offer, and the link that applies it.

    ``valid_until`` is in the zone that it is shown in.
    """

    code: str
    apply_url: str | None = None
    valid_until: datetime | None = None


def coupon_shown(definition: Definition, held: HeldCoupon, customer: CustomerFacts) -> Coupon:
    """Return a customer's own coupon as it is shown: until a date where the customer lives."""
    zone = zone_of(definition, customer)
    link = _link(definition, definition.offers.get(held.offer), held.code)
    return Coupon(held.code, link, held.expires_at.astimezone(zone))


def shared_coupon(
    definition: Definition, offer: OfferDefinition, customer: CustomerFacts, now: datetime
) -> Coupon | None:
    """Return the code that everybody gets, as it is shown to a customer now; None for an offer without."""
    if offer.code is None:
        return None
    return Coupon(offer.code, _link(definition, offer, offer.code), _until(definition, offer, customer, now))


def example_coupon(
    definition: Definition, offer: OfferDefinition, customer: CustomerFacts, now: datetime
) -> Coupon | None:
    """Return a coupon for a preview: of an offer with codes of the customer's own, one that nobody has."""
    if not offer.personal:
        return shared_coupon(definition, offer, customer, now)
    code = example_code(offer.prefix)
    return Coupon(code, _link(definition, offer, code), _until(definition, offer, customer, now))


def shown_offer(
    definition: Definition,
    name: str | None,
    coupon: Coupon | None,
    customer: CustomerFacts,
    now: datetime,
    language: str,
) -> Offer | None:
    """Return an offer for a template; None without one, or without the customer's own code that it needs."""
    offer = definition.offers.get(name or "")
    if offer is None or (offer.personal and coupon is None):
        return None
    shops, tone = definition.shop.language, definition.brand.tone
    shown = coupon or shared_coupon(definition, offer, customer, now)
    return Offer(
        text=offer.text_in(language, shops, tone=tone),
        terms=offer.terms_in(language, shops, tone=tone),
        percent=offer.percent,
        code=shown.code if shown else None,
        apply_url=shown.apply_url if shown else None,
        valid_until=shown.valid_until if shown else _until(definition, offer, customer, now),
    )


def _until(
    definition: Definition, offer: OfferDefinition, customer: CustomerFacts, now: datetime
) -> datetime | None:
    if offer.valid_for is None:
        return None
    return valid_until(now, offer.valid_for, zone_of(definition, customer))


def _link(definition: Definition, offer: OfferDefinition | None, code: str) -> str | None:
    path = offer.lands_on if offer else "/"
    return apply_link(definition.shop, definition.brand.url, code, path)
