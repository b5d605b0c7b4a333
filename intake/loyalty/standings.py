"""Standings that a loyalty programme reports: the newest of each customer is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from campaign.wire import LoyaltyStanding
from storage.queries.people.locks import lock_customers
from storage.queries.people.loyalty import save_standings, standing_times

MOST_AT_ONCE = 1_000
"""Customers locked by one transaction: nobody else's message waits for a whole file."""


@dataclass(frozen=True)
class Recorded:
    """How many standings were saved, were older than what is known, and are of nobody who is known here."""

    saved: int = 0
    older: int = 0
    unknown: int = 0

    def __add__(self, other: Recorded) -> Recorded:
        """Return both together."""
        return Recorded(self.saved + other.saved, self.older + other.older, self.unknown + other.unknown)


def record_standings(
    session: Session, standings: Sequence[LoyaltyStanding], source: str, now: datetime
) -> Recorded:
    """Keep what was reported of customers, `MOST_AT_ONCE` at most; of one named twice the newest.

    Nobody becomes a customer by it: a programme may know people who never bought here, or were erased. A
    report without a time is of ``now``, and so is one of the future: it would stand against all that follow.
    """
    newest: dict[str, LoyaltyStanding] = {}
    for standing in sorted(standings, key=lambda one: _since(one, now)):
        newest[standing.customer_id] = standing
    lock_customers(session, newest)
    known = standing_times(session, newest)
    fresh = [s for who, s in newest.items() if who in known and _follows(_since(s, now), known[who])]
    save_standings(
        session,
        [
            {
                "customer_id": one.customer_id,
                "tier": one.tier,
                "points": one.points,
                "source": source,
                "at": _since(one, now),
            }
            for one in fresh
        ],
    )
    return Recorded(len(fresh), len(known) - len(fresh), len(newest) - len(known))


def _since(standing: LoyaltyStanding, now: datetime) -> datetime:
    return min(standing.at or now, now)


def _follows(at: datetime, known: datetime | None) -> bool:
    return known is None or at >= known
