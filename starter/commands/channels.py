"""The command about channels: which are stopped, and since when."""

from __future__ import annotations

from typing import Annotated

import typer

from campaign.reasons import Channel
from starter.commands.console import command, database, out, table, when
from storage.queries.messages.channel_stops import resume_channel, stopped_channels

app = typer.Typer()


@app.command()
@command
def channels(
    resume: Annotated[
        Channel | None, typer.Option(help="Let a stopped channel go on: its settings are right now.")
    ] = None,
) -> None:
    """Show the channels that are stopped. The provider refuses: wrong key, unknown sender, account closed."""
    with database() as opened, opened.transaction() as session:
        if resume is not None:
            was = resume_channel(session, resume)
            out.print(f"{resume.label} goes again" if was else f"{resume.label} was not stopped")
        stopped = stopped_channels(session)
    if not stopped:
        out.print("no channel is stopped")
        return
    shown = table(
        "Stopped channels", "channel", "code", "since (UTC)", "next try (UTC)", "resumes when one is"
    )
    for row in stopped:
        evidence = "delivered" if row.reported else "accepted"
        shown.add_row(Channel(row.channel).label, row.code, when(row.since), when(row.probe_at), evidence)
    out.print(shown)
