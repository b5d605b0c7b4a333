"""Activities on both databases: claimed once, decided under the lock, delivered once, whatever dies when."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from activities.close import close
from activities.deliver import deliver
from activities.enrol import enrol
from activities.interface import (
    CloseRequest,
    DeliverRequest,
    Enrolled,
    EnrolRequest,
    ReceivedSignal,
    RenderRequest,
    SegmentRequest,
    StepDecision,
)
from activities.render import render
from activities.segment import segment
from campaign.errors import (
    BadPurchase,
    ChannelBusy,
    ChannelError,
    ChannelOptedOut,
    ChannelPending,
    ChannelRefused,
    ChannelStopped,
    ChannelUncertain,
    NotFound,
)
from campaign.facts import MessageState
from campaign.reasons import Channel, Reason
from campaign.rules.decision import Kind
from campaign.wire import Customer, OrderStatus, OrderUpdate, Purchase
from channels.protocol import MessageChannel, Outgoing, Receipt
from storage.database import Database
from storage.queries.campaigns.orders import save_order
from storage.queries.campaigns.runs import get_run, steps_of
from storage.queries.messages.messages import get_message, messages_of, move_message
from storage.queries.people.customers import ensure_customers, save_customer
from storage.tables import ConsentRow, MessageEventRow, MessageRow, SuppressionRow
from tests.facts import PLACED, ROOT, default_definition

DEFINITION = default_definition()
CONTENT = ROOT / "content" / "default"
LOYALTY = PLACED + timedelta(days=21, hours=2)


@dataclass
class FakeProvider:
    """A provider that fails as it is set, and knows what it has accepted."""

    failures: list[Exception | None] = field(default_factory=list)
    accepted: dict[str, Outgoing] = field(default_factory=dict)
    unfindable: list[ChannelError] = field(default_factory=list)
    meanwhile: Callable[[], None] | None = None
    dies_after_accepting: bool = False
    loses_answer: bool = False
    attempts: int = 0
    name: str = "fake"

    def send(self, message: Outgoing) -> Receipt:
        """Accept a message, or fail."""
        self.attempts += 1
        if self.meanwhile:
            self.meanwhile()
        failure = self.failures.pop(0) if self.failures else None
        if failure:
            raise failure
        assert message.id not in self.accepted, "doubled"
        self.accepted[message.id] = message
        if self.dies_after_accepting:
            self.dies_after_accepting = False
            raise Killed
        if self.loses_answer:
            msg = "lost"
            raise ChannelUncertain(msg)
        return Receipt(f"p-{message.id}", message.at)

    def find(self, message: Outgoing, attempted_at: datetime) -> Receipt | None:  # noqa: ARG002 - it knows
        """Return what became of a message."""
        if self.unfindable:
            raise self.unfindable.pop(0)
        found = self.accepted.get(message.id)
        return Receipt(f"p-{message.id}", found.at) if found else None


class Killed(BaseException):
    """The worker dies here: nothing after it runs."""


@dataclass
class Shop:
    """A database with one customer and one enrolled order, and its provider."""

    database: Database
    provider: FakeProvider = field(default_factory=FakeProvider)

    def customer(self, **contact: Any) -> None:
        """Save the customer."""
        values = {
            "customer_id": "c-1",
            "email": "ada@example.com",
            "country": "US",
            "time_zone": "America/New_York",
        }
        with self.database.transaction() as session:
            save_customer(session, Customer.model_validate({**values, **contact}))

    def enrol(self, order_id: str = "o-1", run_id: str = "run", days: float = 0, **changes: Any) -> Enrolled:
        """Enrol an order placed some days after `PLACED`."""
        at = PLACED + timedelta(days=days)
        purchase = purchase_of(order_id, at.isoformat(), **changes)
        return enrol(self.database, DEFINITION, EnrolRequest(purchase=purchase, run_id=run_id, now=at))

    def decide(
        self,
        step: str = "loyalty",
        at: Any = LOYALTY,
        news: list[ReceivedSignal] | None = None,
        order_id: str = "o-1",
    ) -> StepDecision:
        """Decide a step of an order, the first unless given otherwise."""
        return segment(self.database, SegmentRequest(order_id=order_id, step=step, now=at, news=news or []))

    def claim(self, order_id: str = "o-1") -> str:
        """Claim and render the loyalty email; return its id."""
        (message,) = self.decide(order_id=order_id).messages
        render(self.database, CONTENT, RenderRequest(message_id=message.id, now=LOYALTY))
        return message.id

    def deliver(self, identifier: str, at: Any = LOYALTY) -> MessageState:
        """Deliver a message."""
        channels: dict[Channel, MessageChannel] = dict.fromkeys(Channel, self.provider)
        return deliver(self.database, channels, DeliverRequest(message_id=identifier, now=at)).state

    def message(self, identifier: str) -> MessageRow:
        """Read a message."""
        with self.database.transaction() as session:
            return get_message(session, identifier)

    def codes(self, identifier: str) -> list[str]:
        """The provider's codes in a message's history."""
        with self.database.transaction() as session:
            events = select(MessageEventRow.code).where(MessageEventRow.message_id == identifier)
            return [code for code in session.exec(events) if code]

    def settle(self, identifier: str, state: MessageState, **changes: Any) -> None:
        """Move a message from elsewhere, as a callback or another worker does."""
        with self.database.transaction() as session:
            row = get_message(session, identifier)
            for name, value in changes.items():
                setattr(row, name, value)
            move_message(session, row, state, LOYALTY)


def purchase_of(order_id: str, placed_at: str, **changes: Any) -> Purchase:
    """A purchase of one mug."""
    line = {"sku": "mug", "quantity": 1, "unit_price": "20.00"}
    values = {"order_id": order_id, "customer_id": "c-1", "placed_at": placed_at, "currency": "USD",
              "total": "20.00", "lines": [line]}  # fmt: skip
    return Purchase.model_validate({**values, **changes})


@pytest.fixture
def shop(database: Database) -> Shop:
    """One customer, one order."""
    made = Shop(database)
    made.customer()
    made.enrol()
    return made


def test_enrolling_again_answers_the_same(shop: Shop) -> None:
    """A retry of the same workflow gets the same plan; a second workflow learns that it is one too many."""
    assert shop.enrol() == shop.enrol()
    assert shop.enrol(run_id="another").duplicate


def test_an_order_keeps_its_id(shop: Shop) -> None:
    """Another order with the same id is refused, naming the fields that differ."""
    with pytest.raises(BadPurchase) as caught:
        shop.enrol(total="21.00")
    assert [problem.where for problem in caught.value.problems] == ["total"]


def test_a_purchase_may_come_before_its_customer(database: Database) -> None:
    """With no contact data yet the order is kept, and nothing can be sent."""
    shop = Shop(database)
    shop.enrol()
    assert shop.decide().reason is Reason.NO_ADDRESS
    shop.customer()
    assert shop.decide().kind is Kind.SEND


def test_a_newer_order_supersedes_the_older(shop: Shop) -> None:
    """The newer order's enrolment names the older campaign, and the older one's next decision is to end."""
    assert shop.enrol("o-2", days=3).supersedes == ["o-1"]
    assert shop.decide().reason is Reason.REPURCHASED


def test_a_newer_order_that_is_cancelled_by_then_ends_nothing(shop: Shop) -> None:
    """The older campaign is signalled, decides once the cancellation is recorded, and goes on."""
    shop.enrol("o-2", days=3)
    lost = OrderUpdate(status=OrderStatus.CANCELLED, at=PLACED + timedelta(days=3, minutes=1))
    assert shop.decide(order_id="o-2", news=[ReceivedSignal(update=lost)]).reason is Reason.CANCELLED
    assert shop.decide(news=[ReceivedSignal(repurchased="o-2")]).kind is Kind.SEND
    assert shop.decide(news=[ReceivedSignal(repurchased="elsewhere")]).reason is Reason.REPURCHASED


def test_enrolments_at_the_same_instant_leave_one_open(database: Database) -> None:
    """Many orders of one customer enrolled by many threads at once: all but the newest are superseded."""
    shop = Shop(database)
    shop.customer()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: shop.enrol(f"o-{n}"), range(1, 9)))
    kinds = []
    for number in range(1, 9):
        request = SegmentRequest(order_id=f"o-{number}", step="loyalty", now=LOYALTY)
        kinds.append(segment(database, request).kind)
    assert kinds == [Kind.EXIT] * 7 + [Kind.SEND]


def test_a_message_is_claimed_once(shop: Shop) -> None:
    """Decided by many at once, the step has one message."""
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: shop.decide(), range(8)))
    assert len({message.id for answer in answers for message in answer.messages}) == 1
    with shop.database.transaction() as session:
        assert len(messages_of(session, "o-1")) == 1


def test_news_is_written_down_once(shop: Shop) -> None:
    """The same signal twice is one event, and it moves the step's due time."""
    delivered = ReceivedSignal(
        update=OrderUpdate(status=OrderStatus.DELIVERED, at=PLACED + timedelta(days=20))
    )
    answer = shop.decide(news=[delivered, delivered])
    assert answer.until == PLACED + timedelta(days=27)
    stopped = shop.decide(news=[ReceivedSignal(stop="complaint"), ReceivedSignal(stop="again")])
    assert stopped.reason is Reason.STOPPED
    with shop.database.transaction() as session:
        assert get_run(session, "o-1").stop_reason == "complaint"
        assert [(row.kind, row.reason) for row in steps_of(session, "o-1")] == [("exit", "stopped")]


def test_a_message_goes_out_once(shop: Shop) -> None:
    """Sent, recorded with its time and its consent; delivered again, nothing happens."""
    identifier = shop.claim()
    assert shop.deliver(identifier) is MessageState.SENT
    assert shop.deliver(identifier) is MessageState.SENT
    row = shop.message(identifier)
    assert (row.state, row.sent_at, row.recipient) == ("sent", LOYALTY, "ada@example.com")
    assert len(shop.provider.accepted) == 1


def test_killed_after_the_provider_accepted(shop: Shop) -> None:
    """Died between acceptance and our commit: the retry finds the message and does not send it again."""
    identifier = shop.claim()
    shop.provider.dies_after_accepting = True
    with pytest.raises(Killed):
        shop.deliver(identifier)
    assert shop.message(identifier).state == "sending"
    assert shop.deliver(identifier) is MessageState.SENT
    assert len(shop.provider.accepted) == 1


def test_killed_before_the_provider_was_reached(shop: Shop) -> None:
    """Died before anything was sent: the retry sends it."""
    identifier = shop.claim()
    shop.provider.failures = [Killed()]  # type: ignore[list-item]
    with pytest.raises(Killed):
        shop.deliver(identifier)
    assert shop.deliver(identifier) is MessageState.SENT


@pytest.mark.parametrize("failure", [ChannelError("down"), ChannelBusy("later", timedelta(seconds=9))])
def test_a_provider_that_is_down_is_tried_again(shop: Shop, failure: ChannelError) -> None:
    """Not reached or too busy: the message stays claimed, and goes out at the next try."""
    identifier = shop.claim()
    shop.provider.failures = [failure]
    with pytest.raises(ChannelError):
        shop.deliver(identifier)
    assert shop.message(identifier).state == "claimed"
    assert shop.deliver(identifier) is MessageState.SENT


def test_a_refusal_is_final(shop: Shop) -> None:
    """The message has failed, with the provider's code in its history; the step is settled."""
    identifier = shop.claim()
    shop.provider.failures = [ChannelRefused("never", "21612")]
    assert shop.deliver(identifier) is MessageState.FAILED
    assert shop.deliver(identifier) is MessageState.FAILED
    assert shop.provider.accepted == {}
    assert (shop.decide().kind, shop.decide().reason) == (Kind.SKIP, Reason.FAILED)
    assert shop.codes(identifier) == ["21612"]


def test_a_lost_answer_is_looked_up(shop: Shop) -> None:
    """Uncertain whether it was accepted: the row stays; the next attempt looks it up and sends nothing."""
    identifier = shop.claim()
    shop.provider.loses_answer = True
    with pytest.raises(ChannelPending):
        shop.deliver(identifier)
    assert shop.message(identifier).state == "sending"
    assert shop.deliver(identifier) is MessageState.SENT
    assert len(shop.provider.accepted) == 1


def test_what_is_not_known_is_never_sent_again(shop: Shop) -> None:
    """The provider can only be queried for so long; then the message is unconfirmed, and the step settled."""
    identifier = shop.claim()
    shop.provider.failures = [ChannelUncertain("lost")]
    with pytest.raises(ChannelPending):
        shop.deliver(identifier)
    shop.provider.unfindable = [ChannelPending("not yet"), ChannelUncertain("not known")]
    with pytest.raises(ChannelPending):
        shop.deliver(identifier)
    assert shop.deliver(identifier) is MessageState.UNCONFIRMED
    assert shop.deliver(identifier) is MessageState.UNCONFIRMED
    assert shop.provider.accepted == {}
    assert (shop.decide().kind, shop.decide().reason) == (Kind.SKIP, Reason.UNCONFIRMED)


@pytest.mark.parametrize(
    "failure", [ChannelError("down"), ChannelBusy("busy"), ChannelPending("not yet"), ChannelStopped("401")]
)
def test_no_failure_to_look_up_gives_a_message_back(shop: Shop, failure: ChannelError) -> None:
    """Whatever keeps us from looking it up, the message stays `sending`: only an answer moves it."""
    identifier = shop.claim()
    shop.provider.loses_answer = True
    with pytest.raises(ChannelPending):
        shop.deliver(identifier)
    shop.provider.unfindable = [failure]
    with pytest.raises(ChannelError):
        shop.deliver(identifier)
    assert shop.message(identifier).state == "sending"
    assert shop.deliver(identifier) is MessageState.SENT


@pytest.mark.parametrize(
    ("refusal", "suppressed"),
    [
        (ChannelRefused("no such address", "21211", invalid_address=True), "invalid"),
        (ChannelOptedOut("opted out", "21610"), "opted_out"),
    ],
)
def test_an_address_that_is_no_good_is_suppressed(
    shop: Shop, refusal: ChannelRefused, suppressed: str
) -> None:
    """Invalid or opted out at the provider: nothing more goes there; an opt-out also stands in the ledger."""
    identifier = shop.claim()
    shop.provider.failures = [refusal]
    assert shop.deliver(identifier) is MessageState.FAILED
    with shop.database.transaction() as session:
        found = session.exec(select(SuppressionRow)).one()
        revoked = session.exec(select(ConsentRow.source).where(ConsentRow.state == "revoked")).all()
    source = f"fake {refusal.provider_code}"
    assert (found.address, found.reason, found.source) == ("ada@example.com", suppressed, source)
    assert list(revoked) == ([source] if suppressed == "opted_out" else [])


def test_the_other_channel_takes_over_from_an_invalid_address(shop: Shop) -> None:
    """No preference stated, both allowed: the email address is no good, so the step goes on by SMS."""
    granted = {"channel": "sms", "state": "granted", "source": "checkout", "confirmed": True,
               "at": PLACED.isoformat()}  # fmt: skip
    shop.customer(phone="+12025550123", consents=[granted])
    identifier = shop.claim()
    shop.provider.failures = [ChannelRefused("no such address", "400", invalid_address=True)]
    assert shop.deliver(identifier) is MessageState.FAILED
    answer = shop.decide()
    assert (answer.kind, [message.channel for message in answer.messages]) == (Kind.SEND, [Channel.SMS])


def test_a_callback_that_was_faster_holds(shop: Shop) -> None:
    """Settled by the provider's own news while our answer was on its way: that is not overwritten."""
    identifier = shop.claim()
    shop.provider.meanwhile = lambda: shop.settle(identifier, MessageState.FAILED)
    assert shop.deliver(identifier) is MessageState.FAILED
    assert shop.message(identifier).provider_id == f"p-{identifier}"


@pytest.mark.parametrize("failure", [ChannelError("not reached"), ChannelRefused("never", "400")])
def test_an_attempt_that_comes_back_late_undoes_nothing(shop: Shop, failure: ChannelError) -> None:
    """The first attempt hangs, a second one begins: the first one's outcome does not settle it."""
    identifier = shop.claim()
    shop.provider.failures = [failure]

    def another() -> None:
        shop.settle(identifier, MessageState.SENDING, attempted_at=LOYALTY + timedelta(minutes=1))

    shop.provider.meanwhile = another
    with pytest.raises(ChannelError):
        shop.deliver(identifier)
    assert shop.message(identifier).state == "sending"


def test_facts_are_read_again_at_send_time(shop: Shop) -> None:
    """Unsubscribed between claim and delivery: nothing is sent, and the step is skipped with that reason."""
    identifier = shop.claim()
    revoked = {"channel": "email", "state": "revoked", "source": "unsubscribe", "at": LOYALTY.isoformat()}
    shop.customer(consents=[revoked])
    assert shop.deliver(identifier) is MessageState.CLAIMED
    assert shop.provider.accepted == {}
    assert shop.decide().reason is Reason.NO_CONSENT
    row = shop.message(identifier)
    assert (row.state, row.reason) == ("skipped", "no_consent")


@pytest.mark.parametrize("hours", [10, 24 * 8])
def test_a_late_attempt_is_decided_again(shop: Shop, hours: int) -> None:
    """Held up until night, or past its window, a message is not sent by a late retry."""
    identifier = shop.claim()
    assert shop.deliver(identifier, LOYALTY + timedelta(hours=hours)) is MessageState.CLAIMED
    assert shop.provider.accepted == {}


def test_what_was_being_sent_when_its_window_closed_is_unconfirmed(shop: Shop) -> None:
    """Nobody came back from sending it: it is not sent again, and says so."""
    identifier = shop.claim()
    shop.provider.dies_after_accepting = True
    with pytest.raises(Killed):
        shop.deliver(identifier)
    answer = shop.decide(at=LOYALTY + timedelta(days=8))
    assert (answer.kind, shop.message(identifier).state) == (Kind.SKIP, "unconfirmed")


def test_closing_settles_what_was_only_claimed(shop: Shop) -> None:
    """A claimed message of a campaign that ends is skipped with the reason; the first end holds."""
    identifier = shop.claim()
    for reason in (Reason.STOPPED, Reason.COMPLETED):
        close(shop.database, CloseRequest(order_id="o-1", reason=reason, now=LOYALTY))
    assert (shop.message(identifier).state, shop.message(identifier).reason) == ("skipped", "stopped")
    with shop.database.transaction() as session:
        assert get_run(session, "o-1").exit_reason == "stopped"


def test_a_running_campaign_keeps_its_version(shop: Shop) -> None:
    """A new definition is for new campaigns: the old one still decides the running."""
    steps = [step.model_copy(update={"title": "Changed"}) for step in DEFINITION.steps]
    changed = DEFINITION.model_copy(update={"steps": steps})
    request = EnrolRequest(purchase=purchase_of("o-1", PLACED.isoformat()), run_id="run", now=PLACED)
    assert {step.title for step in enrol(shop.database, changed, request).steps} != {"Changed"}
    newer = EnrolRequest(
        purchase=purchase_of("o-9", PLACED.isoformat(), customer_id="c-9"), run_id="r9", now=PLACED
    )
    assert {step.title for step in enrol(shop.database, changed, newer).steps} == {"Changed"}


def test_earlier_orders_make_the_segment(database: Database) -> None:
    """History saved before the campaign counts: the second order is a returning customer's."""
    shop = Shop(database)
    shop.customer()
    with database.transaction() as session:
        ensure_customers(session, ["c-1"])
        save_order(session, purchase_of("h-1", (PLACED - timedelta(days=40)).isoformat()))
    assert shop.enrol().segment == "returning"


def test_the_content_is_kept_with_the_message(shop: Shop) -> None:
    """Subject, HTML and text stand in the database, made from the catalogue and the order."""
    row = shop.message(shop.claim())
    assert row.subject
    assert row.html is not None
    assert "mug" in row.html
    assert "1 Sample Street" in (row.text or "")


def test_what_does_not_exist_is_not_found(shop: Shop, tmp_path: Path) -> None:
    """Unknown orders and messages are named."""
    with pytest.raises(NotFound, match="o-404"):
        segment(shop.database, SegmentRequest(order_id="o-404", step="loyalty", now=LOYALTY))
    with pytest.raises(NotFound, match="m-404"):
        render(shop.database, tmp_path, RenderRequest(message_id="m-404", now=LOYALTY))
