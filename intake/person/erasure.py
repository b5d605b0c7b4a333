"""Erasing a person: contact data, texts and wishes go, money facts stay under a customer who is nobody.

It is done in the database in one transaction, under the person's locks, and holds from then on: no decision
finds anybody to write to. What is outside the database (Temporal's histories, the outbox's files) is recorded
as a job in that same transaction and done by the worker (`worker.erasures`), also when Temporal is away now.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from campaign.errors import DatabaseBusy
from intake.person.opt_outs import keep_opt_outs, mark_erased
from intake.person.payloads import speaks_of
from intake.person.persons import Person, find_person
from intake.person.requests import end_exports
from shops.news import PersonRequest
from storage.queries.people.kept_opt_outs import newest_key
from storage.queries.people.locks import lock_customers
from storage.queries.privacy import erasing
from storage.queries.privacy.erasing_profile import erase_profile
from storage.queries.privacy.finding import customers_by_id, kept_payloads, orders_of
from storage.queries.privacy.jobs import add_job, record_erasure
from storage.tables.people import ERASED


@dataclass(frozen=True)
class Erased:
    """How much was erased, by what it was. ``found``: there was anything at all."""

    counts: dict[str, int]

    @property
    def found(self) -> bool:
        """Whether anything of the person was here."""
        return any(self.counts.values())


def erase_person(session: Session, request: PersonRequest, source: str, now: datetime) -> Erased:
    """Erase everything about a person, but for money facts, and opt-outs as keyed hashes.

    Nobody is erased twice: who is found no more is not recorded again.

    Raises:
        BadInput: nobody is named.
        DatabaseBusy: somebody has added to the person meanwhile: try again at once.
    """
    person = _locked(session, request)
    orders = orders_of(session, person.customer_ids)
    nobody = ERASED + secrets.token_hex(10)
    if _is_here(session, person):
        erasing.add_nobody(session, nobody)
    erased = Erased(_erase(session, person, orders, nobody, now))
    if erased.found:
        digests = [_digest(session, identifier) for identifier in person.customer_ids]
        record_erasure(session, source, digests, erased.counts, now)
        mark_erased(session, person, now)
    if person.customer_ids:
        add_job(session, person.customer_ids, orders, now)
    return erased


def _locked(session: Session, request: PersonRequest) -> Person:
    seen = find_person(session, request)
    lock_customers(session, seen.customer_ids, seen.addresses)
    person = find_person(session, request)
    if not (person.customer_ids <= seen.customer_ids and person.addresses <= seen.addresses):
        msg = "the person's data has just changed: try again"
        raise DatabaseBusy(msg, lost_race=True)
    return person


def _is_here(session: Session, person: Person) -> bool:
    return bool(customers_by_id(session, person.customer_ids))


def _erase(session: Session, person: Person, orders: list[str], nobody: str, now: datetime) -> dict[str, int]:
    """Erase in the order that the rows' references want."""
    ids, own = person.customer_ids, person.own
    payloads = [row.id or 0 for row in kept_payloads(session) if speaks_of(row, person)]
    counts = {
        "opt_outs_kept": keep_opt_outs(session, person),
        "orders": len(orders),
        "campaigns_stopped": erasing.move_orders(session, ids, nobody, now),
        "messages": erasing.erase_messages(session, ids, person.addresses, own, nobody),
        "consents": erasing.erase_ledger(session, ids, own),
        "replies": erasing.erase_addresses(session, own),
        "payloads": erasing.erase_payloads(session, payloads, now),
        "reviews": erase_profile(session, ids, nobody),
        "requests_ended": end_exports(session, person, now),
    }
    erasing.erase_inbox(session, orders, nobody, now)
    counts["customers"] = erasing.delete_customers(session, ids)
    return counts


def _digest(session: Session, customer_id: str) -> str:
    text = f"erased {customer_id}"
    return hmac.new(newest_key(session).encode(), text.encode(), hashlib.sha256).hexdigest()
