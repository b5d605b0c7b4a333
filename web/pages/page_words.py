"""The words of the customers' pages, by language and tone: ``web/pages/words/de.toml``, ``de-formal.toml``.

A file with a tone holds only what differs from its language's own, as the folders of templates do
(`campaign.languages.tones`). Pages without a brand, whose tone nobody knows, address nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from fastapi import Request
from markupsafe import Markup, escape

from campaign.definition.model import Definition
from campaign.languages.tags import ENGLISH, accepted, direction
from campaign.languages.tones import base_of, toned
from campaign.languages.words import Words, filled, parse_words

_FOLDER = files("web.pages").joinpath("words")
_SUFFIX = ".toml"
LANGUAGES = ("en", "de", "es", "fr")


@dataclass(frozen=True)
class PageWords:
    """The words of one language."""

    words: Words

    @property
    def language(self) -> str:
        """The language's tag, for the page's ``lang``."""
        return self.words.language

    @property
    def direction(self) -> str:
        """``ltr`` or ``rtl``."""
        return direction(self.language)

    def __call__(self, key: str, count: int | None = None, **values: str) -> str:
        """Return a text with its placeholders filled in."""
        counted = {} if count is None else {"count": str(count)}
        return filled(self.words.form(key, count), {**counted, **values})

    def html(self, key: str, **values: str) -> Markup:
        """Return a text as HTML, escaped but for values that are markup."""
        shown = {name: str(escape(value)) for name, value in values.items()}
        return Markup(filled(str(escape(self.words.form(key))), shown))  # noqa: S704 - all of it is escaped


@lru_cache(maxsize=1)
def _texts() -> dict[str, str]:
    """Return the files' texts by their names: ``de``, ``de-formal``."""
    found = (file for file in _FOLDER.iterdir() if file.name.endswith(_SUFFIX))
    return {file.name.removesuffix(_SUFFIX): file.read_text("utf-8") for file in found}


@lru_cache(maxsize=64)
def _words(tag: str, tone: str | None) -> PageWords | None:
    """Return a language's words with those of a tone over them; None in a language that there are none in."""
    words = None
    for name in reversed(toned(tag, tone)):
        if name in _texts():
            words = parse_words(_texts()[name], f"{name}{_SUFFIX}", base_of(name), words)
    return PageWords(words) if words else None


def page_words(*tags: str | None, tone: str | None = None) -> PageWords:
    """Return the words in the first of these languages that there are any in (``de-AT`` reads ``de``)."""
    found = (_words(tag, tone) for tag in tags if tag)
    return next((words for words in found if words), None) or page_words(ENGLISH)


def words_for(
    request: Request | None, customer: str | None = None, definition: Definition | None = None
) -> PageWords:
    """Return the words in the customer's language, else in one of the browser's, else in the shop's.

    They are in the brand's tone; without a definition the page addresses nobody.
    """
    browser = accepted(request.headers.get("accept-language")) if request else []
    if definition is None:
        return page_words(customer, *browser)
    return page_words(customer, *browser, definition.shop.language, tone=definition.brand.tone)


IN_ENGLISH = page_words(ENGLISH)
