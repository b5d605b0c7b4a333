"""What a campaign says of itself."""

from __future__ import annotations

import pytest

from campaign.facts import MessageState
from campaign.reasons import Reason
from workflows.status import Status


@pytest.mark.parametrize(
    ("reason", "state"),
    [
        (Reason.UNCONFIRMED, MessageState.UNCONFIRMED),
        (Reason.FAILED, MessageState.FAILED),
        (Reason.SENT, MessageState.SENT),
        (Reason.TOO_LATE, MessageState.SKIPPED),
        (Reason.REPURCHASED, MessageState.SKIPPED),
    ],
)
def test_a_message_left_open_is_settled_with_its_step(reason: Reason, state: MessageState) -> None:
    """An operator is not told "claimed" of a message that will never go; what was settled stays."""
    status = Status("o-1")
    for step, known in (("loyalty", "claimed"), ("loyalty", "sent"), ("thank-you", "claimed")):
        identifier = f"{step}-{known}"
        status.messages[identifier] = {"id": identifier, "step": step, "channel": "email", "state": known}
    status.close_step("loyalty", reason)
    assert [message["state"] for message in status.messages.values()] == [state, "sent", "claimed"]
