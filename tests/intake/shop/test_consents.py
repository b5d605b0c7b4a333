"""What a shop reports of consents never undoes what a customer has said since."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from campaign.reasons import Channel
from campaign.rules.consent import is_revoked
from campaign.wire import Consent
from shops.shopify import read_event
from storage.database import Database
from storage.queries.people.consents import ledger, record_opt_out
from storage.queries.people.customers import get_customer
from storage.tables import ConsentRow
from tests.shop_news import HOUR, NOW, ShopSystem, news_of, person
from tests.shops.shopify.news import a_context

DAY = 24 * HOUR
STATED = {"state": "subscribed", "opt_in_level": "single_opt_in"}


@pytest.fixture
def shop(database: Database) -> ShopSystem:
    """A shop that reports to either database."""
    return ShopSystem(database)


def update(shop: ShopSystem, at: datetime, now: datetime, created: datetime = NOW - DAY) -> None:
    """Report a customer as Shopify does: subscribed since ``at``."""
    stated = {**STATED, "consent_updated_at": at.isoformat()}
    body = {"id": 77, "email": "ada@example.com", "created_at": created.isoformat()}
    body |= {"updated_at": now.isoformat(), "email_marketing_consent": stated}
    shop.report(read_event("customers/update", json.dumps(body).encode(), a_context(now=now)), now)


def opted_out(shop: ShopSystem) -> bool:
    """Whether the customer gets no mail."""
    with shop.database.reading() as session:
        return is_revoked(ledger(session, get_customer(session, "77")), Channel.EMAIL)


@pytest.mark.parametrize("late", [-HOUR, timedelta(0), 3 * DAY, 365 * DAY])
@pytest.mark.parametrize("created", [-DAY, 3 * DAY])
def test_no_late_report_undoes_an_opt_out(shop: ShopSystem, late: timedelta, created: timedelta) -> None:
    """Subscribed before it, at that moment, or in the future of a clock that is wrong; however often."""
    shop.report(news_of(None, person("77")))
    with shop.database.transaction() as session:
        customer = get_customer(session, "77")
        stop = Consent(channel=Channel.EMAIL, state="revoked", source="unsubscribe", at=NOW)
        record_opt_out(session, customer, stop, None, NOW)
    for hours in (1, 2):
        update(shop, NOW + late, NOW + hours * HOUR, NOW + created)
    assert opted_out(shop)


def test_a_grant_of_the_future_is_as_old_as_its_customer(shop: ShopSystem) -> None:
    """It counts, and an opt-out of now comes after it; a clock that is minutes ahead is believed."""
    update(shop, NOW + 3 * DAY, NOW)
    update(shop, NOW + timedelta(minutes=3), NOW)
    assert [row.at for row in shop.rows(ConsentRow)] == [NOW - DAY, NOW + timedelta(minutes=3)]
