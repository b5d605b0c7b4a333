"""Every name that crosses a boundary, once: clients in any language are written against these.

None of them may be renamed (docs/contract.md): running campaigns and other people's services hold them.
"""

from __future__ import annotations

from enum import StrEnum

from campaign.reasons import Channel

WORKFLOW = "PostPurchaseCampaign"
WORKFLOW_ID_PREFIX = "post-purchase/"
TASK_QUEUE = "post-purchase"
DELIVERY_QUEUES = {Channel.EMAIL: "deliver-email", Channel.SMS: "deliver-sms"}
STATUS_QUERY = "status"
#: What is counted over the whole shop: a workflow of its own, started by a schedule.
STATISTICS_WORKFLOW = "RefreshShopStatistics"
STATISTICS_SCHEDULE = "post-purchase-statistics"
FAILURES_WORKFLOW = "SignalFailedMessages"
FAILURES_SCHEDULE = "post-purchase-failed-messages"
COUPONS_WORKFLOW = "SignalAddedCoupons"
COUPONS_SCHEDULE = "post-purchase-added-coupons"
MODELS_WORKFLOW = "FitShopModels"
MODELS_SCHEDULE = "post-purchase-models"
RETENTION_WORKFLOW = "EraseOldData"
RETENTION_SCHEDULE = "post-purchase-retention"


class Signal(StrEnum):
    """The workflow's signals. Their payloads are in `campaign.wire`; all are idempotent."""

    REPURCHASED = "repurchased"
    ORDER_UPDATED = "order_updated"
    STOP = "stop"
    DELIVERY_FAILED = "delivery_failed"
    COUPONS_ADDED = "coupons_added"


class SearchAttribute(StrEnum):
    """The search attributes, each a Keyword."""

    CUSTOMER_ID = "CustomerId"
    CAMPAIGN_STEP = "CampaignStep"
    CAMPAIGN_SEGMENT = "CampaignSegment"
    EXIT_REASON = "ExitReason"


SEARCH_ATTRIBUTES = tuple(attribute.value for attribute in SearchAttribute)


def workflow_id(order_id: str) -> str:
    """Return the id of an order's one campaign."""
    return f"{WORKFLOW_ID_PREFIX}{order_id}"
