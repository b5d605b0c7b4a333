"""``/`` in a browser on the developer's machine: where the pages are. To everybody else nothing is there."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse

from web.deps import AppSettings

# Addresses are relative, so that the page works below a proxy's path.
_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Afterglow</title></head>
<body>
<h1>Afterglow</h1>
<ul>
<li><a href="preview">Preview</a>: what customers would get, and why</li>
<li><a href="docs">HTTP interface</a>: every route, with examples</li>
<li><a href="readyz">Ready?</a> Whether database and Temporal are there</li>
</ul>
</body>
</html>
"""
_HEADERS = {"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff"}

router = APIRouter(include_in_schema=False)


@router.get("/")
async def start(request: Request, settings: AppSettings) -> HTMLResponse:
    """Return the page; 404 for programs, and where strangers could read it."""
    if settings.exposed_by or "text/html" not in request.headers.get("Accept", ""):
        raise HTTPException(404)
    return HTMLResponse(_PAGE, headers=_HEADERS)
