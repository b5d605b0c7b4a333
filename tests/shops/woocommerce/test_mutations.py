"""Whatever is wrong with a body, it is news or bad input: never another error."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.errors import BadInput
from shops.woocommerce import TOPICS, read_event
from shops.woocommerce.exports import FILES, read_rows
from tests.shops.woocommerce.news import a_context, read
from tests.shops.woocommerce.test_payloads import FILES as PAYLOADS
from tests.shops.woocommerce.test_payloads import payload

BODIES = [data for file in PAYLOADS if isinstance((data := payload(file)).get("body"), dict)]
WRONG: Any = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(
        [
            "\x00",
            "\ud800",
            "1e999999",
            "-0",
            "NaN",
            "9" * 30,
            "0000-00-00T00:00:00",
            "9999-12-31T23:59:59",
            "&#0;",
        ]
    ),
    st.lists(st.none() | st.integers() | st.text(max_size=5), max_size=3),
    st.dictionaries(st.text(max_size=5), st.none() | st.text(max_size=5), max_size=3),
)
REMOVED = object()


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in some JSON."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, entry in inside for place in places(entry, (*path, key)))]


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """Some JSON with another value in one place, or without that place."""
    if not path:
        return {} if new is REMOVED else new
    copy = dict(value) if isinstance(value, dict) else list(value)
    key, rest = path[0], path[1:]
    if not rest and new is REMOVED:
        del copy[key]
    else:
        copy[key] = changed(copy[key], rest, new)
    return copy


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, bytes]:
    """A payload with one to three places changed or removed."""
    data = draw(st.sampled_from(BODIES))
    body: Any = data["body"]
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.sampled_from(places(body)))
        body = changed(body, place, draw(st.just(REMOVED) | WRONG))
    return data["topic"], json.dumps(body).encode()


@settings(max_examples=600)
@given(mutated())
def test_a_changed_payload_is_news_or_bad_input(sent: tuple[str, bytes]) -> None:
    """Nulls, removed keys and wrong types, in any place of any payload."""
    with contextlib.suppress(BadInput):
        read(*sent)


@given(topic=st.sampled_from(TOPICS), body=st.binary() | st.binary().map(lambda tail: b'{"id": 1, ' + tail))
def test_a_body_of_anything_is_bad_input(topic: str, body: bytes) -> None:
    """Bytes of no sense, cut off in any place."""
    with contextlib.suppress(BadInput):
        read_event(topic, body, a_context())


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.parametrize(
    "body", [b'{"a":' * 100_000, b'{"id": ' + b"9" * 5_000 + b"}", b'{"meta_data": ' + b"[" * 900]
)
def test_a_deep_or_long_body_is_bad_input(topic: str, body: bytes) -> None:
    """It is refused by the parser, not by the stack."""
    with pytest.raises(BadInput):
        read_event(topic, body, a_context())


@given(
    reader=st.sampled_from([reader for _, _, reader in FILES]),
    row=st.dictionaries(st.sampled_from(sorted({name for _, names, _ in FILES for name in names})), WRONG),
)
def test_a_row_of_anything_is_news_or_a_problem(reader: Any, row: dict[str, Any]) -> None:
    """A row that cannot be used has a problem, and the next one is read."""
    (read_one,) = read_rows(reader, [(2, row)], a_context())
    assert read_one.number == 2
    assert (read_one.news is None) != (read_one.problem is None)


def test_an_error_repeats_nothing_of_the_body() -> None:
    """Errors end up in logs and in the inbox, where no contact data may be."""
    order = next(data for data in BODIES if data["topic"] == "order.created")["body"]
    bad = {**order, "id": "ada@example.com", "total": "ada@example.com", "currency": "ada@example.com"}
    for name in ("id", "total", "currency"):
        with pytest.raises(BadInput) as caught:
            read("order.updated", json.dumps({**order, name: bad[name]}).encode())
        assert "ada" not in str(caught.value)
