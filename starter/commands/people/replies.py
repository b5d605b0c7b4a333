"""The command about customers' doubtful text messages: read them, and say what each is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer
from sqlmodel import Session

from intake.received_replies import settle_reply
from starter import clock
from starter.commands.console import command, database, out, table, when
from storage.queries.people.replies import open_replies

MOST = 100

app = typer.Typer()


@app.command()
@command
def replies(
    opt_out: Annotated[
        list[int] | None, typer.Option(metavar="ID", help="This message is an opt-out.")
    ] = None,
    other: Annotated[
        list[int] | None, typer.Option(metavar="ID", help="This message is something else.")
    ] = None,
) -> None:
    """Show texts that may be opt-outs. Or settle some of them (both options may be repeated).

    An opt-out takes effect at once, for everyone with the number. The text of a settled message is not kept
    in the list. Since 2025-04-11 the FCC gives ten business days for it (47 CFR 64.1200(a)(10)).
    """
    with database() as opened:
        for line in opened.retrying(lambda session: _settle(session, opt_out or [], other or [])):
            out.print(line)
        with opened.reading() as session:
            _show(session)


def _settle(session: Session, opt_out: Sequence[int], other: Sequence[int]) -> list[str]:
    """Settle all of them or none; return what is to be reported once it is kept."""
    lines = []
    for identifier in opt_out:
        revoked = settle_reply(session, identifier, "opt_out", clock.now())
        lines.append(f"{identifier}: opted out" if revoked else f"{identifier}: had opted out already")
    for identifier in other:
        settle_reply(session, identifier, "other", clock.now())
        lines.append(f"{identifier}: not an opt-out")
    return lines


def _show(session: Session) -> None:
    rows, count = open_replies(session, MOST)
    if not rows:
        out.print("no reply waits to be read")
        return
    shown = table(f"{len(rows)} of {count} replies that wait", "id", "received (UTC)", "from", "text")
    for row in rows:
        shown.add_row(str(row.id), when(row.received_at), row.sender, row.text or "")
    out.print(shown)
    out.print("settle with: replies --opt-out ID, or replies --other ID")
