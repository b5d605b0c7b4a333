"""Standings that a loyalty programme reports: the newest counts, of customers who are known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from campaign.errors import Unavailable
from campaign.wire import LoyaltyStanding
from intake.loyalty.programme import save_all, take_over
from intake.loyalty.standings import MOST_AT_ONCE, Recorded, record_standings
from intake.person.erasure import erase_person
from shops.news import PersonRequest, PrivacyRequest
from storage.database import Database
from storage.queries.people.customers import ensure_customers
from storage.tables import LoyaltyStandingRow
from tests.facts import PLACED

DAY = timedelta(days=1)


def standing(customer_id: str = "c-1", **changes: Any) -> LoyaltyStanding:
    """A report of a customer."""
    return LoyaltyStanding.model_validate({"customer_id": customer_id, **changes})


def add_customers(database: Database, *ids: str) -> None:
    """Customers without contact data."""
    with database.transaction() as session:
        ensure_customers(session, sorted(ids))


def kept(session: Session, customer_id: str = "c-1") -> tuple[Any, ...] | None:
    """What is kept of a customer's standing."""
    row = session.get(LoyaltyStandingRow, customer_id)
    return None if row is None else (row.tier, row.points, row.source, row.at)


def record(database: Database, *standings: LoyaltyStanding) -> tuple[Recorded, tuple[Any, ...] | None]:
    """What became of reports, and what is kept of the customer."""
    with database.transaction() as session:
        recorded = record_standings(session, standings, "test", PLACED)
        return recorded, kept(session)


def test_the_newest_report_counts(database: Database) -> None:
    """However late an older one comes; one without a time is of now; the same again changes nothing."""
    add_customers(database, "c-1")
    gold = standing(tier="gold", points=5, at=PLACED - DAY)
    assert record(database, gold) == (Recorded(saved=1), ("gold", 5, "test", PLACED - DAY))
    assert record(database, gold) == (Recorded(saved=1), ("gold", 5, "test", PLACED - DAY))
    older = standing(tier="silver", at=PLACED - 2 * DAY)
    assert record(database, older) == (Recorded(older=1), ("gold", 5, "test", PLACED - DAY))
    assert record(database, standing(tier="top")) == (
        Recorded(saved=1),
        ("top", None, "test", PLACED),
    )


def test_a_report_of_the_future_is_of_now(database: Database) -> None:
    """A clock that is years ahead does not keep every later report out."""
    add_customers(database, "c-1")
    ahead = standing(tier="gold", at=PLACED + 9_999 * DAY)
    assert record(database, ahead) == (Recorded(saved=1), ("gold", None, "test", PLACED))
    assert record(database, standing(tier="silver"))[1] == ("silver", None, "test", PLACED)


def test_of_one_customer_named_twice_the_newest_counts(database: Database) -> None:
    """Whatever their order in the list."""
    add_customers(database, "c-1")
    new, old = standing(tier="gold", at=PLACED - DAY), standing(tier="silver", at=PLACED - 2 * DAY)
    for one in ([new, old], [old, new]):
        assert record(database, *one)[1] == ("gold", None, "test", PLACED - DAY)


def test_who_left_the_programme_stands_nowhere_in_it(database: Database) -> None:
    """Both null; an older report that comes late brings nobody back."""
    add_customers(database, "c-1")
    record(database, standing(tier="gold", at=PLACED - 2 * DAY))
    assert record(database, standing(at=PLACED - DAY))[1] == (None, None, "test", PLACED - DAY)
    assert record(database, standing(tier="gold", at=PLACED - 2 * DAY))[0] == Recorded(older=1)


def test_nobody_becomes_a_customer_by_a_standing(database: Database) -> None:
    """An id that is not known, or is no more, is counted and left out; the others are saved."""
    add_customers(database, "c-1")
    recorded, mine = record(database, standing(tier="gold"), standing("stranger", tier="gold"))
    assert (recorded, mine) == (Recorded(saved=1, unknown=1), ("gold", None, "test", PLACED))
    with database.reading() as session:
        assert kept(session, "stranger") is None


def test_who_was_erased_does_not_come_back_by_a_standing(database: Database) -> None:
    """The standing goes with the person, and the programme's next report of that id is left out."""
    add_customers(database, "c-1")
    record(database, standing(tier="gold"))
    with database.transaction() as session:
        assert erase_person(
            session, PersonRequest(PrivacyRequest.ERASE, customer_id="c-1"), "test", PLACED
        ).found
    assert record(database, standing(tier="gold")) == (Recorded(unknown=1), None)
    with database.reading() as session:
        assert session.exec(select(LoyaltyStandingRow)).all() == []


def test_many_standings_are_saved_in_parts(database: Database) -> None:
    """More than one transaction takes: all are saved, each once."""
    ids = [f"c-{number}" for number in range(MOST_AT_ONCE + 5)]
    add_customers(database, *ids)
    recorded = save_all(database, [standing(one, points=1) for one in ids], "test", PLACED)
    assert recorded == Recorded(saved=len(ids))


class Failing:
    """A programme that cannot be reached after its first page."""

    name = "failing"

    def standings(self) -> Iterator[Sequence[LoyaltyStanding]]:
        """Give one page."""
        yield [standing(tier="gold")]
        msg = "the programme cannot be reached"
        raise Unavailable(msg)


def test_what_came_before_a_failure_is_kept(database: Database) -> None:
    """An adapter is a class with a name and pages; the next time goes on."""
    add_customers(database, "c-1")
    with pytest.raises(Unavailable):
        take_over(database, Failing(), PLACED)
    with database.reading() as session:
        assert kept(session) == ("gold", None, "failing", PLACED)
