"""Unsubscribe and preferences: a signed link in a message is all that it takes; no cookie, no script.

GET changes nothing, because mail scanners follow every link. Whatever is posted to an unsubscribe link
unsubscribes: by the page's button, or by a mail program in one click (RFC 8058).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from sqlmodel import Session

from campaign.customers.preferences import Choice, Standing
from campaign.reasons import Channel, Reason
from campaign.tokens import TokenUse, make_token, read_token
from intake.preferences import Reader, Statement, choose, reader_of, unsubscribe
from settings import Settings
from starter.clock import now
from storage.queries.people.customers import addresses_of
from web.bodies import read_body
from web.deps import AppDatabase, AppSettings
from web.pages.html import HTML, PAGE_ERRORS, PRIVATE, PageRoute, masked, not_found, page
from web.pages.page_words import PageWords, words_for
from web.pages.wording import choice_words, label, question, sms_terms, unsubscribe_words

router = APIRouter(
    route_class=PageRoute, default_response_class=HTMLResponse, tags=["pages"], responses=PAGE_ERRORS
)

MAX_BODY = 16_384
_ONE_CLICK = (b"List-Unsubscribe", b"One-Click")
_ONE_CHANNEL = {Choice.EMAIL: Channel.EMAIL, Choice.SMS: Channel.SMS}
_WHY_NOT = {
    (Channel.EMAIL, Reason.NO_ADDRESS): "no_email_address",
    (Channel.SMS, Reason.NO_ADDRESS): "no_phone",
    (Channel.EMAIL, Reason.SUPPRESSED): "suppressed",
    (Channel.SMS, Reason.SUPPRESSED): "suppressed",
}


@dataclass(frozen=True)
class Option:
    """One way on the preference page: its words, what stands below them, and whether it can be chosen."""

    choice: Choice
    label: str
    hint: str
    offered: bool
    chosen: bool


async def small_body(request: Request) -> bytes:
    """Read what is posted, up to what a form of ours can be. Raises 413 as `read_body`."""
    return await read_body(request, MAX_BODY)


Body = Annotated[bytes, Depends(small_body)]


@router.get("/unsubscribe/{token}")
@router.head("/unsubscribe/{token}", include_in_schema=False)
def confirm_unsubscribe(
    request: Request, database: AppDatabase, settings: AppSettings, token: str
) -> Response:
    """Show the page to unsubscribe, or say that it is done already."""
    with database.reading() as session:
        reader = _reader(settings, session, TokenUse.UNSUBSCRIBE, token)
        return _unsubscribe_page(request, settings, reader) if reader else not_found(request)


@router.post(
    "/unsubscribe/{token}", responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}
)
def do_unsubscribe(
    request: Request, database: AppDatabase, settings: AppSettings, token: str, body: Body
) -> Response:
    """Unsubscribe the customer. A mail program's click is answered in one line, not redirected."""
    one_click = all(word in body for word in _ONE_CLICK)
    with database.transaction() as session:
        reader = _reader(settings, session, TokenUse.UNSUBSCRIBE, token)
        if reader is None:
            return not_found(request)
        t = _words(request, reader)
        words = unsubscribe_words(t, reader.definition.brand.name, reader.channel)
        source = "one-click" if one_click else "unsubscribe page"
        unsubscribe(session, reader, Statement({reader.channel: words}, source, now()))
        after = _again(session, reader)
    if one_click:
        return PlainTextResponse(f"{t('one_click')}\n", headers=PRIVATE)
    return _unsubscribe_page(request, settings, after)


@router.get("/preferences/{token}")
@router.head("/preferences/{token}", include_in_schema=False)
def show_preferences(
    request: Request, database: AppDatabase, settings: AppSettings, token: str, saved: str | None = None
) -> Response:
    """Show what a customer receives and can choose."""
    with database.reading() as session:
        reader = _reader(settings, session, TokenUse.PREFERENCES, token)
        if reader is None:
            return not_found(request)
        return _preferences_page(_words(request, reader), reader, saved=saved is not None)


@router.post(
    "/preferences/{token}",
    status_code=303,
    response_class=RedirectResponse,
    responses={400: {"description": "The page again: the choice was none of those offered", "content": HTML}},
)
def keep_preferences(
    request: Request, database: AppDatabase, settings: AppSettings, token: str, body: Body
) -> Response:
    """Save a customer's choice, then show it."""
    choice, less = _form(body)
    with database.transaction() as session:
        reader = _reader(settings, session, TokenUse.PREFERENCES, token)
        if reader is None:
            return not_found(request)
        t = _words(request, reader)
        if choice is None or not _chosen(session, reader, choice, t, less=less):
            return _preferences_page(t, reader, refused=True)
    return RedirectResponse("?saved=1", 303, headers=PRIVATE)


def _chosen(session: Session, reader: Reader, choice: Choice, t: PageWords, *, less: bool) -> bool:
    brand, double = reader.definition.brand.name, reader.definition.consent.sms_double_opt_in
    words = choice_words(t, brand, choice, double_opt_in=double)
    return choose(session, reader, choice, Statement(words, "preference page", now()), less=less)


def _form(body: bytes) -> tuple[Choice | None, bool]:
    """Return what the form says; no choice for anything that the form cannot say."""
    try:
        fields = parse_qs(body.decode(), max_num_fields=10)
        return Choice(fields["choice"][0]), "less" in fields
    except (ValueError, KeyError):
        return None, False


def _reader(settings: Settings, session: Session, use: TokenUse, token: str) -> Reader | None:
    message_id = read_token(settings.secret_keys, use, token)
    return reader_of(session, message_id) if message_id else None


def _again(session: Session, reader: Reader) -> Reader:
    return reader_of(session, reader.message.id) or reader


def _words(request: Request, reader: Reader) -> PageWords:
    return words_for(request, reader.customer.language, reader.definition)


def _unsubscribe_page(request: Request, settings: Settings, reader: Reader) -> HTMLResponse:
    t = _words(request, reader)
    newest = settings.secret_keys[0]
    others = reader.standing.choice.channels - {reader.channel}
    return page(
        "unsubscribe.html.j2",
        reader.definition.brand,
        done=reader.unsubscribed,
        t=t,
        channel=reader.channel.value,
        address=masked(reader.channel, reader.address),
        words=unsubscribe_words(t, reader.definition.brand.name, reader.channel),
        others=[t(f"channel_{channel.value}") for channel in others],
        preferences=f"../preferences/{make_token(newest, TokenUse.PREFERENCES, reader.message.id)}",
    )


def _preferences_page(
    t: PageWords, reader: Reader, *, saved: bool = False, refused: bool = False
) -> HTMLResponse:
    brand, stands = reader.definition.brand, reader.standing
    return page(
        "preferences.html.j2",
        brand,
        status=400 if refused else 200,
        t=t,
        saved=saved,
        refused=refused,
        question=question(t, brand.name),
        options=_options(t, reader, stands),
        pending=masked(Channel.SMS, reader.customer.phone) if stands.pending else None,
        question_sent=reader.facts.opt_in_requested,
        terms=sms_terms(t, brand.name, double_opt_in=reader.definition.consent.sms_double_opt_in),
        sms_possible=stands.offers(Choice.SMS),
        less=reader.customer.less,
        gap=reader.definition.timing.less_gap.days,
    )


def _options(t: PageWords, reader: Reader, stands: Standing) -> list[Option]:
    """Return the ways to show: each channel, with why it cannot be chosen if so, and what else can be."""
    shown = [choice for choice in Choice if stands.offers(choice) or choice in _ONE_CHANNEL]
    return [
        Option(
            choice,
            label(t, choice),
            _hint(t, reader, stands, choice),
            stands.offers(choice),
            stands.choice is choice,
        )
        for choice in shown
    ]


def _hint(t: PageWords, reader: Reader, stands: Standing, choice: Choice) -> str:
    channel = _ONE_CHANNEL.get(choice)
    if channel is None:
        return ""
    address = masked(channel, addresses_of(reader.customer)[channel])
    reason = stands.blocked.get(channel)
    return " ".join(part for part in (address, t(_WHY_NOT[channel, reason]) if reason else "") if part)
