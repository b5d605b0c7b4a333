"""What a customer can choose on the preference page, and what the choice changes in the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from campaign.definition.model import Definition
from campaign.facts import CustomerFacts
from campaign.reasons import Channel, Reason
from campaign.rules.consent import is_revoked, permission

_BOTH = frozenset(Channel)


class Choice(StrEnum):
    """One answer to: how should we write to you? ``EITHER`` is one message at a time, as the shop decides."""

    EMAIL = "email"
    SMS = "sms"
    EITHER = "either"
    BOTH = "both"
    NONE = "none"

    @property
    def channels(self) -> frozenset[Channel]:
        """The channels that the choice says yes to; to the others it says no."""
        return _CHANNELS[self]

    @property
    def preferred(self) -> str | None:
        """What is kept as the customer's stated preference."""
        return None if self in (Choice.EITHER, Choice.NONE) else self.value


_CHANNELS: Mapping[Choice, frozenset[Channel]] = MappingProxyType(
    {
        Choice.EMAIL: frozenset({Channel.EMAIL}),
        Choice.SMS: frozenset({Channel.SMS}),
        Choice.EITHER: _BOTH,
        Choice.BOTH: _BOTH,
        Choice.NONE: frozenset(),
    }
)


@dataclass(frozen=True)
class Standing:
    """How a customer stands: what is chosen, and what can be.

    ``pending``: SMS is chosen and waits for the answer from the number. ``blocked``: why a channel
    cannot be chosen (no address, or an address that must not be written to).
    """

    choice: Choice
    pending: bool
    blocked: Mapping[Channel, Reason]

    def offers(self, choice: Choice) -> bool:
        """Return whether a choice can be made."""
        return not (choice.channels & self.blocked.keys())


def standing(definition: Definition, customer: CustomerFacts) -> Standing:
    """Return how the customer stands now, by the ledger, the policy and the stated preference."""
    permissions = {channel: permission(definition, customer, channel) for channel in Channel}
    blocked = {channel: reason for channel in Channel if (reason := _blocked(customer, channel))}
    on = {
        c for c, granted in permissions.items() if c not in blocked and (granted.allowed or granted.pending)
    }
    pending = Channel.SMS in on and permissions[Channel.SMS].pending
    return Standing(_choice(on, customer.preferred), pending, blocked)


def _blocked(customer: CustomerFacts, channel: Channel) -> Reason | None:
    if channel not in customer.reachable:
        return Reason.NO_ADDRESS
    return Reason.SUPPRESSED if channel in customer.suppressed else None


def _choice(on: set[Channel], preferred: str | None) -> Choice:
    """Return the choice that means what happens now: a preference that cannot be kept gets nothing."""
    if preferred in list(Channel):
        return Choice(preferred) if preferred in on else Choice.NONE
    if on == _BOTH:
        return Choice.BOTH if preferred == "both" else Choice.EITHER
    return Choice(next(iter(on)).value) if on else Choice.NONE


def ledger_changes(definition: Definition, customer: CustomerFacts, choice: Choice) -> dict[Channel, bool]:
    """Return what a choice adds to the ledger: channel -> granted (True) or revoked (False).

    A yes is added where marketing is not allowed yet: an opt-in of its own. Whoever is allowed already
    keeps the consent that says so. A no is added unless the ledger says no already; no address, no entry.
    """
    changes = {}
    for channel in Channel:
        allowed = permission(definition, customer, channel)
        if channel not in customer.reachable:
            continue
        if channel in choice.channels:
            if not (allowed.allowed or allowed.pending):
                changes[channel] = True
        elif not is_revoked(customer.consents, channel):
            changes[channel] = False
    return changes
