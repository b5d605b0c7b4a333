"""Times: ISO 8601 with an offset, from 1970 to 2099, kept in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, ValidationInfo

from campaign.fields.formerly import formerly

_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?([Zz]|[+-]\d\d(:?\d\d)?)?")
EARLIEST, TOO_LATE = datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def _written_time(value: Any, info: ValidationInfo) -> Any:
    """Accept ISO 8601 only: a bare number may be seconds or milliseconds, of whatever epoch.

    Raises:
        ValueError: not written so.
    """
    if isinstance(value, datetime) or formerly(info):
        return value
    if not (isinstance(value, str) and _TIME.fullmatch(value)):
        msg = 'is not a time: write one such as "2026-03-01T12:00:00Z"'
        raise ValueError(msg)
    return value


def _to_utc(value: datetime, info: ValidationInfo) -> datetime:
    """Return the time in UTC.

    Raises:
        ValueError: no business time: a placeholder such as year 1 or 9999.
    """
    try:
        at = value.astimezone(UTC)
    except OverflowError:
        at = None
    if at is None or not (EARLIEST <= at < TOO_LATE or formerly(info)):
        msg = "is out of range: write the time at which it happened, from 1970 on"
        raise ValueError(msg)
    return at


UtcTime = Annotated[
    AwareDatetime,
    BeforeValidator(_written_time, json_schema_input_type=AwareDatetime),
    AfterValidator(_to_utc),
]
