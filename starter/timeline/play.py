"""What is to be previewed, as people and programs say it, and its timeline as plain data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError
from sqlmodel import Session

from campaign.definition.base import Name
from campaign.definition.model import Definition
from campaign.definition.templates import TemplateTexts
from campaign.definition.version import Version
from campaign.errors import BadCustomer, BadInput, Problem
from campaign.fields.contact import example_mobile
from campaign.fields.identifiers import Id
from campaign.fields.money import Money
from campaign.languages.tags import candidates, tag_of
from campaign.offers.validity import zone_of
from campaign.problems import problems_of
from campaign.reasons import Channel, Reason
from campaign.rules.decision import Kind
from campaign.timeline.walk import Moment
from campaign.wire import Contact, Customer, OrderStatus, Wire
from content.loading import read_definition
from content.sources import read_folder
from content.writing.language import languages_of
from settings import Settings
from storage.queries.shop.examples import example_products
from writing.preview import Scene, Written, play
from writing.scenes import MADE_UP, MadeUp, WhatHappens, scene_made_up, scene_of_order

USUAL = timedelta(days=0.1)
"""How long after a made-up order it is processed."""
_GONE = (Reason.SENT, Reason.HOLDOUT)
_EMAIL = "preview@example.com"
Days = Annotated[float, Field(ge=0, le=400)]


class Play(Wire):
    """What to preview: an ``order``, or without one a customer that is made up. Days count from the order.

    ``consents`` are the channels that the made-up customer agreed to; ``orders`` how many there are with this
    one; ``processed`` and the others when that becomes of the order, instead of what is known of it (one made
    up of which nothing is said is processed after `USUAL`);
    ``clicks`` the steps whose messages are clicked.
    """

    order: Id | None = None
    first_name: str | None = "Ada"
    language: str | None = None
    country: str | None = None
    region: str | None = None
    time_zone: str | None = None
    preferred_channel: Literal["email", "sms", "both"] | None = None
    consents: tuple[Channel, ...] = (Channel.EMAIL, Channel.SMS)
    orders: Annotated[int, Field(ge=1, le=200)] = 1
    total: Money = Decimal("59.00")
    skus: tuple[str, ...] = ()
    processed: Days | None = None
    fulfilled: Days | None = None
    delivered: Days | None = None
    cancelled: Days | None = None
    clicks: tuple[Name, ...] = ()
    buys_again: Days | None = None

    @property
    def what_happens(self) -> WhatHappens:
        """What happens meanwhile. A made-up order is at least processed: else nobody is ever thanked."""
        news = {status: getattr(self, status.value, None) for status in OrderStatus}
        order = {status: timedelta(days=days) for status, days in news.items() if days is not None}
        if self.order is None and not order:
            order = {OrderStatus.PROCESSED: USUAL}
        again = None if self.buys_again is None else timedelta(days=self.buys_again)
        return WhatHappens(order, self.clicks, again)


@dataclass(frozen=True)
class Stage:
    """What is previewed: campaign and templates as the folder has them now, and the public address."""

    definition: Definition
    source: TemplateTexts
    public_url: str | None = None


def read_stage(settings: Settings) -> Stage:
    """Read the campaign and its templates anew. One wrong template is reported where it would be shown.

    Raises:
        BadCampaign: the campaign has mistakes, or a file cannot be read.
    """
    return Stage(read_definition(settings.campaign), read_folder(settings.templates), settings.public_url)


def scene_of(session: Session, stage: Stage, wanted: Play, now: datetime) -> Scene:
    """Return what is to be played; a made-up order is placed ``now``.

    Raises:
        NotFound: no such order.
        BadInput: no such step, product or language; the made-up customer has mistakes.
    """
    for step in wanted.clicks:
        known_step(stage.definition, "clicks", step)
    _known_language(stage.source, wanted.language)
    if wanted.order is not None:
        return scene_of_order(session, stage.definition, stage.source, wanted.order, wanted.what_happens)
    _known_products(session, wanted.skus)
    made = MadeUp(_customer(wanted, stage.definition, now), wanted.orders, wanted.total, wanted.skus)
    return scene_made_up(session, stage.definition, stage.source, made, now, wanted.what_happens)


def known_step(definition: Definition, where: str, name: str) -> None:
    """Refuse a step that the campaign does not have. Raises `BadInput` naming those that it has."""
    names = [step.name for step in definition.steps]
    if name not in names:
        raise BadInput(
            [Problem(where, f"the campaign has no step {name}", f"write one of: {', '.join(names)}")]
        )


def _known_products(session: Session, skus: tuple[str, ...]) -> None:
    known = {sku for sku, _, _ in example_products(session, skus, len(skus))} if skus else set()
    if unknown := set(skus) - known:
        fix = "write the sku of a product that was imported"
        raise BadInput([Problem("skus", f"not in the catalogue: {', '.join(sorted(unknown))}", fix)])


def _known_language(source: TemplateTexts, language: str | None) -> None:
    """Refuse a language that nothing is written in: a real customer would get the shop's instead."""
    known = languages_of(source)
    if language and not set(candidates(tag_of(language))) & set(known):
        fix = f"write one of: {', '.join(known)}; a country may follow, as in en-GB"
        raise BadInput([Problem("language", f"no message is written in {language}", fix)])


def _customer(wanted: Play, definition: Definition, now: datetime) -> Customer:
    given = {name: value for name, value in wanted if name in Contact.model_fields and value is not None}
    consents = [
        {
            "channel": c,
            "state": "granted",
            "source": "preview",
            "at": now - timedelta(days=1),
            "confirmed": True,
        }
        for c in wanted.consents
    ]
    shops = definition.shop.country
    addresses = {"customer_id": MADE_UP, "email": _EMAIL, "phone": _phone(wanted.country or shops, shops)}
    try:
        return Customer.model_validate({"country": shops, **given, **addresses, "consents": consents})
    except ValidationError as error:
        raise BadCustomer(problems_of(error, "")) from None


def _phone(country: str, shops: str) -> str | None:
    """Return a number of the customer's country: one of another counts as a place where they may be."""
    return example_mobile(country) or example_mobile(shops)


def timeline(session: Session, stage: Stage, wanted: Play, now: datetime) -> dict[str, Any]:
    """Return every step with what happens at which time, and each message as it would look.

    Times are aware UTC, ``time_zone`` is the customer's. Raises as `scene_of`.
    """
    scene = scene_of(session, stage, wanted, now)
    definition = stage.definition
    steps: dict[str, dict[str, Any]] = {
        step.name: {"step": step.name, "title": step.title, "entries": []} for step in definition.steps
    }
    segment = None
    for moment, written in play(session, scene, stage.public_url):
        segment = segment or moment.decision.segment
        steps[moment.step.name]["entries"] += _entries(moment, written)
    return {
        "order_id": wanted.order,
        "customer_id": scene.contact.customer_id,
        "first_name": scene.contact.first_name,
        "language": scene.contact.language,
        "campaign": definition.name,
        "version": Version(definition, stage.source).digest,
        "time_zone": zone_of(definition, scene.facts.customer).key,
        "start": scene.start,
        "segment": segment,
        "holdout": scene.facts.holdout,
        "steps": list(steps.values()),
    }


def _entries(moment: Moment, written: tuple[Written, ...]) -> Iterator[dict[str, Any]]:
    for happened in moment.happened:
        yield {"kind": "happened", "at": moment.at, "text": happened.text}
    for one in written:
        yield {"kind": "message", "at": one.planned.at, **_message(one)}
    decision = moment.decision
    blocked = {c: reason for c, reason in (decision.blocked or {}).items() if reason not in _GONE}
    if list(blocked.values()) == [decision.reason]:
        blocked = {}
    shown = decision.kind in (Kind.WAIT, Kind.EXIT) or (decision.kind is Kind.SKIP and not written)
    if shown or blocked:
        yield {
            "kind": decision.kind.value if shown else Kind.SKIP.value,
            "at": moment.at,
            "until": decision.until,
            "reason": decision.reason.value if shown else None,
            "why": decision.reason.text_for(decision.kind) if shown else None,
            "blocked": {channel.value: reason.text_for(decision.kind) for channel, reason in blocked.items()},
        }


def _message(one: Written) -> dict[str, Any]:
    planned = one.planned
    row: dict[str, Any] = {
        "step": planned.step,
        "channel": planned.channel.value,
        "purpose": planned.purpose.value,
        "segment": planned.segment,
        "held_out": planned.held_out,
        "without": planned.without,
        "why_without": planned.why_without.text if planned.why_without else None,
        "problem": one.problem,
    }
    if one.email:
        email = one.email
        row |= {
            "subject": email.subject,
            "preheader": email.preheader,
            "text": email.text,
            "html": email.html,
        }
    elif one.sms is not None and one.size is not None:
        size = one.size
        sizes = {"encoding": size.encoding, "characters": size.units, "segments": size.segments}
        row |= {"text": one.sms, **sizes}
    return row
