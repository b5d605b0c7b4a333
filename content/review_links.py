"""Where a message's products are reviewed: our own page by a signed link, else the shop's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from campaign.definition.model import Definition
from campaign.definition.reviews import STARS, RequestedBy
from campaign.facts import OrderLine
from campaign.reviews.links import FILLED_IN, ITEM


@dataclass(frozen=True)
class ReviewLinks:
    """The links of one message. ``page``: its own review page; None: reviews are written in the shop."""

    definition: Definition
    page: str | None = None

    def of(self, line: OrderLine) -> dict[str, Any]:
        """Return the fields of a line that link to its review; none where there is nothing to request.

        Nobody is requested to review what came back, twice the same product, or what the shop's own system
        requests a review of.
        """
        theirs = self.definition.reviews.asked_by is RequestedBy.SHOP
        if line.reviewed or not line.kept or theirs:
            return {}
        if self.page is None:
            return {"review_url": with_query(self.definition.brand.review_url, sku=line.sku)}
        item = {ITEM: line.sku}
        stars = [with_query(self.page, **item, **{FILLED_IN: str(n)}) for n in range(1, STARS + 1)]
        return {"review_url": with_query(self.page, **item), "star_urls": stars}


def with_query(url: str, **parameters: str) -> str:
    """Return a link with more parameters; it keeps those that it has."""
    parts = urlsplit(url)
    added = "&".join(part for part in (parts.query, urlencode(parameters)) if part)
    return urlunsplit(parts._replace(query=added))
