"""A file into the database, batch by batch: each is committed with the place where the file goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import IO

from sqlmodel import Session

from campaign.errors import DatabaseBusy
from campaign.reasons import Channel
from intake.imports.batches import Became, How, Outcome, apply_batch
from intake.imports.formats import Format, Group, Kind, groups
from intake.imports.records import Layout, Record, records
from intake.imports.refused import Refusals
from intake.reviews.importing import apply_reviews
from shops.context import Context
from storage.batches import batches
from storage.database import Database
from storage.queries.imports.progress import Progress, begin_import, forget_import, move_import

BATCH = 500
"""Orders or people in one transaction: a running campaign of one of them waits for a tenth of a second, and
PostgreSQL's table of locks has room for several imports beside each other."""


@dataclass(frozen=True)
class Source:
    """What is imported. ``digest``: of the file and of how it is read; ``layout``, ``found``: how."""

    file: IO[bytes]
    kind: Kind
    digest: str
    layout: Layout
    found: Format
    overwrite: bool = False


@dataclass
class Report:
    """What came of it. ``reasons``: how often rows of this run were refused, by reason; the most of them.

    ``unreachable``: addresses of this run's accepted rows that cannot be written to, by channel.
    """

    progress: Progress
    resumed_at: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    unreachable: Counter[Channel] = field(default_factory=Counter)


class _Undone(Exception):
    """A dry run's transaction is rolled back: what would have become of the batch."""

    def __init__(self, outcomes: list[Outcome], after: Progress) -> None:
        super().__init__()
        self.outcomes, self.after = outcomes, after


MOST_REASONS = 100


def begin(database: Database, source: Source, now: datetime, *, restart: bool) -> Progress:
    """Return where a file goes on; ``restart``: at its start, whatever was done of it."""
    with database.transaction() as session:
        if restart:
            forget_import(session, source.digest, source.kind.value)
        return begin_import(session, source.digest, source.kind.value, now)


def run_import(
    database: Database,
    source: Source,
    progress: Progress,
    refusals: Refusals,
    context: Context,
    moved: Callable[[Progress], None],
    *,
    dry_run: bool = False,
) -> Report:
    """Import the file from where it is, in bounded memory. Killed at any moment, it goes on where it was.

    Refused rows are on the disk before the batch is committed; a later run cuts off what came after.

    Raises:
        BadInput: from somewhere on the file cannot be read; what was committed before stays.
        DatabaseBusy: another process imports this very file.
    """
    report = Report(progress, progress.rows)
    for batch in batches(_groups(source, progress, context), BATCH):
        outcomes, after = _apply(database, source, batch, report.progress, refusals, dry_run=dry_run)
        _count(report, batch, outcomes)
        report.progress = after
        moved(after)
    if not dry_run:
        report.progress = _end(database, source, report.progress, context.now)
    return report


def _groups(source: Source, progress: Progress, context: Context) -> Iterator[Group]:
    layout = source.layout
    start = max(progress.position, layout.start)
    rows = records(source.file, layout, start, layout.lines_before + progress.rows)
    return groups(source.found, rows, context)


def _apply(
    database: Database, source: Source, batch: Sequence[Group], before: Progress,
    refusals: Refusals, *, dry_run: bool,
) -> tuple[list[Outcome], Progress]:  # fmt: skip
    def work(session: Session) -> tuple[list[Outcome], Progress]:
        outcomes = _applied(session, source, batch)
        after = _after(before, batch, outcomes)
        refusals.write(before.refused, _refused(batch, outcomes))
        if dry_run:
            raise _Undone(outcomes, after)
        _move(session, source, before, after)
        return outcomes, after

    try:
        return database.retrying(work)
    except _Undone as undone:
        return undone.outcomes, undone.after


def _applied(session: Session, source: Source, batch: Sequence[Group]) -> list[Outcome]:
    if source.kind is Kind.REVIEWS:
        return apply_reviews(session, batch)
    return apply_batch(session, batch, How(own=source.found.own, overwrite=source.overwrite))


def _move(session: Session, source: Source, before: Progress, after: Progress) -> None:
    if not move_import(session, source.digest, source.kind.value, before.position, after):
        msg = "another process imports this file: wait for it, or end it"
        raise DatabaseBusy(msg)


def _end(database: Database, source: Source, at: Progress, now: datetime) -> Progress:
    after = replace(at, ended_at=now)
    with database.transaction() as session:
        _move(session, source, at, after)
    return after


def _after(before: Progress, batch: Sequence[Group], outcomes: Sequence[Outcome]) -> Progress:
    counts: Counter[Became] = Counter()
    for group, outcome in zip(batch, outcomes, strict=True):
        counts[outcome.became] += len(group.records)
    return Progress(
        position=batch[-1].end,
        rows=before.rows + counts.total(),
        accepted=before.accepted + counts[Became.ACCEPTED],
        refused=before.refused + counts[Became.REFUSED],
    )


def _refused(batch: Sequence[Group], outcomes: Sequence[Outcome]) -> list[tuple[Record, str]]:
    return [
        (record, outcome.reason)
        for group, outcome in zip(batch, outcomes, strict=True)
        for record in group.records
        if outcome.became is Became.REFUSED
    ]


def _count(report: Report, batch: Sequence[Group], outcomes: Sequence[Outcome]) -> None:
    """Count reasons, the first of them only: memory stays bounded whatever is wrong with a file."""
    for group, outcome in zip(batch, outcomes, strict=True):
        if outcome.became is not Became.REFUSED:
            report.unreachable.update(channel for one in group.news.customers for channel in one.unreachable)
        known = outcome.reason in report.reasons or len(report.reasons) < MOST_REASONS
        if outcome.became is Became.REFUSED and known:
            report.reasons[outcome.reason] += 1
