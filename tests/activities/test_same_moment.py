"""A provider's acceptance that is recorded at the very moment at which something else settles the message."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from activities import outcome
from activities.close import close
from activities.interface import CloseRequest
from activities.outcome import Attempt, succeed
from campaign.errors import DatabaseBusy
from campaign.reasons import Reason
from channels.protocol import Receipt
from storage import database as storage_database
from storage.database import Database
from storage.queries.messages import messages
from tests.activities.test_activities import LOYALTY, Killed, Shop

LATER = LOYALTY + timedelta(days=8)


def window_closes(shop: Shop, _: str) -> None:
    """The step is decided after its window."""
    shop.decide(at=LATER)


def campaign_ends(shop: Shop, _: str) -> None:
    """The campaign is cancelled."""
    close(shop.database, CloseRequest(order_id="o-1", reason=Reason.STOPPED, now=LATER))


def nobody_can_tell(shop: Shop, identifier: str) -> None:
    """Another attempt gives up."""
    outcome.unconfirm(shop.database, Attempt(identifier, LOYALTY, LATER))


def not_found(shop: Shop, identifier: str) -> None:
    """Another attempt does not find it at the provider, and gives it back to be sent."""
    outcome.reclaim(shop.database, Attempt(identifier, LOYALTY, LATER))


@pytest.mark.parametrize("settle", [window_closes, campaign_ends, nobody_can_tell, not_found])
def test_an_acceptance_at_the_same_moment_holds(
    settle: Callable[[Shop, str], None], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Accepted while others give the message up: it is sent, known, and never sent again."""
    shop = Shop(database)
    shop.customer()
    shop.enrol()
    identifier = shop.claim()
    shop.provider.dies_after_accepting = True
    with pytest.raises(Killed):
        shop.deliver(identifier)
    monkeypatch.setattr(storage_database, "LOCK_SECONDS", 1)
    other = Database(database.url)
    attempt, receipt = Attempt(identifier, LOYALTY, LOYALTY), Receipt("p-1", LOYALTY)
    kinds_of = messages.kinds_of

    def meanwhile(*args: Any) -> Any:
        monkeypatch.setattr(messages, "kinds_of", kinds_of)
        try:
            succeed(other, attempt, receipt, None)
        except DatabaseBusy:
            tried.append(None)
        return kinds_of(*args)

    tried: list[None] = []
    monkeypatch.setattr(messages, "kinds_of", meanwhile)
    settle(shop, identifier)
    if tried:
        succeed(other, attempt, receipt, None)
    other.close()
    row = shop.message(identifier)
    assert (row.state, row.provider_id) == ("sent", "p-1")
