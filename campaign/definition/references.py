"""Mistakes that no single table shows: names that lead nowhere, names used twice, words that law wants.

These bind what is written now, not the versions that running campaigns keep. Works on the raw TOML, so
that these are listed together with mistakes of form, not after them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any

from pydantic import TypeAdapter, ValidationError

from campaign.customers.keywords import CARRIER_WORDS
from campaign.definition.segments.conditions import Segment, tiers_named
from campaign.definition.segments.unreachable import unreachable_segments
from campaign.errors import Problem
from campaign.offers.mistakes import offer_problems
from campaign.places.law import open_pixel_laws
from campaign.reviews.bought import bought_reviews

Table = dict[str, Any]
EVERY_SEGMENT = "*"
_SEGMENTS = TypeAdapter(list[Segment])
OPT_OUT_KEYWORDS = sorted(word.upper() for word in CARRIER_WORDS)


def reference_problems(raw: Table) -> list[Problem]:
    """List every name that leads nowhere or is used twice, by its key path."""
    return [
        *_twice("steps", _rows(raw, "steps")),
        *_twice("segments", _rows(raw, "segments")),
        *_twice("loyalty.tiers", _rows(_table(raw, "loyalty"), "tiers")),
        *_vertical(raw),
        *_brand(_table(raw, "brand")),
        *_catch_all(_rows(raw, "segments")),
        *_segments(raw),
        *_audiences(raw),
        *_opens(_table(raw, "tracking")),
        *_review_steps(raw),
        *bought_reviews(raw),
        *offer_problems(raw),
    ]


def _table(raw: Table, key: str) -> Table:
    value = raw.get(key)
    return value if isinstance(value, dict) else {}


def _rows(raw: Table, key: str) -> list[Table]:
    value = raw.get(key)
    return [row if isinstance(row, dict) else {} for row in value] if isinstance(value, list) else []


def _twice(table: str, rows: list[Table]) -> Iterator[Problem]:
    names = [str(row["name"]) for row in rows if "name" in row]
    for name, count in Counter(names).items():
        if count > 1:
            where = f"{table}[{names.index(name)}].name"
            yield Problem(where, f'"{name}" is used {count} times', "give each its own name")


def _vertical(raw: Table) -> Iterator[Problem]:
    name = _table(raw, "shop").get("vertical", "general")
    if name not in _table(raw, "verticals"):
        yield _unknown("shop.vertical", str(name), _table(raw, "verticals"))


def _brand(brand: Table) -> Iterator[Problem]:
    """What law wants in messages must do what it is there for (CTIA's keywords; 15 USC 7704(a)(5))."""
    wordings = brand.get("sms_opt_out")
    for where, wording in _each(wordings, "brand.sms_opt_out"):
        if not set(re.findall(r"\w+", wording.upper())) & set(OPT_OUT_KEYWORDS):
            what = "names no word that opts out"
            yield Problem(where, what, f"write one of {', '.join(OPT_OUT_KEYWORDS)}")
    address = brand.get("postal_address")
    if isinstance(address, str) and not re.search(r"\d", address):
        yield Problem("brand.postal_address", "has no number", "write the street or PO box and postal code")


def _each(text: Any, where: str) -> Iterator[tuple[str, str]]:
    """Give a text, or that of each language, with its key path."""
    texts = (
        {f"{where}.{tag}": words for tag, words in text.items()} if isinstance(text, dict) else {where: text}
    )
    yield from ((place, words) for place, words in texts.items() if isinstance(words, str))


def _catch_all(segments: list[Table]) -> Iterator[Problem]:
    if not segments or segments[-1].keys() & {"when", "min_orders", "min_lifetime_value"} == set():
        return
    yield Problem(
        f"segments[{len(segments) - 1}]",
        f'the last segment, "{segments[-1].get("name")}", does not take everyone who is left',
        "end the list with a segment that has a name and no conditions",
    )


def _segments(raw: Table) -> Iterator[Problem]:
    """Look at segments without mistakes of form only: these are listed by themselves."""
    try:
        segments = _SEGMENTS.validate_python(raw.get("segments"))
    except ValidationError:
        return
    yield from unreachable_segments(segments)
    tiers = {str(row.get("name")) for row in _rows(_table(raw, "loyalty"), "tiers")}
    for number, segment in enumerate(segments):
        for name in tiers_named(segment.rule) if tiers else ():
            if name.casefold() not in tiers:
                yield _unknown(f"segments[{number}]: loyalty_tier", name, tiers)


def _audiences(raw: Table) -> Iterator[Problem]:
    for number, step in enumerate(_rows(raw, "steps")):
        for place, audience in enumerate(_rows(step, "audiences")):
            yield from _audience(raw, audience, f"steps[{number}].audiences[{place}]")
        yield from _overlapping(raw, _rows(step, "audiences"), f"steps[{number}]")


def _overlapping(raw: Table, audiences: list[Table], where: str) -> Iterator[Problem]:
    """Find what is said to a segment by an audience that comes too late: the first one counts."""
    left = {str(row.get("name")) for row in _rows(raw, "segments")}
    taken: dict[str, str] = {}
    for place, audience in enumerate(audiences):
        names = audience.get("segments")
        for number, name in enumerate(map(str, names) if isinstance(names, list) else ()):
            first = taken.get(name) or taken.get(EVERY_SEGMENT)
            if name == EVERY_SEGMENT and not left:
                first = "those"
            if first:
                what = f'"{name}" has an audience in this step already, {first} before it'
                yield Problem(f"{where}.audiences[{place}].segments[{number}]", what, "leave it out here")
            taken.setdefault(name, f"audiences[{place}]")
            left -= left if name == EVERY_SEGMENT else {name}


def _audience(raw: Table, audience: Table, where: str) -> Iterator[Problem]:
    known = [str(row.get("name")) for row in _rows(raw, "segments")]
    names = audience.get("segments")
    for place, name in enumerate(names if isinstance(names, list) else []):
        if name not in (*known, EVERY_SEGMENT):
            yield _unknown(f"{where}.segments[{place}]", str(name), known)
    offer = audience.get("offer")
    if offer is not None and offer not in _table(raw, "offers"):
        yield _unknown(f"{where}.offer", str(offer), _table(raw, "offers"))
    if "email" not in audience and "sms" not in audience:
        yield Problem(where, "says nothing on any channel", "name a template: email = ... or sms = ...")


def _opens(tracking: Table) -> Iterator[Problem]:
    """Where law wants each customer's consent for an open pixel, the setting cannot stand for it."""
    countries = tracking.get("opens_in")
    for place, country in enumerate(countries if isinstance(countries, list) else []):
        law = open_pixel_laws().get(country) if isinstance(country, str) else None
        if law:
            what = f"an open pixel needs each customer's own consent in {country}, and none is recorded"
            yield Problem(f"tracking.opens_in[{place}]", what, f"leave {country} out ({law.source})")


def _review_steps(raw: Table) -> Iterator[Problem]:
    """Where the shop requests reviews, a step that does so as well would write twice about one purchase."""
    if _table(raw, "reviews").get("requested_by") != "shop":
        return
    for number, step in enumerate(_rows(raw, "steps")):
        if step.get("review") is True:
            fix = 'take the step out, or write requested_by = "afterglow"'
            yield Problem(f"steps[{number}].review", "the shop requests reviews itself ([reviews])", fix)


def _unknown(where: str, name: str, known: Iterable[str]) -> Problem:
    names = sorted(known)
    close = get_close_matches(name, names, 1)
    fix = f'did you mean "{close[0]}"?' if close else f"write one of: {', '.join(names) or '(none defined)'}"
    return Problem(where, f'"{name}" is not defined', fix)
