"""Where a message's products are reviewed: our own page by a signed link, else the shop's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from campaign.definition.model import Definition
from campaign.definition.reviews import STARS, RequestedBy
from campaign.definition.steps import Step
from campaign.facts import OrderLine
from campaign.reviews.links import FILLED_IN, ITEM


@dataclass(frozen=True)
class ReviewLinks:
    """The links of one step's message. ``page``: its review page; None: reviews are written in the shop."""

    definition: Definition
    step: Step
    page: str | None = None

    def of(self, line: OrderLine) -> dict[str, Any]:
        """Return the fields of a line that link to its review; none where there is nothing to request.

        Nobody is requested to review what came back, twice the same product, or what the shop's own system
        requests a review of. Where the campaign has a step for it, no other step's message requests one.
        """
        if line.reviewed or not line.kept or not self._requests:
            return {}
        if self.page is None:
            return {"review_url": with_query(self.definition.brand.review_url, sku=line.sku)}
        item = {ITEM: line.sku}
        stars = [with_query(self.page, **item, **{FILLED_IN: str(n)}) for n in range(1, STARS + 1)]
        return {"review_url": with_query(self.page, **item), "star_urls": stars}

    @property
    def _requests(self) -> bool:
        """Whether messages of this step request reviews."""
        if self.definition.reviews.requested_by is RequestedBy.SHOP:
            return False
        return self.step.review or not any(step.review for step in self.definition.steps)


def with_query(url: str, **parameters: str) -> str:
    """Return a link with more parameters; it keeps those that it has."""
    parts = urlsplit(url)
    added = "&".join(part for part in (parts.query, urlencode(parameters)) if part)
    return urlunsplit(parts._replace(query=added))
