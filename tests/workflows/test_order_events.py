"""What becomes of an order reaches its running campaign: due times move, a second order joins the first."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from temporalio.api.enums.v1 import EventType

from starter import clock
from starter.reports import order_report_or_none
from tests.shop import Shop, unique
from tests.workflows.orders import (
    due_at_once,
    news,
    noon,
    purchase,
    start,
    until_event,
    waiting,
    zone_of_afternoon,
)

pytestmark = pytest.mark.temporal
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
TIMER = EventType.EVENT_TYPE_TIMER_STARTED
DECIDED = EventType.EVENT_TYPE_MARKER_RECORDED


async def test_news_and_its_corrections_move_the_step_that_waits(shop: Shop) -> None:
    """Each wakes the wait: dispatch, delivery, a later delivery, then an earlier one. The last holds."""
    shop.save()
    placed = noon() - 3 * DAY
    handle = await start(shop.client, purchase(unique("o"), placed_at=placed.isoformat()))
    assert datetime.fromisoformat((await waiting(handle))["next_at"]) == placed + 21 * DAY
    corrections = [
        ("fulfilled", placed + DAY, placed + 15 * DAY),
        ("delivered", placed + 2 * DAY, placed + 9 * DAY),
        ("delivered", placed + 2 * DAY + HOUR, placed + 9 * DAY + HOUR),
        ("delivered", placed + DAY, placed + 8 * DAY),
        ("fulfilled", placed, placed + 8 * DAY),
    ]
    for number, (status, at, due) in enumerate(corrections, 2):
        await handle.signal(*news(status, at))
        await until_event(handle, TIMER, number)
        assert datetime.fromisoformat((await handle.query("status"))["next_at"]) == due
    await handle.signal("stop", {"reason": "over"})
    await handle.result()


async def test_a_second_order_of_the_day_is_not_thanked_for_again(shop: Shop) -> None:
    """The first one's has gone: its campaign ends, and the second's says `joined` wherever one looks."""
    shop.save(time_zone=zone_of_afternoon())
    first, second = due_at_once(unique("o")), due_at_once(unique("o"))
    second["placed_at"] = (datetime.fromisoformat(first["placed_at"]) + timedelta(minutes=30)).isoformat()
    older = await start(shop.client, first, news("processed"))
    await waiting(older)
    newer = await start(shop.client, second, news("processed"))
    assert await older.result() == {"exit_reason": "repurchased", "messages_sent": 1}
    await until_event(newer, TIMER)
    status = await newer.query("status")
    assert [(one["step"], one["reason"]) for one in status["skipped"]] == [("thank-you", "joined")]
    with shop.database.transaction() as session:
        report = order_report_or_none(session, second["order_id"], clock.now())
    assert report
    assert [(step["step"], step["reason"]) for step in report["steps"]] == [("thank-you", "joined")]
    assert "placed at about the same time" in report["steps"][0]["why"]
    assert len(shop.outbox) == 1
    await newer.signal("stop", {"reason": "over"})
    await newer.result()


async def test_a_second_order_that_is_cancelled_still_thanks_for_the_first(shop: Shop) -> None:
    """It has ended the first one's campaign: its own waits on for the thank-you, and ends after that."""
    shop.save(time_zone=zone_of_afternoon())
    placed = clock.now() - HOUR
    first, second = (purchase(unique("o"), placed_at=at.isoformat()) for at in (placed - HOUR / 2, placed))
    older = await start(shop.client, first, news("processed", placed))
    await waiting(older)
    newer = await start(shop.client, second, news("processed", placed))
    assert await older.result() == {"exit_reason": "repurchased", "messages_sent": 0}
    due = (await waiting(newer))["next_at"]
    decided = [event async for event in newer.fetch_history_events() if event.event_type == DECIDED]
    await newer.signal(*news("cancelled", placed))
    await until_event(newer, DECIDED, len(decided) + 1)
    status = await newer.query("status")
    assert (status["step"], status["next_at"]) == ("thank-you", due)
    await newer.signal("stop", {"reason": "over"})
    await newer.result()
