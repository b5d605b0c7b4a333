"""What providers report about messages, applied once each under the customers' locks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from campaign.delivery import EFFECTS, Report, merged_state
from campaign.facts import MessageState
from campaign.reasons import Channel, Reason
from campaign.wire import Consent
from storage.inserts import insert_all_once, insert_once
from storage.queries.messages.channel_stops import resume_if_arrived, stop_channel
from storage.queries.messages.messages import kinds_of
from storage.queries.people.consents import record_opt_out, suppress
from storage.queries.people.kept_opt_outs import REVOKED, is_hashed, keep_hashed
from storage.queries.people.locks import lock_messages
from storage.tables import CustomerRow, MessageEventRow, MessageRow, RunRow, WebhookRow

_TEXTS = tuple(defer(col(column)) for column in (MessageRow.html, MessageRow.text, MessageRow.subject))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Applied:
    """``new`` events were kept, of ``known`` ones about our messages; ``failed``: steps of open campaigns.

    ``stopped``: the code for which a channel has been stopped just now, by channel; ``resumed``: channels
    that were stopped, and go on.
    """

    known: int
    new: int
    failed: tuple[tuple[str, str], ...] = ()
    stopped: tuple[tuple[Channel, str], ...] = ()
    resumed: tuple[Channel, ...] = ()


def remember_request(session: Session, digest: str, now: datetime) -> bool:
    """Keep the digest of a signed request; False if it was here before: a replay."""
    return insert_once(session, WebhookRow, digest=digest, at=now)


def apply_reports(session: Session, reports: Sequence[Report], now: datetime | None = None) -> Applied:
    """Keep what is new, settle the messages, and suppress or revoke at once.

    ``now`` is when the reports came; the time of the latest, if left out.

    Reports about messages that are not ours, or of another channel, are passed over. All people they are
    about are locked first (see `storage.queries.people.locks`).
    """
    rows = _locked(session, {report.message_id for report in reports})
    known = [r for r in reports if r.message_id in rows and rows[r.message_id].channel == r.channel]
    fresh = _insert(session, known)
    by_message: dict[str, list[Report]] = {}
    for report in fresh:
        by_message.setdefault(report.message_id, []).append(report)
    kinds = kinds_of(session, sorted(by_message))
    failed = [rows[key] for key, news in by_message.items() if _settle(rows[key], kinds[key], news)]
    for report in fresh:
        _follow(session, rows[report.message_id], report, now or max(one.at for one in fresh))
    stopped = _stop(session, fresh)
    resumed = _resume(session, rows, fresh)
    session.flush()
    return Applied(len(known), len(fresh), _open(session, failed), stopped, resumed)


def _stop(session: Session, reports: Sequence[Report]) -> tuple[tuple[Channel, str], ...]:
    return tuple(
        (report.channel, report.code or "")
        for report in reports
        if EFFECTS[report.event].stop
        and stop_channel(session, report.channel, report.code or "", report.at, reported=True)
    )


def _resume(
    session: Session, rows: Mapping[str, MessageRow], reports: Sequence[Report]
) -> tuple[Channel, ...]:
    """Let a stopped channel go on when a message got through that was sent since."""
    latest: dict[Channel, datetime] = {}
    for report in reports:
        attempted = rows[report.message_id].attempted_at
        if EFFECTS[report.event].arrived and attempted:
            latest[report.channel] = max(attempted, latest.get(report.channel, attempted))
    return tuple(channel for channel, at in latest.items() if resume_if_arrived(session, channel, at))


def _locked(session: Session, identifiers: set[str]) -> dict[str, MessageRow]:
    """Lock the customers of messages, then the messages; return them as they are then."""
    if not identifiers:
        return {}
    lock_messages(session, identifiers)
    statement = (
        select(MessageRow)
        .where(col(MessageRow.id).in_(sorted(identifiers)))
        .order_by(col(MessageRow.id))
        .options(*_TEXTS)
        .with_for_update()
    )
    rows = session.exec(statement.execution_options(populate_existing=True))
    return {row.id: row for row in rows}


def _insert(session: Session, reports: Sequence[Report]) -> list[Report]:
    """Add the events that are not there yet; return those, each once."""
    once = {report.event_id: report for report in reports}
    values = [
        {
            "message_id": report.message_id,
            "kind": report.event.value,
            "at": report.at,
            "event_id": report.event_id,
            "code": report.code,
            "machine": report.machine,
        }
        for report in once.values()
    ]
    return [once[key] for key in insert_all_once(session, MessageEventRow, values, "event_id")]


def _settle(row: MessageRow, reported: Iterable[str], fresh: Sequence[Report]) -> bool:
    """Bring a message's state in line with what was reported; True if it has failed just now."""
    before = MessageState(row.state)
    state, why = merged_state(before, Reason(row.reason) if row.reason else None, reported)
    row.state, row.reason = state.value, why.value if why else None
    if not is_hashed(row.address):
        row.provider_id = row.provider_id or next((r.provider_id for r in fresh if r.provider_id), None)
    if row.sent_at is None:
        row.sent_at = row.attempted_at or min(report.at for report in fresh)
    return state is MessageState.FAILED and before is not state


def _follow(session: Session, row: MessageRow, report: Report, now: datetime) -> None:
    effect = EFFECTS[report.event]
    if is_hashed(row.address):
        _follow_erased(session, row, report)
        return
    if effect.suppress and row.recipient:
        suppress(session, report.channel, row.recipient, effect.suppress, report.source, report.at)
    if effect.revoke:
        customer = session.get_one(CustomerRow, row.customer_id)
        consent = Consent(
            channel=report.channel,
            state="revoked",
            source=f"{report.source}: {report.event.value}",
            at=report.at,
        )
        record_opt_out(session, customer, consent, row.recipient, now)


def _follow_erased(session: Session, row: MessageRow, report: Report) -> None:
    """Keep what follows for an address that was erased since, without the address."""
    effect = EFFECTS[report.event]
    if effect.suppress:
        keep_hashed(session, report.channel, row.address or "", effect.suppress, report.at)
    if effect.revoke:
        keep_hashed(session, report.channel, row.address or "", REVOKED, report.at)


def _open(session: Session, failed: Sequence[MessageRow]) -> tuple[tuple[str, str], ...]:
    """Return the (order, step) of failed messages whose campaign has not ended."""
    orders = {row.order_id for row in failed}
    statement = select(RunRow.order_id).where(
        col(RunRow.order_id).in_(orders), col(RunRow.closed_at).is_(None)
    )
    still = set(session.exec(statement)) if orders else set()
    return tuple((row.order_id, row.step) for row in failed if row.order_id in still)
