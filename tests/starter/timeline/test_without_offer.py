"""A message that goes without its offer: why is said before, and that it did is said afterwards."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from campaign.facts import MessageState
from content.sources import read_folder
from intake.coupons.redeeming import redeem
from settings import Settings
from starter import clock
from starter.__main__ import app
from starter.timeline.explanation import explain
from starter.timeline.play import Play, Stage, timeline
from storage.database import Database
from storage.queries.coupons.redeeming import Use
from tests.activities.coupons.shop import BEST, CODES, CouponShop, definition_with
from tests.activities.test_activities import CONTENT
from web.app import create_app

RUNNER = CliRunner()
TOKEN = "a-token-of-twenty-characters"  # noqa: S105 - a test's
LATER = BEST + timedelta(days=1)
WHY = "another coupon of the customer is open"


@pytest.fixture
def shop(database: Database) -> CouponShop:
    """A customer with a coupon of an earlier order, whose newer order is at its last step."""
    made = CouponShop(database)
    made.begin()
    assert made.deliver(made.claim_best(), BEST) is MessageState.SENT
    made.start("o-2")
    for step in ("thank-you", "loyalty", "win-back-soft"):
        made.decide(step, LATER, order_id="o-2")
    return made


def explained(shop: CouponShop) -> dict[str, Any]:
    """What `explain` says of the newer order."""
    with shop.database.reading() as session:
        return explain(session, "o-2", LATER)


async def test_why_is_said_before(shop: CouponShop, monkeypatch: pytest.MonkeyPatch) -> None:
    """As data, on the command line and on the page: the offer, and what stands against it."""
    (planned,) = explained(shop)["next"][-1]["messages"]
    assert (planned["without"], planned["why_without"]) == ("come-back", WHY)
    monkeypatch.setenv("AFTERGLOW_DATABASE_URL", shop.database.url)
    done = RUNNER.invoke(app, ["explain", "o-2", "--at", LATER.isoformat()])
    said = f"without the offer come-back ({WHY})"
    assert said in " ".join(done.output.split())
    monkeypatch.setattr(clock, "now", lambda: LATER)
    served = create_app(Settings(database_url=shop.database.url, api_token=SecretStr(TOKEN)), shop.database)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(served), base_url="http://shop") as http:
        assert said in (await http.get("/campaigns/o-2", auth=("", TOKEN))).text


def test_that_it_did_is_said_afterwards(shop: CouponShop, monkeypatch: pytest.MonkeyPatch) -> None:
    """By `explain` and by `status`; a message with its coupon is not said to have gone without."""
    assert shop.deliver(shop.claim_best(LATER, "o-2"), LATER) is MessageState.SENT
    (message,) = (m for step in explained(shop)["steps"] for m in step["messages"])
    assert (message["without"], message["why_without"]) == ("come-back", WHY)
    monkeypatch.setenv("AFTERGLOW_DATABASE_URL", shop.database.url)
    monkeypatch.setenv("COLUMNS", "200")
    said = f"email sent without the offer come-back ({WHY})"
    explaining = RUNNER.invoke(app, ["explain", "o-2", "--at", LATER.isoformat()])
    assert said in " ".join(explaining.output.split())
    assert "without the offer come-back" in RUNNER.invoke(app, ["status", "o-2"]).output
    with shop.database.reading() as session:
        first = explain(session, "o-1", LATER)
    assert [m["without"] for step in first["steps"] for m in step["messages"]] == [None]


def test_no_reason_is_given_that_is_not_known_any_more(shop: CouponShop) -> None:
    """The coupon that stood against it is used since: that it went without is still said, and no why."""
    assert shop.deliver(shop.claim_best(LATER, "o-2"), LATER) is MessageState.SENT
    with shop.database.transaction() as session:
        redeem(session, Use(CODES[0], "o-3", LATER))
    (message,) = (m for step in explained(shop)["steps"] for m in step["messages"])
    assert (message["without"], message["why_without"]) == ("come-back", None)


def test_a_preview_knows_what_the_customer_holds(shop: CouponShop) -> None:
    """The newer order's message shows no code; the order whose own coupon it is shows one, given again."""
    stage = Stage(definition_with(), read_folder(CONTENT))
    best = {}
    with shop.database.reading() as session:
        for order_id in ("o-1", "o-2"):
            found = timeline(session, stage, Play(order=order_id), BEST)
            *_, best[order_id] = (e for step in found["steps"] for e in step["entries"])
    assert (best["o-2"]["without"], best["o-2"]["why_without"]) == ("come-back", WHY)
    assert "WXYZ" not in best["o-2"]["text"]
    assert best["o-1"]["without"] is None
    assert "WXYZ" in best["o-1"]["text"]
