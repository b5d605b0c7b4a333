"""What a workflow and its activities say to each other: ids and times only, no personal data.

Models are small on purpose: every byte stands in a history for as long as it is kept.
"""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from campaign.facts import MessageState
from campaign.reasons import Channel, Reason
from campaign.rules.decision import Kind
from campaign.wire import OrderUpdate, Purchase

ENROL, SEGMENT, RENDER, DELIVER, CLOSE = "enrol", "segment", "render", "deliver", "close"


class Message(BaseModel):
    """Base of all arguments and answers."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class News(Message):
    """One signal, as it is handed to the next decision: exactly one field is set."""

    update: OrderUpdate | None = None
    repurchased: str | None = None
    stop: str | None = None


class EnrolRequest(Message):
    """``run_id`` tells a retry of this workflow from a second workflow for the same order."""

    purchase: Purchase
    run_id: str
    now: datetime


class Wake(Message):
    """When to look at a step if no signal comes before, and what it waits for."""

    at: datetime
    reason: Reason = Reason.NOT_DUE


class PlannedStep(Message):
    """A step, and when to look at it first as far as is known at enrolment."""

    name: str
    title: str
    wake: Wake


class Enrolled(Message):
    """``supersedes`` are the order ids of the customer's older open campaigns.

    ``duplicate`` says that the order has had its campaign in another workflow: there is nothing to do.
    """

    segment: str = ""
    steps: list[PlannedStep] = []
    supersedes: list[str] = []
    duplicate: bool = False


class SegmentRequest(Message):
    """Ask about a step, with the signals that came since the last question."""

    order_id: str
    step: str
    now: datetime
    news: list[News] = []


class ClaimedMessage(Message):
    """A message to render and deliver, until ``latest``."""

    id: str
    channel: Channel
    latest: datetime


class Answer(Message):
    """The decision on a step.

    ``until`` is set to wait; ``messages`` to send; ``more`` when the step has another channel to
    come; ``following`` is when to look at the next step, if there is one.
    """

    kind: Kind
    reason: Reason
    segment: str
    until: datetime | None = None
    messages: list[ClaimedMessage] = []
    more: bool = False
    following: Wake | None = None


class RenderRequest(Message):
    """Render one claimed message."""

    message_id: str
    now: datetime


class DeliverRequest(Message):
    """Deliver one rendered message; facts are read once more before it goes out."""

    message_id: str
    now: datetime


class Delivered(Message):
    """What became of a message. `claimed` means: not now after all, ask about the step again."""

    state: MessageState


class CloseRequest(Message):
    """End a run. Signals that no decision has seen yet are kept with it."""

    order_id: str
    reason: Reason
    now: datetime
    news: list[News] = []
