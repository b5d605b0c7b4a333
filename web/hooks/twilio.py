"""Twilio's callbacks: what became of a text message, and what customers answer."""

from __future__ import annotations

from typing import Annotated, Any

import structlog
from fastapi import APIRouter, BackgroundTasks, Depends, Request, Response
from sqlmodel import Session
from twilio.twiml.messaging_response import MessagingResponse

from campaign.customers.keywords import Intent
from campaign.definition.localized import in_language
from campaign.definition.model import Brand
from channels.twilio.events import report_of
from channels.twilio.inbound import Inbound, inbound_of, is_answered_by_default
from intake.provider_reports import remember_request
from intake.received_replies import Received, receive_reply
from intake.replies import brand_for
from settings import Settings
from starter import clock
from storage.database import Database
from web.hooks.reports import apply_signed, notify_campaigns
from web.hooks.signatures import SignedForm, refused, twilio_form
from web.pages.page_words import page_words

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
TWIML: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "What to answer, as TwiML",
        "content": {"application/xml": {"schema": {"type": "string"}}},
    }
}
_log = structlog.get_logger(__name__)

router = APIRouter(prefix="/webhooks/twilio", tags=["provider callbacks"])
Signed = Annotated[SignedForm, Depends(twilio_form)]


@router.post("/status", status_code=204, openapi_extra=FORM, responses=ANSWERS)
def status(request: Request, signed: Signed, tasks: BackgroundTasks, message: str = "") -> Response:
    """Receive what became of a message. The address names it: ``?message=`` our id."""
    report, state = report_of(signed.params, message, clock.now()), request.app.state
    applied = apply_signed(state.database, signed.digest, [report] if report else [])
    tasks.add_task(notify_campaigns, state.campaigns, applied.failed)
    return Response(status_code=204, background=tasks)


@router.post("/inbound", openapi_extra=FORM, responses={**ANSWERS, **TWIML}, response_class=Response)
def inbound(request: Request, signed: Signed) -> Response:
    """Receive a customer's text message. It has taken effect for every campaign once this answers."""
    text = _answer(request.app.state.database, request.app.state.settings, signed)
    twiml = MessagingResponse()
    if text:
        twiml.message(text)
    return Response(str(twiml), media_type="application/xml")


def _answer(database: Database, settings: Settings, signed: SignedForm) -> str | None:
    """Apply the message; return the one text that is to be sent in answer, if any."""
    inbound = inbound_of(signed.params)
    received = database.retrying(lambda session: _receive(session, settings, signed.digest, inbound))
    if received is None:
        return None
    got, addressee = received
    if got.intent is Intent.DOUBTFUL or got.still_out:
        _log.warning("reply waits for a person", command="afterglow replies")
    return answer_to(got, *addressee) if addressee else None


def _receive(
    session: Session, settings: Settings, digest: str, inbound: Inbound
) -> tuple[Received, tuple[Brand, str] | None] | None:
    if not remember_request(session, digest, clock.now()):
        raise refused()
    if inbound.sender is None:
        return None
    got = receive_reply(session, inbound.sender, inbound.body, clock.now(), opt_out_type=inbound.opt_out_type)
    return got, brand_for(session, inbound.sender) if _is_to_be_answered(got, inbound, settings) else None


def _is_to_be_answered(got: Received, inbound: Inbound, settings: Settings) -> bool:
    """Return whether an answer of ours is due: to what changed something, unless Twilio has answered it."""
    by_default = settings.sms_replies == "provider" and is_answered_by_default(inbound.body)
    if inbound.opt_out_type or by_default:
        return False
    return got.changed or got.still_out or got.intent is Intent.HELP


def answer_to(got: Received, brand: Brand, language: str) -> str | None:
    """Return the one text message that confirms what was done; it advertises nothing."""
    t, name = page_words(language, tone=brand.tone), brand.name
    opt_out = in_language(brand.sms_opt_out, language, tone=brand.tone)
    if got.still_out:
        return t("reply_still_out", brand=name)
    signed_up = t("reply_start", brand=name, opt_out=opt_out)
    return {
        Intent.STOP: t("reply_stop", brand=name),
        Intent.START: signed_up,
        Intent.CONFIRM: signed_up,
        Intent.HELP: brand.sms_help
        or t("reply_help", brand=name, address=brand.support_email, opt_out=opt_out),
    }.get(got.intent or Intent.DOUBTFUL)
