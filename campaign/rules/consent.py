"""Which channels a customer may be sent marketing on, from the ledger and the law's default."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from campaign.definition.model import Definition
from campaign.facts import ConsentEntry, CustomerFacts
from campaign.reasons import Channel, Reason

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class Permission:
    """Whether a channel may be used for marketing, and the ledger entry that says so (None: by policy).

    ``reason`` says why not. `Reason.NOT_CONFIRMED`: the one opt-in question may be put.
    """

    reason: Reason | None = None
    consent_id: int | None = None

    @property
    def allowed(self) -> bool:
        """Whether marketing may be sent."""
        return self.reason is None

    @property
    def pending(self) -> bool:
        """Whether only the customer's confirmation is missing."""
        return self.reason is Reason.NOT_CONFIRMED


NOT_ALLOWED = Permission(Reason.NO_CONSENT)


def in_force(consents: tuple[ConsentEntry, ...], channel: Channel) -> list[ConsentEntry]:
    """Return the grants since the last revocation, oldest first; at one instant a revocation wins.

    A grant for an address that the customer has no more says nothing about the new one.
    """
    entries = sorted((e for e in consents if e.channel is channel), key=lambda e: (e.at, not e.granted, e.id))
    last = max((n for n, entry in enumerate(entries) if not entry.granted), default=-1)
    return [entry for entry in entries[last + 1 :] if not entry.elsewhere]


def after_all(entries: Iterable[ConsentEntry], channel: Channel, now: datetime) -> datetime:
    """Return the time of what the customer says now: after every other entry for the channel.

    A shop's clock that is ahead must not undo it.
    """
    last = max((entry.at for entry in entries if entry.channel is channel), default=now - _TICK)
    return max(now, last + _TICK)


def is_revoked(consents: tuple[ConsentEntry, ...], channel: Channel) -> bool:
    """Return whether the customer has opted out and not in again."""
    return any(e.channel is channel and not e.granted for e in consents) and not in_force(consents, channel)


def permission(definition: Definition, customer: CustomerFacts, channel: Channel) -> Permission:
    """Return whether a channel may be used for marketing.

    SMS needs a granted consent everywhere (in the US: 47 CFR 64.1200), confirmed from the number where
    the shop wants double opt-in. E-mail needs one too, but for countries where the shop applies opt-out
    (in the US: CAN-SPAM, 15 USC 7704); a customer of unknown country is taken to live in the shop's.
    """
    if channel in customer.suppressed:
        return Permission(Reason.SUPPRESSED)
    granted = in_force(customer.consents, channel)
    if granted:
        return _granted(definition, granted, channel)
    if is_revoked(customer.consents, channel) or channel is not Channel.EMAIL:
        return NOT_ALLOWED
    country = customer.country or definition.shop.country
    return Permission() if country in definition.shop.email_opt_out_countries else NOT_ALLOWED


def _granted(definition: Definition, granted: list[ConsentEntry], channel: Channel) -> Permission:
    confirmed = [entry for entry in granted if entry.confirmed]
    if channel is Channel.SMS and definition.consent.sms_double_opt_in and not confirmed:
        return Permission(Reason.NOT_CONFIRMED, granted[-1].id)
    return Permission(consent_id=(confirmed or granted)[-1].id)


def may_track_opens(definition: Definition, customer: CustomerFacts) -> bool:
    """Return whether a provider's open pixel may be in an e-mail to the customer (`Tracking.opens_in`).

    Never for a customer of unknown country. In France the pixel needs a consent of its own (CNIL,
    deliberation 2026-042 of 12 March 2026), in Italy too (Garante, provision 284 of 17 April 2026).
    """
    return customer.country in definition.tracking.opens_in
