"""The shop systems that are connected: what each is called, how it signs, and how its events are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import structlog

from campaign.errors import AfterglowError
from content.loading import read_definition
from intake.shop.events import Read, ShopRequest
from settings import Settings, listed
from shops import shopify, woocommerce
from shops.context import Context
from shops.news import ShopNews
from shops.signatures import signature_of

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class ShopSystem:
    """One shop system. ``setting`` is the one of its secrets; ``topics`` are those that do something here.

    ``headers`` of an event, for a test: of its topic, id, body, secret and time.
    """

    name: str
    label: str
    setting: str
    topics: Sequence[str]
    read: Callable[[str, bytes, Context], ShopNews]
    headers: Callable[[str, str, bytes, str, datetime], Mapping[str, str]]

    def secrets(self, settings: Settings) -> list[str]:
        """Return the secrets that it may sign with, newest first."""
        return listed(getattr(settings, self.setting))


def _shopify_headers(topic: str, event: str, body: bytes, secret: str, now: datetime) -> dict[str, str]:
    return {
        "X-Shopify-Topic": topic,
        "X-Shopify-Hmac-Sha256": signature_of(body, secret),
        "X-Shopify-Event-Id": event,
        "X-Shopify-Triggered-At": now.isoformat(),
    }


def _woocommerce_headers(topic: str, event: str, body: bytes, secret: str, _: datetime) -> dict[str, str]:
    return {
        "X-WC-Webhook-Topic": topic,
        "X-WC-Webhook-Signature": signature_of(body, secret),
        "X-WC-Webhook-Delivery-ID": event,
    }


SHOPIFY = ShopSystem(
    "shopify", "Shopify", "shopify_secret", shopify.TOPICS, shopify.read_event, _shopify_headers
)
WOOCOMMERCE = ShopSystem(
    "woocommerce",
    "WooCommerce",
    "woocommerce_secret",
    woocommerce.TOPICS,
    woocommerce.read_event,
    _woocommerce_headers,
)
SYSTEMS: Mapping[str, ShopSystem] = {system.name: system for system in (SHOPIFY, WOOCOMMERCE)}


def context_of(settings: Settings, now: datetime) -> Context:
    """Return what a shop's folder needs to know: our settings, and what the campaign says of the shop."""
    return Context(
        policy=settings.order_policy, guest_id=settings.guest_id, now=now, **_of_campaign(settings.campaign)
    )


@lru_cache(maxsize=4)
def _of_campaign(path: Path) -> Mapping[str, Any]:
    """Read the shop's own currency, country, zone and address, once; the web process may lack the file."""
    try:
        definition = read_definition(path)
    except AfterglowError:
        _log.warning("campaign not read: a shop's events must name currency and country", path=str(path))
        return {}
    shop = definition.shop
    return {
        "currency": shop.currency,
        "country": shop.country,
        "time_zone": shop.time_zone,
        "shop_url": definition.brand.url.rstrip("/"),
    }


def read_event(settings: Settings, now: datetime) -> Read:
    """Return what turns a shop's request into news, also one that was kept (`afterglow inbox retry`)."""
    context = context_of(settings, now)

    def read(request: ShopRequest) -> ShopNews:
        return SYSTEMS[request.shop].read(request.topic, request.body, context)

    return read
