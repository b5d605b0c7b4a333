"""Guests' customer ids."""

from __future__ import annotations

from shops.guests import guest_id, is_guest

KEY = "Yx7cP2mQ9sVb4nKt8wLf"  # as docs/settings.md shows one


def test_one_address_is_one_person() -> None:
    """The id depends on the key and the address alone, and is one that the contract takes."""
    ada = guest_id(KEY, "email:ada@example.com")
    assert ada == guest_id(KEY, "email:ada@example.com") == "guest-a6f15507bf2fe6c2c4a9"
    assert ada != guest_id(KEY, "email:bob@example.com")
    assert ada != guest_id(KEY, "sms:ada@example.com")
    assert ada != guest_id("another key", "email:ada@example.com")


def test_a_guest_is_recognised() -> None:
    """A shop's own id that looks similar is no guest's."""
    assert is_guest(guest_id(KEY, "sms:+12025550123"))
    assert not any(map(is_guest, ["7012345678901", "guest-7", "guest-list-of-the-house-1", "guest-"]))
