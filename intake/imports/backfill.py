"""Campaigns for orders that are here without: who would get what on which day, and their starts, spread.

The plan is made with the decision itself (`campaign.timeline`), newest orders first, and written to a file:
memory does not grow with the shop, and what was shown is what is queued.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import IO

from campaign.definition.model import Definition
from campaign.facts import Facts
from campaign.reasons import Channel, Reason
from campaign.timeline.forecast import Forecast, forecast
from campaign.timeline.walk import as_enrolled
from intake.orders import receive_orders
from storage.database import Database
from storage.queries.campaigns.facts import load_facts
from storage.queries.campaigns.purchases import stored_orders
from storage.queries.imports.candidates import PAGE, candidates, count_candidates

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Share:
    """How many starts a day: a number, or a part (percent) of the customers that are looked at."""

    number: int | None = None
    percent: float = 1.0

    def of(self, customers: int) -> int:
        """Return the number of starts a day, one at least."""
        return self.number or max(1, -int(-customers * self.percent // 100))


@dataclass
class Preview:
    """What would happen. ``messages``: by day (UTC), step and channel; ``nothing``: customers by reason.

    ``looked_at``: customers whose newest order has no campaign; ``started``: those of them for whom there is
    something to send, ``held_out`` of them in the holdout.
    """

    looked_at: int = 0
    a_day: int = 0
    started: int = 0
    held_out: int = 0
    last_start: datetime | None = None
    messages: Counter[tuple[date, str, Channel]] = field(default_factory=Counter)
    nothing: Counter[Reason] = field(default_factory=Counter)


def preview(
    database: Database, definition: Definition, since: datetime, share: Share, now: datetime,
    plan: IO[str], moved: Callable[[int], None] = lambda _: None,
) -> Preview:  # fmt: skip
    """Plan the starts, and write them to ``plan``. Nothing is written to the database.

    ``since``: orders placed before are left alone. ``moved`` is called with the customers looked at.
    """
    shown = Preview()
    with database.reading() as session:
        shown.looked_at = count_candidates(session, since)
        shown.a_day = share.of(shown.looked_at)
        for page in candidates(session, since):
            by_id = {facts.order_id: facts for facts in load_facts(session, page)}
            for order_id in page:
                _plan(shown, definition, by_id[order_id], now, plan)
            moved(len(page))
    return shown


def _plan(shown: Preview, definition: Definition, facts: Facts, now: datetime, plan: IO[str]) -> None:
    """Give an order the next free day, if its campaign would send anything when it begins then."""
    start = now + DAY * (shown.started // shown.a_day)
    expected = forecast(definition, as_enrolled(definition, facts), start)
    if expected.reason is not None:
        shown.nothing[expected.reason] += 1
        return
    shown.started += 1
    shown.last_start = start
    _count(shown, expected)
    plan.write(json.dumps([facts.order_id, start.isoformat()]) + "\n")


def _count(shown: Preview, expected: Forecast) -> None:
    if any(message.held_out for message in expected.messages):
        shown.held_out += 1
        return
    for message in expected.messages:
        shown.messages[message.at.date(), message.step, message.channel] += 1


def start_planned(
    database: Database, plan: IO[str], now: datetime, moved: Callable[[int], None] = lambda _: None
) -> int:
    """Queue the starts of a plan; return how many orders were queued. Cut short, another backfill goes on.

    What has begun, was queued or was changed meanwhile is left alone.
    """
    plan.seek(0)
    queued = 0
    for due_at, order_ids in _days(plan):
        queued += _queue(database, order_ids, due_at, now)
        moved(len(order_ids))
    return queued


def _days(plan: IO[str]) -> Iterator[tuple[datetime, list[str]]]:
    rows = (json.loads(line) for line in plan)
    for due_at, group in itertools.groupby(rows, key=lambda row: row[1]):
        while ids := [row[0] for row in itertools.islice(group, PAGE)]:
            yield datetime.fromisoformat(due_at), ids


def _queue(database: Database, order_ids: Sequence[str], due_at: datetime, now: datetime) -> int:
    with database.reading() as session:
        found = stored_orders(session, order_ids)
    purchases = [found[one].purchase for one in order_ids if one in found and not found[one].has_run]
    outcomes = database.retrying(lambda session: receive_orders(session, purchases, now, due_at=due_at))
    return sum(outcome.error is None and not outcome.erased for outcome in outcomes)
