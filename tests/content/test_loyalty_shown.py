"""What templates see of the customer's standing in the loyalty programme."""

from __future__ import annotations

from decimal import Decimal

from campaign.definition.model import Definition
from campaign.facts import Insight
from content.context import Loyalty
from content.extras.loyalty import shown_loyalty
from tests.campaign.segments.making import RAW
from tests.facts import default_definition, facts, order

DEFINITION = default_definition()


def test_the_tier_and_what_the_next_one_takes_are_shown() -> None:
    """In the shop's currency, whatever the order was paid in, with the perks of both."""
    assert shown_loyalty(
        DEFINITION, facts(orders=(order(1, total="160.00"),), currency="EUR"), "en"
    ) == Loyalty(
        tier="Sapling",
        perks="free shipping",
        next_tier="Evergreen",
        next_perks="free shipping and early access to what is new",
        orders_missing=3,
        value_missing=Decimal("240.00"),
        currency="USD",
    )


def test_a_reported_standing_is_shown_as_it_was_reported() -> None:
    """Also a tier that the campaign does not list; what the next one takes is the programme's to know."""
    known = facts(insight=Insight(loyalty_tier="Platinum", loyalty_points=120))
    assert shown_loyalty(DEFINITION, known, "en") == Loyalty(tier="Platinum", points=120, currency="USD")


def test_titles_and_perks_are_in_the_customers_language() -> None:
    """Else in the shop's, as every text of campaign.toml."""
    tier = {"name": "silver", "title": {"en": "Silver", "de": "Silber"}, "orders": 1}
    perks = {"en": "free shipping", "de": "kostenloser Versand"}
    definition = Definition.model_validate({**RAW, "loyalty": {"tiers": [{**tier, "perks": perks}]}})
    for language, expected in {"de-AT": ("Silber", perks["de"]), "fr": ("Silver", perks["en"])}.items():
        shown = shown_loyalty(definition, facts(), language)
        assert shown
        assert (shown.tier, shown.perks) == expected


def test_without_a_programme_there_is_nothing_to_show() -> None:
    """No tiers, and nothing reported."""
    definition = Definition.model_validate({**RAW, "loyalty": {}})
    assert shown_loyalty(definition, facts(), "en") is None
