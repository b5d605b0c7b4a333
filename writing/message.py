"""One message, written: what it can show is read, and its template rendered. For sending and for previews."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlmodel import Session

from campaign.catalogue.owned import Bought, history_of
from campaign.customers.joined_orders import orders_about
from campaign.definition.model import Definition
from campaign.definition.steps import Step
from campaign.errors import NotFound
from campaign.facts import Facts, Purpose
from campaign.languages.tags import tag_of
from campaign.reasons import Channel
from campaign.reviews.words import primary_language
from content.context import MessageContext
from content.extras.offers import Coupon
from content.gathering import Extras, Recipient, build_context
from content.rendering import SUFFIXES, EmailContent, SmsContent, render_email, render_sms
from content.sources import Source
from content.writing.language import Wanted
from content.writing.lists import lists_shown
from storage.queries.campaigns.facts import Contact
from storage.queries.recommendations.bought import bought_by, lines_of_orders
from storage.queries.shop.catalogue import shelf_for

Content = EmailContent | SmsContent


class Pages(Protocol):
    """Our own pages, as a message links to them."""

    def unsubscribe(self, message_id: str) -> str:
        """Return the page that unsubscribes from the message's channel."""

    def preferences(self, message_id: str) -> str:
        """Return the page of the customer's preferences."""

    def review(self, message_id: str) -> str:
        """Return the page on which the message's products are reviewed."""


@dataclass(frozen=True)
class Draft:
    """Which message: of a step, on a channel, to a segment. ``id`` names it to our pages.

    ``coupon``: the customer's own, for an offer with such codes; without it the message goes without the
    offer (`content.extras.offers.example_coupon` makes one for a preview).
    """

    id: str
    step: Step
    channel: Channel
    segment: str
    purpose: Purpose = Purpose.MARKETING
    coupon: Coupon | None = None


@dataclass(frozen=True)
class About:
    """Whom and what a message is about: the campaign's definition, the facts, who is written to.

    ``bought``: what the customer has bought, where the database has not got it.
    """

    definition: Definition
    facts: Facts
    contact: Contact
    bought: Sequence[Bought] | None = None


def gather(
    session: Session,
    about: About,
    draft: Draft,
    now: datetime,
    pages: Pages | None,
    source: Source,
) -> MessageContext:
    """Read what a message can show. Without ``pages`` there is no public address to link to.

    Of products, the lists that its template in ``source`` shows. Raises as `write`.
    """
    step, facts = draft.step, about.facts
    orders = orders_about(step, facts) or (facts.own,)
    order_ids = [order.order_id for order in orders]
    bought = about.bought or bought_by(session, about.contact.customer_id, order_ids)
    history = history_of(bought, order_ids, now)
    return build_context(
        about.definition,
        step,
        draft.segment,
        facts,
        now,
        about=orders,
        lines=lines_of_orders(bought, order_ids),
        shelf=shelf_for(
            session,
            history.own,
            now,
            history=history,
            language=_language(about),
            shows=_shows(about, draft, source),
        ),
        recipient=_recipient(about.contact, draft.id, pages),
        extras=Extras(coupon=draft.coupon, review_page=pages.review(draft.id) if pages else None),
    )


def _language(about: About) -> str:
    """Return the language of customers' words: of another one a customer might read nothing."""
    tag = about.contact.language or about.definition.shop.language
    return primary_language(tag) or ""


def _shows(about: About, draft: Draft, source: Source) -> Collection[str]:
    shop = about.definition.shop.language
    language = tag_of(about.contact.language or shop, about.facts.customer.country)
    wanted = Wanted(language, shop, about.definition.brand.tone)
    return lists_shown(source, SUFFIXES[draft.channel].format(template_of(about.definition, draft)), wanted)


def _recipient(contact: Contact, message_id: str, pages: Pages | None) -> Recipient:
    return Recipient(
        message_id=message_id,
        first_name=contact.first_name,
        language=contact.language,
        unsubscribe_url=pages.unsubscribe(message_id) if pages else None,
        preferences_url=pages.preferences(message_id) if pages else None,
    )


def write(source: Source, definition: Definition, draft: Draft, context: MessageContext) -> Content:
    """Render a message.

    Raises:
        BadCampaign: the template is missing or broken.
        NotFound: nothing to say to its segment.
    """
    template = template_of(definition, draft)
    if draft.channel is Channel.EMAIL:
        return render_email(source, template, context)
    return render_sms(source, template, context)


def template_of(definition: Definition, draft: Draft) -> str:
    """Return the name of a message's template. Raises `NotFound` as `write`."""
    if draft.purpose is Purpose.OPT_IN:
        return definition.consent.sms_opt_in
    audience = draft.step.audience(draft.segment)
    offer = definition.offer_of(audience)
    offered = offer is None or not offer.personal or draft.coupon is not None
    template = audience.template(draft.channel, offered=offered) if audience else None
    if template is None:
        msg = f"step {draft.step.name} says nothing to segment {draft.segment} by {draft.channel}"
        raise NotFound(msg)
    return template
