"""``python -m dev.setup [--tests]``: get every program that is slow to get, before anything needs it.

`make demo`, `make dev`, `make test` and `.ci/run` run it first. It takes seconds once the cache is filled.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from campaign.errors import Unavailable
from dev.servers.binaries import Report
from dev.servers.temporal import temporal_server
from dev.stack import cancel_on_signals, finish
from dev.topology.__main__ import programs


async def prepare(report: Report) -> None:
    """Get a Temporal server and a Web UI, from the first source that works: it is tried, then stopped.

    Raises:
        Unavailable: there is no way to get them here; the text lists what was tried and what would help.
    """
    with TemporaryDirectory(prefix="afterglow-setup-") as home:
        async with temporal_server(Path(home), report=report) as server:
            report(f"Temporal server: {server.source}")


async def prepare_tests(report: Report) -> None:
    """Get what the tests need: a server of their own, and for the topology what Go builds.

    Where a test skips without it, it is only reported, unless ``CI`` is set.

    Raises:
        Unavailable: something is missing that the tests cannot do without.
    """
    given = os.environ.pop("TEMPORAL_ADDRESS", None)
    try:
        await prepare(report)
    except Unavailable as error:
        if not given:
            raise
        report(f"Tests that start a server of their own will be skipped: {error}")
    try:
        await programs(report)
    except Unavailable as error:
        if os.environ.get("CI"):
            raise
        report(f"The test of the whole topology will be skipped: {error}")


async def run(*, tests: bool) -> int:
    """Get everything; a Ctrl-C ends a build, which goes on from there the next time."""
    cancel_on_signals()
    await (prepare_tests if tests else prepare)(lambda text: print(text, flush=True))
    return 0


def main() -> int:
    """Read the arguments; report why it cannot go on."""
    parser = argparse.ArgumentParser(
        prog="python -m dev.setup", description="Get Temporal's server and Web UI."
    )
    parser.add_argument("--tests", action="store_true", help="get what the tests need as well")
    return finish(run(tests=parser.parse_args().tests))


if __name__ == "__main__":
    sys.exit(main())
