"""Erasing what the outbox has written for an order."""

from __future__ import annotations

import shutil
from pathlib import Path

from channels.outbox.send import order_folder


def erase_order(folder: Path, order_id: str) -> bool:
    """Delete the files of an order's messages; False if there were none."""
    theirs = order_folder(folder, order_id)
    if not theirs.is_dir():
        return False
    shutil.rmtree(theirs)
    return True
