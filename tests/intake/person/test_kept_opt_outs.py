"""What an erased person took back holds when the address returns, whichever way it comes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from campaign.reasons import Channel, Reason
from campaign.rules.consent import permission
from campaign.wire import Customer
from intake.person.erasure import erase_person
from shops.news import PersonRequest, PrivacyRequest
from storage.database import Database
from storage.queries.people.customers import save_customer
from storage.queries.people.kept_opt_outs import REVOKED, hashed, keep_hashed
from storage.queries.privacy.returned import restore_returned
from tests.callbacks import add_sending, open_campaign, providers, save_shop_customer
from tests.customers import customer_facts
from tests.facts import PLACED, default_definition
from tests.mail import Mail, unsubscribe
from tests.persons import LATER, everything, found_in, kept

EMAIL, PHONE = "ada@example.com", "+12025550123"


def consent(state: str, days: float, channel: str = "sms") -> dict[str, object]:
    """An entry for the ledger, so many days after the order."""
    at = (PLACED + timedelta(days=days)).isoformat()
    return {"channel": channel, "state": state, "source": "checkout", "at": at, "confirmed": True}


def save(database: Database, customer_id: str, *consents: dict[str, object], **contact: str) -> None:
    """Save a customer with both addresses."""
    values = {"customer_id": customer_id, "email": EMAIL, "phone": PHONE, "country": "US", **contact}
    with database.transaction() as session:
        save_customer(session, Customer.model_validate({**values, "consents": list(consents)}))


def erase(database: Database) -> None:
    """Erase whoever has the address."""
    request = PersonRequest(PrivacyRequest.ERASE, email=EMAIL)
    database.retrying(lambda session: erase_person(session, request, "test", LATER))


def reason(database: Database, customer_id: str, channel: Channel = Channel.SMS) -> Reason | None:
    """Why a customer may not be sent marketing; None if he may."""
    with database.transaction() as session:
        return permission(default_definition(), customer_facts(session, customer_id), channel).reason


def test_an_opt_out_holds_when_the_address_returns(database: Database) -> None:
    """A new customer id with the same number and its old grant is not texted; the hash has become a row."""
    save(database, "c-1", consent("granted", 0), consent("revoked", 1))
    erase(database)
    assert kept(database) == [("sms", "revoked")]
    save(database, "c-2", consent("granted", 0))
    assert reason(database, "c-2") is Reason.NO_CONSENT
    assert everything(database)["kept_opt_outs"] == []


def test_a_late_opt_out_of_who_has_come_back_holds_within_a_day(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through an old mail, known by the hash alone: the daily turn finds the address, on whatever page."""
    monkeypatch.setattr("storage.queries.privacy.returned.PAGE", 1)
    save(database, "c-1")
    erase(database)
    save(database, "c-0", email="ben@example.com", phone="+12025550124")
    save(database, "c-2")
    assert restore_returned(database, LATER) == 0
    with database.transaction() as session:
        keep_hashed(session, Channel.EMAIL, hashed(session, Channel.EMAIL, EMAIL), REVOKED, LATER)
    assert reason(database, "c-2", Channel.EMAIL) is None
    assert restore_returned(database, LATER) == 1
    assert reason(database, "c-2", Channel.EMAIL) is Reason.NO_CONSENT
    assert reason(database, "c-0", Channel.EMAIL) is None
    assert restore_returned(database, LATER) == 0


def test_a_new_consent_lifts_it_as_for_anyone(database: Database) -> None:
    """Who agrees again, after the opt-out, is texted again."""
    save(database, "c-1", consent("granted", 0), consent("revoked", 1))
    erase(database)
    save(database, "c-2", consent("granted", 200))
    assert reason(database, "c-2") is None


def test_a_new_order_starts_clean(database: Database) -> None:
    """Without an opt-out nothing is held against who returns, and nothing is known either."""
    save(database, "c-1", consent("granted", 0), first_name="Ada")
    erase(database)
    save(database, "c-1")
    assert (reason(database, "c-1"), reason(database, "c-1", Channel.EMAIL)) == (Reason.NO_CONSENT, None)
    (row,) = (row for row in everything(database)["customers"] if row["id"] == "c-1")
    assert row["first_name"] is None


@pytest.mark.parametrize("keys", [("new", "development"), ("new",)])
def test_a_changed_key_is_found_as_long_as_it_is_listed(database: Database, keys: tuple[str, ...]) -> None:
    """After a rotation the previous key still finds the hash; taken off the list, it does not."""
    save(database, "c-1", consent("granted", 0), consent("revoked", 1))
    erase(database)
    rotated = Database(database.url, opt_out_keys=keys)
    save(rotated, "c-2", consent("granted", 0))
    assert reason(rotated, "c-2") is (Reason.NO_CONSENT if "development" in keys else None)
    rotated.close()


def test_nobody_is_erased_without_a_key(database: Database) -> None:
    """A process that would lose opt-outs erases nobody."""
    save(database, "c-1", consent("revoked", 1))
    keyless = Database(database.url)
    with pytest.raises(RuntimeError, match="opt_out_keys"):
        erase(keyless)
    keyless.close()
    assert reason(database, "c-1") is Reason.NO_CONSENT


async def test_a_late_stop_is_kept_without_the_number(database: Database, tmp_path: Path) -> None:
    """STOP from an erased number: no row has the number, and yet it holds; START lifts it again."""
    calls = providers(database, tmp_path)
    save(calls.database, "c-1", consent("granted", 0))
    erase(database)
    assert (await calls.sms("STOP please", PHONE)).is_success
    assert found_in(everything(database), (PHONE, "please")) == set()
    assert kept(database) == [("sms", "revoked")]
    assert (await calls.sms("START", PHONE)).is_success
    assert kept(database) == []
    assert (await calls.sms("STOP", PHONE)).is_success
    save(database, "c-2", consent("granted", 0))
    assert reason(database, "c-2") is Reason.NO_CONSENT


async def test_late_reports_of_a_provider_are_kept_without_the_address(
    database: Database, tmp_path: Path
) -> None:
    """A bounce and a complaint about erased messages: no address comes back, and both hold."""
    calls = providers(database, tmp_path)
    save_shop_customer(database)
    open_campaign(database)
    email = add_sending(database, Channel.EMAIL)
    request = PersonRequest(PrivacyRequest.ERASE, customer_id="c-1")
    database.retrying(lambda session: erase_person(session, request, "test", LATER))
    ids = {"sg_message_id": "sg-1.filter", "timestamp": 1_772_000_000, "afterglow_message": email}
    for number, event in enumerate(("bounce", "spamreport")):
        report = {"email": EMAIL, "event": event, "sg_event_id": f"e-{number}", **ids}
        assert (await calls.sendgrid(report)).is_success
    assert kept(database) == [("email", "bounced"), ("email", "revoked"), ("email", "spam")]
    rows = everything(database)
    del rows["erasure_jobs"]
    assert found_in(rows, (EMAIL, "c-1")) == set()


async def test_an_old_mails_link_still_unsubscribes(mail: Mail) -> None:
    """The unsubscribe link of an erased person's mail works, and holds when the address returns."""
    message = mail.claim()
    mail.deliver(message)
    erase(mail.database)
    assert "Unsubscribe?" in (await mail.http.get(unsubscribe(message))).text
    assert "You are unsubscribed" in (await mail.http.post(unsubscribe(message))).text
    assert "You are unsubscribed" in (await mail.http.get(unsubscribe(message))).text
    save(mail.database, "c-2")
    assert reason(mail.database, "c-2", Channel.EMAIL) is Reason.NO_CONSENT
