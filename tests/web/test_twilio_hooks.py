"""Twilio's callbacks: status and inbound texts, from signed requests to the database."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import func, select
from structlog.testing import capture_logs

from activities.deliver import deliver
from activities.interface import DeliverRequest, RenderRequest, SegmentRequest
from activities.render import render
from activities.segment import segment
from campaign.reasons import Channel, Reason
from campaign.rules.consent import permission
from campaign.rules.decision import Kind
from starter import clock
from storage.database import Database
from storage.queries.people.consents import consents_of
from storage.queries.people.replies import open_replies
from storage.tables import MessageEventRow, WebhookRow
from tests.callbacks import (
    PHONE,
    Providers,
    add_sending,
    open_campaign,
    providers,
    save_shop_customer,
    twilio_headers,
)
from tests.customers import customer_facts
from tests.facts import PLACED, default_definition

PENDING = {"channel": "sms", "state": "granted", "source": "checkout", "at": PLACED.isoformat(),
           "wording": "Text me offers"}  # fmt: skip


@pytest.fixture
def calls(database: Database, tmp_path: Path) -> Providers:
    """An app, and a customer with an open campaign."""
    save_shop_customer(database)
    open_campaign(database)
    return providers(database, tmp_path, sms_replies="afterglow")


def states(calls: Providers, customer_id: str = "c-1") -> list[tuple[str, str, str | None, bool]]:
    """The ledger's entries for SMS."""
    with calls.database.transaction() as session:
        return [
            (row.state, row.source, row.wording, row.confirmed)
            for row in consents_of(session, customer_id)
            if row.channel == "sms"
        ]


def may_text(calls: Providers, customer_id: str = "c-1") -> Reason | None:
    """Why the customer may not be sent a text, or None."""
    with calls.database.transaction() as session:
        facts = customer_facts(session, customer_id)
    return permission(default_definition(), facts, Channel.SMS).reason


async def test_a_message_is_followed_to_its_end(calls: Providers) -> None:
    """Sent, delivered, doubled by another request: one event each, 204 each."""
    identifier = add_sending(calls.database, Channel.SMS)
    for state, extra in (("sent", {}), ("delivered", {}), ("delivered", {"RawDlrDoneDate": "2603021500"})):
        assert (await calls.status(identifier, state, **extra)).status_code == 204
    row = calls.message(identifier)
    assert (row.state, row.provider_id) == ("sent", "SM1")
    with calls.database.transaction() as session:
        kept = session.exec(
            select(MessageEventRow.kind).where(MessageEventRow.event_id != None)  # noqa: E711 - SQL
        ).all()
    assert kept == ["accepted", "delivered"]


async def test_a_dead_number_is_suppressed_and_its_campaign_notified(calls: Providers) -> None:
    """Undeliverable for good: failed, suppressed, Twilio's code kept, the open campaign notified once."""
    identifier = add_sending(calls.database, Channel.SMS)
    for _ in range(2):
        await calls.status(identifier, "undelivered", ErrorCode="30005", N=str(_))
    assert calls.message(identifier).state == "failed"
    assert may_text(calls) is Reason.SUPPRESSED
    assert calls.notified.failures == [("o-1", "loyalty")]
    with calls.database.transaction() as session:
        assert session.exec(select(MessageEventRow.code).where(MessageEventRow.kind == "invalid")).one() == (
            "30005"
        )


async def test_a_replay_changes_nothing(calls: Providers) -> None:
    """The very same request again is refused, also when it is spelt another way; so is an inbound text."""
    identifier = add_sending(calls.database, Channel.SMS)
    path = f"/webhooks/twilio/status?message={identifier}"
    params = {"MessageSid": "SM1", "MessageStatus": "sent", "To": "+1"}
    headers = twilio_headers(path, params)
    body = b"MessageSid=SM1&MessageStatus=sent&To=%2B1"
    answers = [
        (await calls.post(path, one, **headers)).status_code
        for one in (body, body, body.replace(b"sent", b"%73ent"))
    ]
    assert answers == [204, 403, 403]
    first = await calls.sms("STOP", MessageSid="SM9")
    again = await calls.sms("STOP", MessageSid="SM9")
    assert (first.status_code, again.status_code) == (200, 403)
    assert [entry[0] for entry in states(calls)] == ["granted", "revoked"]


async def test_stop_takes_effect_before_it_is_answered(calls: Providers) -> None:
    """A claimed text is not sent any more, and every open campaign of the customer sees it."""
    save_shop_customer(calls.database, preferred_channel="sms")
    open_campaign(calls.database, "o-2")
    now = PLACED.replace(day=23, hour=17)
    claimed = segment(calls.database, SegmentRequest(order_id="o-2", step="loyalty", now=now))
    assert claimed.kind is Kind.SEND
    render(calls.database, Path("content/default"), RenderRequest(message_id=claimed.messages[0].id, now=now))
    assert (await calls.sms("STOP")).status_code == 200
    delivered = deliver(calls.database, {}, DeliverRequest(message_id=claimed.messages[0].id, now=now))
    assert delivered.state.value == "claimed"
    again = segment(calls.database, SegmentRequest(order_id="o-2", step="loyalty", now=now))
    assert again.reason is Reason.NO_CONSENT


async def test_stop_is_confirmed_once(calls: Providers) -> None:
    """One confirmation with the brand's name; each STOP is in the ledger, in the customer's words."""
    replies = [(await calls.sms(text)).text for text in ("please Stop!", "STOP", "STOP")]
    assert "Juniper &amp; Pine: you are unsubscribed" in replies[0]
    assert all("<Message>" not in reply for reply in replies[1:])
    assert states(calls)[1:] == [
        ("revoked", "sms: STOP", words, False) for words in ("please Stop!", "STOP", "STOP")
    ]
    assert may_text(calls) is Reason.NO_CONSENT


@pytest.mark.parametrize("opt_out_type", ["STOP", "START", "HELP"])
async def test_never_a_second_answer_to_what_twilio_answered(calls: Providers, opt_out_type: str) -> None:
    """With OptOutType Twilio has replied: we write it down and say nothing."""
    answer = await calls.sms("whatever", OptOutType=opt_out_type)
    assert "<Message>" not in answer.text
    assert [entry[0] for entry in states(calls)][1:] == (["revoked"] if opt_out_type == "STOP" else [])


@pytest.mark.parametrize(("text", "replied"), [("STOP", False), ("stop texting me", True), ("HELP", False)])
async def test_by_default_twilio_answers_the_bare_words(calls: Providers, text: str, replied: bool) -> None:
    """Its default opt-out handling replies to those, so that ours would be a second one."""
    plain = providers(calls.database, Path("unused"))
    assert ("<Message>" in (await plain.sms(text)).text) is replied


async def test_everyone_with_the_number_is_opted_out(calls: Providers) -> None:
    """Two accounts share a telephone: STOP is for both, and confirmed once."""
    save_shop_customer(calls.database, "c-2", email="bob@example.com")
    assert (await calls.sms("STOP")).text.count("<Message>") == 1
    assert (may_text(calls), may_text(calls, "c-2")) == (Reason.NO_CONSENT,) * 2


async def test_start_grants_what_was_granted_before(calls: Providers) -> None:
    """After STOP, START brings the consent back, confirmed; a second START says nothing new."""
    await calls.sms("STOP")
    first, again = await calls.sms("START"), await calls.sms("Start")
    assert "you are signed up" in first.text
    assert "<Message>" not in again.text
    assert states(calls)[2:] == [("granted", "sms: START", "START", True)]
    assert may_text(calls) is None


async def test_start_out_of_the_blue_is_no_consent(calls: Providers) -> None:
    """A number that never had a grant gets none by START or YES: nothing names what it would agree to."""
    save_shop_customer(calls.database, "c-3", phone="+12025550199", consents=[])
    for text in ("START", "YES"):
        assert "<Message>" not in (await calls.sms(text, "+12025550199")).text
    assert states(calls, "c-3") == []


async def test_yes_confirms_a_waiting_consent_only(calls: Providers) -> None:
    """Double opt-in: YES from the number confirms; again, or after STOP, it does nothing."""
    save_shop_customer(calls.database, "c-4", phone="+12025550144", consents=[PENDING])
    open_campaign(calls.database, "o-4", "c-4")
    assert may_text(calls, "c-4") is Reason.NOT_CONFIRMED
    replies = [(await calls.sms(text, "+12025550144")).text for text in ("Yes", "yes", "STOP")]
    assert ["signed up" in reply for reply in replies] == [True, False, False]
    assert "<Message>" not in replies[1]
    assert [entry[0] for entry in states(calls, "c-4")] == ["granted", "granted", "revoked"]
    assert may_text(calls, "c-4") is Reason.NO_CONSENT


def waiting(calls: Providers) -> list[str | None]:
    """The texts of the replies that wait for a person."""
    with calls.database.transaction() as session:
        return [row.text for row in open_replies(session, 100)[0]]


@pytest.mark.parametrize("replies", ["provider", "afterglow"])
async def test_yes_after_stop_is_answered_and_listed(calls: Providers, replies: str) -> None:
    """B25: Twilio unblocks the number; the customer reads that they are still out, and a person sees it."""
    plain = providers(calls.database, Path("unused"), sms_replies=replies)
    await plain.sms("STOP")
    with capture_logs() as logs:
        answer = await plain.sms("YES")
    assert "still unsubscribed" in answer.text
    assert "reply START" in answer.text
    assert may_text(plain) is Reason.NO_CONSENT
    assert waiting(plain) == ["YES"]
    assert [entry["event"] for entry in logs] == ["reply waits for a person"]
    await plain.sms("START")
    assert (may_text(plain), waiting(plain)) == (None, [])


async def test_a_wish_in_free_words_revokes(calls: Providers) -> None:
    """B25: not a keyword of any carrier, and clear: in the ledger in the customer's words, and confirmed."""
    answer = await calls.sms("Take me off your list!")
    assert "you are unsubscribed" in answer.text
    assert states(calls)[1:] == [("revoked", "sms: STOP", "Take me off your list!", False)]


async def test_other_words_change_nothing(calls: Providers) -> None:
    """B25: a visit is no opt-out, and nobody has to read it."""
    answer = await calls.sms("I'll stop by later")
    assert "<Message>" not in answer.text
    assert (may_text(calls), waiting(calls)) == (None, [])


async def test_a_doubtful_wish_waits_for_a_person_without_an_answer(calls: Providers) -> None:
    """B25: kept with its text, nothing revoked, nothing said; the customer's own STOP settles it."""
    answer = await calls.sms("wrong number")
    assert "<Message>" not in answer.text
    assert (may_text(calls), waiting(calls)) == (None, ["wrong number"])
    await calls.sms("STOP")
    assert (may_text(calls), waiting(calls)) == (Reason.NO_CONSENT, [])


async def test_a_shop_clock_that_runs_ahead_does_not_undo_a_stop(calls: Providers) -> None:
    """A consent dated in the future does not outlive the customer's later word."""
    ahead = {**PENDING, "at": (clock.now() + timedelta(days=1)).isoformat(), "confirmed": True}
    save_shop_customer(calls.database, consents=[ahead])
    await calls.sms("STOP")
    assert may_text(calls) is Reason.NO_CONSENT
    await calls.sms("START")
    assert may_text(calls) is None


async def test_a_number_that_nobody_has_is_kept_from(calls: Providers) -> None:
    """STOP from an unknown number holds for whoever brings the number later, until a later grant for it."""
    number = "+12025550177"
    await calls.sms("STOP", number)
    late = (clock.now() + timedelta(minutes=1)).isoformat()
    save_shop_customer(calls.database, "c-7", phone=number, consents=[{**PENDING, "confirmed": True}])
    assert may_text(calls, "c-7") is Reason.NO_CONSENT
    again = {**PENDING, "confirmed": True, "at": late}
    save_shop_customer(calls.database, "c-8", phone=number, consents=[again])
    assert may_text(calls, "c-8") is None


async def test_help_names_the_brand(calls: Providers) -> None:
    """HELP is answered each time, with a way to reach people and to opt out."""
    for _ in range(2):
        text = (await calls.sms("HELP")).text
        assert "Juniper &amp; Pine" in text
        assert "help@shop.example.com" in text
        assert "STOP" in text


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"Body": "x" * 70_000}, 413),
        ({"Body": "a\x00b stop"}, 200),
        ({"From": "SHOP"}, 200),
        ({"From": ""}, 200),
        ({"Body": "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16")}, 200),
    ],
)
async def test_odd_texts_do_no_harm(calls: Providers, params: dict[str, str], status: int) -> None:
    """Long, with NUL, from no number: never a server error."""
    values: dict[str, Any] = {"From": PHONE, "Body": "hello", "MessageSid": "SM1", **params}
    answer = await calls.twilio("/webhooks/twilio/inbound", **values)
    assert answer.status_code == status


async def test_without_settings_nothing_is_accepted(calls: Providers) -> None:
    """No auth token or no public address: everything is refused, and nothing is kept."""
    for missing in ("twilio_auth_token", "public_url"):
        plain = providers(calls.database, Path("unused"), **{missing: None})
        assert (await plain.sms("STOP")).status_code == 403
    with calls.database.transaction() as session:
        assert session.exec(select(func.count()).select_from(WebhookRow)).one() == 0
