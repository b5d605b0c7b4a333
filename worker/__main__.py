"""``python -m worker``: check the settings, then run. Exit code 2 when something is set wrong."""

from __future__ import annotations

import asyncio
import sys

from campaign.errors import AfterglowError, BadInput
from logs import set_up_logs
from settings import load_settings
from starter.leaving import leave
from worker.run import run_worker


def main() -> int:
    """Run the worker; say every reason why it cannot."""
    try:
        settings = load_settings()
        set_up_logs(settings)
        asyncio.run(run_worker(settings))
    except BadInput as error:
        print("The worker does not start:", *error.problems, sep="\n  ", file=sys.stderr)  # noqa: T201 - for a person
        return 2
    except AfterglowError as error:
        print(f"The worker does not start: {error}", file=sys.stderr)  # noqa: T201 - for a person
        return 1
    return 0


if __name__ == "__main__":
    leave(main())
