"""Nothing is given for what a review says: such an offer is a mistake of the campaign.

16 CFR 465.4 forbids an incentive that is conditional on a review's sentiment, expressly or by implication;
Directive 2005/29/EC, Annex I, no. 23c, forbids having reviews written to promote products. Works on the raw
TOML: a condition on a rating that could be read would be too late.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from campaign.errors import Problem

Table = dict[str, Any]
_LAW = "16 CFR 465.4"
_CONDITION = re.compile(r"(^|_)(ratings?|stars?|reviews?|reviewed|sentiment)(_|$)")
_WORDS = re.compile(
    r"""
      \b(?:[45]|four|five|vier|fünf|cuatro|cinco|quatre|cinq)[\s-]*(?:stars?|sternen?|estrellas?|étoiles?)\b
    | \b(?:positiv\w*|good|great|nice|favou?rable|glowing|gut\w*|buen\w*|bonn\w*)\s+
      (?:reviews?|ratings?|bewertung\w*|rezension\w*|reseñas?|valoraci\w+|opini\w+|avis|évaluations?)\b
    | \b(?:reseñas?|valoraci\w+|opini\w+|avis|évaluations?)\s+positi\w+
    """,
    re.IGNORECASE | re.VERBOSE,
)


def bought_reviews(raw: Table) -> Iterator[Problem]:
    """List every condition on a rating by which something would be given, and words that promise so."""
    for key in ("segments", "offers", "steps", "loyalty"):
        yield from _conditions(raw.get(key), key)
    yield from _promises(raw.get("offers"), "offers")


def _conditions(value: Any, where: str) -> Iterator[Problem]:
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _conditions(item, f"{where}[{number}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            here = f"{where}.{key}"
            if _CONDITION.search(str(key)) and not _is_request(where, key):
                yield Problem(here, "depends on what customers rate or review", f"take it out ({_LAW})")
            else:
                yield from _conditions(item, here)


def _is_request(where: str, key: str) -> bool:
    """Return whether it is a step's own ``review = true``; tables named by marketers are never conditions."""
    return (key == "review" and re.fullmatch(r"steps\[\d+\]", where) is not None) or where == "offers"


def _promises(value: Any, where: str) -> Iterator[Problem]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _promises(item, f"{where}.{key}")
    elif isinstance(value, str) and _WORDS.search(value):
        what = "gives something for a good review"
        yield Problem(where, what, f"promise nothing for what a review says ({_LAW})")
