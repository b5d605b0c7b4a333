"""Orders and their news, from whichever way in: kept in the database, and sent to Temporal.

SQL runs in threads: the web server's event loop has other requests to answer meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from campaign.errors import BadInput, BadPurchase, NotFound
from campaign.problems import time_problems
from campaign.times import order_time_problems
from campaign.wire import OrderUpdate, Purchase
from starter.client import Campaigns, Started
from storage.database import Database
from storage.queries.campaigns.orders import is_known, record_order_event
from storage.tables import OrderRow


async def start_orders(
    database: Database, campaigns: Campaigns, purchases: Sequence[Purchase], now: datetime
) -> list[Started]:
    """Start each purchase's campaign, or none: all are checked first. ``known``: the order was here before.

    Raises:
        BadPurchase: one lies in the future, or another order has its id.
        Unavailable: Temporal does not answer; send them again.
    """
    problems = [p for item in purchases for p in time_problems("placed_at", item.placed_at, now)]
    if problems:
        raise BadPurchase(problems)
    known = await asyncio.to_thread(_known, database, purchases)
    started = [await campaigns.start(item) for item in purchases]
    return [replace(one, known=one.known or before) for one, before in zip(started, known, strict=True)]


async def record_update(
    database: Database, campaigns: Campaigns, order_id: str, update: OrderUpdate, now: datetime
) -> bool:
    """Keep the news, which counts after the campaign too, and signal it; False if the campaign has ended.

    Raises:
        BadInput: it lies in the future, or before the order.
        NotFound: nobody knows the order.
        Unavailable: Temporal does not answer; send it again.
    """
    if problems := time_problems("at", update.at, now):
        raise BadInput(problems)
    known = await asyncio.to_thread(_save, database, order_id, update)
    try:
        await campaigns.order_updated(order_id, update)
    except NotFound:
        if not known:
            raise
        return False
    return True


def _known(database: Database, purchases: Sequence[Purchase]) -> list[bool]:
    with database.transaction() as session:
        return [is_known(session, item) for item in purchases]


def _save(database: Database, order_id: str, update: OrderUpdate) -> bool:
    with database.transaction() as session:
        order = session.get(OrderRow, order_id)
        if order and (problems := order_time_problems("at", update.at, order.placed_at)):
            raise BadInput(problems)
        try:
            record_order_event(session, order_id, update)
        except NotFound:
            return False
    return True
