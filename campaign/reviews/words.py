"""What may stand in a review: plain words, no links, and a name as its author wants it shown."""

from __future__ import annotations

import re
import unicodedata

MAX_TEXT = 2_000
MAX_AUTHOR = 40
#: The joiners stay: Persian and emoji are spelled with them.
_JOINERS = "\u200c\u200d"
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Cn", "Co"})
_GENERIC = "com|net|org|info|biz|shop|store|online|site|club|xyz|top|io|ly"
_LINK = re.compile(
    rf"""
      \w+://                                  # https://...
    | \bwww\.\w
    | \b[\w.+-]+@[\w-]+\.\w                   # an e-mail address
    | \b[\w-]+\.(?:{_GENERIC})\b              # shop.com
    | \b[\w-]+\.[a-z]{{2,}}/\w                # any.de/path
    """,
    re.VERBOSE | re.IGNORECASE,
)

_FORMULA = re.compile(r"^'*[=+\-@\t\r]")


def as_cell(text: str | None) -> str | None:
    """Return a customer's words as a cell of a file that a spreadsheet takes for no formula.

    An apostrophe before what begins like one (OWASP, "CSV Injection"); `of_cell` takes it away again.
    """
    return f"'{text}" if text and _FORMULA.match(text) else text


def of_cell(text: str | None) -> str | None:
    """Return the words that `as_cell` made a cell of."""
    return text[1:] if text and text[0] == "'" and _FORMULA.match(text) else text


def plain_words(text: str) -> str:
    """Return a review's text as it is kept: visible characters, in normal form, no two empty lines."""
    lines = [
        "".join(c for c in line if c in _JOINERS or unicodedata.category(c) not in _DROPPED).strip()
        for line in unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    ]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def has_link(text: str) -> bool:
    """Return whether there is a web or e-mail address in it, also one that is not written out."""
    return _LINK.search(text) is not None


def primary_language(tag: str | None) -> str | None:
    """Return a language without its country, ``de`` for ``de-AT``: quotes are matched by it."""
    return tag.partition("-")[0].partition("_")[0].lower()[:8] if tag else None


def shown_name(first_name: str | None, last_name: str | None) -> str | None:
    """Return the name to show beside a review: first name and initial; None where no first name is known.

    Nor is one shown that is an address: customers type their names into the shop themselves.
    """
    first, last = (plain_words(name or "").replace("\n", " ") for name in (first_name, last_name))
    if not first or has_link(first):
        return None
    initial = f" {last[0].upper()}." if last else ""
    return first[: MAX_AUTHOR - len(initial)] + initial
