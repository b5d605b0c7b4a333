"""A signal from what a schedule has started to one order's campaign."""

from __future__ import annotations

from typing import Any

from temporalio import workflow
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from campaign.contract import Signal, workflow_id


async def signal_campaign(order_id: str, signal: Signal, payload: dict[str, Any] | None = None) -> bool:
    """Signal one campaign; False if it has ended by now, and needs none."""
    campaign = workflow.get_external_workflow_handle(workflow_id(order_id))
    try:
        await campaign.signal(signal.value, args=[] if payload is None else [payload])
    except FailureError:
        return False
    return True
