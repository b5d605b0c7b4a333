"""1,000 messages through both vendors' SDKs with faults at random: none doubled, none lost, none stuck.

Time is virtual and everything is done in one thread, so that a seed gives the same run each time. Real are
the SDKs, HTTP on loopback, the database, and every line from the activity inwards. Temporal's retries (with
the workflow's own numbers) and the workflow's loop are modelled, by `Campaign`.
"""

from __future__ import annotations

import heapq
import itertools
import random
import socket
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table
from sqlalchemy import update
from sqlmodel import col, select

from activities.deliver import deliver
from activities.interface import ClaimedMessage, DeliverRequest, SegmentRequest
from activities.segment import segment
from campaign.definition.model import Definition, Delivery
from campaign.definition.version import Version
from campaign.errors import ChannelBusy, ChannelError
from campaign.facts import MessageState
from campaign.reasons import Channel
from campaign.rules.decision import Kind
from campaign.wire import Customer
from channels.codes import Outcome
from channels.protocol import MessageChannel, Outgoing, Receipt
from channels.sendgrid.send import SendGrid
from channels.twilio.codes import CODES
from channels.twilio.send import Twilio
from storage.database import Database
from storage.migrate import upgrade
from storage.queries.campaigns.orders import save_order
from storage.queries.campaigns.runs import store_version
from storage.queries.messages.channel_stops import stopped_channels
from storage.queries.messages.messages import lock_message, move_message
from storage.queries.people.customers import save_customer
from storage.tables import MessageEventRow, MessageRow, RunRow
from tests.activities.test_activities import purchase_of
from tests.facts import PLACED, default_definition
from tests.fakes.provider import FakeProvider, Fault, Reply, serving
from tests.fakes.sendgrid_api import KEY, SendGridApi, message_of
from tests.fakes.sendgrid_api import error as sendgrid_error
from tests.fakes.twilio_api import ACCOUNT, TOKEN, TwilioApi
from tests.fakes.twilio_api import error as twilio_error
from tests.shop import new_postgres_database
from worker.failures import wait_within
from workflows.calls import SEND_RETRIES, SEND_TIMEOUT

DEFINITION = default_definition()
LOYALTY = PLACED + timedelta(days=21, hours=2)
PATIENCE = 0.15
SPREAD = timedelta(minutes=90)
DONE = (MessageState.SENT, MessageState.UNCONFIRMED)
SETTLED = ("sent", "failed", "unconfirmed", "skipped")

Planned = Fault | Callable[[], Reply] | None
SILENT = (Fault.SILENT_BEFORE, Fault.SILENT_AFTER)  # each costs real seconds
FAULTS: list[tuple[Planned, float]] = [
    (None, 480),
    *((fault, 16 if fault in SILENT else 32) for fault in Fault),
]
STATUSES = {Outcome.BUSY: 429, Outcome.CONFIGURATION: 401, Outcome.UNCERTAIN: 503}
WEIGHTS = {Outcome.CONFIGURATION: 0.15}  # each stops a whole channel for a while
CREATING = [code for code in CODES if code.startswith("2")]


def _coded(code: str) -> Callable[[], Reply]:
    status = STATUSES.get(CODES[code].outcome, 400)
    return lambda: twilio_error(status, int(code))


TWILIO: list[tuple[Planned, float]] = [
    *FAULTS,
    (lambda: twilio_error(429, 20429, Retry_After="120"), 32),
    *((_coded(code), WEIGHTS.get(CODES[code].outcome, 4)) for code in CREATING),
    (lambda: twilio_error(400, 99999), 8),
]
SENDGRID: list[tuple[Planned, float]] = [
    *FAULTS,
    (lambda: sendgrid_error(429, Retry_After="60"), 32),
    (lambda: sendgrid_error(429), 16),
    (lambda: sendgrid_error(503), 16),
    (lambda: sendgrid_error(400), 16),
    (lambda: sendgrid_error(413), 8),
    (lambda: sendgrid_error(401), 2),
    (lambda: sendgrid_error(403), 2),
]


class Killed(BaseException):
    """The worker dies here: nothing after it runs."""


@dataclass
class World:
    """Both providers, the database, the seed, the virtual time, and what happened."""

    database: Database
    rng: random.Random
    twilio: TwilioApi = field(default_factory=TwilioApi)
    sendgrid: SendGridApi = field(default_factory=SendGridApi)
    now: datetime = LOYALTY
    happened: Counter[str] = field(default_factory=Counter)
    bounced: set[str] = field(default_factory=set)
    later: list[tuple[datetime, int, Callable[[], None]]] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def at(self, when: datetime, work: Callable[[], None]) -> None:
        """Do something at a virtual time."""
        heapq.heappush(self.later, (when, next(self.numbers), work))

    def run(self) -> None:
        """Let time pass until nothing is left to do. A message that goes round for ever fails the test."""
        for _ in range(100_000):
            if not self.later:
                return
            self.now, _, work = heapq.heappop(self.later)
            self.twilio.now = self.sendgrid.now = self.now
            work()
        pytest.fail("stuck: there is always more to do")

    def chance(self, percent: float) -> bool:
        """Throw the dice."""
        return self.rng.random() * 100 < percent

    def plan(
        self, choices: list[tuple[Planned, float]], about: str = ""
    ) -> Callable[[], Fault | Reply | None]:
        """Return the plan of a provider's faults, by their weights; ``about`` stands before their names."""
        kinds, weights = zip(*choices, strict=True)

        def one() -> Fault | Reply | None:
            (kind,) = self.rng.choices(kinds, weights)
            planned: Fault | Reply | None = kind() if callable(kind) and not isinstance(kind, Fault) else kind
            self.happened[about + _label(planned)] += 1
            return planned

        return one

    def report(self, message_id: str, bounces: float = 5) -> None:
        """Settle a message as its provider's callback does: some bounce, whatever we believe."""
        with self.database.transaction() as session:
            row = lock_message(session, message_id)
            if self.chance(bounces):
                self.bounced.add(message_id)
                move_message(session, row, MessageState.FAILED, self.now)
            elif row.state != MessageState.FAILED.value:
                move_message(session, row, MessageState.SENT, self.now)


def _label(planned: Fault | Reply | None) -> str:
    if planned is None:
        return "all well"
    return f"answered {planned.status}" if isinstance(planned, Reply) else planned.value


@dataclass
class Mortal:
    """A channel whose worker is killed now and then, whose network fails, whose callbacks come early."""

    inner: MessageChannel
    unreachable: MessageChannel
    world: World
    callbacks: float

    @property
    def name(self) -> str:
        """The provider's name."""
        return self.inner.name

    def send(self, message: Outgoing) -> Receipt:
        """Hand a message over, and perhaps die on either side of it."""
        self._die(2, "killed before the provider was reached")
        if self.world.chance(4):
            self.world.happened["connection refused"] += 1
            return self.unreachable.send(message)
        before = self._accepted(message)
        try:
            receipt = self.inner.send(message)
        finally:
            if self._accepted(message) > before:
                self._call_back(message)
        self._die(4, "killed between acceptance and our commit")
        return receipt

    def find(self, message: Outgoing, attempted_at: datetime) -> Receipt | None:
        """Look it up, and perhaps die of it."""
        self.world.happened["queried what became of an attempt"] += 1
        found = self.inner.find(message, attempted_at)
        self._die(5, "killed before the finding was committed")
        return found

    def _accepted(self, message: Outgoing) -> int:
        return len(accepted(self.world).get(message.id, ()))

    def _call_back(self, message: Outgoing) -> None:
        """Most messages have events: some before our own commit, some minutes later, some twice."""
        if not self.world.chance(self.callbacks):
            return
        if self.world.chance(15):
            self.world.happened["callback before our commit"] += 1
            self.world.report(message.id, bounces=30)
            return
        for _ in range(1 + self.world.chance(10)):
            wait = timedelta(seconds=self.world.rng.uniform(1, 1_200))
            self.world.at(self.world.now + wait, lambda: self.world.report(message.id))

    def _die(self, percent: float, how: str) -> None:
        if self.world.chance(percent):
            self.world.happened[how] += 1
            raise Killed


def accepted(world: World) -> dict[str, list[str]]:
    """What both providers have really accepted, by our ids."""
    found: dict[str, list[str]] = {}
    for text in world.twilio.accepted:
        found.setdefault(text.message_id, []).append(text.to)
    for mail in world.sendgrid.accepted:
        to = mail["personalizations"][0]["to"][0]["email"]
        found.setdefault(message_of(mail), []).append(to)
    return found


@dataclass
class Campaign:
    """One order's step, as the workflow and Temporal drive it."""

    world: World
    channels: Mapping[Channel, MessageChannel]
    order_id: str

    def decide(self) -> None:
        """Decide the step, and do as it says."""
        request = SegmentRequest(order_id=self.order_id, step="loyalty", now=self.world.now)
        answer = segment(self.world.database, request)
        if answer.kind is Kind.WAIT and answer.until:
            self.world.at(answer.until, self.decide)
        for message in answer.messages:
            self._write(message.id)
            expires = self.world.now + max(message.latest - self.world.now, SEND_TIMEOUT)
            self.attempt(message, 1, expires)

    def _write(self, message_id: str) -> None:
        """Render a message: all have the same text, which makes them hard to distinguish."""
        content = {"subject": "Hello", "html": "<p>Hello</p>", "text": "Hello. STOP to opt out"}
        with self.world.database.transaction() as session:
            session.connection().execute(
                update(MessageRow).where(col(MessageRow.id) == message_id).values(**content)
            )

    def attempt(self, message: ClaimedMessage, number: int, expires: datetime) -> None:
        """Try once; as Temporal does, try again after a while, within the activity's whole time."""
        delay: timedelta | None = None
        now = self.world.now
        try:
            state = deliver(
                self.world.database, self.channels, DeliverRequest(message_id=message.id, now=now)
            ).state
        except Killed:
            now += SEND_TIMEOUT
        except ChannelBusy as error:
            delay = wait_within(error.retry_after, expires - now)
        except ChannelError:
            pass
        else:
            if state not in DONE:
                self.world.at(now, self.decide)
            return
        again = now + (delay or _backoff(number))
        if again > expires:
            self.world.at(now, self.decide)
        else:
            self.world.at(again, lambda: self.attempt(message, number + 1, expires))


def _backoff(number: int) -> timedelta:
    longest = SEND_RETRIES.maximum_interval or timedelta.max
    return min(
        SEND_RETRIES.initial_interval * SEND_RETRIES.backoff_coefficient ** min(number - 1, 30), longest
    )


def open_campaigns(
    world: World, channels: Mapping[Channel, MessageChannel], each: int, definition: Definition
) -> None:
    """Enrol customers, half of whom want email and half SMS, and let their loyalty steps come."""
    with world.database.transaction() as session:
        digest = store_version(session, Version(definition), PLACED)
        for number in range(2 * each):
            channel = list(Channel)[number % 2]
            save_customer(session, customer_of(number, channel))
            save_order(session, purchase_of(f"o-{number}", PLACED.isoformat(), customer_id=f"c-{number}"))
            session.add(
                RunRow(
                    order_id=f"o-{number}",
                    customer_id=f"c-{number}",
                    digest=digest,
                    workflow_run_id="run",
                    opened_at=PLACED,
                )
            )
    for number in range(2 * each):
        start = LOYALTY + SPREAD * world.rng.random()
        world.at(start, Campaign(world, channels, f"o-{number}").decide)


def customer_of(number: int, channel: Channel) -> Customer:
    """A customer with both addresses who wants one channel, and may be sent to on it."""
    given = (PLACED - timedelta(days=1)).isoformat()
    consent = {"channel": channel, "state": "granted", "source": "checkout", "confirmed": True, "at": given}
    values = {
        "customer_id": f"c-{number}",
        "email": f"c{number}@example.com",
        "phone": f"+1202555{number:04}",
        "country": "US",
        "time_zone": "America/New_York",
        "preferred_channel": channel.value,
        "consents": [consent],
    }
    return Customer.model_validate(values)


@contextmanager
def providers(world: World) -> Iterator[dict[Channel, MessageChannel]]:
    """Serve both providers; gives the channels to them."""
    world.twilio.plan, world.sendgrid.plan = world.plan(TWILIO), world.plan(SENDGRID)
    world.twilio.listed_after = timedelta(seconds=60)
    lists: list[tuple[Planned, float]] = [
        (None, 8),
        (lambda: twilio_error(500, 20500), 1),
        (lambda: Reply(200, b"<"), 1),
    ]
    world.twilio.list_plan = _replies(world, lists)
    with ExitStack() as stack:
        dead = stack.enter_context(closing(socket.socket()))
        dead.bind(("127.0.0.1", 0))
        gone = f"http://127.0.0.1:{dead.getsockname()[1]}"

        def sms(base: str) -> Twilio:
            made = Twilio(
                ACCOUNT, TOKEN, service="MG1", callback="https://s.example/s", base=base, seconds=PATIENCE
            )
            return stack.enter_context(closing(made))

        def email(base: str) -> SendGrid:
            return stack.enter_context(closing(SendGrid(KEY, base=base, seconds=PATIENCE)))

        bases = [stack.enter_context(serving(api)) for api in _both(world)]
        yield {
            Channel.SMS: Mortal(sms(bases[0]), sms(gone), world, callbacks=40),
            Channel.EMAIL: Mortal(email(bases[1]), email(gone), world, callbacks=80),
        }


def _both(world: World) -> list[FakeProvider]:
    return [world.twilio, world.sendgrid]


def _replies(world: World, choices: list[tuple[Planned, float]]) -> Callable[[], Reply | None]:
    plan = world.plan(choices, "list: ")

    def one() -> Reply | None:
        reply = plan()
        return reply if isinstance(reply, Reply) else None

    return one


def check(world: World, each: int, *, email_twice: bool) -> Counter[tuple[str, str, str]]:
    """Hold the database against what the providers have really accepted; count the outcomes.

    ``email_twice``: the shop has chosen that an email may go twice; of two attempts the later may be refused.
    """
    really = accepted(world)
    with world.database.transaction() as session:
        rows = session.exec(select(MessageRow)).all()
        refused = set(session.exec(select(MessageEventRow.message_id).where(MessageEventRow.code != "")))
        stops = {row.channel for row in stopped_channels(session)}
    assert len(rows) == 2 * each
    assert stops <= set(Channel)
    may = {row.id for row in rows if email_twice and row.channel == "email"}
    doubled = [key for key, times in really.items() if len(times) > 1 and key not in may]
    stuck = [row.id for row in rows if row.state not in SETTLED]
    lost = [row.id for row in rows if row.id in really and row.state not in ("sent", "unconfirmed")
            and row.id not in world.bounced | may]  # fmt: skip
    invented = [row.id for row in rows if row.id not in really and row.state == "sent"]
    unexplained = [row.id for row in rows if row.state == "failed" and row.id not in refused | world.bounced]
    undone = [row.id for row in rows if row.id in world.bounced and row.state != "failed"]
    assert (doubled, stuck, lost, invented, unexplained, undone) == ([], [], [], [], [], [])
    times = {0: "no", 1: "yes"}
    return Counter(
        (row.channel, times.get(len(really.get(row.id, ())), "twice or more"), row.state) for row in rows
    )


def show(world: World, outcomes: Counter[tuple[str, str, str]], title: str) -> None:
    """Print both tables; `pytest -s` shows them."""
    table = Table("channel", "accepted by the provider", "our state", "messages", title=title)
    for (channel, has, state), count in sorted(outcomes.items()):
        table.add_row(channel, has, state, str(count))
    faults = Table("what happened", "times")
    for what, count in sorted(world.happened.items()):
        faults.add_row(what, str(count))
    console = Console(width=100)
    console.print(table)
    console.print(faults)


def play(
    database: Database, seed: int, each: int, resend: timedelta | None = None
) -> tuple[World, Counter[tuple[str, str, str]]]:
    """Run it all; ``resend``: when the shop has an email sent again of which nothing is known."""
    world = World(database, random.Random(seed))  # noqa: S311 - dice, not secrets
    definition = DEFINITION.model_copy(update={"delivery": Delivery(resend_email_after=resend)})
    with providers(world) as channels:
        open_campaigns(world, channels, each, definition)
        world.run()
    outcomes = check(world, each, email_twice=resend is not None)
    show(
        world,
        outcomes,
        f"{2 * each} messages on {database.engine.dialect.name}, seed {seed}, resend {resend}",
    )
    return world, outcomes


def test_a_thousand_messages_with_faults_at_random(tmp_path: Path) -> None:
    """500 emails and 500 SMS: what the providers accepted and what we believe agree, one by one."""
    database = Database(f"sqlite:///{tmp_path / 'afterglow.db'}")
    upgrade(database)
    world, outcomes = play(database, seed=20260302, each=500)
    assert all(world.happened[fault.value] for fault in Fault)
    assert outcomes["email", "no", "unconfirmed"], "the price of never twice"
    database.close()


def test_a_shop_that_sends_again_loses_none(tmp_path: Path) -> None:
    """B26: with `resend_email_after` no email is given up of which nothing is known; some arrive twice."""
    database = Database(f"sqlite:///{tmp_path / 'afterglow.db'}")
    upgrade(database)
    _, outcomes = play(database, seed=20260302, each=500, resend=timedelta(hours=1))
    twice = sum(count for (_, times, _), count in outcomes.items() if times == "twice or more")
    assert twice, "the price of losing none"
    assert not [key for key in outcomes if key[0] == "email" and key[2] == "unconfirmed"]
    database.close()


def test_the_same_on_postgresql(postgres_url: str | None) -> None:
    """A smaller number on the other database."""
    if postgres_url is None:
        pytest.skip("no PostgreSQL on this machine: install Debian's package postgresql")
    database = Database(new_postgres_database(postgres_url))
    upgrade(database)
    play(database, seed=7, each=60)
    database.close()
