"""Ghosts: what a held-out customer would have been sent is recorded once, and goes nowhere."""

from __future__ import annotations

import tomllib
from datetime import timedelta

from activities.close import close
from activities.enrol import enrol
from activities.interface import CloseRequest, EnrolRequest, SegmentRequest
from activities.segment import segment
from campaign.definition.model import Definition
from campaign.facts import MessageState, Purpose
from campaign.reasons import Channel, Reason
from campaign.rules.decision import Kind
from campaign.rules.holdout import in_holdout
from campaign.wire import Customer, Purchase
from storage.database import Database
from storage.queries.messages.messages import messages_of
from storage.queries.people.customers import save_customer
from storage.tables import MessageRow
from tests.facts import CAMPAIGN, PLACED

HALF = Definition.model_validate({**tomllib.loads(CAMPAIGN.read_text("utf-8")), "holdout": "0.5"})
HELD = next(f"c-{n}" for n in range(100) if in_holdout(HALF, f"c-{n}"))
LOYALTY = PLACED + timedelta(days=21, hours=2)


def enrolled(database: Database) -> None:
    """An order of a customer who is held out."""
    line = {"sku": "mug", "quantity": 1, "unit_price": "20.00"}
    order = {"order_id": "o-1", "customer_id": HELD, "placed_at": PLACED, "currency": "USD", "total": "20.00"}
    contact = {
        "customer_id": HELD,
        "email": "ada@example.com",
        "country": "US",
        "time_zone": "America/New_York",
    }
    with database.transaction() as session:
        save_customer(session, Customer.model_validate(contact))
    purchase = Purchase.model_validate({**order, "lines": [line]})
    enrol(database, HALF, EnrolRequest(purchase=purchase, run_id="run", now=PLACED))


def ghosts(database: Database) -> list[MessageRow]:
    """The order's messages."""
    with database.transaction() as session:
        return list(messages_of(session, "o-1"))


def test_a_ghost_is_recorded_once(database: Database) -> None:
    """Decided twice, the step has one ghost with segment, channel and times, and no text or recipient."""
    enrolled(database)
    request = SegmentRequest(order_id="o-1", step="loyalty", now=LOYALTY)
    for _ in range(2):
        decided = segment(database, request)
        assert (decided.kind, decided.reason, decided.messages) == (Kind.SKIP, Reason.HOLDOUT, [])
    (row,) = ghosts(database)
    assert (row.state, row.reason, row.purpose) == (MessageState.HELD_OUT, Reason.HOLDOUT, Purpose.MARKETING)
    assert (row.step, row.channel, row.segment) == ("loyalty", Channel.EMAIL, "first-time")
    assert (row.due_at, row.claimed_at) == (PLACED + timedelta(days=21), LOYALTY)
    assert (row.text, row.recipient, row.sent_at) == (None, None, None)


def test_the_end_of_a_campaign_leaves_its_ghosts(database: Database) -> None:
    """Closing settles what was still claimed; a ghost was settled from the start."""
    enrolled(database)
    segment(database, SegmentRequest(order_id="o-1", step="loyalty", now=LOYALTY))
    close(database, CloseRequest(order_id="o-1", reason=Reason.COMPLETED, now=LOYALTY))
    assert [row.state for row in ghosts(database)] == [MessageState.HELD_OUT]
