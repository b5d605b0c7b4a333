"""The links of a rendered message, exchanged for short ones on the shop's own domain.

Only links that the campaign made are exchanged: what stands in a ``href`` of the template's HTML, and
in plain text what no customer has written. A name or a review with an address in it must not get a
link on the shop's domain that leads there.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urlsplit

from content.context import MessageContext

#: Longer ones stay as they are: PostgreSQL's index of them ends at about 2,700 bytes.
MAX_TARGET = 2_000
#: Below the public address; these lead to us already.
OUR_PATHS = ("/unsubscribe/", "/preferences/", "/c/")
_IN_TEXT = re.compile(r"(?<!\w)https?://[^\s<>\"\u201c\u201d]*", re.IGNORECASE)
_HREF = re.compile(r"""(\shref\s*=\s*)("([^"]*)"|'([^']*)')""", re.IGNORECASE)
_LINKING = frozenset({"a", "area"})
_PAIRS = {")": "(", "]": "["}
_UNSAFE = re.compile(r"[\s\x00-\x1f\x7f\\]")


@dataclass(frozen=True)
class Shortening:
    """How links are exchanged: ``short`` gives the new address of a target.

    ``public_url`` is our own address, without a slash at its end; ``foreign`` what others have written.
    """

    public_url: str
    short: Callable[[str], str]
    foreign: tuple[str, ...] = ()

    def apply(self, url: str) -> str:
        """Return the short link, or the same link where it is not one to exchange."""
        return self.short(url) if self._is_target(url) else url

    def _is_target(self, url: str) -> bool:
        ours = tuple(self.public_url + path for path in OUR_PATHS)
        return is_web_address(url) and not url.startswith(ours)

    def is_foreign(self, url: str) -> bool:
        """Say whether a link in a text was, or may have been, written by somebody else."""
        found = url.casefold()
        written = (link.casefold() for text in self.foreign for link in _IN_TEXT.findall(text))
        return any(found.startswith(link) or link.startswith(found) for link in written)


def is_web_address(url: str) -> bool:
    """Say whether this is a plain http(s) address that a browser reads as we do."""
    if len(url) > MAX_TARGET or _UNSAFE.search(url):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def foreign_texts(context: MessageContext) -> tuple[str, ...]:
    """Return what is shown in a message, but was written by customers: their names and reviews."""
    shown = (*context.order.lines, *context.best_sellers, *context.whats_new, *context.cross_sell)
    texts = (context.customer.first_name, *(item.review_quote for item in shown))
    return tuple(text for text in texts if text)


def shorten_text(text: str, shortening: Shortening) -> str:
    """Exchange the links of a plain text or an SMS. Punctuation after a link is not part of it."""
    return _IN_TEXT.sub(lambda found: _in_text(found.group(), shortening), text)


def _in_text(found: str, shortening: Shortening) -> str:
    url = _without_punctuation(found)
    if shortening.is_foreign(found) or shortening.is_foreign(url):
        return found
    return shortening.apply(url) + found[len(url) :]


def _without_punctuation(url: str) -> str:
    """Cut off what ends a sentence; a bracket only if it was not opened inside the link."""
    while url and (url[-1] in ".,;:!?'*_~\u2019" or _closes(url)):
        url = url[:-1]
    return url


def _closes(url: str) -> bool:
    opening = _PAIRS.get(url[-1])
    return opening is not None and url.count(url[-1]) > url.count(opening)


def shorten_html(source: str, shortening: Shortening) -> str:
    """Exchange what the links of an HTML document lead to; every other byte stays as it is."""
    parser = _Links(source)
    parts, end = [], 0
    for start, tag in parser.tags():
        parts += [source[end:start], _HREF.sub(lambda href: _in_tag(href, shortening), tag, count=1)]
        end = start + len(tag)
    return "".join([*parts, source[end:]])


def _in_tag(href: re.Match[str], shortening: Shortening) -> str:
    value = href.group(3) if href.group(3) is not None else href.group(4)
    target = html.unescape(value).strip()
    short = shortening.apply(target)
    return href.group() if short == target else f'{href.group(1)}"{html.escape(short)}"'


class _Links(HTMLParser):
    """Finds the tags that link, with their places; comments and style sheets hold none."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self._lines = [0, *(found.end() for found in re.finditer("\n", source))]
        self._found: list[tuple[int, str]] = []
        self._source = source

    def tags(self) -> Iterator[tuple[int, str]]:
        self.feed(self._source)
        self.close()
        return iter(self._found)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in _LINKING:
            line, column = self.getpos()
            self._found.append((self._lines[line - 1] + column, self.get_starttag_text() or ""))
