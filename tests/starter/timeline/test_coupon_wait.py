"""A campaign that waits for a coupon: `explain` says when it looks again and what would change it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from campaign.offers.choice import LOOKS_EVERY, WAITS_UP_TO
from campaign.rules.decision import Kind
from settings import Settings
from starter import clock
from starter.__main__ import app
from starter.timeline.explanation import explain
from storage.database import Database
from tests.activities.coupons.shop import BEST, CODES, DUE, CouponShop, definition_with
from web.app import create_app

RUNNER = CliRunner()
TOKEN = "a-token-of-twenty-characters"  # noqa: S105 - a test's
LOOKS, WITHOUT = DUE + LOOKS_EVERY, DUE + WAITS_UP_TO
BETWEEN = BEST + timedelta(hours=1)
NEW_CODES = "the offer come-back has codes again"


def waiting(database: Database, **offer: Any) -> CouponShop:
    """A campaign at its last step, whose offer has run out of codes."""
    shop = CouponShop(database, definition=definition_with(**offer))
    shop.begin(codes=())
    for step in ("thank-you", "loyalty", "win-back-soft"):
        assert shop.decide(step, BEST).kind is Kind.SKIP
    return shop


def explained(shop: CouponShop) -> dict[str, Any]:
    """What `explain` says an hour after the campaign has looked for a code."""
    with shop.database.reading() as session:
        return explain(session, "o-1", BETWEEN)


def test_it_looks_again_when_the_campaign_does(database: Database) -> None:
    """An hour later it names the look that was recorded, in the decision and in the rule that makes it."""
    shop = waiting(database)
    assert shop.best().until == LOOKS
    now = explained(shop)["now"]
    rules = {rule["rule"]: rule["until"] for rule in now["rules"] if rule["decides"]}
    assert (now["until"], rules["no_coupon"]) == (LOOKS, LOOKS)
    assert now["coupon"] == {
        "offer": "come-back", "why": "no code of the offer come-back is left", "looks_again_at": LOOKS,
        "until_codes": True, "soon": False, "without_at": WITHOUT,
    }  # fmt: skip


def test_new_codes_would_change_it_until_it_goes_without(database: Database) -> None:
    """Until then they bring the message with its offer; without them it goes without."""
    shop = waiting(database)
    shop.best()
    (change,) = (one for one in explained(shop)["changes"] if one["change"] == NEW_CODES)
    assert change["before"] == WITHOUT
    (otherwise,), (instead,) = change["otherwise"]["messages"], change["instead"]["messages"]
    assert (otherwise["at"], otherwise["without"]) == (WITHOUT, "come-back")
    assert (instead["at"], "without" in instead) == (BETWEEN, False)


def test_codes_that_came_are_named_before_the_campaign_has_looked(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The campaign has not looked since; the schedule wakes it in minutes, what was recorded at latest."""
    shop = waiting(database)
    shop.best()
    shop.add(CODES)
    coupon = explained(shop)["now"]["coupon"]
    assert (coupon["why"], coupon["looks_again_at"], coupon["until_codes"]) == (NEW_CODES, LOOKS, False)
    assert coupon["soon"]
    monkeypatch.setenv("AFTERGLOW_DATABASE_URL", database.url)
    done = RUNNER.invoke(app, ["explain", "o-1", "--at", BETWEEN.isoformat()])
    assert f"{NEW_CODES}: within minutes, at the latest Sun 31 May 2026 15:00" in " ".join(
        done.output.split()
    )


def test_a_days_share_that_is_given_waits_for_no_codes(database: Database) -> None:
    """More codes change nothing today: none is asked for."""
    shop = waiting(database, max_per_day=1)
    shop.customer(customer_id="c-2", email="ben@example.com")
    shop.start("o-2", customer_id="c-2")
    shop.add(CODES)
    shop.claim_best(order_id="o-2")
    until = shop.best().until
    found = explained(shop)
    assert (found["now"]["coupon"]["looks_again_at"], found["now"]["coupon"]["until_codes"]) == (until, False)
    assert NEW_CODES not in {one["change"] for one in found["changes"]}


def test_nothing_is_said_of_coupons_where_none_is_waited_for(database: Database) -> None:
    """A step that may be sent with a code waits for none."""
    shop = waiting(database)
    shop.add(CODES)
    now = explained(shop)["now"]
    assert (now["step"], now["decision"], now["coupon"]) == ("win-back-best", "send", None)


def test_the_command_says_it(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """At 80 columns, in the customer's time: the look, what comes before, and the message without offer."""
    shop = waiting(database)
    shop.best()
    monkeypatch.setenv("AFTERGLOW_DATABASE_URL", database.url)
    done = RUNNER.invoke(app, ["explain", "o-1", "--at", BETWEEN.isoformat()])
    assert max(map(len, done.output.splitlines())) <= 80
    shown = " ".join(done.output.split())
    assert (
        "no code of the offer come-back is left: looks again Sun 31 May 2026 15:00, or soon after new codes "
        "are there; without a code, goes without the offer Tue 02 Jun 2026 11:00"
    ) in shown
    assert "email Tue 02 Jun 2026 11:00 without the offer come-back" in shown


async def test_the_page_says_it(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same on the page."""
    waiting(database).best()
    monkeypatch.setattr(clock, "now", lambda: BETWEEN)
    served = create_app(Settings(database_url=database.url, api_token=SecretStr(TOKEN)), database)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(served), base_url="http://shop") as http:
        page = (await http.get("/campaigns/o-1", auth=("", TOKEN))).text
    assert "looks again <b>Sun 31 May 2026, 15:00</b>, or soon after new codes are there;" in page
    assert "without the offer <b>Tue 2 Jun 2026, 11:00</b>" in page
    assert "The offer come-back has codes again" in page
