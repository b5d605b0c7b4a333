"""Mistakes of offers that no single table shows: the best one given away early, a text that is untrue.

Works on the raw TOML, as `campaign.definition.references` does.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from campaign.errors import Problem
from campaign.offers.claims import LAW, amounts_claimed, other_currencies, percents_in

Table = dict[str, Any]


def offer_problems(raw: Table) -> list[Problem]:
    """List what is wrong with offers beyond each one's own table."""
    return [*_early(raw), *_untrue(raw), *_without(raw)]


def best_offers(steps: Any, offers: Any) -> tuple[int, list[str]]:
    """Return the last step that has an offer, by number, and the best that it has: it is kept for the end.

    Better is the higher percentage, then the higher amount. What takes nothing off is no best offer: a step
    back (-1) and none.
    """
    rows = steps if isinstance(steps, list) else []
    for number in range(len(rows) - 1, -1, -1):
        names = [a["offer"] for a in _audiences(rows[number]) if isinstance(a.get("offer"), str)]
        if names:
            worth = {name: _worth(offers.get(name) if isinstance(offers, dict) else None) for name in names}
            most = max(worth.values())
            return number, [name for name in worth if worth[name] == most] if any(most) else []
    return -1, []


def _worth(offer: Any) -> tuple[Decimal, Decimal]:
    """Return what an offer takes off: a percentage, an amount."""
    if not isinstance(offer, dict):
        return Decimal(0), Decimal(0)
    text = offer.get("text")
    texts = [each for each in (text.values() if isinstance(text, dict) else [text]) if isinstance(each, str)]
    percents = [found for each in texts for found in percents_in(each)]
    percent = _decimal(offer.get("percent")) or max(percents, default=Decimal(0))
    return percent, _decimal(offer.get("amount")) or Decimal(0)


def _early(raw: Table) -> Iterator[Problem]:
    """The best offer is not shown before its step: who expects it waits for it."""
    steps = raw.get("steps")
    last, best = best_offers(steps, raw.get("offers"))
    if not isinstance(steps, list):
        return
    for number, step in enumerate(steps[: max(last, 0)]):
        for place, audience in enumerate(_audiences(step)):
            if (name := audience.get("offer")) in best:
                what = f'shows "{name}" before its step, "{steps[last].get("name")}"'
                where = f"steps[{number}].audiences[{place}].offer"
                yield Problem(where, what, "it is the best one: offer less here, or nothing")


def _untrue(raw: Table) -> Iterator[Problem]:
    """What an offer's text says is taken off is what its code takes off, in every language."""
    offers, shop = raw.get("offers"), raw.get("shop")
    currency = str(shop.get("currency", "")) if isinstance(shop, dict) else ""
    for name, offer in offers.items() if isinstance(offers, dict) else ():
        text = offer.get("text") if isinstance(offer, dict) else None
        texts = text if isinstance(text, dict) else {"": text}
        for language, words in texts.items():
            where = f"offers.{name}.text" + (f".{language}" if language else "")
            if isinstance(words, str):
                yield from _untrue_text(where, words, offer, currency)


def _untrue_text(where: str, words: str, offer: Table, currency: str) -> Iterator[Problem]:
    percent, amount = _decimal(offer.get("percent")), _decimal(offer.get("amount"))
    gives = [f"percent = {percent:f}"] if percent is not None else []
    gives += [f"amount = {amount:f}"] if amount is not None else []
    shipping = ["free_shipping alone"] if offer.get("free_shipping") is True and not gives else []
    said = [f"{value:f}%" for value in sorted(set(percents_in(words)) - {percent}) if gives or shipping]
    said += [f"{value:f} {currency}" for value in sorted(set(amounts_claimed(words)) - {amount}) if gives]
    for each in said:
        what = f"says {each}, and the offer has {' and '.join(gives or shipping)}"
        yield Problem(where, what, f"write what the code takes off, or correct the offer ({LAW})")
    for sign in dict.fromkeys(other_currencies(words, currency) if amount is not None and currency else ()):
        yield Problem(
            where, f"says {sign}, and the offer's amount is in {currency}", f"write {currency} ({LAW})"
        )


def _without(raw: Table) -> Iterator[Problem]:
    """A template for those who get no code is for an offer with codes of the customer's own."""
    steps, offers = raw.get("steps"), raw.get("offers")
    for number, step in enumerate(steps if isinstance(steps, list) else ()):
        for place, audience in enumerate(_audiences(step)):
            offer = offers.get(audience.get("offer")) if isinstance(offers, dict) else None
            shared = not isinstance(offer, dict) or offer.get("coupon", "shared") == "shared"
            if "without_offer" in audience and shared:
                what = "is for an offer with codes of the customer's own"
                fix = 'remove it, or write coupon = "single_use" or "pool" in the offer'
                yield Problem(f"steps[{number}].audiences[{place}].without_offer", what, fix)


def _audiences(step: Any) -> list[Table]:
    found = step.get("audiences") if isinstance(step, dict) else None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _decimal(value: Any) -> Decimal | None:
    try:
        return None if value is None or isinstance(value, bool) else Decimal(str(value))
    except InvalidOperation:
        return None
