"""``python -m dev``: Temporal, Web UI, worker and web on one machine, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import argparse
import shlex
import sys

from dev.servers.ports import HOST, TEMPORAL_PORT, UI_PORT, next_free
from dev.stack import Wanted, cancel_on_signals, finish, stack, until_stopped
from settings import PREFIX, Settings, load_settings

_FOLDERS = ("home", "campaign", "templates")


def for_the_command_line(settings: Settings, temporal: str) -> list[str]:
    """Say what a second terminal must export to reach what runs here: nothing where all is as it always is.

    A command with another home would write to another database than the worker reads, without a word. The
    database's address may hold a password: it is named, not shown.
    """
    default = Settings.model_construct()
    changed = {
        f"{PREFIX}{name.upper()}": str(getattr(settings, name))
        for name in _FOLDERS
        if getattr(settings, name) != getattr(default, name)
    }
    if temporal != f"{HOST}:{TEMPORAL_PORT}":
        changed["TEMPORAL_ADDRESS"] = temporal
    words = " ".join(f"{name}={shlex.quote(value)}" for name, value in changed.items())
    lines = [f"For the command line, in another terminal: export {words}"] if words else []
    if settings.database_url != f"sqlite:///{settings.home / 'afterglow.db'}":
        lines.append(f"Set {PREFIX}DATABASE_URL there as well, as it is set here.")
    return lines


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
        print(f"Previews  {running.web_url}/preview")
        print(f"Outbox    {running.outbox}")
        print(f"Logs      {running.home / 'logs'}")
        for line in for_the_command_line(settings, running.temporal.address):
            print(line)
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
