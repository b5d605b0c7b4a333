"""The command line, as an order service's developer uses it: real server, real worker, either database."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session
from temporalio.client import WorkflowFailureError
from typer.testing import CliRunner, Result

from campaign.facts import MessageState
from campaign.reasons import Channel
from campaign.wire import Customer
from starter.__main__ import app
from starter.commands import data as data_commands
from storage.queries.messages.messages import message_id
from storage.queries.people.customers import save_customers
from storage.tables import MessageEventRow, MessageRow
from tests.activities.test_privacy import pending_failure
from tests.callbacks import open_campaign, save_shop_customer
from tests.facts import CAMPAIGN, PLACED
from tests.shop import Shop, unique
from tests.workflows.orders import purchase, start, waiting

pytestmark = pytest.mark.temporal
Run = Callable[..., Awaitable[Result]]


@pytest.fixture
def run(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line beside a running worker. ``data`` is given on standard input as JSON."""
    monkeypatch.setenv("AFTERGLOW_DATABASE_URL", shop.database.url)
    monkeypatch.setenv("AFTERGLOW_HOME", str(shop.settings.home))
    monkeypatch.setenv("TEMPORAL_ADDRESS", shop.client.service_client.config.target_host)
    monkeypatch.setenv("COLUMNS", "200")

    async def invoke(*arguments: str, data: Any = None) -> Result:
        text = data if isinstance(data, str) else json.dumps(data)
        return await asyncio.to_thread(lambda: CliRunner().invoke(app, list(arguments), input=text))

    return invoke


def contact(**changes: Any) -> dict[str, Any]:
    """A customer as JSON."""
    return {"customer_id": "c-1", "email": "ada@example.com", "country": "US", **changes}


async def test_a_campaign_from_purchase_to_stop(run: Run, shop: Shop) -> None:
    """Customer, purchase, event, status, list, stop: each says what it did, and they add up."""
    order_id, customer_id = unique("o"), unique("c")
    assert (await run("customer", "-", data=contact(customer_id=customer_id))).output == "1 customer saved\n"
    order = purchase(order_id, customer_id)
    assert (await run("purchase", "-", data=order)).output == f"{order_id}: campaign started\n"
    reported = await run("event", order_id, "fulfilled", "--at", order["placed_at"])
    assert (reported.exit_code, reported.output) == (0, f"{order_id}: fulfilled\n")
    await waiting(shop.handle(order_id))
    status = json.loads((await run("status", order_id, "--json")).output)
    assert (status["order_id"], status["customer_id"]) == (order_id, customer_id)
    listed = json.loads((await run("list", "--customer", customer_id, "--json")).output)
    assert [row["order_id"] for row in listed] in ([order_id], [])  # visibility may lag behind
    stopped = await run("stop", order_id, "by-support")
    assert stopped.output == f"{order_id}: its campaign is stopped\n"
    assert (await shop.handle(order_id).result())["exit_reason"] == "stopped"
    assert "ended (stopped: by-support)" in (await run("status", order_id)).output
    assert "known already: nothing was started" in (await run("purchase", "-", data=[order])).output
    other = await run("purchase", "-", data=order | {"total": "99.00"})
    assert (other.exit_code, "total: differs from the order" in other.output) == (2, True)
    ended = await run("repurchased", order_id, "newer")
    assert (ended.exit_code, ended.output) == (1, f"the campaign of order {order_id} has ended\n")
    kept = await run("event", order_id, "refunded")
    assert (kept.exit_code, kept.output) == (0, f"{order_id}: refunded saved; no campaign is running\n")


async def test_status_is_a_table(run: Run, shop: Shop) -> None:
    """Steps with their reasons and messages with their times, for people."""
    shop.save()
    order = purchase(unique("o"))
    await run("purchase", "-", data=order)
    await run("event", order["order_id"], "cancelled")
    await shop.handle(order["order_id"]).result()
    shown = (await run("status", order["order_id"])).output
    assert "segment first-time: ended (cancelled)" in shown
    assert "the order was cancelled" in shown
    rows = (await run("list", "--state", "all", "--limit", "500")).output
    assert "Campaigns (all)" in rows


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"coupon": "X"}, "coupon: unknown field - remove it, or check its spelling"),
        ({"total": "-5.00"}, "total: must not be negative"),
        ({"total": 5.0}, 'total: write the amount as a decimal string, such as "19.90"'),
        ({"currency": "DOLLAR"}, "currency: not an ISO 4217 currency code"),
        ({"placed_at": "2026-03-01T12:00:00"}, "placed_at: has no time zone"),
        ({"lines": [{"sku": "x", "quantity": 1, "unit_price": "1"}] * 1_000}, "lines: has too many entries"),
        ({"lines": [{"sku": "x", "quantity": 0, "unit_price": "1"}]}, "lines[0].quantity: is too small"),
        ({"customer_id": "ada@example.com"}, "customer_id: looks like an e-mail address"),
    ],
)
async def test_a_bad_purchase_is_refused_by_field(run: Run, change: dict[str, Any], expected: str) -> None:
    """Exit code 2, the field, the fix; and the good purchase beside it is not started either."""
    good, bad = purchase(unique("good")), purchase(unique("bad")) | change
    result = await run("purchase", "-", data=[good, bad])
    assert result.exit_code == 2
    assert f"[1]: {expected}" in result.output
    assert "Nothing was done" in result.output
    assert (await run("status", good["order_id"])).exit_code == 1


async def test_what_is_no_json_is_refused(run: Run, tmp_path: Path) -> None:
    """The line and column of a slip, and the name of a file that is not there."""
    assert "standard input:2:1: not JSON" in (await run("customer", "-", data='{"a": 1,\n}')).output
    missing = await run("purchase", str(tmp_path / "none.json"))
    assert (missing.exit_code, "cannot be read" in missing.output) == (2, True)


@pytest.mark.parametrize("text", ["[" * 100_000, f"[{'9' * 5_000}]"], ids=["deep", "digits"])
async def test_json_that_no_parser_reads_is_bad_input(run: Run, text: str) -> None:
    """Nested a hundred thousand times, a number of 5,000 digits: one line and code 2, no traceback."""
    result = await run("customer", "-", data=text)
    assert (result.exit_code, "not JSON that can be read" in result.output) == (2, True)


async def test_a_file_of_windows_programs_is_read(run: Run, tmp_path: Path) -> None:
    """A byte order mark before the JSON is passed over."""
    file = tmp_path / "customer.json"
    file.write_text(json.dumps(contact()), "utf-8-sig")
    assert "1 customer saved" in (await run("customer", str(file))).output


async def test_one_order_twice_with_other_data_is_refused(run: Run) -> None:
    """Two different purchases under one id are a mistake of the sender, not a race to win."""
    order = purchase(unique("o"))
    result = await run("purchase", "-", data=[order, order | {"total": "21.00"}])
    assert (result.exit_code, "stands twice, with different data" in result.output) == (2, True)


async def test_the_far_future_is_refused(run: Run) -> None:
    """A year mistyped would make an order the customer's newest for years: it is refused, and so is news."""
    order = purchase(unique("o"), placed_at="2090-01-01T00:00:00Z")
    for result in (
        await run("purchase", "-", data=order),
        await run("event", order["order_id"], "delivered", "--at", "2090-01-01T00:00:00Z"),
    ):
        assert (result.exit_code, "more than two days in the future" in result.output) == (2, True)


async def test_a_campaign_that_failed_says_why(run: Run, shop: Shop) -> None:
    """Started by a stranger with bad input, it is not shown as working."""
    order = purchase(unique("o"), placed_at="2090-01-01T00:00:00Z")
    with pytest.raises(WorkflowFailureError):
        await (await start(shop.client, order)).result()
    shown = (await run("status", order["order_id"])).output
    assert "ended (failed: placed_at: is more than two days in the future" in shown


async def test_what_keeps_failing_is_shown(run: Run, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """An activity that is retried stands in the status with its last failure, without the failure's text."""

    def broken(*_: object) -> None:
        text = "KeyError: ada@example.com"
        raise KeyError(text)

    monkeypatch.setattr("activities.temporal.segment", broken)
    shop.save()
    order = purchase(unique("o"))
    handle = await start(shop.client, order, ("stop", {"reason": "test"}))
    await pending_failure(handle)
    shown = (await run("status", order["order_id"])).output
    assert "Retrying: segment: KeyError in broken" in shown
    assert "ada@" not in shown
    monkeypatch.undo()
    await handle.terminate()


async def test_unknown_orders_and_odd_arguments(run: Run) -> None:
    """Exit code 1 for what is not there, 2 for what cannot be meant."""
    for command in (("status", "nobody"), ("stop", "nobody", "why")):
        result = await run(*command)
        assert (result.exit_code, result.output) == (1, "no campaign for order nobody\n")
    kept = await run("event", "nobody", "delivered")
    assert kept.output == "nobody: delivered saved; it waits for the order, which is not known yet\n"
    assert (await run("list", "--state", "lost")).exit_code == 2
    naive = await run("event", "nobody", "delivered", "--at", "2026-03-01T12:00:00")
    assert (naive.exit_code, "--at: has no time zone" in naive.output) == (2, True)
    assert (await run("stop", "nobody", "ada@example.com")).exit_code == 2
    assert (await run("list", "--step", "it's")).exit_code == 0


async def test_the_catalogue_is_loaded(run: Run) -> None:
    """Products are saved by the command, from standard input."""
    mug = {"sku": "mug", "name": "Mug", "url": "https://shop.example.com/mug", "price": "20.00"}
    assert "1 product saved" in (await run("products", "-", data=mug | {"currency": "USD"})).output


async def test_the_campaign_is_checked(run: Run, tmp_path: Path) -> None:
    """Every mistake of a file at once, by key path, with what to write instead; exit code 2."""
    assert "no mistakes" in " ".join((await run("check")).output.split())
    text = CAMPAIGN.read_text("utf-8")
    text = text.replace('delay = "7 days"', 'delay = "7 dayz"').replace('offer = "vip"', 'offer = "vpi"')
    broken = tmp_path / "campaign.toml"
    broken.write_text(text, "utf-8")
    result = await run("check", str(broken))
    assert result.exit_code == 2
    assert 'campaign.toml: steps[1] ("loyalty").anchors[0].delay: not a duration' in result.output
    assert 'did you mean "vip"?' in result.output


async def test_list_says_how_many_there_are(run: Run, shop: Shop) -> None:
    """With fewer rows than campaigns, the count and the way to the rest stand below the table."""
    customer_id = unique("c")
    orders = [purchase(unique("o"), customer_id) for _ in range(3)]
    await run("purchase", "-", data=orders)
    arguments = ("list", "--customer", customer_id, "--state", "all")
    while len(json.loads((await run(*arguments, "--json")).output)) < len(orders):
        pass  # visibility follows the start
    assert (await run(*arguments, "--limit", "2")).output.endswith("2 of 3; --limit shows more\n")
    assert (await run(*arguments)).output.endswith("3 of 3\n")
    for order in orders:
        await run("stop", order["order_id"], "test")


async def test_messages_are_listed_by_what_became_of_them(run: Run, shop: Shop) -> None:
    """Order, step, channel, reason, provider's code and times; no address, no text; and how many of all."""
    await asyncio.to_thread(_three_messages, shop)
    shown = await run("messages", "--state", "failed", "--limit", "1")
    assert "1 of 2; --limit shows more" in shown.output
    rows = json.loads((await run("messages", "--state", "failed", "--json")).output)
    assert {(row["step"], row["channel"], row["code"]) for row in rows} == {
        ("loyalty", "email", "550"),
        ("loyalty", "sms", "30005"),
    }
    assert all(row["order_id"] == "o-1" and row["claimed_at"] for row in rows)
    (unconfirmed,) = json.loads((await run("messages", "--json")).output)
    assert unconfirmed["step"] == "thank-you"
    assert "ada@" not in shown.output + json.dumps(rows)
    assert (await run("messages", "--state", "skipped")).output == "no message is skipped\n"
    assert (await run("messages", "--state", "lost")).exit_code == 2


def _three_messages(shop: Shop) -> None:
    save_shop_customer(shop.database)
    open_campaign(shop.database)
    with shop.database.transaction() as session:
        for step, channel, state, code in (
            ("loyalty", Channel.EMAIL, MessageState.FAILED, "550"),
            ("loyalty", Channel.SMS, MessageState.FAILED, "30005"),
            ("thank-you", Channel.EMAIL, MessageState.UNCONFIRMED, None),
        ):
            identifier = message_id("o-1", step, channel)
            session.add(
                MessageRow(
                    id=identifier, order_id="o-1", customer_id="c-1", step=step, channel=channel.value,
                    segment="first-time", state=state.value, latest_at=PLACED, claimed_at=PLACED,
                    recipient="ada@example.com",
                )
            )  # fmt: skip
            session.flush()
            session.add(MessageEventRow(message_id=identifier, kind=state.value, at=PLACED, code=code))


async def test_consents_of_nobody_are_not_found(run: Run) -> None:
    """Exit code 1 for a customer whom nobody knows; a word for one who has said nothing."""
    nobody = await run("consents", "nobody")
    assert (nobody.exit_code, nobody.output) == (1, "no customer nobody\n")
    await run("customer", "-", data=contact(customer_id="c-silent"))
    silent = await run("consents", "c-silent")
    assert (silent.exit_code, silent.output) == (0, "c-silent has given no consent and taken none back\n")


async def test_a_file_of_customers_is_saved_in_parts(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each part is a transaction of its own; the file is checked whole before the first."""
    monkeypatch.setattr(data_commands, "CHUNK", 2)
    saved: list[int] = []

    def save(session: Session, customers: Sequence[Customer]) -> None:
        saved.append(len(customers))
        save_customers(session, customers)

    monkeypatch.setattr(data_commands, "save_customers", save)
    people = [contact(customer_id=f"c-{number}") for number in range(5)]
    assert "[4]: email" in (await run("customer", "-", data=[*people[:4], people[4] | {"email": "x"}])).output
    assert saved == []
    assert (await run("customer", "-", data=people)).output == "5 customers saved\n"
    assert saved == [2, 2, 1]


async def test_what_temporal_refuses_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer of the server's that nobody expected is no trace."""
    monkeypatch.setenv("TEMPORAL_NAMESPACE", "nobody-made-it")
    result = await run("list")
    assert (result.exit_code, result.output) == (1, "Temporal answers not_found\n")


async def test_schema_and_migrations(run: Run) -> None:
    """The schema for editors is JSON; migrating again changes nothing and says where the database is."""
    assert json.loads((await run("schema")).output)["title"] == "Afterglow campaign"
    assert "the database is at revision" in (await run("migrate")).output


async def test_without_a_server_it_says_what_to_do(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """No Temporal: exit code 1 and the way to get one, no trace."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    result = await run("list")
    assert result.exit_code == 1
    assert "no Temporal server at 127.0.0.1:1: run `make dev`" in result.output


async def test_without_a_server_the_database_still_reports(
    run: Run, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is known is shown, and what is not is said."""
    shop.save()
    order = purchase(unique("o"))
    handle = await start(shop.client, order)
    await waiting(handle)
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    shown = (await run("status", order["order_id"])).output
    assert "where it stands is not known: no Temporal server at 127.0.0.1:1" in shown
    await handle.signal("stop", {"reason": "test"})
