"""Sixty-four invented customers with contact data, consents and earlier orders.

Names are put together from lists; addresses are at example.com (RFC 2606) and phone numbers in the
ranges kept for fiction, so that none can be anybody's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

CUSTOMERS = 64
_SEED = 20_260_301
_FIRST = [
    "Ada",
    "Ben",
    "Cleo",
    "Dev",
    "Elif",
    "Finn",
    "Gia",
    "Hugo",
    "Ines",
    "Jon",
    "Kira",
    "Leo",
    "Mina",
    "Noor",
    "Otis",
    "Pia",
    "Quinn",
    "Rafa",
    "Suri",
    "Theo",
]
_LAST = [
    "Ashby",
    "Birch",
    "Calder",
    "Dunmore",
    "Elmwood",
    "Farrow",
    "Glenn",
    "Hollis",
    "Ivory",
    "Juno",
    "Kestrel",
    "Larch",
]
# Country, zone, and the start of a number kept for fiction there: +1 555 01xx (NANPA), 07700 900xxx
# (Ofcom), 030 23125 xxx (Bundesnetzagentur), 02 7010 xxxx (ACMA).
_PLACES = [
    ("US", "America/New_York", "+12125550"), ("US", "America/Chicago", "+13125550"),
    ("US", "America/Denver", "+13035550"), ("US", "America/Los_Angeles", "+14155550"),
    ("US", "Pacific/Honolulu", "+18085550"), ("CA", "America/Toronto", "+14165550"),
    ("GB", "Europe/London", "+447700900"), ("DE", "Europe/Berlin", "+493023125"),
    ("AU", "Australia/Sydney", "+61270100"),
]  # fmt: skip
PRODUCTS: list[dict[str, Any]] = json.loads((Path(__file__).parent / "products.json").read_text("utf-8"))


@dataclass
class Person:
    """One customer: what the starter's commands are given."""

    contact: dict[str, Any]
    earlier: list[dict[str, Any]] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The shop's id."""
        return str(self.contact["customer_id"])


_TRIAL_NUMBERS = range(150, 162)  # docs/testing.md


def people(now: datetime) -> list[Person]:
    """Return the customers; the same every time but for dates, which count from ``now``."""
    random = Random(_SEED)  # noqa: S311 - sample data, not secrets
    return [_person(number, random, now) for number in range(1, CUSTOMERS + 1)]


def catalogue(now: datetime, pictures_url: str | None = None) -> list[dict[str, Any]]:
    """Return the products, with their pictures where these are served; the last few are new."""
    ages = [400 - 16 * number for number in range(len(PRODUCTS))]
    return [
        {
            **product,
            "image_url": pictures_url and f"{pictures_url}/{product['sku'].lower()}.png",
            "added_at": (now - timedelta(days=age)).isoformat(),
        }
        for product, age in zip(PRODUCTS, ages, strict=True)
    ]


def _line(number: int) -> int:
    """Return a person's number at the exchange, none of those with which outcomes are tried."""
    line = 100 + number
    return line if line < _TRIAL_NUMBERS.start else line + len(_TRIAL_NUMBERS)


def _language(number: int, country: str) -> str:
    """Return what a person reads: all four languages that ship are in the outbox."""
    if country == "US" and number % 8 == 0:
        return "es"
    return {"DE": "de", "CA": "fr"}.get(country, "en")


def _person(number: int, random: Random, now: datetime) -> Person:
    first, last = random.choice(_FIRST), random.choice(_LAST)
    country, zone, number_start = random.choice(_PLACES)
    preferred = (None, "email", "email", "sms", "both", "both")[number % 6]
    contact = {
        "customer_id": f"C-{number:03}",
        "email": f"{first}.{last}.{number}@example.com".lower(),
        "phone": f"{number_start}{_line(number):03}",
        "first_name": first,
        "last_name": last,
        "language": _language(number, country),
        "country": country,
        "time_zone": zone,
        "preferred_channel": preferred,
        "tags": ["sample"],
        "consents": [
            {
                "channel": channel,
                "state": "granted",
                "source": "sample",
                "confirmed": True,
                "at": (now - timedelta(days=500)).isoformat(),
            }
            for channel in ("email", "sms")
        ],
    }
    return Person(contact, list(_earlier(number, random, now)))


def _earlier(number: int, random: Random, now: datetime) -> Iterator[dict[str, Any]]:
    """Give earlier orders: a third have none, some have a steady buying cycle."""
    count = (0, 0, 1, 3, 0, 7)[number % 6]
    cycle = random.choice((24, 30, 45))
    for back in range(count, 0, -1):
        at = now - timedelta(days=cycle * back, hours=random.randint(0, 12))
        yield order(f"H-{number:03}-{back}", f"C-{number:03}", at, random)


def order(order_id: str, customer_id: str, at: datetime, random: Random) -> dict[str, Any]:
    """Return a purchase of one to three products."""
    chosen = random.sample(PRODUCTS, random.randint(1, 3))
    lines = [{"sku": p["sku"], "quantity": random.randint(1, 2), "unit_price": p["price"]} for p in chosen]
    total = sum(Decimal(str(line["unit_price"])) * int(str(line["quantity"])) for line in lines)
    return {
        "order_id": order_id,
        "customer_id": customer_id,
        "placed_at": at.isoformat(),
        "currency": "USD",
        "total": f"{total:.2f}",
        "lines": lines,
    }


def where_it_is_night(now: datetime) -> str:
    """Return a zone where it will be about two in the morning two hours after ``now``."""
    zones = [f"Etc/GMT{offset:+d}" for offset in range(-12, 13)]
    later = now + timedelta(hours=2)
    return min(zones, key=lambda zone: abs(later.astimezone(ZoneInfo(zone)).hour - 2))
