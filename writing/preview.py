"""A campaign's whole timeline with every message as it would look. It reads, and never writes.

The decisions are the campaign's own (`campaign.timeline`), and the messages are written by the code that
writes those that are sent (`writing.message`). No link leads to a page that could change anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from campaign.catalogue.owned import Bought
from campaign.definition.model import Definition
from campaign.errors import AfterglowError
from campaign.facts import Facts
from campaign.offers.choice import coupon_of
from campaign.reasons import Channel
from campaign.timeline.happenings import Happening
from campaign.timeline.walk import Moment, Planned, walk
from content.extras.offers import Coupon, example_coupon
from content.links import Shortening, has_foreign_links, shorten_text
from content.rendering import EmailContent
from content.sms import Size, measure
from content.sources import Source
from storage.queries.campaigns.facts import Contact
from writing.message import About, Content, Draft, gather, write

PREVIEW_ID = "preview"
"""Stands for a message's id: nothing of ours knows it, so that nobody can be unsubscribed by a preview."""
_CODE = "x" * 8  # as long as the code of a shortened link


@dataclass(frozen=True)
class Scene:
    """Who a campaign is played for, with which templates, from when on, and what happens meanwhile.

    ``bought``: what the customer has bought, where that is made up.
    """

    definition: Definition
    source: Source
    facts: Facts
    contact: Contact
    start: datetime
    happenings: tuple[Happening, ...] = ()
    bought: Sequence[Bought] | None = None


@dataclass(frozen=True)
class Written:
    """A message as it would look. ``problem``: why it cannot be written, where it cannot.

    ``sms``: an SMS with its links as short as they are sent, and ``size``: what it costs.
    """

    planned: Planned
    content: Content | None = None
    problem: str | None = None
    sms: str | None = None
    size: Size | None = None

    @property
    def email(self) -> EmailContent | None:
        """The content of an email."""
        return self.content if isinstance(self.content, EmailContent) else None


@dataclass(frozen=True)
class PreviewPages:
    """Our own pages, by links that none of them takes: each says that the link is none of ours."""

    public_url: str

    def unsubscribe(self, message_id: str) -> str:
        """Return an address that unsubscribes nobody."""
        return f"{self._base}/unsubscribe/{message_id}"

    def preferences(self, message_id: str) -> str:
        """Return an address that shows nobody's preferences."""
        return f"{self._base}/preferences/{message_id}"

    def review(self, message_id: str) -> str:
        """Return an address that takes no review."""
        return f"{self._base}/review/{message_id}"

    @property
    def _base(self) -> str:
        return self.public_url.rstrip("/")


def moments(scene: Scene) -> Iterator[Moment]:
    """Give every decision of the campaign."""
    return walk(scene.definition, scene.facts, scene.start, scene.happenings)


def play(
    session: Session, scene: Scene, public_url: str | None
) -> Iterator[tuple[Moment, tuple[Written, ...]]]:
    """Give every decision, with the messages that it sends. ``public_url``: as the worker's setting."""
    for moment in moments(scene):
        yield moment, tuple(_written(session, scene, moment, one, public_url) for one in moment.messages)


def _coupon(scene: Scene, moment: Moment, planned: Planned) -> Coupon | None:
    """Return a coupon that nobody has, where the message goes with an offer that has codes of its own.

    One that an earlier message of the step has shown ends when it said.
    """
    offer = scene.definition.offer_of(moment.step.audience(moment.decision.segment))
    if offer is None or planned.without:
        return None
    held = coupon_of(moment.facts, moment.step)
    return example_coupon(scene.definition, offer, moment.facts.customer, held.at if held else moment.at)


def _written(
    session: Session, scene: Scene, moment: Moment, planned: Planned, public_url: str | None
) -> Written:
    coupon = _coupon(scene, moment, planned)
    draft = Draft(PREVIEW_ID, moment.step, planned.channel, planned.segment, planned.purpose, coupon)
    about = About(scene.definition, moment.facts, scene.contact, scene.bought)
    pages = PreviewPages(public_url) if public_url else None
    try:
        context = gather(session, about, draft, planned.at, pages, scene.source)
        content = write(scene.source, scene.definition, draft, context)
    except AfterglowError as error:
        return Written(planned, problem=str(error))
    if planned.channel is not Channel.SMS:
        return Written(planned, content)
    text = content.text
    if public_url:
        base = public_url.rstrip("/")
        short = Shortening(base, lambda _: f"{base}/c/{_CODE}", has_foreign_links(context))
        text = shorten_text(text, short)
    return Written(planned, content, sms=text, size=measure(text))
