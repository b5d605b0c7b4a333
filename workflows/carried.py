"""What a campaign takes with it into a new history, when the old one has grown too long."""

from __future__ import annotations

from typing import Any

from temporalio import workflow

from activities.interface import Payload, PlannedStep, ReceivedSignal, Wait
from campaign.fields.formerly import AS_FORMERLY
from campaign.wire import Purchase
from workflows.signals import read_purchase
from workflows.status import Status

LONG_HISTORY = 1_000
"""In events. Long before the server suggests it: it gives up a workflow task during which 100 signals come,
and after that a long history would take too long to replay for any task to be done in time."""

CONTINUE_AS_NEW = "continue-as-new"
"""A patch: called only where a history is long, so that it costs no event on the usual way."""


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


def history_is_long() -> bool:
    """Say whether the run is to go on in a new history."""
    info = workflow.info()
    long = info.is_continue_as_new_suggested() or info.get_current_history_length() > LONG_HISTORY
    return long and workflow.patched(CONTINUE_AS_NEW)
