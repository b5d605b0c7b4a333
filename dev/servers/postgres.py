"""A PostgreSQL server of our own for tests and the topology, from the machine's binaries."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

from campaign.errors import Unavailable
from dev.servers.ports import HOST, free_ports

USER = "postgres"
START_SECONDS = 30.0
_PAUSE = 0.05
_SERVICE_ACCOUNT = "postgres"


@contextmanager
def postgres_server(password: str | None = None, *, durable: bool = False) -> Iterator[str]:
    """Run a throw-away server on a free port; gives its ``postgresql://`` URL. Fast, not power-cut-proof.

    With a password, every role needs its own, as in production; without one, none is needed. ``durable``: as
    in production, a commit waits for the disk.

    Raises:
        Unavailable: no PostgreSQL binaries on this machine.
    """
    with postgres(password, durable=durable) as server:
        yield server.url


@contextmanager
def postgres(password: str | None = None, *, durable: bool = False) -> Iterator[PostgresServer]:
    """Run a server as `postgres_server`, and give it: it can be killed and started again. Raises as that."""
    binaries = find_binaries()
    folder = Path(tempfile.mkdtemp(prefix="afterglow-pg-"))
    try:
        _own(folder)
        data, port = folder / "data", free_ports(1)[0]
        command: list[str | Path] = [binaries / "initdb", "-D", data, "-U", USER, "--no-sync", "-E", "UTF8"]
        _run([*command, *_authentication(folder, password)], folder)
        secret = f":{password}" if password else ""
        options = [f"listen_addresses={HOST}", "max_connections=200"]
        options += [] if durable else ["fsync=off", "full_page_writes=off"]
        server = PostgresServer(
            f"postgresql://{USER}{secret}@{HOST}:{port}/postgres",
            [
                *(binaries / "postgres", "-D", data, "-p", str(port), "-k", folder),
                *(part for option in options for part in ("-c", option)),
            ],
            folder,
        )
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class PostgresServer:
    """A server on a folder of its own."""

    def __init__(self, url: str, command: Sequence[str | Path], folder: Path) -> None:
        """Know how to start it."""
        self.url, self._command, self._folder = url, command, folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; it takes connections on return.

        Raises:
            Unavailable: it does not start.
        """
        with (self._folder / "postgres.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdout=log, stderr=log, cwd=self._folder, user=_account(),
                start_new_session=True,
            )  # fmt: skip
        _wait(self.url, self._process)

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """Stop it: by SIGINT in good order, whoever is connected; by SIGQUIT as in a crash."""
        if self._process:
            self._process.send_signal(number)
            self._process.wait(START_SECONDS)


def find_binaries() -> Path:
    """Return the folder of ``initdb`` and ``postgres``: the newest of Debian's, or PATH's.

    Raises:
        Unavailable: there is none.
    """
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    on_path = shutil.which("initdb")
    found = [*([Path(on_path).resolve().parent] if on_path else []), *debian]
    for folder in reversed(found):
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    msg = "no PostgreSQL binaries: install Debian's package postgresql"
    raise Unavailable(msg)


def _authentication(folder: Path, password: str | None) -> list[str | Path]:
    if password is None:
        return ["--auth=trust"]
    file = folder / "password"
    file.touch(0o644)  # the folder itself is its account's alone
    file.write_text(password, "utf-8")
    return ["--auth=scram-sha-256", f"--pwfile={file}"]


def _account() -> str | None:
    """Return whom to run as: PostgreSQL refuses to run as root."""
    return _SERVICE_ACCOUNT if os.geteuid() == 0 else None


def _own(folder: Path) -> None:
    account = _account()
    if account:
        entry = pwd.getpwnam(account)
        os.chown(folder, entry.pw_uid, entry.pw_gid)


def _run(command: list[str | Path], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, user=_account(), capture_output=True, check=False)
    if done.returncode != 0:
        msg = f"{Path(command[0]).name} failed with code {done.returncode}"
        raise Unavailable(msg)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(int(START_SECONDS / _PAUSE)):
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            if process.poll() is not None:
                break
            time.sleep(_PAUSE)
        else:
            return
    msg = "PostgreSQL did not start"
    raise Unavailable(msg)
