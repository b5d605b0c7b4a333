"""What templates can call beside Jinja2's own: words, money, dates, names and links, in one language.

HTML and plain text are written from the same template: `link` and `mail` give markup in the one and an
address in the other, and ``parts`` is the file of the parts that either is put together from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from markupsafe import Markup, escape

from campaign.catalogue.shelf import Kind
from campaign.languages import formats
from campaign.languages.words import filled
from content.context import Brand, Item, Offer, Product
from content.review_links import with_query as query
from content.writing import naming
from content.writing.annotations import discount_json
from content.writing.language import Language

PARTS = {True: "email/_parts.mjml.j2", False: "email/_text.j2"}
"""By whether it is HTML that is written."""

_NAMED = {Kind.TOGETHER.value: "goes_with", Kind.CATEGORY.value: "category"}
"""What the reason of a kind names, where it is the same for all products of a list."""


class UnknownWord(LookupError):
    """A template names a word that no file of words has."""

    def __init__(self, key: str) -> None:
        """Keep the key."""
        super().__init__(key)
        self.key = key


@dataclass(frozen=True)
class Functions:
    """The functions of one language, for HTML (``rich``) or for plain text."""

    language: Language
    rich: bool

    @property
    def filters(self) -> Mapping[str, Callable[..., Any]]:
        """What stands behind ``|``."""
        return {
            "money": self.money, "day": self.day, "number": self.number, "main": self.main,
            "names": self.names, "sentence": sentence, "query": query,
            "reason": self.reason,
        }  # fmt: skip

    @property
    def names_given(self) -> Mapping[str, Any]:
        """What is called or read by its name."""
        return {
            "t": self.t, "link": self.link, "mail": self.mail, "person": self.person,
            "discount": self.discount, "parts": PARTS[self.rich], "lang": self.language.name,
            "dir": self.language.direction,
        }  # fmt: skip

    def t(self, key: str, count: float | None = None, **values: Any) -> str:
        """Return a word of words.toml, in the plural form of ``count``, with values for its placeholders.

        Raises:
            UnknownWord: there is none.
        """
        try:
            text = self.language.words.form(key, count)
        except KeyError:
            raise UnknownWord(key) from None
        if count is not None:
            values["count"] = self.number(count)
        if not self.rich:
            return filled(text, {name: str(value) for name, value in values.items()})
        return Markup(filled(str(escape(text)), {name: str(escape(value)) for name, value in values.items()}))  # noqa: S704 - all of it is escaped

    def link(self, url: str, text: str) -> str:
        """Link words of a sentence; in plain text the address follows them."""
        return Markup('<a href="{}">{}</a>').format(url, text) if self.rich else f"{text} ({url})"

    def mail(self, address: str) -> str:
        """Link an email address; in plain text it stands as it is."""
        return Markup('<a href="mailto:{0}">{0}</a>').format(address) if self.rich else address

    def person(self, name: str, length: int = 30) -> str:
        """Write a name, cut to its length; in HTML its own direction turns nothing round beside it."""
        cut = name if len(name) <= length else name[: length - 1].rstrip() + "\u2026"
        return Markup("<bdi>{}</bdi>").format(cut) if self.rich else cut

    def discount(self, offer: Offer | None, brand: Brand) -> str:
        """Return an offer as the script element that Gmail reads; nothing where there is no offer."""
        if offer is None:
            return ""
        text = Markup(discount_json(offer, brand))  # noqa: S704 - it escapes what could end the element
        return Markup('<script type="application/ld+json">{}</script>').format(text)

    def money(self, amount: Decimal, currency: str) -> str:
        """Write an amount as people do: ``$19.90``, ``19,90 €``."""
        return formats.money(self.language.tag, amount, currency)

    def day(self, value: datetime, length: formats.DateLength = "long") -> str:
        """Write a date as people do: ``March 5, 2026``; ``medium`` is shorter."""
        return formats.day(self.language.tag, value, length)

    def number(self, value: Decimal | float) -> str:
        """Write a number as people do: ``4.8``, ``4,8``."""
        return formats.number(self.language.tag, value)

    def main(self, items: Sequence[Item]) -> str:
        """Name what was bought, for a sentence."""
        return naming.main(items, self._list_words)

    def reason(self, items: Sequence[Product]) -> str:
        """Say why products are recommended, for their title: what is true of every one of them."""
        kinds = {item.kind for item in items}
        kind = kinds.pop() if len(kinds) == 1 else Kind.CATALOGUE.value
        name = _NAMED.get(kind)
        if name is None:
            return self.t(f"reason_{kind}")
        named = {getattr(item, name) for item in items}
        about = named.pop() if len(named) == 1 else None
        return self.t(f"reason_{kind}", about=about) if about else self.t(f"reason_{kind}_all")

    def names(self, items: Sequence[Item], room: int | None = None) -> str:
        """Name everything, for a sentence; with ``room`` for so many characters."""
        return naming.names(items, self._list_words, room)

    @cached_property
    def _list_words(self) -> naming.ListWords:
        words, usual = self.language.words, naming.ListWords()
        if "list_more" not in words.entries:
            return usual
        plain = Functions(self.language, rich=False)
        return naming.ListWords(
            last=words.form("list_last"),
            nameless=words.form("nameless"),
            more=lambda count: plain.t("list_more", count),
        )


def sentence(text: str) -> str:
    """Begin with a capital and leave the rest as it is: names keep theirs."""
    return text[:1].upper() + text[1:]
