"""A PostgreSQL server of our own for tests and the topology, from the machine's binaries."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
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
def postgres_server(password: str | None = None) -> Iterator[str]:
    """Run a throw-away server on a free port; gives its ``postgresql://`` URL. Fast, not power-cut-proof.

    With a password, every role needs its own, as in production; without one, none is needed.

    Raises:
        Unavailable: no PostgreSQL binaries on this machine.
    """
    binaries = find_binaries()
    folder = Path(tempfile.mkdtemp(prefix="afterglow-pg-"))
    try:
        _own(folder)
        data, port = folder / "data", free_ports(1)[0]
        command: list[str | Path] = [binaries / "initdb", "-D", data, "-U", USER, "--no-sync", "-E", "UTF8"]
        _run([*command, *_authentication(folder, password)], folder)
        with _running(binaries, data, port, folder) as process:
            secret = f":{password}" if password else ""
            url = f"postgresql://{USER}{secret}@{HOST}:{port}/postgres"
            _wait(url, process)
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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


@contextmanager
def _running(binaries: Path, data: Path, port: int, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    options = ["fsync=off", "full_page_writes=off", f"listen_addresses={HOST}", "max_connections=200"]
    command: list[str | Path] = [binaries / "postgres", "-D", data, "-p", str(port), "-k", folder]
    with (folder / "postgres.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, *(part for option in options for part in ("-c", option))],
            stdout=log, stderr=log, cwd=folder, user=_account(), start_new_session=True,
        )  # fmt: skip
        try:
            yield process
        finally:
            process.terminate()
            process.wait(START_SECONDS)


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
