"""SendGrid's event webhook, from signed batches to the database."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import func, select
from structlog.testing import capture_logs
from temporalio.client import Client

from campaign.contract import WORKFLOW, workflow_id
from campaign.errors import CampaignClosed, NotFound, Unavailable
from campaign.reasons import Channel
from counters import EVENT_FIELDS_NOT_UNDERSTOOD
from starter import clock
from starter.client import Campaigns
from storage.database import Database
from storage.queries.campaigns.facts import load_run
from storage.queries.messages.channel_stops import stopped_channels
from storage.queries.people.consents import consents_of, is_suppressed
from storage.tables import MessageEventRow, SuppressionRow, WebhookRow
from tests.callbacks import (
    Providers,
    add_sending,
    open_campaign,
    providers,
    save_shop_customer,
    sendgrid_headers,
)
from tests.shop import unique
from web.hooks.reports import notify_campaigns


@pytest.fixture
def calls(database: Database, tmp_path: Path) -> Providers:
    """An app, and a customer with an open campaign."""
    save_shop_customer(database)
    open_campaign(database)
    return providers(database, tmp_path)


@pytest.fixture
def message(calls: Providers) -> str:
    """An email that is being sent."""
    return add_sending(calls.database, Channel.EMAIL)


def event(message: str, name: str, number: int = 1, **more: Any) -> dict[str, Any]:
    """One event as SendGrid writes it."""
    event = {"email": "ada@example.com", "event": name, "afterglow_message": message, "category": ["x"]}
    ids = {"sg_event_id": f"e-{name}-{number}", "sg_message_id": "sg-1.filter", "timestamp": 1_772_000_000}
    return {**event, **ids, **more}


def kept(calls: Providers) -> list[str]:
    """The kinds of events that were kept of what was reported."""
    with calls.database.transaction() as session:
        statement = select(MessageEventRow.kind).where(MessageEventRow.event_id != None)  # noqa: E711 - SQL
        return list(session.exec(statement.order_by(MessageEventRow.kind)))


async def test_a_batch_is_applied_whole(calls: Providers, message: str) -> None:
    """Order does not matter, the same event twice is one, and events of others are counted."""
    answer = await calls.sendgrid(
        event(message, "delivered"), event(message, "processed"), event(message, "delivered"),
        event("somebodyelses", "bounce"), event(message, "group_resubscribe"),
    )  # fmt: skip
    assert (answer.status_code, answer.json()) == (
        200,
        {"events": 5, "new": 2, "ignored": 2, "not_understood": 0},
    )
    assert kept(calls) == ["accepted", "delivered"]
    row = calls.message(message)
    assert (row.state, row.provider_id) == ("sent", "sg-1.filter")


@pytest.mark.parametrize(
    "bad",
    [
        7, None, [], {}, {"event": "bounce"}, {"event": 1}, {"afterglow_message": "a\x00"},
        {"event": "bounce", "timestamp": "soon"}, {"timestamp": -1}, {"timestamp": 10**30},
        {"sg_event_id": "x" * 5_000}, {"status": "\x00"}, {"sg_message_id": "a\x00b"},
    ],
)  # fmt: skip
async def test_one_bad_event_does_not_lose_the_others(calls: Providers, message: str, bad: Any) -> None:
    """Whatever else is in the batch, the good event is kept."""
    odd = {**event(message, "open", 7), **bad} if isinstance(bad, dict) else bad
    answer = await calls.sendgrid(odd, event(message, "delivered"))
    assert answer.status_code == 200
    assert "delivered" in kept(calls)


@pytest.mark.parametrize(
    ("said", "reason", "revoked"),
    [
        ({"name": "bounce", "type": "bounce", "status": "5.1.1"}, "bounced", False),
        ({"name": "dropped", "reason": "Bounced Address"}, "bounced", False),
        ({"name": "dropped", "reason": "Spam Reporting Address"}, "spam", True),
        ({"name": "dropped", "reason": "Unsubscribed Address"}, None, True),
        ({"name": "spamreport"}, "spam", True),
        ({"name": "unsubscribe"}, None, True),
        ({"name": "bounce", "type": "blocked"}, None, False),
        ({"name": "deferred"}, None, False),
    ],
)
async def test_bad_news_suppress_at_once(
    calls: Providers, message: str, said: dict[str, Any], reason: str | None, revoked: bool
) -> None:
    """Bounces, drops, spam reports and unsubscribes: the address and the consent, as each means."""
    await calls.sendgrid(event(message, **said))
    with calls.database.transaction() as session:
        assert is_suppressed(session, Channel.EMAIL, "ada@example.com") == bool(reason)
        assert session.exec(select(SuppressionRow.reason)).all() == ([reason] if reason else [])
        entries = [row for row in consents_of(session, "c-1") if row.state == "revoked"]
    assert [(row.channel, row.address) for row in entries] == [("email", "ada@example.com")] * revoked


async def test_what_is_not_understood_is_counted_and_logged(calls: Providers, message: str) -> None:
    """B24: the bounce suppresses all the same; answer, log and counter name the field alone."""
    counter = EVENT_FIELDS_NOT_UNDERSTOOD.labels("sendgrid", "status")
    before = counter._value.get()
    with capture_logs() as logs:
        answer = await calls.sendgrid(event(message, "bounce", status="ada@example.com is unknown"))
    assert (answer.json()["new"], answer.json()["not_understood"]) == (1, 1)
    assert counter._value.get() == before + 1
    (entry,) = [entry for entry in logs if entry["event"] == "event not understood"]
    assert entry["fields"] == {"status": 1}
    assert "ada@" not in str(logs)
    assert kept(calls) == ["bounced"]


async def test_used_up_credits_stop_the_channel(calls: Providers, message: str) -> None:
    """B26: the account has no credits left: the channel stops, not every mail one by one."""
    await calls.sendgrid(event(message, "dropped", reason="Recipient List over Package Quota"))
    with calls.database.transaction() as session:
        stopped = [(row.channel, row.code, row.reported) for row in stopped_channels(session)]
    assert stopped == [("email", "over_quota", True)]


async def test_an_open_campaign_is_notified_of_a_failure_once(calls: Providers, message: str) -> None:
    """Signalled when it failed, not again when it is reported again."""
    for number in range(2):
        await calls.sendgrid(event(message, "bounce", number))
    assert calls.notified.failures == [("o-1", "loyalty")]


async def test_a_campaign_that_cannot_be_notified_is_no_error() -> None:
    """The database has the truth: Temporal may be away."""

    class Away:
        async def delivery_failed(self, order_id: str, step: str) -> None:
            raise Unavailable(order_id + step)

    await notify_campaigns(Away(), [("o-1", "loyalty")] * 3)  # type: ignore[arg-type]


async def test_a_scanner_is_no_reader(calls: Providers, message: str) -> None:
    """An open that a machine made does not count as engagement; a person's does."""
    for machine, engaged in ((True, False), (False, True)):
        await calls.sendgrid(event(message, "open", int(machine), sg_machine_open=machine))
        with calls.database.transaction() as session:
            assert [past.opened for past in load_run(session, "o-1").facts.messages] == [engaged]


@pytest.mark.parametrize(("minutes", "status"), [(-9, 200), (-11, 403), (4, 200), (6, 403)])
async def test_the_time_has_to_be_near(calls: Providers, message: str, minutes: int, status: int) -> None:
    """Ten minutes back and five ahead are taken; older and later are refused though well signed."""
    answer = await calls.sendgrid(event(message, "bounce"), at=clock.now() + timedelta(minutes=minutes))
    assert answer.status_code == status
    assert (kept(calls) == ["bounced"]) == (status == 200)


async def test_a_replay_changes_nothing(calls: Providers, message: str) -> None:
    """The same batch with the same time is refused, though signed anew: only the first one counts."""
    now = clock.now()
    answers = [(await calls.sendgrid(event(message, "open"), at=now)).status_code for _ in range(2)]
    assert answers == [200, 403]
    assert kept(calls) == ["opened"]


async def test_what_is_refused_leaves_no_trace(calls: Providers, message: str) -> None:
    """Unsigned, signed with no key set, or too long: nothing is kept."""
    body = json.dumps([event(message, "bounce")]).encode()
    assert (await calls.post("/webhooks/sendgrid", body)).status_code == 403
    keyless = providers(calls.database, Path("unused"), sendgrid_webhook_key=None)
    signed = sendgrid_headers(body, clock.now())
    assert (await keyless.post("/webhooks/sendgrid", body, **signed)).status_code == 403
    for wrong in ("no key", "AAAA"):
        broken = providers(calls.database, Path("unused"), sendgrid_webhook_key=wrong)
        assert (await broken.post("/webhooks/sendgrid", body, **signed)).status_code == 403
    assert (await calls.post("/webhooks/sendgrid", b" " * (5 * 1024 * 1024), **signed)).status_code == 413
    assert kept(calls) == []
    with calls.database.transaction() as session:
        assert session.exec(select(func.count()).select_from(WebhookRow)).one() == 0


@pytest.mark.parametrize("body", [b"", b"[", b"null", b"{}", b"[" * 100_000, b'"x"', b"\xff"])
async def test_signed_nonsense_does_no_harm(calls: Providers, body: bytes) -> None:
    """A signed body that is no batch is no server error."""
    answer = await calls.post("/webhooks/sendgrid", body, **sendgrid_headers(body, clock.now()))
    assert answer.status_code < 500


async def test_a_campaign_is_notified_by_a_signal(client: Client) -> None:
    """On a real server: the signal carries the step and nothing else; an unknown campaign is not found."""
    order_id = unique("failed")
    campaigns = Campaigns(client)
    with pytest.raises(NotFound):
        await campaigns.delivery_failed(order_id, "loyalty")
    handle = await client.start_workflow(WORKFLOW, id=workflow_id(order_id), task_queue="nobody-listens")
    await campaigns.delivery_failed(order_id, "loyalty")
    history = await handle.fetch_history()
    signals = [event.workflow_execution_signaled_event_attributes for event in history.events]
    (sent,) = [signal for signal in signals if signal.signal_name]
    assert (sent.signal_name, json.loads(sent.input.payloads[0].data)) == (
        "delivery_failed",
        {"step": "loyalty"},
    )
    await handle.terminate()
    with pytest.raises(CampaignClosed):
        await campaigns.delivery_failed(order_id, "loyalty")
