"""What is to be played, as a preview's address says it: the fields of `Play`, as a form sends them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from campaign.fields.times import UtcTime
from starter.inputs import parse_field
from starter.timeline.play import Play

MANY = ("consents", "clicks", "skus")
_OWN = ("q", "at", "sent", "step", "channel", "made_up")


def play_of(query: QueryParams) -> Play:
    """Return what is to be played. Empty fields are left out; a form without consents has none.

    Raises:
        BadInput: naming the fields that are wrong.
    """
    values: dict[str, Any] = {
        name: value.strip() for name, value in query.items() if value.strip() and name not in (*_OWN, *MANY)
    }
    for name in MANY:
        given = [one for one in query.getlist(name) if one]
        if given or (name == "consents" and "made_up" in query):
            values[name] = given
    played: Play = parse_field(Play, "preview", values)
    return played


def moment_of(query: QueryParams, now: datetime) -> datetime:
    """Return when a made-up order is placed: as the page around a message says, else now."""
    at: datetime = parse_field(UtcTime, "at", query["at"]) if "at" in query else now
    return at


def query_of(query: QueryParams, **changes: str | None) -> str:
    """Return the same query with some fields changed, or taken out."""
    kept = [(name, value) for name, value in query.multi_items() if name not in changes]
    return urlencode([*kept, *((name, value) for name, value in changes.items() if value is not None)])
