"""``afterglow loyalty``: standings in a loyalty programme that is kept elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import IO, Annotated

import typer

from campaign.errors import BadInput, BadSettings, Problem
from intake.loyalty.programme import save_all, take_over
from intake.loyalty.standings import Recorded
from starter import clock
from starter.commands.console import command, counted, database, out, settings
from starter.inputs import STDIN
from starter.loyalty.files import read_standings
from starter.loyalty.http_programme import HttpProgramme

app = typer.Typer(help="Standings in a loyalty programme that is kept elsewhere.", no_args_is_help=True)
FILE_SOURCE = "import"


@app.command("import")
@command
def import_file(
    source: Annotated[str, typer.Argument(metavar="FILE", help="CSV or JSON Lines; - reads standard input.")],
) -> None:
    """Save the standings of a file. It is checked whole; older ones than what is known change nothing."""
    with _opened(source) as file:
        standings = read_standings(file, source)
    with database() as opened:
        _print(save_all(opened, standings, FILE_SOURCE, clock.now()))


@app.command()
@command
def pull() -> None:
    """Save what the programme at AFTERGLOW_LOYALTY_URL says of all its members."""
    chosen = settings()
    if chosen.loyalty_url is None or chosen.loyalty_token is None:
        where, fix = "AFTERGLOW_LOYALTY_URL", "set it, and AFTERGLOW_LOYALTY_TOKEN"
        raise BadSettings([Problem(where, "names no programme to read", fix)])
    programme = HttpProgramme(chosen.loyalty_url, chosen.loyalty_token.get_secret_value())
    with database() as opened:
        _print(take_over(opened, programme, clock.now()))


def _opened(source: str) -> IO[bytes]:
    if source == STDIN:
        return sys.stdin.buffer
    try:
        return Path(source).open("rb")
    except OSError:
        raise BadInput([Problem(source, "cannot be read", "name a file, or - for standard input")]) from None


def _print(recorded: Recorded) -> None:
    more = [
        f"{counted(number, 'standing')} {words}"
        for number, words in (
            (recorded.older, "older than what is known"),
            (recorded.unknown, "of nobody who is known here"),
        )
        if number
    ]
    out.print("; ".join([f"{counted(recorded.saved, 'standing')} saved", *more]), highlight=False)
