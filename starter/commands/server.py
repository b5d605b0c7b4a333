"""Commands about the Temporal server itself."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Annotated

import typer
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from campaign.contract import SEARCH_ATTRIBUTES
from campaign.errors import Unavailable
from starter.client import connect
from starter.commands.console import command, out
from starter.namespace import prepare_namespace

app = typer.Typer()
PAUSE_SECONDS = 1.0
# What more tries cannot change.
FINAL = (RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNAUTHENTICATED, RPCStatusCode.UNIMPLEMENTED)


@app.command()
@command
def namespace(
    retention_days: Annotated[int, typer.Option(min=1, help="How long ended campaigns are kept.")] = 365,
    wait_seconds: Annotated[int, typer.Option(min=0, help="How long to wait for the server.")] = 120,
) -> None:
    """Make a Temporal server ready. Registers the namespace and the search attributes; may be run again."""
    client = asyncio.run(_prepare(timedelta(days=retention_days), wait_seconds))
    out.print(f"namespace {client.namespace}: {', '.join(SEARCH_ATTRIBUTES)} are registered", soft_wrap=True)


async def _prepare(retention: timedelta, wait_seconds: int) -> Client:
    problem = "no server answers"
    try:
        async with asyncio.timeout(wait_seconds or None):
            while True:
                try:
                    client = await connect()
                    await prepare_namespace(client, retention)
                except (RPCError, Unavailable) as error:
                    problem = _why(error)
                    if not wait_seconds:
                        raise Unavailable(problem) from None
                    await asyncio.sleep(PAUSE_SECONDS)
                else:
                    return client
    except TimeoutError:
        raise Unavailable(problem) from None


def _why(error: RPCError | Unavailable) -> str:
    """Say what is wrong, in our words.

    Raises:
        Unavailable: nothing that waiting could change.
    """
    if isinstance(error, Unavailable):
        return str(error)
    text = f"Temporal answers {error.status.name.lower()}"
    if error.status in FINAL:
        names = ", ".join(SEARCH_ATTRIBUTES)
        raise Unavailable(f"{text}: have its operator register, each as Keyword: {names}") from None
    return text
