"""``python -m dev.bench``: what a campaign costs on this machine, beside the bare shape. Nothing is asserted.

The full measurement takes about 15 minutes on two cores: ``--runs 1 --orders 0`` gives a first idea in two.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import structlog
from rich.console import Console

from campaign.errors import Unavailable
from dev.bench.campaigns import Wanted, measure
from dev.bench.rendering import emails_a_second, languages
from dev.bench.servers import DATABASES, POSTGRESQL
from dev.bench.tables import results, statements
from dev.stack import cancel_on_signals, finish

ORDERS = (0, 100_000, 1_000_000)
RUNS, CAMPAIGNS = 3, 100


async def run(kinds: Sequence[str], wanted: Wanted, console: Console) -> int:
    """Measure on each kind of database, and print its tables. Without PostgreSQL the rest is measured."""
    cancel_on_signals()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    console.print(
        f"{os.cpu_count()} CPUs; {wanted.campaigns} campaigns a run, {wanted.runs} runs each, in turns"
    )
    rates = ", ".join(f"{emails_a_second(language):,.0f} ({language})" for language in languages())
    console.print(f"Rendering: emails a second on one core: {rates}")
    for kind in kinds:
        with tempfile.TemporaryDirectory(prefix="afterglow-bench-") as home:
            try:
                measured = await measure(kind, Path(home), wanted, console.print)
            except Unavailable as error:
                if kind != POSTGRESQL:
                    raise
                console.print(f"{kind}: {error}")
                continue
        console.print(results(measured), statements(measured))
    return 0


def main(arguments: Sequence[str]) -> int:
    """Run, and say why not."""
    parser = argparse.ArgumentParser(prog="python -m dev.bench", description=__doc__)
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=list(DATABASES))
    parser.add_argument("--runs", type=int, default=RUNS, help="runs of each (default: %(default)s)")
    parser.add_argument("--campaigns", type=int, default=CAMPAIGNS, help="a run (default: %(default)s)")
    parser.add_argument("--orders", type=int, nargs="+", default=list(ORDERS), help="past orders in the shop")
    given = parser.parse_args(arguments)
    if given.runs < 1 or given.campaigns < 1 or min(given.orders) < 0:
        parser.error("--runs and --campaigns must be 1 or more, --orders 0 or more")
    wanted = Wanted(given.runs, given.campaigns, sorted(set(given.orders)))
    return finish(run(given.databases, wanted, Console()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
