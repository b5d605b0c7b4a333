"""Sending a step's messages, all at once, for as long as news lets them go."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from activities.interface import RENDER, ClaimedMessage, PlannedStep, RenderRequest, StepDecision
    from campaign.facts import MessageState, Purpose
    from workflows.calls import deliver, is_final, run_quickly
    from workflows.carried import history_is_long
    from workflows.signals import Inbox
    from workflows.status import OPT_IN_QUESTION

DECIDE_AGAIN_AFTER = timedelta(minutes=1)

REACT_WHILE_SENDING = "react-while-sending"
"""A patch: called only where it matters, so that it costs no event on the usual way."""


class Sending:
    """The messages of one step on their way. ``record`` is called with what became of each."""

    def __init__(self, step: PlannedStep, record: Callable[[ClaimedMessage, MessageState], None]) -> None:
        """Begin with no message."""
        self._step, self._record = step, record
        self._tasks: dict[str, asyncio.Task[MessageState]] = {}

    async def send(
        self, decision: StepDecision, inbox: Inbox, decide: Callable[[], Awaitable[StepDecision]]
    ) -> timedelta | None:
        """Render and deliver; return how soon to decide again, None if nothing is left to be decided.

        ``decide`` decides the step again, and so records the news of the ``inbox``.
        """
        self._tasks = {m.id: asyncio.create_task(self._send_one(m)) for m in decision.messages}
        try:
            gives_way = await self._gives_way(inbox, decide)
        finally:
            await self._recall()
        if gives_way:
            return timedelta(0)
        states = [task.result() for task in self._tasks.values()]
        done = all(state in (MessageState.SENT, MessageState.UNCONFIRMED) for state in states)
        return (timedelta(0) if decision.more else None) if done else DECIDE_AGAIN_AFTER

    async def _gives_way(self, inbox: Inbox, decide: Callable[[], Awaitable[StepDecision]]) -> bool:
        """Wait until all is sent. News is recorded meanwhile, by deciding the step again.

        True where a message that still waits is not to be sent now after all, or the history is to end.
        """
        while self._pending():
            await workflow.wait_condition(
                lambda: not self._pending() or bool(inbox.news) or history_is_long()
            )
            if not self._pending():
                break
            if not workflow.patched(REACT_WHILE_SENDING):
                await workflow.wait(list(self._tasks.values()))
                break
            if history_is_long():
                return True
            decision = await decide()
            if not self._pending() <= {message.id for message in decision.messages}:
                return True
        return False

    async def _send_one(self, message: ClaimedMessage) -> MessageState:
        what = OPT_IN_QUESTION.capitalize() if message.purpose is Purpose.OPT_IN else self._step.title
        summary = f"{what} by {message.channel.label}"
        request = RenderRequest(message_id=message.id, now=workflow.now())
        try:
            await run_quickly(RENDER, request, summary, message.latest)
            state = await deliver(message, summary)
        except asyncio.CancelledError:
            state = MessageState.CLAIMED
        except FailureError as error:
            if is_final(error):
                raise
            state = MessageState.CLAIMED
        self._record(message, state)
        return state

    async def _recall(self) -> None:
        """Take back what is not sent yet; wait for what is being sent, so that it ends in a known state."""
        if not self._pending():
            return
        for task in self._tasks.values():
            task.cancel()
        if workflow.patched(REACT_WHILE_SENDING):
            await workflow.wait(list(self._tasks.values()))

    def _pending(self) -> set[str]:
        return {name for name, task in self._tasks.items() if not task.done()}
