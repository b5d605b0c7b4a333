"""What the outbox will report about a message, as a file, until the worker has applied it.

A channel knows no database. A provider would call our webhooks; the outbox leaves this, and the worker
(`worker.outbox_reports`) applies it as it applies the providers' calls.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from campaign.delivery import ProviderEvent, Report
from campaign.reasons import Channel
from channels.outbox.outcomes import Outcome
from channels.protocol import Outgoing

SOURCE = "outbox"


@dataclass(frozen=True)
class Waiting:
    """Reports about one message that wait to be applied; ``reply``: the customer's text, from ``sender``."""

    path: Path
    reports: tuple[Report, ...]
    sender: str
    reply: str | None
    at: datetime


def folder_of(outbox: Path) -> Path:
    """Return where the files are; it need not exist."""
    return outbox / ".drafts" / "reports"


def file_of(outbox: Path, message_id: str) -> Path:
    """Return where a message's file is, if it has one."""
    return folder_of(outbox) / f"{message_id}.json"


def written(message: Outgoing, outcome: Outcome) -> bytes:
    """Return the file's content. All of it happens at the message's own business time."""
    data = {
        "message_id": message.id,
        "channel": message.channel.value,
        "at": message.at.isoformat(),
        "events": [event.value for event in outcome.reports],
        "sender": message.to,
        "reply": outcome.reply,
    }
    return json.dumps(data).encode()


def waiting(outbox: Path) -> Iterator[Waiting]:
    """Read what waits, by name. A file that another worker has just applied is passed over."""
    for path in sorted(folder_of(outbox).glob("*.json")):
        try:
            data = json.loads(path.read_bytes())
        except FileNotFoundError:
            continue
        at, channel = datetime.fromisoformat(data["at"]), Channel(data["channel"])
        reports = tuple(
            Report(
                message_id=data["message_id"],
                channel=channel,
                event=ProviderEvent(event),
                at=at,
                event_id=f"{SOURCE}:{data['message_id']}:{event}",
                source=SOURCE,
            )
            for event in data["events"]
        )
        yield Waiting(path, reports, data["sender"], data["reply"], at)
