"""Files of past orders, as large as wanted, and how fast they are imported."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

_HEADER = "order_id,customer_id,placed_at,currency,total,sku,quantity,unit_price\n"
_FIRST = datetime(2025, 1, 1, tzinfo=UTC)


def write_orders(path: Path, rows: int) -> None:
    """Write a file of orders with two lines each."""
    with path.open("w", encoding="utf-8") as file:
        file.write(_HEADER)
        file.writelines(_rows(rows))


def _rows(rows: int) -> Iterator[str]:
    for number in range(rows // 2):
        at = (_FIRST + timedelta(seconds=number * 17 % 40_000_000)).isoformat()
        head = f"h-{number},c-{number // 5},{at},USD,40.00"
        yield f"{head},p-{number * 37 % 1000},1,10.00\n{head},p-{number * 53 % 1000},2,15.00\n"
