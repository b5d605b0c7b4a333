"""Erasing a person: nothing personal stays in any column, money facts do, and others are left alone."""

from __future__ import annotations

import pytest

from campaign.errors import BadInput
from campaign.wire import Customer
from intake.person.erasure import Erased, erase_person
from intake.person.export import export_person
from intake.person.persons import find_person
from shops.guests import guest_id
from shops.news import PersonRequest, PrivacyRequest
from storage.database import Database
from storage.personal_data import CLASSES, EXPORTED
from storage.queries.campaigns.facts import load_run
from storage.queries.people.customers import save_customer
from storage.tables import InboxRow
from tests.facts import PLACED
from tests.persons import EMAIL, LATER, MARK, NEEDLES, PHONE, everything, found_in, kept, store_person

PERSON = PersonRequest(PrivacyRequest.ERASE, email=EMAIL)


@pytest.fixture
def stored(database: Database) -> Database:
    """A database with the person."""
    with database.transaction() as session:
        store_person(session)
    return database


def erase(database: Database, request: PersonRequest = PERSON) -> Erased:
    """Erase somebody."""
    return database.retrying(lambda session: erase_person(session, request, "test", LATER))


def save(database: Database, customer_id: str, **contact: object) -> None:
    """Save a customer."""
    with database.transaction() as session:
        save_customer(session, Customer.model_validate({"customer_id": customer_id, **contact}))


def test_no_personal_column_survives(stored: Database) -> None:
    """The mark is in every column that is classed personal, and after the erasure in none at all."""
    before = everything(stored)
    filled = {
        f"{table}.{name}" for table, rows in before.items() for row in rows for name in row if row[name]
    }
    personal = {f"{table}.{name}" for table, of in CLASSES.items() for name in of.personal.split()}
    assert personal - filled == {"person_requests.who"}
    assert erase(stored).counts["customers"] == 1
    after = everything(stored)
    after.pop("erasure_jobs")  # the worker deletes it
    assert found_in(after, NEEDLES) == set()


def test_money_facts_stay_without_the_person(stored: Database) -> None:
    """Orders with lines, refunds and events are kept, under one customer who has no data."""
    erase(stored)
    rows = everything(stored)
    (nobody,) = rows["customers"]
    assert nobody["id"].startswith("erased-")
    assert {name: value for name, value in nobody.items() if value and name != "id"} == {}
    assert [row["customer_id"] for row in rows["orders"]] == [nobody["id"]]
    assert (len(rows["order_lines"]), len(rows["refunds"]), len(rows["order_events"])) == (1, 1, 1)
    assert {row["state"] for row in rows["messages"]} == {"sent", "unconfirmed", "skipped"}
    (run,) = rows["campaign_runs"]
    assert (run["exit_reason"], run["stop_reason"], run["closed_at"]) == ("stopped", "erased", LATER)
    assert {row["state"] for row in rows["inbox"]} == {"discarded"}


def test_an_erasure_is_recorded_without_the_person(stored: Database) -> None:
    """When, on whose request and how much; a second request finds nobody and records nothing."""
    counts = erase(stored).counts
    assert not erase(stored).found
    (row,) = everything(stored)["erasures"]
    assert (row["at"], row["source"], row["counts"]) == (LATER, "test", counts)
    assert counts == {
        "customers": 1, "orders": 1, "campaigns_stopped": 1, "messages": 3, "consents": 2, "replies": 1,
        "payloads": 1, "opt_outs_kept": 2, "requests_ended": 0,
        "reviews": 1,
    }  # fmt: skip


def test_opt_outs_and_bounces_are_kept_as_hashes(stored: Database) -> None:
    """What was taken back and what bounced outlives the addresses."""
    erase(stored)
    assert kept(stored) == [("email", "bounced"), ("sms", "revoked")]


def test_a_campaign_of_an_erased_person_can_still_be_read(stored: Database) -> None:
    """A workflow that decides once more finds a run that is stopped, and nobody to write to."""
    erase(stored)
    with stored.transaction() as session:
        run = load_run(session, "o-1")
    assert (run.closed, run.facts.stopped, dict(run.contact.addresses)) == (True, True, {})


def test_the_export_has_what_the_erasure_takes(stored: Database) -> None:
    """Every table that holds something of the person is in the export, with all its personal values."""
    with stored.reading() as session:
        exported = export_person(session, PERSON, LATER)
    assert exported["customer_ids"] == [MARK]
    assert set(exported["data"]) == set(EXPORTED)
    before, given = everything(stored), str(exported)
    for table in EXPORTED:
        for row in before[table]:
            for name in CLASSES[table].personal.split():
                assert row[name] is None or str(row[name]) in given or table == "inbox", (table, name)
    assert erase(stored).found
    with stored.reading() as session:
        assert export_person(session, PERSON, LATER)["data"] == {}


def test_guests_with_the_address_are_the_same_person(database: Database) -> None:
    """An account's request takes the guest orders with its e-mail address along, by whichever name."""
    guest = guest_id("key", "email:ada@example.com")
    save(database, "c-1", email="ada@example.com", phone="+12025550111")
    save(database, guest, email="Ada@Example.com")
    with database.reading() as session:
        for request in (
            PersonRequest(PrivacyRequest.ERASE, customer_id="c-1"),
            PersonRequest(PrivacyRequest.ERASE, email="ADA@example.com"),
        ):
            assert find_person(session, request).customer_ids == {"c-1", guest}


def test_who_shares_a_number_is_somebody_else(database: Database) -> None:
    """A couple has one number: only who has requested it is erased, and the number's ledger stays."""
    opt_out = {"channel": "sms", "state": "revoked", "source": "sms: stop", "at": PLACED.isoformat()}
    save(database, "c-1", email="ada@example.com", phone=PHONE, first_name="Ada", consents=[opt_out])
    save(database, "c-2", email="ben@example.com", phone=PHONE, first_name="Ben")
    with database.reading() as session:
        person = find_person(session, PersonRequest(PrivacyRequest.ERASE, email="ada@example.com"))
    assert (set(person.customer_ids), person.others) == ({"c-1"}, ("c-2",))
    erase(database, PersonRequest(PrivacyRequest.ERASE, email="ada@example.com"))
    rows = everything(database)
    assert [(row["first_name"], row["phone"]) for row in rows["customers"] if row["phone"]] == [
        ("Ben", PHONE)
    ]
    assert [(row["customer_id"], row["address"]) for row in rows["consents"]] == [(None, PHONE)]
    assert kept(database) == []
    del rows["erasure_jobs"]
    assert found_in(rows, ("ada@", "Ada", "c-1")) == set()


def test_a_payload_about_somebody_else_stays(stored: Database) -> None:
    """Of the shop's requests that are kept whole, only those that name the person go."""
    other = '["shopify", "orders/create", "e-2", "{\\"email\\": \\"grace@example.com\\", \\"note\\": 2025}"]'
    with stored.transaction() as session:
        row = InboxRow(
            key="shop_event:2", kind="shop_event", state="refused", received_at=PLACED, due_at=PLACED
        )
        row.body = other
        session.add(row)
    erase(stored)
    assert [row["body"] for row in everything(stored)["inbox"] if row["body"]] == [other]


def test_nobody_named_is_refused(database: Database) -> None:
    """A request without any name erases nobody, rather than everybody."""
    with pytest.raises(BadInput, match="is not named"):
        erase(database, PersonRequest(PrivacyRequest.ERASE))
