"""Words that customers read, in campaign.toml: one text for everybody, or one for each language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, StringConstraints

from campaign.definition.base import Words
from campaign.fields.places import Language
from campaign.languages.tags import first_in

Localized = Words | Annotated[dict[Language, Words], Field(min_length=1)]
"""``text = "10% off"``, or ``text = { en = "10% off", de = "10 % Rabatt" }``."""

OptOut = Annotated[str, StringConstraints(min_length=1, max_length=60)]
LocalizedOptOut = OptOut | Annotated[dict[Language, OptOut], Field(min_length=1)]


def in_language(text: str | Mapping[str, str], *tags: str) -> str:
    """Return a text in the first of these languages that it is there in, else in English, else the first."""
    return text if isinstance(text, str) else first_in(tags, text)
