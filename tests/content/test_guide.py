"""The guide for marketers leaves no field out: brand, colours, products, and what a template can see."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest

from campaign import wire
from campaign.definition.colors import Palette
from campaign.definition.model import Brand
from content import context
from content.templates import sandbox
from tests.facts import ROOT

GUIDE = (ROOT / "docs" / "campaign.md").read_text("utf-8")
SEEN = [
    context.Brand, context.Customer, context.Order, context.Line, context.Product, context.Offer,
    context.Loyalty, context.Quote, context.ShopRating,
]  # fmt: skip


def section(title: str) -> str:
    """One section of the guide."""
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", GUIDE, re.MULTILINE | re.DOTALL)
    assert found, f"the guide has no section {title}"
    return found[1]


def missing(names: Iterable[str], text: str) -> list[str]:
    """Names that stand in no table's row or text of a section as `code`."""
    return [name for name in names if not re.search(rf"`(\w+\.)*{name}(\(|`)", text)]


def test_every_brand_field_is_in_the_guide() -> None:
    """Also logo_url, which no guide named; and each colour."""
    assert missing([*Brand.model_fields][:-1], section("Your brand")) == []
    assert missing(Palette.model_fields, section("Your brand")) == []
    assert "`[brand.colors]`" in section("Your brand")


def test_every_product_field_is_in_the_guide() -> None:
    """Category, rating and image_url too; the example holds each, and is accepted as it stands."""
    assert missing(wire.Product.model_fields, section("Products")) == []
    example = re.search(r"```json\n(.*?)```", section("Products"), re.DOTALL)
    assert example
    product = wire.Product.model_validate_json(example[1])
    assert product.model_fields_set == set(wire.Product.model_fields)


@pytest.mark.parametrize("model", [context.MessageContext, *SEEN])
def test_everything_that_a_template_sees_is_in_the_guide(model: type[context.Seen]) -> None:
    """Each name and each of its fields stands in the table of what a template can see."""
    assert missing(model.model_fields, section("Templates")) == []


def test_every_filter_of_ours_is_in_the_guide() -> None:
    """What templates can use beside Jinja2's own."""
    environment = sandbox(ROOT / "content" / "default", escape=False)
    ours = {
        name
        for name, code in environment.filters.items()
        if code.__module__ in {"content.writing.functions", "content.gathering"}
    }
    assert missing(ours, section("Templates")) == []
    assert "is known`" in section("Templates")


def test_editors_find_the_schema() -> None:
    """The campaign's first line leads from its own folder to the schema, and the guide quotes it."""
    path = ROOT / "content" / "default" / "campaign.toml"
    line = path.read_text("utf-8").splitlines()[0]
    assert (path.parent / line.removeprefix("#:schema ")).resolve() == ROOT / "docs" / "campaign.schema.json"
    assert f"`{line}`" in GUIDE
