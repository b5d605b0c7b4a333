"""What a campaign takes with it into a new history, when the old one has grown too long."""

from __future__ import annotations

from typing import Any

from activities.interface import Payload, PlannedStep, ReceivedSignal, Wait
from campaign.wire import AS_FORMERLY, Purchase
from workflows.status import Status


class Carried(Payload):
    """The plan and how far it has come; what is waited for; signals that no decision has seen yet.

    ``shown`` are the search attributes as they stand.
    """

    steps: list[PlannedStep]
    position: int
    wait: Wait
    status: Status
    shown: dict[str, str]
    news: list[ReceivedSignal]
    failed: list[str]


def read_continued(inputs: tuple[Any, ...]) -> tuple[Purchase, Carried]:
    """Read back what the run before has handed over."""
    purchase, carried = inputs
    return Purchase.model_validate(purchase, context=AS_FORMERLY), Carried.model_validate(carried)
