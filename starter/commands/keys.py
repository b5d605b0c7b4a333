"""Commands about the keys of the HTTP interface: add, list, revoke."""

from __future__ import annotations

from typing import Annotated

import typer

from intake.api_keys import add_key, all_keys, revoke_key
from starter import clock
from starter.commands.console import command, database, err, out, table, when

app = typer.Typer(help="Keys of the HTTP interface. Several at once, each with a name.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Whose key it is; it stands in the logs.")]


@app.command()
@command
def add(name: Name) -> None:
    """Make a key, and print it. This once: only its digest is kept."""
    with database() as opened, opened.transaction() as session:
        key = add_key(session, name, clock.now())
    err.print(f"{name}: the key is printed this once. It is accepted within 5 seconds.", highlight=False)
    typer.echo(key)


@app.command("list")
@command
def list_keys() -> None:
    """List the keys. Never the keys themselves: names and times."""
    with database() as opened, opened.reading() as session:
        rows = all_keys(session)
    if not rows:
        out.print("no key was made yet: keys add NAME")
        return
    shown = table("Keys", "name", "made (UTC)", "last used (UTC, to the hour)", "revoked (UTC)")
    for row in rows:
        shown.add_row(row.name, when(row.created_at), when(row.last_used_at), when(row.revoked_at))
    out.print(shown)


@app.command()
@command
def revoke(name: Name) -> None:
    """Revoke a key. Within 5 seconds no process accepts it."""
    with database() as opened, opened.transaction() as session:
        revoked = revoke_key(session, name, clock.now())
    out.print(f"{name}: revoked" if revoked else f"{name}: was revoked already", highlight=False)
