"""Gives codes to Shopify over its Admin API, and waits until it has them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import requests

from campaign.definition.offers.offer import Offer
from campaign.errors import Unavailable
from campaign.offers.shop_codes import ShopCodes
from settings import Settings
from shops.shopify import discounts

LOOKS = 30
PAUSE = 2.0
"""Seconds between two looks at whether Shopify has made a batch's codes."""


def shop_codes(settings: Settings) -> ShopCodes | None:
    """Return the shop that codes are given to, as the settings name it; None without one."""
    if settings.shopify_store is None or settings.shopify_admin_token is None:
        return None
    token = settings.shopify_admin_token.get_secret_value()
    return ShopifyCodes(settings.shopify_store, token, seconds=settings.provider_seconds)


class ShopifyCodes:
    """A Shopify store (``https://NAME.myshopify.com``) with an Admin API access token."""

    most = discounts.MOST_CODES

    def __init__(
        self, store: str, token: str, *, seconds: float, wait: Callable[[float], None] = time.sleep
    ) -> None:
        """Open nothing yet. ``seconds``: how long an answer may take; ``wait`` pauses between two looks."""
        self._url, self._seconds, self._wait = store.rstrip("/") + discounts.path(), seconds, wait
        self._headers = {"X-Shopify-Access-Token": token}

    def takes(self, offer: Offer) -> bool:
        """Return whether the offer names its discount."""
        return offer.shopify_discount is not None

    def add(self, offer: Offer, codes: Sequence[str]) -> Sequence[str]:
        """Add codes to the offer's discount; return those that are there. Raises as `ShopCodes.add`."""
        added = self._post(discounts.add_request(offer.shopify_discount or "", codes))
        bulk_creation = discounts.read_added(added)
        for _ in range(LOOKS):
            results = discounts.read_results(self._post(discounts.results_request(bulk_creation)))
            if results.done:
                break
            self._wait(PAUSE)
        return results.there

    def _post(self, body: dict[str, Any]) -> dict[str, Any]:
        try:
            answer = requests.post(
                self._url, json=body, headers=self._headers, timeout=self._seconds, allow_redirects=False
            )
            answer.raise_for_status()
            found = answer.json()
        except (requests.RequestException, ValueError):
            msg = (
                "Shopify's Admin API does not answer as it should: check the store, the token and its scopes"
            )
            raise Unavailable(msg) from None
        return found if isinstance(found, dict) else {}
