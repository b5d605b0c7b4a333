"""The command about messages: which failed, which nobody can confirm, which are on their way."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from campaign.facts import MessageState
from starter.commands.console import as_json, command, database, out, shown_of, table, when
from storage.queries.messages.message_lists import list_messages

app = typer.Typer()


@app.command()
@command
def messages(
    state: Annotated[MessageState, typer.Option(help="Messages in this state.")] = MessageState.UNCONFIRMED,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    as_text: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """List messages by what became of them. Newest first; never their addresses or texts."""
    with database() as opened, opened.transaction() as session:
        rows, total = list_messages(session, state, limit)
    if as_text:
        typer.echo(as_json([asdict(row) for row in rows]))
        return
    if not rows:
        out.print(f"no message is {state.value}")
        return
    made = table(
        f"Messages ({state.value})", "order", "step", "channel", "reason", "code", "claimed (UTC)",
        "tried (UTC)", "sent (UTC)",
    )  # fmt: skip
    for row in rows:
        made.add_row(
            row.order_id, row.step, row.channel, row.reason or "-", row.code or "-",
            when(row.claimed_at), when(row.attempted_at), when(row.sent_at),
        )  # fmt: skip
    out.print(made)
    out.print(shown_of(len(rows), total), highlight=False)
