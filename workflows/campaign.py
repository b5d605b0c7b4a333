"""PostPurchaseCampaign: wait until a step is due, decide until it is done, go on, leave early.

Every rule is elsewhere: this only waits. Signals wake the wait, and the step is decided again.
"""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import SearchAttributeKey
from temporalio.exceptions import ApplicationError, FailureError

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from activities.interface import (
        CLOSE,
        ENROL,
        RENDER,
        SEGMENT,
        ClaimedMessage,
        CloseRequest,
        Enrolled,
        EnrolRequest,
        PlannedStep,
        ReceivedSignal,
        RenderRequest,
        SegmentRequest,
        StepDecision,
        Wait,
    )
    from campaign.contract import WORKFLOW, workflow_id
    from campaign.facts import MessageState
    from campaign.problems import problems_of, time_problems
    from campaign.reasons import Reason
    from campaign.rules.decision import Kind
    from campaign.wire import DeliveryFailure, OrderUpdate, Purchase, Repurchase, Stop
    from workflows.calls import deliver, run_quickly
    from workflows.status import ENDED, Status

KEYS = {
    name: SearchAttributeKey.for_keyword(name)
    for name in ("CustomerId", "CampaignStep", "CampaignSegment", "ExitReason")
}
DECIDE_AGAIN_AFTER = timedelta(minutes=1)

W = TypeVar("W", OrderUpdate, Repurchase, Stop, DeliveryFailure)


@workflow.defn(name=WORKFLOW)
class PostPurchaseCampaign:
    """One order's campaign. Input: a `campaign.wire.Purchase` as JSON, from any SDK."""

    @workflow.init
    def __init__(self, purchase: Any) -> None:
        """Read the input here, so that signals and queries find the campaign ready."""
        self._news: list[ReceivedSignal] = []
        self._failed: list[str] = []
        self._attributes: dict[str, str] = {}
        self._shown: dict[str, str] = {}
        order_id = purchase.get("order_id", "") if isinstance(purchase, dict) else ""
        self._status = Status(order_id=str(order_id))
        self._passed: dict[str, PlannedStep] = {}

    @workflow.run
    async def run(self, purchase: Any) -> dict[str, Any]:
        """Run the campaign to its end.

        Raises:
            ApplicationError: type ``bad_purchase``, naming the fields that are wrong.
        """
        order = _read_purchase(purchase)
        enrolled = await self._enrol(order)
        if enrolled.duplicate:
            return self._end(Reason.DUPLICATE)
        try:
            await self._supersede(enrolled.supersedes)
            reason = await self._run_steps(enrolled.steps)
        except asyncio.CancelledError:
            await self._close(Reason.STOPPED)
            raise
        return await self._close(reason)

    @workflow.signal
    def repurchased(self, signal: Any) -> None:
        """Leave: the customer bought again. ``{order_id}`` of the newer order."""
        if (news := self._accept(Repurchase, signal)) and news.order_id != self._status.order_id:
            self._news.append(ReceivedSignal(repurchased=news.order_id))

    @workflow.signal
    def order_updated(self, signal: Any) -> None:
        """Receive what became of the order: ``{status, at}``."""
        if news := self._accept(OrderUpdate, signal):
            if time_problems("at", news.at, workflow.now()):
                self._status.refused_signals += 1
            else:
                self._news.append(ReceivedSignal(update=news))

    @workflow.signal
    def stop(self, signal: Any) -> None:
        """Leave by request: ``{reason}``."""
        if news := self._accept(Stop, signal):
            self._news.append(ReceivedSignal(stop=news.reason))

    @workflow.signal
    def delivery_failed(self, signal: Any) -> None:
        """Look at a step again: a message that its provider had accepted failed for good. ``{step}``."""
        if news := self._accept(DeliveryFailure, signal):
            self._failed.append(news.step)

    @workflow.query
    def status(self) -> dict[str, Any]:
        """Return where the campaign stands (`workflows.status.Status.as_json`)."""
        return self._status.as_json()

    def _accept(self, model: type[W], signal: object) -> W | None:
        """Read a signal; one that is not understood is counted, never half-applied."""
        try:
            return model.model_validate(signal)
        except ValidationError as error:
            self._status.refused_signals += 1
            workflow.logger.warning("signal refused: %s", _listed(error))
            return None

    async def _enrol(self, order: Purchase) -> Enrolled:
        run_id = workflow.info().first_execution_run_id
        request = EnrolRequest(purchase=order, run_id=run_id, now=workflow.now())
        enrolled = await run_quickly(ENROL, request, "Enrol")
        self._status.segment = enrolled.segment
        self._attributes["CustomerId"] = order.customer_id
        return enrolled

    async def _supersede(self, order_ids: list[str]) -> None:
        """Signal the customer's older campaigns; one that has just ended needs no signal."""
        signals = (
            workflow.get_external_workflow_handle(workflow_id(order_id)).signal(
                "repurchased", {"order_id": self._status.order_id}
            )
            for order_id in order_ids
        )
        for outcome in await asyncio.gather(*signals, return_exceptions=True):
            if isinstance(outcome, BaseException) and not isinstance(outcome, FailureError):
                raise outcome

    async def _run_steps(self, steps: list[PlannedStep]) -> Reason:
        following: Wait | None = None
        for step in steps:
            decision = await self._run_step(step, following or step.wake)
            if decision.kind is Kind.EXIT:
                return decision.reason
            self._passed[step.name] = step
            following = decision.following
        return Reason.COMPLETED

    async def _run_step(self, step: PlannedStep, wake: Wait) -> StepDecision:
        """Wait and decide until the step was sent or skipped, or the campaign is to end."""
        while True:
            await self._wait(step, wake)
            decision = await self._retry_failed(step) or await self._decide(step)
            if decision.kind is Kind.WAIT and decision.until:
                wake = Wait(at=decision.until, reason=decision.reason)
                continue
            if decision.kind is not Kind.SEND:
                self._status.close_step(step.name, decision.reason)
                return decision
            done = await self._send(step, decision.messages)
            if done and not decision.more:
                return decision
            pause = timedelta(0) if done else DECIDE_AGAIN_AFTER
            wake = Wait(at=workflow.now() + pause, reason=Reason.DUE)

    async def _retry_failed(self, current: PlannedStep) -> StepDecision | None:
        """Run earlier steps again whose message has failed; another channel may take over.

        A step that is still to come has its turn. Returns the decision that ends the campaign, if one does.
        """
        while self._failed:
            step = self._passed.get(self._failed.pop(0))
            if step and step.name != current.name:
                decision = await self._run_step(step, Wait(at=workflow.now(), reason=Reason.DUE))
                if decision.kind is Kind.EXIT:
                    return decision
        return None

    async def _wait(self, step: PlannedStep, wake: Wait) -> None:
        """Sleep until the time has come or a signal has."""
        self._status.step, self._status.waiting, self._status.next_at = step.name, wake.reason, wake.at
        self._show(CampaignStep=step.name)
        left = wake.at - workflow.now()
        if left > timedelta(0) and not self._woken():
            summary = f"{step.title} ({wake.reason.text}) {wake.at:%d %b %Y %H:%M} UTC"
            with contextlib.suppress(TimeoutError):
                await workflow.wait_condition(self._woken, timeout=left, timeout_summary=summary)
        self._status.waiting = self._status.next_at = None

    def _woken(self) -> bool:
        return bool(self._news or self._failed)

    async def _decide(self, step: PlannedStep) -> StepDecision:
        request = SegmentRequest(
            order_id=self._status.order_id, step=step.name, now=workflow.now(), news=self._take_news()
        )
        decision = await run_quickly(SEGMENT, request, step.title)
        self._status.segment = decision.segment
        return decision

    async def _send(self, step: PlannedStep, messages: list[ClaimedMessage]) -> bool:
        """Render and deliver; True if nothing is left to be decided about these messages."""
        states = await asyncio.gather(*(self._send_one(step, message) for message in messages))
        return all(state in (MessageState.SENT, MessageState.UNCONFIRMED) for state in states)

    async def _send_one(self, step: PlannedStep, message: ClaimedMessage) -> MessageState:
        summary = f"{step.title} by {message.channel.label}"
        request = RenderRequest(message_id=message.id, now=workflow.now())
        await run_quickly(RENDER, request, summary)
        state = await deliver(message, summary)
        self._status.messages[message.id] = {
            "id": message.id, "step": step.name, "channel": message.channel, "state": state
        }  # fmt: skip
        self._show()
        return state

    async def _close(self, reason: Reason) -> dict[str, Any]:
        """Write the end down, with every signal that came until now."""
        while True:
            request = CloseRequest(
                order_id=self._status.order_id, reason=reason, now=workflow.now(), news=self._take_news()
            )
            await run_quickly(CLOSE, request, f"Ended: {reason.text}")
            if not self._news:
                return self._end(reason)

    def _end(self, reason: Reason) -> dict[str, Any]:
        self._status.exit_reason, self._status.step = reason, ENDED
        self._show(ExitReason=reason.value)
        sent = [m for m in self._status.messages.values() if m["state"] == MessageState.SENT]
        return {"exit_reason": reason.value, "messages_sent": len(sent)}

    def _take_news(self) -> list[ReceivedSignal]:
        news, self._news = self._news, []
        return news

    def _show(self, **attributes: str) -> None:
        """Show in the Web UI where the campaign stands; only what has changed costs an event."""
        wanted = {**self._attributes, **attributes}
        if self._status.segment:
            wanted["CampaignSegment"] = self._status.segment
        changed = {name: value for name, value in wanted.items() if self._shown.get(name) != value}
        if changed and attributes:
            workflow.upsert_search_attributes(
                [KEYS[name].value_set(value) for name, value in changed.items()]
            )
            self._shown.update(changed)
        workflow.set_current_details(self._status.as_markdown())


def _read_purchase(purchase: object) -> Purchase:
    try:
        return Purchase.model_validate(purchase)
    except ValidationError as error:
        raise ApplicationError(_listed(error), type="bad_purchase", non_retryable=True) from None


def _listed(error: ValidationError) -> str:
    return "; ".join(str(problem) for problem in problems_of(error))
