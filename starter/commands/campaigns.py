"""Commands about campaigns: start, signal, look."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import typer
from temporalio.client import WorkflowExecution

from campaign.errors import BadInput, NotFound, Problem, Unavailable
from campaign.facts import Purpose
from campaign.fields.identifiers import Id
from campaign.fields.times import UtcTime
from campaign.reasons import Channel, Reason
from campaign.wire import OrderStatus, OrderUpdate, Purchase, Stop
from starter import clock, reports
from starter.client import Campaigns
from starter.commands.console import as_json, command, database, out, shown_of, table, when, with_campaigns
from starter.inputs import parse_field, read_all
from starter.orders import Became, Handled, send_event, send_orders
from storage.queries.inbox.states import State

app = typer.Typer()
OrderId = Annotated[str, typer.Argument(help="The shop's order id.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
_BECAME = {
    Became.STARTED: "campaign started",
    Became.KNOWN: "known already: nothing was started",
    Became.WAITS: "saved; it waits in the inbox (afterglow inbox shows why)",
    Became.SIGNALLED: "",
    Became.RECORDED: " saved; no campaign is running",
    Became.EVENT_WAITS: " saved; it waits in the inbox (afterglow inbox shows why)",
    Became.WAITS_FOR_ORDER: " saved; it waits for the order, which is not known yet",
}
CLOCK_HELP = "When it happened, with an offset: 2026-03-01T12:00:00Z. Now, if left out."


@app.command()
@command
def purchase(
    source: Annotated[
        str, typer.Argument(help="A JSON file, one purchase or a list; - reads standard input.")
    ],
) -> None:
    """Start the campaign of each purchase. Without Temporal they wait; sent again, nothing more happens."""
    purchases = read_all(Purchase, source)
    with database() as opened:
        handled: list[Handled] = with_campaigns(
            lambda campaigns: send_orders(opened, campaigns, purchases, clock.now()), needed=False
        )
    for one in handled:
        out.print(f"{one.order_id}: {_BECAME[one.became]}", markup=False)


@app.command()
@command
def event(
    order_id: OrderId,
    status: Annotated[OrderStatus, typer.Argument(help="What became of the order.")],
    at: Annotated[str | None, typer.Option(help=CLOCK_HELP)] = None,
) -> None:
    """Report what became of an order. It is saved, and its campaign decides again."""
    update = OrderUpdate(status=status, at=_time(at))
    with database() as opened:
        handled: Handled = with_campaigns(
            lambda campaigns: send_event(opened, campaigns, order_id, update, clock.now()), needed=False
        )
    out.print(f"{order_id}: {status}{_BECAME[handled.became]}", markup=False)


@app.command()
@command
def repurchased(
    order_id: OrderId, newer_order_id: Annotated[str, typer.Argument(help="The order that came after it.")]
) -> None:
    """End a campaign: the customer bought again."""
    newer = parse_field(Id, "newer_order_id", newer_order_id)
    with_campaigns(lambda campaigns: campaigns.repurchased(order_id, newer))
    out.print(f"{order_id}: its campaign ends, the customer bought again", markup=False)


@app.command()
@command
def stop(
    order_id: OrderId, reason: Annotated[str, typer.Argument(help="A code of yours; no contact data.")]
) -> None:
    """End an order's campaign."""
    parsed = parse_field(Stop, "stop", {"reason": reason})
    with_campaigns(lambda campaigns: campaigns.stop(order_id, parsed.reason))
    out.print(f"{order_id}: its campaign is stopped", markup=False)


@app.command()
@command
def status(order_id: OrderId, json: AsJson = False) -> None:
    """Show where a campaign stands. Says what was sent, and why a step sent nothing."""
    with database() as opened, opened.transaction() as session:
        stored = reports.order_report_or_none(session, order_id, clock.now())
        counted = reports.statistics_line(session)
    live = _live(order_id, required=stored is None)
    if json:
        typer.echo(as_json({**live, **(stored or {})}))
        return
    _print_status(order_id, live, stored or {})
    out.print(counted, soft_wrap=True)


def _live(order_id: str, *, required: bool) -> dict[str, Any]:
    """Return the workflow's own answer; where the database knows the order, a word on why it is missing."""
    try:
        answer: dict[str, Any] = with_campaigns(lambda campaigns: campaigns.status(order_id))
    except (NotFound, Unavailable) as error:
        if required:
            raise
        return {"unknown": str(error)}
    return answer


def _print_status(order_id: str, live: dict[str, Any], stored: dict[str, Any]) -> None:
    ended = stored.get("exit_reason") or live.get("exit_reason")
    head = f"Order {order_id}, segment {stored.get('segment') or live.get('segment') or '-'}: "
    out.print(head + _state(ended, stored, live), markup=False, soft_wrap=True)
    if Decimal(stored.get("refunded", 0)):
        paid = f"{stored['refunded']} of {stored['total']} {stored['currency']}"
        out.print(f"Refunded: {paid}", markup=False, soft_wrap=True)
    for one in stored.get("suppressed", []):
        out.print(f"Suppressed: {Channel(one['channel']).label}, {one['reason']} on {when(one['at'])} UTC")
    for failing in live.get("retrying", []):
        out.print(f"Retrying: {failing}", markup=False, soft_wrap=True)
    steps = table("Steps", "step", "decision", "why", "decided (UTC)", "next (UTC)")
    for row in stored.get("steps", []):
        steps.add_row(row["step"], row["decision"], row["why"], when(row["decided_at"]), when(row["next_at"]))
    messages = table("Messages", "step", "channel", "state", "reason", "due (UTC)", "sent (UTC)")
    for row in stored.get("messages", []):
        messages.add_row(
            row["step"],
            row["channel"] + (" (opt-in question)" if row["purpose"] == Purpose.OPT_IN else ""),
            ", ".join([row["state"], *row["reported"], *_without(row)]),
            Reason(row["reason"]).text if row["reason"] else "",
            when(row["due_at"]),
            when(row["sent_at"]),
        )
    for part in (steps, messages):
        if part.row_count:
            out.print(part)


def _without(message: dict[str, Any]) -> list[str]:
    return [f"without the offer {message['without']}"] if message["without"] else []


def _state(ended: str | None, stored: dict[str, Any], live: dict[str, Any]) -> str:
    if ended:
        why = stored.get("stop_reason") or live.get("why")
        return f"ended ({ended}{f': {why}' if why else ''})"
    if "unknown" in live and (waits := _in_inbox(stored.get("inbox"))):
        return waits
    if "unknown" in live:
        return f"where it stands is not known: {live['unknown']}"
    if live.get("waiting") is None:
        return f"{live.get('step', '?')}, working"
    return f"{live['step']}, {live['why']}, next at {when(live.get('next_at'))} UTC"


def _in_inbox(inbox: dict[str, Any] | None) -> str | None:
    """Say why and until when an order waits for its campaign; None where it was handed over to Temporal."""
    if inbox is None or inbox["state"] == State.DONE:
        return None
    why = inbox["why"] or "it is tried next"
    if inbox["state"] == State.WAITING:
        return f"its campaign has not started: waits in the inbox until {when(inbox['due_at'])} UTC: {why}"
    state = inbox["state"]
    return f"its campaign was not started ({state}): {why}. See afterglow inbox --state {state}"


@app.command("list")
@command
def list_campaigns(
    customer: Annotated[str | None, typer.Option(help="Only this customer's.")] = None,
    step: Annotated[str | None, typer.Option(help="Only those at this step.")] = None,
    state: Annotated[str, typer.Option(help="open, closed or all.")] = "open",
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    json: AsJson = False,
) -> None:
    """List campaigns, newest first."""
    query = _query(customer, step, state)

    async def collect(campaigns: Campaigns) -> tuple[list[dict[str, Any]], int]:
        rows = [_row(execution) async for execution in campaigns.find(query, limit)]
        return rows, len(rows) if len(rows) < limit else await campaigns.count(query)

    rows, total = with_campaigns(collect)
    if json:
        typer.echo(as_json(rows))
        return
    shown = table(f"Campaigns ({state})", "order", "customer", "step", "segment", "state", "started (UTC)")
    for row in rows:
        shown.add_row(
            row["order_id"],
            row["customer_id"],
            row["step"],
            row["segment"],
            row["state"],
            when(row["started_at"]),
        )
    out.print(shown)
    out.print(shown_of(len(rows), max(total, len(rows))), highlight=False)


def _query(customer: str | None, step: str | None, state: str) -> str:
    states = {"open": "ExecutionStatus = 'Running'", "closed": "ExecutionStatus != 'Running'", "all": ""}
    if state not in states:
        raise BadInput([Problem("--state", "is not one of the possible values", "write open, closed or all")])
    parts = [states[state]]
    for name, value in (("CustomerId", customer), ("CampaignStep", step)):
        if value is not None:
            parts.append(f"{name} = '{_quoted(value)}'")
    return " AND ".join(part for part in parts if part)


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")


def _row(execution: WorkflowExecution) -> dict[str, Any]:
    found = {pair.key.name: pair.value for pair in execution.typed_search_attributes}
    status = execution.status.name.lower() if execution.status else "unknown"
    return {
        "order_id": execution.id.partition("/")[2],
        "customer_id": str(found.get("CustomerId", "-")),
        "step": str(found.get("CampaignStep", "-")),
        "segment": str(found.get("CampaignSegment", "-")),
        "state": str(found.get("ExitReason") or status),
        "started_at": execution.start_time,
    }


def _time(text: str | None) -> datetime:
    """Return the given time, or the wall clock's: this is where an order service's time begins."""
    if text is None:
        return clock.now()
    at: datetime = parse_field(UtcTime, "--at", text)
    return at
