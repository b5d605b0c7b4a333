"""Fulfillments: parcels of an order, each with its own life."""

from __future__ import annotations

from datetime import datetime

from campaign.wire import OrderStatus, OrderUpdate
from shops.context import Context
from shops.news import Ignored, ShopNews
from shops.shopify.fields import Json, code_of, missing, objects_of, time_of
from shops.shopify.statuses import ARRIVED, PARCEL
from shops.values import identifier_of


def read_parcel(parcel: Json, context: Context) -> ShopNews:
    """Return what one fulfillment is for its order: it has left, or has arrived.

    Raises:
        BadInput: it names no order.
    """
    order_id = identifier_of(parcel.get("order_id"))
    if order_id is None:
        raise missing(name="order_id")
    created = time_of(parcel.get("created_at"), parcel.get("updated_at")) or context.now
    status = PARCEL.get(code_of(parcel.get("status")) or "")
    if status is None:
        return ShopNews(ignored=Ignored.STATUS)
    states = [OrderUpdate(status=status, at=created)]
    if _has_arrived(parcel):
        changed = time_of(parcel.get("updated_at")) or context.now
        states.append(OrderUpdate(status=OrderStatus.DELIVERED, at=max(created, changed)))
    return ShopNews(states=tuple((order_id, state) for state in states))


def last_left(order: Json) -> datetime | None:
    """Return when the last parcel of an order left, or None where it has none."""
    return max((at for parcel in _sent(order) if (at := time_of(parcel.get("created_at")))), default=None)


def all_arrived(order: Json) -> datetime | None:
    """Return when the last parcel of an order arrived, or None while one of them has not."""
    parcels = _sent(order)
    times = [time_of(parcel.get("updated_at")) for parcel in parcels if _has_arrived(parcel)]
    known = [at for at in times if at]
    return max(known) if known and len(known) == len(parcels) else None


def _sent(order: Json) -> list[Json]:
    parcels = objects_of(order.get("fulfillments"))
    return [parcel for parcel in parcels if PARCEL.get(code_of(parcel.get("status")) or "")]


def _has_arrived(parcel: Json) -> bool:
    return code_of(parcel.get("shipment_status")) in ARRIVED
