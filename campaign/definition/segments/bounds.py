"""From what to what a fact may be: counts, amounts, durations; and names that must be there or not."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from campaign.definition.base import Section, Words
from campaign.definition.durations import Duration
from campaign.fields.money import Money


def _share(value: Any) -> Any:
    """Read ``"10%"``.

    Raises:
        ValueError: not a whole number of percents from 1 to 99.
    """
    found = re.fullmatch(r"([1-9]\d?) ?%", value) if isinstance(value, str) else None
    if found is None:
        msg = 'not a share of customers: write a whole number of percents from 1 to 99, such as "10%"'
        raise ValueError(msg)
    return int(found[1])


Share = Annotated[
    int,
    BeforeValidator(_share),
    PlainSerializer(lambda share: f"{share}%", return_type=str),
    WithJsonSchema({"type": "string", "pattern": "^[1-9][0-9]? ?%$", "examples": ["10%"]}),
]


class _Bounds(Section):
    """At least one bound, and a value that is within them."""

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if not any(value is not None for _, value in self):
            msg = f"says nothing: write {' or '.join(type(self).model_fields)}"
            raise ValueError(msg)
        return self


class Counts(Section):
    """How many orders that were kept, in all or in the last ``within``."""

    at_least: Annotated[int, Field(ge=0)] | None = None
    at_most: Annotated[int, Field(ge=0)] | None = None
    within: Annotated[Duration, Field(gt=timedelta(0))] | None = None

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.at_least is None and self.at_most is None:
            msg = "says nothing: write at_least or at_most"
            raise ValueError(msg)
        _refuse_empty(self.at_least, None if self.at_most is None else self.at_most + 1, "at_most")
        return self


class Amounts(_Bounds):
    """An amount in the shop's currency: from ``at_least`` on, up to but without ``below``."""

    at_least: Money | None = None
    below: Money | None = None

    @model_validator(mode="after")
    def _possible(self) -> Self:
        _refuse_empty(self.at_least, self.below, "below")
        return self


class LifetimeValues(Amounts):
    """As `Amounts`; ``top``: among so many percent of the shop's customers, those who have spent most."""

    top: Share | None = None


class Durations(_Bounds):
    """A time: from ``at_least`` on, up to but without ``below``."""

    at_least: Duration | None = None
    below: Duration | None = None

    @model_validator(mode="after")
    def _possible(self) -> Self:
        _refuse_empty(self.at_least, self.below, "below")
        return self


def _refuse_empty(least: Any, beyond: Any, name: str) -> None:
    """Refuse bounds that nothing is within.

    Raises:
        ValueError: nothing is at least ``least`` (or, without, at least zero) and below ``beyond``.
    """
    zero = timedelta(0) if isinstance(beyond, timedelta) else Decimal(0)
    if beyond is not None and beyond <= (zero if least is None else least):
        msg = f"nothing is within these bounds: write a larger {name}"
        raise ValueError(msg)


class NameChoice(_Bounds):
    """Names of which the customer has one, all, or none. Capitals make no difference."""

    any_of: Annotated[list[Words], Field(min_length=1)] | None = None
    all_of: Annotated[list[Words], Field(min_length=1)] | None = None
    none_of: Annotated[list[Words], Field(min_length=1)] | None = None


def _any_of(value: Any) -> Any:
    """Take a list for names of which one must be there.

    Raises:
        ValueError: neither a list nor a table.
    """
    if not isinstance(value, (list, dict, NameChoice)):
        msg = 'neither a list nor a table: write one such as ["press"] or { none_of = ["press"] }'
        raise ValueError(msg)  # noqa: TRY004 - pydantic makes a problem of a ValueError only
    return {"any_of": value} if isinstance(value, list) else value


Names = Annotated[NameChoice, BeforeValidator(_any_of, json_schema_input_type=NameChoice | list[Words])]
"""``["press"]`` is short for ``{ any_of = ["press"] }``."""
