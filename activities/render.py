"""Render: write a claimed message's content, with the catalogue as it is now. Nothing is locked meanwhile."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sqlmodel import Session

from activities.coupons import coupon_of_message
from activities.interface import RenderRequest
from activities.links import Links, Shortened
from campaign.facts import MessageState
from content.extras.offers import Coupon, coupon_shown
from content.links import shorten_html, shorten_text
from content.rendering import SmsContent
from storage.database import Database
from storage.queries.campaigns.facts import RunFacts, RunMessage, load_run_of
from storage.queries.messages.messages import Body, write_body
from writing.message import About, Content, Draft, gather, write


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
        draft = _draft(run, message)
        about = About(run.definition, run.facts, run.contact)
        source = run.templates or folder
        context = gather(session, about, draft, request.now, links, source)
    content = write(source, run.definition, draft, context)
    shortened = links.shortened(context) if links else None
    if shortened:
        content = _exchanged(content, shortened)
    with database.transaction() as session:
        write_body(session, message, _body(session, content, shortened))


def _draft(run: RunFacts, message: RunMessage) -> Draft:
    step = run.definition.step(message.step)
    coupon = _coupon(run, message)
    return Draft(message.id, step, message.channel, message.segment, message.purpose, coupon)


def _coupon(run: RunFacts, message: RunMessage) -> Coupon | None:
    held = coupon_of_message(run, message)
    return coupon_shown(run.definition, held, run.facts.customer) if held else None


def _exchanged(content: Content, shortened: Shortened) -> Content:
    text = shorten_text(content.text, shortened.shortening)
    if isinstance(content, SmsContent):
        return replace(content, text=text)
    return replace(content, text=text, html=shorten_html(content.html, shortened.shortening))


def _body(session: Session, content: Content, shortened: Shortened | None) -> Body:
    body = Body(getattr(content, "subject", None), getattr(content, "html", None), content.text)
    for likely, stored in (shortened.store(session) if shortened else {}).items():
        html = body.html.replace(likely, stored) if body.html else None
        body = replace(body, text=body.text.replace(likely, stored), html=html)
    return body
