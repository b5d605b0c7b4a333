"""What messages claim of their offers, in every language: checked as each audience would read it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

from campaign.definition.model import Definition
from campaign.definition.offers.offer import Offer
from campaign.definition.steps import Audience, Step
from campaign.errors import BadCampaign, Problem
from campaign.facts import CustomerFacts
from campaign.offers.claims import false_claims, truth_of
from campaign.offers.mistakes import best_offers
from campaign.reasons import Channel
from content.checking.examples import full_example
from content.checking.rendered import in_folder
from content.context import MessageContext
from content.extras.offers import example_coupon, shown_offer
from content.gathering import brand_of
from content.rendering import plain_parts
from content.sources import Source
from content.writing.language import language_folders

_AT = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
_SOMEBODY = CustomerFacts("", frozenset())
_CLAIMING = ("subject", "preheader", "SMS")
"""The parts that are read before a message is opened; an SMS is read at once."""


@dataclass(frozen=True)
class _Message:
    """One message as some audience reads it: with its offer, or without."""

    step: Step
    audience: Audience
    channel: Channel
    template: str
    offer: str | None

    @property
    def readers(self) -> str:
        """Who gets it: ``"vip" in "win-back-best"``."""
        names = ", ".join(f'"{name}"' if name != "*" else "everyone else" for name in self.audience.segments)
        without = " without its code" if self.audience.offer and not self.offer else ""
        return f'{names} in "{self.step.name}"{without}'


def claim_problems(definition: Definition, source: Source) -> list[Problem]:
    """List what subjects, preheaders and SMS say that is not true of the offer in their message, each once.

    And where a message before the best offer's step already names it. Each names who reads it: one template
    may be true for one audience and not for another.
    """
    found: dict[Problem, dict[str, None]] = {}
    later = _named_later(definition)
    for folder in ("", *language_folders(source)):
        for message in _messages(definition):
            context = _context(definition, source, folder, message)
            offer = definition.offers.get(message.offer or "")
            for problem in _problems(source, message, context, offer, later.get(message.step.name, ())):
                found.setdefault(problem, {})[message.readers] = None
    return [
        replace(problem, what=f"{problem.what}, for {'; '.join(readers)}")
        for problem, readers in found.items()
    ]


def _messages(definition: Definition) -> Iterator[_Message]:
    for step in definition.steps:
        for audience in step.audiences:
            for channel in Channel:
                for offered in (True, False):
                    name = audience.template(channel, offered=offered)
                    if name and (offered or audience.without_offer):
                        yield _Message(step, audience, channel, name, audience.offer if offered else None)


def _context(definition: Definition, source: Source, folder: str, message: _Message) -> MessageContext:
    context = in_folder(source, folder, full_example(brand_of(definition)))
    offer = definition.offers.get(message.offer or "")
    coupon = example_coupon(definition, offer, _SOMEBODY, _AT) if offer else None
    shown = shown_offer(definition, message.offer, coupon, _SOMEBODY, _AT, context.language)
    return context.model_copy(update={"offer": shown, "step": message.step.name})


def _problems(
    source: Source, message: _Message, context: MessageContext, offer: Offer | None, later: tuple[Offer, ...]
) -> Iterator[Problem]:
    try:
        file, parts = plain_parts(source, message.channel, message.template, context)
    except BadCampaign:
        return  # another check names it
    truth = truth_of(offer, _amounts(context))
    for part in _CLAIMING:
        if part in parts:
            yield from false_claims(file, part, parts[part], truth)
    for best in later:
        if named := _named_in(" ".join(parts.values()), best):
            what = f'names "{named}", the offer of a later step'
            yield Problem(file, what, "keep the best offer for its step")


def _amounts(context: MessageContext) -> set[Decimal]:
    """Return the amounts that are no claim of an offer: prices, and the customer's own figures."""
    own = {context.order.total, context.lifetime_value}
    missing = context.loyalty.value_missing if context.loyalty else None
    prices = {line.unit_price for line in context.lines} | {item.price for item in context.best_sellers}
    return own | prices | ({missing} if missing is not None else set())


def _named_later(definition: Definition) -> dict[str, tuple[Offer, ...]]:
    """Return the best offers that each step before theirs must not name."""
    raw = definition.model_dump(include={"steps", "offers"})
    last, names = best_offers(raw["steps"], raw["offers"])
    offers = tuple(definition.offers[name] for name in names)
    return {step.name: offers for step in definition.steps[: max(last, 0)]}


def _named_in(text: str, offer: Offer) -> str | None:
    """Return how an offer is named in a text: by its code, or in its own words."""
    names = [name for name in (offer.code, *offer.texts) if name]
    return next((name for name in names if name.casefold() in text.casefold()), None)
