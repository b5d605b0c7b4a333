"""``python -m dev.bench [NAME ...] [--number N]``: measure on this machine. Nothing is asserted.

Each benchmark is a function in its own module ``dev/bench_*.py``, named in `BENCHMARKS`: it gets a
running server, worker and web, and how many times to do its thing; it answers what it measured, row by row.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from dev.bench.campaigns import campaigns
from dev.demo.__main__ import FAST
from dev.stack import Stack, Wanted, cancel_on_signals, finish, stack

NUMBER = 200
Benchmark = Callable[[Stack, int], Awaitable[Mapping[str, str]]]
BENCHMARKS: dict[str, Benchmark] = {"campaigns": campaigns}


async def measure(names: Sequence[str], number: int, console: Console) -> int:
    """Run each benchmark on a fresh stack, and print its table."""
    cancel_on_signals()
    for name in names:
        with tempfile.TemporaryDirectory() as home:
            async with stack(Path(home), Wanted(environment=FAST), console.print) as running:
                rows = await BENCHMARKS[name](running, number)
        table = Table("measured", "value", title=f"{name}, {os.cpu_count()} CPUs", title_justify="left")
        for row in rows.items():
            table.add_row(*row)
        console.print(table)
    return 0


def main(arguments: Sequence[str]) -> int:
    """Run, and say why not."""
    parser = argparse.ArgumentParser(prog="python -m dev.bench", description=__doc__)
    parser.add_argument(
        "names", nargs="*", default=list(BENCHMARKS), metavar="NAME", help=", ".join(BENCHMARKS)
    )
    parser.add_argument("--number", type=int, default=NUMBER, help="how many of each (default: %(default)s)")
    given = parser.parse_args(arguments)
    unknown = sorted(set(given.names) - set(BENCHMARKS))
    if unknown or given.number < 1:
        parser.error(f"no such benchmark: {', '.join(unknown)}" if unknown else "--number must be 1 or more")
    return finish(measure(given.names, given.number, Console()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
