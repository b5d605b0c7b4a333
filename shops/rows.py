"""What one row of an export file says."""

from __future__ import annotations

from dataclasses import dataclass

from campaign.errors import BadInput
from shops.news import ShopNews


@dataclass(frozen=True)
class Row:
    """What became of one row: its news, or why it cannot be used. ``number``: its line in the file."""

    number: int
    news: ShopNews | None = None
    problem: BadInput | None = None
