"""Every opt-out holds for the address: for whoever has it, however it is spelled, now or later."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from activities.enrol import enrol
from activities.interface import EnrolRequest, SegmentRequest
from activities.segment import segment
from campaign.customers.preferences import Choice
from campaign.reasons import Channel, Reason
from campaign.rules.decision import Kind
from campaign.wire import Purchase
from intake.preferences import Statement, choose, reader_of, unsubscribe
from starter import clock
from storage.database import Database
from storage.queries.messages.messages import get_message, message_id
from tests.callbacks import PHONE, Providers, add_sending, open_campaign, providers, save_shop_customer
from tests.facts import PLACED, default_definition
from tests.mail import LOYALTY

OptOut = Callable[[Providers], Awaitable[None]]
WORDS = dict.fromkeys(Channel, "No more, please")


@pytest.fixture
def calls(database: Database, tmp_path: Path) -> Providers:
    """An app, and a customer with an open campaign."""
    save_shop_customer(database)
    open_campaign(database)
    return providers(database, tmp_path, sms_replies="afterglow")


async def one_click(calls: Providers) -> None:
    """Unsubscribe by the link of a mail."""
    message = add_sending(calls.database, Channel.EMAIL)
    with calls.database.transaction() as session:
        reader = reader_of(session, message)
        assert reader
        unsubscribe(session, reader, Statement(WORDS, "one-click", clock.now()))


async def neither(calls: Providers) -> None:
    """Choose neither channel on the preference page."""
    message = add_sending(calls.database, Channel.EMAIL)
    with calls.database.transaction() as session:
        reader = reader_of(session, message)
        assert reader
        statement = Statement(WORDS, "preference page", clock.now())
        assert choose(session, reader, Choice.NONE, statement, less=False)


def sendgrid(name: str) -> OptOut:
    """Report by SendGrid's webhook."""

    async def report(calls: Providers) -> None:
        message = add_sending(calls.database, Channel.EMAIL)
        stamp = int(clock.now().timestamp())
        event = {"event": name, "afterglow_message": message, "timestamp": stamp, "sg_event_id": name}
        assert (await calls.sendgrid(event)).status_code == 200

    report.__name__ = name
    return report


async def stop(calls: Providers) -> None:
    """Text STOP."""
    await calls.sms("STOP", PHONE)


def decided(calls: Providers, order_id: str, customer_id: str, channel: Channel, **contact: object) -> Kind:
    """Enrol another customer's order; return what is decided about its loyalty step."""
    save_shop_customer(calls.database, customer_id, preferred_channel=channel.value, **contact)
    open_campaign(calls.database, order_id, customer_id)
    return segment(calls.database, SegmentRequest(order_id=order_id, step="loyalty", now=LOYALTY)).kind


@pytest.mark.parametrize(
    ("opt_out", "channel"),
    [
        (one_click, Channel.EMAIL),
        (neither, Channel.EMAIL),
        (neither, Channel.SMS),
        (sendgrid("group_unsubscribe"), Channel.EMAIL),
        (sendgrid("unsubscribe"), Channel.EMAIL),
        (sendgrid("spamreport"), Channel.EMAIL),
        (stop, Channel.SMS),
    ],
)
async def test_an_opt_out_holds_for_every_id_with_the_address(
    calls: Providers, opt_out: OptOut, channel: Channel
) -> None:
    """A guest with the same address, in another spelling, who appears after the opt-out, gets nothing."""
    await opt_out(calls)
    mine = {"email": "ADA@Example.com", "phone": PHONE}
    others = {"email": "bob@example.com", "phone": "+12025550188"}
    assert decided(calls, "o-2", "guest-2", channel, **mine) is Kind.SKIP
    assert decided(calls, "o-3", "guest-3", channel, **others) is Kind.SEND


async def test_a_later_explicit_grant_for_the_address_lifts_an_opt_out(calls: Providers) -> None:
    """Whoever opts in for that very address later is written to again; an older grant is not."""
    await one_click(calls)
    late = (clock.now() + timedelta(minutes=5)).isoformat()
    grant = {"channel": "email", "state": "granted", "source": "account", "at": late}
    assert decided(calls, "o-2", "guest-2", Channel.EMAIL) is Kind.SKIP
    assert decided(calls, "o-3", "guest-3", Channel.EMAIL, consents=[grant]) is Kind.SEND


def test_five_ids_with_one_number_count_as_one_person(database: Database) -> None:
    """Five guests with one number decided at the same instant by five threads: one text, not five."""
    definition = default_definition()
    for number in range(5):
        name = f"guest-{number}"
        contact = {"email": f"{name}@example.com", "preferred_channel": "sms"}
        save_shop_customer(database, name, **contact)
        line = {"sku": "mug", "quantity": 1, "unit_price": "20.00"}
        purchase = Purchase.model_validate(
            {"order_id": f"o-{number}", "customer_id": name, "placed_at": PLACED, "currency": "USD",
             "total": "20.00", "lines": [line]}
        )  # fmt: skip
        enrol(database, definition, EnrolRequest(purchase=purchase, run_id="run", now=PLACED))

    def decide(number: int) -> Kind:
        request = SegmentRequest(order_id=f"o-{number}", step="loyalty", now=LOYALTY)
        return segment(database, request).kind

    with ThreadPoolExecutor(5) as pool:
        kinds = list(pool.map(decide, range(5)))
    assert kinds.count(Kind.SEND) == 1
    waiting = segment(database, SegmentRequest(order_id="o-0", step="loyalty", now=LOYALTY))
    assert waiting.kind is Kind.SEND or waiting.reason is Reason.CAPPED


async def test_a_stop_is_not_pushed_out_by_what_is_said_of_the_email_address(calls: Providers) -> None:
    """Twenty-five guests who agree to email later do not make a STOP from the number forgotten."""
    await stop(calls)
    at = (clock.now() + timedelta(minutes=5)).isoformat()
    grant = {"channel": "email", "state": "granted", "source": "checkout", "at": at}
    shared = {"email": "team@example.com", "consents": [grant]}
    for number in range(25):
        save_shop_customer(calls.database, f"later-{number}", phone=None, **shared)
    assert decided(calls, "o-2", "guest-2", Channel.SMS, email="team@example.com") is Kind.SKIP


async def test_of_many_entries_of_one_instant_the_opt_out_holds(calls: Providers) -> None:
    """An import of thirty guests with one time, one of whom has opted out: the address has opted out."""
    at = clock.now().isoformat()
    for number in range(30):
        state = "revoked" if number == 0 else "granted"
        entry = {"channel": "email", "state": state, "source": f"import {number}", "at": at}
        save_shop_customer(calls.database, f"guest-{number}", consents=[entry])
    assert decided(calls, "o-2", "guest-99", Channel.EMAIL) is Kind.SKIP


async def test_a_grant_of_the_future_does_not_outlive_a_providers_report(calls: Providers) -> None:
    """A shop's clock is a day ahead: the unsubscribing that SendGrid reports now holds all the same."""
    ahead = (clock.now() + timedelta(days=1)).isoformat()
    grant = {"channel": "email", "state": "granted", "source": "account", "at": ahead}
    save_shop_customer(calls.database, consents=[grant])
    await sendgrid("group_unsubscribe")(calls)
    assert decided(calls, "o-2", "guest-2", Channel.EMAIL) is Kind.SKIP


async def test_two_addresses_of_one_customer_opt_out_in_one_second(calls: Providers) -> None:
    """Both unsubscribings of one batch are kept, though customer, source and second are the same."""
    first, stamp = add_sending(calls.database, Channel.EMAIL), int(clock.now().timestamp())
    second = add_sending(calls.database, Channel.EMAIL, step="win-back-soft")
    with calls.database.transaction() as session:
        get_message(session, second).recipient = "old@example.com"
    events = [
        {"event": "unsubscribe", "afterglow_message": message, "timestamp": stamp, "sg_event_id": message}
        for message in (first, second)
    ]
    assert (await calls.sendgrid(*events)).status_code == 200
    assert decided(calls, "o-2", "guest-2", Channel.EMAIL) is Kind.SKIP
    assert decided(calls, "o-3", "guest-3", Channel.EMAIL, email="old@example.com") is Kind.SKIP


async def test_neither_holds_for_the_address_that_the_link_went_to(calls: Providers) -> None:
    """Who has got a new address since, and opted out before, says no for the old and for the new one."""
    await one_click(calls)
    save_shop_customer(calls.database, email="new@example.com", consents=[])
    message = message_id("o-1", "loyalty", Channel.EMAIL)
    with calls.database.transaction() as session:
        reader = reader_of(session, message)
        assert reader
        statement = Statement(WORDS, "preference page", clock.now())
        assert choose(session, reader, Choice.NONE, statement, less=False)
    for number, email in enumerate(("ada@example.com", "new@example.com")):
        assert decided(calls, f"o-{number + 2}", f"guest-{number}", Channel.EMAIL, email=email) is Kind.SKIP


async def test_an_opt_out_from_before_the_address_was_known_holds_for_it(calls: Providers) -> None:
    """Contact data that brings the address later, or the opt-out again with another one, closes the gap."""
    revoked = {"channel": "email", "state": "revoked", "source": "import", "at": PLACED.isoformat()}
    save_shop_customer(calls.database, "late", email=None, phone=None, consents=[revoked])
    save_shop_customer(calls.database, "late", email="late@example.com", phone=None, consents=[])
    assert decided(calls, "o-2", "guest-2", Channel.EMAIL, email="late@example.com", consents=[]) is Kind.SKIP
    save_shop_customer(calls.database, "late", email="other@example.com", phone=None, consents=[revoked])
    assert (
        decided(calls, "o-3", "guest-3", Channel.EMAIL, email="other@example.com", consents=[]) is Kind.SKIP
    )
