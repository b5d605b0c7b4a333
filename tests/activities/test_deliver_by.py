"""What `deliver` says to a provider about the time that is left for a text."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from storage.database import Database
from tests.activities.test_activities import LOYALTY, Shop
from tests.channels.test_channel_stops import text_all


def test_a_text_is_handed_over_with_the_end_of_its_hours(database: Database) -> None:
    """B26: a text that goes at 19:59:30 has thirty seconds to arrive in, not ten hours."""
    shop = Shop(database)
    (identifier,) = text_all(shop, 1)
    evening = LOYALTY.astimezone(ZoneInfo("America/New_York")).replace(hour=19, minute=59, second=30)
    shop.deliver(identifier, evening)
    assert shop.provider.accepted[identifier].deliver_by == evening.replace(hour=20, minute=0, second=0)
