"""Which products stand on which list of a message."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.catalogue.products import family_of, is_recommended
from campaign.catalogue.shelf import CHAIN, LISTS, SHOWN, Kind, Recommendation, Shelf, arrange
from campaign.wire import Product


def product(sku: str, name: str | None = None, **more: object) -> Product:
    """A catalogue entry."""
    about = {"sku": sku, "name": name or sku.upper(), "url": f"https://shop.example.com/{sku}"}
    return Product.model_validate({**about, "price": Decimal("9.90"), "currency": "USD", **more})


def found(kind: Kind, skus: str) -> list[Recommendation]:
    """Candidates of a kind; of a letter, the capital is another variant of the same product."""
    return [Recommendation(product(sku), kind, family_of(product(sku, parent=sku.lower()))) for sku in skus]


def shown(shelf: Shelf) -> dict[str, str]:
    """The SKUs of every list that is not empty."""
    lists = {name: "".join(entry.product.sku for entry in getattr(shelf, name)) for name in LISTS}
    return {name: skus for name, skus in lists.items() if skus}


@pytest.mark.parametrize("first", range(len(CHAIN)))
def test_what_is_missing_is_replaced_by_what_comes_next(first: int) -> None:
    """Together, the category's best, the shop's best, new, anything: all of one kind."""
    shelf = arrange({kind: found(kind, "abcd") for kind in CHAIN[first:]}, shows={"recommended"})
    assert shown(shelf) == {"recommended": "abc"}
    assert {entry.kind for entry in shelf.recommended} == {CHAIN[first]}


def test_only_the_lists_that_are_shown_take_products() -> None:
    """A message that shows best-sellers alone has the best of them, not those that another list has left."""
    candidates = {
        Kind.TOGETHER: found(Kind.TOGETHER, "abc"),
        Kind.BEST_SELLER: found(Kind.BEST_SELLER, "abcdef"),
    }
    assert shown(arrange(candidates, shows={"best_sellers"})) == {"best_sellers": "abc"}
    both = arrange(candidates, shows={"best_sellers", "cross_sell"})
    assert shown(both) == {"cross_sell": "abc", "best_sellers": "def"}


def test_what_is_recommended_stands_on_no_other_list() -> None:
    """Beside the best-sellers it has those that come after them."""
    candidates = {Kind.BEST_SELLER: found(Kind.BEST_SELLER, "abcde")}
    assert shown(arrange(candidates)) == {"best_sellers": "abc", "recommended": "de"}


def test_a_list_lends_its_last_product_before_another_is_empty() -> None:
    """Two products and two lists: each has one. Of one product there is one list."""
    assert shown(arrange({Kind.NEW: found(Kind.NEW, "ab")})) == {"whats_new": "a", "recommended": "b"}
    assert shown(arrange({Kind.NEW: found(Kind.NEW, "a")})) == {"whats_new": "a"}


def test_two_variants_or_names_are_one_product() -> None:
    """Neither on one list nor on two: they look like one product shown twice."""
    candidates = {Kind.NEW: found(Kind.NEW, "aAb"), Kind.BEST_SELLER: found(Kind.BEST_SELLER, "Bc")}
    assert shown(arrange(candidates, shows={"whats_new", "best_sellers"})) == {
        "whats_new": "ab",
        "best_sellers": "c",
    }
    twins = [Recommendation(product(sku, "Gift set"), Kind.NEW, sku) for sku in "xy"]
    assert shown(arrange({Kind.NEW: twins}, shows={"whats_new"})) == {"whats_new": "x"}


SKUS = st.text("abcdefABCDEF", max_size=12)


@given(
    st.dictionaries(st.sampled_from(list(Kind)), SKUS), st.sets(st.sampled_from(sorted(LISTS)), min_size=1)
)
def test_no_product_stands_twice_and_none_is_kept_back(candidates: dict[Kind, str], shows: set[str]) -> None:
    """Whatever is found: families are distinct, lists short, and what is recommended empty for want alone."""
    by_kind = {kind: found(kind, skus) for kind, skus in candidates.items()}
    shelf = arrange(by_kind, shows=shows)
    lists = shown(shelf)
    families = "".join(lists.values()).lower()
    assert len(set(families)) == len(families)
    assert all(len(skus) <= SHOWN for skus in lists.values())
    assert set(lists) <= shows
    left = {sku.lower() for kind in CHAIN for sku in candidates.get(kind, "")} - set(families)
    lends = any(len(lists.get(name, "")) > 1 for name in ("best_sellers", "whats_new", "cross_sell"))
    if "recommended" in shows and "recommended" not in lists:
        assert not left
        assert not lends


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        (
            "https://s.example.com/products/tee?variant=1",
            "https://s.example.com/products/tee?variant=2",
            True,
        ),
        (
            "https://s.example.com/tee/?attribute_pa_size=s",
            "https://s.example.com/tee/?attribute_pa_size=m",
            True,
        ),
        ("https://s.example.com/?p=1", "https://s.example.com/?p=2", False),
        ("https://s.example.com/", "https://s.example.com/", False),
    ],
)
def test_variants_share_their_page(one: str, two: str, *, same: bool) -> None:
    """Shopify's and WooCommerce's addresses name the variant; a shop's one address for all names nothing."""
    families = {family_of(product("a", url=one)), family_of(product("b", url=two))}
    assert (len(families) == 1) is same


def test_variants_share_their_parent_or_their_name() -> None:
    """What the shop says comes first; without it the same name is the same product."""
    assert family_of(product("a", parent="tee")) == family_of(product("b", "Other", parent="tee"))
    assert family_of(product("a", "Tee  shirt")) == family_of(product("b", "tee shirt"))
    assert family_of(product("a", "Tee", parent="1")) != family_of(product("b", "Tee", parent="2"))


@pytest.mark.parametrize(
    "name",
    [
        "Gift card",
        "E-Gift Card $25",
        "Geschenkgutschein",
        "Tarjeta regalo",
        "Carte cadeau",
        "Test product",
        "test",
    ],
)
def test_what_is_no_product_is_not_recommended(name: str) -> None:
    """Gift cards in the languages that Afterglow speaks, and what a shop is tested with."""
    assert not is_recommended(product("a", name))


@pytest.mark.parametrize("name", [" ", "\u200b", "\u202e \ufeff"])
def test_what_has_no_visible_name_is_not_recommended(name: str) -> None:
    """Its link would have no text."""
    assert not is_recommended(product("a", name))


@pytest.mark.parametrize(
    "name", ["Gift box with candle", "pH test kit", "Business card holder", "Protest mug"]
)
def test_what_only_sounds_like_it_is_recommended(name: str) -> None:
    """Words that look alike are no reason; the shop's own mark is."""
    assert is_recommended(product("a", name))
    assert not is_recommended(product("a", name, recommend=False))
