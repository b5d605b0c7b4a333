"""The parameters of a link to the review page: which product, and the stars to fill in."""

from __future__ import annotations

ITEM, FILLED_IN = "item", "stars"
