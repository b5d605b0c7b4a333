"""What happens to the sample shop's customers: the scenes that the demo plays."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Protocol

from campaign.wire import OrderStatus
from dev.sample_shop.people import Person, order, where_it_is_night

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
PROCESSED = timedelta(minutes=20)


class Stage(Protocol):
    """What a scene can do to an order's campaign, at that campaign's own time."""

    async def update(self, order_id: str, status: OrderStatus, at: datetime) -> None:
        """Send `order_updated`."""

    async def stop(self, order_id: str, reason: str) -> None:
        """Send `stop`."""

    async def save(self, contact: dict[str, Any]) -> None:
        """Change contact data or consents."""

    async def texts(self, phone: str, words: str, at: datetime) -> None:
        """Have the customer text the shop."""

    async def play(self, story: Story) -> None:
        """Play another story from its start."""


Scene = Callable[[Stage], Awaitable[None]]


@dataclass
class Story:
    """One purchase and what happens after it. ``scenes``: how long after the order, and what."""

    title: str
    person: Person
    purchase: dict[str, Any]
    delay: timedelta = timedelta(0)
    scenes: list[tuple[timedelta, Scene]] = field(default_factory=list)

    @property
    def order_id(self) -> str:
        """The order's id."""
        return str(self.purchase["order_id"])

    @property
    def placed_at(self) -> datetime:
        """When it was placed."""
        return datetime.fromisoformat(self.purchase["placed_at"])

    def happens(self, after: timedelta, scene: Scene) -> None:
        """Add a scene."""
        self.scenes.append((after, scene))

    def updated(self, after: timedelta, status: OrderStatus) -> None:
        """Add a change of the order's status."""
        self.happens(after, lambda stage: stage.update(self.order_id, status, self.placed_at + after))


def stories(persons: list[Person], now: datetime) -> list[Story]:
    """Return one story for each customer; the first are special, the rest are everyday life."""
    random = Random(7)  # noqa: S311 - sample data, not secrets
    made = []
    for number, person in enumerate(persons):
        purchase = order(f"{1001 + number}", person.id, now, random)
        story = Story("everyday", person, purchase)
        (SPECIAL[number] if number < len(SPECIAL) else _everyday)(story, random)
        made.append(story)
    return made


def _processed(story: Story, title: str) -> None:
    story.title = title
    story.updated(PROCESSED, OrderStatus.PROCESSED)


def _everyday(story: Story, random: Random) -> None:
    _processed(story, "everyday")
    if random.random() < 0.7:  # noqa: PLR2004 - most parcels arrive with news
        story.updated(random.randint(2, 5) * DAY, OrderStatus.DELIVERED)
    if random.random() < 0.2:  # noqa: PLR2004 - some come back by themselves
        _buys_again(story, random)


def _buys_again(story: Story, random: Random) -> None:
    if not story.scenes:
        story.updated(PROCESSED, OrderStatus.PROCESSED)
    after = random.choice((12, 20, 33)) * DAY
    story.title = f"buys again on day {after.days}"
    purchase = order(f"{story.order_id}-again", story.person.id, story.placed_at + after, random)
    next_story = Story(f"the order after {story.order_id}", story.person, purchase, delay=after)
    next_story.updated(PROCESSED, OrderStatus.PROCESSED)
    story.happens(after, lambda stage: stage.play(next_story))


def _email_only(story: Story, _random: Random) -> None:
    _processed(story, "wants email only")
    story.person.contact["preferred_channel"] = "email"


def _sms_only(story: Story, _random: Random) -> None:
    _processed(story, "wants SMS only")
    story.person.contact["preferred_channel"] = "sms"


def _both(story: Story, _random: Random) -> None:
    _processed(story, "wants both channels")
    story.person.contact["preferred_channel"] = "both"


def _night(story: Story, _random: Random) -> None:
    _processed(story, "due at night: waits for morning")
    night = where_it_is_night(story.placed_at)
    story.person.contact |= {"preferred_channel": "email", "time_zone": night, "country": None, "phone": None}


def _cancelled(story: Story, _random: Random) -> None:
    _processed(story, "order cancelled on day 2")
    story.updated(2 * DAY, OrderStatus.CANCELLED)


def _refunded(story: Story, _random: Random) -> None:
    _processed(story, "order refunded on day 15")
    story.updated(4 * DAY, OrderStatus.DELIVERED)
    story.updated(15 * DAY, OrderStatus.REFUNDED)


def _unsubscribes(story: Story, _random: Random) -> None:
    _processed(story, "unsubscribes on day 25")
    person, after = story.person, 25 * DAY
    person.contact["preferred_channel"] = "email"
    at = (story.placed_at + after).isoformat()
    revoked = [
        {"channel": c, "state": "revoked", "source": "unsubscribe", "at": at} for c in ("email", "sms")
    ]
    story.happens(after, lambda stage: stage.save({"customer_id": person.id, "consents": revoked}))


def _confirms(story: Story, _random: Random) -> None:
    _processed(story, "SMS: requested once, YES on day 3")
    _wants_unconfirmed_sms(story.person)
    _texts(story, 3 * DAY, "Yes please")


def _never_confirms(story: Story, _random: Random) -> None:
    _processed(story, "SMS: requested once, no answer")
    _wants_unconfirmed_sms(story.person)


def _texts_stop(story: Story, _random: Random) -> None:
    _processed(story, "texts STOP on day 26")
    story.person.contact["preferred_channel"] = "sms"
    _texts(story, 26 * DAY, "Stop please")


def _wants_unconfirmed_sms(person: Person) -> None:
    person.contact["preferred_channel"] = "sms"
    for consent in person.contact["consents"]:
        consent["confirmed"] = False


def _texts(story: Story, after: timedelta, words: str) -> None:
    phone, at = story.person.contact["phone"], story.placed_at + after
    story.happens(after, lambda stage: stage.texts(phone, words, at))


def _never_processed(story: Story, _random: Random) -> None:
    story.title = "not processed within a day"


def _no_consent(story: Story, _random: Random) -> None:
    _processed(story, "never consented, lives in Germany")
    story.person.contact |= {
        "country": "DE",
        "time_zone": "Europe/Berlin",
        "consents": [],
        "preferred_channel": None,
    }


def _stopped(story: Story, _random: Random) -> None:
    _processed(story, "support stops it on day 10")
    story.happens(10 * DAY, lambda stage: stage.stop(story.order_id, "complaint"))


SPECIAL: list[Callable[[Story, Random], None]] = [
    _email_only, _sms_only, _both, _night, _buys_again, _buys_again, _cancelled, _refunded, _unsubscribes,
    _never_processed, _no_consent, _stopped, _confirms, _never_confirms, _texts_stop,
]  # fmt: skip
