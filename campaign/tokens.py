"""Signed tokens for links in messages: they name a message, never an address, and cannot be made up."""

from __future__ import annotations

from enum import StrEnum

from itsdangerous import BadSignature, URLSafeSerializer


class TokenUse(StrEnum):
    """What a token opens; one for another use is refused."""

    UNSUBSCRIBE = "unsubscribe"
    PREFERENCES = "preferences"
    REVIEW = "review"


def make_token(secret: str, use: TokenUse, message_id: str) -> str:
    """Return the token for a message's link: the same each time, so that a retry renders the same text."""
    token = URLSafeSerializer(secret, salt=use.value).dumps(message_id)
    return token.decode() if isinstance(token, bytes) else token


def read_token(secrets: tuple[str, ...], use: TokenUse, token: str) -> str | None:
    """Return the message's id, or None for a token that we did not make for this use.

    ``secrets`` are the keys that tokens were made with, newest first: links in mails that were sent before a
    key was changed still open.
    """
    try:
        value = URLSafeSerializer(secrets[::-1], salt=use.value).loads(token)
    except BadSignature:
        return None
    return value if isinstance(value, str) else None
