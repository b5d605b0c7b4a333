"""A client that costs little: keep-alive connections, requests made beforehand, the status looked at.

httpx takes as much CPU for a request as the server does: on one machine with it, that would be measured.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from dev.servers.ports import HOST

_SUCCESS = b" 20"


@dataclass
class Tally:
    """What was answered, and how long each answer took, in seconds."""

    accepted: int = 0
    refused: int = 0
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        """Return the latency that a share of the answers does not exceed, in seconds."""
        ordered = sorted(self.latencies)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0


async def drive(port: int, token: str, bodies: Iterator[bytes], connections: int, seconds: float) -> Tally:
    """Keep one request under way on each connection for some seconds."""
    tally, begin = Tally(), time.monotonic()
    end = begin + seconds
    await asyncio.gather(*(_connection(port, token, bodies, tally, end) for _ in range(connections)))
    tally.seconds = time.monotonic() - begin
    return tally


async def _connection(port: int, token: str, bodies: Iterator[bytes], tally: Tally, end: float) -> None:
    reader, writer = await asyncio.open_connection(HOST, port)
    fields = f"Host: {HOST}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
    while (begin := time.monotonic()) < end:
        body = next(bodies)
        writer.write(f"POST /orders HTTP/1.1\r\n{fields}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        accepted = _SUCCESS in await _answer(reader)
        tally.latencies.append(time.monotonic() - begin)
        tally.accepted += accepted
        tally.refused += not accepted
    writer.close()


async def _answer(reader: asyncio.StreamReader) -> bytes:
    """Return the status line; the body is read and thrown away."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
    await reader.readexactly(int(length or 0))
    return head.partition(b"\r\n")[0]
