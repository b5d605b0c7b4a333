"""How reviews are requested, and which of them messages may quote."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from campaign.definition.base import Section
from campaign.definition.durations import Duration

STARS = 5
"""A rating is a whole number of stars from 1 to this."""


class RequestedBy(StrEnum):
    """Who requests reviews: one of the two, so that nobody is written to twice about the same purchase."""

    AFTERGLOW = "afterglow"
    SHOP = "shop"


class Reviews(Section):
    """Who requests reviews, for how long a link takes one, and which reviews are quoted.

    With ``requested_by = "shop"`` (WooCommerce's reminder, a review app) messages request none. Quotes are
    published reviews no older than ``quotes_within`` of at least ``quotes_from`` stars; the average beside
    them counts every rating.
    """

    requested_by: RequestedBy = RequestedBy.AFTERGLOW
    open_for: Annotated[Duration, Field(ge=timedelta(days=1), le=timedelta(days=730))] = timedelta(days=180)
    quotes_within: Annotated[Duration, Field(ge=timedelta(days=1))] = timedelta(days=548)
    quotes_from: Annotated[int, Field(ge=1, le=STARS)] = 4
