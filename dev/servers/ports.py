"""Free ports on loopback."""

from __future__ import annotations

import socket
from contextlib import closing
from random import SystemRandom

HOST = "127.0.0.1"
TEMPORAL_PORT, UI_PORT, WEB_PORT, PICTURES_PORT = 7233, 8233, 8080, 8088
_TRIES = 100
# Below what Linux (32768) and macOS (49152) give to outgoing connections: while a server restarts,
# no connection, least of all a client's own attempt to reach it, can take its port.
_OURS = range(20_000, 32_000)
_handed_out: set[int] = set()


def free_ports(number: int) -> list[int]:
    """Return ports that are free, all different, also from those of earlier calls in this process.

    Raises:
        OSError: there are not that many.
    """
    found: list[int] = []
    for port in SystemRandom().sample(_OURS, len(_OURS)):
        if len(found) == number:
            break
        if port not in _handed_out and is_free(port):
            found.append(port)
    if len(found) < number:
        msg = f"{number} free ports are needed between {_OURS.start} and {_OURS.stop}"
        raise OSError(msg)
    _handed_out.update(found)
    return found


def next_free(wanted: int) -> int:
    """Return ``wanted`` or the next port after it that is free."""
    for port in range(wanted, wanted + _TRIES):
        if is_free(port):
            return port
    return free_ports(1)[0]


def is_free(port: int) -> bool:
    """Report whether a server could listen on the port."""
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
