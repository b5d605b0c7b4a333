"""Places with stricter law than a campaign may have: ``campaign/places/data/places.toml``."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache, cached_property, lru_cache
from typing import Annotated, Any, Literal

from pydantic import Field

from campaign.definition.base import Section
from campaign.definition.durations import Duration
from campaign.definition.model import Cap, Hours
from campaign.fields.places import Country
from campaign.places.regions import data_file
from campaign.places.zones import Whereabouts
from campaign.reasons import Channel


class PlaceCap(Section):
    """At most ``messages`` SMS in any stretch of ``per``."""

    messages: Annotated[int, Field(ge=1)]
    per: Duration


class Law(Section):
    """A rule of a country or one of its regions, with its source.

    ``in_force``: the date from which the row holds, which may be to come (None: it always has).
    """

    country: Country
    region: str | None = None
    source: Annotated[str, Field(min_length=1)]
    in_force: date | None = None
    checked: date
    certainty: Literal["sure", "likely"]

    def holds(self, at: datetime) -> bool:
        """Return whether the row is in force: its day has begun in UTC, so before it does in America."""
        return self.in_force is None or self.in_force <= at.astimezone(UTC).date()

    def binds(self, where: Whereabouts) -> bool:
        """Return whether a customer may be in the place, by whatever source."""
        if self.region is None:
            return self.country in where.countries
        return (self.country, self.region) in {(region.country, region.code) for region in where.regions}


class Place(Law):
    """When and how often SMS may be sent somewhere: what no setting of a campaign can loosen there."""

    name: str
    hours: Hours
    caps: tuple[PlaceCap, ...] = ()

    @cached_property
    def sms_caps(self) -> tuple[Cap, ...]:
        """The caps, as a campaign's own."""
        return tuple(Cap(channel=Channel.SMS, messages=cap.messages, per=cap.per) for cap in self.caps)


class OptOutLaw(Law):
    """What an opt-out by text is for somewhere, and for how long; ``kept``: what is done here."""

    name: str
    covers: Literal["everything"] | None = None
    honoured_for: Duration | None = None
    kept: str


class OpenPixelLaw(Law):
    """A country where an open pixel in an e-mail needs a consent of its own."""


@cache
def all_places() -> tuple[Place, ...]:
    """Return every place of the table."""
    return tuple(Place.model_validate(row) for row in _rows("places"))


@cache
def opt_out_laws() -> tuple[OptOutLaw, ...]:
    """Return every law about opting out by text, also those to come."""
    return tuple(OptOutLaw.model_validate(row) for row in _rows("opt_outs"))


@cache
def open_pixel_laws() -> dict[str, OpenPixelLaw]:
    """Return the countries where an open pixel needs a consent, with the law that says so."""
    return {row["country"]: OpenPixelLaw.model_validate(row) for row in _rows("open_pixels")}


@lru_cache(maxsize=4096)
def places_of(where: Whereabouts) -> tuple[Place, ...]:
    """Return every place that a customer may be in, by whatever source; also those of rules still to come."""
    return tuple(place for place in all_places() if place.binds(where))


def _rows(table: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = data_file("places.toml")[table]
    return rows
