"""``afterglow coupons``: codes from file to customer, on either database."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from intake.coupons.redeeming import redeem
from starter import clock
from starter.__main__ import app
from storage.database import Database
from storage.queries.coupons.redeeming import Use
from tests.activities.coupons.shop import BEST, CODES, CouponShop
from tests.facts import CAMPAIGN
from tests.fakes.shopify_api import DISCOUNT, serving_shopify

Run = Callable[..., Result]
POOL = 'coupon = "pool"\nvalid_for = "14 days"'
MADE = 'coupon = "single_use"\nprefix = "BACK"\nvalid_for = "14 days"'


@pytest.fixture
def run(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line with a campaign whose best offer has codes of the customer's own."""
    monkeypatch.setenv("AFTERGLOW_DATABASE_URL", database.url)
    monkeypatch.setenv("AFTERGLOW_CAMPAIGN", str(tmp_path / "campaign.toml"))
    monkeypatch.setenv("COLUMNS", "200")
    write(tmp_path, POOL)
    return lambda *arguments: CliRunner().invoke(app, ["coupons", *arguments])


def write(folder: Path, offer: str, shop: str = "") -> None:
    """Write the campaign with the offer changed."""
    text = CAMPAIGN.read_text("utf-8").replace('code = "COMEBACK20"\nvalid_for = "14 days"', offer)
    (folder / "campaign.toml").write_text(text.replace("[shop] ", f"[shop]\n{shop}\n#"), "utf-8")


def test_a_pool_is_uploaded_once(run: Run, tmp_path: Path) -> None:
    """With a heading or without; twice adds nothing; a file with a mistake adds nothing at all."""
    good, bad = tmp_path / "codes.csv", tmp_path / "bad.csv"
    good.write_text("Code,made\nsummer-1,2026\nSUMMER-2,2026\n\n", "utf-8")
    bad.write_text("SUMMER-3\nno code at all\n", "utf-8")
    assert run("upload", "come-back", str(good)).output == "come-back: 2 codes added, 0 here before\n"
    assert run("upload", "come-back", str(good)).output == "come-back: 0 codes added, 2 here before\n"
    refused = run("upload", "come-back", str(bad))
    assert (refused.exit_code, "bad.csv:2: is no code" in refused.output) == (2, True)
    assert "no code at all" not in refused.output
    assert "2 of 2" in run("list", "come-back", "--state", "available").output
    shared = run("upload", "welcome", str(good))
    fix = "write it there, or name one that has: come-back"
    assert f'OFFER: [offers.welcome] has no coupon = "pool" - {fix}' in shared.output
    missing = run("upload", "come-back", str(tmp_path / "cods.csv"))
    assert "cods.csv: is not there - check its name" in missing.output


def test_what_is_left_is_said(run: Run, database: Database) -> None:
    """A fifth is a warning of its own; an offer without a code is not said to have some."""
    shop = CouponShop(database)
    shop.begin(codes=[f"POOL-{number}" for number in range(5)])
    said = []
    for number in range(5):
        shop.best_of_another(number)
        said.append(run("status").output.splitlines()[-1])
    assert said[3:] == ["come-back: a fifth or less is left", "come-back: no code is left"]


def test_codes_are_made_exported_and_ready(run: Run, tmp_path: Path) -> None:
    """At a shop that does not know them, codes wait until its import is confirmed."""
    write(tmp_path, MADE, shop='system = "woocommerce"')
    assert run("make", "come-back", "--number", "3").output == "come-back: 3 codes made\n"
    file = tmp_path / "out.csv"
    run("export", "come-back", "--out", str(file))
    rows = list(csv.DictReader(file.read_text("utf-8").splitlines()))
    assert (len(rows), {row["usage_limit"] for row in rows}) == (3, {"1"})
    assert all(row["code"].startswith("BACK-") for row in rows)
    assert "0 of 0" in run("list", "come-back", "--state", "available").output
    assert run("ready", "come-back", str(file)).output == "come-back: 3 codes ready, 0 not waiting\n"
    assert "3 of 3" in run("list", "come-back", "--state", "available").output
    assert run("push", "come-back").exit_code == 2


def test_refused_codes_are_shown_and_pushed_again(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How many and why, by `push` and `status`; the next push gives them again without waiting."""
    write(tmp_path, f'{MADE}\nshopify_discount = "{DISCOUNT}"', 'system = "shopify"')
    run("make", "come-back", "--number", "3")
    with serving_shopify() as shopify:
        monkeypatch.setenv("AFTERGLOW_SHOPIFY_STORE", shopify.url)
        monkeypatch.setenv("AFTERGLOW_SHOPIFY_ADMIN_TOKEN", "shpat_token")
        shopify.refuses_each = True
        refused = "come-back: the shop refuses 3 codes (INVALID)\n"
        assert run("push", "come-back").output == f"come-back: Shopify has 0 codes more\n{refused}"
        assert refused in run("status").output
        shopify.refuses_each = False
        assert run("push", "come-back").output == "come-back: Shopify has 3 codes more\n"


def test_a_redemption_is_refused_with_its_reason(run: Run) -> None:
    """Nobody was given the code."""
    refused = run("redeem", "SUMMER-1", "--order", "o-1")
    assert (refused.exit_code, "no coupon has this code" in refused.output) == (1, True)


AMOUNT = "--amount: write the amount as a decimal string, such as "


@pytest.mark.parametrize(
    ("amount", "says"), [("7,98", '"19.90" - write a point, not a comma\n'), ("seven", '"19.90"\n')]
)
def test_an_amount_is_refused_in_whole_sentences(run: Run, amount: str, says: str) -> None:
    """What is wrong, and the fix where there is one: nothing dangles."""
    refused = run("redeem", "SUMMER-1", "--order", "o-1", "--amount", amount)
    assert (refused.exit_code, refused.output.endswith(f"{AMOUNT}{says}")) == (2, True)


@pytest.mark.parametrize(
    "arguments",
    [
        ("make",),
        ("upload", "codes.csv"),
        ("ready", "codes.csv"),
        ("export",),
        ("push",),
        ("list",),
        ("ended", "--since", "2026-01-01T00:00:00Z"),
    ],
)
def test_a_misspelled_offer_is_named_with_the_nearest(run: Run, arguments: tuple[str, ...]) -> None:
    """By every command that is given an offer."""
    command, *rest = arguments
    refused = run(command, "come-bakc", *rest)
    assert refused.exit_code == 2
    assert 'OFFER: "come-bakc" is not defined - did you mean "come-back"?' in refused.output


def test_codes_of_an_offer_that_is_gone_are_listed(run: Run, tmp_path: Path) -> None:
    """The campaign does not define it any more: its codes are there all the same."""
    codes = tmp_path / "codes.csv"
    codes.write_text("SUMMER-1\n", "utf-8")
    run("upload", "come-back", str(codes))
    text = (tmp_path / "campaign.toml").read_text("utf-8")
    (tmp_path / "campaign.toml").write_text(text.replace("come-back", "come-again"), "utf-8")
    assert "1 of 1" in run("list", "come-back", "--state", "available").output


def test_what_ended_unused_is_written_for_the_shop(
    run: Run, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three were issued, one of them used: the others once their last day is over, and not before."""
    shop = CouponShop(database)
    shop.begin()
    for order_id, customer_id in (("o-1", "c-1"), ("o-2", "c-2"), ("o-3", "c-3")):
        if order_id != "o-1":
            shop.customer(customer_id=customer_id, email=f"{customer_id}@example.com")
            shop.start(order_id, customer_id=customer_id)
        shop.deliver(shop.claim_best(order_id=order_id), BEST)
    with database.transaction() as session:
        redeem(session, Use(CODES[0], "o-9", BEST))
    file = tmp_path / "ended.csv"
    done = run("ended", "come-back", "--since", BEST.isoformat(), "--out", str(file))
    assert "come-back: 2 codes ended unused" in done.output
    rows = list(csv.DictReader(file.read_text("utf-8").splitlines()))
    assert [row["code"] for row in rows] == list(CODES[1:])
    assert all(datetime.fromisoformat(row["ended_at"]) > BEST for row in rows)
    monkeypatch.setattr(clock, "now", lambda: BEST + timedelta(days=13))
    assert "0 codes ended unused" in run("ended", "come-back", "--since", BEST.isoformat()).output
    assert run("ended", "come-back", "--since", "June").exit_code == 2
    nowhere = str(tmp_path / "no" / "ended.csv")
    assert run("ended", "come-back", "--since", BEST.isoformat(), "--out", nowhere).exit_code == 1
