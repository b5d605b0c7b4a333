"""How codes reach the shop before a message shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from campaign.definition.offers.offer import Offer

_FIRST_PAUSE = timedelta(minutes=30)
_LONGEST_PAUSE = timedelta(days=1)
_DOUBLINGS = 6


@dataclass(frozen=True)
class Handed:
    """What became of a batch: the codes that the shop has now, and its error code of each that it refuses.

    Of a code that is in neither it is not known yet.
    """

    there: Sequence[str]
    refused: Mapping[str, str] = field(default_factory=dict)


class ShopCodes(Protocol):
    """A shop that is given codes ahead, in batches: no code is shown to a customer before it knows it."""

    most: int
    """How many it takes at once."""

    def takes(self, offer: Offer) -> bool:
        """Return whether the offer says where at the shop its codes belong."""

    def add(self, offer: Offer, codes: Sequence[str]) -> Handed:
        """Give codes to the shop. A code that it had before is there, too.

        Raises:
            Unavailable: the shop does not answer, or refuses whatever the codes are.
        """


def pause_after(refusals: int) -> timedelta:
    """Return how long a code that was refused so many times waits: half an hour, twice as long, to a day."""
    return min(_FIRST_PAUSE * (1 << min(refusals - 1, _DOUBLINGS)), _LONGEST_PAUSE)
