"""Words that customers read, in campaign.toml: one text for everybody, or one for each language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, StringConstraints

from campaign.definition.base import Words
from campaign.fields.places import Language
from campaign.languages.tags import ENGLISH
from campaign.languages.tones import toned

Localized = Words | Annotated[dict[Language, Words], Field(min_length=1)]
"""``text = "10% off"``, or ``text = { en = "10% off", de = "10 % Rabatt" }``; ``de-formal`` is Sie alone."""

OptOut = Annotated[str, StringConstraints(min_length=1, max_length=60)]
LocalizedOptOut = OptOut | Annotated[dict[Language, OptOut], Field(min_length=1)]


def in_language(text: str | Mapping[str, str], *tags: str, tone: str | None = None) -> str:
    """Return a text in the first of these languages that it is there in, else in English, else the first.

    ``tone`` is the brand's: ``de-formal`` comes before ``de``.
    """
    if isinstance(text, str):
        return text
    wanted = [name for tag in (*tags, ENGLISH) for name in toned(tag, tone)]
    return text[next((name for name in wanted if name in text), next(iter(text)))]
