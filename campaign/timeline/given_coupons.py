"""Coupons that a walk gives: the steps after it count them, as they count those that are really issued."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from campaign.definition.model import Definition
from campaign.definition.steps import Step
from campaign.facts import Facts
from campaign.offers.choice import Choice, Grant, reckoned_cost
from campaign.offers.codes import example_code
from campaign.offers.coupons import CouponState, HeldCoupon, Origin
from campaign.offers.validity import valid_until, zone_of

_NOBODYS = 0
"""The id of a coupon that is only supposed: the database counts from 1."""


def with_coupon(definition: Definition, facts: Facts, step: Step, choice: Choice, now: datetime) -> Facts:
    """Return the facts once a message of the step has gone with its coupon, where it takes a new one."""
    offer = choice.offer
    if choice.grant is not Grant.NEW or offer is None or offer.valid_for is None:
        return facts
    given = HeldCoupon(
        _NOBODYS, choice.name, example_code(offer.prefix), Origin.GENERATED, CouponState.ISSUED,
        facts.order_id, step.name, now,
        expires_at=valid_until(now, offer.valid_for, zone_of(definition, facts.customer)),
        cost=reckoned_cost(definition, offer, facts),
    )  # fmt: skip
    return replace(facts, coupons=(given, *facts.coupons))
