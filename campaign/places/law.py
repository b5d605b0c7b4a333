"""Places with stricter law than a campaign may have: ``campaign/places/data/places.toml``. For SMS only."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache, cached_property, lru_cache
from typing import Annotated, Literal

from pydantic import Field

from campaign.definition.durations import Duration
from campaign.definition.model import Cap, Hours, Section
from campaign.places.regions import data_file
from campaign.places.zones import Whereabouts
from campaign.reasons import Channel
from campaign.wire import Country


class PlaceCap(Section):
    """At most ``messages`` SMS in any stretch of ``per``."""

    messages: Annotated[int, Field(ge=1)]
    per: Duration


class Place(Section):
    """A country or one of its regions, and what no setting of a campaign can loosen there.

    ``in_force``: the date from which the row holds (None: it always has).
    """

    name: str
    country: Country
    region: str | None = None
    hours: Hours
    caps: tuple[PlaceCap, ...] = ()
    source: Annotated[str, Field(min_length=1)]
    in_force: date | None = None
    checked: date
    certainty: Literal["sure", "likely"]

    @cached_property
    def sms_caps(self) -> tuple[Cap, ...]:
        """The caps, as a campaign's own."""
        return tuple(Cap(channel=Channel.SMS, messages=cap.messages, per=cap.per) for cap in self.caps)

    def holds(self, at: datetime) -> bool:
        """Say whether the row is in force: its day has begun in UTC, which is before it does in America."""
        return self.in_force is None or self.in_force <= at.date()


@cache
def all_places() -> tuple[Place, ...]:
    """Return every place of the table."""
    return tuple(Place.model_validate(row) for row in data_file("places.toml")["places"])


@lru_cache(maxsize=4096)
def places_of(where: Whereabouts) -> tuple[Place, ...]:
    """Return every place that a customer may be in, by whatever source; also those of rules still to come."""
    regions = {(region.country, region.code) for region in where.regions}
    return tuple(
        place
        for place in all_places()
        if (place.region is None and place.country in where.countries)
        or (place.country, place.region) in regions
    )
