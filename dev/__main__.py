"""``python -m dev``: Temporal, Web UI, worker and web on one machine, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import argparse
import sys

from dev.servers.ports import TEMPORAL_PORT, UI_PORT, next_free
from dev.stack import Wanted, cancel_on_signals, finish, stack, until_stopped
from settings import load_settings


async def develop() -> int:
    """Run everything; say where it is."""
    cancel_on_signals()
    settings = load_settings()
    # A tunnel's address, if one is set: providers call back there, and phones follow links.
    public = {"AFTERGLOW_PUBLIC_URL": settings.public_url} if settings.public_url else {}
    wanted = Wanted(next_free(TEMPORAL_PORT), next_free(UI_PORT), next_free(settings.web_port), public)
    async with stack(settings.home, wanted, print) as running:
        print(f"Temporal  {running.temporal.address}  (from {running.temporal.source})")
        print(f"Web UI    {running.temporal.ui_url or 'your own'}")
        print(f"HTTP      {running.web_url}  (see {running.web_url}/docs)")
        print(f"Outbox    {running.outbox}")
        print(f"Logs      {running.home / 'logs'}")
        if running.temporal.address != f"127.0.0.1:{TEMPORAL_PORT}":
            print(f"For the command line: export TEMPORAL_ADDRESS={running.temporal.address}")
        print("Ctrl-C stops everything; campaigns go on at the next start.", flush=True)
        ended = await until_stopped(running.processes)
        print(f"Stopping{f': {ended.log.stem} ended, see {ended.log}' if ended else ''} ...", flush=True)
    return 1 if ended else 0


def main() -> int:
    """Run; report why it cannot go on."""
    description = "Run Temporal, its Web UI, the worker and the HTTP interface on this machine, until Ctrl-C."
    argparse.ArgumentParser(prog="python -m dev", description=description).parse_args()
    return finish(develop())


if __name__ == "__main__":
    sys.exit(main())
