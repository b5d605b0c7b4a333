"""Doing what was requested and approved: one person at a time, each in a transaction of its own."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from intake.person.erasure import erase_person
from intake.person.leftovers import erase_leftovers
from intake.person.requests import person_of
from shops.news import PersonRequest, PrivacyRequest
from storage.database import Database
from storage.queries.privacy.finding import next_customers
from storage.queries.privacy.requests import RequestState, next_approved, settle_request
from storage.tables import PersonRequestRow
from storage.tables.people import ERASED


def do_next_request(database: Database, now: datetime) -> bool:
    """Do the oldest approved request; False if there is none.

    Raises:
        Unavailable: the database is not there.
    """
    with database.reading() as session:
        row = next_approved(session)
    if row is None:
        return False
    if row.kind == PrivacyRequest.ERASE_SHOP:
        _erase_everybody(database, row.source, now)
    database.retrying(lambda session: _settle(session, row, now))
    return True


def _settle(session: Session, row: PersonRequestRow, now: datetime) -> None:
    """Erase the person, and settle the request in the same transaction."""
    if row.kind == PrivacyRequest.ERASE:
        erase_person(session, person_of(row), row.source, now)
    settle_request(session, session.merge(row), RequestState.DONE, now)


def _erase_everybody(database: Database, source: str, now: datetime) -> None:
    """Erase every person, and then the addresses that nobody has. It may be cut short, and go on."""
    after = ""
    while True:
        with database.reading() as session:
            ids = next_customers(session, after)
        if not ids:
            break
        after = ids[-1]
        for identifier in ids:
            if not identifier.startswith(ERASED):
                _erase_one(database, identifier, source, now)
    erase_leftovers(database, now)


def _erase_one(database: Database, identifier: str, source: str, now: datetime) -> None:
    request = PersonRequest(PrivacyRequest.ERASE, customer_id=identifier)
    database.retrying(lambda session: erase_person(session, request, source, now))
