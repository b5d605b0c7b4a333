"""Channels that are stopped because their provider refuses our configuration."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlmodel import Session, col, select

from campaign.reasons import Channel
from storage.inserts import insert_once
from storage.tables import ChannelStopRow

PROBE_EVERY = timedelta(minutes=15)


def stop_channel(session: Session, channel: Channel, code: str, now: datetime) -> bool:
    """Stop a channel until one message gets through; False if it is stopped already."""
    return insert_once(
        session,
        ChannelStopRow,
        channel=channel.value,
        code=code,
        since=now,
        probe_at=now + PROBE_EVERY,
    )


def wait_for(session: Session, channel: Channel, now: datetime) -> timedelta | None:
    """Say how long a message has to wait for its channel; None if it may go.

    When a stopped channel is due for a probe, exactly one of all that ask at once may go: the update takes
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
    """Let messages go again; False if the channel was not stopped."""
    row = session.get(ChannelStopRow, channel.value)
    if row is None:
        return False
    session.delete(row)
    session.flush()
    return True


def stopped_channels(session: Session) -> Sequence[ChannelStopRow]:
    """Return the channels that are stopped."""
    return session.exec(select(ChannelStopRow).order_by(ChannelStopRow.channel)).all()
