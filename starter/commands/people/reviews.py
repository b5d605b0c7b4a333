"""``afterglow reviews``: what customers wrote, and a moderator's decisions about it."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from sqlmodel import Session

from campaign.fields.times import UtcTime
from campaign.reviews.states import Move, Rejection, ReviewState
from intake.imports.private_files import private_file
from intake.reviews.moderation import Decision, check_all, moderate
from starter import clock
from starter.commands.console import as_json, command, counted, database, out, shown_of, table, when
from starter.inputs import parse_field
from starter.reports import EXPORTED, exported_review, review_report
from storage.queries.reviews.reviews import Wanted, all_reviews, count_reviews, get_review, list_reviews
from storage.tables import ReviewRow

app = typer.Typer(help="What customers wrote about products, to publish or reject.")
HIGHEST = 2**31 - 1
Id = Annotated[
    int,
    typer.Argument(metavar="ID", min=1, max=HIGHEST, help="A review, by the number that `reviews` shows."),
]
Ids = Annotated[
    list[int], typer.Argument(metavar="ID...", min=1, max=HIGHEST, help="Reviews, by their numbers.")
]
WrittenAt = Annotated[
    str | None,
    typer.Option(help="The version that you read, by its `written_at`: refused if it was changed since."),
]
_SHORT = 60


@app.callback(invoke_without_command=True)
@command
def reviews(
    context: typer.Context,
    state: Annotated[ReviewState, typer.Option(help="Reviews in this state.")] = ReviewState.PENDING,
    sku: Annotated[str | None, typer.Option(help="Of this product only.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """List reviews, the oldest first: those that wait for a moderator, if nothing else is said."""
    if context.invoked_subcommand:
        return
    wanted = Wanted(state, sku)
    with database() as opened, opened.reading() as session:
        rows, total = list_reviews(session, wanted, limit), count_reviews(session, wanted)
    if json:
        typer.echo(as_json([review_report(row) for row in rows]))
    elif not rows:
        out.print(f"no review is {state.value}")
    else:
        _print(rows, state)
        out.print(shown_of(len(rows), total), highlight=False)


def _print(rows: Sequence[ReviewRow], state: ReviewState) -> None:
    made = table(f"Reviews ({state.value})", "id", "product", "stars", "text", "written (UTC)", "reason")
    for row in rows:
        made.add_row(
            str(row.id), row.sku, str(row.rating), _short(row.text), when(row.written_at), row.why or "-"
        )
    out.print(made)


def _short(text: str | None) -> str:
    words = " ".join((text or "-").split())
    return escape(words if len(words) <= _SHORT else words[: _SHORT - 3] + "...")


@app.command()
@command
def show(review_id: Id) -> None:
    """Print a review with all that is known of it."""
    with database() as opened, opened.reading() as session:
        typer.echo(as_json(review_report(get_review(session, review_id))))


@app.command()
@command
def publish(ids: Ids, written_at: WrittenAt = None) -> None:
    """Publish reviews: they may be shown, and quoted in messages."""
    _decide(ids, Decision(Move.PUBLISH, seen=_seen(written_at)), "published")


@app.command()
@command
def reject(
    review_id: Id,
    reason: Annotated[
        Rejection, typer.Argument(help="Why it is not to be shown. That it is negative is none.")
    ],
    written_at: WrittenAt = None,
) -> None:
    """Reject a review. Its rating counts all the same, but for what no customer wrote."""
    _decide([review_id], Decision(Move.REJECT, reason, _seen(written_at)), "rejected")


@app.command()
@command
def hide(ids: Ids, written_at: WrittenAt = None) -> None:
    """Take published reviews back, to be read again."""
    _decide(ids, Decision(Move.HIDE, seen=_seen(written_at)), "hidden: pending again")


@app.command()
@command
def export(
    to: Annotated[Path, typer.Option(help="The CSV file to write; its owner alone may read it.")],
) -> None:
    """Write all reviews as CSV, in the columns that `import reviews` reads."""
    with database() as opened, opened.reading() as session, private_file(to) as file:
        text = TextIOWrapper(file, "utf-8", newline="")
        writer = csv.DictWriter(text, EXPORTED, lineterminator="\n")
        writer.writeheader()
        number = 0
        for row in all_reviews(session):
            writer.writerow(exported_review(row))
            number += 1
        text.flush()
    out.print(f"{counted(number, 'review')} written to {to}", markup=False, soft_wrap=True)


def _decide(ids: Sequence[int], decision: Decision, done: str) -> None:
    """Decide about each review in a transaction of its own, in which only its writer is locked.

    What cannot be decided about all of them is decided about none.
    """
    with database() as opened:
        with opened.reading() as session:
            check_all(session, ids, decision)
        for review_id in ids:
            opened.retrying(_one(review_id, decision))
    out.print(f"{counted(len(ids), 'review')} {done}")


def _seen(written_at: str | None) -> datetime | None:
    """Return the version that was read."""
    return None if written_at is None else parse_field(UtcTime, "--written-at", written_at)


def _one(review_id: int, decision: Decision) -> Callable[[Session], None]:
    at = clock.now()

    def work(session: Session) -> None:
        moderate(session, review_id, decision, at)

    return work
