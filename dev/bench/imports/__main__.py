"""``python -m dev.bench.imports``: how fast a file of past orders is imported, and in how much memory.

The file has two lines an order and five orders a customer, and is imported by the command itself, in a
process of its own. ``--kills`` ends it at random moments and starts it again: no row may be doubled.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import text

from campaign.errors import Unavailable
from dev.bench.imports import write_orders
from dev.servers.postgres import postgres_server
from storage.database import Database
from storage.migrate import upgrade

TARGET = 5_000


def main() -> None:
    """Measure on SQLite and, where it is installed, on PostgreSQL."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--databases", nargs="+", default=["sqlite", "postgresql"])
    given = parser.parse_args()
    print(f"Import of {given.rows:,} order rows (target: {TARGET:,} rows/s on PostgreSQL)")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "orders.csv"
        write_orders(file, given.rows)
        print(f"  the file: {file.stat().st_size / 1e6:,.0f} MB")
        if "sqlite" in given.databases:
            measure("SQLite", f"sqlite:///{Path(folder) / 'bench.db'}", file, given.rows, given.kills)
        if "postgresql" in given.databases:
            try:
                with postgres_server() as url:
                    measure("PostgreSQL", url, file, given.rows, given.kills)
            except Unavailable as error:
                print(f"  PostgreSQL: {error}")


def measure(name: str, url: str, file: Path, rows: int, kills: int) -> None:
    """Import the file, and say what it took."""
    database = Database(url)
    upgrade(database)
    began = time.perf_counter()
    for _ in range(kills):
        run_import(url, file, kill_after=random.uniform(1, 5))  # noqa: S311 - no secret
    run_import(url, file)
    seconds = time.perf_counter() - began
    with database.engine.connect() as connection:
        found = connection.execute(text("SELECT count(*) FROM order_lines")).scalar()
    database.close()
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    verdict = "" if found == rows else f"  WRONG: {found} rows"
    print(f"  {name:<12}{rows / seconds:>9,.0f} rows/s {seconds:>8.1f} s {peak:>8.0f} MB at most{verdict}")


def run_import(url: str, file: Path, kill_after: float | None = None) -> None:
    """Run the command; with ``kill_after`` seconds, until it is killed."""
    command = [sys.executable, "-m", "starter", "import", "orders", str(file)]
    environment = {**os.environ, "AFTERGLOW_DATABASE_URL": url}
    with contextlib.suppress(subprocess.TimeoutExpired):  # run() kills with SIGKILL
        subprocess.run(command, env=environment, timeout=kill_after, check=True, capture_output=True)


if __name__ == "__main__":
    main()
