"""The command that starts campaigns for orders that are here without."""

from __future__ import annotations

import re
import tempfile
from datetime import timedelta
from typing import Annotated

import typer

from campaign.definition.model import Definition
from campaign.errors import BadInput, Problem
from content.loading import load_campaign
from intake.imports.backfill import Preview, Share, preview, start_planned
from starter import clock
from starter.commands.console import command, counted, database, out, progress, settings, table, when

app = typer.Typer()
MOST_DAYS = 400


@app.command()
@command
def backfill(
    *,
    since: Annotated[str, typer.Option(help="How far back the newest orders may lie: 90d.")] = "90d",
    per_day: Annotated[str, typer.Option(help="Starts a day: 500, or a part of the customers, 1%.")] = "1%",
    yes: Annotated[bool, typer.Option("--yes", help="Start without a question.")] = False,
) -> None:
    """Start campaigns for imported orders. Shows first how many customers would get what on which day."""
    chosen, now = settings(), clock.now()
    span, share = _span(since), _share(per_day)
    definition = load_campaign(chosen.campaign, chosen.templates)
    with database() as opened, tempfile.TemporaryFile("w+", encoding="utf-8") as plan:
        shown = preview(opened, definition, now - span, share, now, plan)
        _print(shown, definition, since)
        if not shown.started or not (yes or typer.confirm(f"Start {counted(shown.started, 'campaign')}?")):
            out.print("Nothing was started.")
            return
        with progress("starts", shown.started) as advance:
            queued = start_planned(opened, plan, now, advance)
    out.print(f"{counted(queued, 'campaign')} queued: afterglow inbox shows and discards what waits")


def _span(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,4})\s*d(ays?)?", text.strip())
    if not found or int(found[1]) == 0:
        raise BadInput([Problem("--since", "is no number of days", "write one such as 90d")])
    return timedelta(days=int(found[1]))


def _share(text: str) -> Share:
    found = re.fullmatch(r"(\d{1,7}(?:\.\d{1,3})?)\s*(%?)", text.strip())
    number = float(found[1]) if found else 0.0
    is_part = bool(found and found[2])
    if number <= 0 or (is_part and number > 100) or (not is_part and number != int(number)):  # noqa: PLR2004
        raise BadInput(
            [Problem("--per-day", "is no share", "write a number such as 500, or a part such as 1%")]
        )
    return Share(percent=number) if is_part else Share(number=int(number))


def _print(shown: Preview, definition: Definition, since: str) -> None:
    many = "no customer" if not shown.looked_at else counted(shown.looked_at, "customer")
    a_day = f"; {shown.a_day} a day" if shown.started else ""
    head = f"{many} whose newest order, of the last {since}, has no campaign{a_day}"
    out.print(head, highlight=False, soft_wrap=True)
    if not shown.looked_at:
        return
    steps = [step.name for step in definition.steps]
    days = sorted({day for day, _, _ in shown.messages})
    made = table("Messages by day (UTC)", "day", *steps)
    for day in days[:MOST_DAYS]:
        made.add_row(str(day), *(_cell(shown, day, step) for step in steps))
    if days:
        out.print(made)
    if shown.started:
        _print_starts(shown)
    if nothing := shown.nothing.total():
        out.print(f"{nothing} would get nothing, and are not started", highlight=False)
    for reason, count in shown.nothing.most_common():
        out.print(f"  {count}: {reason.skipped}", highlight=False)


def _print_starts(shown: Preview) -> None:
    out.print(
        f"{shown.started} would be started, the last on {when(shown.last_start)} UTC; of these",
        highlight=False,
    )
    out.print(f"  {shown.held_out} are in the holdout and get nothing", highlight=False)


def _cell(shown: Preview, day: object, step: str) -> str:
    found = {c: n for (at, of, c), n in shown.messages.items() if (at, of) == (day, step)}
    return ", ".join(f"{count} {channel.label}" for channel, count in sorted(found.items())) or "-"
