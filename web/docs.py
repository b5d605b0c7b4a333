"""``/docs`` and ``/openapi.json``: the interface's description, which can be read without internet.

Swagger UI's files come from the installed package fastapi-swagger. Where the interface needs a key it is
needed here too: as a bearer token, or as the password in a browser's own dialog (with any user name).
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse

from web.deps import readers_only

_ASSETS = files("fastapi_swagger.resources")
_MEDIA_TYPES = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}

router = APIRouter(include_in_schema=False, dependencies=[Depends(readers_only)])


@router.get("/openapi.json")
async def openapi(request: Request) -> dict[str, Any]:
    """Return the OpenAPI document."""
    document: dict[str, Any] = request.app.openapi()
    return document


@router.get("/docs")
async def swagger_ui(request: Request) -> HTMLResponse:
    """Return the page. Its addresses are relative, so that it works below a proxy's path."""
    return get_swagger_ui_html(
        openapi_url="openapi.json",
        title=f"{request.app.title}: HTTP interface",
        swagger_js_url="docs/swagger-ui-bundle.js",
        swagger_css_url="docs/swagger-ui.css",
        swagger_favicon_url="docs/favicon-32x32.png",
        swagger_ui_parameters={"defaultModelsExpandDepth": 0, "docExpansion": "list"},
    )


@router.get("/docs/{name}")
def asset(name: str) -> Response:
    """Return one of Swagger UI's files."""
    if name not in _MEDIA_TYPES:
        raise HTTPException(404, "no such file")
    headers = {"Cache-Control": "private, max-age=86400"}
    return Response((_ASSETS / name).read_bytes(), headers=headers, media_type=_MEDIA_TYPES[name])
