"""An address that many guests share: what is read stays bounded, and nothing of one's own is left out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from campaign.facts import MessageState
from campaign.reasons import Channel
from storage.database import Database
from storage.inserts import insert_rows
from storage.queries.campaigns import run_statement
from storage.queries.campaigns.facts import load_run_of
from storage.tables import MessageRow
from tests.callbacks import add_sending, open_campaign, save_shop_customer
from tests.facts import PLACED

OTHERS = 600


@pytest.fixture
def crowded(database: Database) -> str:
    """A message of a run, and 600 newer ones of another guest's to the same address; the first one's id."""
    for number in (1, 2):
        save_shop_customer(database, f"guest-{number}")
        open_campaign(database, f"o-{number}", f"guest-{number}")
    mine = add_sending(database, Channel.EMAIL, "o-1", customer_id="guest-1")
    later = PLACED + timedelta(hours=1)
    rows = [
        {"id": f"m-{number}", "order_id": "o-2", "customer_id": "guest-2", "step": f"s{number}",
         "channel": "email", "segment": "new", "purpose": "marketing", "state": "sent", "latest_at": later,
         "claimed_at": later + timedelta(seconds=number), "address": "ada@example.com"}
        for number in range(OTHERS)
    ]  # fmt: skip
    with database.transaction() as session:
        insert_rows(session, MessageRow, rows)
    return mine


def test_a_run_always_sees_its_own_messages(database: Database, crowded: str) -> None:
    """A message that newer ones to the same address outnumber is not forgotten: it cannot be sent twice."""
    with database.transaction() as session:
        run = load_run_of(session, crowded)
    assert run.messages[crowded].state is MessageState.SENDING
    assert Channel.EMAIL in run.facts.mine("loyalty")
    assert len(run.facts.messages) <= run_statement._NEWEST_MESSAGES + 1


def test_no_newer_message_of_the_address_is_left_out(database: Database, crowded: str) -> None:
    """What counts against caps are the newest messages, each once, own and others'."""
    with database.transaction() as session:
        read = [message.id for message in load_run_of(session, crowded).facts.messages]
    newest = [f"m-{number}" for number in reversed(range(OTHERS))][: run_statement._NEWEST_MESSAGES]
    assert read == [*newest, crowded]
