"""What a shop's folder is given beside a body: the settings that its reading depends on, and the time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from shops.news import Policy


@dataclass(frozen=True)
class Context:
    """What a reading depends on, and a body does not say.

    ``guest_id``: the customer id of whoever has an address, which is in normal form after its channel
    (`shops.guests`). ``now``: when something happened of which a shop gives no time. The others are the
    shop's own, where a body or a file names none; ``shop_url`` has no slash at its end.
    """

    policy: Policy
    guest_id: Callable[[str], str]
    now: datetime
    currency: str | None = None
    country: str | None = None
    shop_url: str | None = None
    time_zone: str = "UTC"
