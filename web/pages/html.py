"""The public pages as HTML: autoescaped, without scripts, with nothing from strangers."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Coroutine
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from campaign.definition.colors import Colors, Palette
from campaign.definition.model import Brand
from campaign.errors import Unavailable
from campaign.reasons import Channel
from web.pages.page_words import IN_ENGLISH, PageWords, words_for

_FOLDER = Path(__file__).parent / "templates"
_STYLE = (_FOLDER / "style.css").read_text("utf-8")
_ENVIRONMENT = Environment(
    loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
    lstrip_blocks=True,
)  # fmt: skip
_ENVIRONMENT.globals["link"] = Markup('<a href="{}">{}</a>').format
_ENVIRONMENT.globals["mail_link"] = Markup('<a href="mailto:{0}">{0}</a>').format
#: On every answer: an address with a token in it is passed to nobody, kept nowhere and not indexed.
PRIVATE = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
HTML: dict[str, Any] = {"text/html": {"schema": {"type": "string"}}}
PAGE_ERRORS: dict[int | str, dict[str, Any]] = {
    404: {"description": "A page: this link is none of ours", "content": HTML},
    503: {"description": "A page: please come again in a minute", "content": HTML},
}


def page(
    template: str, brand: Brand | None = None, *, status: int = 200, t: PageWords = IN_ENGLISH, **values: Any
) -> HTMLResponse:
    """Return a page in the language of ``t``. Without a brand, nothing shows whose it is."""
    logo = str(brand.logo_url) if brand and brand.logo_url else None
    style = _style(brand.colors if brand else Colors())
    text = _ENVIRONMENT.get_template(template).render(brand=brand, logo=logo, style=style, t=t, **values)
    return HTMLResponse(text, status, headers={**PRIVATE, "Content-Security-Policy": _policy(style, logo)})


@lru_cache(maxsize=8)
def _style(colors: Colors) -> str:
    """Return the style sheet with the brand's colours as its variables."""
    light, dark = (_variables(palette) for palette in (colors, colors.dark))
    return f":root {{{light}}}\n@media (prefers-color-scheme: dark) {{ :root {{{dark}}} }}\n{_STYLE}"


def _variables(palette: Palette) -> str:
    return "".join(f" --{name.replace('_', '-')}: {getattr(palette, name)};" for name in Palette.model_fields)


class PageRoute(APIRoute):
    """A route for people: when the database is away they get a page that invites them to come again."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the route's handler."""
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except Unavailable:
                answer = page("later.html.j2", status=503, t=words_for(request))
                answer.headers["Retry-After"] = "30"
                return answer

        return handled


def not_found(request: Request | None = None) -> HTMLResponse:
    """Return the page for a link that we never made. It does not say what is wrong with it."""
    return page("gone.html.j2", status=404, t=words_for(request))


def source_hash(text: str) -> str:
    """Return a style sheet or script as a Content-Security-Policy allows it: by its hash."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _policy(style: str, logo: str | None) -> str:
    """Allow our own style sheet, by its hash, our own forms, and the shop's own logo."""
    images = f"; img-src {_origin(logo)}" if logo else ""
    return (
        f"default-src 'none'; style-src {source_hash(style)}; form-action 'self'; base-uri 'none'; "
        f"frame-ancestors 'none'{images}"
    )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def masked(channel: Channel, address: str | None) -> str:
    """Return an address so that its owner knows it, and nobody else learns it: a•••@example.com, •••0123."""
    if not address:
        return ""
    if channel is Channel.SMS:
        return f"•••{address[-4:]}"
    name, _, domain = address.rpartition("@")
    return f"{name[:1]}•••@{domain}"
