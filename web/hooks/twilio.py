"""Twilio's callbacks: what became of a text message, and what customers answer."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Depends, Request, Response
from starlette.concurrency import run_in_threadpool
from twilio.twiml.messaging_response import MessagingResponse

from campaign.customers.keywords import Ask, asked, twilio_has_answered
from campaign.delivery import twilio_event
from campaign.reasons import Channel
from intake.provider_reports import Report, remember_request
from intake.replies import apply_ask, brand_for
from settings import Settings
from starter import clock
from storage.database import Database
from web.hooks.reports import apply_signed, tell_failures
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
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_SID = re.compile(r"[A-Za-z0-9]{1,64}")
_CODE = re.compile(r"[0-9]{1,10}")

router = APIRouter(prefix="/webhooks/twilio", tags=["provider callbacks"])
Signed = Annotated[SignedForm, Depends(twilio_form)]


@router.post("/status", status_code=204, openapi_extra=FORM, responses=ANSWERS)
async def status(request: Request, signed: Signed, tasks: BackgroundTasks, message: str = "") -> Response:
    """Take what became of a message. The address names it: ``?message=`` our id."""
    reports = [report] if (report := _report(signed.params, message)) else []
    state = request.app.state
    applied = await run_in_threadpool(apply_signed, state.database, signed.digest, reports)
    tasks.add_task(tell_failures, state.campaigns, applied.failed)
    return Response(status_code=204, background=tasks)


def _report(params: dict[str, str], message: str) -> Report | None:
    """Return what is told, or None where it is nothing about a message of ours."""
    sid = params.get("MessageSid") or params.get("SmsSid") or ""
    state = params.get("MessageStatus") or params.get("SmsStatus") or ""
    code = params.get("ErrorCode") or None
    event = twilio_event(state, code)
    if event is None or not message.isalnum() or not _SID.fullmatch(sid):
        return None
    return Report(
        message_id=message,
        channel=Channel.SMS,
        event=event,
        at=clock.now(),
        event_id=f"twilio:{sid}:{state.lower()}",
        source="twilio",
        code=code if code and _CODE.fullmatch(code) else None,
        provider_id=sid,
    )


@router.post("/inbound", openapi_extra=FORM, responses=ANSWERS, response_class=Response)
def inbound(request: Request, signed: Signed) -> Response:
    """Take a customer's text message; it has taken effect for every campaign once this answers."""
    text = _answer(request.app.state.database, request.app.state.settings, signed)
    twiml = MessagingResponse()
    if text:
        twiml.message(text)
    return Response(str(twiml), media_type="application/xml")


def _answer(database: Database, settings: Settings, signed: SignedForm) -> str | None:
    """Apply the message; return the one confirmation that is to be sent, if any."""
    sender, body = signed.params.get("From", ""), signed.params.get("Body", "").replace("\x00", "")
    provider = signed.params.get("OptOutType", "").upper() or None
    with database.transaction() as session:
        if not remember_request(session, signed.digest, clock.now()):
            raise refused()
        ask = asked(body, sender, provider) if _NUMBER.fullmatch(sender) else None
        if ask is None:
            return None
        changed = apply_ask(session, sender, ask, body[:MAX_WORDING], clock.now())
        answered = provider or (settings.sms_replies == "provider" and twilio_has_answered(body))
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
