"""The words of the customers' pages, by language: ``web/pages/words/{language}.toml``."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType

from fastapi import Request
from markupsafe import Markup, escape

from campaign.languages.tags import ENGLISH, accepted, candidates, direction
from campaign.languages.words import Words, filled, parse_words

_FOLDER = files("web.pages").joinpath("words")
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


def _read(language: str) -> PageWords:
    file = f"{language}.toml"
    return PageWords(parse_words(_FOLDER.joinpath(file).read_text("utf-8"), file))


BY_LANGUAGE = MappingProxyType({language: _read(language) for language in LANGUAGES})
IN_ENGLISH = BY_LANGUAGE[ENGLISH]


def page_words(*tags: str | None) -> PageWords:
    """Return the words in the first of these languages that there are any in (``de-AT`` reads ``de``)."""
    wanted = [tag for given in tags if given for tag in candidates(given)]
    return next((BY_LANGUAGE[tag] for tag in wanted if tag in BY_LANGUAGE), IN_ENGLISH)


def words_for(request: Request | None, customer: str | None = None, shop: str | None = None) -> PageWords:
    """Return the words in the customer's language, else in one of the browser's, else in the shop's."""
    browser = accepted(request.headers.get("accept-language")) if request else []
    return page_words(customer, *browser, shop)
