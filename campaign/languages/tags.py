"""Language tags (BCP 47): which languages to look in, which formats hold, which way the text runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.localedata import locale_identifiers

#: What is taken where a tag is none that CLDR knows.
ENGLISH = "en"
_PART = re.compile(r"[A-Za-z0-9]+")
_ACCEPTED = 10


def candidates(tag: str) -> list[str]:
    """Return a tag and what it falls back to: ``de-AT``, ``de``."""
    parts = tag.split("-")
    return ["-".join(parts[:length]) for length in range(len(parts), 0, -1)]


def tag_of(language: str, country: str | None = None) -> str:
    """Return a language with the country where CLDR has formats of its own for it: ``de-AT``.

    A language that names a country itself, or a country that CLDR does not know it in, stays as it is.
    """
    parts = _PART.findall(language) or [ENGLISH]
    tag = "-".join([parts[0].lower(), *(_subtag(part) for part in parts[1:])])
    with_country = f"{parts[0].lower()}_{country}"
    return with_country.replace("_", "-") if len(parts) == 1 and with_country in _known() else tag


def _subtag(part: str) -> str:
    """Write a part of a tag as BCP 47 does: a country in capitals, a script with one."""
    if len(part) == 2:  # noqa: PLR2004 - a country of ISO 3166
        return part.upper()
    return part.title() if len(part) == 4 else part.lower()  # noqa: PLR2004 - a script of ISO 15924


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    return frozenset(locale_identifiers())


@lru_cache(maxsize=256)
def locale_of(tag: str) -> Locale:
    """Return CLDR's formats for a tag, or for what it falls back to; English for what is no language."""
    for candidate in candidates(tag):
        try:
            return Locale.parse(candidate, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return Locale.parse(ENGLISH)


def direction(tag: str) -> str:
    """Return ``rtl`` for what is written from right to left, else ``ltr``."""
    return "rtl" if locale_of(tag).character_order == "right-to-left" else "ltr"


def accepted(header: str | None) -> list[str]:
    """Return the languages of an ``Accept-Language`` header (RFC 9110 12.5.4), the most wanted first."""
    ranges = [part.split(";") for part in (header or "")[:1_000].split(",")[:_ACCEPTED]]
    weighed = [(tag.strip(), _weight(parameters)) for tag, *parameters in ranges]
    kept = [
        (tag, weight) for tag, weight in weighed if re.match(r"[A-Za-z]{2,3}(?![A-Za-z0-9])", tag) and weight
    ]
    return [tag_of(tag) for tag, _ in sorted(kept, key=lambda pair: -pair[1])]


def _weight(parameters: Iterable[str]) -> float:
    weights: Iterator[str] = (part.strip()[2:] for part in parameters if part.strip().startswith("q="))
    try:
        return float(next(weights, "1"))
    except ValueError:
        return 0.0
