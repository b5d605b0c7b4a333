"""Orders for the tests of whole campaigns: due at once, or at their times with time skipped."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

MINUTE = timedelta(minutes=1)
AFTERNOON = 14
_DAY = range(10, 18)
#: Numbers of one zone each, but for their last digit: at any time it is day in one of them.
_PLACES = (
    ("GB", "+44740090010", "Europe/London"),
    ("SG", "+658123456", "Asia/Singapore"),
    ("PE", "+5191234567", "America/Lima"),
    ("NZ", "+6421123456", "Pacific/Auckland"),
)


def purchase(order_id: str, customer_id: str = "c-1", **changes: Any) -> dict[str, Any]:
    """A purchase as an order service would send it: JSON, placed now at noon or so in New York."""
    line = {"sku": "mug", "quantity": 1, "unit_price": "20.00"}
    values = {"placed_at": noon().isoformat(), "currency": "USD", "total": "20.00", "lines": [line]}
    return {"order_id": order_id, "customer_id": customer_id, **values, **changes}


def due_at_once(order_id: str, **changes: Any) -> dict[str, Any]:
    """A purchase of three hours ago: once processed, its thank-you is due now."""
    return purchase(order_id, placed_at=(_now() - timedelta(hours=3)).isoformat(), **changes)


def zone_of_afternoon() -> str:
    """A zone where it is two in the afternoon: nothing is in quiet hours there now."""
    ahead = (AFTERNOON - _now().hour + 11) % 24 - 11
    return f"Etc/GMT{-ahead:+d}"


def texted_in_the_afternoon(number: int = 0) -> dict[str, Any]:
    """Contact data of who may be sent an SMS now: the number's zone counts as much as the profile's."""
    country, prefix, zone = next(
        place for place in _PLACES if _now().astimezone(ZoneInfo(place[2])).hour in _DAY
    )
    consent = {"channel": "sms", "state": "granted", "source": "t", "confirmed": True}
    return {
        "phone": f"{prefix}{number}",
        "country": country,
        "time_zone": zone,
        "preferred_channel": "sms",
        "consents": [{**consent, "at": (_now() - timedelta(hours=2)).isoformat()}],
    }


def noon() -> datetime:
    """Today's noon in New York, winter or summer, as UTC: nothing is in quiet hours then."""
    return _now().replace(hour=17, minute=0, second=0, microsecond=0)


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the server's clock is real


def news(status: str, at: datetime | None = None) -> tuple[str, dict[str, Any]]:
    """An `order_updated` signal, of two hours ago unless said otherwise."""
    return "order_updated", {"status": status, "at": (at or _now() - timedelta(hours=2)).isoformat()}


async def start(client: Client, order: dict[str, Any], *signals: tuple[str, Any], **options: Any) -> Any:
    """Start a campaign exactly as any SDK would: by names and JSON; signals come with the start."""
    first: dict[str, Any] = (
        {"start_signal": signals[0][0], "start_signal_args": [signals[0][1]]} if signals else {}
    )
    handle = await client.start_workflow(
        "PostPurchaseCampaign",
        order,
        id=f"post-purchase/{order['order_id']}",
        task_queue="post-purchase",
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        **first,
        **options,
    )
    for name, payload in signals[1:]:
        await handle.signal(name, payload)
    return handle


async def until_event(handle: Any, kind: EventType.ValueType, count: int = 1) -> None:
    """Follow the history until it has so many events of a kind."""
    async for event in handle.fetch_history_events(wait_new_event=True):
        count -= event.event_type == kind
        if not count:
            return


async def waiting(handle: Any) -> dict[str, Any]:
    """Follow the history until the campaign sleeps for the first time; return its status."""
    await until_event(handle, EventType.EVENT_TYPE_TIMER_STARTED)
    status: dict[str, Any] = await handle.query("status")
    return status
