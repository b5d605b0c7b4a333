"""Where our own pages are, as the browser sees them, and whether one of them has sent a request.

A proxy may serve us below a path of its own, which it need not name: links lead on from the page's address.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import HTTPException, Request

from settings import Settings

_HERE = ("same-origin", "none")


def root_of(request: Request) -> str:
    """Return the way from the page to where all pages begin, such as ``..``, without a slash at its end."""
    path = bytes(request.scope["raw_path"]).decode("latin-1")
    below = path.removeprefix(str(request.scope.get("root_path", "")).rstrip("/"))
    return "/".join([".."] * (below.count("/") - 1)) or "."


def refuse_other_sites(request: Request, settings: Settings) -> None:
    """Refuse what another site has a browser send: it would come with the key.

    Browsers say so in ``Sec-Fetch-Site``, but not over plain http, and older ones nowhere: then by
    ``Origin``, which a program that holds the key itself does not send.

    Raises:
        HTTPException: 403.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    ours = site in _HERE if site else origin is None or urlsplit(origin).netloc in _hosts(request, settings)
    if not ours:
        raise HTTPException(403, "only this page itself may send test messages")


def _hosts(request: Request, settings: Settings) -> set[str]:
    """Return what our host may be called: no form of another site can set the headers."""
    named = {request.headers.get("host", ""), request.headers.get("x-forwarded-host", "")}
    return {*named, urlsplit(settings.public_url or "").netloc} - {""}
