"""The pages as HTML: autoescaped; one style sheet and one script of our own, each allowed by its hash.

An email is shown in a frame that may run nothing, send nothing and reach nothing of the page around it.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from campaign.reasons import Channel
from web.pages.html import PRIVATE, source_hash

_FOLDER = Path(__file__).parent / "templates"
_STYLE, _SCRIPT = ((_FOLDER / name).read_text("utf-8") for name in ("style.css", "_script.js.j2"))
_ENVIRONMENT = Environment(
    loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
    lstrip_blocks=True,
)  # fmt: skip
#: With "no-referrer" no browser would say that a form comes from our own page (`web.marketing.origin`).
_TO_US = {"Referrer-Policy": "same-origin"}
#: Of what a page of ours shows in a frame.
FRAMED = {**PRIVATE, "X-Frame-Options": "SAMEORIGIN"}
_PAGE_POLICY = (
    f"default-src 'none'; style-src {source_hash(_STYLE)}; script-src {source_hash(_SCRIPT)}; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_MESSAGE_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src https: http: data:; "
    "style-src 'unsafe-inline'; form-action 'none'; base-uri 'self'; frame-ancestors 'self'"
)


def when(value: datetime | None, zone: str) -> str:
    """Write a time where the customer is: ``Tue 3 Mar 2026, 17:00``."""
    if value is None:
        return "not known yet"
    local = value.astimezone(ZoneInfo(zone))
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M}"


def _sentence(text: str) -> str:
    """Begin with a capital and leave the rest as it is."""
    return text[:1].upper() + text[1:]


_ENVIRONMENT.filters |= {
    "when": when, "sentence": _sentence, "label": lambda channel: Channel(channel).label,
}  # fmt: skip


def page(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Return a page."""
    text = _ENVIRONMENT.get_template(template).render(style=_STYLE, script=_SCRIPT, **values)
    headers = {**PRIVATE, **_TO_US, "Content-Security-Policy": _PAGE_POLICY}
    return HTMLResponse(text, status, headers=headers)


def message(html: str) -> HTMLResponse:
    """Return an email to be shown in a frame. Its links open beside the page, if at all."""
    shown = html.replace("<head>", '<head><base target="_blank">', 1)
    return HTMLResponse(shown, headers={**FRAMED, "Content-Security-Policy": _MESSAGE_POLICY})
