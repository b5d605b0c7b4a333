"""Start campaigns, signal them, query them: for order services written in Python.

Other languages need no library of ours: see docs/contract.md for the same in Go, Java and TypeScript.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from temporalio.client import (
    Client,
    WorkflowExecution,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowQueryFailedError,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.envconfig import ClientConfig
from temporalio.exceptions import FailureError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from campaign.contract import STATUS_QUERY, TASK_QUEUE, WORKFLOW, workflow_id
from campaign.errors import BadPurchase, CampaignClosed, NotFound, Problem, Unavailable
from campaign.wire import DeliveryFailure, OrderUpdate, Purchase, Repurchase, Stop, Wire

DEFAULT_ADDRESS = "localhost:7233"
ANSWERS_WITHIN = timedelta(seconds=10)
"""How long Temporal may take for a call, retries of the SDK included."""
HEALTH_WITHIN = timedelta(seconds=2)
_NO_CONNECTION = "Failed client connect"


@dataclass(frozen=True)
class Started:
    """A purchase was handed over. ``known`` says that its campaign has ended already: nothing was started."""

    order_id: str
    workflow_id: str
    known: bool


async def connect(**options: Any) -> Client:
    """Connect as Temporal's environment variables and configuration file say.

    ``options`` are the SDK's own, and go before those. With ``lazy`` the first call connects, and each
    later one where that has failed.

    Raises:
        Unavailable: no server there.
    """
    ours: dict[str, Any] = {"target_host": DEFAULT_ADDRESS, "data_converter": pydantic_data_converter}
    config = ours | {**ClientConfig.load_client_connect_config()} | options
    try:
        return await Client.connect(**config)
    except RuntimeError:
        msg = f"no Temporal server at {config['target_host']}: run `make dev`, or set TEMPORAL_ADDRESS"
        raise Unavailable(msg) from None


class Campaigns:
    """All campaigns, by order id. Every call may be repeated without harm."""

    def __init__(self, client: Client) -> None:
        """Use a connected client; its data converter must write plain JSON with pydantic."""
        self._client = client

    @property
    def namespace(self) -> str:
        """The namespace that the campaigns are in."""
        return self._client.namespace

    async def start(self, purchase: Purchase) -> Started:
        """Start the purchase's campaign; one that runs or has run is left as it is.

        Raises:
            BadPurchase: the server never accepts it.
            Unavailable: the server does not answer.
        """
        started = Started(purchase.order_id, workflow_id(purchase.order_id), known=False)
        try:
            await self._client.start_workflow(
                WORKFLOW,
                purchase,
                id=started.workflow_id,
                task_queue=TASK_QUEUE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                static_summary=summary_of(purchase),
                rpc_timeout=ANSWERS_WITHIN,
            )
        except WorkflowAlreadyStartedError:
            return Started(started.order_id, started.workflow_id, known=True)
        except (RPCError, RuntimeError) as error:
            raise _refusal_of_start(error) from None
        return started

    async def order_updated(self, order_id: str, update: OrderUpdate) -> None:
        """Report what became of an order.

        Raises:
            CampaignClosed: the campaign has ended.
            NotFound: the order has none.
            Unavailable: the server does not answer.
        """
        await self._signal(order_id, "order_updated", update)

    async def repurchased(self, order_id: str, newer_order_id: str) -> None:
        """Report that the customer bought again. Raises as `order_updated`."""
        await self._signal(order_id, "repurchased", Repurchase(order_id=newer_order_id))

    async def stop(self, order_id: str, reason: str) -> None:
        """End a campaign. ``reason`` is a code of yours, without contact data. Raises as `order_updated`."""
        await self._signal(order_id, "stop", Stop(reason=reason))

    async def delivery_failed(self, order_id: str, step: str) -> None:
        """Report that a message of a step failed after it was sent. Raises as `order_updated`."""
        await self._signal(order_id, "delivery_failed", DeliveryFailure(step=step))

    async def status(self, order_id: str) -> dict[str, Any]:
        """Return the `status` query's answer: step, waiting, next_at, segment, messages, exit_reason.

        Of a campaign that failed or was ended from outside, ``exit_reason`` is how, and ``why`` the failure;
        ``retrying`` lists the activities that keep failing, each with its last failure.

        Raises:
            NotFound: the order has no campaign.
            Unavailable: the server does not answer, or no worker is running.
        """
        handle = self._client.get_workflow_handle(workflow_id(order_id))
        try:
            answer: dict[str, Any] = await handle.query(
                STATUS_QUERY, result_type=dict, rpc_timeout=ANSWERS_WITHIN
            )
        except (RPCError, RuntimeError) as error:
            raise _of_order(error, order_id) from None
        except WorkflowQueryFailedError:
            msg = "the campaign cannot be queried: its input was refused"
            raise Unavailable(msg) from None
        if answer.get("exit_reason") is None:
            answer |= await _troubles(handle)
        return answer

    async def find(self, query: str, limit: int) -> AsyncIterator[WorkflowExecution]:
        """Give campaigns by a visibility query, newest first."""
        async for execution in self._client.list_workflows(_visible(query), limit=limit):
            yield execution

    async def count(self, query: str) -> int:
        """Return how many campaigns a visibility query finds."""
        return (await self._client.count_workflows(_visible(query))).count

    async def answers(self) -> bool:
        """Return whether Temporal answers: its part of a readiness check."""
        try:
            return await self._client.service_client.check_health(timeout=HEALTH_WITHIN)
        except (RPCError, RuntimeError):
            return False

    async def _signal(self, order_id: str, name: str, payload: Wire) -> None:
        handle = self._client.get_workflow_handle(workflow_id(order_id))
        try:
            await handle.signal(name, payload, rpc_timeout=ANSWERS_WITHIN)
        except (RPCError, RuntimeError) as error:
            if _status(error) is RPCStatusCode.NOT_FOUND and await self._exists(order_id):
                msg = f"the campaign of order {order_id} has ended"
                raise CampaignClosed(msg) from None
            raise _of_order(error, order_id) from None

    async def _exists(self, order_id: str) -> bool:
        try:
            await self._client.get_workflow_handle(workflow_id(order_id)).describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise _ours(error, order_id) from None
        return True


def _visible(query: str) -> str:
    return f"WorkflowType = '{WORKFLOW}'" + (f" AND {query}" if query else "")


async def _troubles(handle: WorkflowHandle[Any, Any]) -> dict[str, Any]:
    """Return what the campaign itself cannot report: that it has failed, or what it waits for in vain."""
    description = await handle.describe()
    if description.status not in (None, WorkflowExecutionStatus.RUNNING):
        return {
            "exit_reason": description.status.name.lower(),
            "waiting": None,
            "why": await _failure(handle),
        }
    pending = description.raw_description.pending_activities
    failing = [one for one in pending if one.HasField("last_failure")]
    return {"retrying": [f"{one.activity_type.name}: {one.last_failure.message}" for one in failing]}


async def _failure(handle: WorkflowHandle[Any, Any]) -> str | None:
    """Return a failure's text: only ours get into a history, and they are written to be shown."""
    try:
        await handle.result()
    except WorkflowFailureError as error:
        return error.cause.message if isinstance(error.cause, FailureError) else None
    return None


def summary_of(purchase: Purchase) -> str:
    """Return what the Web UI's list says of a campaign: no personal data."""
    items = sum(line.quantity for line in purchase.lines)
    items_text = f"{items} item{'s' if items != 1 else ''}"
    return f"Order {purchase.order_id}: {items_text}, {purchase.total} {purchase.currency}"


def _status(error: RPCError | RuntimeError) -> RPCStatusCode:
    """Return the status of a failed call. A client that connects late has none: it raises a RuntimeError.

    Raises:
        RuntimeError: it is another mistake.
    """
    if isinstance(error, RPCError):
        return error.status
    if _NO_CONNECTION not in str(error):
        raise error
    return RPCStatusCode.UNAVAILABLE


def _refusal_of_start(error: RPCError | RuntimeError) -> BadPurchase | Unavailable:
    status = _status(error)
    if status is RPCStatusCode.INVALID_ARGUMENT:
        return BadPurchase([Problem("order_id", "Temporal accepts no such workflow id", "use a plain id")])
    return Unavailable(f"Temporal answers {status.name.lower()}")


def _of_order(error: RPCError | RuntimeError, order_id: str) -> NotFound | Unavailable:
    """Return our error for what Temporal says of one campaign: an id that it refuses is nobody's."""
    if _status(error) is RPCStatusCode.INVALID_ARGUMENT:
        return NotFound("no campaign for an order with such an id")
    return _ours(error, order_id)


def _ours(error: RPCError | RuntimeError, order_id: str) -> NotFound | Unavailable:
    status = _status(error)
    if status is RPCStatusCode.NOT_FOUND:
        return NotFound(f"no campaign for order {order_id}")
    if status is RPCStatusCode.DEADLINE_EXCEEDED:
        return Unavailable("no answer in time: is a worker running?")
    return Unavailable(f"Temporal answers {status.name.lower()}")
