"""Commands about history: files of customers, orders, products and consents."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import IO, Annotated

import typer
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from campaign.errors import BadInput, Problem
from campaign.reasons import Channel
from content.loading import read_definition
from intake.imports.formats import Format, Kind, Wanted, format_of
from intake.imports.importing import Report, Source, begin, run_import
from intake.imports.records import Layout, digest_of, layout_of, unpacked
from intake.imports.refused import Refusals
from settings import Settings
from shops.context import Context
from starter import clock
from starter.commands.console import BAD_INPUT, command, counted, database, err, out, settings, when
from starter.inputs import STDIN
from storage.queries.imports.progress import Progress

app = typer.Typer()
SHOWN = 10
_ADDRESS = MappingProxyType({Channel.EMAIL: "e-mail address", Channel.SMS: "number"})


@dataclass(frozen=True)
class Options:
    """How to import; as the command's options."""

    overwrite: bool
    dry_run: bool
    restart: bool
    refused: Path | None
    shop_url: str | None


@app.command("import")
@command
def import_file(
    kind: Annotated[Kind, typer.Argument(help="What is in the file.")],
    source: Annotated[
        str, typer.Argument(metavar="FILE", help="CSV or JSON Lines, also .gz; - reads standard input.")
    ],
    *,
    mapped: Annotated[
        list[str] | None, typer.Option("--map", help='A column of the file and ours: "Email=email".')
    ] = None,
    constants: Annotated[
        list[str] | None, typer.Option("--set", help='One of our columns, for all rows: "currency=USD".')
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite", help="Replace contact data that is known; else only empty fields are filled."
        ),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check every row, and save nothing.")] = False,
    restart: Annotated[
        bool, typer.Option("--restart", help="Begin at the first row, whatever was done.")
    ] = False,
    refused: Annotated[
        Path | None, typer.Option(help="Where refused rows go; FILE.refused.csv if left out.")
    ] = None,
    shop_url: Annotated[
        str | None, typer.Option(help="The shop's address, for exports without links.")
    ] = None,
) -> None:
    """Import history from a file. Starts no campaign and sends nothing; stopped, it goes on where it was."""
    wanted = Wanted(_pairs("--map", mapped), _pairs("--set", constants))
    _import(kind, source, wanted, Options(overwrite, dry_run, restart, refused, shop_url))


def _import(kind: Kind, source: str, wanted: Wanted, options: Options) -> None:
    began = time.monotonic()
    with ExitStack() as stack:
        opened = stack.enter_context(database())
        work, size = _work(stack, kind, source, wanted, options)
        progress = (
            Progress() if options.dry_run else begin(opened, work, clock.now(), restart=options.restart)
        )
        if progress.ended_at is not None:
            out.print(_known(progress), highlight=False, soft_wrap=True)
            return
        _announce(work.found, progress)
        path = _refused_path(source, kind, work.layout, options)
        refusals = Refusals(path, work.layout, progress.refused)
        stack.callback(refusals.close)
        moved, context = stack.enter_context(_bar(kind, size)), _context(settings(), options.shop_url)
        try:
            report = run_import(opened, work, progress, refusals, context, moved, dry_run=options.dry_run)
        except BadInput as error:
            _stop(error)
    _print(report, refusals, time.monotonic() - began, dry_run=options.dry_run)


def _work(stack: ExitStack, kind: Kind, source: str, wanted: Wanted, options: Options) -> tuple[Source, int]:
    """Open the file and recognise what it is; return its size in bytes too.

    Other options make other rows of it: they are part of the digest by which an import goes on.
    """
    file = _opened(stack, source)
    meant = (wanted.renamed, wanted.constants)
    made_with = [*(repr(sorted(pairs.items())) for pairs in meant), str(options.overwrite)]
    digest, size = digest_of(file, _name(source), *made_with)
    layout = layout_of(file)
    return Source(file, kind, digest, layout, format_of(kind, layout, wanted), options.overwrite), size


def _pairs(option: str, given: Sequence[str] | None) -> MappingProxyType[str, str]:
    found = {}
    for text in given or ():
        left, equals, right = text.rpartition("=") if option == "--map" else text.partition("=")
        if not equals or not left:
            raise BadInput([Problem(option, "is no pair", f'write {option} "Their column=our_column"')])
        found[left.strip()] = right.strip()
    return MappingProxyType(found)


def _name(source: str) -> str:
    return "standard input" if source == STDIN else source


def _opened(stack: ExitStack, source: str) -> IO[bytes]:
    """Open the file; what can be read once only is copied, so that its digest is known before its rows."""
    try:
        file = sys.stdin.buffer if source == STDIN else stack.enter_context(Path(source).open("rb"))  # noqa: SIM115
        return unpacked(file, stack.enter_context(tempfile.TemporaryFile()))
    except (OSError, EOFError):
        fix = "name a file of CSV or JSON Lines, or - for standard input"
        raise BadInput([Problem(source, "cannot be read", fix)]) from None


def _context(chosen: Settings, shop_url: str | None) -> Context:
    """Return what a file does not say: the shop's own currency and country are the campaign's."""
    shop = read_definition(chosen.campaign).shop
    return Context(
        chosen.order_policy, chosen.guest_id, clock.now(), shop.currency, shop.country,
        shop_url.rstrip("/") if shop_url else None, shop.time_zone,
    )  # fmt: skip


def _refused_path(source: str, kind: Kind, layout: Layout, options: Options) -> Path | None:
    if options.refused is not None or options.dry_run:
        return options.refused
    suffix = ".refused.jsonl" if layout.delimiter is None else ".refused.csv"
    path = Path(kind.value) if source == STDIN else Path(source)
    return path.with_name(path.name + suffix)


def _known(progress: Progress) -> str:
    return (
        f"This file was imported on {when(progress.ended_at)} UTC ({progress.rows} rows): nothing was done. "
        "--restart goes through it again."
    )


def _announce(found: Format, progress: Progress) -> None:
    err.print(f"Read as {found.name}", highlight=False)
    if found.unused:
        err.print(f"Left out: {', '.join(found.unused)}", markup=False, highlight=False, soft_wrap=True)
    if progress.rows:
        err.print(f"Goes on after row {progress.rows}", highlight=False)


@contextmanager
def _bar(kind: Kind, size: int) -> Iterator[Callable[[Progress], None]]:
    """Show how much of the file is done, on a terminal."""
    columns = (
        TextColumn(kind.value), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[rows]:,} rows"),
        TimeRemainingColumn(),
    )  # fmt: skip
    with Bar(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("", total=size, rows=0)
        yield lambda progress: bar.update(task, completed=progress.position, rows=progress.rows)


def _stop(error: BadInput) -> None:
    """Say where the file cannot be read any more. What was committed before stays."""
    err.print("The file cannot be read to its end; the rows before were imported:", style="bold red")
    for problem in error.problems:
        err.print(f"  {problem}", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(BAD_INPUT)


def _print(report: Report, refusals: Refusals, seconds: float, *, dry_run: bool) -> None:
    at = report.progress
    rows = at.rows - report.resumed_at
    head = "Would be: " if dry_run else ""
    out.print(
        f"{head}{at.accepted:,} accepted, {at.unchanged:,} unchanged, {at.refused:,} refused "
        f"in {timedelta(seconds=round(seconds))} ({rows / max(seconds, 0.001):,.0f} rows/s)",
        highlight=False,
    )
    for channel, count in sorted(report.unreachable.items()):
        what = _ADDRESS[channel]
        out.print(f"  {counted(count, what)} kept as given: nothing can be sent there", highlight=False)
    for reason, count in report.reasons.most_common(SHOWN):
        out.print(f"  {count:,} x {reason}", markup=False, highlight=False, soft_wrap=True)
    if at.refused and refusals.path is not None:
        out.print(f"Refused rows, with the reason beside each: {refusals.path}", markup=False, soft_wrap=True)
        out.print("It holds personal data: delete it when you are done.", highlight=False)
