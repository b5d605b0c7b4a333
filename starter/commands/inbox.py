"""``afterglow inbox``: what was accepted and waits, and why; try it again, or give it up."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.table import Table

from campaign.errors import BadInput, Problem
from starter import clock
from starter.commands.console import (
    FAILED,
    as_json,
    command,
    counted,
    database,
    err,
    out,
    settings,
    table,
    when,
)
from starter.shops.retries import retry_shop_events
from storage.queries.inbox.listing import counts, discard_rows, retry_rows, rows_in, states_of, why_of
from storage.queries.inbox.states import State, Why
from storage.tables import InboxRow

app = typer.Typer(help="What was accepted and waits for Temporal or for its order.")
Ids = Annotated[list[int] | None, typer.Argument(help="Rows, by the numbers that `inbox` shows.")]


class Shown(StrEnum):
    """What can be listed."""

    OPEN = "open"
    WAITING = "waiting"
    UNMATCHED = "unmatched"
    REFUSED = "refused"
    DISCARDED = "discarded"
    DONE = "done"


@app.callback(invoke_without_command=True)
@command
def inbox(
    context: typer.Context,
    state: Annotated[
        Shown, typer.Option(help="Only these; open: what waits, is unmatched or refused.")
    ] = Shown.OPEN,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """List what waits in the inbox and why, the oldest first."""
    if context.invoked_subcommand:
        return
    with database() as opened, opened.reading() as session:
        rows, totals = rows_in(session, _states(state), limit), counts(session)
    shown = described(rows, clock.now())
    if json:
        typer.echo(as_json({"counts": totals, "rows": shown}))
        return
    if shown:
        out.print(_table(state, shown))
    out.print(_summary(state, len(shown), limit, totals), highlight=False)


def _table(state: Shown, shown: Sequence[Mapping[str, Any]]) -> Table:
    listed = table(f"Inbox ({state.value})", "id", "kind", "order", "state", "why", "next (UTC)")
    for row in shown:
        next_at = when(row["due_at"]) if row["state"] == State.WAITING else "-"
        order, why = row["order_id"] or "-", row["why"] or "-"
        listed.add_row(str(row["id"]), row["kind"], order, row["state"], why, next_at)
    for narrow in (0, 1, 3):
        listed.columns[narrow].no_wrap = True
    return listed


def _summary(shown: Shown, number: int, limit: int, totals: Mapping[str, int]) -> str:
    """Count the rows of the listed states, also beyond --limit. Rows that are done are too many to count."""
    if shown is Shown.DONE:
        return f"{number} done" + ("" if number < limit else " shown; --limit shows more")
    wanted = {state: totals[state] for state in _states(shown) if state in totals}
    return ", ".join(f"{count} {state}" for state, count in wanted.items()) or f"nothing is {shown.value}"


@app.command()
@command
def retry(
    ids: Ids = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All that wait, are unmatched or refused.")
    ] = False,
) -> None:
    """Try rows again now. A worker's forwarder takes them; a shop's requests are applied at once."""
    if bool(ids) == everything:
        raise BadInput([Problem("ID", "is missing, or stands beside --all", "name rows, or write --all")])
    with database() as opened:
        with opened.transaction() as session:
            before = states_of(session, ids or ())
            number = retry_rows(session, ids or None, clock.now())
        retried = retry_shop_events(opened, settings(), ids or None, clock.now())
    if number or not (retried.applied or retried.refused):
        out.print(f"{counted(number, 'row')} will be tried again by a worker", highlight=False)
    if retried.applied:
        out.print(f"{counted(retried.applied, 'request')} of a shop applied", highlight=False)
    for row, why in retried.refused.items():
        err.print(f"{row}: still cannot be applied: {why}", markup=False, highlight=False, soft_wrap=True)
    if _left(ids or (), before) or retried.refused:
        raise typer.Exit(FAILED)


@app.command()
@command
def discard(ids: Annotated[list[int], typer.Argument(help="Rows, by their numbers.")]) -> None:
    """Give rows up: no campaign starts, nothing is signalled. Orders and news themselves stay recorded."""
    with database() as opened, opened.transaction() as session:
        before = states_of(session, ids)
        number = discard_rows(session, ids, clock.now())
    out.print(f"{counted(number, 'row')} discarded", highlight=False)
    if _left(ids, before):
        raise typer.Exit(FAILED)


def _left(ids: Collection[int], before: Mapping[int, State]) -> bool:
    """Name the rows that nothing can be done with; return whether there are any."""
    over = {State.DONE, State.DISCARDED}
    left = [one for one in ids if before.get(one, State.DONE) in over]
    for one in left:
        what = f"is {before[one].value} already" if one in before else "there is no such row"
        err.print(f"{one}: {what}", markup=False, highlight=False, soft_wrap=True)
    return bool(left)


def _states(shown: Shown) -> list[str]:
    if shown is Shown.OPEN:
        return [State.WAITING, State.UNMATCHED, State.REFUSED]
    return [shown.value]


def described(rows: Sequence[InboxRow], now: datetime) -> list[dict[str, Any]]:
    """Return rows for people and programs: what each is, and in words why it waits. Never its body."""
    ahead: set[str] = set()
    listed = []
    for row in rows:
        reason = _reason(row, ahead, now)
        listed.append({
            "id": row.id, "kind": row.kind, "order_id": row.order_id, "customer_id": row.customer_id,
            "state": row.state, "reason": reason, "why": reason.text if reason else None,
            "attempts": row.attempts, "received_at": row.received_at, "due_at": row.due_at,
        })  # fmt: skip
        if row.customer_id and row.state == State.WAITING and (row.due_at <= now or row.attempts):
            ahead.add(row.customer_id)
    return listed


def _reason(row: InboxRow, ahead: set[str], now: datetime) -> Why | None:
    """Return why a row is where it is; None for one that has just come."""
    waits_behind = row.state == State.WAITING and row.customer_id in ahead
    return why_of(row, now) or (Why.EARLIER_FIRST if waits_behind else None)
