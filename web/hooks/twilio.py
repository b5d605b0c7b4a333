"""Twilio's callbacks: what became of a text message, and what customers answer."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Depends, Request, Response
from twilio.twiml.messaging_response import MessagingResponse

from campaign.customers.keywords import Ask, asked
from channels.twilio.events import report_of
from channels.twilio.inbound import inbound_of, is_answered_by_default
from intake.provider_reports import remember_request
from intake.replies import apply_ask, brand_for
from settings import Settings
from starter import clock
from storage.database import Database
from web.hooks.reports import apply_signed, notify_campaigns
from web.hooks.signatures import SignedForm, refused, twilio_form

FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {"type": "object", "additionalProperties": {"type": "string"}}
            }
        },
    }
}
ANSWERS: dict[int | str, dict[str, str]] = {
    403: {"description": "Not signed, or here before"},
    413: {"description": "Too long"},
}
MAX_WORDING = 2_000

router = APIRouter(prefix="/webhooks/twilio", tags=["provider callbacks"])
Signed = Annotated[SignedForm, Depends(twilio_form)]


@router.post("/status", status_code=204, openapi_extra=FORM, responses=ANSWERS)
def status(request: Request, signed: Signed, tasks: BackgroundTasks, message: str = "") -> Response:
    """Receive what became of a message. The address names it: ``?message=`` our id."""
    report, state = report_of(signed.params, message, clock.now()), request.app.state
    applied = apply_signed(state.database, signed.digest, [report] if report else [])
    tasks.add_task(notify_campaigns, state.campaigns, applied.failed)
    return Response(status_code=204, background=tasks)


@router.post("/inbound", openapi_extra=FORM, responses=ANSWERS, response_class=Response)
def inbound(request: Request, signed: Signed) -> Response:
    """Receive a customer's text message; it has taken effect for every campaign once this answers."""
    text = _answer(request.app.state.database, request.app.state.settings, signed)
    twiml = MessagingResponse()
    if text:
        twiml.message(text)
    return Response(str(twiml), media_type="application/xml")


def _answer(database: Database, settings: Settings, signed: SignedForm) -> str | None:
    """Apply the message; return the one confirmation that is to be sent, if any."""
    inbound = inbound_of(signed.params)
    sender, body = inbound.sender, inbound.body
    with database.transaction() as session:
        if not remember_request(session, signed.digest, clock.now()):
            raise refused()
        ask = asked(body, sender, inbound.opt_out_type) if sender else None
        if ask is None or sender is None:
            return None
        changed = apply_ask(session, sender, ask, body[:MAX_WORDING], clock.now())
        by_default = settings.sms_replies == "provider" and is_answered_by_default(body)
        answered = inbound.opt_out_type or by_default
        if answered or not (changed or ask is Ask.HELP):
            return None
        brand = brand_for(session, sender)
        return (
            confirmation(ask, brand.name, brand.sms_opt_out, brand.sms_help, brand.support_email)
            if brand
            else None
        )


def confirmation(ask: Ask, name: str, opt_out: str, help_text: str | None, support: str) -> str:
    """Return the one text message that confirms what was asked for; it advertises nothing."""
    return {
        Ask.STOP: f"{name}: you are unsubscribed and will get no more texts from us.",
        Ask.START: f"{name}: you are signed up for texts. {opt_out}.",
        Ask.CONFIRM: f"{name}: you are signed up for texts. {opt_out}.",
        Ask.HELP: help_text or f"{name}: for help write to {support}. {opt_out}.",
    }[ask]
