"""A message of a preview, sent to the operator's own address by the real provider.

It is marked as a test, is never claimed and leaves no trace in the database; no link of it works, and what a
provider reports of it is about none of our messages. To nobody but who is in ``AFTERGLOW_TEST_ADDRESSES``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

from campaign.definition.model import Definition
from campaign.errors import BadInput, NotFound, Problem
from campaign.reasons import Channel
from channels.protocol import Outgoing
from channels.wiring import make_channels
from settings import Settings

MARK = "[Test]"


def send_test(
    settings: Settings,
    definition: Definition,
    found: dict[str, Any],
    step: str,
    channel: Channel,
    now: datetime,
) -> str:
    """Send a step's message of a timeline; return the address.

    Raises:
        BadInput: there is no test address for the channel.
        NotFound: the timeline has no such message.
        ChannelError: the provider does not take it.
    """
    to = _address(settings, channel)
    message = message_of(found, step, channel)
    make_channels(settings)[channel].send(_outgoing(definition, message, channel, to, now))
    return to


def send_tests(
    settings: Settings, definition: Definition, found: dict[str, Any], step: str, now: datetime
) -> list[tuple[Channel, str]]:
    """Send all of a step's messages; return the addresses. Raises as `send_test`, before anything is sent."""
    named = [one for one in found["steps"] if one["step"] == step]
    channels = {Channel(e["channel"]) for one in named for e in one["entries"] if e["kind"] == "message"}
    if not channels:
        msg = f"step {step} has no message"
        raise NotFound(msg)
    for channel in channels:
        message_of(found, step, channel)
        _address(settings, channel)
    return [(one, send_test(settings, definition, found, step, one, now)) for one in sorted(channels)]


def message_of(found: dict[str, Any], step: str, channel: Channel) -> dict[str, Any]:
    """Return the last message of a step on a channel. Raises `NotFound` as `send_test`."""
    for one in found["steps"]:
        messages = [e for e in one["entries"] if e["kind"] == "message" and e["channel"] == channel.value]
        if one["step"] == step and messages and not messages[-1]["problem"]:
            last: dict[str, Any] = messages[-1]
            return last
    msg = f"step {step} has no message by {channel.label} that can be written"
    raise NotFound(msg)


def _address(settings: Settings, channel: Channel) -> str:
    to = settings.test_address(channel)
    if to is None:
        what = f"has no {'e-mail address' if channel is Channel.EMAIL else 'phone number'}"
        fix = "name your own address there; test messages go to no other"
        raise BadInput([Problem("AFTERGLOW_TEST_ADDRESSES", what, fix)])
    return to


def _outgoing(
    definition: Definition, message: dict[str, Any], channel: Channel, to: str, now: datetime
) -> Outgoing:
    brand = definition.brand
    is_email, name = channel is Channel.EMAIL, f"test-{uuid4().hex[:15]}"
    return Outgoing(
        id=name,
        order_id=name,  # of its own: the outbox writes an order's step once
        step=message["step"],
        position=[step.name for step in definition.steps].index(message["step"]) + 1,
        channel=channel,
        to=to,
        brand=brand.name,
        sender=brand.from_email,
        reply_to=brand.reply_to,
        unsubscribe=brand.unsubscribe_email,
        subject=f"{MARK} {message['subject']}" if is_email else None,
        html=message["html"] if is_email else None,
        text=message["text"] if is_email else f"{MARK} {message['text']}",
        at=now,
    )
