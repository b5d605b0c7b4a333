"""What an erasure would do, counted before anybody agrees to it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session

from intake.person.export import rows_of_person
from intake.person.persons import Person, find_person
from shops.news import PersonRequest
from storage.queries.inbox.states import Kind, State


@dataclass(frozen=True)
class ErasurePreview:
    """``stored``: rows by table, none for an empty one; ``orders``: the ids of those that are kept.

    ``open_campaigns`` end, ``waiting_starts`` (orders in the inbox) are never started.
    """

    person: Person
    stored: dict[str, int]
    orders: tuple[str, ...]
    open_campaigns: int
    waiting_starts: int


def preview_erasure(session: Session, request: PersonRequest) -> ErasurePreview:
    """Return what is stored about a person, and what would end.

    Raises:
        BadInput: nobody is named.
    """
    person = find_person(session, request)
    rows = rows_of_person(session, person)
    waiting = [row for row in rows["inbox"] if row["state"] == State.WAITING and row["kind"] == Kind.ORDER]
    return ErasurePreview(
        person,
        {name: len(found) for name, found in rows.items() if found},
        tuple(row["id"] for row in rows["orders"]),
        sum(row["closed_at"] is None for row in rows["campaign_runs"]),
        len(waiting),
    )
