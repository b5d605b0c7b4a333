"""Words that are kept apart from what shows them, one TOML file a language, with plurals and placeholders.

``unsubscribe = "Unsubscribe"``, ``valid_until = "Valid until {date}"``, and by CLDR's plural rules
``reviews = { one = "{count} review", other = "{count} reviews" }``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from campaign.errors import BadCampaign, Problem
from campaign.languages.tags import ENGLISH, locale_of
from campaign.toml_files import read_toml

Word = str | Mapping[str, str]
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_OTHER = "other"


@dataclass(frozen=True, eq=False)
class Words:
    """The words of one language. Two are the same only as one object: `parse_words` keeps them by text."""

    language: str
    entries: Mapping[str, Word]

    def form(self, key: str, count: float | None = None) -> str:
        """Return a text with its placeholders, in the plural form of ``count``.

        Raises:
            KeyError: there is no such word.
        """
        word = self.entries[key]
        if isinstance(word, str):
            return word
        form = locale_of(self.language).plural_form(abs(count)) if count is not None else _OTHER
        return word.get(form, word[_OTHER])


def filled(text: str, values: Mapping[str, str]) -> str:
    """Put values in for their placeholders; one without a value stays."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


def placeholders(word: Word) -> frozenset[str]:
    """Return the names in braces, of all plural forms."""
    texts = [word] if isinstance(word, str) else word.values()
    return frozenset(name for text in texts for name in _PLACEHOLDER.findall(text))


@lru_cache(maxsize=64)
def parse_words(text: str, file: str, language: str | None = None, below: Words | None = None) -> Words:
    """Read a file of words; what is missing in it is taken from ``below``.

    ``language`` is what they are in; None: the file says so (``language = "en"``), else it is English.

    Raises:
        BadCampaign: it is no TOML, or holds what is no word.
    """
    raw = read_toml(text, file)
    own = raw.pop("language", ENGLISH)
    wrong = [key for key, word in raw.items() if not _is_word(word)]
    if wrong or not isinstance(own, str):
        fix = 'write key = "text", or key = { one = "...", other = "..." }'
        raise BadCampaign([Problem(f"{file}: {key}", "is not a text", fix) for key in wrong or ["language"]])
    return Words(language or own, {**(below.entries if below else {}), **raw})


def _is_word(word: object) -> bool:
    if isinstance(word, dict):
        return _OTHER in word and all(isinstance(text, str) for text in word.values())
    return isinstance(word, str)
