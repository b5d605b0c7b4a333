"""Test addresses and numbers: whole campaigns, with a real worker on a real server."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass
from typing import Any

import pytest
from sqlmodel import select

from campaign.reasons import Channel
from channels.outbox import outcomes
from channels.outbox.reports import folder_of, waiting
from storage.tables import ConsentRow, MessageEventRow, SuppressionRow
from tests.facts import ROOT
from tests.shop import Shop, unique
from tests.workflows.orders import news, noon, purchase, start
from worker.outbox_reports import apply_waiting

pytestmark = pytest.mark.temporal
PAGE = (ROOT / "docs" / "testing.md").read_text("utf-8")


@dataclass(frozen=True)
class Row:
    """A test address, and what is recorded after a campaign's thank-you to it."""

    address: str
    state: str
    events: frozenset[str] = frozenset()
    suppressed: str | None = None
    revoked: bool = False
    written: bool = True


DELIVERED = frozenset({"delivered"})
ROWS = [
    Row("delivered@outbox.test", "sent", DELIVERED),
    Row("bounced@outbox.test", "failed", frozenset({"bounced"}), suppressed="bounced"),
    Row("blocked@outbox.test", "failed", frozenset({"blocked"})),
    Row("complained@outbox.test", "sent", DELIVERED | {"spam"}, suppressed="spam", revoked=True),
    Row("unsubscribed@outbox.test", "sent", DELIVERED | {"unsubscribed"}, revoked=True),
    Row("busy@outbox.test", "sent", DELIVERED),
    Row("found@outbox.test", "sent", DELIVERED),
    Row("lost@outbox.test", "unconfirmed", written=False),
    Row("refused@outbox.test", "failed", written=False),
    Row("invalid@outbox.test", "failed", suppressed="invalid", written=False),
    Row("+12025550150", "sent", DELIVERED),
    Row("+12025550151", "failed", frozenset({"invalid"}), suppressed="invalid"),
    Row("+12025550152", "failed", frozenset({"undelivered"})),
    Row("+12025550153", "sent", DELIVERED),
    Row("+12025550154", "unconfirmed", written=False),
    Row("+12025550155", "sent", DELIVERED),
    Row("+12025550156", "failed", written=False),
    Row("+12025550157", "failed", suppressed="invalid", written=False),
    Row("+12025550158", "failed", suppressed="opted_out", revoked=True, written=False),
    Row("+12025550160", "sent", DELIVERED, revoked=True),
    Row("+12025550161", "sent", DELIVERED),
]


def channel_of(row: Row) -> Channel:
    """The channel of a row's address."""
    return Channel.EMAIL if "@" in row.address else Channel.SMS


def contact_of(row: Row, *, confirmed: bool = True) -> dict[str, Any]:
    """A customer who can be reached at the row's address alone."""
    if channel_of(row) is Channel.EMAIL:
        return {"email": row.address}
    at = noon().isoformat()
    consent = {"channel": "sms", "state": "granted", "source": "t", "at": at, "confirmed": confirmed}
    return {"email": None, "phone": row.address, "preferred_channel": "sms", "consents": [consent]}


async def thanked(shop: Shop, row: Row, **contact: Any) -> str:
    """Run a campaign to the row's address until it ends; apply what is still reported; return its order."""
    customer, order = unique("c"), unique("o")
    shop.save(customer_id=customer, **{**contact_of(row), **contact})
    handle = await start(shop.skipping, purchase(order, customer), news("processed", noon()))
    await handle.result()
    await asyncio.to_thread(apply_waiting, shop.settings.outbox, shop.database)
    return order


async def test_every_row_is_what_becomes_of_a_campaign(shop: Shop) -> None:
    """Each address of docs/testing.md: the thank-you's state, reports, suppression, consent, and its file."""
    orders = dict(zip(ROWS, await asyncio.gather(*(thanked(shop, row) for row in ROWS)), strict=True))
    for row, order in orders.items():
        message = next(one for one in shop.messages(order) if one.step == "thank-you")
        assert (row.address, message.channel, message.state) == (row.address, channel_of(row), row.state)
        with shop.database.reading() as session:
            found = session.exec(
                select(MessageEventRow.kind).where(MessageEventRow.message_id == message.id)
            ).all()
            held = session.exec(
                select(SuppressionRow.reason).where(SuppressionRow.address == row.address)
            ).all()
            ledger = session.exec(select(ConsentRow.state).where(ConsentRow.address == row.address)).all()
        assert row.events <= set(found), row
        assert list(held) == ([row.suppressed] if row.suppressed else []), row
        assert ("revoked" in ledger) == row.revoked, row
        folder = shop.settings.outbox / order
        assert (folder.exists() and any("thank" in path.name for path in folder.iterdir())) == row.written
    assert not list(waiting(shop.settings.outbox))


async def test_yes_confirms_a_number(shop: Shop) -> None:
    """A consent that waits for its YES is confirmed by the answer to the opt-in question."""
    row = Row("+13035550161", "sent")
    order = await thanked(shop, row, **contact_of(row, confirmed=False))
    with shop.database.reading() as session:
        entries = session.exec(select(ConsentRow).where(ConsentRow.address == row.address)).all()
    assert any(entry.confirmed for entry in entries), order


async def test_a_report_is_applied_once(shop: Shop) -> None:
    """The file comes again, as after a kill between commit and removal: nothing changes, and it goes."""
    row = Row("+14045550160", "sent")
    await thanked(shop, row)
    with shop.database.reading() as session:
        before = len(session.exec(select(ConsentRow)).all()), len(session.exec(select(MessageEventRow)).all())
        delivered = select(MessageEventRow.message_id).where(MessageEventRow.kind == "delivered")
        (message, *_) = session.exec(delivered).all()
    folder = folder_of(shop.settings.outbox)
    kept = folder / f"{message}.json"
    at = noon().isoformat()
    kept.write_text(
        json.dumps(
            {"message_id": message, "channel": "sms", "at": at, "events": ["delivered"]}
            | {"sender": row.address, "reply": "STOP"}
        )
    )
    await asyncio.to_thread(apply_waiting, shop.settings.outbox, shop.database)
    with shop.database.reading() as session:
        after = len(session.exec(select(ConsentRow)).all()), len(session.exec(select(MessageEventRow)).all())
    assert (before, kept.exists()) == (after, False)


def test_the_page_has_every_address() -> None:
    """docs/testing.md lists the addresses and numbers that the outbox knows, and the test above runs each."""
    emails = {f"{name}@{outcomes.DOMAIN}" for name in outcomes.EMAILS}
    numbers = {f"+12025550{digits}" for digits in outcomes.NUMBERS}
    assert emails | numbers == {row.address for row in ROWS}
    listed = set(re.findall(r"`(\w+@outbox\.test)`", PAGE)) | set(re.findall(r"`(\+12025550\d{3})`", PAGE))
    assert listed == emails | numbers


@pytest.mark.parametrize(
    ("channel", "address"),
    [
        (Channel.EMAIL, "bounced@example.com"),
        (Channel.EMAIL, "ada@outbox.test"),
        (Channel.EMAIL, "bounced@outbox.test.example.com"),
        (Channel.SMS, "+12025550123"),
        (Channel.SMS, "+12025551150"),
        (Channel.SMS, "+442025550150"),
    ],
)
def test_ordinary_addresses_are_ordinary(channel: Channel, address: str) -> None:
    """Nothing but the reserved names and numbers is special."""
    assert outcomes.outcome_of(channel, address) is None
