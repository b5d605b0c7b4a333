"""Requests of shops that could not be understood, applied after all: a newer version may read them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from campaign.errors import AfterglowError, Unavailable
from intake.shop.events import retry_shop_event
from settings import Settings
from starter.shops.systems import read_event
from storage.database import Database
from storage.queries.shop.events import kept_requests
from storage.tables import InboxRow


@dataclass
class Retried:
    """How many requests were applied; why others still are not, by their row. No text quotes a body."""

    applied: int = 0
    refused: dict[int, str] = field(default_factory=dict)


def retry_shop_events(
    database: Database, settings: Settings, ids: Collection[int] | None, now: datetime
) -> Retried:
    """Apply kept requests, each in a transaction of its own, oldest first; of these rows, or all.

    Raises:
        Unavailable: the database is not there.
    """
    with database.reading() as session:
        rows = kept_requests(session, ids)
    retried = Retried()
    for row in rows:
        if why := _problem(database, settings, row, now):
            retried.refused[row.id or 0] = why
        else:
            retried.applied += 1
    return retried


def _problem(database: Database, settings: Settings, row: InboxRow, now: datetime) -> str | None:
    try:
        database.retrying(lambda session: retry_shop_event(session, row, read_event(settings, now), now))
    except Unavailable:
        raise
    except AfterglowError as error:
        return "; ".join(str(error).splitlines())
    except Exception as error:  # noqa: BLE001 - one request must not hold up the others
        return type(error).__name__
    return None
