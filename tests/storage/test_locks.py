"""One order of locks: nothing waits in a circle, a lost race is retried, a lock that is held gives way."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from sqlalchemy import text
from sqlmodel import Session, func, select

from activities.interface import SegmentRequest
from activities.segment import segment
from campaign.delivery import ProviderEvent, Report
from campaign.errors import DatabaseBusy
from campaign.reasons import Channel
from campaign.wire import Customer
from intake.provider_reports import apply_reports
from storage import database as storage_database
from storage.database import Database
from storage.queries.people.customers import save_customer
from storage.queries.people.locks import lock_customers
from storage.tables import MessageEventRow
from tests.callbacks import add_sending, open_campaign, save_shop_customer
from tests.facts import PLACED
from tests.mail import LOYALTY

CUSTOMERS = 6


def test_callbacks_and_activities_never_wait_in_a_circle(database: Database) -> None:
    """Batches about everybody, in every order, while decisions and contact data change: each is applied."""
    messages = []
    for number in range(CUSTOMERS):
        save_shop_customer(database, f"c-{number}", phone="+12025550123", email=f"c{number % 2}@example.com")
        open_campaign(database, f"o-{number}", f"c-{number}")
        messages.append(add_sending(database, Channel.EMAIL, f"o-{number}", customer_id=f"c-{number}"))

    def report(turn: int) -> None:
        order = messages[turn % CUSTOMERS :] + messages[: turn % CUSTOMERS]
        order = order if turn % 2 else order[::-1]
        batch = [_delivered(message, f"{turn}-{message}") for message in order]
        database.retrying(lambda session: apply_reports(session, batch))

    def decide(turn: int) -> None:
        segment(database, SegmentRequest(order_id=f"o-{turn % CUSTOMERS}", step="win-back-soft", now=LOYALTY))

    def change(turn: int) -> None:
        contact = Customer(customer_id=f"c-{turn % CUSTOMERS}", email=f"c{turn % 3}@example.com")
        with database.transaction() as session:
            save_customer(session, contact)

    with ThreadPoolExecutor(9) as pool:
        work = [pool.submit(job, turn) for turn in range(20) for job in (report, decide, change)]
        for done in work:
            done.result()
    with database.transaction() as session:
        kept = select(func.count()).where(MessageEventRow.kind == ProviderEvent.DELIVERED.value)
        assert session.exec(kept).one() == 20 * CUSTOMERS


def _delivered(message: str, event_id: str) -> Report:
    return Report(
        message_id=message, channel=Channel.EMAIL, event=ProviderEvent.DELIVERED, at=PLACED,
        event_id=event_id, source="sendgrid",
    )  # fmt: skip


def test_a_lost_race_is_retried(database: Database) -> None:
    """A deadlock or a serialisation failure starts the work again; what it did before is undone."""
    attempts: list[int] = []
    lost = DatabaseBusy("lost", lost_race=True)

    def work(session: Session) -> str:
        attempts.append(len(attempts))
        save_customer(session, Customer(customer_id=f"c-{len(attempts)}"))
        if len(attempts) < 3:
            raise lost
        return "done"

    assert database.retrying(work) == "done"
    with database.transaction() as session:
        assert session.execute(text("SELECT id FROM customers")).scalars().all() == ["c-3"]


def test_a_real_deadlock_is_a_lost_race(database: Database) -> None:
    """PostgreSQL ends one of two transactions that wait for each other: ours to retry, nobody's to see."""
    if database.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has one writer")
    for name in ("a", "b"):
        save_shop_customer(database, name, phone=None, email=None, consents=[])
    both = threading.Barrier(2, timeout=30)
    first_time = threading.local()

    def cross(first: str, second: str) -> None:
        def work(session: Session) -> None:
            update = text("UPDATE customers SET first_name = 'x' WHERE id = :id")
            session.execute(update, {"id": first})
            if not getattr(first_time, "over", False):
                first_time.over = True
                both.wait()
            session.execute(update, {"id": second})

        database.retrying(work)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(cross, "a", "b"), pool.submit(cross, "b", "a")]:
            done.result()


def test_a_lock_that_somebody_holds_gives_way(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for a customer that another process holds gets an error to retry."""
    monkeypatch.setattr(storage_database, "LOCK_SECONDS", 1)
    impatient = Database(database.url)
    with _held(database, "c-1"), pytest.raises(DatabaseBusy), impatient.transaction() as session:
        lock_customers(session, ["c-1"])
    with impatient.transaction() as session:
        lock_customers(session, ["c-1"])
    impatient.close()


@contextmanager
def _held(database: Database, customer_id: str) -> Iterator[None]:
    with database.transaction() as session:
        lock_customers(session, [customer_id])
        yield


def test_ids_with_one_address_wait_for_each_other(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two ids with one address are one person to lock; two people do not wait for each other."""
    if database.engine.dialect.name != "postgresql":
        pytest.skip("SQLite locks the whole database")
    for name, email in (("a", "Ada@example.com"), ("b", "ada@EXAMPLE.com"), ("c", "bob@example.com")):
        save_shop_customer(database, name, email=email, phone=None, consents=[])
    monkeypatch.setattr(storage_database, "LOCK_SECONDS", 1)
    impatient = Database(database.url)
    with _held(database, "a"):
        with impatient.transaction() as session:
            lock_customers(session, ["c"])
        with pytest.raises(DatabaseBusy), impatient.transaction() as session:
            lock_customers(session, ["b"])
    impatient.close()
