"""Which business times may come from outside: nothing of the future, no news from before its order."""

from __future__ import annotations

from datetime import datetime, timedelta

from campaign.errors import Problem
from campaign.problems import time_problems
from campaign.wire import Customer, LoyaltyReport, OrderUpdate, Purchase, Wire

WHOLE_DAY = timedelta(days=1)
"""How much earlier than its order its news may be dated: carriers report whole days, and clocks differ."""


def times_of(item: Wire) -> dict[str, datetime]:
    """Return the times, by key path, of what is said to have happened: orders, their news, consents."""
    if isinstance(item, Purchase):
        return {"placed_at": item.placed_at}
    if isinstance(item, OrderUpdate):
        return {"at": item.at}
    if isinstance(item, LoyaltyReport):
        return {"at": item.at} if item.at else {}
    if isinstance(item, Customer):
        return {f"consents[{number}].at": consent.at for number, consent in enumerate(item.consents)}
    return {}


def future_problems(item: Wire, now: datetime, where: str = "") -> list[Problem]:
    """List the times of an item that lie in the future. A consent of the future would outlive every STOP."""
    prefix = f"{where}: " if where else ""
    return [
        problem
        for path, at in times_of(item).items()
        for problem in time_problems(f"{prefix}{path}", at, now)
    ]


def order_time_problems(where: str, at: datetime, placed_at: datetime) -> list[Problem]:
    """List what is wrong with the time of an order's news: nothing, or that the order was not there yet."""
    if not predates_order(at, placed_at):
        return []
    return [Problem(where, "is before the order was placed", "send the time at which it happened")]


def predates_order(at: datetime, placed_at: datetime) -> bool:
    """Return whether news is dated before its order, by more than clocks and whole days explain."""
    return at < placed_at - WHOLE_DAY
