"""Erasing what the outbox has written for an order, and what a killed worker has left there half written."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from channels.outbox.reports import file_of
from channels.outbox.send import drafts_of, order_folder


def erase_order(folder: Path, order_id: str, message_ids: Iterable[str] = ()) -> bool:
    """Delete the files of an order's messages, and what is still to be reported of them.

    False if there were no messages.
    """
    for message_id in message_ids:
        file_of(folder, message_id).unlink(missing_ok=True)
    theirs = order_folder(folder, order_id)
    if not theirs.is_dir():
        return False
    shutil.rmtree(theirs)
    return True


def erase_drafts(folder: Path, before: datetime) -> int:
    """Delete drafts that nobody writes any more: the worker was killed meanwhile. Return how many."""
    left = [path for path in drafts_of(folder).glob("*") if path.is_file()]
    old = [path for path in left if path.stat().st_mtime < before.timestamp()]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)
