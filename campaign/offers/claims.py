"""What a subject, preheader or SMS claims of an offer: what it takes off, and that it ends.

Washington's Commercial Electronic Mail Act forbids false or misleading subjects in messages to its residents
(RCW 19.190.020(1)(b)). That covers whatever is said of a promotion, such as that it is about to end (Brown v.
Old Navy, LLC, Washington Supreme Court, 2025). So what a text claims must be true of the offer in that very
message. `data/claims.toml` has the words.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files

from campaign.definition.offers.offer import Offer
from campaign.errors import Problem

LAW = "RCW 19.190.020"
_PERCENT = re.compile(
    r"(\d+(?:[.,]\d+)?)\s*(?:%|(?:percent|per cent|prozent|por ciento|pour ?cent)\b)", re.IGNORECASE
)
_CODES = "USD|EUR|GBP|CAD|AUD|NZD|CHF|SEK|NOK|DKK|PLN|CZK|JPY|MXN|BRL|INR"
_NAMES = "euros?|dollars?|pounds?|dólares|libras|francs?|pesos?|pfund"
_SIGN = rf"(?:[$€£¥₹]|(?<![^\W\d_])(?:{_CODES}|{_NAMES}|kr|zł)(?![^\W\d_]))"
#: Thousands are parted by a point, a comma, an apostrophe or a space; ``10,-`` is ten.
_NUMBER = r"(?:\d{1,3}(?:[.,'\u2019 \u00a0\u202f]\d{3})+|\d+)(?:[.,](?:\d{1,2}|[-\u2013\u2014]))?"
_AMOUNT = re.compile(rf"({_SIGN})\s*({_NUMBER})(?!\d)|(?<![\d.,])({_NUMBER})\s*({_SIGN})", re.IGNORECASE)
_DOLLARS = frozenset({"USD", "CAD", "AUD", "NZD", "MXN"})
_CURRENCIES = {"€": {"EUR"}, "£": {"GBP"}, "$": _DOLLARS, "¥": {"JPY", "CNY"}, "₹": {"INR"}, "ZŁ": {"PLN"}}


@dataclass(frozen=True)
class Truth:
    """What is true of a message's offer. Without one nothing is but the ``prices`` that it shows."""

    percents: frozenset[Decimal] = frozenset()
    amounts: frozenset[Decimal] = frozenset()
    prices: frozenset[Decimal] = frozenset()
    ends: bool = False


NOTHING = Truth()


def truth_of(offer: Offer | None, prices: Iterable[Decimal] = ()) -> Truth:
    """Return what may be claimed beside an offer. Where it has no percentage, that of its own text counts.

    So does an amount that its text makes a condition: "on orders over $50".
    """
    if offer is None:
        return Truth(prices=frozenset(prices))
    texts = offer.texts
    percents = {offer.percent} if offer.percent else {found for text in texts for found in percents_in(text)}
    amounts = {found for text in texts for found in amounts_in(text)}
    if offer.amount:
        amounts -= {found for text in texts for found in amounts_claimed(text)}
        amounts.add(offer.amount)
    ends = offer.valid_for is not None
    return Truth(frozenset(percents), frozenset(amounts), frozenset(prices), ends=ends)


def percents_in(text: str) -> Iterator[Decimal]:
    """Give the percentages that a text names; half the price is 50. Other numbers in words are not read."""
    for found in _PERCENT.finditer(text):
        yield Decimal(found[1].replace(",", "."))
    for _ in _halves().finditer(text):
        yield Decimal(50)


def amounts_in(text: str) -> Iterator[Decimal]:
    """Give the amounts of money that a text names, whichever sign parts off the cents."""
    for found in _AMOUNT.finditer(text):
        yield _amount(found)


def amounts_claimed(text: str) -> Iterator[Decimal]:
    """Give the amounts that a text says are taken off: all but those that an order has to come to."""
    for found in _AMOUNT.finditer(text):
        if not _is_condition(text, found):
            yield _amount(found)


def other_currencies(text: str, currency: str) -> Iterator[str]:
    """Give the signs and codes in what a text says is taken off that are of another currency."""
    for found in _AMOUNT.finditer(text):
        sign = (found[1] or found[4]).upper()
        known = _CURRENCIES.get(sign, {sign} if re.fullmatch(_CODES, sign) else {currency})
        if currency not in known and not _is_condition(text, found):
            yield found[1] or found[4]


def _amount(found: re.Match[str]) -> Decimal:
    """Read an amount: a last group of one or two digits is the cents."""
    text = found[2] or found[3]
    whole, cents = re.fullmatch(r"(.*?)(?:[.,](\d{1,2}))?", text).groups()  # type: ignore[union-attr]
    return Decimal(f"{re.sub(r'[^0-9]', '', whole)}.{cents or '00'}")


def _is_condition(text: str, found: re.Match[str]) -> bool:
    before, after = _conditions()
    return bool(before.search(text, 0, found.start()) or after.match(text, found.end()))


def endings_in(text: str) -> Iterator[str]:
    """Give what says in a text that something ends, as it stands there."""
    for found in _endings().finditer(text):
        yield found[0]


def false_claims(where: str, part: str, text: str, truth: Truth) -> Iterator[Problem]:
    """Give what a text claims and what is not true of its offer. ``part`` says which text: ``subject``."""
    for percent in dict.fromkeys(percents_in(text)):
        if percent not in truth.percents:
            yield _false(where, part, f"{percent:f}%", "the offer's percentage", truth.percents)
    for amount in dict.fromkeys(amounts_in(text)):
        if amount not in truth.amounts | truth.prices:
            yield _false(where, part, f"{amount:f}", "the offer's amount", truth.amounts)
    for words in dict.fromkeys(endings_in(text)):
        if not truth.ends:
            what = f'the {part} says "{words}", and no offer in the message ends'
            yield Problem(where, what, f"take it out, or give the offer a valid_for ({LAW})")


def _false(where: str, part: str, said: str, meaning: str, true: Iterable[Decimal]) -> Problem:
    known = ", ".join(f"{value:f}" for value in sorted(true)) or "none"
    return Problem(
        where, f"the {part} says {said}, which is not {meaning} ({known})", f"write what is true ({LAW})"
    )


@cache
def _halves() -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{_words('half')})(?!\w)", re.IGNORECASE)


@cache
def _endings() -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{_words('ends')})(?!\w)", re.IGNORECASE)


@cache
def _conditions() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return what makes the amount after it a condition, and the amount before it."""
    before = re.compile(rf"(?<!\w)(?:{_words('before')})\s+$", re.IGNORECASE)
    return before, re.compile(rf"\s+(?:{_words('after')})(?!\w)", re.IGNORECASE)


@cache
def _words(kind: str) -> str:
    data = files("campaign.offers").joinpath("data/claims.toml").read_text("utf-8")
    return "|".join(word for language in tomllib.loads(data).values() for word in language[kind])
