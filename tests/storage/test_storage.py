"""Storage: both databases keep exactly what they are given."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from operator import itemgetter

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy.exc import StatementError
from sqlmodel import Session, SQLModel, col, select

from campaign.errors import BadSettings, NotFound, Unavailable
from campaign.reasons import Channel
from campaign.wire import Customer, OrderStatus, OrderUpdate, Purchase
from storage.batches import batches, whole_keys
from storage.database import Database
from storage.migrate import current_revision, ensure_schema, head_revision, upgrade
from storage.queries.campaigns.orders import order_lines, record_order_event, save_order
from storage.queries.people.customers import ensure_customers, save_customer
from storage.tables import ConsentRow, CustomerRow, OrderEventRow, OrderRow
from tests.customers import customer_facts
from tests.facts import PLACED


def purchase(order_id: str, *skus: str, days: int = 0, customer_id: str = "c-1") -> Purchase:
    """An order of some products."""
    lines = [{"sku": sku, "quantity": 2, "unit_price": "4.9950"} for sku in skus]
    at = PLACED + timedelta(days=days)
    values = {"order_id": order_id, "customer_id": customer_id, "placed_at": at, "lines": lines}
    return Purchase.model_validate({**values, "currency": "USD", "total": "9.99"})


def save(session: Session, *orders: Purchase) -> None:
    """Save orders with their customers."""
    for order in orders:
        ensure_customers(session, [order.customer_id])
        save_order(session, order)


def test_the_migrations_make_the_tables(database: Database) -> None:
    """What the migrations build is what the models say: nothing is missing, nothing is left over."""
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_migrating_twice_changes_nothing(database: Database) -> None:
    """A second run finds nothing to do."""
    upgrade(database)
    assert current_revision(database) == head_revision()


def test_production_refuses_old_tables(tmp_path: object) -> None:
    """Where migrations are run by command, tables of another version stop the start and name the command."""
    database = Database(f"sqlite:///{tmp_path}/new.db")
    with pytest.raises(BadSettings, match="afterglow migrate"):
        ensure_schema(database, may_upgrade=False)
    ensure_schema(database, may_upgrade=True)
    ensure_schema(database, may_upgrade=False)
    database.close()


def test_a_database_that_is_not_there_is_named_without_its_address() -> None:
    """No password or host in the message of an unreachable database."""
    database = Database("postgresql://user:s3cret@127.0.0.1:1/none")
    attempts: list[Callable[[Database], object]] = [upgrade, current_revision]
    for attempt in attempts:
        with pytest.raises(Unavailable) as caught:
            attempt(database)
        assert "s3cret" not in str(caught.value)
    assert not database.answers()
    database.close()


def test_money_and_times_come_back_exactly(session: Session) -> None:
    """Decimals keep their cents (and more), and times come back aware and in UTC from any zone."""
    east = datetime(2026, 3, 2, 20, 0, tzinfo=timezone(timedelta(hours=5)))
    order = purchase("o-1", "a").model_copy(update={"placed_at": east, "total": Decimal("1234567.89")})
    save(session, order)
    session.expire_all()
    row = session.get_one(OrderRow, "o-1")
    assert (row.total, row.placed_at) == (Decimal("1234567.89"), datetime(2026, 3, 2, 15, 0, tzinfo=UTC))
    assert row.placed_at.tzinfo is UTC
    assert order_lines(session, ["o-1"])[0].unit_price == Decimal("4.995")


def test_naive_times_are_refused(session: Session) -> None:
    """A time without a zone cannot be stored by accident."""
    session.add(CustomerRow(id="c-1"))
    session.flush()
    naive = PLACED.replace(tzinfo=None)
    session.add(OrderRow(id="o", customer_id="c-1", placed_at=naive, currency="USD", total=Decimal(1)))
    with pytest.raises(StatementError):
        session.flush()
    session.rollback()


def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    """Whatever fails in the middle, none of it is kept."""

    def fail() -> None:
        with database.transaction() as session:
            save(session, purchase("o-1", "a"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with database.transaction() as session:
        assert session.get(OrderRow, "o-1") is None


def test_contact_data_is_updated_by_field(session: Session) -> None:
    """Fields left out stay, null clears, and consents are added once, never changed."""
    consent = {"channel": "sms", "state": "granted", "source": "checkout", "at": PLACED}
    first = {"customer_id": "c-1", "email": "a@example.com", "phone": "+12025550123", "consents": [consent]}
    for data in (first, {"customer_id": "c-1", "phone": None, "consents": [consent]}):
        save_customer(session, Customer.model_validate(data))
    row = session.get_one(CustomerRow, "c-1")
    assert (row.email, row.phone) == ("a@example.com", None)
    assert len(session.exec(select(ConsentRow)).all()) == 1
    known = customer_facts(session, row.id)
    assert known.reachable == {Channel.EMAIL}
    assert [entry.granted for entry in known.consents] == [True]


def test_the_last_recorded_event_holds(session: Session) -> None:
    """News may be corrected; the same news twice is one row; an unknown order is named."""
    save(session, purchase("o-1", "a"))
    early, late = (OrderUpdate(status=OrderStatus.DELIVERED, at=PLACED + timedelta(days=d)) for d in (3, 5))
    recorded = [record_order_event(session, "o-1", update) for update in (late, early, early)]
    assert recorded == [True, True, False]
    newest = select(OrderEventRow.at).order_by(col(OrderEventRow.id).desc())
    assert session.exec(newest).first() == early.at
    with pytest.raises(NotFound):
        record_order_event(session, "o-404", early)


def test_sqlite_is_set_up_for_many_processes(tmp_path: object) -> None:
    """Write-ahead log, foreign keys and a busy timeout, on every connection."""
    database = Database(f"sqlite:///{tmp_path}/x.db")
    with database.engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "foreign_keys", "busy_timeout")
        }
    assert pragmas == {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 5_000}
    database.close()


def test_a_missing_customer_is_refused_by_the_database(session: Session) -> None:
    """Foreign keys are enforced on both databases."""
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        save_order(session, purchase("o-1", "a", customer_id="nobody"))
    session.rollback()


def test_items_come_some_at_once() -> None:
    """Every item once, in order; the last part is the rest; nothing gives no part."""
    assert list(batches(iter("abcde"), 2)) == [["a", "b"], ["c", "d"], ["e"]]
    assert list(batches("", 2)) == []


def test_no_key_is_cut() -> None:
    """A part ends where a key does, once it is large enough."""
    rows = [("a", 1), ("b", 1), ("b", 2), ("b", 3), ("c", 1)]
    assert list(whole_keys(rows, itemgetter(0), 2)) == [rows[:4], rows[4:]]
    assert list(whole_keys([], itemgetter(0), 2)) == []
