"""Addresses in one normal form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.customers.addresses import normal_address
from campaign.reasons import Channel


@pytest.mark.parametrize(
    ("given_as", "normal"),
    [
        ("ada@example.com", "ada@example.com"),
        ("Ada@Example.COM", "ada@example.com"),
        (" ada@example.com ", "ada@example.com"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@XN--bcher-kva.example", "ada@xn--bcher-kva.example"),
        ("Ada+news@example.com", "ada+news@example.com"),
        ("ada@exa_mple.com", "ada@exa_mple.com"),
    ],
)
def test_one_mailbox_has_one_normal_form(given_as: str, normal: str) -> None:
    """However an address is spelled, it is compared in one way; a tag is part of it."""
    assert normal_address(Channel.EMAIL, given_as) == normal


@given(st.text(min_size=1), st.text(min_size=1))
def test_the_normal_form_of_a_normal_form_is_itself(local: str, domain: str) -> None:
    """Normalising twice changes nothing, whatever the text."""
    once = normal_address(Channel.EMAIL, f"{local}@{domain}")
    assert normal_address(Channel.EMAIL, once) == once
