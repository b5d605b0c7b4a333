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
_SIGN = r"(?:[$€£]|\b(?:USD|EUR|GBP|CAD|AUD|CHF|euros?|dollars?|pounds?)\b)"
_NUMBER = r"\d+(?:[.,]\d{3})*(?:[.,]\d{1,2})?"
_AMOUNT = re.compile(rf"{_SIGN}\s*({_NUMBER})(?!\d)|(?<![\d.,])({_NUMBER})\s*{_SIGN}", re.IGNORECASE)


@dataclass(frozen=True)
class Truth:
    """What is true of a message's offer. Without one nothing is, but for prices in the message."""

    percents: frozenset[Decimal] = frozenset()
    amounts: frozenset[Decimal] = frozenset()
    ends: bool = False


NOTHING = Truth()


def truth_of(offer: Offer | None, prices: Iterable[Decimal] = ()) -> Truth:
    """Return what may be claimed beside an offer. Where it has no percentage, that of its own text counts."""
    if offer is None:
        return Truth(amounts=frozenset(prices))
    texts = offer.texts
    percents = {offer.percent} if offer.percent else {found for text in texts for found in percents_in(text)}
    amounts = {offer.amount} if offer.amount else {found for text in texts for found in amounts_in(text)}
    return Truth(
        frozenset(percents), frozenset(amounts) | frozenset(prices), ends=offer.valid_for is not None
    )


def percents_in(text: str) -> Iterator[Decimal]:
    """Give the percentages that a text names."""
    for found in _PERCENT.finditer(text):
        yield Decimal(found[1].replace(",", "."))


def amounts_in(text: str) -> Iterator[Decimal]:
    """Give the amounts of money that a text names, whichever sign parts off the cents."""
    for found in _AMOUNT.finditer(text):
        yield _amount(found[1] or found[2])


def _amount(text: str) -> Decimal:
    """Read an amount: a last group of one or two digits is the cents."""
    whole, cents = re.fullmatch(r"(.*?)(?:[.,](\d{1,2}))?", text).groups()  # type: ignore[union-attr]
    return Decimal(f"{re.sub(r'[.,]', '', whole)}.{cents or '0'}")


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
        if amount not in truth.amounts:
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
def _endings() -> re.Pattern[str]:
    data = files("campaign.offers").joinpath("data/claims.toml").read_text("utf-8")
    words = [word for language in tomllib.loads(data).values() for word in language["ends"]]
    return re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)", re.IGNORECASE)
