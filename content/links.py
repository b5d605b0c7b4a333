"""The links of a rendered message, exchanged for short ones on the shop's own domain.

Only links that the campaign made are exchanged: what stands in a ``href`` of the template's HTML, and
the links of a plain text in which no customer can have written one. A name or a review with an address
in it must not get a link on the shop's domain that leads there.
"""

from __future__ import annotations

import contextlib
import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import chain
from urllib.parse import urlsplit

from campaign.catalogue.shelf import LISTS
from campaign.reviews.links import FILLED_IN
from content.context import MessageContext

#: Longer ones stay as they are: PostgreSQL's index of them ends at about 2,700 bytes.
MAX_TARGET = 2_000
#: Below the public address; these lead to us already.
OUR_PATHS = ("/unsubscribe/", "/preferences/", "/c/")
_IN_TEXT = re.compile(r"(?<!\w)https?://[^\s<>\"\u201c\u201d]*", re.IGNORECASE)
# All attributes are read in turn, so that nothing inside the value of one is taken for another.
_ATTRIBUTE = re.compile(r"""([^\s=<>"'/]+)(\s*=\s*)("[^"]*"|'[^']*')""")
_LINKING = frozenset({"a", "area"})
# Markup that every parser reads alike, as MJML writes it: quoted values, and no < inside a style or title.
# Possessive, so that a document that is not like that is found out in one pass.
_ATTRIBUTES = r"""(?:\s++[a-zA-Z_:][-\w:.]*+(?:="[^"]*+"|='[^']*+')?+)*+\s*+/?+>"""
_NO_LINKS = re.compile(
    rf"""(?:
        [^<\x00]++
      | <!--(?!-?>)[^-]*+(?:-[^-]++)*+-->
      | <!doctype[^<>\[]*+>
      | <style(?:\s[^<>]*+)?+>[^<]*+</style\s*+>
      | <script\ type="application/ld\+json">[^<]*+</script>
      | <title(?:\s[^<>]*+)?+>[^<]*+</title\s*+>
      | </[a-z][a-z0-9:-]*+\s*+>
      | <(?!(?:a|area|iframe|noembed|noframes|noscript|plaintext|script|style|svg|math|textarea|title|xmp)\b)
        [a-z][a-z0-9:-]*+{_ATTRIBUTES}
    )*+""",
    re.IGNORECASE | re.VERBOSE | re.ASCII,
)
_LINK_TAG = re.compile(rf"<(?:a|area)\b{_ATTRIBUTES}", re.IGNORECASE | re.ASCII)
_PAIRS = {")": "(", "]": "["}
_UNSAFE = re.compile(r"[\s\x00-\x1f\x7f\\]")


@dataclass(frozen=True)
class Shortening:
    """How links are exchanged: ``short`` gives the new address of a target.

    ``public_url`` is our own address, without a slash at its end. ``foreign_links``: customers have
    written links into what the message shows; its plain text then keeps all of its links, because
    there a template may have cut, joined and changed theirs.
    """

    public_url: str
    short: Callable[[str], str]
    foreign_links: bool = False

    def apply(self, url: str) -> str:
        """Return the short link, or the same link where it is not one to exchange."""
        return self.short(url) if self._is_target(url) else url

    def _is_target(self, url: str) -> bool:
        ours = tuple(self.public_url + path for path in OUR_PATHS)
        return is_web_address(url) and not url.startswith(ours) and not self._fills_in_stars(url)

    def _fills_in_stars(self, url: str) -> bool:
        """Return whether it is one of the five star links of a product: a row for each would be many."""
        return url.startswith(f"{self.public_url}/review/") and f"&{FILLED_IN}=" in url


def is_web_address(url: str) -> bool:
    """Return whether this is a plain http(s) address that a browser reads as we do."""
    if len(url) > MAX_TARGET or _UNSAFE.search(url):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def has_foreign_links(context: MessageContext) -> bool:
    """Return whether there is a link in what customers have written: their names and reviews."""
    lists = (getattr(context, name) for name in sorted(LISTS))
    shown = (*context.order.lines, *chain.from_iterable(lists))
    quoted = (part for quote in context.quotes for part in (quote.text, quote.author))
    texts = (context.customer.first_name, *(item.review_quote for item in shown), *quoted)
    return any("://" in text for text in texts if text)


def shorten_text(text: str, shortening: Shortening) -> str:
    """Exchange the links of a plain text or an SMS. Punctuation after a link is not part of it."""
    if shortening.foreign_links:
        return text
    return _IN_TEXT.sub(lambda found: _in_text(found.group(), shortening), text)


def _in_text(found: str, shortening: Shortening) -> str:
    url = _without_punctuation(found)
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
    parts, end = [], 0
    for start, tag in _link_tags(source):
        parts += [source[end:start], _ATTRIBUTE.sub(lambda found: _in_tag(found, shortening), tag)]
        end = start + len(tag)
    return "".join([*parts, source[end:]])


def _link_tags(source: str) -> list[tuple[int, str]]:
    """Return the tags that link, with their places; comments and style sheets hold none.

    Reading a document as a browser does takes longer than all else in an email, and one that is written as
    plainly as MJML's needs no such reading.
    """
    found, at = [], _skip(source, 0)
    while at < len(source):
        tag = _LINK_TAG.match(source, at)
        if tag is None:
            return _Links(source).tags()
        found.append((at, tag.group()))
        at = _skip(source, tag.end())
    return found


def _skip(source: str, at: int) -> int:
    skipped = _NO_LINKS.match(source, at)
    return skipped.end() if skipped else at


def _in_tag(attribute: re.Match[str], shortening: Shortening) -> str:
    name, equals, value = attribute.groups()
    target = html.unescape(value[1:-1]).strip()
    short = shortening.apply(target) if name.lower() == "href" else target
    return attribute.group() if short == target else f'{name}{equals}"{html.escape(short)}"'


class _Links(HTMLParser):
    """Finds the tags that link, with their places; comments and style sheets hold none."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self._lines = [0, *(found.end() for found in re.finditer("\n", source))]
        self._found: list[tuple[int, str]] = []
        self._source = source

    def tags(self) -> list[tuple[int, str]]:
        """Return each linking tag with its place. Behind what cannot be read, links stay as they are."""
        with contextlib.suppress(AssertionError):  # Python's parser raises it for `<![:`, which is no HTML
            self.feed(self._source)
            self.close()
        return self._found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in _LINKING:
            line, column = self.getpos()
            self._found.append((self._lines[line - 1] + column, self.get_starttag_text() or ""))
