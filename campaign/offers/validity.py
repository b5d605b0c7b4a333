"""Until when an offer is valid: to the end of a day where the customer lives."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from campaign.definition.model import Definition
from campaign.facts import CustomerFacts
from campaign.places.zones import whereabouts

_LAST_SECOND = time(23, 59, 59)


def zone_of(definition: Definition, customer: CustomerFacts) -> ZoneInfo:
    """Return the zone in which a customer reads dates: the most trusted that is known, else the shop's."""
    zones = whereabouts(customer, definition.shop.country).zones
    return ZoneInfo(zones[0] if zones else definition.shop.time_zone)


def valid_until(now: datetime, valid_for: timedelta, zone: ZoneInfo) -> datetime:
    """Return the last second of the customer's day on which an offer ends, in their zone."""
    return datetime.combine((now + valid_for).astimezone(zone).date(), _LAST_SECOND, zone)
