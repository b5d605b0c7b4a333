"""What the commands share: settings, connections, tables for people, errors as exit codes."""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, ParamSpec

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from temporalio.service import RPCError

from campaign.errors import AfterglowError, BadInput
from settings import Settings, load_settings
from starter.client import Campaigns, connect
from starter.commands.fitted import FittedTable
from storage.database import Database
from storage.migrate import ensure_schema

P = ParamSpec("P")
BAD_INPUT, FAILED = 2, 1

out = Console()
err = Console(stderr=True)


def command(function: Callable[P, None]) -> Callable[P, None]:
    """Turn our errors into a message and an exit code: 2 for bad input, 1 for the rest."""

    @functools.wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            function(*args, **kwargs)
        except BadInput as error:
            err.print("Nothing was done:", style="bold red")
            for problem in error.problems:
                err.print(f"  {problem}", markup=False, highlight=False, soft_wrap=True)
            raise typer.Exit(BAD_INPUT) from None
        except AfterglowError as error:
            err.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
            raise typer.Exit(FAILED) from None
        except RPCError as error:
            err.print(f"Temporal answers {error.status.name.lower()}", style="red")
            raise typer.Exit(FAILED) from None

    return wrapped


def with_campaigns(work: Callable[[Campaigns], Awaitable[Any]], *, needed: bool = True) -> Any:
    """Connect to Temporal and do some work with it; where it is not ``needed``, also without it."""

    async def run() -> Any:
        return await work(Campaigns(await connect(lazy=not needed)))

    return asyncio.run(run())


@contextmanager
def database() -> Iterator[Database]:
    """Open the database; in development its tables are made when they are missing."""
    settings = load_settings()
    opened = Database(settings.database_url, opt_out_keys=settings.secret_keys)
    try:
        ensure_schema(opened, may_upgrade=not settings.production)
        yield opened
    finally:
        opened.close()


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show how far a long command is, on a terminal; gives what moves it on by so many."""
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task(what, total=total)
        yield lambda count: bar.advance(task, count)


def settings() -> Settings:
    """Return the checked settings."""
    return load_settings()


def as_json(value: Any) -> str:
    """Write JSON for programs, and for people who read it: letters as they are, times in ISO 8601."""
    return json.dumps(value, default=_plain, indent=2, ensure_ascii=False)


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def when(value: datetime | str | None) -> str:
    """Write a time for people, in UTC."""
    if value is None:
        return "-"
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"


def counted(count: int, noun: str) -> str:
    """Return "1 customer", "2 customers"."""
    return f"{count} {noun}{'es' * (count != 1) if noun.endswith('ss') else 's' * (count != 1)}"


def shown_of(count: int, total: int) -> str:
    """Return how many of all are shown, and how to see the rest."""
    return f"{count} of {total}" + ("" if count >= total else "; --limit shows more")


def table(title: str, *columns: str) -> Table:
    """Return an empty table for people."""
    made = FittedTable(title=title, title_justify="left")
    for column in columns:
        made.add_column(column, overflow="fold")
    return made
