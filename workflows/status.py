"""Where a running campaign stands: the `status` query and the Web UI's current details."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from campaign.facts import MessageState
from campaign.reasons import Reason

ENDED = "ended"
_SETTLED = {
    Reason.SENT: MessageState.SENT,
    Reason.UNCONFIRMED: MessageState.UNCONFIRMED,
    Reason.FAILED: MessageState.FAILED,
}


@dataclass
class Status:
    """Where the campaign stands. Ids and times only."""

    order_id: str
    step: str = "enrol"
    waiting: Reason | None = None
    next_at: datetime | None = None
    segment: str | None = None
    messages: dict[str, dict[str, str]] = field(default_factory=dict)
    exit_reason: Reason | None = None
    refused_signals: int = 0

    def close_step(self, step: str, reason: Reason) -> None:
        """Record how a step ended for those of its messages that were still open."""
        state = _SETTLED.get(reason, MessageState.SKIPPED)
        for message in self.messages.values():
            if message["step"] == step and message["state"] == MessageState.CLAIMED:
                message["state"] = state

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
            "exit_reason": self.exit_reason,
            "refused_signals": self.refused_signals,
        }

    def as_markdown(self) -> str:
        """Return the current details for the Web UI."""
        lines = [f"**{self._headline()}**", ""]
        lines += [f"- {m['step']} by {m['channel']}: {m['state']}" for m in self.messages.values()]
        return "\n".join(lines)

    def _headline(self) -> str:
        if self.exit_reason:
            return f"Ended: {self.exit_reason.text}"
        if self.waiting and self.next_at:
            return f"{self.step}: {self.waiting.text}; looks again {self.next_at:%a %d %b %Y %H:%M} UTC"
        return f"{self.step}: working"
