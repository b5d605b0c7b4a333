"""How many test messages may be sent: each costs money, and goes past the queues that hold the rate."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from threading import Lock

from campaign.errors import ChannelBusy

MOST, WITHIN = 10, timedelta(minutes=1)


class TestSends:
    """The newest test messages of this process. Threads share it."""

    __test__ = False  # no class of tests, for pytest

    def __init__(self) -> None:
        """Begin with none."""
        self._sent: deque[datetime] = deque(maxlen=MOST)
        self._lock = Lock()

    def count(self, now: datetime) -> None:
        """Count one more.

        Raises:
            ChannelBusy: there were `MOST` in the last minute; this one is not counted.
        """
        with self._lock:
            if len(self._sent) == MOST and now - self._sent[0] < WITHIN:
                msg = f"{MOST} test messages were sent within a minute: wait a minute, then send it again"
                raise ChannelBusy(msg, WITHIN)
            self._sent.append(now)
