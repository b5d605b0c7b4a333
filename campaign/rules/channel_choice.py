"""Which channels to speak to a customer on: stated preference, consent, engagement, the shop's default."""

from __future__ import annotations

from campaign.definition.model import Audience, Definition, Step, StepChannels
from campaign.facts import Facts, MessageState
from campaign.reasons import Channel
from campaign.rules.consent import NOT_ALLOWED, Permission, permission

_GIVEN_UP = (MessageState.FAILED, MessageState.SKIPPED)
_ON_ITS_WAY = (MessageState.SENDING, MessageState.SENT, MessageState.UNCONFIRMED)
_EVERY = (StepChannels.BOTH, StepChannels.EMAIL_THEN_SMS)


def channels_of(definition: Definition, facts: Facts, step: Step, audience: Audience) -> list[Channel]:
    """Return the channels to speak to the customer on about a step, as the customer prefers.

    A stated preference for one channel is kept to, also when it cannot be used: the other one is not
    what the customer asked for. Without one, the step's own mode holds, and of a single channel's mode
    the other channel takes over where the first failed for good or may not be used (`Shop.fallback`);
    never while it is unknown what became of the first.
    """
    offered = [channel for channel in Channel if audience.template(channel)]
    preferred = facts.customer.preferred
    if preferred in list(Channel):
        return [channel for channel in offered if channel == preferred]
    if preferred == "both" or step.channels in _EVERY:
        return offered
    return _one(definition, facts, step, _in_order(definition, facts, step, offered))


def usable(definition: Definition, facts: Facts, channel: Channel) -> Permission:
    """Say whether the customer has an address on the channel and may be written to there."""
    if channel not in facts.customer.reachable:
        return NOT_ALLOWED
    return permission(definition, facts.customer, channel)


def _in_order(definition: Definition, facts: Facts, step: Step, offered: list[Channel]) -> list[Channel]:
    """Return the channels, the best first: the step's own; else engagement, then the shop's order."""
    if step.channels is not StepChannels.BEST:
        return sorted(offered, key=lambda channel: channel.value != step.channels.value)
    listed = [channel for channel in definition.shop.channels if channel in offered]
    return sorted(listed, key=lambda channel: channel not in facts.customer.engaged)


def _one(definition: Definition, facts: Facts, step: Step, order: list[Channel]) -> list[Channel]:
    mine = facts.mine(step.name)
    begun = [channel for channel in order if channel in mine and mine[channel].state in _ON_ITS_WAY]
    tried = [channel for channel in order if channel in mine and mine[channel].state in _GIVEN_UP]
    if begun:
        return begun
    if not definition.shop.fallback and (tried or step.channels is not StepChannels.BEST):
        return (tried or order)[:1]
    allowed = {c: usable(definition, facts, c) for c in order if c not in tried}
    good = [channel for channel, granted in allowed.items() if granted.allowed]
    pending = [channel for channel, granted in allowed.items() if granted.pending]
    return (good or pending or order)[:1]
