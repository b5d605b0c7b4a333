"""What a shop forwards of the law's rights: recorded before it is answered, done later.

An erasure is done by the worker within seconds. An export is produced by an operator: it goes to a person,
and the shop's owner has 30 days (https://shopify.dev/docs/apps/build/compliance/privacy-law-compliance). A
whole shop is erased once an operator approves: it would empty the database.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from sqlmodel import Session

from campaign.reasons import Channel
from intake.person.persons import Person
from shops.news import PersonRequest, PrivacyRequest
from storage.queries.privacy.finding import key_of
from storage.queries.privacy.requests import (
    RequestState,
    add_request,
    get_request,
    open_exports,
    settle_request,
)
from storage.tables import PersonRequestRow

DUE = timedelta(days=30)
_PERSON = ("customer_id", "email", "phone", "order_ids")


def receive_person_request(session: Session, request: PersonRequest, now: datetime, source: str) -> int:
    """Record a request by its kind; return its number. ``source``: which system has sent it."""
    record = {
        PrivacyRequest.ERASE: request_erasure,
        PrivacyRequest.EXPORT: request_export,
        PrivacyRequest.ERASE_SHOP: request_shop_erasure,
    }
    return record[request.kind](session, request, source, now)


def request_erasure(session: Session, request: PersonRequest, source: str, now: datetime) -> int:
    """Record that a person is to be erased: the worker does it once this is committed."""
    return _add(session, request, source, now, RequestState.APPROVED)


def request_export(session: Session, request: PersonRequest, source: str, now: datetime) -> int:
    """Record that a person's data is to be given to the shop's owner: listed until that is done."""
    return _add(session, request, source, now, RequestState.OPEN)


def request_shop_erasure(session: Session, request: PersonRequest, source: str, now: datetime) -> int:
    """Record that all of a shop's persons are to be erased: done after an operator has approved."""
    return _add(session, request, source, now, RequestState.OPEN)


def approve(session: Session, identifier: int) -> None:
    """Have the worker do a request.

    Raises:
        NotFound: no such request waits.
    """
    row = get_request(session, identifier)
    row.state = RequestState.APPROVED.value
    session.add(row)


def discard(session: Session, identifier: int, now: datetime) -> None:
    """Settle a request without doing it. Raises as `approve`."""
    settle_request(session, get_request(session, identifier), RequestState.DISCARDED, now)


def end_exports(session: Session, person: Person, now: datetime) -> int:
    """Discard requests for the data of a person who is being erased; return how many that were."""
    ended = [row for row in open_exports(session) if _is_of(person_of(row), person)]
    for row in ended:
        settle_request(session, row, RequestState.DISCARDED, now)
    return len(ended)


def _is_of(request: PersonRequest, person: Person) -> bool:
    email = request.email and key_of(Channel.EMAIL, request.email)
    phone = request.phone and key_of(Channel.SMS, request.phone)
    return request.customer_id in person.customer_ids or email in person.addresses or phone in person.own


def person_of(row: PersonRequestRow) -> PersonRequest:
    """Return what a recorded request knows of its person."""
    known = json.loads(row.who or "{}")
    known["order_ids"] = tuple(known.get("order_ids", ()))
    return PersonRequest(PrivacyRequest(row.kind), **known)


def _add(session: Session, request: PersonRequest, source: str, now: datetime, state: RequestState) -> int:
    who = json.dumps({name: getattr(request, name) for name in _PERSON})
    row = PersonRequestRow(
        kind=request.kind.value, source=source, who=who, state=state.value, received_at=now, due_at=now + DUE
    )
    return add_request(session, row)
