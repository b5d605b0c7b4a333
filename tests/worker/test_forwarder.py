"""The forwarder: every row once, a customer's in order, whoever dies or is away meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlmodel import col, select

from campaign.errors import BadPurchase, CampaignClosed, NotFound, Problem, Unavailable
from campaign.wire import OrderUpdate, Purchase
from dev.bench.statements import recorded_statements
from intake.orders import Lease, receive_event, receive_orders
from starter import forwarding as starter_forwarding
from starter.client import Campaigns, Started
from starter.forwarding import LEASE, forward_turn
from storage.database import Database
from storage.queries.campaigns.purchases import add_purchases
from storage.queries.people.customers import ensure_customers
from storage.tables import InboxRow, OrderEventRow
from tests.facts import PLACED
from tests.intake.test_received_orders import news, order
from worker.forwarder import IDLE_SECONDS, Forwarder


class Temporal(Campaigns):
    """Campaigns that remember what reached them, and can be away or refuse."""

    def __init__(self) -> None:
        """Answer everything."""
        self.reached: list[str] = []
        self.reached_one = asyncio.Event()
        self.away = False
        self.failing: set[str] = set()
        self.signals_answer: Exception | None = None

    async def start(self, purchase: Purchase) -> Started:
        """Remember a start."""
        if self.away or purchase.order_id in self.failing:
            msg = "Temporal answers unavailable"
            raise Unavailable(msg)
        if purchase.order_id.startswith("bad"):
            raise BadPurchase([Problem("order_id", "is not accepted")])
        self.reached.append(purchase.order_id)
        self.reached_one.set()
        return Started(purchase.order_id, purchase.order_id, known=False)

    async def order_updated(self, order_id: str, update: OrderUpdate) -> None:
        """Remember a signal."""
        if self.away:
            msg = "Temporal answers unavailable"
            raise Unavailable(msg)
        if self.signals_answer:
            raise self.signals_answer
        self.reached.append(f"{order_id} {update.status}")

    async def answers(self) -> bool:
        """Say whether it is there."""
        return not self.away


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        """Begin at noon."""
        self.at = PLACED

    def __call__(self) -> datetime:
        """Return the time."""
        return self.at


@pytest.fixture
def temporal() -> Temporal:
    """Temporal, there."""
    return Temporal()


@pytest.fixture
def clock() -> Clock:
    """A clock at noon."""
    return Clock()


@pytest.fixture
def forwarder(database: Database, temporal: Temporal, clock: Clock) -> Forwarder:
    """One forwarder."""
    return Forwarder(database, temporal, clock)


def receive(database: Database, *purchases: Purchase, due_at: datetime | None = None) -> None:
    """Receive orders."""
    with database.transaction() as session:
        receive_orders(session, purchases, PLACED, due_at=due_at)


def report(database: Database, order_id: str, update: OrderUpdate) -> None:
    """Receive news."""
    with database.transaction() as session:
        receive_event(session, order_id, update, PLACED)


def rows(database: Database) -> Sequence[InboxRow]:
    """Every row."""
    with database.reading() as session:
        return session.exec(select(InboxRow).order_by(col(InboxRow.id))).all()


async def turns(forwarder: Forwarder, clock: Clock, number: int = 12) -> None:
    """Let a forwarder work for some seconds."""
    for _ in range(number):
        await forwarder.turn()
        clock.at += timedelta(seconds=1)


async def test_orders_go_before_their_news_and_a_customers_in_order(
    database: Database, temporal: Temporal, forwarder: Forwarder, clock: Clock
) -> None:
    """Also where news came before its order, and between customers nobody waits for another."""
    report(database, "o-2", news())
    receive(database, order("o-1"), order("o-2"), order("o-3", "c-2"))
    report(database, "o-1", news("fulfilled"))
    await turns(forwarder, clock)
    mine = [one for one in temporal.reached if not one.startswith("o-3")]
    assert mine == ["o-1", "o-2", "o-2 processed", "o-1 fulfilled"]
    assert sorted(temporal.reached) == sorted([*mine, "o-3"])
    assert {row.state for row in rows(database)} == {"done"}
    assert all(row.settled_at and row.leased_until is None for row in rows(database))


async def test_while_temporal_is_away_everything_waits_in_its_place(
    database: Database, temporal: Temporal, forwarder: Forwarder, clock: Clock
) -> None:
    """The pause grows, rows say why they wait, and all goes on in order when it is back."""
    temporal.away = True
    receive(database, *(order(f"o-{n}", f"c-{n % 3}") for n in range(9)))
    await forwarder.turn()
    pauses = [await forwarder.turn() for _ in range(8)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (0.5, 10)
    assert {(row.state, row.why, row.attempts) for row in rows(database)} == {
        ("waiting", "temporal_away", 0), ("waiting", None, 0),
    }  # fmt: skip
    temporal.away = False
    await turns(forwarder, clock)
    assert sorted(temporal.reached) == [f"o-{n}" for n in range(9)]
    for lane in range(3):
        mine = [one for one in temporal.reached if int(one[2:]) % 3 == lane]
        assert mine == sorted(mine)


async def test_one_row_that_fails_holds_up_nobody_but_its_customer(
    database: Database, temporal: Temporal, forwarder: Forwarder, clock: Clock
) -> None:
    """It is tried later and later; its customer's next order waits behind it; others go on."""
    temporal.failing = {"o-1"}
    receive(database, order("o-1"), order("o-2"), order("o-3", "c-2"))
    await turns(forwarder, clock, 5)
    assert temporal.reached == ["o-3"]
    assert [(row.state, row.attempts > 0) for row in rows(database)] == [
        ("waiting", True), ("waiting", False), ("done", False),
    ]  # fmt: skip
    temporal.failing = set()
    await turns(forwarder, clock)
    assert temporal.reached == ["o-3", "o-1", "o-2"]


async def test_what_temporal_never_accepts_is_listed_and_its_customer_goes_on(
    database: Database, temporal: Temporal, forwarder: Forwarder, clock: Clock
) -> None:
    """Refused, with why; not tried again."""
    receive(database, order("bad-1"), order("o-2"))
    await turns(forwarder, clock)
    assert temporal.reached == ["o-2"]
    assert [(row.state, row.why) for row in rows(database)] == [("refused", "not_accepted"), ("done", None)]


@pytest.mark.parametrize(
    ("answer", "why"), [(CampaignClosed("x"), "campaign_ended"), (NotFound("x"), "no_campaign")]
)
async def test_news_for_no_running_campaign_is_done(
    database: Database, temporal: Temporal, forwarder: Forwarder, clock: Clock, answer: Exception, why: str
) -> None:
    """It is recorded already, and counts after the campaign too."""
    temporal.signals_answer = answer
    receive(database, order())
    report(database, "o-1", news("refunded"))
    await turns(forwarder, clock)
    assert [(row.state, row.why) for row in rows(database)] == [("done", None), ("done", why)]


async def test_what_is_spread_over_days_holds_up_nothing(
    database: Database, temporal: Temporal, forwarder: Forwarder, clock: Clock
) -> None:
    """A start in three days waits; what its customer orders meanwhile does not, and takes its place."""
    receive(database, order("o-1"), due_at=PLACED + timedelta(days=3))
    receive(database, order("o-2"))
    await turns(forwarder, clock)
    assert temporal.reached == ["o-2"]
    clock.at += timedelta(days=3)
    await turns(forwarder, clock)
    assert temporal.reached == ["o-2"]
    assert [(row.state, row.why) for row in rows(database)] == [("discarded", "newer_order"), ("done", None)]


async def test_news_is_matched_with_an_order_that_came_by_an_sdk(
    database: Database, temporal: Temporal, forwarder: Forwarder, clock: Clock
) -> None:
    """Found when the order is there, though nothing was received; after a week it is unmatched."""
    report(database, "o-1", news())
    report(database, "o-9", news())
    await turns(forwarder, clock)
    assert temporal.reached == []
    with database.transaction() as session:
        ensure_customers(session, ["c-1"])
        add_purchases(session, [order()])
    await turns(forwarder, clock)
    assert temporal.reached == ["o-1 processed"]
    clock.at += timedelta(days=7)
    await turns(forwarder, clock)
    states = {row.order_id: (row.state, row.why) for row in rows(database)}
    assert states == {"o-1": ("done", None), "o-9": ("unmatched", "no_order")}
    with database.reading() as session:
        assert [event.order_id for event in session.exec(select(OrderEventRow))] == ["o-1"]


async def test_a_death_between_start_and_mark_starts_again(
    database: Database, temporal: Temporal, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the lease ends nobody else tries the row; then another does, and the start is the same one."""
    receive(database, order())

    def dies(*_: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patched:
        patched.setattr(starter_forwarding, "record_turn", dies)
        with pytest.raises(asyncio.CancelledError):
            await forward_turn(database, temporal, clock.at)
    assert (await forward_turn(database, temporal, clock.at + LEASE / 2)).tried == []
    later = clock.at + LEASE + timedelta(seconds=1)
    await forward_turn(database, temporal, later)
    assert temporal.reached == ["o-1", "o-1"]
    assert [row.state for row in rows(database)] == ["done"]


async def test_many_forwarders_share_the_work(database: Database, temporal: Temporal) -> None:
    """Eight turns at once: no row is forwarded twice, none is left out, each customer's stay in order."""
    receive(database, *(order(f"o-{n:03}", f"c-{n % 40}") for n in range(200)))
    while any(row.state == "waiting" for row in rows(database)):
        await asyncio.gather(*(forward_turn(database, temporal, PLACED) for _ in range(8)))
    assert len(temporal.reached) == len(set(temporal.reached)) == 200
    for lane in range(40):
        mine = [one for one in temporal.reached if int(one[2:]) % 40 == lane]
        assert mine == sorted(mine)


async def test_what_its_receiver_tries_is_left_to_it(database: Database, temporal: Temporal) -> None:
    """Until the receiver's lease ends; then a forwarder takes it over."""
    lease = Lease(PLACED + timedelta(seconds=10))
    with database.transaction() as session:
        receive_orders(session, [order()], PLACED, lease=lease)
    assert (await forward_turn(database, temporal, PLACED)).tried == []
    await forward_turn(database, temporal, lease.until + timedelta(seconds=1))
    assert temporal.reached == ["o-1"]


async def test_what_it_costs(
    database: Database, temporal: Temporal, forwarder: Forwarder, clock: Clock
) -> None:
    """Nothing to do: one statement a second. One order or a hundred: a look, claim, orders, lines, mark."""
    with recorded_statements(database) as idle:
        pauses = [await forwarder.turn() for _ in range(1)]
        for _ in range(20):
            clock.at += timedelta(seconds=1)
            pauses.append(await forwarder.turn())
    assert idle.sent.total() == 21
    assert pauses[1:] == [IDLE_SECONDS] * 20
    for number in (1, 99):
        receive(database, *(order(f"o-{number}-{n}", f"c-{n}") for n in range(number)))
        with recorded_statements(database) as busy:
            await forwarder.turn()
        assert busy.sent.total() == 5
    assert len(temporal.reached) == 100


async def test_a_forwarder_never_ends_by_itself(
    database: Database, temporal: Temporal, forwarder: Forwarder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that is away, or a bug, is a pause; it stops when it is stopped."""
    broken = asyncio.Event()

    def away(*_: object) -> bool:
        broken.set()
        raise RuntimeError

    stop = asyncio.Event()
    with monkeypatch.context() as patched:
        patched.setattr("worker.forwarder.any_due", away)
        patched.setattr("worker.forwarder.match_events", lambda *_: 0)
        running = asyncio.create_task(forwarder.run(stop))
        await broken.wait()
        receive(database, order())
    await temporal.reached_one.wait()
    stop.set()
    await running
    assert [row.state for row in rows(database)] == ["done"]
