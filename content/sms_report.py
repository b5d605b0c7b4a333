"""What each SMS of a campaign costs at worst: every template with every offer and the longest values."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from campaign.definition.model import Definition
from campaign.definition.offers.offer import Offer as OfferDefinition
from campaign.errors import Problem
from campaign.offers.codes import example_code
from campaign.reasons import Channel
from content.checking.rendered import in_folder
from content.context import Customer, MessageContext, Offer
from content.gathering import brand_of
from content.rendering import SUFFIXES, render_sms
from content.sms import UCS2, Size, fix_template, measure, own_text, plain
from content.sources import Source, text_of
from content.writing.language import language_folders, used_folders

MAX_SMS_SEGMENTS = 3
_LINK = re.compile(r"https?://\S+")


@dataclass(frozen=True)
class Longest:
    """The longest values to expect: the shop's own where they are known, else these."""

    first_names: Sequence[str] = ("Maximiliana Alexandra",)
    product_names: Sequence[str] = ("Hand-thrown stoneware serving bowl, large, sea green",)


@dataclass(frozen=True)
class SmsCost:
    """One template at its longest.

    ``ucs2_segments`` is what it would take if one value held a character that GSM-7 lacks; ``own`` are
    the characters of the template itself that force UCS-2, ``values`` those that came with a value,
    each with what would be written instead (None: nothing could).
    """

    file: str
    size: Size
    ucs2_segments: int
    own: dict[str, str | None] = field(default_factory=dict)
    values: dict[str, str | None] = field(default_factory=dict)


def sms_costs(
    definition: Definition,
    source: Source,
    context: MessageContext,
    longest: Longest | None = None,
    link: str | None = None,
    without: Collection[str] = (),
) -> list[SmsCost]:
    """Measure every SMS template in every language, but for some files.

    ``context`` is a full one; ``link`` is what links are shortened to.

    Raises:
        BadCampaign: a template is missing or broken.
    """
    used = _offers_by_template(definition)
    found = []
    for folder in used_folders(source, definition.brand.tone):
        reader = _reader(definition, source, folder, context)
        for name, offers in sorted(used.items()):
            file = f"{folder}/{SUFFIXES[Channel.SMS].format(name)}".removeprefix("/")
            if file not in without and (not folder or text_of(source, file) is not None):
                contexts = _contexts(reader, offers, longest or Longest())
                found.append(_cost(source, file, name, contexts, link))
    return found


def _reader(definition: Definition, source: Source, folder: str, context: MessageContext) -> MessageContext:
    """Return the context of a customer who is written to from a folder, with the brand's words for them."""
    reader = in_folder(source, folder, context)
    opt_out = brand_of(definition, reader.language).sms_opt_out
    return reader.model_copy(update={"brand": reader.brand.model_copy(update={"sms_opt_out": opt_out})})


def too_long(costs: Iterable[SmsCost]) -> list[Problem]:
    """List the templates that cost too much at their longest, with what would make them shorter."""
    return [
        Problem(
            cost.file,
            f"takes {cost.size.segments} SMS segments with the longest values, more than {MAX_SMS_SEGMENTS}",
            "shorten it" + (f"; {_ways(cost)}" if cost.size.forcing else ""),
        )
        for cost in costs
        if cost.size.segments > MAX_SMS_SEGMENTS
    ]


def _ways(cost: SmsCost) -> str:
    """Say what to do about the characters that force UCS-2."""
    ways = {
        "`afterglow check --fix-sms`": any(fix is not None for fix in cost.own.values()),
        "brand.sms_plain_characters = true": any(fix is not None for fix in cost.values.values()),
    }
    return (
        " and ".join(way for way, helps in ways.items() if helps) or f"without {' '.join(cost.size.forcing)}"
    )


def _offers_by_template(definition: Definition) -> dict[str, list[OfferDefinition | None]]:
    """Return every SMS template with the offers it may have to show."""
    used: dict[str, list[OfferDefinition | None]] = {}
    for step in definition.steps:
        for audience in step.audiences:
            if name := audience.template(Channel.SMS):
                used.setdefault(name, []).append(definition.offer_of(audience))
            if audience.without_offer and (name := audience.template(Channel.SMS, offered=False)):
                used.setdefault(name, []).append(None)
    if used and definition.consent.sms_double_opt_in:
        used.setdefault(definition.consent.sms_opt_in, [None])
    return used


def _contexts(
    context: MessageContext, offers: Iterable[OfferDefinition | None], longest: Longest
) -> Iterator[MessageContext]:
    for offer in offers:
        for name in longest.first_names:
            for product in longest.product_names:
                yield _with(context, offer, name, product)


def _with(context: MessageContext, offer: OfferDefinition | None, name: str, product: str) -> MessageContext:
    lines = [line.model_copy(update={"name": product}) for line in context.order.lines]
    shown = [item.model_copy(update={"name": product}) for item in context.best_sellers]
    until = context.offer.valid_until if context.offer and offer and offer.valid_for else None
    return context.model_copy(
        update={
            "customer": Customer(first_name=name, language=context.customer.language),
            "order": context.order.model_copy(update={"lines": lines}),
            "lines": [line.model_copy(update={"name": product}) for line in context.lines],
            "offer": offer and _offer(offer, context.language, context.brand.tone, until),
            "best_sellers": shown,
            "whats_new": shown[:2],
            "cross_sell": shown[:1],
            "replenish": shown[:1],
            "recommended": shown,
        }
    )


def _offer(offer: OfferDefinition, language: str, tone: str | None, until: datetime | None) -> Offer:
    """Show an offer with the code that is given, or one as long as the customer's own will be."""
    code = example_code(offer.prefix) if offer.personal else offer.code
    text, terms = offer.text_in(language, tone=tone), offer.terms_in(language, tone=tone)
    return Offer(text=text, code=code, valid_until=until, terms=terms)


def _cost(
    source: Source, file: str, name: str, contexts: Iterable[MessageContext], link: str | None
) -> SmsCost:
    texts = [_shortened(render_sms(source, name, context).text, link) for context in contexts]
    worst = max(texts, key=lambda text: (measure(text).segments, measure(text).units))
    size = measure(worst)
    authors = own_text(text_of(source, file) or "")
    fixes = {char: plain(char) for char in size.forcing}
    return SmsCost(
        file=file,
        size=size,
        ucs2_segments=measure(worst, UCS2).segments,
        own={char: fix for char, fix in fixes.items() if char in authors},
        values={char: fix for char, fix in fixes.items() if char not in authors},
    )


def _shortened(text: str, link: str | None) -> str:
    return _LINK.sub(lambda _: link, text) if link else text


def fix_sms_templates(folder: Path, names: Iterable[str]) -> list[str]:
    """Write the templates' own text in GSM-7 where it can be; return the files that changed."""
    changed = []
    files = [SUFFIXES[Channel.SMS].format(name) for name in names]
    for file in [
        f"{at}/{file}".removeprefix("/") for at in ("", *language_folders(folder)) for file in files
    ]:
        if not (folder / file).is_file():
            continue
        source = (folder / file).read_text("utf-8")
        if (fixed := fix_template(source)) != source:
            (folder / file).write_text(fixed, "utf-8")
            changed.append(file)
    return changed
