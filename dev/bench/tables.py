"""What was measured, as tables: the median of the runs, and the least and most of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from statistics import median

from rich.table import Table

from dev.bench.campaigns import COUNTED, Measured, Size
from dev.bench.play import Played

Value = Callable[[Played], float]


def results(measured: Measured) -> Table:
    """Return a database's table: a column for the bare shape, and one for each number of past orders."""
    first = measured.sizes[0]
    table = Table("", "bare shape", title=f"Temporal and Afterglow on {measured.kind}", title_justify="left")
    for size in measured.sizes:
        table.add_column(f"{size.orders:,} past orders")
    table.add_row("campaigns a second", *_row(measured.sizes, lambda played: played.a_second, ".1f"))
    for process in first.product[0].cpu:
        value = _milliseconds(process)
        table.add_row(f"CPU of the {process}, ms a campaign", *_row(measured.sizes, value, ".0f"))
    table.add_row("CPU of all, ms a campaign", *_row(measured.sizes, lambda played: played.total, ".0f"))
    table.add_row(
        "CPU against the bare shape", "1", *(_spread(_ratios(size), ".2f") for size in measured.sizes)
    )
    grown = (median(_ratios(size)) / median(_ratios(first)) for size in measured.sizes)
    table.add_row("that, against the first column", "", *(f"{factor:.2f}" for factor in grown))
    table.add_row("statistics counted in, s", "", *(f"{size.refresh:.1f}" for size in measured.sizes))
    for name in first.stored:
        table.add_row(
            f"KB at rest a campaign, {name}", "", *(_kilobytes(size, name) for size in measured.sizes)
        )
    return table


def statements(measured: Measured) -> Table:
    """Return the statements a campaign by activity."""
    table = Table("SQL statements a campaign", measured.kind, title_justify="left")
    for activity, count in measured.statements.most_common():
        table.add_row(activity, f"{count / COUNTED:.1f}")
    table.add_row("all", f"{measured.statements.total() / COUNTED:.1f}")
    return table


def _milliseconds(process: str) -> Value:
    return lambda played: played.milliseconds(process)


def _row(sizes: Sequence[Size], value: Value, form: str) -> list[str]:
    bare = [value(played) for size in sizes for played in size.bare]
    return [_spread(bare, form), *(_spread(map(value, size.product), form) for size in sizes)]


def _ratios(size: Size) -> list[float]:
    return [product.total / bare.total for product, bare in zip(size.product, size.bare, strict=True)]


def _spread(values: Iterable[float], form: str) -> str:
    """Write ``median (least-most)``."""
    found = sorted(values)
    if len(found) == 1:
        return f"{found[0]:{form}}"
    return f"{median(found):{form}} ({found[0]:{form}}-{found[-1]:{form}})"


def _kilobytes(size: Size, name: str) -> str:
    campaigns = sum(played.number for played in size.product)
    return f"{size.stored[name] / campaigns / 1024:.0f}"
