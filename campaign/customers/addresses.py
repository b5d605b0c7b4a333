"""One normal form for every address, so that one person is recognised whatever id or spelling is used."""

from __future__ import annotations

import unicodedata

import idna

from campaign.reasons import Channel


def normal_address(channel: Channel, address: str) -> str:
    """Return the form in which addresses are compared: never the one that is written to.

    E-mail: lower case, NFC, the domain in its ASCII form (RFC 5891). Local parts are case-sensitive by
    RFC 5321 (2.3.11), but no provider at scale treats them so, and an opt-out must not depend on it.
    Phone numbers are E.164 at the door, which is a normal form already.
    """
    if channel is Channel.SMS:
        return address.strip()
    local, _, domain = unicodedata.normalize("NFC", address.strip()).rpartition("@")
    return f"{local.lower()}@{_ascii_domain(domain)}"


def _ascii_domain(domain: str) -> str:
    try:
        return idna.encode(domain, uts46=True).decode("ascii").lower()
    except idna.IDNAError:
        return domain.lower()
