"""Words of customers: opting out is understood however it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.customers.keywords import WORDS, Ask, asked

US, UK = "+12025550123", "+447400123456"


@pytest.mark.parametrize(
    ("text", "ask"),
    [
        ("STOP", Ask.STOP),
        ("  stop. ", Ask.STOP),
        ("“Stop!”", Ask.STOP),
        ("STOP 🛑🙏", Ask.STOP),
        ("S.T.O.P", Ask.STOP),
        ("\uff33\uff34\uff2f\uff30", Ask.STOP),
        ("st\u200bop", Ask.STOP),
        ("Stop All", Ask.STOP),
        ("opt out", Ask.STOP),
        ("Opt-Out", Ask.STOP),
        ("OPTOUT", Ask.STOP),
        ("revoke", Ask.STOP),
        ("cancel", Ask.STOP),
        ("End", Ask.STOP),
        ("quit", Ask.STOP),
        ("unsubscribe", Ask.STOP),
        ("please STOP texting me", Ask.STOP),
        ("I want to opt out of this", Ask.STOP),
        ("yes please stop", Ask.STOP),
        ("START", Ask.START),
        ("unstop", Ask.START),
        ("Yes!", Ask.CONFIRM),
        ("YES please", Ask.CONFIRM),
        ("help", Ask.HELP),
        ("Info?", Ask.HELP),
        ("cancel my order", None),
        ("nonstop fun", None),
        ("yes, where is my parcel", None),
        ("", None),
        ("👍", None),
    ],
)
def test_what_is_asked_for(text: str, ask: Ask | None) -> None:
    """Case, spaces, punctuation, quotes, emoji and odd letters do not hide what is meant."""
    assert asked(text, US) is ask


def test_a_sentence_counts_in_the_us() -> None:
    """Elsewhere the word has to be the message or its beginning."""
    assert asked("could you stop this", US) is Ask.STOP
    assert asked("could you stop this", UK) is None
    assert asked("could you stop this", "nobody") is None
    assert asked("Stop this", UK) is Ask.STOP
    assert asked("opt out", UK) is Ask.STOP
    assert asked("Unsubscribe me, please", UK) is Ask.STOP
    assert asked("cancel my order", UK) is None


def test_the_reading_of_twilio_wins() -> None:
    """Twilio has acted on what it read, in a language of its own setting perhaps."""
    assert asked("arrêt", UK, "STOP") is Ask.STOP
    assert asked("stop", US, "START") is Ask.START
    assert asked("stop", US, "ODD") is Ask.STOP


@given(
    st.sampled_from(sorted(WORDS[Ask.STOP])),
    st.text(st.sampled_from(" .,!?'\"()-_*…“”🛑\t\n\u200b"), max_size=5),
    st.text(st.sampled_from(" .,!?'\"()-_*…“”🛑\t\n\u200b"), max_size=5),
    st.booleans(),
)
def test_decoration_never_hides_an_opt_out(word: str, before: str, after: str, upper: bool) -> None:
    """Whatever stands around it, from whatever country."""
    assert asked(before + (word.upper() if upper else word) + after, UK) is Ask.STOP


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    """No text makes it fail."""
    assert asked(text, US) in (None, *Ask)
