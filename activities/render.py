"""Render: write a claimed message's content, with the catalogue as it is now."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlmodel import Session

from activities.interface import RenderRequest
from activities.links import Links
from campaign.definition.model import Definition, Step
from campaign.errors import NotFound
from campaign.facts import MessageState, Purpose
from campaign.reasons import Channel
from campaign.wire import Line
from content.context import MessageContext, Recipient, build_context
from content.links import shorten_html, shorten_text
from content.rendering import EmailContent, SmsContent, render_email, render_sms
from storage.database import Database
from storage.queries.catalogue import shelf_for
from storage.queries.messages import get_message
from storage.queries.orders import order_lines
from storage.queries.runs import Loaded, load
from storage.tables import MessageRow


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
        context = _context(session, loaded, step, row, request.now, links)
        content = _content(templates, template, Channel(row.channel), context)
        if links:
            content = _shortened(session, links, context, content)
        row.text = content.text
        if isinstance(content, EmailContent):
            row.subject, row.html = content.subject, content.html
        session.add(row)


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


def _context(
    session: Session, loaded: Loaded, step: Step, row: MessageRow, now: datetime, links: Links | None
) -> MessageContext:
    rows = order_lines(session, row.order_id)
    lines = [Line(sku=one.sku, quantity=one.quantity, unit_price=one.unit_price) for one in rows]
    return build_context(
        loaded.definition,
        step,
        row.segment,
        loaded.facts,
        now,
        lines=lines,
        shelf=shelf_for(session, [line.sku for line in lines], now),
        recipient=_recipient(loaded, row.id, links),
    )


def _recipient(loaded: Loaded, message_id: str, links: Links | None) -> Recipient:
    return Recipient(
        message_id=message_id,
        first_name=loaded.customer.first_name,
        language=loaded.customer.language,
        unsubscribe_url=links.unsubscribe(message_id) if links else None,
        preferences_url=links.preferences(message_id) if links else None,
    )
