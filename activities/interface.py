"""What a workflow and its activities exchange: ids and times only, no personal data.

Models are small on purpose: every byte stands in a history for as long as it is kept. The names of
their fields stand in kept histories, too, and in campaigns that sleep: they do not change.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from campaign.facts import MessageState, Purpose
from campaign.reasons import Channel, Reason
from campaign.rules.decision import Kind
from campaign.wire import DiscountCode, OrderUpdate, Purchase


class Payload(BaseModel):
    """Base of all requests and answers."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ReceivedSignal(Payload):
    """One signal, as it is passed on to be recorded: exactly one field is set."""

    update: OrderUpdate | None = None
    repurchased: str | None = None
    stop: str | None = None


class EnrolRequest(Payload):
    """``run_id`` distinguishes a retry of this workflow from a second workflow for the same order.

    ``discount_codes`` are the purchase's, which does not carry them beyond its start.
    """

    purchase: Purchase
    run_id: str
    now: datetime
    discount_codes: list[DiscountCode] = []


class Wait(Payload):
    """When to look at a step if no signal comes before, and what it waits for."""

    at: datetime
    reason: Reason = Reason.NOT_DUE


class PlannedStep(Payload):
    """A step, and when to look at it first as far as is known at enrolment."""

    name: str
    title: str
    wake: Wait


class Enrolled(Payload):
    """``supersedes`` are the order ids of the customer's older open campaigns.

    ``duplicate`` says that the order has had its campaign in another workflow: there is nothing to do.
    ``shop_currency`` is set for an order in another currency than the shop's.
    """

    segment: str = ""
    steps: list[PlannedStep] = []
    supersedes: list[str] = []
    duplicate: bool = False
    shop_currency: str | None = None


class SegmentRequest(Payload):
    """Decide a step. ``news`` are the signals that came since the last decision."""

    order_id: str
    step: str
    now: datetime
    news: list[ReceivedSignal] = []


class ClaimedMessage(Payload):
    """A message to render and deliver, until ``latest``. ``purpose`` is left out for the step's own words."""

    id: str
    channel: Channel
    latest: datetime
    purpose: Purpose | None = None


class StepDecision(Payload):
    """The decision on a step.

    ``until`` is set to wait; ``messages`` to send; ``more`` when the step has another channel to
    come; ``following`` is when to look at the next step, if there is one.

    ``failed`` are earlier steps whose message has failed and that another channel may take over: they
    are decided first, and nothing was claimed for this one. ``watch_until`` is set after the last step,
    where a message could still fail and be taken over: when to look at the step again.
    """

    kind: Kind
    reason: Reason
    segment: str
    until: datetime | None = None
    messages: list[ClaimedMessage] = []
    more: bool = False
    following: Wait | None = None
    failed: list[str] = []
    watch_until: datetime | None = None


class RenderRequest(Payload):
    """Render one claimed message."""

    message_id: str
    now: datetime


class DeliverRequest(Payload):
    """Deliver one rendered message; facts are read once more before it goes out."""

    message_id: str
    now: datetime


class Delivered(Payload):
    """What became of a message. `claimed` means: not now after all, decide the step again."""

    state: MessageState


class CloseRequest(Payload):
    """End a run. Signals that no decision has seen yet are kept with it.

    ``run_id`` is set where the enrolment's answer never came: only the run of that workflow is ended, if
    there is one.
    """

    order_id: str
    reason: Reason
    now: datetime
    news: list[ReceivedSignal] = []
    run_id: str | None = None


class StatisticsRequest(Payload):
    """Count the shop's statistics over the days before ``now``."""

    now: datetime


class StatisticsRefreshed(Payload):
    """How many rows each statistic has now."""

    rows: dict[str, int]


class ModelsRequest(Payload):
    """Fit the shop's models over the orders placed until ``now``."""

    now: datetime


class ModelsFitted(Payload):
    """What serves for lifetime value and for the buying cycle, and how many customers have a score."""

    lifetime_value: str
    buying_cycle: str
    scored: int


class FailuresRequest(Payload):
    """Find messages that failed before ``now`` and that their campaigns have not looked at since."""

    now: datetime


class FailedMessage(Payload):
    """A message of an open campaign that failed after it was accepted, inside its window."""

    order_id: str
    step: str


class FailuresFound(Payload):
    """At most so many as one turn signals; the next turn finds the rest."""

    messages: list[FailedMessage] = []


class CodesRequest(Payload):
    """Find campaigns that wait for an offer's codes at ``now``, where it has some again."""

    now: datetime


class CodesFound(Payload):
    """Their orders: at most so many as there are codes, and as one turn signals; the next finds the rest."""

    order_ids: list[str] = []


class EraseOldRequest(Payload):
    """Erase what was old enough at ``now``."""

    now: datetime


class OldErased(Payload):
    """How many rows of each kind were erased."""

    rows: dict[str, int]


Request = TypeVar("Request", bound=Payload)
Answer = TypeVar("Answer", bound=Payload | None)


@dataclass(frozen=True)
class Call(Generic[Request, Answer]):
    """An activity as its callers see it: the name, what it takes and what it answers."""

    name: str
    request: type[Request]
    answer: type[Answer]


ENROL = Call("enrol", EnrolRequest, Enrolled)
SEGMENT = Call("segment", SegmentRequest, StepDecision)
RENDER = Call("render", RenderRequest, type(None))
DELIVER = Call("deliver", DeliverRequest, Delivered)
CLOSE = Call("close", CloseRequest, type(None))
ERASE_OLD = Call("erase_old", EraseOldRequest, OldErased)
FIND_FAILURES = Call("find_failures", FailuresRequest, FailuresFound)
FIND_CODES = Call("find_codes", CodesRequest, CodesFound)
FIT_MODELS = Call("fit_models", ModelsRequest, ModelsFitted)
REFRESH_STATISTICS = Call("refresh_statistics", StatisticsRequest, StatisticsRefreshed)
