"""What is left of a shop when all its persons are erased: addresses that no customer has, and payloads."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from campaign.reasons import Channel
from intake.person.erasure import erase_person
from shops.news import PersonRequest, PrivacyRequest
from storage.database import Database
from storage.queries.privacy.erasing import erase_payloads
from storage.queries.privacy.finding import Address, kept_payloads, lone_addresses


def erase_leftovers(database: Database, now: datetime) -> None:
    """Erase every address that is still there, one at a time, and every payload that is kept whole."""
    before: list[Address] = []
    while True:
        with database.reading() as session:
            left = lone_addresses(session)
        if left == before:  # nothing, or nothing that can be erased
            break
        before = left
        for channel, address in left:
            _erase_address(database, channel, address, now)
    database.retrying(lambda session: _erase_payloads(session, now))


def _erase_address(database: Database, channel: Channel, address: str, now: datetime) -> None:
    email, phone = (address, None) if channel is Channel.EMAIL else (None, address)
    request = PersonRequest(PrivacyRequest.ERASE, email=email, phone=phone)
    database.retrying(lambda session: erase_person(session, request, "shop", now))


def _erase_payloads(session: Session, now: datetime) -> None:
    erase_payloads(session, [row.id or 0 for row in kept_payloads(session)], now)
