"""The shop's models, as people and programs read them; and a fit by hand, by the worker."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from sqlmodel import Session
from temporalio.client import Client, WorkflowFailureError
from temporalio.common import WorkflowIDConflictPolicy

from campaign.contract import MODELS_SCHEDULE, MODELS_WORKFLOW, TASK_QUEUE
from campaign.errors import Unavailable
from starter.client import ANSWERS_WITHIN
from storage.queries.campaigns.insight import BUYING_CYCLE
from storage.queries.models.fits import LIFETIME_VALUE, newest_fit, scored
from storage.tables import ShopModelRow

BY_HAND = f"{MODELS_SCHEDULE}/by-hand"


def model_report(session: Session) -> dict[str, Any]:
    """Return the newest fits; None where there is none. ``scored``: customers with a prediction."""
    value, cycle = newest_fit(session, LIFETIME_VALUE), newest_fit(session, BUYING_CYCLE)
    return {
        "lifetime_value": _fit(value) | {"scored": scored(session, value.id or 0)} if value else None,
        "buying_cycle": _fit(cycle) if cycle else None,
    }


def _fit(row: ShopModelRow) -> dict[str, Any]:
    return {
        "fitted_at": row.fitted_at, "serves": row.serves, "why": row.why, "parameters": row.parameters,
        "quality": row.quality,
    }  # fmt: skip


async def fit_models(client: Client, within: timedelta) -> dict[str, Any]:
    """Have a worker fit the models now, and return what serves. One that is under way is waited for.

    Raises:
        Unavailable: it was not done in time (no worker runs, or the shop is large), or it failed.
    """
    handle = await client.start_workflow(
        MODELS_WORKFLOW,
        id=BY_HAND,
        task_queue=TASK_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        static_summary="Lifetime value and buying cycles, fitted by hand",
        rpc_timeout=ANSWERS_WITHIN,
    )
    try:
        async with asyncio.timeout(within.total_seconds()):
            fitted: dict[str, Any] = await handle.result()
    except TimeoutError:
        waited = f"not done within {within.total_seconds():.0f} seconds"
        msg = f"{waited}: is a worker running? It goes on as {BY_HAND}"
        raise Unavailable(msg) from None
    except WorkflowFailureError:
        msg = f"the fit has failed: Temporal's Web UI shows why, under {BY_HAND}"
        raise Unavailable(msg) from None
    return fitted
