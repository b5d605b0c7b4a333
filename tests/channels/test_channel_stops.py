"""A provider that refuses our configuration stops the channel: one alert, one probe at a time."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs
from typer.testing import CliRunner

from campaign.delivery import ProviderEvent, Report
from campaign.errors import ChannelBusy, ChannelError, ChannelRefused, ChannelStopped
from campaign.facts import MessageState
from campaign.reasons import Channel
from channels.outbox.send import Outbox
from channels.sendgrid.send import SendGrid
from channels.twilio.send import Twilio
from channels.wiring import make_channels
from intake.provider_reports import Applied, apply_reports
from settings import Settings
from starter.__main__ import app
from storage.database import Database
from storage.migrate import upgrade
from storage.queries.messages.channel_stops import (
    PROBE_EVERY,
    resume_channel,
    resume_if_accepted,
    resume_if_arrived,
    stop_channel,
    stopped_channels,
    wait_for,
)
from tests.activities.test_activities import LOYALTY, Shop
from tests.channels.test_twilio import SMS
from tests.facts import PLACED
from tests.fakes.provider import serving
from tests.fakes.twilio_api import ACCOUNT, TwilioApi
from worker.failures import safe_failure, wait_within
from worker.health import health_app


@pytest.fixture
def shop(database: Database) -> Shop:
    """Ten customers, each with an order."""
    made = Shop(database)
    for number in range(10):
        made.customer(customer_id=f"c-{number}", email=f"c{number}@example.com")
        made.enrol(f"o-{number}", customer_id=f"c-{number}")
    return made


def claim_all(shop: Shop) -> list[str]:
    """Claim and render every order's message."""
    return [shop.claim(f"o-{number}") for number in range(10)]


def busy(shop: Shop, identifier: str, at: Any = LOYALTY) -> timedelta | None:
    """Deliver a message that has to wait; return for how long."""
    with pytest.raises(ChannelBusy) as caught:
        shop.deliver(identifier, at)
    return caught.value.retry_after


def test_a_refused_configuration_stops_the_channel_once(shop: Shop) -> None:
    """One message meets the refusal; all others wait without troubling the provider; one alert is written."""
    identifiers = claim_all(shop)
    shop.provider.failures = [ChannelStopped("401", "20003")]
    with capture_logs() as logs:
        assert busy(shop, identifiers[0]) == PROBE_EVERY
        for identifier in identifiers:
            assert busy(shop, identifier, LOYALTY + timedelta(minutes=5)) == timedelta(minutes=10)
    alerts = [entry for entry in logs if entry["event"] == "channel stopped"]
    assert [(e["log_level"], e["channel"], e["code"]) for e in alerts] == [("error", "email", "20003")]
    assert shop.provider.attempts == 1
    assert {shop.message(identifier).state for identifier in identifiers} == {"claimed"}


def test_one_message_probes_and_its_success_opens_the_channel(shop: Shop) -> None:
    """When the probe is due one goes; it is refused, so all wait; the next probe succeeds, and all go."""
    identifiers = claim_all(shop)
    shop.provider.failures = [ChannelStopped("401", "20003"), ChannelStopped("401", "20003")]
    busy(shop, identifiers[0])
    first = LOYALTY + PROBE_EVERY
    assert busy(shop, identifiers[1], first) == PROBE_EVERY
    assert busy(shop, identifiers[2], first) == PROBE_EVERY
    assert shop.provider.attempts == 2
    for identifier in identifiers:
        assert shop.deliver(identifier, first + PROBE_EVERY) is MessageState.SENT
    with shop.database.transaction() as session:
        assert list(stopped_channels(session)) == []


def test_a_refused_message_shows_that_the_configuration_works(shop: Shop) -> None:
    """The probe's own address is bad: the provider has looked at it, so the channel goes again."""
    identifiers = claim_all(shop)
    shop.provider.failures = [ChannelStopped("401"), ChannelRefused("bad", "21211")]
    busy(shop, identifiers[0])
    assert shop.deliver(identifiers[0], LOYALTY + PROBE_EVERY) is MessageState.FAILED
    assert shop.deliver(identifiers[1], LOYALTY + PROBE_EVERY) is MessageState.SENT


def text_all(shop: Shop, count: int) -> list[str]:
    """Customers who want SMS, each with a text that is ready to go; return the texts' ids."""
    given = {"channel": "sms", "state": "granted", "source": "checkout", "confirmed": True,
             "at": (PLACED - timedelta(days=1)).isoformat()}  # fmt: skip
    for number in range(count):
        contact = {"email": None, "phone": f"+1202555{number:04}", "consents": [given]}
        shop.customer(customer_id=f"s-{number}", preferred_channel="sms", **contact)
        shop.enrol(f"s-{number}", customer_id=f"s-{number}")
    return [shop.claim(f"s-{number}") for number in range(count)]


def report(shop: Shop, identifier: str, event: ProviderEvent, at: datetime, code: str = "") -> Applied:
    """Receive a callback about a text."""
    news = Report(identifier, Channel.SMS, event, at, f"{identifier}:{event}:{at}", "twilio", code)
    with shop.database.transaction() as session:
        return apply_reports(session, [news])


def deliver_all(shop: Shop, identifiers: list[str], at: datetime) -> list[str]:
    """Deliver all that still wait; return those that the provider has accepted now."""
    before = set(shop.provider.accepted)
    for identifier in identifiers:
        with suppress(ChannelBusy):
            shop.deliver(identifier, at)
    return [identifier for identifier in shop.provider.accepted if identifier not in before]


def test_a_reported_refusal_spends_probes_only(database: Database) -> None:
    """B21: each text is accepted and then reported as 30034: of 200 that wait, one a quarter of an hour goes.

    When a probe is delivered, the configuration is right, and all others go.
    """
    shop = Shop(database)
    identifiers = text_all(shop, 200)
    shop.deliver(identifiers[0], LOYALTY)
    soon = timedelta(seconds=2)
    stopped = report(shop, identifiers[0], ProviderEvent.MISCONFIGURED, LOYALTY + soon, "30034")
    assert stopped.stopped == ((Channel.SMS, "30034"),)
    assert deliver_all(shop, identifiers, LOYALTY + 2 * soon) == []
    at = LOYALTY
    for _ in range(2):
        at += PROBE_EVERY + 2 * soon
        (probe,) = deliver_all(shop, identifiers, at)
        assert report(shop, probe, ProviderEvent.ACCEPTED, at).resumed == ()
        assert report(shop, probe, ProviderEvent.MISCONFIGURED, at + soon, "30034").stopped == ()
    at += PROBE_EVERY + 2 * soon
    (probe,) = deliver_all(shop, identifiers, at)
    assert report(shop, probe, ProviderEvent.DELIVERED, at + soon).resumed == (Channel.SMS,)
    assert len(deliver_all(shop, identifiers, at + 2 * soon)) == 196
    states = Counter(shop.message(identifier).state for identifier in identifiers)
    assert states == {"failed": 3, "sent": 197}


def test_what_was_sent_before_the_stop_is_no_evidence(database: Database) -> None:
    """A text of yesterday that is delivered now says nothing about the configuration of today."""
    shop = Shop(database)
    early, late = text_all(shop, 2)
    for identifier in (early, late):
        shop.deliver(identifier, LOYALTY)
    minute = timedelta(minutes=1)
    report(shop, late, ProviderEvent.MISCONFIGURED, LOYALTY + minute, "30032")
    assert report(shop, early, ProviderEvent.DELIVERED, LOYALTY + 2 * minute).resumed == ()
    with database.transaction() as session:
        assert [row.code for row in stopped_channels(session)] == ["30032"]
        assert resume_channel(session, Channel.SMS), "a person may"


def test_a_report_outweighs_an_answer(database: Database) -> None:
    """Stopped by an answer and then by a report: being accepted is no evidence any more."""
    with database.transaction() as session:
        assert stop_channel(session, Channel.SMS, "20003", LOYALTY)
        assert not stop_channel(session, Channel.SMS, "30002", LOYALTY, reported=True)
        assert not resume_if_accepted(session, Channel.SMS)
        assert resume_if_arrived(session, Channel.SMS, LOYALTY + timedelta(minutes=1))


def test_of_all_that_try_at_once_one_probes(database: Database) -> None:
    """Eight workers at the very moment: exactly one may go."""
    with database.transaction() as session:
        assert stop_channel(session, Channel.SMS, "21606", LOYALTY)
        assert not stop_channel(session, Channel.SMS, "20003", LOYALTY)

    def query(_: int) -> timedelta | None:
        with database.transaction() as session:
            return wait_for(session, Channel.SMS, LOYALTY + PROBE_EVERY)

    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(query, range(8)))
    assert sorted(map(str, waits)) == sorted(["None", *[str(PROBE_EVERY)] * 7])
    with database.transaction() as session:
        assert wait_for(session, Channel.EMAIL, LOYALTY) is None
        assert resume_channel(session, Channel.SMS)
        assert not resume_channel(session, Channel.SMS)


def test_two_workers_with_the_same_message_send_it_once(shop: Shop) -> None:
    """Every message delivered by four threads at once: each reaches its provider once."""
    identifiers = claim_all(shop)

    def go(identifier: str) -> None:
        try:
            shop.deliver(identifier)
        except ChannelError:
            return

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(go, identifiers * 4))
    assert shop.provider.attempts == len(identifiers)
    assert {shop.deliver(identifier) for identifier in identifiers} == {MessageState.SENT}


def test_a_wait_ends_inside_the_window() -> None:
    """The next attempt is put a second before the end; one that cannot be is left as it is, and ends it."""
    hour, minute, second = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
    assert wait_within(minute, hour) == minute
    assert wait_within(hour, minute) == minute - second
    assert wait_within(hour, second) == hour
    assert wait_within(hour, None) == hour
    assert wait_within(None, minute) is None
    assert safe_failure(ChannelBusy("wait", hour), minute).next_retry_delay == minute - second


async def test_the_health_page_names_stopped_channels(database: Database) -> None:
    """Ready all the same: the worker's other work goes on."""
    transport, ready = httpx.ASGITransport(health_app(database, lambda: True)), "http://worker/readyz"
    async with httpx.AsyncClient(transport=transport) as client:
        assert (await client.get(ready)).json()["stopped_channels"] == {}
        with database.transaction() as session:
            stop_channel(session, Channel.SMS, "21606", LOYALTY)
        answer = await client.get(ready)
    assert (answer.status_code, answer.json()["stopped_channels"]) == (200, {"sms": "21606"})


def test_the_command_shows_and_resumes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`python -m starter channels` lists what is stopped; `--resume` lets it go."""
    monkeypatch.setenv("AFTERGLOW_HOME", str(tmp_path))
    database = Database(f"sqlite:///{tmp_path / 'afterglow.db'}")
    upgrade(database)
    with database.transaction() as session:
        stop_channel(session, Channel.SMS, "21606", LOYALTY)
    database.close()
    shown = CliRunner().invoke(app, ["channels"])
    assert shown.exit_code == 0
    assert "21606" in shown.output
    assert "SMS goes again" in CliRunner().invoke(app, ["channels", "--resume", "sms"]).output
    assert "SMS was not stopped" in CliRunner().invoke(app, ["channels", "--resume", "sms"]).output
    assert "no channel is stopped" in CliRunner().invoke(app, ["channels"]).output


def test_the_settings_choose_the_providers(tmp_path: Path) -> None:
    """The outbox by default; SendGrid and Twilio by name, with the callback at our public address."""
    plain = make_channels(Settings(home=tmp_path))
    assert [type(channel) for channel in plain.values()] == [Outbox, Outbox]
    api = TwilioApi()
    with serving(api):
        chosen = make_channels(
            Settings(
                home=tmp_path,
                email="sendgrid",
                sms="twilio",
                public_url="https://shop.example.com/after/",
                sendgrid_api_key=SecretStr("SG.key"),
                twilio_account_sid=ACCOUNT,
                twilio_auth_token=SecretStr("a-token-for-tests"),
                twilio_from="+12025550100",
                twilio_api_base=api.base,
            )
        )
        email, sms = chosen[Channel.EMAIL], chosen[Channel.SMS]
        assert isinstance(email, SendGrid)
        assert isinstance(sms, Twilio)
        with closing(email), closing(sms):
            assert sms.send(SMS).at == PLACED
    callback = "https://shop.example.com/after/webhooks/twilio/status?message=0f2a"
    assert (api.accepted[0].callback, api.accepted[0].sender) == (callback, "+12025550100")
