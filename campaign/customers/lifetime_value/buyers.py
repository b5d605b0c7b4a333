"""What the models know of a shop's customers: one number a customer in each array."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Buyers:
    """Customers by how they have bought so far, as Fader, Hardie & Lee (2005) name it: (x, t_x, T).

    ``repeats`` (x): purchases after the first; orders of one day are one purchase. ``recency`` (t_x): weeks
    from the first to the last purchase, 0 without repeats. ``age`` (T): weeks from the first purchase until
    now. ``spend``: the mean value of ``spends`` of the customer's orders, in the shop's currency.
    """

    repeats: Floats
    recency: Floats
    age: Floats
    spend: Floats
    spends: Floats

    def __len__(self) -> int:
        """Return how many customers there are."""
        return len(self.repeats)

    def __getitem__(self, which: Any) -> Buyers:
        """Return some of them: any index of a numpy array."""
        return Buyers(
            self.repeats[which], self.recency[which], self.age[which], self.spend[which], self.spends[which]
        )

    @property
    def returning(self) -> int:
        """How many have bought more than once."""
        return int(np.count_nonzero(self.repeats))
