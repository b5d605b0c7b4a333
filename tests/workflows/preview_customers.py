"""Contrasting customers for the preview's agreement with reality: seeded, each the same every time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col

from campaign.customers.addresses import normal_address
from campaign.definition.version import Version
from campaign.reasons import Channel
from campaign.wire import Customer, Purchase
from dev.sample_shop.people import PRODUCTS
from storage.inserts import insert_row
from storage.queries.campaigns.orders import save_order
from storage.queries.campaigns.runs import store_version
from storage.queries.messages.messages import message_id
from storage.queries.people.consents import suppress
from storage.queries.people.customers import save_customers
from storage.tables import CustomerRow, MessageRow, OrderEventRow, RunRow

_PLACES: tuple[dict[str, Any], ...] = (
    {"country": "US", "time_zone": "America/New_York"},
    {"country": "US", "time_zone": "America/Los_Angeles", "region": "CA"},
    {"country": "US", "region": "FL", "postal_code": "33101"},
    {"country": "US"},
    {"country": "DE", "time_zone": "Europe/Berlin"},
    {"country": "FR", "time_zone": "Europe/Paris"},
    {"country": "GB"},
    {"country": "AU", "time_zone": "Australia/Sydney"},
    {},
)
_NUMBERS = {"US": "+1212555{:04}", "DE": "+4915112{:06}", "FR": "+33612{:06}", "GB": "+44740012{:04}"}


@dataclass(frozen=True)
class Played:
    """One customer with the order whose campaign is played."""

    contact: dict[str, Any]
    order: dict[str, Any]
    earlier: tuple[dict[str, Any], ...]
    events: dict[str, datetime]
    less: bool
    suppressed: bool
    written_to: bool


def customers(seed: int, number: int, now: datetime) -> Iterator[Played]:
    """Give so many customers, of an order placed ``now``."""
    for place in range(number):
        yield _customer(Random(seed * 1_000 + place), seed * 1_000 + place, now)  # noqa: S311 - no secret


def _customer(random: Random, number: int, now: datetime) -> Played:
    where = random.choice(_PLACES)
    identifier = f"p-{number}"
    contact = {
        "customer_id": identifier,
        "first_name": random.choice((None, "Ada", "Zoë", "Wilhelmina Alexandra")),
        "language": random.choice((None, "en", "de", "fr-CA", "es")),
        "preferred_channel": random.choice((None, None, "email", "sms", "both", "both")),
        "consents": list(_consents(random, now)),
        **where,
    }
    if random.random() < 0.95:
        contact["email"] = f"{identifier}@example.com"
    if random.random() < 0.8:
        contact["phone"] = _NUMBERS.get(where.get("country", "US"), _NUMBERS["US"]).format(number)
    count = random.choice((0, 0, 1, 2, 4))
    earlier = [
        _order(random, f"{identifier}-h{n}", identifier, now - timedelta(days=25 * n + 3))
        for n in range(1, count + 1)
    ]
    return Played(
        contact,
        _order(random, f"{identifier}-o", identifier, now),
        tuple(earlier),
        dict(_events(random, now)),
        less=random.random() < 0.1,
        suppressed=random.random() < 0.05,
        written_to=random.random() < 0.4,
    )


def _consents(random: Random, now: datetime) -> Iterator[dict[str, Any]]:
    given = {"state": "granted", "source": "checkout", "at": (now - timedelta(days=9)).isoformat()}
    for channel, likely in (("email", 0.7), ("sms", 0.8)):
        if random.random() < likely:
            yield {"channel": channel, **given, "confirmed": channel == "email" or random.random() < 0.8}
            if random.random() < 0.1:
                yield {
                    "channel": channel,
                    **given,
                    "state": "revoked",
                    "at": (now - timedelta(days=2)).isoformat(),
                }


def _events(random: Random, now: datetime) -> Iterator[tuple[str, datetime]]:
    """Give what becomes of the order, each after the one before it; some orders have no news."""
    at = now
    for status, likely in (("processed", 0.85), ("fulfilled", 0.6), ("delivered", 0.6)):
        if random.random() >= likely:
            return
        # No event at which a window ends: real seconds would decide.
        at += timedelta(hours=random.randint(1, 40), minutes=17)
        yield status, at


def _order(random: Random, order_id: str, customer_id: str, at: datetime) -> dict[str, Any]:
    chosen = random.sample(PRODUCTS, random.randint(1, 3))
    lines = [{"sku": p["sku"], "quantity": random.randint(1, 2), "unit_price": p["price"]} for p in chosen]
    total = sum(Decimal(str(line["unit_price"])) * int(str(line["quantity"])) for line in lines)
    times = {"placed_at": at.isoformat(), "currency": "USD", "total": f"{total:.2f}"}
    return {"order_id": order_id, "customer_id": customer_id, **times, "lines": lines}


def save(session: Session, played: list[Played], version: Version, now: datetime) -> None:
    """Save the customers with all that is known of them before the campaigns begin."""
    save_customers(session, [Customer.model_validate(one.contact) for one in played])
    digest = store_version(session, version, now)
    for one in played:
        for order in (*one.earlier, one.order):
            save_order(session, Purchase.model_validate(order))
        for status, at in one.events.items():
            session.add(OrderEventRow(order_id=one.order["order_id"], status=status, at=at))
        _mark(session, one, now)
        if one.earlier and one.written_to:
            _write_to(session, one, digest, now)


def _mark(session: Session, one: Played, now: datetime) -> None:
    identifier = one.contact["customer_id"]
    if one.less:
        session.connection().execute(
            update(CustomerRow).where(col(CustomerRow.id) == identifier).values(less=True)
        )
    if one.suppressed and "email" in one.contact:
        address = normal_address(Channel.EMAIL, one.contact["email"])
        suppress(session, Channel.EMAIL, address, "bounced", "test", now)


def _write_to(session: Session, one: Played, digest: str, now: datetime) -> None:
    """Let an earlier campaign have written a day before, on both channels."""
    order_id, customer_id = one.earlier[0]["order_id"], one.contact["customer_id"]
    at = now - timedelta(hours=20)
    session.flush()
    insert_row(
        session, RunRow, order_id=order_id, customer_id=customer_id, digest=digest, workflow_run_id="earlier",
        holdout=False, opened_at=at - timedelta(days=1), closed_at=at,
    )  # fmt: skip
    for channel in Channel:
        insert_row(
            session, MessageRow, id=message_id(order_id, "loyalty", channel), order_id=order_id,
            customer_id=customer_id, step="loyalty", channel=channel.value, segment="vip", state="sent",
            latest_at=at, claimed_at=at, sent_at=at,
        )  # fmt: skip
