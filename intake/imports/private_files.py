"""Files that hold personal data: their owner alone may read them, also where the file was there before."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

OWNER_ONLY = 0o600


def private_file(path: Path) -> IO[bytes]:
    """Make a file, or empty the one that is there, and open it to write and read.

    Raises:
        OSError: it cannot be made.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, OWNER_ONLY)
    os.fchmod(handle, OWNER_ONLY)
    return os.fdopen(handle, "r+b")
