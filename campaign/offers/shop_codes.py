"""How codes reach the shop before a message shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from campaign.definition.offers.offer import Offer


class ShopCodes(Protocol):
    """A shop that is given codes ahead, in batches: no code is shown to a customer before it knows it."""

    most: int
    """How many it takes at once."""

    def takes(self, offer: Offer) -> bool:
        """Return whether the offer says where at the shop its codes belong."""

    def add(self, offer: Offer, codes: Sequence[str]) -> Sequence[str]:
        """Give codes to the shop; return those that it has now. A code that it had before counts, too.

        Raises:
            Unavailable: the shop does not answer, or refuses.
        """
