"""Leaving a process that has used the Temporal SDK."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import NoReturn


def leave(code: object) -> NoReturn:
    """End the process at once with what `sys.exit` would make of ``code``.

    The Temporal SDK's own threads (1.35.0) now and then crash an interpreter that takes its time to
    end, after all work was done and printed: the exit code would be -6 instead.
    """
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))
