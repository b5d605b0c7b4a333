"""The protocol of a loyalty programme that is kept elsewhere, and taking over what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from sqlmodel import Session

from campaign.wire import LoyaltyStanding
from intake.loyalty.standings import MOST_AT_ONCE, Recorded, record_standings
from storage.batches import batches
from storage.database import Database


class Programme(Protocol):
    """A programme that can be read. An adapter for one implements this; nothing else has to know of it."""

    @property
    def name(self) -> str:
        """What the standings' source is called, without secrets; up to 100 characters."""

    def standings(self) -> Iterator[Sequence[LoyaltyStanding]]:
        """Give what the programme knows of its members, some at a time.

        Raises:
            Unavailable: the programme cannot be reached, or refuses.
            BadInput: its answer is not understood.
        """


def take_over(database: Database, programme: Programme, now: datetime) -> Recorded:
    """Save what a programme says of all customers, a part at a time; raises as the programme does.

    What was saved before it failed stays: the next time goes on from there, since newer reports replace older
    ones.
    """
    total = Recorded()
    for page in programme.standings():
        total += save_all(database, page, programme.name, now)
    return total


def save_all(
    database: Database, standings: Sequence[LoyaltyStanding], source: str, now: datetime
) -> Recorded:
    """Save any number of standings, `MOST_AT_ONCE` in a transaction."""
    total = Recorded()
    for part in batches(standings, MOST_AT_ONCE):
        total += database.retrying(_saving(part, source, now))
    return total


def _saving(part: Sequence[LoyaltyStanding], source: str, now: datetime) -> Callable[[Session], Recorded]:
    return lambda session: record_standings(session, part, source, now)
