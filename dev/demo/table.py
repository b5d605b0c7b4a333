"""The demo's result: what each customer got, when in local time, or why not, in as few columns as fit.

It follows the campaign's steps, however many there are, and the terminal's width from 80 columns on:
narrow cells are broken into lines, and steps that find no room stand in a further table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap
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

TITLE = "What each customer got: day after the order, local time, channel; or why not"
ORDER_WIDTH, SHORT_ORDER_WIDTH = 10, 5
STORY_WIDTH = 19
# "135d 14:44" on one line and the channel below it; where there is room also "sms yes?", the opt-in question.
NARROW, WIDE = 10, 19


@dataclass(frozen=True)
class Cell:
    """What a step came to for a customer: lines of (when, what), or a reason."""

    sent: Sequence[tuple[str, str]] = ()
    reason: str = ""


@dataclass(frozen=True)
class Row:
    """One order. ``cells``: by step; a step that is not in it was never reached."""

    order_id: str
    story: str
    segment: str
    ended: str
    cells: dict[str, Cell]


def results(
    session: Session, plays: Sequence[Story], steps: Sequence[str], width: int
) -> Iterator[RenderableType]:
    """Return the tables of all orders, and how many messages are in which state. ``width``: in columns."""
    titles = {story.order_id: story.title for story in plays}
    runs = session.exec(select(RunRow).order_by(col(RunRow.order_id))).all()
    yield from tables([_row(session, run, titles, steps) for run in runs], steps, width)
    messages = session.exec(select(MessageRow)).all()
    for state in sorted({message.state for message in messages}):
        yield f"{state}: {sum(message.state == state for message in messages)} messages"


def tables(rows: Sequence[Row], steps: Sequence[str], width: int) -> Iterator[Table]:
    """Return one table, or several where not all steps fit side by side."""
    room = width - (SHORT_ORDER_WIDTH + 1) - (STORY_WIDTH + 1)
    fitting = max(1, room // (NARROW + 1))
    for first in range(0, len(steps), fitting):
        part = steps[first : first + fitting]
        yield _table(rows, part, room, TITLE if first == 0 else "... and then")


def _table(rows: Sequence[Row], steps: Sequence[str], room: int, title: str) -> Table:
    cell_width = WIDE if len(steps) * (WIDE + 1) <= room else NARROW
    spare = room - len(steps) * (cell_width + 1)
    order_width = min(ORDER_WIDTH, SHORT_ORDER_WIDTH + spare)
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column("order", width=order_width, overflow="fold")
    table.add_column("what happens\n[dim]segment, end[/dim]", min_width=STORY_WIDTH, overflow="fold")
    for step in steps:
        table.add_column(_folded(step, cell_width), width=cell_width, overflow="fold")
    for row in rows:
        cells = [_text(row.cells.get(step, Cell()), cell_width) for step in steps]
        table.add_row(row.order_id, f"{row.story}\n[dim]{row.segment}, {row.ended}[/dim]", *cells)
    return table


def _text(cell: Cell, width: int) -> str:
    if cell.sent:
        between = " " if width >= WIDE else "\n"
        return "\n".join(f"{when}{between}{what}" for when, what in cell.sent)
    return f"[dim]{_folded(cell.reason, width)}[/dim]" if cell.reason else ""


def _folded(text: str, width: int) -> str:
    return "\n".join(wrap(text, width))


def _row(session: Session, run: RunRow, titles: dict[str, str], steps: Sequence[str]) -> Row:
    report = order_report(session, run.order_id)
    order = session.get_one(OrderRow, run.order_id)
    zone = ZoneInfo(session.get_one(CustomerRow, run.customer_id).time_zone or "UTC")
    title = titles.get(run.order_id, "the order that came after")
    cells = {step: _cell(report, step, order, zone) for step in steps}
    ended = (run.exit_reason or "still open").replace("_", " ")
    return Row(run.order_id, title, run.segment or "no segment", ended, cells)


def _cell(report: dict[str, Any], step: str, order: OrderRow, zone: ZoneInfo) -> Cell:
    mine = sorted((m for m in report["messages"] if m["step"] == step), key=lambda m: str(m["channel"]))
    sent = [_sent(message, order, zone) for message in mine if message["sent_at"]]
    if sent:
        return Cell(sent=sent)
    reasons = [message["reason"] or message["state"] for message in mine]
    reasons += [row["reason"] for row in report["steps"] if row["step"] == step and row["decision"] == "skip"]
    return Cell(reason=reasons[0].replace("_", " ")) if reasons else Cell()


def _sent(message: dict[str, Any], order: OrderRow, zone: ZoneInfo) -> tuple[str, str]:
    at = message["sent_at"]
    question = " yes?" if message["purpose"] == Purpose.OPT_IN else ""
    return f"{(at - order.placed_at).days:>3}d {at.astimezone(zone):%H:%M}", f"{message['channel']}{question}"
