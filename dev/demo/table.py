"""The demo's result: what each customer got, when in local time, and why not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table
from sqlmodel import Session, col, select

from campaign.facts import Purpose
from dev.sample_shop.stories import Story
from starter.reports import order_report
from storage.tables import CustomerRow, MessageRow, OrderRow, RunRow

STEPS = ("thank-you", "loyalty", "win-back-soft", "win-back-best")


def results(session: Session, plays: Sequence[Story]) -> Iterator[RenderableType]:
    """Give the table of all orders, and the totals."""
    titles = {story.order_id: story.title for story in plays}
    table = Table(
        title="What each customer got: day after the order, local time, channel; or why not",
        title_justify="left",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    for column in ("order", "what happens", "segment", *STEPS, "ended"):
        table.add_column(column, overflow="fold", no_wrap=column in (*STEPS, "ended"))
    for run in session.exec(select(RunRow).order_by(col(RunRow.order_id))).all():
        table.add_row(*_row(session, run, titles))
    yield table
    messages = session.exec(select(MessageRow)).all()
    for state in sorted({message.state for message in messages}):
        yield f"{state}: {sum(message.state == state for message in messages)} messages"


def _row(session: Session, run: RunRow, titles: dict[str, str]) -> list[str]:
    report = order_report(session, run.order_id)
    order = session.get_one(OrderRow, run.order_id)
    zone = ZoneInfo(session.get_one(CustomerRow, run.customer_id).time_zone or "UTC")
    title = titles.get(run.order_id, "the order that came after")
    cells = [_cell(report, step, order, zone) for step in STEPS]
    return [run.order_id, title, run.segment or "-", *cells, run.exit_reason or "still open"]


def _cell(report: dict[str, Any], step: str, order: OrderRow, zone: ZoneInfo) -> str:
    mine = sorted(report["messages"], key=lambda m: str(m["channel"]))
    sent = [m for m in mine if m["step"] == step and m["sent_at"]]
    if sent:
        return "\n".join(_sent(m, order, zone) for m in sent)
    decided = [row for row in report["steps"] if row["step"] == step and row["decision"] == "skip"]
    return f"[dim]{decided[0]['reason'].replace('_', ' ')}[/dim]" if decided else ""


def _sent(message: dict[str, Any], order: OrderRow, zone: ZoneInfo) -> str:
    at = message["sent_at"]
    asks = " asks" if message["purpose"] == Purpose.OPT_IN else ""
    return f"{(at - order.placed_at).days:>3}d {at.astimezone(zone):%H:%M} {message['channel']}{asks}"
