"""SQL statements by activity: what the activities of a worker in this process send to their database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event
from temporalio import activity

from storage.database import Database

ELSEWHERE = "elsewhere"
# What begins a transaction on SQLite; PostgreSQL's driver sends it with the first statement.
_BEGIN = "BEGIN"


@dataclass
class Statements:
    """How many statements each activity sent, and each text once, with the parameters it first had."""

    sent: Counter[str] = field(default_factory=Counter)
    texts: dict[str, Any] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """All that activities sent."""
        return sum(count for name, count in self.sent.items() if name != ELSEWHERE)


@contextmanager
def recorded_statements(database: Database) -> Iterator[Statements]:
    """Record every statement of a database's engine for as long as the block lasts."""
    found = Statements()

    def record(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if not statement.startswith(_BEGIN):
            found.sent[_activity()] += 1
            found.texts.setdefault(statement, parameters)

    event.listen(database.engine, "before_cursor_execute", record)
    try:
        yield found
    finally:
        event.remove(database.engine, "before_cursor_execute", record)


def _activity() -> str:
    return activity.info().activity_type if activity.in_activity() else ELSEWHERE
