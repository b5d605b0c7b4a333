"""A signed event that is sent to our own web server, as a shop would: does it arrive?"""

from __future__ import annotations

import json
from datetime import datetime

import requests

from campaign.errors import Unavailable
from intake.shop.events import ShopRequest
from settings import Settings
from starter.shops.systems import ShopSystem

TOPIC = "afterglow/test"
"""Nothing is done for it: the event is received, recorded and changes nothing."""
SECONDS = 10.0


def web_address(settings: Settings) -> str:
    """Return where a shop calls: the public address, or this machine's while there is none."""
    if settings.public_url:
        return settings.public_url.rstrip("/")
    host = settings.web_host if settings.web_host not in ("0.0.0.0", "::") else "127.0.0.1"  # noqa: S104 - compared
    return f"http://{host}:{settings.web_port}"


def send_test(system: ShopSystem, secret: str, url: str, now: datetime) -> ShopRequest:
    """Post a signed event, and return it: it has arrived.

    Raises:
        Unavailable: it has not; the text says what was answered, and what to look at.
    """
    body = json.dumps({"test": now.isoformat()}).encode()
    event = f"test-{now.timestamp():.6f}"
    request = ShopRequest.of(system.name, TOPIC, event, body)
    address, headers = f"{url}/webhooks/{system.name}", system.headers(TOPIC, event, body, secret, now)
    try:
        answer = requests.post(address, body, headers=dict(headers), timeout=SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        msg = f"{address} cannot be reached ({type(error).__name__}): does `python -m web` run there?"
        raise Unavailable(msg) from None
    if answer.status_code != requests.codes.ok:
        raise Unavailable(f"{address} answered {answer.status_code}: {_meaning(answer.status_code)}")
    return request


def _meaning(status: int) -> str:
    return {
        403: "it runs with another secret, its clock is off by hours, or a proxy has changed the body",
        404: "this is no Afterglow, or a proxy passes another path on",
        413: "a proxy takes no body as long as this one",
        503: "its database is not there",
    }.get(status, "look into its log")
