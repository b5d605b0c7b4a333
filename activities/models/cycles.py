"""The model of buying cycles over the shop's own gaps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from campaign.customers.buying_cycle import REACH, CycleModel
from campaign.customers.gap_fitting import Gaps, check_cycle, fit_cycle, measure
from campaign.customers.lifetime_value.serving import Serves
from campaign.errors import ModelRefused
from storage.batches import batches
from storage.database import Database
from storage.queries.models.purchases import Gap, gaps

LEARNED_FROM = timedelta(days=365)


@dataclass(frozen=True)
class CycleFit:
    """A fit as it is stored; ``parameters`` are empty where the model does not serve."""

    serves: str
    why: str | None
    parameters: dict[str, Any]
    quality: dict[str, Any]


def fit_gaps(
    database: Database, now: datetime, before: datetime, parts: int, beat: Callable[[], None]
) -> CycleFit:
    """Fit the gaps that ended in the year until now; hold those that ended after ``before`` out first."""
    rows: list[Gap] = []
    with database.reading() as session:
        for batch in batches(gaps(session, (before - LEARNED_FROM).date(), now, parts), 1_000):
            rows += [gap for gap in batch if gap.days <= REACH.days]
            beat()
    known = [gap for gap in rows if gap.ended <= before.date()]
    held_out = [gap for gap in rows if gap.ended > before.date()]
    quality: dict[str, Any] = {"gaps": len(known), "held_out": len(held_out)}
    try:
        quality |= _measured(known, held_out)
        check_cycle(quality)
    except ModelRefused as error:
        return CycleFit(Serves.NOTHING.value, str(error), {}, quality)
    model = fit_cycle(_gaps([gap for gap in rows if gap.ended > (now - LEARNED_FROM).date()]))
    return CycleFit(Serves.MODEL.value, None, model.parameters, quality)


def _measured(known: Sequence[Gap], held_out: Sequence[Gap]) -> dict[str, Any]:
    if not known or not held_out:
        msg = "no customer came back before the last quarter, or none in it"
        raise ModelRefused(msg)
    model: CycleModel = fit_cycle(_gaps(known))
    return measure(model, _gaps(held_out))


def _gaps(rows: Sequence[Gap]) -> Gaps:
    return Gaps(
        log_gap=np.log([float(gap.days) for gap in rows]),
        earlier=np.array([float(len(gap.earlier)) for gap in rows]),
        earlier_sum=np.array([gap.earlier_sum for gap in rows]),
        own_median=np.array([gap.own_median for gap in rows]),
        categories=[gap.categories for gap in rows],
    )
