"""A shop in which everything goes wrong: workers die at any statement, providers refuse, lose, and lie.

Every activity may end at any moment, as if its process were killed: the database rolls back what was not
committed, and the activity is run again, or its campaign is decided anew, as a workflow does.
"""

from __future__ import annotations

import random
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import event

from activities.close import close
from activities.deliver import deliver
from activities.enrol import enrol
from activities.interface import (
    CloseRequest,
    DeliverRequest,
    EnrolRequest,
    RenderRequest,
    SegmentRequest,
    StepDecision,
)
from activities.render import render
from activities.segment import segment
from campaign.definition.model import Definition
from campaign.definition.offers.offer import Offer
from campaign.definition.templates import TemplateTexts
from campaign.errors import AfterglowError, ChannelBusy, ChannelError, ChannelRefused, ChannelUncertain
from campaign.facts import MessageState
from campaign.offers.coupons import CouponState, Origin
from campaign.offers.shop_codes import Handed
from campaign.reasons import Channel, Reason
from campaign.rules.decision import Kind
from campaign.wire import Customer
from channels.protocol import MessageChannel, Outgoing, Receipt
from storage.database import Database
from storage.queries.coupons.filling import keep_stock
from storage.queries.coupons.stock import add_codes
from storage.queries.messages.messages import lock_message, move_message
from storage.queries.people.customers import save_customer
from tests.activities.coupons.shop import BEST
from tests.activities.test_activities import CONTENT, purchase_of
from tests.facts import PLACED

CODE = re.compile(r"code (\S+)\.")
TEXT = "{{ brand.name }}: {% if offer %}code {{ offer.code }}.{% else %}hello.{% endif %}"
EMAIL = (
    "<mjml><mj-body></mj-body></mjml>{% if false %}"
    + "".join(
        f"{{% block {name} %}}{text}{{% endblock %}}"
        for name, text in (("subject", "x"), ("preheader", "x"), ("text", TEXT))
    )
    + "{% endif %}"
)
WHY = "by chance"
STEP = "win-back-best"


class Killed(BaseException):
    """The process dies here."""


@dataclass
class Provider:
    """A provider that fails at random. ``handed``: all that ever reached it; ``accepted``: what it sent."""

    rng: random.Random
    knows: Callable[[str], bool]
    lock: threading.Lock = field(default_factory=threading.Lock)
    accepted: dict[str, Outgoing] = field(default_factory=dict)
    handed: dict[str, set[str]] = field(default_factory=dict)
    dead: list[str] = field(default_factory=list)
    forgets: set[str] = field(default_factory=set)
    name: str = "random"

    def send(self, message: Outgoing) -> Receipt:
        """Accept a message, or not, or die, or lose the answer."""
        with self.lock:
            fate = self.rng.random()
            code = code_in(message.text)
            if code:
                self.handed.setdefault(code, set()).add(message.order_id)
                self.dead += [] if self.knows(code) else [code]
            if fate < 0.1:
                raise ChannelRefused(WHY, "550")
            if fate < 0.15:
                raise ChannelBusy(WHY, timedelta(minutes=1))
            if fate < 0.2:
                raise ChannelError(WHY)
            if fate < 0.25:
                self.forgets.add(message.id)
                raise ChannelUncertain(WHY)
            assert message.id not in self.accepted, "doubled"
            self.accepted[message.id] = message
            if fate < 0.3:
                raise Killed
            if fate < 0.35:
                raise ChannelUncertain(WHY)
        return Receipt(f"p-{message.id}", message.at)

    def find(self, message: Outgoing, attempted_at: datetime) -> Receipt | None:  # noqa: ARG002 - it knows
        """Return what became of a message, where that can be known."""
        if message.id in self.forgets:
            raise ChannelUncertain(WHY)
        found = self.accepted.get(message.id)
        return Receipt(f"p-{message.id}", found.at) if found else None


def code_in(text: str) -> str | None:
    """Return the code that a message shows."""
    found = CODE.search(text)
    return found[1] if found else None


@dataclass
class ShopOfCodes:
    """A shop that is given codes, and now and then does not answer after it has taken them."""

    rng: random.Random
    codes: set[str] = field(default_factory=set)
    most: int = 250

    def takes(self, _offer: Offer) -> bool:
        """Take all."""
        return True

    def add(self, _offer: Offer, codes: Sequence[str]) -> Handed:
        """Take codes; a part of them at times, and die at times after it took them."""
        taken = codes[: self.rng.randint(1, len(codes))]
        self.codes |= set(taken)
        if self.rng.random() < 0.2:
            raise Killed
        return Handed(taken)


@dataclass
class Chaos:
    """Campaigns of one shop, each of its own customer, run to their ends by several threads."""

    database: Database
    definition: Definition
    seed: int
    kills: float = 0.02
    died: int = 0

    def __post_init__(self) -> None:
        """Make what fails, from the seed."""
        self.rng = random.Random(self.seed)  # noqa: S311 - no secret
        self.shop = ShopOfCodes(random.Random(self.seed + 1))  # noqa: S311 - no secret
        self.uploaded: set[str] = set()
        self.provider = Provider(random.Random(self.seed + 2), self.knows)  # noqa: S311 - no secret
        self.channels: dict[Channel, MessageChannel] = dict.fromkeys(Channel, self.provider)
        self._own = threading.local()

    def knows(self, code: str) -> bool:
        """Return whether the shop knows a code: it was given it, or has given it."""
        return code in self.shop.codes or code in self.uploaded

    @contextmanager
    def dying(self) -> Iterator[None]:
        """Let statements of threads that run campaigns die at random."""

        def maybe(*_: Any) -> None:
            rng = getattr(self._own, "rng", None)
            if rng is not None and rng.random() < self.kills:
                self.died += 1
                raise Killed

        event.listen(self.database.engine, "before_cursor_execute", maybe)
        try:
            yield
        finally:
            event.remove(self.database.engine, "before_cursor_execute", maybe)

    def upload(self, number: int) -> None:
        """Add codes to the pool; the shop has given them."""
        codes = [f"POOL-{self.seed}-{len(self.uploaded) + each}" for each in range(number)]
        self.uploaded |= set(codes)
        with self.database.transaction() as session:
            add_codes(session, "come-back", codes, Origin.POOL, CouponState.AVAILABLE, PLACED)

    def fill(self) -> None:
        """Make codes and give them to the shop, as the schedule does, until all are there."""
        for _ in range(50):
            try:
                keep_stock(self.database, self.definition, self.shop, PLACED)
            except Killed:
                continue
            return

    def campaign(self, number: int) -> None:
        """Run one customer's campaign from the best offer on to its end."""
        rng = random.Random(self.seed * 1_000_003 + number)  # noqa: S311 - no secret
        self._enrol(number, rng)
        self._own.rng = rng
        try:
            self._run(f"o-{number}", rng)
        finally:
            self._own.rng = None

    def _enrol(self, number: int, rng: random.Random) -> None:
        contact: dict[str, Any] = {
            "customer_id": f"c-{number}", "email": f"c{number}@example.com", "country": "US",
            "time_zone": "America/New_York",
        }  # fmt: skip
        if rng.random() < 0.5:
            granted = {"channel": "sms", "state": "granted", "source": "x", "at": PLACED, "confirmed": True}
            contact |= {"phone": f"+1202555{number % 10_000:04}", "consents": [granted]}
        with self.database.transaction() as session:
            save_customer(session, Customer.model_validate(contact))
        purchase = purchase_of(f"o-{number}", PLACED.isoformat(), customer_id=f"c-{number}")
        request = EnrolRequest(purchase=purchase, run_id="run", now=PLACED)
        enrol(self.database, self.definition, request, TEMPLATES)

    def _run(self, order_id: str, rng: random.Random) -> None:
        now, leaves_at = BEST, rng.randint(1, 40)
        for turn in range(60):
            if turn == leaves_at:
                break
            answer = self._surely(partial(self._decide, order_id, now))
            if answer.kind in (Kind.SKIP, Kind.EXIT):
                break
            if answer.kind is Kind.WAIT:
                now = max(answer.until or now, now + timedelta(minutes=1))
                continue
            states = [self._send(message.id, now, rng) for message in answer.messages]
            now += timedelta(minutes=1)
            if all(states) and not answer.more:
                break
        reason = rng.choice([Reason.COMPLETED, Reason.REPURCHASED, Reason.STOPPED])
        self._surely(lambda: close(self.database, CloseRequest(order_id=order_id, reason=reason, now=now)))

    def _decide(self, order_id: str, now: datetime) -> StepDecision:
        return segment(self.database, SegmentRequest(order_id=order_id, step=STEP, now=now))

    def _send(self, message_id: str, now: datetime, rng: random.Random) -> bool:
        """Render and deliver, for as long as a workflow would try; then it may bounce."""
        for attempt in range(rng.randint(1, 6)):
            try:
                render(self.database, CONTENT, RenderRequest(message_id=message_id, now=now))
                at = now + timedelta(seconds=20 * attempt)
                state = deliver(
                    self.database, self.channels, DeliverRequest(message_id=message_id, now=at)
                ).state
            except (Killed, AfterglowError):
                continue
            if state is MessageState.SENT and rng.random() < 0.15:
                self._surely(lambda: self._bounce(message_id, now))
                return False
            return state in (MessageState.SENT, MessageState.UNCONFIRMED)
        return False

    def _bounce(self, message_id: str, now: datetime) -> None:
        with self.database.transaction() as session:
            move_message(session, lock_message(session, message_id), MessageState.FAILED, now)

    def _surely(self, work: Callable[[], Any]) -> Any:
        while True:
            try:
                return work()
            except (Killed, AfterglowError):
                continue

    def found(self) -> Counter[str]:
        """Return what went out and what went wrong: all but the first two should be none."""
        shown = [(code, m.order_id) for m in self.provider.accepted.values() if (code := code_in(m.text))]
        return Counter(
            {
                "sent": len(self.provider.accepted),
                "with a coupon": len(shown),
                "killed": self.died,
                "shared": sum(len(orders) > 1 for orders in self.provider.handed.values()),
                "dead on arrival": len(self.provider.dead),
            }
        )


TEMPLATES = TemplateTexts(
    {
        f"{folder}/{name}": text
        for folder, name, text in (
            ("sms", "win_back_best.txt.j2", TEXT),
            ("email", "win_back_best.mjml.j2", EMAIL),
            ("sms", "opt_in.txt.j2", TEXT),
        )
    }
)
