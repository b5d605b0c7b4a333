"""Why a step is due when it is, in words: for `explain` and the preview."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from campaign.customers.buying_cycle import NextOrder
from campaign.customers.history import buying_cycle
from campaign.definition.model import Definition
from campaign.definition.steps import Step
from campaign.facts import Facts
from campaign.rules.timing import expected_order, scale

_SHOWN_GAPS = 5


def moment(definition: Definition, step: Step, facts: Facts) -> str | None:
    """Return what the delay of a scaled step comes from; None for one that is not scaled.

    It says what `campaign.rules.timing.window` computes: "own gaps 34, 41, 29 days; shrunk towards
    Kitchen's 38; 80th percentile 52 days".
    """
    if not step.scaled:
        return None
    expected = expected_order(facts) if step.quantile is not None else None
    if expected is None or step.quantile is None:
        return _by_scale(definition, step, facts)
    at = expected.after(step.quantile)
    parts = (
        _own(expected.gaps),
        _prior(expected),
        f"{_percentile(step.quantile)} {_days(at)}",
        _kept(step, at),
    )
    return "; ".join(part for part in parts if part)


def _own(gaps: Sequence[int]) -> str:
    if not gaps:
        return "no gap between orders of their own yet"
    shown = ", ".join(map(str, gaps[-_SHOWN_GAPS:]))
    last = f"the last {_SHOWN_GAPS} of {len(gaps)} " if len(gaps) > _SHOWN_GAPS else ""
    return f"{last}own gap{'s' * (len(gaps) > 1)} {shown} day{'s' * (gaps[-1] != 1 or len(gaps) > 1)}"


def _prior(expected: NextOrder) -> str:
    whose = " and ".join(expected.prior_of) or "the shop"
    verb = "shrunk towards" if expected.gaps else "expected as"
    return f"{verb} {whose}'s {expected.prior:.0f}"


def _percentile(quantile: float) -> str:
    number = f"{quantile * 100:g}"
    teens = number[-2:] in ("11", "12", "13")
    ending = "th" if teens or "." in number else {"1": "st", "2": "nd", "3": "rd"}.get(number[-1], "th")
    return f"{number}{ending} percentile"


def _kept(step: Step, wanted: timedelta) -> str:
    """Say where the bounds of a step move its delay."""
    if step.between is None or step.between[0] <= wanted <= step.between[1]:
        return ""
    least, most = step.between
    return f"kept within {least.days} to {most.days} days"


def _by_scale(definition: Definition, step: Step, facts: Facts) -> str:
    delay = step.anchors[0].delay
    factor = scale(definition, facts)
    own = buying_cycle(facts.orders, definition.timing.orders_for_cycle)
    vertical = definition.shop.vertical
    cycle = own or definition.verticals[vertical].buying_cycle
    whose = "own median gap" if own else f"buying cycle of {vertical}"
    why = "no model of buying cycles serves; " if step.quantile is not None else ""
    text = f"{why}{_days(delay)} x {factor:g} ({whose} {_days(cycle)})"
    kept = _kept(step, delay * factor)
    return f"{text}; {kept}" if kept else text


def _days(span: timedelta) -> str:
    number = f"{span / timedelta(days=1):g}"
    return f"{number} day{'s' * (number != '1')}"
