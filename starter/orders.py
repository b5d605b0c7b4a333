"""News of an order, from whichever way in: kept in the database, and told to its campaign."""

from __future__ import annotations

from campaign.errors import NotFound
from campaign.wire import OrderUpdate
from starter.client import Campaigns
from storage.database import Database
from storage.orders import record_order_event


async def record_update(database: Database, campaigns: Campaigns, order_id: str, update: OrderUpdate) -> bool:
    """Keep the news, so that it counts after the campaign too, and tell the campaign; False if it has ended.

    Raises:
        NotFound: nobody knows the order.
        Unavailable: Temporal does not answer; send it again.
    """
    known = _save(database, order_id, update)
    try:
        await campaigns.order_updated(order_id, update)
    except NotFound:
        if not known:
            raise
        return False
    return True


def _save(database: Database, order_id: str, update: OrderUpdate) -> bool:
    with database.transaction() as session:
        try:
            record_order_event(session, order_id, update)
        except NotFound:
            return False
    return True
