"""What a customer's text message asks for: the words that carriers and the law fix.

Sources: CTIA Messaging Principles (2023) 5.1.3; 47 CFR 64.1200(a)(10) names stop, quit, end, revoke,
opt out, cancel and unsubscribe, and takes any reasonable wording, hence "stop" inside a sentence.
"""

from __future__ import annotations

import unicodedata
from enum import StrEnum

import phonenumbers


class Ask(StrEnum):
    """What is asked for. ``CONFIRM`` answers the question of double opt-in."""

    STOP = "STOP"
    START = "START"
    CONFIRM = "CONFIRM"
    HELP = "HELP"


WORDS: dict[Ask, frozenset[str]] = {
    Ask.STOP: frozenset(
        {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"},
    ),
    Ask.START: frozenset({"start", "unstop"}),
    Ask.CONFIRM: frozenset({"yes", "y", "yesplease"}),
    Ask.HELP: frozenset({"help", "info"}),
}
"""The whole message, without case, spaces, punctuation and emoji."""

IN_A_SENTENCE = ("stop", "stopall", "unsubscribe", "revoke", "optout", "opt out")
"""First in a message, or anywhere in one from the US. Not "cancel my order", not "the end"."""


def asked(text: str, sender: str, opt_out_type: str | None = None) -> Ask | None:
    """Return what a message asks for, or None: something for a person to read.

    ``sender`` is the number in E.164. ``opt_out_type`` is Twilio's own reading, STOP, START or HELP,
    which wins: Twilio has acted on it.
    """
    if opt_out_type in (Ask.STOP, Ask.START, Ask.HELP):
        return Ask(opt_out_type)
    words = words_of(text)
    whole = "".join(words)
    named = next((ask for ask, known in WORDS.items() if whole in known), None)
    return named or _in_a_sentence(words, sender)


def words_of(text: str) -> list[str]:
    """Return the bare words, lower-case: no marks, punctuation, quotes, emoji or invisible characters."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    kept = (c for c in plain if unicodedata.category(c) not in ("Mn", "Me", "Cf"))
    return "".join(c if c.isalnum() else " " for c in kept).split()


def _in_a_sentence(words: list[str], sender: str) -> Ask | None:
    sentence = f" {' '.join(words)} "
    first = any(sentence.startswith(f" {word} ") for word in IN_A_SENTENCE)
    found = first or (any(f" {word} " in sentence for word in IN_A_SENTENCE) and _from_the_us(sender))
    return Ask.STOP if found else None


def _from_the_us(sender: str) -> bool:
    try:
        region = phonenumbers.region_code_for_number(phonenumbers.parse(sender, None))
    except phonenumbers.NumberParseException:
        return False
    return bool(region == "US")
