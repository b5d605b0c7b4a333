"""Tokens of links in messages."""

from __future__ import annotations

import base64

import pytest

from campaign.tokens import TokenUse, make_token, read_token

SECRET = "a-secret-of-twenty-characters"  # noqa: S105 - a test's


def test_a_token_opens_what_it_was_made_for() -> None:
    """It names its message, for its use and secret only, and is the same every time."""
    token = make_token(SECRET, TokenUse.UNSUBSCRIBE, "m-1")
    assert token == make_token(SECRET, TokenUse.UNSUBSCRIBE, "m-1")
    assert read_token((SECRET,), TokenUse.UNSUBSCRIBE, token) == "m-1"
    assert read_token((SECRET,), TokenUse.PREFERENCES, token) is None
    assert read_token(("another",), TokenUse.UNSUBSCRIBE, token) is None


@pytest.mark.parametrize("token", ["", ".", "x", "a.b", "é.é", "\x00", "." * 1_000])
def test_junk_is_no_token(token: str) -> None:
    """Whatever stands in the address, it is refused, never an error."""
    assert read_token((SECRET,), TokenUse.UNSUBSCRIBE, token) is None


def test_every_changed_character_is_refused() -> None:
    """No character of a token can be exchanged for another that decodes to other bytes."""
    token = make_token(SECRET, TokenUse.UNSUBSCRIBE, "m-1")
    body, _, signature = token.rpartition(".")
    for place in range(len(body)):
        other = "B" if token[place] != "B" else "C"
        assert read_token((SECRET,), TokenUse.UNSUBSCRIBE, token[:place] + other + token[place + 1 :]) is None
    raw = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    for place in range(len(raw)):
        forged = base64.urlsafe_b64encode(raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :])
        assert read_token((SECRET,), TokenUse.UNSUBSCRIBE, f"{body}.{forged.rstrip(b'=').decode()}") is None


def test_tokens_of_a_previous_key_open_and_new_ones_are_signed_by_the_newest() -> None:
    """A new key leaves the links in mails already sent alive, until their key is taken off the list."""
    old = make_token("the-first-key", TokenUse.UNSUBSCRIBE, "m-1")
    new = make_token("the-second-key", TokenUse.UNSUBSCRIBE, "m-1")
    for token in (old, new):
        assert read_token(("the-second-key", "the-first-key"), TokenUse.UNSUBSCRIBE, token) == "m-1"
    assert read_token(("the-second-key",), TokenUse.UNSUBSCRIBE, old) is None
