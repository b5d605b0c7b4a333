"""Where a running campaign stands: the `status` query and the Web UI's current details."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from activities.interface import ClaimedMessage, ReceivedSignal
from campaign.facts import MessageState, Purpose
from campaign.reasons import Reason

ENDED = "ended"
OPT_IN_QUESTION = "opt-in question"
_CLOSED_AS = {
    Reason.SENT: MessageState.SENT,
    Reason.UNCONFIRMED: MessageState.UNCONFIRMED,
    Reason.FAILED: MessageState.FAILED,
}


@dataclass
class Status:
    """Where the campaign stands. Ids and times only.

    ``skipped`` holds why a step sent nothing (more), by step; ``updates`` when the order reached each status;
    ``currencies`` the order's and the shop's, where they differ.
    """

    order_id: str
    step: str = "enrol"
    waiting: Reason | None = None
    next_at: datetime | None = None
    segment: str | None = None
    messages: dict[str, dict[str, str]] = field(default_factory=dict)
    skipped: dict[str, Reason] = field(default_factory=dict)
    updates: dict[str, datetime] = field(default_factory=dict)
    currencies: tuple[str, str] | None = None
    exit_reason: Reason | None = None
    refused_signals: int = 0

    @property
    def sent(self) -> int:
        """How many messages went out, as far as the campaign knows."""
        return sum(message["state"] == MessageState.SENT for message in self.messages.values())

    def close_step(self, step: str, reason: Reason) -> None:
        """Record how a step ended for those of its messages that were still open."""
        self.skipped[step] = reason
        state = _CLOSED_AS.get(reason, MessageState.SKIPPED)
        for message in self.messages.values():
            if message["step"] == step and message["state"] == MessageState.CLAIMED:
                message["state"] = state

    def record_message(self, step: str, message: ClaimedMessage, state: MessageState) -> None:
        """Record what became of a message."""
        entry = {"id": message.id, "step": step, "channel": message.channel.value, "state": state.value}
        self.messages[message.id] = entry | ({"purpose": message.purpose.value} if message.purpose else {})

    def record_signals(self, received: list[ReceivedSignal]) -> None:
        """Record what became of the order."""
        for signal in received:
            if signal.update:
                self.updates[signal.update.status.value] = signal.update.at

    def as_json(self) -> dict[str, Any]:
        """Return the answer of the `status` query."""
        return {
            "order_id": self.order_id,
            "step": self.step,
            "waiting": self.waiting,
            "why": self.waiting.text if self.waiting else None,
            "next_at": self.next_at,
            "segment": self.segment,
            "messages": list(self.messages.values()),
            "skipped": [
                {"step": step, "reason": reason, "why": reason.skipped}
                for step, reason in self._skips().items()
            ],
            "order_updates": self.updates,
            "exit_reason": self.exit_reason,
            "refused_signals": self.refused_signals,
        }

    def as_markdown(self) -> str:
        """Return the current details for the Web UI."""
        lines = [f"- {_described(message)}" for message in self.messages.values()]
        lines += [f"- {step}: nothing sent, {reason.skipped}" for step, reason in self._skips().items()]
        if self.updates:
            updates = (f"{status} {at:%d %b %Y %H:%M} UTC" for status, at in self.updates.items())
            lines.append(f"- order: {', '.join(updates)}")
        if self.currencies:
            lines.append("- the order is in {}, the shop's offers and amounts in {}".format(*self.currencies))
        if self.refused_signals:
            lines.append(f"- signals that could not be read: {self.refused_signals}")
        return "\n".join([f"**{self._headline()}**", "", *lines])

    def _skips(self) -> dict[str, Reason]:
        """Return why steps sent nothing; one that was looked at again after its message is none of them."""
        done = {m["step"] for m in self.messages.values() if m["state"] != MessageState.SKIPPED}
        return {step: reason for step, reason in self.skipped.items() if step not in done}

    def _headline(self) -> str:
        if self.exit_reason:
            nothing = "" if self.sent else "; nothing was sent"
            return f"Ended: {self.exit_reason.text}{nothing}"
        if self.waiting and self.next_at:
            return f"{self.step}: {self.waiting.text}; looks again {self.next_at:%a %d %b %Y %H:%M} UTC"
        return f"{self.step}: working"


def _described(message: dict[str, str]) -> str:
    what = f"{OPT_IN_QUESTION} " if message.get("purpose") == Purpose.OPT_IN else ""
    return f"{message['step']}: {what}by {message['channel']}: {message['state']}"


def decision_summary(title: str, received: list[ReceivedSignal]) -> str:
    """Return what the Web UI shows beside a decision: the step, and the news it was made with."""
    names = [_name(signal) for signal in received[-3:]]
    return f"{title} ({', '.join(names)})" if names else title


def _name(signal: ReceivedSignal) -> str:
    if signal.update:
        return f"order {signal.update.status.value}"
    return "bought again" if signal.repurchased else "stop"
