"""The tables. Business times are the workflow's; ids of shops are kept as the shop wrote them.

One file a topic, imported from here: foreign keys and migrations need the metadata of all of them.
"""

from __future__ import annotations

from storage.tables.campaigns import DefinitionRow, OrderEventRow, OrderLineRow, OrderRow, RunRow, StepRow
from storage.tables.messages import ChannelStopRow, LinkRow, MessageEventRow, MessageRow, WebhookRow
from storage.tables.people import ConsentRow, CustomerRow, ReplyRow, SuppressionRow
from storage.tables.shop import BestSellerRow, BoughtTogetherRow, ProductRow, StatisticRow

__all__ = [
    "BestSellerRow",
    "BoughtTogetherRow",
    "ChannelStopRow",
    "ConsentRow",
    "CustomerRow",
    "DefinitionRow",
    "LinkRow",
    "MessageEventRow",
    "MessageRow",
    "OrderEventRow",
    "OrderLineRow",
    "OrderRow",
    "ProductRow",
    "ReplyRow",
    "RunRow",
    "StatisticRow",
    "StepRow",
    "SuppressionRow",
    "WebhookRow",
]
