"""What a campaign takes with it into a new history, when the old one has grown too long."""

from __future__ import annotations

from typing import Any

from activities.interface import Payload, PlannedStep, ReceivedSignal, Wait
from campaign.fields.formerly import AS_FORMERLY
from campaign.wire import Purchase
from workflows.signals import read_purchase
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


def read_start(inputs: tuple[Any, ...], *, continued: bool) -> tuple[Purchase, Carried | None]:
    """Read the purchase, and what the run before has handed over.

    A run that the server repeats (a retry policy or a cron schedule that the start has set) goes on from
    another one as well, but with nothing handed over: it begins anew, and enrolment knows it again.

    Raises:
        ApplicationError: type ``bad_purchase``, naming the fields that are wrong.
    """
    if not continued or len(inputs) == 1:
        return read_purchase(inputs), None
    try:
        purchase, carried = inputs
        return Purchase.model_validate(purchase, context=AS_FORMERLY), Carried.model_validate(carried)
    except ValueError:
        return read_purchase(inputs), None
