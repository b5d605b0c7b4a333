"""The tables. Business times are the workflow's; ids of shops are kept as the shop wrote them.

One file a topic, imported from here: foreign keys and migrations need the metadata of all of them.
"""

from __future__ import annotations

from storage.tables.access import ApiKeyRow
from storage.tables.campaigns import (
    DefinitionRow,
    OrderEventRow,
    OrderLineRow,
    OrderRow,
    RefundRow,
    RunRow,
    StepRow,
)
from storage.tables.coupons import CouponRow, OfferStockRow
from storage.tables.inbox import ImportRow, InboxRow, ShopEventRow
from storage.tables.messages import ChannelStopRow, LinkRow, MessageEventRow, MessageRow, WebhookRow
from storage.tables.models import CustomerScoreRow, LoyaltyStandingRow, ShopModelRow
from storage.tables.people import ConsentRow, CustomerRow, ReplyRow, SuppressionRow
from storage.tables.privacy import ErasureJobRow, ErasureRow, KeptOptOutRow, PersonRequestRow
from storage.tables.reviews import ProductQuoteRow, ProductRatingRow, ReviewRow
from storage.tables.shop import (
    BestSellerRow,
    BoughtTogetherRow,
    ProductRow,
    RepeatGapRow,
    StatisticRow,
    StockLevelRow,
)

__all__ = [
    "ApiKeyRow",
    "BestSellerRow",
    "BoughtTogetherRow",
    "ChannelStopRow",
    "ConsentRow",
    "CouponRow",
    "CustomerRow",
    "CustomerScoreRow",
    "DefinitionRow",
    "ErasureJobRow",
    "ErasureRow",
    "ImportRow",
    "InboxRow",
    "KeptOptOutRow",
    "LinkRow",
    "LoyaltyStandingRow",
    "MessageEventRow",
    "MessageRow",
    "OfferStockRow",
    "OrderEventRow",
    "OrderLineRow",
    "OrderRow",
    "PersonRequestRow",
    "ProductQuoteRow",
    "ProductRatingRow",
    "ProductRow",
    "RefundRow",
    "RepeatGapRow",
    "ReplyRow",
    "ReviewRow",
    "RunRow",
    "ShopEventRow",
    "ShopModelRow",
    "StatisticRow",
    "StepRow",
    "StockLevelRow",
    "SuppressionRow",
    "WebhookRow",
]
