"""``python -m dev.bench.orders``: how many orders a second one web process accepts, singly and in lists.

The web process, PostgreSQL and the client share this machine. PostgreSQL commits to the disk (fsync on). No
Temporal is there: what is measured is what is committed before an order is answered; the workers' part is
in `python -m dev.bench`. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import itertools
import json
import secrets
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from campaign.errors import Unavailable
from dev.bench.callbacks import cpu_seconds, new_database
from dev.bench.orders.client import Tally, drive
from dev.servers.ports import HOST, free_ports
from dev.servers.postgres import postgres_server
from dev.servers.processes import start
from dev.servers.readiness import wait_until_answers
from dev.stack import finish
from starter import clock
from storage.database import Database
from storage.migrate import upgrade

TARGET = 500
CONNECTIONS = (1, 16, 64)
LIST, AT_ONCE = 500, 2
CUSTOMERS = 50_000


def orders() -> Iterator[dict[str, object]]:
    """Make orders of two lines, each of another id, of customers of whom some have come before."""
    placed, run = clock.now().isoformat(), secrets.token_hex(3)
    for number in itertools.count():
        customer = f"c-{number * 7919 % CUSTOMERS}"
        yield {
            "order_id": f"{run}-{number}", "customer_id": customer, "placed_at": placed, "currency": "USD",
            "total": "59.70", "lines": [{"sku": "mug", "quantity": 2, "unit_price": "19.90"},
                                        {"sku": "tea", "quantity": 1, "unit_price": "19.90"}],
        }  # fmt: skip


def singly() -> Iterator[bytes]:
    """Make requests of one order."""
    return (json.dumps(order).encode() for order in orders())


def in_lists() -> Iterator[bytes]:
    """Make requests of a list."""
    made = orders()
    while True:
        yield json.dumps(list(itertools.islice(made, LIST))).encode()


def line(name: str, tally: Tally, size: int, cpu: float) -> str:
    """Return a result as a line."""
    rate = tally.accepted * size / tally.seconds
    verdict = "" if rate >= TARGET else f"  below {TARGET}"
    p50, p99 = (tally.percentile(share) * 1000 for share in (0.5, 0.99))
    share = cpu / tally.seconds
    return f"  {name:<38}{rate:>9.0f}{p50:>9.1f}{p99:>9.1f}{share:>9.0%}{tally.refused:>9}{verdict}"


async def measure(name: str, url: str, seconds: float) -> None:
    """Serve on an empty database, and post to it in both ways."""
    database = Database(url)
    upgrade(database)
    database.close()
    (port,), token = free_ports(1), secrets.token_hex(20)
    with tempfile.TemporaryDirectory(prefix="afterglow-bench-") as home:
        environment = {
            "AFTERGLOW_HOME": home, "AFTERGLOW_DATABASE_URL": url, "AFTERGLOW_API_TOKEN": token,
            "AFTERGLOW_WEB_PORT": str(port), "TEMPORAL_ADDRESS": f"{HOST}:1",
        }  # fmt: skip
        web = await start([sys.executable, "-m", "web"], Path(home) / "web.log", environment)
        try:
            await wait_until_answers(f"http://{HOST}:{port}/readyz", web)
            await drive(port, token, singly(), 8, 1.0)  # the first requests compile statements
            for connections in CONNECTIONS:
                cpu = cpu_seconds(web.pid)
                tally = await drive(port, token, singly(), connections, seconds)
                what = f"{name}: singly, {connections} at a time"
                print(line(what, tally, 1, cpu_seconds(web.pid) - cpu))
            cpu = cpu_seconds(web.pid)
            tally = await drive(port, token, in_lists(), AT_ONCE, seconds)
            what = f"{name}: lists of {LIST}, {AT_ONCE} at a time"
            print(line(what, tally, LIST, cpu_seconds(web.pid) - cpu))
        finally:
            await web.stop()


async def run(seconds: float) -> int:
    """Measure on SQLite and, where it is installed, on PostgreSQL."""
    print(f"Orders accepted by one web process (target: {TARGET} orders/s), committed before the answer")
    print(f"  {'':<38}{'orders/s':>9}{'p50, ms':>9}{'p99, ms':>9}{'its CPU':>9}{'refused':>9}")
    with tempfile.TemporaryDirectory() as folder:
        await measure("SQLite", f"sqlite:///{Path(folder) / 'bench.db'}", seconds)
    try:
        with postgres_server(durable=True) as url:
            await measure("PostgreSQL", new_database(url), seconds)
    except Unavailable as error:
        print(f"  PostgreSQL: {error}")
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m dev.bench.orders", description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="for each way (default: %(default)s)")
    sys.exit(finish(run(parser.parse_args().seconds)))
