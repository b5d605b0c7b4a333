"""Reading what comes from outside: the start's input and the signals. What is unreadable changes nothing."""

from __future__ import annotations

from typing import Any, TypeVar

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from activities.interface import ReceivedSignal
    from campaign.contract import Signal, workflow_id
    from campaign.errors import BadInput, BadPurchase, Problem
    from campaign.fields.formerly import AS_FORMERLY
    from campaign.problems import problems_of, time_problems
    from campaign.times import predates_order
    from campaign.wire import DeliveryFailure, OrderUpdate, Purchase, Repurchase, Stop, Wire

STRICT_INPUT = "strict-input"
OWN_ID = "own-id"
DROP_REPEATS = "drop-repeated-signals"
DROP_REPEATED_FAILURES = "drop-repeated-failures"
COUPONS_ADDED = "coupons-added"
"""A worker of an earlier version has taken the signal in, and done nothing: it is nothing in that history."""

MOST_FAILED = 50
"""Steps to look at again: more than a campaign has. The facts have what one beyond them would say."""

W = TypeVar("W", bound=Wire)


def read_purchase(inputs: tuple[Any, ...]) -> Purchase:
    """Return the purchase that the campaign was started with.

    Raises:
        ApplicationError: type ``bad_purchase``, naming the fields that are wrong.
    """
    try:
        purchase = _read(Purchase, inputs)
        _require_own_id(purchase)
    except BadInput as error:
        text = "; ".join(str(problem) for problem in error.problems)
        raise ApplicationError(text, type=BadPurchase.code, non_retryable=True) from None
    return purchase


def _require_own_id(purchase: Purchase) -> None:
    """Refuse a campaign under another id than its order's: no signal about the order would reach it.

    Raises:
        BadInput: the workflow's id is not the order's.
    """
    wanted = workflow_id(purchase.order_id)
    if workflow.info().workflow_id != wanted and workflow.patched(OWN_ID):
        raise BadInput([Problem("workflow id", "is not the order's", "start it as post-purchase/{order_id}")])


def _read(model: type[W], inputs: tuple[Any, ...]) -> W:
    """Read the one input that there must be.

    What earlier versions have accepted, campaigns that they have started must go on accepting.

    Raises:
        BadInput: none, too many, or not understood.
    """
    if len(inputs) != 1:
        raise BadInput([Problem("input", f"has {len(inputs)} values", "send one JSON object")])
    try:
        return model.model_validate(inputs[0])
    except ValidationError as error:
        if workflow.patched(STRICT_INPUT):
            raise BadInput(problems_of(error)) from None
    try:
        return model.model_validate(inputs[0], context=AS_FORMERLY)
    except ValidationError as error:
        raise BadInput(problems_of(error)) from None


class Inbox:
    """Signals that no decision has seen yet: ``news`` to be recorded, ``failed`` the steps to look at again.

    Of news about the same thing the last is kept, so that a flood between two decisions stays small.
    ``codes``: whether the step's offer has codes again. ``refused`` counts signals that were not understood.
    """

    def __init__(self, order_id: str) -> None:
        """Begin empty."""
        self._order_id = order_id
        self.news: dict[tuple[str, str], ReceivedSignal] = {}
        self.failed: list[str] = []
        self.codes = False
        self.refused = 0
        self._seen: set[ReceivedSignal] = set()

    def __bool__(self) -> bool:
        """Whether anything is to be looked at."""
        return bool(self.news or self.failed or self.codes)

    def receive(self, signal: Signal, inputs: tuple[Any, ...]) -> None:
        """Take a signal in; one that is not understood is counted, never half-applied."""
        try:
            self._receive(signal, inputs)
        except BadInput as error:
            self.refused += 1
            workflow.logger.warning("signal refused: %s", error)

    def take_news(self, purchase: Purchase) -> list[ReceivedSignal]:
        """Hand over the news. What is dated before its order is refused: only here the order is known."""
        taken, self.news, self.codes = list(self.news.values()), {}, False
        plausible = [s for s in taken if not (s.update and predates_order(s.update.at, purchase.placed_at))]
        self.refused += len(taken) - len(plausible)
        return plausible

    def put_back(self, news: list[ReceivedSignal], failed: list[str]) -> None:
        """Take up what the history before has left, as older than what has come since."""
        self.news = {_subject(received): received for received in news} | self.news
        self.failed[:0] = failed

    def _receive(self, signal: Signal, inputs: tuple[Any, ...]) -> None:
        if signal is Signal.DELIVERY_FAILED:
            self._add_failed(_read(DeliveryFailure, inputs).step)
        elif signal is Signal.COUPONS_ADDED:
            self.codes = workflow.patched(COUPONS_ADDED)
        elif signal is Signal.ORDER_UPDATED:
            update = _read(OrderUpdate, inputs)
            if problems := time_problems("at", update.at, workflow.now()):
                raise BadInput(problems)
            self._add(ReceivedSignal(update=update))
        elif signal is Signal.STOP:
            self._add(ReceivedSignal(stop=_read(Stop, inputs).reason))
        elif (newer := _read(Repurchase, inputs).order_id) != self._order_id:
            self._add(ReceivedSignal(repurchased=newer))

    def _add_failed(self, step: str) -> None:
        """Keep a step once: each one is run inside the one before, so that hundreds would not end."""
        full = len(self.failed) >= MOST_FAILED
        if (full or step in self.failed) and workflow.patched(DROP_REPEATED_FAILURES):
            return
        self.failed.append(step)

    def _add(self, received: ReceivedSignal) -> None:
        """Keep what is new: a repeat of what was taken in before would only cost another decision."""
        if received in self._seen and workflow.patched(DROP_REPEATS):
            return
        self._seen.add(received)
        self.news.pop(_subject(received), None)
        self.news[_subject(received)] = received


def _subject(received: ReceivedSignal) -> tuple[str, str]:
    if received.update:
        return "order", received.update.status
    return ("newer order", received.repurchased) if received.repurchased else ("stop", "")
