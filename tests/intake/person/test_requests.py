"""What a shop requests: erasures are done by the worker, the rest waits for an operator."""

from __future__ import annotations

from campaign.wire import Customer
from intake.person.approved import do_next_request
from intake.person.requests import approve, receive_person_request
from shops.news import PersonRequest, PrivacyRequest
from storage.database import Database
from storage.queries.people.customers import save_customer
from tests.persons import EMAIL, LATER, NEEDLES, everything, found_in, store_person


def request(database: Database, kind: PrivacyRequest, email: str | None = None) -> int:
    """Receive a request of a shop."""
    with database.transaction() as session:
        return receive_person_request(session, PersonRequest(kind, email=email), LATER, "shopify")


def test_an_erasure_is_done_without_anybody(database: Database) -> None:
    """The worker's turn erases the person, and the request knows nobody any more."""
    with database.transaction() as session:
        store_person(session)
    request(database, PrivacyRequest.ERASE, EMAIL)
    assert do_next_request(database, LATER)
    assert not do_next_request(database, LATER)
    rows = everything(database)
    del rows["erasure_jobs"]
    assert found_in(rows, NEEDLES) == set()
    assert [(row["state"], row["who"]) for row in rows["person_requests"]] == [("done", None)]


def test_a_whole_shop_is_erased_once_somebody_has_approved(database: Database) -> None:
    """Everybody goes, with addresses that no customer has, and with requests for their data."""
    with database.transaction() as session:
        store_person(session)
        for number in range(3):
            contact = {"customer_id": f"c-{number}", "email": f"ada{number}@example.com"}
            save_customer(session, Customer.model_validate(contact))
    request(database, PrivacyRequest.EXPORT, "ada1@example.com")
    everybody = request(database, PrivacyRequest.ERASE_SHOP)
    assert not do_next_request(database, LATER)
    with database.transaction() as session:
        approve(session, everybody)
    assert do_next_request(database, LATER)
    rows = everything(database)
    assert {row["email"] for row in rows["customers"]} == {None}
    assert {row["kind"]: row["state"] for row in rows["person_requests"]} == {
        "export": "discarded", "erase_shop": "done",
    }  # fmt: skip
    del rows["erasure_jobs"]
    assert found_in(rows, (*NEEDLES, "ada1@")) == set()
