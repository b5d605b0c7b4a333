"""Gives codes to Shopify over its Admin API, and waits until it has them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import requests

from campaign.definition.offers.offer import Offer
from campaign.errors import Unavailable
from campaign.offers.shop_codes import Handed, ShopCodes
from settings import Settings
from shops.shopify import discounts

LOOKS = 30
PAUSE = 2.0
"""Seconds between two looks at whether Shopify has made a batch's codes."""
BUSY_PAUSES = (2.0, 5.0, 15.0)
"""Seconds after which a busy shop is given the request again: that makes no code twice."""
TOO_MANY, SERVER_ERROR = 429, 500
_NO_ANSWER = "Shopify's Admin API does not answer as it should: check the store, the token and its scopes"


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

    def add(self, offer: Offer, codes: Sequence[str]) -> Handed:
        """Add codes to the offer's discount. Returns and raises as `ShopCodes.add`."""
        added = discounts.read_added(self._post(discounts.add_request(offer.shopify_discount or "", codes)))
        if added.bulk_creation is None:
            return Handed((), dict.fromkeys(codes, added.refusal or ""))
        for _ in range(LOOKS):
            results = discounts.read_results(self._post(discounts.results_request(added.bulk_creation)))
            if results.done:
                break
            self._wait(PAUSE)
        own = self._own(offer.shopify_discount or "", results)
        elsewhere = dict.fromkeys(set(results.taken) - set(own), discounts.TAKEN)
        return Handed((*results.there, *own), {**results.refused, **elsewhere})

    def _own(self, discount: str, results: discounts.Results) -> Sequence[str]:
        """Return the taken codes that are the discount's own: what another one takes off is not ours."""
        taken = results.taken
        if not taken:
            return ()
        return discounts.read_owned(self._post(discounts.owners_request(taken)), taken, discount)

    def _post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return its answer; where Shopify is busy, the one after a pause."""
        for pause in BUSY_PAUSES:
            status, answer = self._answer(body)
            if not (status == TOO_MANY or status >= SERVER_ERROR or discounts.is_throttled(answer)):
                break
            self._wait(pause)
        else:
            status, answer = self._answer(body)
        if status != requests.codes.ok:
            raise Unavailable(_NO_ANSWER)
        return answer

    def _answer(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Return the status, 500 where none came, and the body where it is an object of JSON."""
        try:
            answer = requests.post(
                self._url, json=body, headers=self._headers, timeout=self._seconds, allow_redirects=False
            )
            found = answer.json() if answer.ok else {}
        except (requests.ConnectionError, requests.Timeout):
            return SERVER_ERROR, {}
        except (requests.RequestException, ValueError):
            raise Unavailable(_NO_ANSWER) from None
        return answer.status_code, found if isinstance(found, dict) else {}
