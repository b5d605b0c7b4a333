"""Shopify on this machine, for the tests that give codes to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from campaign.definition.model import Definition
from tests.activities.coupons.shop import definition_with
from tests.fakes.shopify_api import Shopify, serving_shopify
from tests.starter.coupons.offers import OFFER, at_shopify


@pytest.fixture
def shopify() -> Iterator[Shopify]:
    """Shopify, as far as codes are concerned, on this machine."""
    with serving_shopify() as shop:
        yield shop


@pytest.fixture
def definition() -> Definition:
    """A campaign at Shopify whose best offer has codes that we make."""
    return at_shopify(definition_with(**OFFER))
