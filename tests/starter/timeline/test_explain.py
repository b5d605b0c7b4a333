"""`afterglow explain`: past, present and future of a campaign, as the decision has them."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from activities.enrol import enrol
from activities.interface import EnrolRequest
from campaign.errors import NotFound
from starter.__main__ import app
from starter.timeline.explanation import explain
from storage.database import Database
from tests.activities.test_activities import LOYALTY, Shop, purchase_of
from tests.campaign.segments.making import segmented
from tests.facts import PLACED

RUNNER = CliRunner()
EMAIL, NAME = "ada@example.com", "Ada"


@pytest.fixture
def shop(database: Database) -> Shop:
    """A customer with an order; its first step is decided, and waits for news."""
    made = Shop(database)
    made.customer(first_name=NAME)
    made.enrol()
    made.decide("thank-you", PLACED)
    return made


@pytest.fixture
def configured(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """The same, with the command line's settings."""
    monkeypatch.setenv("AFTERGLOW_DATABASE_URL", shop.database.url)
    return shop


def test_the_present_is_what_decide_says(shop: Shop) -> None:
    """The step that it is at, its reason, the rule that decides, and what comes if nothing happens."""
    with shop.database.reading() as session:
        found = explain(session, "o-1", PLACED + timedelta(hours=2))
    assert (found["now"]["step"], found["now"]["decision"]) == ("thank-you", "wait")
    assert [rule["rule"] for rule in found["now"]["rules"] if rule["decides"]] == ["awaiting_event"]
    assert {row["step"]: len(row["messages"]) for row in found["next"]} == {
        "thank-you": 0, "loyalty": 1, "win-back-soft": 1, "win-back-best": 1,
    }  # fmt: skip
    assert found["segment"]["name"] == "first-time"
    assert any(one["change"] == "the order is processed" for one in found["changes"])


def test_a_wait_past_the_due_time_says_for_what(shop: Shop) -> None:
    """Due at midnight where the customer lives: the night is named, and the reason stays what is recorded."""
    shop.customer(first_name=NAME, time_zone="Asia/Tokyo")
    now = PLACED + timedelta(days=3)
    shop.decide("thank-you", now)
    with shop.database.reading() as session:
        found = explain(session, "o-1", now)["now"]
    assert (found["step"], found["reason"]) == ("loyalty", "not_due")
    assert found["why"] == "not due yet, then quiet hours where the customer lives"


def test_the_past_is_what_was_recorded(shop: Shop) -> None:
    """A message that went out, its step and its reason; the next step is the present."""
    shop.deliver(shop.claim())
    with shop.database.reading() as session:
        found = explain(session, "o-1", LOYALTY + timedelta(hours=1))
    steps = {row["step"]: row for row in found["steps"]}
    assert [m["state"] for m in steps["loyalty"]["messages"]] == ["sent"]
    assert found["now"]["step"] == "thank-you"  # never settled: the tests jump over it
    assert "win-back-soft" in {row["step"] for row in found["next"]}


def test_looking_writes_nothing(shop: Shop) -> None:
    """Explaining adds no row and changes none: the step stands as it was decided."""
    before = shop.decide("thank-you", PLACED)
    with shop.database.reading() as session:
        first = explain(session, "o-1", PLACED)
        assert not session.new
        assert not session.dirty
        assert explain(session, "o-1", PLACED) == first
    assert shop.decide("thank-you", PLACED) == before


def test_what_does_not_exist_is_not_found(shop: Shop) -> None:
    """An order without a campaign is named."""
    with shop.database.reading() as session, pytest.raises(NotFound, match="o-404"):
        explain(session, "o-404", PLACED)


def test_it_reads_well_at_80_columns(configured: Shop) -> None:
    """No line is longer; version, segment, deciding rule, future and changes are there; no contact data."""
    configured.deliver(configured.claim())
    done = RUNNER.invoke(app, ["explain", "o-1", "--at", LOYALTY.isoformat()])
    assert done.exit_code == 0, done.output
    assert max(map(len, done.output.splitlines())) <= 80
    for words in ("version ", "Segment: first-time", "> ", "What comes next", "What would change it"):
        assert words in done.output
    assert EMAIL not in done.output
    assert NAME not in done.output


def test_each_condition_of_a_segment_says_what_it_saw(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As they are combined: a reader sees which one decided, and that one stands under a not."""
    when = 'any = [{ orders.at_least = 4 }, { not.country = ["CA"], orders.at_least = 3 }]'
    Shop(database).customer()
    purchase = purchase_of("o-1", PLACED.isoformat())
    enrol(database, segmented(when), EnrolRequest(purchase=purchase, run_id="run", now=PLACED))
    monkeypatch.setenv("AFTERGLOW_DATABASE_URL", database.url)
    shown = " ".join(RUNNER.invoke(app, ["explain", "o-1", "--at", PLACED.isoformat()]).output.split())
    assert (
        "Segment: rest - s0: orders at least 4: no (1), or (not (country: CA: no (US)), "
        "and orders at least 3: no (1)) + rest: everyone else"
    ) in shown


def test_json_is_the_same_for_programs(configured: Shop) -> None:
    """The whole explanation as JSON, times with their offsets, without contact data."""
    at = PLACED + timedelta(hours=2)
    done = RUNNER.invoke(app, ["explain", "o-1", "--json", "--at", at.isoformat()])
    found = json.loads(done.output)
    with configured.database.reading() as session:
        assert found["now"]["step"] == explain(session, "o-1", at)["now"]["step"]
    assert found["now"]["at"] == at.isoformat()
    assert EMAIL not in done.output


def test_the_moment_of_a_win_back_has_its_reason(shop: Shop) -> None:
    """What the delay of a scaled step comes from; nothing of a step that is not scaled."""
    with shop.database.reading() as session:
        assert explain(session, "o-1", PLACED)["now"]["timing"] is None
    for step in ("thank-you", "loyalty"):
        shop.decide(step, PLACED + timedelta(days=29))
    with shop.database.reading() as session:
        now = explain(session, "o-1", PLACED + timedelta(days=29))["now"]
    assert now["step"] == "win-back-soft"
    assert now["timing"] == "no model of buying cycles serves; 30 days x 1 (buying cycle of general 30 days)"
