"""What is said of an order: money that was given back, and steps as they ended."""

from __future__ import annotations

from decimal import Decimal

from campaign.delivery import ProviderEvent, Report
from campaign.reasons import Channel
from campaign.wire import Refund
from intake.provider_reports import apply_reports
from intake.refunds import record_refund
from starter.reports import order_report
from storage.database import Database
from storage.inserts import insert_row
from storage.tables import StepRow
from tests.callbacks import add_sending, open_campaign, save_shop_customer
from tests.facts import PLACED


def test_a_refund_of_a_part_is_seen(database: Database) -> None:
    """The report has the order's total and what was given back of it."""
    open_campaign(database)
    refund = Refund(refund_id="r-1", at=PLACED, amount=Decimal("5.00"))
    with database.transaction() as session:
        record_refund(session, "o-1", refund, PLACED)
        report = order_report(session, "o-1")
    assert (report["total"], report["refunded"], report["currency"]) == ("20.00", "5.00", "USD")


def test_a_bounce_is_no_refusal(database: Database) -> None:
    """The message has what its provider reported, and the order whose address is not written to any more."""
    save_shop_customer(database)
    open_campaign(database)
    message = add_sending(database, Channel.EMAIL)
    bounce = Report(message, Channel.EMAIL, ProviderEvent.BOUNCED, PLACED, "e-1", "test")
    with database.transaction() as session:
        apply_reports(session, [bounce])
        report = order_report(session, "o-1")
    (shown,) = report["messages"]
    assert (shown["state"], shown["reported"]) == ("failed", ["bounced"])
    assert report["suppressed"] == [{"channel": "email", "reason": "bounced", "at": PLACED}]


def test_a_step_that_was_sent_and_decided_again_was_sent(database: Database) -> None:
    """News that comes after a message decides its step again: the report does not call it skipped."""
    open_campaign(database)
    row = {"order_id": "o-1", "kind": "skip", "decided_at": PLACED, "next_at": None}
    with database.transaction() as session:
        insert_row(session, StepRow, **row, step="thank-you", reason="sent")
        insert_row(session, StepRow, **row, step="loyalty", reason="too_late")
        steps = order_report(session, "o-1")["steps"]
    assert {step["step"]: step["decision"] for step in steps} == {"thank-you": "send", "loyalty": "skip"}
