"""Lists of products in templates: which ones a template shows, and the title that is true of them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from campaign.catalogue.shelf import LISTS, Kind
from campaign.definition.templates import TemplateTexts
from content.context import Product
from content.writing.functions import Functions
from content.writing.language import Wanted, language_of
from content.writing.lists import lists_shown
from tests.facts import ROOT

FOLDER = ROOT / "content" / "default"


@pytest.mark.parametrize(
    ("template", "shows"),
    [
        ("email/thank_you.mjml.j2", set()),
        ("email/loyalty_first.mjml.j2", {"best_sellers"}),
        ("email/win_back_best.mjml.j2", {"replenish", "recommended"}),
    ],
)
def test_the_lists_of_a_default_template(template: str, shows: set[str]) -> None:
    """What it names is what it shows."""
    assert lists_shown(FOLDER, template, Wanted()) == shows


def test_the_lists_of_the_files_that_a_template_uses_count() -> None:
    """Of a language that extends the top template, of a named file, and of every part."""
    files = {
        "de/email/a.mjml.j2": '{% extends "email/a.mjml.j2" %}',
        "email/a.mjml.j2": "{% include 'email/more.mjml.j2' %}{{ whats_new }}",
        "email/more.mjml.j2": "{{ cross_sell[0].name }}",
        "email/other.mjml.j2": "{{ best_sellers }}",
        "email/_parts.mjml.j2": "{{ replenish }}",
    }
    found = lists_shown(TemplateTexts(files), "email/a.mjml.j2", Wanted("de"))
    assert found == {"whats_new", "cross_sell", "replenish"}


def product(kind: Kind, goes_with: str | None = None, category: str | None = None) -> Product:
    """A product that is shown for a reason."""
    return Product(
        sku="a", name="A", url="https://shop.example.com/a", price=Decimal(1), currency="USD",
        kind=kind.value,
        goes_with=goes_with, category=category,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("shown", "title"),
    [
        ([product(Kind.TOGETHER, "Pan"), product(Kind.TOGETHER, "Pan")], "Often bought with Pan"),
        ([product(Kind.TOGETHER, "Pan"), product(Kind.TOGETHER, "Lid")], "Often bought with what you have"),
        ([product(Kind.TOGETHER)], "Often bought with what you have"),
        ([product(Kind.CATEGORY, category="Tea")], "What customers buy most in Tea"),
        ([product(Kind.TOGETHER, "Pan"), product(Kind.NEW)], "More from the shop"),
        ([], "More from the shop"),
    ],
)
def test_a_title_is_true_of_every_product(shown: list[Product], title: str) -> None:
    """It names the customer's own product only where each one is bought with that."""
    assert Functions(language_of(FOLDER, ""), rich=False).reason(shown) == title


def test_every_reason_has_its_words() -> None:
    """No kind of product is without a title."""
    functions = Functions(language_of(FOLDER, ""), rich=True)
    assert all(functions.reason([product(kind)]) for kind in Kind)
    assert "recommended" in LISTS
