"""Commands about a person's rights: what is stored, erasing it, and what shops have requested."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlmodel import Session

from campaign.errors import BadInput, NotFound, Problem
from campaign.fields.contact import Email, Phone
from campaign.fields.identifiers import Id
from intake.imports.private_files import private_file
from intake.person.erasure import Erased, erase_person
from intake.person.export import export_person
from intake.person.preview import ErasurePreview, preview_erasure
from intake.person.requests import approve, discard, person_of
from shops.news import PersonRequest, PrivacyRequest
from starter import clock
from starter.commands.console import as_json, command, counted, database, err, out, table, when
from starter.inputs import parse_field
from storage.queries.privacy.jobs import count_jobs
from storage.queries.privacy.requests import RequestState, get_request, settle_request, waiting_requests

app = typer.Typer(help="A person's data: export and erase it, see requests of shops.")

_Email = Annotated[str | None, typer.Option("--email", help="Everybody with this e-mail address.")]
_Phone = Annotated[str | None, typer.Option("--phone", help="Everybody with this number (E.164).")]
_Id = Annotated[str | None, typer.Option("--id", help="This customer, and guests with the same address.")]
_Numbers = list[int] | None
NOBODY = "nothing is stored about this person"
SHOWN = 20
KEPT = frozenset({"orders", "order_lines", "order_events", "refunds", "campaign_runs", "campaign_steps"})
"""Tables that stay, without the person."""


@app.command()
@command
def export(
    *,
    email: _Email = None,
    phone: _Phone = None,
    identifier: _Id = None,
    request: Annotated[
        int | None, typer.Option(help="The person of a shop's request, which is done then.")
    ] = None,
    to: Annotated[Path | None, typer.Option(help="A file to write to; only its owner can read it.")] = None,
) -> None:
    """Write all that is stored about a person, as JSON."""
    now = clock.now()
    with database() as opened, opened.transaction() as session:
        who = _requested(session, request) if request else _named(email, phone, identifier)
        exported = export_person(session, who, now)
        if not exported["data"] and not request:
            raise NotFound(NOBODY)
        _write(as_json(exported), to)
        if request:
            settle_request(session, get_request(session, request), RequestState.DONE, now)


@app.command()
@command
def erase(
    *,
    email: _Email = None,
    phone: _Phone = None,
    identifier: _Id = None,
    yes: Annotated[bool, typer.Option("--yes", help="Erase without a prompt.")] = False,
) -> None:
    """Erase a person: campaigns end, contact data and texts go, money facts stay without the person.

    Opt-outs outlive it as keyed hashes. Temporal's histories and the outbox's files are erased by the worker.
    """
    who = _named(email, phone, identifier)
    with database() as opened:
        with opened.reading() as session:
            found = preview_erasure(session, who)
        if not (found.stored or identifier):
            raise NotFound(NOBODY)
        _announce(found)
        if not yes:
            typer.confirm("Erase? This cannot be undone", abort=True)
        _report(opened.retrying(lambda session: erase_person(session, who, "command line", clock.now())))


@app.command()
@command
def requests(
    *,
    approved: Annotated[
        _Numbers, typer.Option("--approve", metavar="NUMBER", help="Have the worker do this one.")
    ] = None,
    discarded: Annotated[
        _Numbers, typer.Option("--discard", metavar="NUMBER", help="Settle this one without doing it.")
    ] = None,
) -> None:
    """Show what shops have requested for their customers. Or approve or discard some of it."""
    with database() as opened:
        opened.retrying(lambda session: _decide(session, approved or [], discarded or [], clock.now()))
        with opened.reading() as session:
            _show(session)


def _decide(session: Session, approved: list[int], discarded: list[int], now: datetime) -> None:
    for number in approved:
        approve(session, number)
    for number in discarded:
        discard(session, number, now)


def _named(email: str | None, phone: str | None, identifier: str | None) -> PersonRequest:
    """Return who is meant, checked."""
    if not (email or phone or identifier):
        raise BadInput([Problem("person", "is not named", "give --email, --phone or --id")])
    return PersonRequest(
        PrivacyRequest.ERASE,
        customer_id=parse_field(Id, "--id", identifier) if identifier else None,
        email=parse_field(Email, "--email", email) if email else None,
        phone=parse_field(Phone, "--phone", phone) if phone else None,
    )


def _requested(session: Session, number: int) -> PersonRequest:
    return person_of(get_request(session, number))


def _write(exported: str, to: Path | None) -> None:
    if to is None:
        typer.echo(exported)
        return
    try:
        with private_file(to) as file:
            file.write(f"{exported}\n".encode())
    except OSError:
        raise BadInput(
            [Problem("--to", "cannot be written", "name a file in a folder that is there")]
        ) from None
    err.print(f"written to {to}", markup=False)


def _announce(found: ErasurePreview) -> None:
    """Say who it is and what would happen; those who share an address are left alone, and named."""
    ids = found.person.customer_ids
    if not found.stored:
        only = "only Temporal's histories of this customer id, if there are any, can be deleted"
        _line(f"{NOBODY}: {only}")
        return
    _line(f"{counted(len(ids), 'customer id')}: {_listed(sorted(ids))}")
    _line(f"{counted(len(found.orders), 'order')} kept without the person: {_listed(found.orders)}")
    campaigns, starts = counted(found.open_campaigns, "open campaign"), counted(found.waiting_starts, "start")
    _line(f"to be ended: {campaigns}, {starts} in the inbox")
    gone = (f"{name.replace('_', ' ')} {count}" for name, count in found.stored.items() if name not in KEPT)
    _line(f"contact data and texts of these go: {', '.join(gone) or '-'}")
    for other in found.person.others:
        _line(f"not erased, shares an address: {other} (erase it too with --id {other})")


def _listed(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else ""
    return (", ".join(ids[:SHOWN]) or "-") + more


def _line(text: str) -> None:
    out.print(text, markup=False, highlight=False, soft_wrap=True)


def _report(erased: Erased) -> None:
    if not erased.found:
        out.print("nothing was stored here; the worker looks for histories in Temporal")
        return
    shown = ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in erased.counts.items() if count)
    out.print(f"erased: {shown}")
    out.print(
        "the worker deletes Temporal's histories and the outbox's files within seconds, and looks again"
    )
    out.print("after a quarter of an hour: `person requests` shows what is left to do")


def _show(session: Session) -> None:
    rows = waiting_requests(session)
    if rows:
        shown = table(
            "Requests about persons", "number", "kind", "from", "received (UTC)", "by", "state", "who"
        )
        for row in rows:
            cells: list[Any] = [row.id, row.kind, row.source, when(row.received_at), f"{row.due_at:%Y-%m-%d}"]
            shown.add_row(*map(str, cells), row.state, _who(person_of(row)))
        out.print(shown)
        out.print("person export --request NUMBER, person requests --approve NUMBER, --discard NUMBER")
    else:
        out.print("no request waits")
    if left := count_jobs(session):
        out.print(f"{counted(left, 'erasure')} still to be finished in Temporal and the outbox by the worker")


def _who(request: PersonRequest) -> str:
    named = (request.customer_id, request.email, request.phone)
    return ", ".join(part for part in named if part) or "everybody"
