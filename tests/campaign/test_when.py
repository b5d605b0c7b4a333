"""When: no message outside its window, in quiet hours, over a cap or without consent, over whole campaigns.

The judge is written anew and does not use the rules' own code: it looks at the wall clock of every zone
that a customer may be in, and counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaign.definition.model import Cap, Definition, Hours
from campaign.definition.steps import StepChannels
from campaign.facts import ConsentEntry, CustomerFacts, MessageState, PastMessage
from campaign.reasons import Channel
from campaign.rules.decision import Kind, decide
from campaign.rules.quiet_hours import next_allowed
from campaign.wire import OrderStatus
from tests.campaigns import Play, Sent, World, an_order
from tests.facts import EVERYWHERE, customer, default_definition, facts

DEFINITION = default_definition()
EASTERN, CENTRAL, MOUNTAIN, PACIFIC = (
    "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles",
)  # fmt: skip
Day = tuple[str, str] | None
FREE: Day = ("00:00", "23:59:59.999999")


@dataclass(frozen=True)
class Law:
    """Local hours on a weekday, a Saturday and a Sunday; and how many SMS in 24 hours."""

    weekday: Day = FREE
    saturday: Day = FREE
    sunday: Day = FREE
    most: int | None = None

    def allows(self, local: datetime) -> bool:
        """Return whether the wall clock is within the hours."""
        hours = {5: self.saturday, 6: self.sunday}.get(local.weekday(), self.weekday)
        return hours is not None and hours[0] <= local.time().isoformat() < hours[1]


def daily(start: str, end: str, most: int | None = None) -> Law:
    """The same hours every day."""
    return Law((start, end), (start, end), (start, end), most)


FEDERAL, FLORIDA = daily("08:00", "21:00"), daily("08:00", "20:00", 3)
CANADA = Law(("09:00", "21:30"), ("10:00", "18:00"), ("10:00", "18:00"))


@dataclass(frozen=True)
class Place:
    """What is known of where a customer lives, and what a careful person would make of it.

    ``sources``: the zones by each source that disagrees, the most trusted first.
    """

    known: dict[str, Any]
    sources: list[tuple[str, ...]] = field(default_factory=list)
    laws: tuple[Law, ...] = (FEDERAL,)
    somewhere_in_us: bool = False

    @property
    def stages(self) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
        """Zones for the campaign's hours and for the law's: fewer sources where all never meet."""
        sources = ([(EASTERN,)] if self.somewhere_in_us else []) + self.sources
        fewer = [sum(sources[:count], ()) for count in range(len(sources), 0, -1)]
        return [(zones, fewer[0]) for zones in fewer] + [(zones, zones) for zones in fewer[1:]]


PLACES = [
    Place({"country": "US", "time_zone": EASTERN}, [(EASTERN,)]),
    Place({"country": "US", "time_zone": "America/Detroit", "phone": "+13135550100"}, [(EASTERN,)],
          (FEDERAL, daily("09:00", "21:00"))),
    Place({"country": "US", "postal_code": "94105"}, [(PACIFIC,)]),
    Place({"country": "US", "postal_code": "94105-1234", "time_zone": EASTERN}, [(EASTERN,), (PACIFIC,)]),
    Place({"country": "US", "phone": "+18505550100"}, [(EASTERN, CENTRAL)], (FEDERAL, FLORIDA)),
    Place({"country": "US", "postal_code": "33101"}, [(EASTERN,)], (FEDERAL, FLORIDA)),
    Place({"country": "US", "postal_code": "32501", "phone": "+12065550100"}, [(CENTRAL,), (PACIFIC,)],
          (FEDERAL, FLORIDA, daily("08:00", "20:00"))),
    Place({"country": "US", "region": "OK"}, [(CENTRAL,)], (FEDERAL, FLORIDA)),
    Place({"country": "US", "postal_code": "21201"}, [(EASTERN,)], (FEDERAL, FLORIDA)),
    Place({"country": "US", "region": "Rhode Island"}, [(EASTERN,)],
          (FEDERAL, Law(("09:00", "18:00"), ("10:00", "17:00"), None))),
    Place({"country": "US", "region": "US-UT"}, [(MOUNTAIN,)],
          (FEDERAL, Law(("08:00", "21:00"), ("08:00", "21:00"), None))),
    Place({"country": "US", "postal_code": "75001"}, [(CENTRAL,)],
          (FEDERAL, Law(("09:00", "21:00"), ("09:00", "21:00"), ("12:00", "21:00")))),
    Place({"country": "US", "postal_code": "86040"}, [("America/Phoenix", MOUNTAIN)]),
    Place({"country": "US"}, somewhere_in_us=True),
    Place({"country": "US", "phone": "+18005550100", "postal_code": "09001"}, somewhere_in_us=True),
    Place({"country": None}, somewhere_in_us=True),
    Place({"country": "PR"}, [("America/Puerto_Rico",)]),
    Place({"country": "US", "time_zone": "Asia/Tokyo", "phone": "+12125550100"},
          [("Asia/Tokyo",), (EASTERN,)]),
    Place({"country": "CA", "postal_code": "M5V 2T6"}, [("America/Toronto",)], (CANADA,)),
    Place({"country": "CA", "phone": "+12125550100", "time_zone": "America/Vancouver"},
          [("America/Vancouver",), (EASTERN,)], (CANADA, FEDERAL)),
    Place({"country": "GB", "phone": "+447911123456"}, [("Europe/London",)], ()),
    Place({"country": "FR"}, [("Europe/Paris",)], (Law(("08:00", "20:00"), ("08:00", "20:00"), None),)),
    Place({"country": "JP", "phone": "+12395550100"}, [("Asia/Tokyo",), (EASTERN,)], (FEDERAL, FLORIDA)),
]  # fmt: skip
# Clocks that change by half an hour, by two, at midnight, in Ramadan or in winter; and the date line.
ODD_ZONES = [
    "Australia/Lord_Howe", "Antarctica/Troll", "America/Havana", "Africa/Cairo", "Asia/Beirut",
    "America/Santiago", "Africa/Casablanca", "Europe/Dublin", "America/St_Johns", "Pacific/Chatham",
    "Pacific/Apia", "Pacific/Kiritimati", "Asia/Kathmandu", "America/Nuuk", "Atlantic/Azores",
]  # fmt: skip
CHANGES = [
    datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 11, 1, 6, tzinfo=UTC),
    datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC),
    datetime(2026, 4, 4, 15, tzinfo=UTC), datetime(2026, 9, 6, 4, tzinfo=UTC),
    datetime(2026, 4, 23, 22, tzinfo=UTC), datetime(2027, 3, 14, 9, tzinfo=UTC),
]  # fmt: skip


def place_of(zone: str) -> Place:
    """A customer of the shop's country whose profile names a zone."""
    return Place({"country": None, "time_zone": zone}, [(zone,)])


WHERE = st.sampled_from(PLACES) | st.sampled_from(ODD_ZONES).map(place_of)
MINUTES = st.integers(0, 95).map(lambda quarter: time(quarter // 4, quarter % 4 * 15))
SPAN = st.tuples(MINUTES, MINUTES).filter(lambda span: span[0] < span[1])
SMALL_HOURS = st.sampled_from(
    [(time(0), time(1)), (time(1, 30), time(2)), (time(2, 15), time(2, 45)), (time(1, 15), time(3)),
     (time(2), time(3, 15)), (time(0, 30), time(23, 45))]
)  # fmt: skip
HOURS = st.builds(
    lambda span, days: Hours(start=span[0], end=span[1], days=days),
    SPAN | SMALL_HOURS,
    st.dictionaries(st.sampled_from(["monday", "saturday", "sunday"]), SPAN | st.just("never"), max_size=2),
)
CAPS = st.lists(
    st.builds(
        Cap,
        channel=st.sampled_from(Channel),
        messages=st.integers(1, 4),
        per=st.sampled_from([timedelta(hours=16), timedelta(days=1), timedelta(days=30)]),
    ),
    max_size=3,
)
# Placed so that one of the steps is due around a change of clocks, or whenever.
PLACED = st.builds(
    lambda change, days, minutes: change - timedelta(days=days, minutes=minutes),
    st.sampled_from(CHANGES),
    st.sampled_from([0, 1, 21, 30, 90]) | st.integers(0, 100),
    st.integers(-600, 2000),
)
HOUR = timedelta(hours=1)


@st.composite
def definitions(draw: st.DrawFn) -> Definition:
    """The default campaign with hours, caps and gaps of every kind, also none."""
    hours = draw(st.dictionaries(st.sampled_from(Channel), HOURS) | st.just(DEFINITION.quiet_hours))
    gap = draw(st.sampled_from([timedelta(0), timedelta(days=2)]))
    modes = st.sampled_from(StepChannels)
    steps = [step.model_copy(update={"channels": draw(modes)}) for step in DEFINITION.steps]
    changes = {
        "quiet_hours": hours,
        "caps": draw(CAPS | st.just(DEFINITION.caps)),
        "timing": DEFINITION.timing.model_copy(update={"min_gap": gap}),
        "steps": steps,
    }
    return DEFINITION.model_copy(update=changes)


def rarely(seldom: Any, mostly: Any) -> st.SearchStrategy[Any]:
    """One value in six, and the other else."""
    return st.sampled_from([mostly] * 5 + [seldom])


@st.composite
def customers(draw: st.DrawFn, start: datetime) -> list[tuple[datetime, Place, CustomerFacts]]:
    """A customer who may move, change his mind and his consents while campaigns run."""
    times = [start - timedelta(days=1), *sorted(start + n * HOUR for n in draw(
        st.lists(st.integers(0, 24 * 100), max_size=2, unique=True)))]  # fmt: skip
    ledger: list[ConsentEntry] = []
    found = []
    for at in times:
        ledger += draw(consents(len(ledger), at))
        place = draw(WHERE)
        values = {
            "time_zone": None,
            "reachable": draw(rarely(frozenset({Channel.SMS}), EVERYWHERE)),
            "preferred": draw(st.sampled_from([None, None, "email", "sms", "both"])),
            "suppressed": draw(rarely(frozenset({Channel.EMAIL}), frozenset())),
            "less": draw(rarely(True, False)),
            "consents": tuple(ledger),
            **place.known,
        }
        found.append((at, place, customer(**values)))
    return found


@st.composite
def consents(draw: st.DrawFn, first: int, at: datetime) -> list[ConsentEntry]:
    """A few entries for the ledger."""
    both = [(channel, True, True) for channel in Channel]
    kinds = st.tuples(st.sampled_from(Channel), rarely(False, True), rarely(False, True))
    found = draw(st.just(both) | st.lists(kinds, max_size=4))
    return [
        ConsentEntry(first + n + 1, channel, granted, at - HOUR, confirmed=granted and confirmed)
        for n, (channel, granted, confirmed) in enumerate(found)
    ]


@st.composite
def plays(draw: st.DrawFn, start: datetime) -> list[Play]:
    """One to three purchases, with what became of each."""
    gaps = draw(st.lists(st.integers(0, 24 * 45), max_size=2))
    made, at = [], start
    for number, gap in enumerate([0, *gaps]):
        at += gap * HOUR + timedelta(seconds=number)
        events = {OrderStatus.PROCESSED: at + draw(rarely(30, 1)) * HOUR}
        if draw(st.booleans()):
            events[OrderStatus.DELIVERED] = at + draw(st.integers(30, 24 * 12)) * HOUR
        if draw(rarely(True, False)):
            events[OrderStatus.CANCELLED] = at + draw(st.integers(1, 24 * 60)) * HOUR
        made.append(Play(an_order(number, at), events))
    return made


@st.composite
def earlier(draw: st.DrawFn, start: datetime) -> list[PastMessage]:
    """Messages of campaigns of old, which count against caps."""
    hours = draw(st.lists(st.integers(0, 24) | st.integers(0, 24 * 40), max_size=6))
    states = st.sampled_from([MessageState.SENT, MessageState.UNCONFIRMED, MessageState.FAILED])
    return [
        PastMessage(f"old-{n}", "loyalty", draw(st.sampled_from(Channel)), draw(states), start - ago * HOUR)
        for n, ago in enumerate(hours)
    ]


@dataclass(frozen=True)
class Case:
    """Everything of one run, and where the customer was when."""

    world: World
    places: list[tuple[datetime, Place]]
    past: list[PastMessage]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A whole run: the shop's campaign, a customer's life, his purchases, the provider's moods."""
    start = draw(PLACED)
    life = draw(customers(start))
    past = draw(earlier(start))
    outcomes = st.sampled_from([MessageState.SENT] * 4 + [MessageState.UNCONFIRMED, MessageState.FAILED])
    world = World(
        definition=draw(definitions()),
        customers=[(at, facts) for at, _, facts in life],
        plays=draw(plays(start)),
        messages=list(past),
        outages=draw(
            st.lists(st.sampled_from([timedelta(0), timedelta(0), 3 * HOUR, 40 * HOUR]), max_size=3)
        ),
        outcomes=draw(st.lists(outcomes, max_size=4)),
        clicks=draw(st.lists(rarely(True, False), max_size=4)),
    )
    return Case(world, [(at, place) for at, place, _ in life], past)


@settings(max_examples=1_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases())
def test_no_message_is_ever_sent_against_a_rule(case: Case) -> None:
    """Whole campaigns with random facts end, and each message went out when, and to whom, it was allowed."""
    case.world.run()
    for number, sent in enumerate(case.world.sent):
        before = [s.message for s in case.world.sent[:number]]
        place = [where for at, where in case.places if at <= sent.message.at][-1]
        judge_window(case.world, sent)
        judge_hours(case.world.definition, place, sent)
        judge_caps(case.world.definition, place, sent, [*case.past, *before])
        judge_consent(sent)
        judge_follow_up(case.world.definition, sent, before)
    keys = [(s.message.order_id, s.message.step, s.message.channel) for s in case.world.sent]
    assert len(keys) == len(set(keys)), "sent twice"


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases())
def test_the_ghosts_are_what_treated_customers_are_sent(case: Case) -> None:
    """Lived twice, once in the holdout: the same messages at the same times, and none of them sent."""
    world = replace(case.world, outages=(), outcomes=(), clicks=())
    treated = replace(world, messages=list(case.past), sent=[], skipped=[])
    held = replace(world, messages=list(case.past), sent=[], skipped=[], ghosts=[], holdout=True)
    treated.run()
    held.run()
    assert not held.sent
    assert not treated.ghosts
    assert [what_went(sent) for sent in held.ghosts] == [what_went(sent) for sent in treated.sent]


def what_went(sent: Sent) -> tuple[Any, ...]:
    """All that a message and its ghost have in common."""
    message = sent.message
    return message.order_id, message.step, message.channel, message.at, sent.question


NEAR = st.builds(
    lambda change, quarters: change + timedelta(minutes=15 * quarters),
    st.sampled_from(CHANGES),
    st.integers(-4 * 30, 4 * 30),
)
ZONES = st.sampled_from([EASTERN, PACIFIC, "Europe/Berlin", *ODD_ZONES])


@settings(max_examples=600, deadline=None)
@given(st.lists(st.tuples(SMALL_HOURS | SPAN, ZONES), min_size=1, max_size=3), NEAR)
def test_hours_are_those_of_the_wall_clock(rules: list[tuple[tuple[time, time], str]], now: datetime) -> None:
    """On days of clock changes too: open only by every clock, and no later than when all clearly are.

    Clearly: no zone's clock is changed within three hours, so that no local time is missing or double.
    """
    all_hours = [(Hours(start=span[0], end=span[1]), ZoneInfo(zone)) for span, zone in rules]
    at = next_allowed(all_hours, now)
    if at is not None:
        assert at >= now
        assert all(within(hours, at.astimezone(zone)) for hours, zone in all_hours)
    quarters = (now + timedelta(minutes=15 * n) for n in range(9 * 96))
    earlier_ones = [t for t in quarters if at is None or t < at]
    for t in earlier_ones:
        assert not all(within(h, t.astimezone(z)) and is_settled(z, t) for h, z in all_hours), t


def is_settled(zone: ZoneInfo, at: datetime) -> bool:
    """Return whether the zone's clocks run on for three hours to either side."""
    around = [(at + n * HOUR).astimezone(zone).utcoffset() for n in (-3, 0, 3)]
    return len(set(around)) == 1


THREE_A_DAY = [place for place in PLACES if any(law.most for law in place.laws)]


@settings(max_examples=300, deadline=None)
@given(
    place=st.sampled_from(THREE_A_DAY),
    ago=st.lists(st.integers(0, 60 * 30), min_size=2, max_size=8),
    most=st.integers(1, 9),
)
def test_three_sms_a_day_hold_whatever_the_campaign_says(place: Place, ago: list[int], most: int) -> None:
    """Without caps, or with larger ones, in FL, OK and MD the fourth in 24 hours waits; elsewhere it goes."""
    now = datetime(2026, 3, 25, 18, tzinfo=UTC)
    caps = [Cap(channel=Channel.SMS, messages=most, per=timedelta(hours=1))][: most % 2]
    definition = DEFINITION.model_copy(update={"caps": caps})
    past = tuple(
        PastMessage(f"old-{n}", "loyalty", Channel.SMS, MessageState.SENT, now - timedelta(minutes=minutes))
        for n, minutes in enumerate(ago)
    )
    who = customer(**{"preferred": "sms", "time_zone": None, **place.known})
    known = facts(placed_at=now - timedelta(days=22), customer=who, messages=past)
    decision = decide(definition, known, definition.step("loyalty"), now)
    at = now if decision.kind is Kind.SEND else decision.until
    assert at is not None
    assert 1 + sum(m.at > at - timedelta(days=1) for m in past) <= 3
    free = customer(preferred="sms", time_zone=EASTERN)
    if not caps:
        decision = decide(definition, replace(known, customer=free), definition.step("loyalty"), now)
        assert decision.kind is Kind.SEND


def judge_window(world: World, sent: Sent) -> None:
    """The step's window as the default campaign's documentation has it; and no newer order."""
    message = sent.message
    play = next(p for p in world.plays if p.order.order_id == message.order_id)
    placed, events = play.order.placed_at, play.events
    delivered = events.get(OrderStatus.DELIVERED)
    known = delivered if delivered and delivered <= message.at else None
    loyal = known + timedelta(days=7) if known else placed + timedelta(days=21)
    span = {
        "thank-you": (max(events[OrderStatus.PROCESSED] + HOUR, placed + 2 * HOUR), placed + 24 * HOUR),
        "loyalty": (loyal, loyal + timedelta(days=7)),
        "win-back-soft": (placed + timedelta(days=30), placed + timedelta(days=60 + 14)),
        "win-back-best": (placed + timedelta(days=90), placed + timedelta(days=180 + 14)),
    }[message.step]
    assert span[0] <= message.at <= span[1]
    kept = [p for p in world.plays if p.kept_at(message.at)]
    assert play in kept, "sent for an order that was cancelled"
    newer = [p for p in kept if placed < p.order.placed_at <= message.at]
    assert not newer, "sent for an order that is not the last"


def judge_hours(definition: Definition, place: Place, sent: Sent) -> None:
    """Of the stages of caution, the first one that ever opens within fifteen days is open now."""
    at, channel = sent.message.at, sent.message.channel
    quarter = at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)
    later = [quarter + timedelta(minutes=15 * n) for n in range(1, 15 * 96)]
    for zones, legal_zones in place.stages:
        if is_open(definition, place, channel, zones, legal_zones, at):
            return
        opens = [t for t in later if is_open(definition, place, channel, zones, legal_zones, t)]
        assert not opens, f"{channel} at {at} in {zones}, which open at {opens[0]}"
    msg = f"{channel} at {at}: no stage of {place.stages} is open"
    raise AssertionError(msg)


def is_open(
    definition: Definition,
    place: Place,
    channel: Channel,
    zones: Sequence[str],
    legal_zones: Sequence[str],
    at: datetime,
) -> bool:
    """Look at the wall clocks."""
    own = definition.quiet_hours.get(channel)
    laws = place.laws if channel is Channel.SMS else ()
    if place.somewhere_in_us and (own or laws) and not 13 <= at.astimezone(ZoneInfo(EASTERN)).hour < 20:
        return False
    return all(within(own, at.astimezone(ZoneInfo(zone))) for zone in zones if own) and all(
        law.allows(at.astimezone(ZoneInfo(zone))) for zone in legal_zones for law in laws
    )


def within(hours: Hours | None, local: datetime) -> bool:
    """The campaign's hours, by the wall clock."""
    if hours is None:
        return True
    window = {**hours.days}.get(f"{local:%A}".lower(), (hours.start, hours.end))  # type: ignore[call-overload]
    return bool(window != "never" and window[0] <= local.time() < window[1])


def judge_caps(definition: Definition, place: Place, sent: Sent, before: list[PastMessage]) -> None:
    """Count what reached the customer in each stretch that ends now."""
    message = sent.message
    reached = [m for m in before if m.state is not MessageState.FAILED]
    others = [m for m in reached if m.channel is message.channel]
    limits = [(cap.messages, cap.per) for cap in definition.caps if cap.channel is message.channel]
    if message.channel is Channel.SMS:
        limits += [(law.most, timedelta(days=1)) for law in place.laws if law.most]
    for most, per in limits:
        assert 1 + sum(m.at > message.at - per for m in others) <= most
    apart = [m.at for m in reached if (m.order_id, m.step) != (message.order_id, message.step)]
    if sent.customer.less:
        assert not [at for at in apart if at > message.at - definition.timing.less_gap]


def judge_follow_up(definition: Definition, sent: Sent, before: list[PastMessage]) -> None:
    """Of email_then_sms the SMS comes its time after an email that was sent, never after a click."""
    message, step = sent.message, definition.step(sent.message.step)
    emails = [m for m in before if (m.order_id, m.step, m.channel) == (
        message.order_id, message.step, Channel.EMAIL)]  # fmt: skip
    if step.channels is not StepChannels.EMAIL_THEN_SMS or message.channel is Channel.EMAIL or not emails:
        return
    if sent.customer.preferred != "sms":
        assert emails[0].state is MessageState.SENT
        assert not emails[0].clicked
        assert message.at >= emails[0].at + step.sms_after


def judge_consent(sent: Sent) -> None:
    """Read the ledger from its end: the last one decides; SMS wants a confirmed one after any refusal."""
    channel, known = sent.message.channel, sent.customer
    assert channel in known.reachable
    assert channel not in known.suppressed
    assert known.preferred in (None, "both", channel.value)
    entries = sorted((e for e in known.consents if e.channel is channel), key=lambda e: (e.at, not e.granted))
    if channel is Channel.EMAIL and not entries:
        assert (known.country or "US") == "US"
        return
    assert entries[-1].granted
    refusals = [n for n, entry in enumerate(entries) if not entry.granted]
    since = entries[refusals[-1] + 1 :] if refusals else entries
    if channel is Channel.SMS:
        assert any(entry.confirmed for entry in since) or (sent.question and not known.opt_in_requested)
