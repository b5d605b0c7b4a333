"""``/review/{token}``: stars and a few words about what was bought, by the signed link in a message.

GET stores nothing: mail scanners follow every link, the star links of an email too. These only fill in the
form; what counts is what is posted. A link names a message and nobody: whose it is, stands in the database.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any
from urllib.parse import parse_qs, quote

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from campaign.definition.reviews import STARS
from campaign.languages.formats import number
from campaign.languages.tags import accepted
from campaign.reviews.links import FILLED_IN, ITEM
from campaign.reviews.states import ReviewState
from campaign.reviews.words import MAX_TEXT
from campaign.tokens import TokenUse, read_token
from intake.reviews.writing import Item, Mistake, Posted, Writer, write_review, writer_of
from starter.clock import now
from web.bodies import read_body
from web.deps import AppDatabase, AppSettings
from web.pages.html import HTML, PAGE_ERRORS, PRIVATE, PageRoute, not_found, page
from web.pages.page_words import PageWords, words_for

router = APIRouter(
    route_class=PageRoute, default_response_class=HTMLResponse, tags=["pages"], responses=PAGE_ERRORS
)

MAX_BODY = 12 * MAX_TEXT + 4_096
"""Bytes: a character takes up to twelve in a form, and the other fields stand beside the text."""
_STATUS = {Mistake.TOO_SOON: 429}
_GONE = 410


async def small_body(request: Request) -> bytes:
    """Read what is posted, up to what the form can be. Raises 413 as `read_body`."""
    return await read_body(request, MAX_BODY)


Body = Annotated[bytes, Depends(small_body)]
_CLOSED: dict[int | str, dict[str, Any]] = {
    410: {"description": "A page: the link takes no review any more, and why", "content": HTML}
}


@dataclass(frozen=True)
class Form:
    """What the form shows for one product."""

    item: Item
    stars: int | None
    text: str
    named: bool


@router.get("/review/{token}", responses={**_CLOSED})
@router.head("/review/{token}", include_in_schema=False)
def show_review(
    request: Request,
    database: AppDatabase,
    settings: AppSettings,
    token: str,
    item: str | None = None,
    stars: Annotated[str | None, Query(description="Stars to fill in, 1 to 5. Nothing is saved.")] = None,
    saved: str | None = None,
) -> Response:
    """Show the form to review a product. Stores nothing, whatever the link says."""
    message_id = read_token(settings.secret_keys, TokenUse.REVIEW, token)
    if message_id is None:
        return not_found(request)
    with database.reading() as session:
        writer = writer_of(session, message_id, now())
    if writer is None:
        return not_found(request)
    form = _form_of(_chosen(writer, item), _stars(stars))
    return _shown(_words(request, writer), writer, form, saved=saved is not None)


@router.post(
    "/review/{token}",
    status_code=303,
    response_class=RedirectResponse,
    responses={
        **_CLOSED,
        400: {"description": "The page again: what to correct; nothing was saved", "content": HTML},
        429: {"description": "The page again: changed a moment ago; nothing was saved", "content": HTML},
    },
)
def keep_review(
    request: Request, database: AppDatabase, settings: AppSettings, token: str, body: Body
) -> Response:
    """Save a customer's review of one product, then show it."""
    message_id = read_token(settings.secret_keys, TokenUse.REVIEW, token)
    browser = accepted(request.headers.get("accept-language"))
    posted = replace(_posted(body), language=next(iter(browser), None))
    if message_id is None:
        return not_found(request)
    at = now()
    saved = database.retrying(lambda session: write_review(session, message_id, posted, at))
    if isinstance(saved, Item):
        return RedirectResponse(f"?{ITEM}={quote(saved.sku, safe='')}&saved=1", 303, headers=PRIVATE)
    with database.reading() as session:
        writer = writer_of(session, message_id, at)
    if writer is None:
        return not_found(request)
    chosen = _chosen(writer, posted.sku)
    form = Form(chosen, posted.stars, posted.text, posted.named) if chosen else None
    return _shown(_words(request, writer), writer, form, mistake=saved)


def _words(request: Request, writer: Writer) -> PageWords:
    return words_for(request, writer.language, writer.definition)


def _posted(body: bytes) -> Posted:
    """Return what the form says; nothing of what it cannot say."""
    try:
        fields = parse_qs(body.decode(), max_num_fields=10, keep_blank_values=True)
    except ValueError:
        return Posted(None, None)
    first = {name: values[0] for name, values in fields.items()}
    return Posted(
        first.get(ITEM), _stars(first.get(FILLED_IN)), first.get("text", ""), first.get("author") == "named"
    )


def _stars(text: str | None) -> int | None:
    return int(text) if text in {str(number) for number in range(1, STARS + 1)} else None


def _chosen(writer: Writer, sku: str | None) -> Item | None:
    """Return the product of the link, else the first that has no review yet, else the first."""
    fresh = (item for item in writer.items if item.review is None)
    return writer.item(sku) or next(fresh, None) or next(iter(writer.items), None)


def _form_of(item: Item | None, stars: int | None) -> Form | None:
    """Return the form for a product: what was reviewed before, and the stars of the link that was opened."""
    if item is None:
        return None
    known = item.review
    if known is None:
        return Form(item, stars, "", named=True)
    return Form(item, stars or known.rating, known.text or "", named=known.author is not None)


def _shown(
    t: PageWords, writer: Writer, form: Form | None, *, mistake: Mistake | None = None, saved: bool = False
) -> HTMLResponse:
    brand = writer.definition.brand
    if writer.closed or form is None:
        return page("review_closed.html.j2", brand, status=_GONE, t=t, closed=writer.closed)
    return page(
        "review.html.j2",
        brand,
        status=_STATUS.get(mistake, 400) if mistake else 200,
        t=t,
        form=form,
        name=writer.name,
        others=[item for item in writer.items if item.sku != form.item.sku],
        longest=MAX_TEXT,
        most=number(t.language, MAX_TEXT),
        mistake=t(f"review_{mistake.value}", most=number(t.language, MAX_TEXT)) if mistake else None,
        stars_missing=mistake is Mistake.NO_STARS,
        text_wrong=mistake in (Mistake.TOO_LONG, Mistake.LINK),
        standing=None if mistake else _standing(t, form.item, saved=saved),
    )


def _standing(t: PageWords, item: Item, *, saved: bool) -> str | None:
    """Return what has become of the customer's review of a product so far."""
    row = item.review
    if row is None:
        return None
    if row.state == ReviewState.REJECTED:
        return t("review_rejected", why=t(f"rejected_{row.why}"))
    if row.state == ReviewState.PUBLISHED:
        return t("review_published")
    return t("review_saved") if saved else t("review_pending")
