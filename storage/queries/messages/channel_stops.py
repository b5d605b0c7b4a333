"""Channels that are stopped because their provider refuses our configuration."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, update
from sqlmodel import Session, col, select

from campaign.reasons import Channel
from storage.inserts import insert_once
from storage.tables import ChannelStopRow

PROBE_EVERY = timedelta(minutes=15)


def stop_channel(
    session: Session, channel: Channel, code: str, now: datetime, *, reported: bool = False
) -> bool:
    """Stop a channel; False if it is stopped already.

    ``reported``: the provider had accepted the message and refused it later. Then only a message that gets
    through, or a person, lets the channel go on.
    """
    stopped = insert_once(
        session,
        ChannelStopRow,
        channel=channel.value,
        code=code,
        since=now,
        probe_at=now + PROBE_EVERY,
        reported=reported,
    )
    if reported and not stopped:
        later = update(ChannelStopRow).where(col(ChannelStopRow.channel) == channel.value)
        session.connection().execute(later.values(reported=True))
    return stopped


def wait_for(session: Session, channel: Channel, now: datetime) -> timedelta | None:
    """Return how long a message has to wait for its channel; None if it may go.

    When a stopped channel is due for a probe, exactly one of all that try at once may go: the update takes
    the turn and sets the next one.
    """
    probe_at = session.exec(
        select(ChannelStopRow.probe_at).where(ChannelStopRow.channel == channel.value)
    ).first()
    if probe_at is None or (probe_at <= now and _take_turn(session, channel, now)):
        return None
    return probe_at - now if probe_at > now else PROBE_EVERY


def _take_turn(session: Session, channel: Channel, now: datetime) -> bool:
    turn = (
        update(ChannelStopRow)
        .where(col(ChannelStopRow.channel) == channel.value, col(ChannelStopRow.probe_at) <= now)
        .values(probe_at=now + PROBE_EVERY)
        .returning(col(ChannelStopRow.channel))
    )
    return session.connection().execute(turn).first() is not None


def resume_channel(session: Session, channel: Channel) -> bool:
    """Let messages go again, for a person says so; False if the channel was not stopped."""
    return _resume(session, channel)


def resume_if_accepted(session: Session, channel: Channel) -> bool:
    """Let messages go again after one was accepted, unless the refusal was reported after acceptance."""
    return _resume(session, channel, col(ChannelStopRow.reported).is_(False))


def resume_if_arrived(session: Session, channel: Channel, attempted_at: datetime) -> bool:
    """Let messages go again after one got through that was sent since the channel stopped."""
    return _resume(session, channel, col(ChannelStopRow.since) < attempted_at)


def _resume(session: Session, channel: Channel, *only: ColumnElement[bool]) -> bool:
    gone = delete(ChannelStopRow).where(col(ChannelStopRow.channel) == channel.value, *only)
    return session.connection().execute(gone.returning(col(ChannelStopRow.channel))).first() is not None


def stopped_channels(session: Session) -> Sequence[ChannelStopRow]:
    """Return the channels that are stopped."""
    return session.exec(select(ChannelStopRow).order_by(ChannelStopRow.channel)).all()
