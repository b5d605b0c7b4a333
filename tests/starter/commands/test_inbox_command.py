"""``afterglow inbox``: what waits and why, without Temporal; tried again or given up by hand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from starter.__main__ import app
from starter.forwarding import forward_turn
from storage.database import Database
from storage.queries.inbox.listing import retry_rows
from tests.facts import PLACED
from tests.intake.test_received_orders import news, order
from tests.worker.test_forwarder import Temporal, receive, report
from tests.workflows.orders import purchase

Run = Callable[..., Awaitable[Result]]


@pytest.fixture
def run(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line, with no Temporal anywhere. ``data`` is given on standard input as JSON."""
    monkeypatch.setenv("AFTERGLOW_DATABASE_URL", database.url)
    monkeypatch.setenv("AFTERGLOW_HOME", str(tmp_path))
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    monkeypatch.setenv("COLUMNS", "200")

    async def invoke(*arguments: str, data: Any = None) -> Result:
        return await asyncio.to_thread(
            lambda: CliRunner().invoke(app, list(arguments), input=json.dumps(data))
        )

    return invoke


async def rows_of(run: Run, *arguments: str) -> list[dict[str, Any]]:
    """Return what `inbox` lists, as JSON."""
    rows: list[dict[str, Any]] = json.loads((await run("inbox", "--json", *arguments)).output)["rows"]
    return rows


async def test_without_temporal_orders_and_news_are_accepted_and_wait(run: Run) -> None:
    """`purchase` and `event` save and say so; `inbox` has every row with its reason; sent again, no more."""
    for _ in range(2):
        sent = await run("purchase", "-", data=[purchase("o-1"), purchase("o-2")])
        assert (sent.exit_code, sent.output.count("it waits in the inbox")) == (0, 2)
    assert "it waits in the inbox" in (await run("event", "o-1", "processed")).output
    assert "it waits for the order" in (await run("event", "o-9", "processed")).output
    shown = await run("inbox")
    assert shown.output.count("Temporal does not answer") == 1
    assert shown.output.rstrip().endswith("4 waiting")
    assert [row["reason"] for row in await rows_of(run)] == [
        "temporal_away", "earlier_first", "earlier_first", "no_order",
    ]  # fmt: skip


async def test_a_conflict_saves_nothing(run: Run) -> None:
    """Code 2, the field, and none of the other purchases in the file."""
    await run("purchase", "-", data=purchase("o-1"))
    other = await run("purchase", "-", data=[purchase("o-2"), purchase("o-1", total="1.00")])
    assert (other.exit_code, "total: differs from the order" in other.output) == (2, True)
    assert [row["order_id"] for row in await rows_of(run)] == ["o-1"]


async def test_refused_rows_are_listed_tried_again_and_discarded(run: Run, database: Database) -> None:
    """What Temporal never accepts is refused; after `retry` it waits again; `discard` ends it for good."""
    receive(database, *(order(name) for name in ("bad-1", "bad-2")))
    report(database, "o-9", news())
    await forward_turn(database, Temporal(), PLACED)
    await forward_turn(database, Temporal(), PLACED)
    refused = await rows_of(run, "--state", "refused")
    assert [row["reason"] for row in refused] == ["not_accepted", "not_accepted"]
    first, second = (str(row["id"]) for row in refused)
    assert (await run("inbox", "retry", first)).output == "1 row will be tried again by a worker\n"
    assert [row["order_id"] for row in await rows_of(run, "--state", "waiting")] == ["bad-1", "o-9"]
    discarded = await run("inbox", "discard", second, "999")
    assert (discarded.exit_code, "1 row discarded\n" in discarded.output) == (1, True)
    assert "999: there is no such row" in discarded.output
    late = await run("inbox", "retry", second)
    assert (late.exit_code, f"{second}: is discarded already" in late.output) == (1, True)
    assert [row["reason"] for row in await rows_of(run, "--state", "discarded")] == ["by_hand"]
    assert (await run("inbox", "retry")).exit_code == 2
    assert (await run("inbox", "retry", first, "--all")).exit_code == 2


async def test_only_what_was_listed_is_counted(run: Run, database: Database) -> None:
    """The last line counts the states that were shown, and no other."""
    receive(database, order("bad-1"))
    report(database, "o-9", news())
    await forward_turn(database, Temporal(), PLACED)
    assert (await run("inbox")).output.rstrip().endswith("1 waiting, 1 refused")
    assert (await run("inbox", "--state", "refused")).output.rstrip().endswith("1 refused")
    assert (await run("inbox", "--state", "unmatched")).output == "nothing is unmatched\n"
    assert (await run("inbox", "--state", "done")).output == "0 done\n"


async def test_status_says_where_an_order_waits(run: Run, database: Database) -> None:
    """Why and until when, for people and as JSON; of a refused one where to look."""
    receive(database, order("o-1"), due_at=PLACED.replace(year=2090))
    receive(database, order("bad-1", customer_id="c-2"))
    await forward_turn(database, Temporal(), PLACED)
    shown = (await run("status", "o-1")).output
    assert "waits in the inbox until 2090-" in shown
    assert "its time has not come" in shown
    assert "not known" not in shown
    inbox = json.loads((await run("status", "o-1", "--json")).output)["inbox"]
    assert (inbox["reason"], inbox["why"]) == ("not_due", "its time has not come")
    assert "was not started (refused): Temporal does not accept it" in (await run("status", "bad-1")).output


def test_all_that_waits_is_tried_at_once(database: Database) -> None:
    """Also what was unmatched or postponed; what is done or discarded is not."""
    receive(database, order("o-1"), due_at=PLACED.replace(year=2030))
    report(database, "o-9", news())
    with database.transaction() as session:
        assert retry_rows(session, None, PLACED) == 2
