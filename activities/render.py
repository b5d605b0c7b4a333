"""Render: write a claimed message's content, with the catalogue as it is now. Nothing is locked meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlmodel import Session

from activities.interface import RenderRequest
from activities.links import Links, Shortened
from campaign.customers.joined_orders import orders_about
from campaign.definition.model import Definition
from campaign.definition.steps import Step
from campaign.errors import NotFound
from campaign.facts import MessageState, Purpose
from campaign.reasons import Channel
from content.context import MessageContext
from content.gathering import Extras, Recipient, build_context
from content.links import shorten_html, shorten_text
from content.rendering import EmailContent, SmsContent, render_email, render_sms
from content.sources import Source
from storage.database import Database
from storage.queries.campaigns.facts import RunFacts, RunMessage, load_run_of
from storage.queries.campaigns.orders import order_lines
from storage.queries.messages.messages import Body, write_body
from storage.queries.shop.catalogue import shelf_for


def render(database: Database, folder: Path, request: RenderRequest, links: Links | None = None) -> None:
    """Write the content of a message that is claimed; one on its way keeps the content it has.

    From the templates of the run's own version; from the ``folder`` where that has none.

    What was claimed anew meanwhile, for another purpose or address, is left to be written for that.
    Without ``links`` there is no public address: links stay long, and one unsubscribes by mail.

    Raises:
        BadCampaign: the template is missing or broken.
        NotFound: no such message, or nothing to say to its segment.
    """
    with database.reading() as session:
        run = load_run_of(session, request.message_id)
        message = run.messages[request.message_id]
        if message.state is not MessageState.CLAIMED:
            return
        step = run.definition.step(message.step)
        context = _context(session, run, step, message, request.now, links)
    template = _template(run.definition, step, message)
    content = _content(run.templates or folder, template, message.channel, context)
    shortened = links.shortened(context) if links else None
    if shortened:
        content = _exchanged(content, shortened)
    with database.transaction() as session:
        write_body(session, message, _body(session, content, shortened))


def _content(
    source: Source, template: str, channel: Channel, context: MessageContext
) -> EmailContent | SmsContent:
    if channel is Channel.EMAIL:
        return render_email(source, template, context)
    return render_sms(source, template, context)


def _exchanged(content: EmailContent | SmsContent, shortened: Shortened) -> EmailContent | SmsContent:
    text = shorten_text(content.text, shortened.shortening)
    if isinstance(content, SmsContent):
        return replace(content, text=text)
    return replace(content, text=text, html=shorten_html(content.html, shortened.shortening))


def _body(session: Session, content: EmailContent | SmsContent, shortened: Shortened | None) -> Body:
    body = Body(getattr(content, "subject", None), getattr(content, "html", None), content.text)
    for likely, stored in (shortened.store(session) if shortened else {}).items():
        html = body.html.replace(likely, stored) if body.html else None
        body = replace(body, text=body.text.replace(likely, stored), html=html)
    return body


def _template(definition: Definition, step: Step, message: RunMessage) -> str:
    if message.purpose is Purpose.OPT_IN:
        return definition.consent.sms_opt_in
    audience = step.audience(message.segment)
    template = audience.template(message.channel) if audience else None
    if template is None:
        msg = f"step {step.name} says nothing to segment {message.segment} by {message.channel}"
        raise NotFound(msg)
    return template


def _context(
    session: Session, run: RunFacts, step: Step, message: RunMessage, now: datetime, links: Links | None
) -> MessageContext:
    about = orders_about(step, run.facts) or (run.facts.own,)
    lines = order_lines(session, [order.order_id for order in about])
    kept = [line.sku for line in lines if line.kept]
    return build_context(
        run.definition,
        step,
        message.segment,
        run.facts,
        now,
        about=about,
        lines=lines,
        shelf=shelf_for(session, [line.sku for line in lines], now, kept),
        recipient=_recipient(run, message.id, links),
        extras=Extras(review_page=links.review(message.id) if links else None),
    )


def _recipient(run: RunFacts, message_id: str, links: Links | None) -> Recipient:
    return Recipient(
        message_id=message_id,
        first_name=run.contact.first_name,
        language=run.contact.language,
        unsubscribe_url=links.unsubscribe(message_id) if links else None,
        preferences_url=links.preferences(message_id) if links else None,
    )
