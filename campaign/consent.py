"""Which channels a customer may be sent marketing on, from the ledger and the law's default."""

from __future__ import annotations

from dataclasses import dataclass

from campaign.definition import Definition
from campaign.facts import ConsentEntry, CustomerFacts
from campaign.reasons import Channel


@dataclass(frozen=True)
class Permission:
    """Whether a channel may be used, and the ledger entry that says so (None: by policy)."""

    allowed: bool
    consent_id: int | None = None


NOT_ALLOWED = Permission(allowed=False)


def current(consents: tuple[ConsentEntry, ...], channel: Channel) -> ConsentEntry | None:
    """Return the entry that holds now: the latest; at the same instant a revocation wins."""
    entries = [entry for entry in consents if entry.channel is channel]
    return max(entries, key=lambda e: (e.at, not e.granted, e.id), default=None)


def permission(definition: Definition, customer: CustomerFacts, channel: Channel) -> Permission:
    """Say whether a channel may be used for marketing.

    SMS needs a granted consent everywhere (in the US: 47 CFR 64.1200). E-mail needs one too, but
    for countries where the shop applies opt-out (in the US: CAN-SPAM, 15 USC 7704); a customer of
    unknown country is taken to live in the shop's.
    """
    entry = current(customer.consents, channel)
    if entry is not None:
        return Permission(entry.granted, entry.id)
    country = customer.country or definition.shop.country
    by_policy = channel is Channel.EMAIL and country in definition.shop.email_opt_out_countries
    return Permission(by_policy)
