"""Render: write a claimed message's content, with the catalogue as it is now."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlmodel import Session

from activities.interface import RenderRequest
from activities.links import Links
from campaign.customers.history import kept_orders, lifetime_value
from campaign.definition.model import Definition, Step
from campaign.definition.model import Offer as OfferDefinition
from campaign.errors import NotFound
from campaign.facts import MessageState, Purpose
from campaign.reasons import Channel
from content.context import Customer, Line, MessageContext, Offer, Order, Product
from content.links import shorten_html, shorten_text
from content.loading import brand_of
from content.rendering import EmailContent, SmsContent, render_email, render_sms
from storage.database import Database
from storage.queries.catalogue import best_sellers, bought_together, new_products, products_by_sku
from storage.queries.messages import get_message
from storage.queries.orders import order_lines
from storage.queries.runs import Loaded, load
from storage.tables import MessageRow, ProductRow

SHOWN_PRODUCTS = 3


def render(database: Database, templates: Path, request: RenderRequest, links: Links | None = None) -> None:
    """Write the content of a message that is claimed; one on its way keeps the content it has.

    Without ``links`` there is no public address: links stay long, and one unsubscribes by mail.

    Raises:
        BadCampaign: the template is missing or broken.
        NotFound: no such message, or nothing to say to its segment.
    """
    with database.transaction() as session:
        loaded = load(session, get_message(session, request.message_id).order_id, request.now)
        row = get_message(session, request.message_id)
        if row.state != MessageState.CLAIMED.value:
            return
        step = loaded.definition.step(row.step)
        template = _template(loaded.definition, step, row)
        context = _with_pages(message_context(session, loaded, step, row, request.now), links)
        content = _content(templates, template, Channel(row.channel), context)
        if links:
            content = _shortened(session, links, context, content)
        row.text = content.text
        if isinstance(content, EmailContent):
            row.subject, row.html = content.subject, content.html
        session.add(row)


def _with_pages(context: MessageContext, links: Links | None) -> MessageContext:
    if links is None:
        return context
    pages = {
        "unsubscribe_url": links.unsubscribe(context.message_id),
        "preferences_url": links.preferences(context.message_id),
    }
    return context.model_copy(update=pages)


def _content(
    templates: Path, template: str, channel: Channel, context: MessageContext
) -> EmailContent | SmsContent:
    if channel is Channel.EMAIL:
        return render_email(templates, template, context)
    return render_sms(templates, template, context)


def _shortened(
    session: Session, links: Links, context: MessageContext, content: EmailContent | SmsContent
) -> EmailContent | SmsContent:
    shortening = links.shortening(session, context)
    text = shorten_text(content.text, shortening)
    if isinstance(content, SmsContent):
        return replace(content, text=text)
    return replace(content, text=text, html=shorten_html(content.html, shortening))


def _template(definition: Definition, step: Step, row: MessageRow) -> str:
    if row.purpose == Purpose.OPT_IN:
        return definition.consent.sms_opt_in
    audience = step.audience(row.segment)
    template = audience.template(Channel(row.channel)) if audience else None
    if template is None:
        msg = f"step {step.name} says nothing to segment {row.segment} by {row.channel}"
        raise NotFound(msg)
    return template


def message_context(
    session: Session, loaded: Loaded, step: Step, row: MessageRow, now: datetime
) -> MessageContext:
    """Gather everything that a template can see."""
    facts = loaded.facts
    skus = [line.sku for line in order_lines(session, row.order_id)]
    return MessageContext(
        message_id=row.id,
        step=step.name,
        segment=row.segment,
        brand=brand_of(loaded.definition),
        customer=Customer(first_name=loaded.customer.first_name, language=loaded.customer.language),
        order=_order(session, loaded),
        offer=_offer(loaded.definition, step, row.segment, now),
        best_sellers=[_product(p) for p in best_sellers(session, now, skus, SHOWN_PRODUCTS)],
        whats_new=[_product(p) for p in new_products(session, now, skus, SHOWN_PRODUCTS)],
        cross_sell=[_product(p) for p in bought_together(session, skus, SHOWN_PRODUCTS)],
        order_count=len(kept_orders(facts.orders)),
        lifetime_value=lifetime_value(facts.orders, facts.currency),
        currency=facts.currency,
    )


def _order(session: Session, loaded: Loaded) -> Order:
    rows = order_lines(session, loaded.order.id)
    known = products_by_sku(session, [row.sku for row in rows])
    return Order(
        order_id=loaded.order.id,
        placed_at=loaded.order.placed_at,
        currency=loaded.order.currency,
        total=loaded.order.total,
        lines=[_line(row.sku, row.quantity, row.unit_price, known.get(row.sku)) for row in rows],
    )


def _line(sku: str, quantity: int, unit_price: object, product: ProductRow | None) -> Line:
    about = product.model_dump(include=set(Line.model_fields) - {"sku"}) if product else {"name": sku}
    return Line.model_validate({"sku": sku, "quantity": quantity, "unit_price": unit_price, **about})


def _offer(definition: Definition, step: Step, segment: str, now: datetime) -> Offer | None:
    audience = step.audience(segment)
    found: OfferDefinition | None = (
        definition.offers.get(audience.offer) if audience and audience.offer else None
    )
    if found is None:
        return None
    until = now + found.valid_for if found.valid_for else None
    return Offer(code=found.code, text=found.text, valid_until=until, terms=found.terms)


def _product(row: ProductRow) -> Product:
    return Product.model_validate(row.model_dump(include=set(Product.model_fields)))
