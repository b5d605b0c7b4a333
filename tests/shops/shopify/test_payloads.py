"""The kept collection of Shopify's awkward payloads: what became of each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from campaign.errors import BadInput
from shops.shopify import TOPICS
from tests.shops.shopify.news import read

FOLDER = Path(__file__).parent / "payloads"
PAYLOADS = sorted(FOLDER.glob("*.json"))


def kept(path: Path) -> dict[str, Any]:
    """One entry: its source, topic and body, the settings it is read with, and what became of it."""
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def became(entry: dict[str, Any]) -> dict[str, Any]:
    """What becomes of an entry, or the problems with which it is refused."""
    body = json.dumps(entry["body"]).encode()
    try:
        return {"expected": read(entry["topic"], body, **entry.get("context", {}))}
    except BadInput as error:
        return {"refused": [str(problem) for problem in error.problems]}


@pytest.mark.parametrize("path", PAYLOADS, ids=lambda path: path.stem)
def test_what_becomes_of_a_payload(path: Path) -> None:
    """Each payload of the collection is read exactly as it says beside it."""
    entry = kept(path)
    assert became(entry) == {name: entry[name] for name in ("expected", "refused") if name in entry}


def test_the_collection_names_its_sources_and_has_every_topic() -> None:
    """At least 36 payloads, each with where its form is from, and one for every topic."""
    entries = [kept(path) for path in PAYLOADS]
    assert len(entries) >= 36
    assert all(entry["source"] for entry in entries)
    assert {entry["topic"] for entry in entries} >= set(TOPICS)


def test_one_guest_whatever_spelling() -> None:
    """Two orders of a guest, whose address is written differently, have one customer."""
    guests = [kept(FOLDER / f"order-guest{name}.json") for name in ("", "-other-spelling")]
    ids = {became(entry)["expected"]["orders"][0]["customer_id"] for entry in guests}
    assert len(ids) == 1


def test_a_gifts_recipient_is_nowhere() -> None:
    """Nothing of the shipping address is in what an order says."""
    said = json.dumps(became(kept(FOLDER / "order-gift.json")))
    assert "Grace" not in said
    assert "442079460000" not in said
    assert "SW1A" not in said


def test_long_orders_keep_the_dearest_lines() -> None:
    """Of more than 500 lines those that cost most are kept, in their order."""
    order = kept(FOLDER / "order-paid.json")
    line = order["body"]["line_items"][0]
    changed = {"price_set": None, "quantity": 1, "current_quantity": 1}
    order["body"]["line_items"] = [
        {**line, **changed, "id": n, "sku": f"s-{n}", "price": f"{n % 7 + 1}.00"} for n in range(700)
    ]
    lines = became(order)["expected"]["orders"][0]["lines"]
    assert len(lines) == 500
    assert not [text for text in lines if text.endswith(" 1.0000")]
    assert lines == sorted(lines, key=lambda text: int(text.split()[1].removeprefix("s-")))


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"\xff", b"{", b'{"id": NaN}', b"[" * 20_000])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    """A body that is no JSON object is bad input, for every topic."""
    for topic in TOPICS:
        with pytest.raises(BadInput, match="body"):
            read(topic, body)
