"""Codes are kept ready by a schedule, and whoever operates this learns in time that they run out."""

from __future__ import annotations

from datetime import datetime

import structlog

from campaign.definition.model import Definition
from campaign.errors import Unavailable
from campaign.offers.shop_codes import ShopCodes
from counters import COUPONS_LEFT, COUPONS_REFUSED
from storage.database import Database
from storage.queries.coupons.filling import keep_stock, personal_offers
from storage.queries.coupons.stock import stocks_of

log = structlog.get_logger()


def keep_coupons(database: Database, definition: Definition, shop: ShopCodes | None, now: datetime) -> None:
    """See `storage.queries.coupons.filling`. A shop that takes no codes stops nothing, and is reported."""
    try:
        keep_stock(database, definition, shop, now)
    except Unavailable as error:
        log.warning("codes not given to the shop", why=str(error))
    with database.reading() as session:
        stocks = stocks_of(session, personal_offers(definition))
    for stock in stocks:
        COUPONS_LEFT.labels(stock.offer).set(stock.available)
        COUPONS_REFUSED.labels(stock.offer).set(stock.refused)
        if stock.refused:
            log.warning(
                "codes refused by the shop", offer=stock.offer, codes=stock.refused, why=stock.refusal
            )
        if stock.low:
            log.warning("coupons run low", offer=stock.offer, left=stock.available, of=stock.filled)
