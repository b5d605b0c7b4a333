"""Doubtful text messages: a person settles each once, and its text is gone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import select

from campaign.customers.keywords import Intent
from campaign.errors import NotFound
from campaign.reasons import Channel
from campaign.rules.consent import is_revoked
from intake.received_replies import MAX_WORDING, receive_reply, settle_reply
from storage.database import Database
from storage.queries.people.consents import ledger
from storage.queries.people.customers import get_customer
from storage.queries.people.replies import Verdict, open_replies
from storage.tables import ReplyRow
from tests.callbacks import PHONE, save_shop_customer
from tests.facts import PLACED

LATER = PLACED + timedelta(hours=1)


@pytest.fixture
def reply(database: Database) -> int:
    """A doubtful message of a customer who may be sent texts; its id."""
    save_shop_customer(database)
    with database.transaction() as session:
        assert receive_reply(session, PHONE, "wrong number", PLACED).intent is Intent.DOUBTFUL
        return session.exec(select(ReplyRow.id)).one() or 0


@pytest.mark.parametrize(("verdict", "revoked"), [("opt_out", True), ("other", False)])
def test_a_person_settles_a_reply(database: Database, reply: int, verdict: Verdict, revoked: bool) -> None:
    """B25: as an opt-out it revokes, as something else it changes nothing; either way its text is gone."""
    with database.transaction() as session:
        assert settle_reply(session, reply, verdict, LATER) is revoked
    with database.transaction() as session:
        assert is_revoked(ledger(session, get_customer(session, "c-1")), Channel.SMS) is revoked
        row = session.exec(select(ReplyRow)).one()
        assert (row.text, row.verdict, row.settled_at) == (None, verdict, LATER)
        assert open_replies(session, 10) == ([], 0)


def test_a_reply_is_settled_once(database: Database, reply: int) -> None:
    """Settled by somebody else meanwhile, or never there: not found, and nothing is changed."""
    with database.transaction() as session:
        settle_reply(session, reply, "other", LATER)
    for identifier in (reply, reply + 1):
        with database.transaction() as session, pytest.raises(NotFound):
            settle_reply(session, identifier, "opt_out", LATER)
    with database.transaction() as session:
        assert not is_revoked(ledger(session, get_customer(session, "c-1")), Channel.SMS)


def test_the_list_is_cut_and_counted(database: Database) -> None:
    """The oldest first, so many of all; a long text is cut."""
    with database.transaction() as session:
        for number in range(3):
            receive_reply(session, f"+1202555010{number}", "spam " + "x" * 3_000, PLACED)
        rows, count = open_replies(session, 2)
    assert ([row.sender for row in rows], count) == (["+12025550100", "+12025550101"], 3)
    assert len(rows[0].text or "") == MAX_WORDING
