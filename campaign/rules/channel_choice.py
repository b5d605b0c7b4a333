"""Which channels to speak to a customer on: stated preference, consent, engagement, the shop's default."""

from __future__ import annotations

from campaign.definition.steps import StepChannels
from campaign.facts import MessageState
from campaign.reasons import Channel
from campaign.rules.question import Question

_GIVEN_UP = (MessageState.FAILED, MessageState.SKIPPED)
_ON_ITS_WAY = (MessageState.SENDING, MessageState.SENT, MessageState.UNCONFIRMED, MessageState.HELD_OUT)
_EVERY = (StepChannels.BOTH, StepChannels.EMAIL_THEN_SMS)


def channels_of(question: Question) -> list[Channel]:
    """Return the channels to speak to the customer on about a step, as the customer prefers.

    A stated preference for one channel is kept to, also when it cannot be used: the other one is not
    what the customer chose. Without one, the step's own mode holds, and of a single channel's mode
    the other channel takes over where the first failed for good or may not be used (`Shop.fallback`);
    never while it is unknown what became of the first.
    """
    audience = question.audience
    if audience is None:
        return []
    offered = [channel for channel in Channel if audience.template(channel)]
    preferred = question.facts.customer.preferred
    if preferred in list(Channel):
        return [channel for channel in offered if channel == preferred]
    if preferred == "both" or question.step.channels in _EVERY:
        return offered
    return _one(question, _in_order(question, offered))


def _in_order(question: Question, offered: list[Channel]) -> list[Channel]:
    """Return the channels, the best first: the step's own; else engagement, then the shop's order."""
    step = question.step
    if step.channels is not StepChannels.BEST:
        return sorted(offered, key=lambda channel: channel.value != step.channels.value)
    listed = [channel for channel in question.definition.shop.channels if channel in offered]
    engaged = question.engaged() if len(listed) > 1 else ()
    return sorted(listed, key=lambda channel: channel not in engaged)


def _one(question: Question, order: list[Channel]) -> list[Channel]:
    mine, step = question.mine, question.step
    begun = [channel for channel in order if channel in mine and mine[channel].state in _ON_ITS_WAY]
    tried = [channel for channel in order if channel in mine and mine[channel].state in _GIVEN_UP]
    if begun:
        return begun
    if not question.definition.shop.fallback and (tried or step.channels is not StepChannels.BEST):
        return (tried or order)[:1]
    allowed = {c: question.usable(c) for c in order if c not in tried}
    good = [channel for channel, granted in allowed.items() if granted.allowed]
    pending = [channel for channel, granted in allowed.items() if granted.pending]
    return (good or pending or order)[:1]
