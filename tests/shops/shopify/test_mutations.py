"""Whatever a payload has in it: it is read, or refused with the field's name. Never another exception."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaign.errors import BadInput
from shops.shopify import read_event
from tests.shops.shopify.news import a_context
from tests.shops.shopify.test_payloads import PAYLOADS, kept

ODD: list[Any] = [None, True, 0, -1, 2**63, 10**40, 1.5, 1e300, "", " ", "0", "-1", "\x00", "x" * 400]
ODD += [[], {}, [None], [[]], {"": None}, "2026-13-01", "0001-01-01T00:00:00+14:00", "\ud800", "1e999", "NaN"]
REMOVED = object()


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a body."""
    entries = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    return [path, *(found for key, inner in entries for found in _paths(inner, (*path, key)))]


def _mutated(value: Any, path: tuple[Any, ...], odd: Any) -> Any:
    """The body with another value at one place, or without it."""
    if not path:
        return odd
    key, rest = path[0], path[1:]
    if odd is REMOVED and not rest:
        return (
            {name: inner for name, inner in value.items() if name != key}
            if isinstance(value, dict)
            else [inner for at, inner in enumerate(value) if at != key]
        )
    changed = _mutated(value[key], rest, odd)
    if isinstance(value, dict):
        return {**value, key: changed}
    return [changed if at == key else inner for at, inner in enumerate(value)]


@st.composite
def bodies(draw: st.DrawFn) -> tuple[str, bytes]:
    """A payload of the collection with up to three places changed."""
    entry = kept(draw(st.sampled_from(PAYLOADS)))
    body = entry["body"]
    for _ in range(draw(st.integers(1, 3))):
        places = _paths(body)[1:]
        if places:
            body = _mutated(body, draw(st.sampled_from(places)), draw(st.sampled_from([REMOVED, *ODD])))
    return entry["topic"], json.dumps(body).encode()


def _problems(topic: str, body: bytes) -> list[str]:
    """The fields with which a body is refused; none if it is read."""
    try:
        read_event(topic, body, a_context())
    except BadInput as error:
        return [problem.where for problem in error.problems]
    return []


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(bodies())
def test_any_change_of_a_payload_is_read_or_refused(event: tuple[str, bytes]) -> None:
    """A null, a removed field, a wrong type: it is news, or bad input that names a field."""
    assert all(_problems(*event))
