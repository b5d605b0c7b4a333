"""PostPurchaseCampaign: wait until a step is due, decide until it is done, go on, leave early.

Every rule is elsewhere: this only waits. Signals wake the wait, and the step is decided again; that holds
while a message waits to be rendered or delivered, too.
"""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from activities.interface import (
        ENROL,
        SEGMENT,
        ClaimedMessage,
        EnrolRequest,
        PlannedStep,
        ReceivedSignal,
        SegmentRequest,
        StepDecision,
        Wait,
    )
    from campaign.contract import WORKFLOW, Signal
    from campaign.facts import MessageState
    from campaign.reasons import Reason
    from campaign.rules.decision import Kind
    from workflows.calls import run_quickly, signal_repurchased
    from workflows.carried import Carried, history_is_long, read_start
    from workflows.closing import is_cancelled, record_end, surely
    from workflows.search_attributes import update_search_attributes
    from workflows.sending import Sending
    from workflows.signals import Inbox
    from workflows.status import ENDED, Status, decision_summary

NAME_REFUSED = "name-refused"
"""Whose order was refused is found by the customer: nothing else leads an erasure to the execution."""


@workflow.defn(name=WORKFLOW)
class PostPurchaseCampaign:
    """One order's campaign. Input: a `campaign.wire.Purchase` as JSON, from any SDK.

    Inputs are taken as they come, any number of them: one that a handler's signature refused would fail
    every workflow task after it.
    """

    @workflow.init
    def __init__(self, *inputs: Any) -> None:
        """Be ready for signals and queries before the input is checked."""
        first = inputs[0] if inputs else None
        order_id = str(first.get("order_id", "")) if isinstance(first, dict) else ""
        self._status = Status(order_id=order_id)
        self._inbox = Inbox(order_id)
        self._steps: list[PlannedStep] = []
        self._position = 0
        self._next_wait: Wait | None = None
        self._enrolled = False
        self._shown: dict[str, str] = {}

    @workflow.run
    async def run(self, *inputs: Any) -> dict[str, Any]:
        """Run the campaign to its end.

        Raises:
            ApplicationError: type ``bad_purchase``, naming the fields that are wrong.
        """
        continued = workflow.info().continued_run_id is not None
        self._purchase, carried = read_start(inputs, continued=continued)
        if carried:
            self._take_up(carried)
        try:
            reason = await self._enrol_and_run()
        except (asyncio.CancelledError, FailureError) as error:
            if is_cancelled(error, enrolled=self._enrolled):
                await surely(self._close(Reason.STOPPED))
            elif not self._enrolled and workflow.patched(NAME_REFUSED):
                self._show(CustomerId=self._purchase.customer_id)
            raise
        return self._end(reason) if reason is Reason.DUPLICATE else await surely(self._close(reason))

    @workflow.signal
    def repurchased(self, *inputs: Any) -> None:
        """Leave: the customer bought again. ``{order_id}`` of the newer order."""
        self._receive(Signal.REPURCHASED, inputs)

    @workflow.signal
    def order_updated(self, *inputs: Any) -> None:
        """Receive what became of the order: ``{status, at}``."""
        self._receive(Signal.ORDER_UPDATED, inputs)

    @workflow.signal
    def stop(self, *inputs: Any) -> None:
        """Leave by request: ``{reason}``."""
        self._receive(Signal.STOP, inputs)

    @workflow.signal
    def delivery_failed(self, *inputs: Any) -> None:
        """Look at a step again: a message that its provider had accepted failed for good. ``{step}``."""
        self._receive(Signal.DELIVERY_FAILED, inputs)

    @workflow.signal
    def coupons_added(self, *inputs: Any) -> None:
        """Look at the step again: an offer whose codes had run out has some. Nothing is read."""
        self._receive(Signal.COUPONS_ADDED, inputs)

    @workflow.query
    def status(self) -> dict[str, Any]:
        """Return where the campaign stands (`workflows.status.Status.as_json`)."""
        return self._status.as_json()

    def _receive(self, signal: Signal, inputs: tuple[Any, ...]) -> None:
        self._inbox.receive(signal, inputs)
        self._status.refused_signals = self._inbox.refused

    async def _enrol_and_run(self) -> Reason:
        if not self._steps:
            run_id = workflow.info().first_execution_run_id
            request = EnrolRequest(
                purchase=self._purchase,
                run_id=run_id,
                now=workflow.now(),
                discount_codes=self._purchase.discount_codes,
            )
            enrolled = await run_quickly(ENROL, request, "Enrol")
            self._enrolled = True
            self._steps, self._status.segment = enrolled.steps, enrolled.segment
            if enrolled.shop_currency:
                self._status.currencies = (self._purchase.currency, enrolled.shop_currency)
            if enrolled.duplicate:
                return Reason.DUPLICATE
            await signal_repurchased(enrolled.supersedes, self._status.order_id)
        return await self._run_steps()

    async def _run_steps(self) -> Reason:
        while self._position < len(self._steps):
            step = self._steps[self._position]
            decision = await self._run_step(step, self._next_wait or step.wake)
            if decision.kind is Kind.EXIT:
                return decision.reason
            self._position += 1
            self._next_wait = decision.following
        return Reason.COMPLETED

    async def _run_step(self, step: PlannedStep, wait: Wait) -> StepDecision:
        """Wait and decide until the step was sent or skipped, or the campaign is to end."""
        while True:
            await self._wait(step, wait)
            decision = await self._run_failed(step) or await self._decide(step)
            self._inbox.failed.extend(decision.failed)
            if decision.kind is Kind.WAIT and decision.until:
                wait = Wait(at=decision.until, reason=decision.reason)
            elif decision.kind is Kind.SEND and (pause := await self._send(step, decision)) is not None:
                wait = Wait(at=workflow.now() + pause, reason=Reason.DUE)
            elif decision.watch_until:
                wait = Wait(at=decision.watch_until, reason=Reason.AWAITING_REPORTS)
            else:
                return decision

    async def _run_failed(self, current: PlannedStep) -> StepDecision | None:
        """Run earlier steps again whose message has failed; another channel may take over.

        A step that is still to come has its turn. Returns the decision that ends the campaign, if one does.
        """
        passed = {step.name: step for step in self._steps[: self._position]}
        while self._inbox.failed:
            step = passed.get(self._inbox.failed.pop(0))
            if step and step.name != current.name:
                decision = await self._run_step(step, Wait(at=workflow.now(), reason=Reason.DUE))
                if decision.kind is Kind.EXIT:
                    return decision
        return None

    async def _wait(self, step: PlannedStep, wait: Wait) -> None:
        """Sleep until the time has come or a signal has."""
        self._status.step, self._status.waiting, self._status.next_at = step.name, wait.reason, wait.at
        self._continue_if_long(step, wait)
        self._show(CampaignStep=step.name)
        left = wait.at - workflow.now()
        if left > timedelta(0) and not self._inbox:
            summary = f"{step.title} ({wait.reason.text}) {wait.at:%d %b %Y %H:%M} UTC"
            with contextlib.suppress(TimeoutError):
                await workflow.wait_condition(
                    lambda: bool(self._inbox) or history_is_long(), timeout=left, timeout_summary=summary
                )
            self._continue_if_long(step, wait)
        self._status.waiting = self._status.next_at = None

    async def _decide(self, step: PlannedStep) -> StepDecision:
        news = self._take_news()
        request = SegmentRequest(
            order_id=self._status.order_id, step=step.name, now=workflow.now(), news=news
        )
        decision = await run_quickly(SEGMENT, request, decision_summary(step.title, news))
        self._status.segment = decision.segment
        if decision.kind in (Kind.SKIP, Kind.EXIT):
            self._status.close_step(step.name, decision.reason)
        return decision

    async def _send(self, step: PlannedStep, decision: StepDecision) -> timedelta | None:
        """Render and deliver; return how soon to decide again, None if nothing is left to be decided."""

        def record(message: ClaimedMessage, state: MessageState) -> None:
            self._status.record_message(step.name, message, state)
            self._show()

        return await Sending(step, record).send(decision, self._inbox, lambda: self._decide(step))

    async def _close(self, reason: Reason) -> dict[str, Any]:
        """Write the end down, with every signal that came until now."""
        while True:
            await record_end(self._status.order_id, reason, self._take_news, enrolled=self._enrolled)
            if not self._inbox.news:
                return self._end(reason)

    def _end(self, reason: Reason) -> dict[str, Any]:
        self._status.exit_reason, self._status.step = reason, ENDED
        self._status.waiting = self._status.next_at = None
        self._show(ExitReason=reason.value)
        return {"exit_reason": reason.value, "messages_sent": self._status.sent}

    def _take_news(self) -> list[ReceivedSignal]:
        news = self._inbox.take_news(self._purchase)
        self._status.refused_signals = self._inbox.refused
        self._status.record_signals(news)
        return news

    def _continue_if_long(self, step: PlannedStep, wait: Wait) -> None:
        """Go on in a new history where signals have made this one long: its limit would end the campaign."""
        if not history_is_long():
            return
        current = self._steps[self._position]
        if step.name != current.name:
            self._inbox.failed.insert(0, step.name)
            wait = Wait(at=workflow.now(), reason=Reason.DUE)
        carried = Carried(
            steps=self._steps,
            position=self._position,
            wait=wait,
            status=self._status,
            shown=self._shown,
            news=list(self._inbox.news.values()),
            failed=self._inbox.failed,
        )
        workflow.continue_as_new(args=[self._purchase, carried])

    def _take_up(self, carried: Carried) -> None:
        self._steps, self._position, self._next_wait = carried.steps, carried.position, carried.wait
        self._status, self._shown, self._enrolled = carried.status, dict(carried.shown), True
        self._inbox.put_back(carried.news, carried.failed)
        self._inbox.refused += carried.status.refused_signals
        self._status.refused_signals = self._inbox.refused

    def _show(self, **attributes: str) -> None:
        """Show in the Web UI where the campaign stands; only what has changed costs an event."""
        if attributes:
            segment = {"CampaignSegment": self._status.segment} if self._status.segment else {}
            update_search_attributes(
                self._shown, {"CustomerId": self._purchase.customer_id, **attributes, **segment}
            )
        workflow.set_current_details(self._status.as_markdown())
