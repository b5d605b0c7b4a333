"""What an erasure must leave as it is: other people's consents, payloads and later opt-outs."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from campaign.reasons import Channel, Reason
from campaign.rules.consent import permission
from campaign.wire import Customer
from intake.person.erasure import erase_person
from intake.person.requests import receive_person_request
from shops.news import PersonRequest, PrivacyRequest
from storage.database import Database
from storage.queries.people.customers import save_customer
from storage.queries.people.kept_opt_outs import REVOKED, hashed, keep_hashed
from storage.tables import InboxRow
from tests.callbacks import add_sending, open_campaign, save_shop_customer
from tests.customers import customer_facts
from tests.facts import PLACED, default_definition
from tests.persons import LATER, everything, found_in

EMAIL, OLD, NEW = "ada@example.com", "+12025550123", "+12025550124"


def save(database: Database, customer_id: str, *consents: dict[str, object], **contact: object) -> None:
    """Save a customer with these consents."""
    values = {"customer_id": customer_id, "country": "US", **contact, "consents": list(consents)}
    with database.transaction() as session:
        save_customer(session, Customer.model_validate(values))


def erase(database: Database, at: datetime = LATER, **who: Any) -> None:
    """Erase somebody."""
    request = PersonRequest(PrivacyRequest.ERASE, **who)
    database.retrying(lambda session: erase_person(session, request, "test", at))


def entry(state: str, days: float) -> dict[str, object]:
    """An entry of the ledger for text messages, so many days after the order."""
    at = (PLACED + timedelta(days=days)).isoformat()
    return {"channel": "sms", "state": state, "source": "checkout", "at": at, "confirmed": True}


def reason(database: Database, customer_id: str) -> Reason | None:
    """Why a customer may not be texted; None if he may."""
    with database.transaction() as session:
        facts = customer_facts(session, customer_id)
    return permission(default_definition(), facts, Channel.SMS).reason


def keep_payload(database: Database, number: int, topic: str, body: dict[str, Any], shop: str) -> None:
    """Keep a request of a shop that could not be applied."""
    row = InboxRow(
        key=f"shop_event:{number}", kind="shop_event", state="refused", received_at=PLACED, due_at=PLACED,
        body=json.dumps([shop, topic, f"e-{number}", json.dumps(body)]),
    )  # fmt: skip
    with database.transaction() as session:
        session.add(row)


def payloads(database: Database) -> list[str]:
    """The rows of the inbox that still have a payload."""
    return [row["key"] for row in everything(database)["inbox"] if row["body"]]


def test_a_grant_for_a_number_that_went_to_somebody_else_agrees_to_nothing_new(database: Database) -> None:
    """Ben agreed for a number that Ada has now: her erasure does not make it a grant for his new one."""
    save(database, "ben", entry("granted", 0), email="ben@example.com", phone=OLD)
    save(database, "ben", phone=NEW)
    assert reason(database, "ben") is Reason.NO_CONSENT
    save(database, "ada", email=EMAIL, phone=OLD)
    erase(database, email=EMAIL)
    assert reason(database, "ben") is Reason.NO_CONSENT
    rows = everything(database)
    del rows["erasure_jobs"]
    assert found_in(rows, (OLD, EMAIL)) == set()
    erase(database, customer_id="ben")
    assert reason_after_return(database) is Reason.NO_CONSENT


def reason_after_return(database: Database) -> Reason | None:
    """Whether the first number may be texted when it is known again, without any consent."""
    save(database, "new", phone=OLD)
    return reason(database, "new")


def test_a_number_in_a_payload_is_no_customer_id(database: Database) -> None:
    """Customer 7 goes: payloads of customer 7 go, those with seven mugs of somebody else stay."""
    save(database, "7", email=EMAIL)
    other = {"id": 900, "customer_id": 8, "billing": {"email": "ben@example.com"},
             "line_items": [{"id": 7, "product_id": 7, "quantity": 7}]}  # fmt: skip
    keep_payload(database, 1, "order.created", other, "woocommerce")
    keep_payload(database, 2, "order.created", {"id": 901, "customer_id": 7, "billing": {}}, "woocommerce")
    keep_payload(database, 3, "orders/create", {"id": 902, "customer": {"id": 7, "email": None}}, "shopify")
    keep_payload(database, 4, "orders/create", {"id": 7, "customer": {"id": 8}}, "shopify")
    keep_payload(database, 5, "customers/update", {"id": 7, "email": None}, "shopify")
    keep_payload(database, 6, "customer.updated", {"id": 7, "email": ""}, "woocommerce")
    erase(database, customer_id="7")
    assert payloads(database) == ["shop_event:1", "shop_event:4"]


def test_a_payload_that_cannot_be_read_is_searched_as_text(database: Database) -> None:
    """Broken JSON that names the person's address goes too."""
    save(database, "account-7", email=EMAIL)
    with database.transaction() as session:
        for number, text in enumerate((f'{{"email": "{EMAIL}", ', '{"email": "ben@example.com", ')):
            body = json.dumps(["shopify", "orders/create", f"e-{number}", text])
            row = InboxRow(key=f"shop_event:{number}", kind="shop_event", state="refused", body=body,
                           received_at=PLACED, due_at=PLACED)  # fmt: skip
            session.add(row)
    erase(database, email=EMAIL)
    assert payloads(database) == ["shop_event:1"]


@pytest.mark.parametrize("named", [{"email": EMAIL}, {"customer_id": "ada"}])
def test_a_request_for_the_data_of_somebody_erased_ends(database: Database, named: dict[str, str]) -> None:
    """An export that still waits names the person: it ends with the erasure; others' still wait."""
    save(database, "ada", email=EMAIL, phone=OLD)
    with database.transaction() as session:
        for who in (named, {"customer_id": "ben", "email": "ben@example.com"}):
            wanted = PersonRequest(PrivacyRequest.EXPORT, **who)  # type: ignore[arg-type]
            receive_person_request(session, wanted, PLACED, "shopify")
    erase(database, email=EMAIL)
    rows = sorted(everything(database)["person_requests"], key=lambda row: row["id"])
    assert [(row["state"], row["who"] is None) for row in rows] == [("discarded", True), ("open", False)]


def test_of_two_kept_opt_outs_the_later_one_counts(database: Database) -> None:
    """An opt-out through an old mail comes after one that is kept already: no grant of between lifts it."""
    save(database, "ada", entry("revoked", 1), phone=OLD)
    erase(database, customer_id="ada")
    with database.transaction() as session:
        keep_hashed(session, Channel.SMS, hashed(session, Channel.SMS, OLD), REVOKED, PLACED + timedelta(20))
        keep_hashed(session, Channel.SMS, hashed(session, Channel.SMS, OLD), REVOKED, PLACED + timedelta(2))
    save(database, "new", entry("granted", 15), phone=OLD)
    assert reason(database, "new") is Reason.NO_CONSENT


def test_a_hash_is_not_hashed_again(database: Database) -> None:
    """Two who had one address are erased one after the other: late reports of either still find it."""
    save_shop_customer(database)
    open_campaign(database)
    message = add_sending(database, Channel.SMS)
    (row,) = (row for row in everything(database)["messages"] if row["id"] == message)
    save(database, "c-1", phone=NEW)
    save(database, "ben", phone=row["address"])
    erase(database, customer_id="ben")
    erase(database, customer_id="c-1")
    (after,) = (one for one in everything(database)["messages"] if one["id"] == message)
    with database.transaction() as session:
        assert after["address"] == hashed(session, Channel.SMS, row["address"])
