"""What is to be played, as a preview's address says it: the fields of `Play`, as a form sends them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from campaign.errors import Problem
from campaign.fields.times import UtcTime
from starter.inputs import parse_field
from starter.timeline.play import Play, play_of_fields

MANY = ("consents", "clicks", "skus")
_OWN = ("q", "at", "sent", "step", "channel", "made_up")


LABELS = {
    "first_name": "First name",
    "language": "Language",
    "country": "Country",
    "time_zone": "Time zone",
    "orders": "Orders so far",
    "total": "Each came to",
    "consents": "May be written to by",
    "preferred_channel": "Prefers",
    "processed": "Processed",
    "fulfilled": "Fulfilled",
    "delivered": "Delivered",
    "buys_again": "Buys again",
    "clicks": "Clicked after three hours",
}
"""The form's fields, as people read them."""


def labelled(problem: Problem) -> str:
    """Return a mistake as one line that names its field as the form does."""
    path = problem.where.removeprefix("preview: ")
    label = LABELS.get(path.partition("[")[0], path)
    return str(replace(problem, where=label))


def entered(query: QueryParams, played: Play) -> dict[str, Any]:
    """Return what each field of the form shows: what was entered, else what is played."""
    return {name: query.get(name, "").strip() or getattr(played, name) for name in LABELS}


def play_of(query: QueryParams) -> tuple[Play, list[Problem]]:
    """Return what is to be played as far as it is right, and what is wrong, by field.

    Empty fields are left out; a form without consents has none.
    """
    values: dict[str, Any] = {
        name: value.strip() for name, value in query.items() if value.strip() and name not in (*_OWN, *MANY)
    }
    for name in MANY:
        given = [one for one in query.getlist(name) if one]
        if given or (name == "consents" and "made_up" in query):
            values[name] = given
    return play_of_fields(values)


def moment_of(query: QueryParams, now: datetime) -> datetime:
    """Return when a made-up order is placed: as the page around a message says, else now."""
    at: datetime = parse_field(UtcTime, "at", query["at"]) if "at" in query else now
    return at


def query_of(query: QueryParams, **changes: str | None) -> str:
    """Return the same query with some fields changed, or taken out."""
    kept = [(name, value) for name, value in query.multi_items() if name not in changes]
    return urlencode([*kept, *((name, value) for name, value in changes.items() if value is not None)])
