"""What providers report: the same end in any order, doubled or early; failures suppress at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, select

from campaign.delivery import EFFECTS, ProviderEvent, Report, merged_state
from campaign.facts import MessageState
from campaign.reasons import Channel, Reason
from intake.provider_reports import apply_reports
from storage.database import Database
from storage.migrate import upgrade
from storage.queries.messages.channel_stops import stopped_channels
from storage.queries.messages.messages import get_message, move_message
from storage.queries.people.consents import is_suppressed, ledger
from storage.queries.people.customers import get_customer
from storage.tables import MessageEventRow
from tests.callbacks import add_sending, open_campaign, save_shop_customer
from tests.facts import PLACED

EVENTS = st.lists(st.sampled_from(list(ProviderEvent)), max_size=6)
OWN = st.sampled_from([MessageState.SENT, MessageState.UNCONFIRMED, MessageState.CLAIMED])


@given(EVENTS, st.sampled_from(list(MessageState)), st.data())
def test_the_state_depends_on_the_set_only(
    events: list[ProviderEvent], own: MessageState, data: st.DataObject
) -> None:
    """Reported one by one, in any order and doubled, or all at once: one and the same state."""
    at_once = merged_state(own, None, events)
    reported = data.draw(st.permutations(events + events))
    state, reason, known = own, None, set()
    for event in reported:
        known.add(event)
        state, reason = merged_state(state, reason, known)
    assert (state, reason) == at_once


@given(EVENTS, OWN, st.integers(0, 6))
def test_our_own_commit_may_come_at_any_time(
    events: list[ProviderEvent], own: MessageState, position: int
) -> None:
    """Callbacks before, between and after our own settling end in what they would all after it."""
    state: MessageState = MessageState.SENDING
    for number, _ in enumerate([*events, None]):
        if number == min(position, len(events)):
            state, _reason = merged_state(own, None, events[:number])
        state, _reason = merged_state(state, None, events[: number + 1])
    assert state == merged_state(own, None, events)[0]
    assert not events or state in (MessageState.SENT, MessageState.FAILED)


@pytest.fixture(scope="module")
def one_database(tmp_path_factory: pytest.TempPathFactory) -> Database:
    """A database that many examples share: each rolls back what it did."""
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('events') / 'x.db'}")
    upgrade(database)
    save_shop_customer(database)
    open_campaign(database)
    add_sending(database, Channel.EMAIL)
    return database


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=EVENTS, own=OWN, data=st.data())
def test_the_database_ends_the_same_in_any_order(
    one_database: Database, events: list[ProviderEvent], own: MessageState, data: st.DataObject
) -> None:
    """State, suppression and consent in the database do not depend on order, doubles or batches."""
    happenings: list[MessageState | ProviderEvent] = [own, *events]
    first = _run(one_database, happenings)
    shuffled = data.draw(st.permutations(happenings + list(events)))
    assert _run(one_database, shuffled) == first
    failed = any(EFFECTS[event].failed for event in events)
    assert first[0] == (MessageState.FAILED if failed else MessageState.SENT if events else own)


def _run(database: Database, happenings: list[MessageState | ProviderEvent]) -> tuple[object, ...]:
    session = Session(database.engine)
    try:
        identifier = session.exec(select(MessageEventRow.message_id)).first() or ""
        for happening in happenings:
            if isinstance(happening, MessageState):
                move_message(session, get_message(session, identifier), happening, PLACED)
            else:
                apply_reports(session, [_report(identifier, happening)])
            session.flush()
        row = get_message(session, identifier)
        entries = ledger(session, get_customer(session, "c-1"))
        suppressed = is_suppressed(session, Channel.EMAIL, "ada@example.com")
        reported = sorted(session.exec(select(MessageEventRow.kind).where(MessageEventRow.event_id != None)))  # noqa: E711 - SQL
        return row.state, row.reason, suppressed, [e.granted for e in entries if not e.granted], reported
    finally:
        session.rollback()
        session.close()


def _report(identifier: str, event: ProviderEvent, channel: Channel = Channel.EMAIL) -> Report:
    at = PLACED + timedelta(minutes=1)
    return Report(identifier, channel, event, at, f"{identifier}:{event}", "test", provider_id="p-1")


@pytest.fixture
def message(database: Database) -> str:
    """A message that is being sent, of a customer who may be sent anything."""
    save_shop_customer(database)
    open_campaign(database)
    return add_sending(database, Channel.EMAIL)


def test_a_lost_reply_is_answered_by_the_callback(database: Database, message: str) -> None:
    """A message left at sending becomes sent, with the provider's id and the time of the attempt."""
    with database.transaction() as session:
        apply_reports(session, [_report(message, ProviderEvent.ACCEPTED)])
    with database.transaction() as session:
        row = get_message(session, message)
        assert (row.state, row.provider_id, row.sent_at) == ("sent", "p-1", PLACED)


def test_a_bounce_before_our_own_commit_holds(database: Database, message: str) -> None:
    """The bounce was reported before we wrote that we had sent it: it stays failed."""
    with database.transaction() as session:
        assert apply_reports(session, [_report(message, ProviderEvent.BOUNCED)]).failed == (
            ("o-1", "loyalty"),
        )
    with database.transaction() as session:
        move_message(session, get_message(session, message), MessageState.SENT, PLACED)
        row = get_message(session, message)
        assert (row.state, row.reason) == ("failed", Reason.FAILED)


@pytest.mark.parametrize("event", list(ProviderEvent))
def test_what_each_event_does(database: Database, message: str, event: ProviderEvent) -> None:
    """Suppression, revocation and a stopped channel follow the table, once; a failure is reported once."""
    with database.transaction() as session:
        reported = [apply_reports(session, [_report(message, event)] * 2) for _ in range(2)]
    effect = EFFECTS[event]
    assert [(one.known, one.new) for one in reported] == [(2, 1), (2, 0)]
    assert [bool(one.failed) for one in reported] == [effect.failed, False]
    assert [bool(one.stopped) for one in reported] == [effect.stop, False]
    with database.transaction() as session:
        assert is_suppressed(session, Channel.EMAIL, "ada@example.com") == bool(effect.suppress)
        assert [row.channel for row in stopped_channels(session)] == ["email"] * effect.stop
        entries = ledger(session, get_customer(session, "c-1"))
        assert [e.channel for e in entries if not e.granted] == [Channel.EMAIL] * effect.revoke


def test_what_is_not_ours_is_passed_over(database: Database, message: str) -> None:
    """An unknown message, or a text message's news about an email, changes nothing."""
    reports = [
        _report("unknown", ProviderEvent.BOUNCED),
        _report(message, ProviderEvent.INVALID, Channel.SMS),
    ]
    with database.transaction() as session:
        applied = apply_reports(session, reports)
        assert (applied.known, applied.new, applied.failed) == (0, 0, ())
        assert get_message(session, message).state == "sending"


def test_callbacks_and_our_own_commit_at_one_instant(database: Database, message: str) -> None:
    """Eight threads report and settle at once, in batches of any order: no deadlock, and the bounce holds."""
    other = add_sending(database, Channel.EMAIL, step="win-back-1")
    kinds = (
        ProviderEvent.ACCEPTED,
        ProviderEvent.BOUNCED,
        ProviderEvent.DELIVERED,
        ProviderEvent.UNSUBSCRIBED,
    )
    reports = [_report(identifier, kind) for identifier in (message, other) for kind in kinds]

    def report_one(number: int) -> int:
        with database.transaction() as session:
            if number % 4 == 0:
                move_message(session, get_message(session, message), MessageState.SENT, PLACED)
                return 0
            return apply_reports(session, reports if number % 2 else reports[::-1]).new

    with ThreadPoolExecutor(8) as pool:
        new = list(pool.map(report_one, range(16)))
    assert sum(new) == len(reports)
    with database.transaction() as session:
        assert [get_message(session, one).state for one in (message, other)] == ["failed", "failed"]
        entries = ledger(session, get_customer(session, "c-1"))
        assert sum(not entry.granted for entry in entries) == 1
