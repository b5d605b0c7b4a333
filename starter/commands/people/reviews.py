"""``afterglow reviews``: what customers wrote, and a moderator's decisions about it."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from sqlmodel import Session

from campaign.reviews.states import Move, Rejection, ReviewState
from intake.imports.private_files import private_file
from intake.reviews.moderation import Decision, moderate
from starter import clock
from starter.commands.console import as_json, command, counted, database, out, shown_of, table, when
from starter.reports import EXPORTED, exported_review, review_report
from storage.queries.reviews.reviews import Wanted, all_reviews, count_reviews, get_review, list_reviews
from storage.tables import ReviewRow

app = typer.Typer(help="What customers wrote about products, to publish or reject.")
Id = Annotated[int, typer.Argument(metavar="ID", help="A review, by the number that `reviews` shows.")]
Ids = Annotated[list[int], typer.Argument(metavar="ID...", help="Reviews, by their numbers.")]
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
def publish(ids: Ids) -> None:
    """Publish reviews: they may be shown, and quoted in messages."""
    _decide(ids, Decision(Move.PUBLISH), "published")


@app.command()
@command
def reject(
    review_id: Id,
    reason: Annotated[
        Rejection, typer.Argument(help="Why it is not to be shown. That it is negative is none.")
    ],
) -> None:
    """Reject a review. Its rating counts all the same, but for what no customer wrote."""
    _decide([review_id], Decision(Move.REJECT, reason), "rejected")


@app.command()
@command
def hide(ids: Ids) -> None:
    """Take published reviews back, to be read again."""
    _decide(ids, Decision(Move.HIDE), "hidden: pending again")


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
    """Decide about each review in a transaction of its own, in which only its writer is locked."""
    with database() as opened:
        with opened.reading() as session:
            for review_id in ids:
                get_review(session, review_id)
        for review_id in ids:
            opened.retrying(_one(review_id, decision))
    out.print(f"{counted(len(ids), 'review')} {done}")


def _one(review_id: int, decision: Decision) -> Callable[[Session], None]:
    at = clock.now()

    def work(session: Session) -> None:
        moderate(session, review_id, decision, at)

    return work
