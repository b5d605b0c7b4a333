"""What is to be previewed, as people and programs say it, and its timeline as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
    up is processed after `USUAL` at the latest, if nothing is said of that);
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
        """What happens meanwhile.

        A made-up order is processed all the same, unless it is cancelled: else nobody is ever thanked. What
        is fulfilled or delivered has been processed before it.
        """
        news = {status: getattr(self, status.value, None) for status in OrderStatus}
        order = {status: timedelta(days=days) for status, days in news.items() if days is not None}
        if self.order is None and not {OrderStatus.PROCESSED, OrderStatus.CANCELLED} & order.keys():
            order = {OrderStatus.PROCESSED: min([USUAL, *order.values()]), **order}
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


def play_of_fields(values: Mapping[str, Any]) -> tuple[Play, list[Problem]]:
    """Return what is to be played as far as its fields are right, and what is wrong with the others."""
    try:
        return Play.model_validate(values), []
    except ValidationError as error:
        wrong = {detail["loc"][0] for detail in error.errors() if detail["loc"]}
        right = {name: value for name, value in values.items() if name not in wrong}
        return Play.model_validate(right), problems_of(error, "preview")


def scene_of(
    session: Session, stage: Stage, wanted: Play, now: datetime, problems: Sequence[Problem] = ()
) -> Scene:
    """Return what is to be played; a made-up order is placed ``now``.

    Raises:
        NotFound: no such order.
        BadInput: with ``problems``, those that are known already, and every other: no such step, product or
            language; the made-up customer has mistakes.
    """
    found = [*problems, *step_problems(stage.definition, "clicks", *wanted.clicks)]
    found += _language_problems(stage.source, wanted.language)
    if wanted.order is not None:
        _refuse(found)
        return scene_of_order(session, stage.definition, stage.source, wanted.order, wanted.what_happens)
    found += _product_problems(session, wanted.skus)
    customer = _customer(wanted, stage.definition, now, found)
    made = MadeUp(customer, wanted.orders, wanted.total, wanted.skus)
    return scene_made_up(session, stage.definition, stage.source, made, now, wanted.what_happens)


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise BadInput(problems)


def step_problems(definition: Definition, where: str, *names: str) -> list[Problem]:
    """Name each step that the campaign does not have, and those that it has."""
    known = [step.name for step in definition.steps]
    fix = f"write one of: {', '.join(known)}"
    return [Problem(where, f"the campaign has no step {name}", fix) for name in names if name not in known]


def _product_problems(session: Session, skus: tuple[str, ...]) -> list[Problem]:
    known = {sku for sku, _, _ in example_products(session, skus, len(skus))} if skus else set()
    unknown = ", ".join(sorted(set(skus) - known))
    fix = "write the sku of a product that was imported"
    return [Problem("skus", f"not in the catalogue: {unknown}", fix)] if unknown else []


def _language_problems(source: TemplateTexts, language: str | None) -> list[Problem]:
    """Refuse a language that nothing is written in: a real customer would get the shop's instead."""
    known = languages_of(source)
    if not language or set(candidates(tag_of(language))) & set(known):
        return []
    fix = f"write one of: {', '.join(known)}; a country may follow, as in en-GB"
    return [Problem("language", f"no message is written in {language}", fix)]


def _customer(wanted: Play, definition: Definition, now: datetime, problems: list[Problem]) -> Customer:
    """Return the made-up customer. Raises `BadCustomer` for its mistakes, after those known so far."""
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
        customer = Customer.model_validate({"country": shops, **given, **addresses, "consents": consents})
    except ValidationError as error:
        named = {problem.where for problem in problems}
        own = [problem for problem in problems_of(error, "") if problem.where not in named]
        raise BadCustomer([*problems, *own]) from None
    _refuse(problems)
    return customer


def _phone(country: str, shops: str) -> str | None:
    """Return a number of the customer's country: one of another counts as a place where they may be."""
    return example_mobile(country) or example_mobile(shops)


def timeline(
    session: Session, stage: Stage, wanted: Play, now: datetime, problems: Sequence[Problem] = ()
) -> dict[str, Any]:
    """Return every step with what happens at which time, and each message as it would look.

    Times are aware UTC, ``time_zone`` is the customer's. Raises as `scene_of`.
    """
    scene = scene_of(session, stage, wanted, now, problems)
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
            "why": decision.why if shown else None,
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
