"""Email addresses as every mail server takes them: the domain in its ASCII form (IDNA, RFC 5891)."""

from __future__ import annotations

from dataclasses import replace

from email_validator import EmailNotValidError, validate_email

from campaign.errors import ChannelRefused
from channels.protocol import Outgoing

NOT_ASCII = "not_ascii"


def with_ascii_addresses(message: Outgoing) -> Outgoing:
    """Return an email with all its addresses in ASCII.

    Raises:
        ChannelRefused: an address has no such form, for it has letters beyond ASCII before its ``@``
            (RFC 6531): the providers here cannot send to it.
    """
    return replace(
        message,
        to=_ascii(message.to),
        sender=_ascii(message.sender),
        reply_to=_ascii(message.reply_to) if message.reply_to else None,
        unsubscribe=_ascii(message.unsubscribe),
    )


def _ascii(address: str) -> str:
    if address.isascii():
        return address
    try:
        written = validate_email(address, check_deliverability=False, test_environment=True).ascii_email
    except EmailNotValidError:
        written = None
    if written is None:
        msg = "an address cannot be written in ASCII"
        raise ChannelRefused(msg, NOT_ASCII, invalid_address=True)
    return written
