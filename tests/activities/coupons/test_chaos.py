"""Under random failures and kills no code is shared, leaked, dead on arrival, or reserved for ever."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import select

from campaign.definition.model import Definition
from campaign.offers.coupons import CouponState
from storage.database import Database
from storage.tables import CouponRow
from tests.activities.coupons.chaos import Chaos, code_in
from tests.activities.coupons.shop import definition_with

THREADS = 8
HANDED = {CouponState.ISSUED, CouponState.REDEEMED, CouponState.RELEASED, CouponState.VOID}
"""What a code may be that has reached a provider: never one that somebody else can get."""


def definition(ready: int) -> Definition:
    """A campaign at a shop that has to be given the codes that we make."""
    made = definition_with(coupon="single_use", prefix="BACK", keep_ready=ready)
    shop = {**made.shop.model_dump(), "system": "shopify"}
    return Definition.model_validate({**made.model_dump(), "shop": shop})


def run(chaos: Chaos, campaigns: int, codes: int) -> None:
    """Run so many campaigns with a pool of so many codes, which go first, and those that are made."""
    chaos.upload(codes)
    chaos.fill()
    with chaos.dying(), ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(chaos.campaign, range(campaigns)))


def check(chaos: Chaos) -> None:
    """Hold what is stored against what providers were handed."""
    with chaos.database.reading() as session:
        rows = {row.code: row for row in session.exec(select(CouponRow))}
    found, sent = chaos.found(), chaos.provider.accepted.values()
    assert (found["shared"], found["dead on arrival"]) == (0, 0), found
    assert [code for code, row in rows.items() if row.state == CouponState.RESERVED] == []
    for code, orders in chaos.provider.handed.items():
        row = rows[code]
        assert CouponState(row.state) in HANDED, (code, row.state)
        assert {row.order_id} == orders, code
    for message in sent:
        if shown := code_in(message.text):
            assert rows[shown].state != CouponState.RELEASED, shown


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**31), kills=st.sampled_from([0.0, 0.02, 0.1]), codes=st.integers(0, 12))
def test_no_code_is_shared_leaked_or_left(sqlite_tables: Path, seed: int, kills: float, codes: int) -> None:
    """Whatever fails when, with many codes or few, or none."""
    with TemporaryDirectory() as folder:
        opened = Database(f"sqlite:///{shutil.copy(sqlite_tables, Path(folder) / 'one.db')}")
        chaos = Chaos(opened, definition(2), seed, kills)
        run(chaos, 10, codes)
        check(chaos)
        opened.close()


@pytest.mark.chaos
def test_thousands_of_sends(database: Database, request: pytest.FixtureRequest) -> None:
    """The same with threads against both databases: 100 campaigns here, 12,500 by `make chaos`."""
    sends = request.config.getoption("--chaos-sends")
    chaos = Chaos(database, definition(sends // 4), seed=2026)
    run(chaos, sends, sends * 2 // 3)
    print(dict(chaos.found()))  # noqa: T201 - the figures, for `make chaos`
    check(chaos)
