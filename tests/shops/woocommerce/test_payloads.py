"""A kept collection of awkward bodies, each with its source and with what becomes of it.

``payloads/*.json``: written or adapted from WooCommerce's documentation and its own code; nothing in them is
a real person's. ``expected`` is the news, ``refused`` the error, as `tests.shops.woocommerce.news` writes it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from campaign.errors import BadInput
from shops.woocommerce import TOPICS
from tests.shops.woocommerce.news import read

FILES = sorted((Path(__file__).parent / "payloads").glob("*.json"))
ENOUGH = 30


def payload(file: Path) -> dict[str, Any]:
    """One payload; whole numbers stay exact."""
    found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return found


def body_of(data: dict[str, Any]) -> bytes:
    """The body as it is sent."""
    text = data["raw"] if "raw" in data else json.dumps(data["body"], ensure_ascii=False)
    return str(text).encode()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_becomes_of_a_payload(file: Path) -> None:
    """Exactly what is written beside it."""
    data = payload(file)
    if "refused" in data:
        with pytest.raises(BadInput) as caught:
            read(data["topic"], body_of(data))
        assert str(caught.value) == data["refused"]
    else:
        assert read(data["topic"], body_of(data)) == data["expected"]


def test_the_collection_is_whole() -> None:
    """Every topic is in it, and every payload says where it is from."""
    found = [payload(file) for file in FILES]
    assert len(found) >= ENOUGH
    assert {data["topic"] for data in found} >= set(TOPICS)
    assert all(data["source"] for data in found)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_same_body_twice_says_the_same(file: Path) -> None:
    """News follows from the body alone: no report makes it other news."""
    data = payload(file)
    if "refused" not in data:
        assert read(data["topic"], body_of(data)) == read(data["topic"], body_of(data))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_nobody_but_the_buyer_is_in_the_news(file: Path) -> None:
    """A shipping address is never read, nor is what a plugin writes elsewhere."""
    data = payload(file)
    news = json.dumps(data.get("expected", data.get("refused")), ensure_ascii=False)
    assert not [word for word in ("Grace", "Hopper", "grace@", "+12025550199", "22201") if word in news]
