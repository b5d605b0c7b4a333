"""Links of messages: what is exchanged, and above all what is not."""

from __future__ import annotations

import contextlib
import html
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content import links
from content.checking.examples import examples
from content.context import Customer, MessageContext
from content.gathering import brand_of
from content.links import Shortening, has_foreign_links, is_web_address, shorten_html, shorten_text
from content.rendering import render_email
from tests.facts import ROOT, default_definition

PUBLIC = "https://shop.example.com/mail"
FULL = examples(brand_of(default_definition()))[0].model_copy(
    update={"unsubscribe_url": f"{PUBLIC}/unsubscribe/a.b", "preferences_url": f"{PUBLIC}/preferences/a.b"}
)


class Codes:
    """Gives every target its code, and remembers them."""

    def __init__(self) -> None:
        """Begin with none."""
        self.targets: list[str] = []

    def short(self, target: str) -> str:
        """Return the short link of a target."""
        if target not in self.targets:
            self.targets.append(target)
        return f"{PUBLIC}/c/{self.targets.index(target):08}"

    def shortening(self, context: MessageContext = FULL) -> Shortening:
        """The rules of a message."""
        return Shortening(PUBLIC, self.short, has_foreign_links(context))


class Document(HTMLParser):
    """A document as a browser reads it: tags, attributes, text; the links are kept apart."""

    def __init__(self, source: str) -> None:
        """Read it."""
        super().__init__()
        self.rest: list[object] = []
        self.links: list[str] = []
        with contextlib.suppress(AssertionError):  # Python's parser gives up at `<![:`
            self.feed(source)
            self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag, and its link if it has one."""
        self.links += [value or "" for name, value in attrs if tag == "a" and name == "href"]
        self.rest.append((tag, [pair for pair in attrs if tag != "a" or pair[0] != "href"]))

    def handle_endtag(self, tag: str) -> None:
        """Keep an end."""
        self.rest.append(tag)

    def handle_data(self, data: str) -> None:
        """Keep text."""
        self.rest.append(("text", data))


def test_every_link_of_an_email_but_ours_is_exchanged() -> None:
    """Shop and products lead through us; unsubscribe, preferences and mailto stay; nothing else changes."""
    codes = Codes()
    email = render_email(ROOT / "content" / "default", "thank_you", FULL)
    before, after = Document(email.html), Document(shorten_html(email.html, codes.shortening()))
    assert before.rest == after.rest
    assert [html.unescape(link) for link in codes.targets] == codes.targets
    assert set(codes.targets) == {
        "https://shop.example.com",
        "https://shop.example.com/p/mug",
        FULL.brand.share_url,
    }
    for old, new in zip(before.links, after.links, strict=True):
        ours = old.startswith((f"{PUBLIC}/", "mailto:"))
        assert new == (old if ours else codes.short(old))
    text = shorten_text(email.text, codes.shortening())
    assert f"{PUBLIC}/unsubscribe/a.b" in text
    assert f"{PUBLIC}/preferences/a.b" in text
    assert "/p/mug" not in text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("See {}.", "See <>."),
        ("({})", "(<>)"),
        ("{}, or {}!", "<>, or <>!"),
        ("“{}”", "“<>”"),
        ("{}'s", "<>"),
        ("xhttps://shop.example.com/p", "xhttps://shop.example.com/p"),
        ("https://", "https://"),
        ("https://.", "https://."),
        ("ftp://shop.example.com", "ftp://shop.example.com"),
    ],
)
def test_punctuation_is_no_part_of_a_link(text: str, left: str) -> None:
    """A sentence goes on after its link; what is no web address is left alone."""
    codes = Codes()
    short = shorten_text(text.format(*["https://shop.example.com/p"] * 2), codes.shortening())
    expected = short if "'s" in text else left.replace("<>", f"{PUBLIC}/c/00000000")
    assert short == expected


def test_brackets_that_belong_to_a_link_stay_with_it() -> None:
    """A link may have brackets of its own."""
    codes = Codes()
    shorten_text("(see https://shop.example.com/mug_(blue))", codes.shortening())
    assert codes.targets == ["https://shop.example.com/mug_(blue)"]


def test_an_escaped_link_is_stored_as_it_is_meant() -> None:
    """The target is the link itself, not its spelling in HTML, and the spelling of the new one is right."""
    codes = Codes()
    source = '<a class="b" href="https://shop.example.com/?a=1&amp;copy=2&amp;q=&#34;x&#34;">go</a>'
    assert shorten_html(source, codes.shortening()) == f'<a class="b" href="{PUBLIC}/c/00000000">go</a>'
    assert codes.targets == ['https://shop.example.com/?a=1&copy=2&q="x"']


@pytest.mark.parametrize(
    "source",
    [
        '<!-- <a href="https://shop.example.com">x</a> -->',
        '<style>a[href="https://shop.example.com"] { color: red }</style>',
        '<img src="https://shop.example.com/logo.png">',
        '<link href="https://shop.example.com/style.css">',
        """<a title=" href='https://shop.example.com'">x</a>""",
        '<a title="href=" data-href="https://shop.example.com">x</a>',
        '<a href="javascript:alert(1)">x</a>',
        '<a href="//shop.example.com">x</a>',
        "<p>https://shop.example.com</p>",
        f'<a href="{PUBLIC}/unsubscribe/a.b">x</a>',
        '<a href="https://shop.example.com/\\@evil.example">x</a>',
        "<a href=https://shop.example.com>x</a>",
        "<a href",
    ],
)  # fmt: skip
def test_what_is_no_web_link_stays(source: str) -> None:
    """Comments, styles, pictures, other schemes, our own pages: not a byte changes."""
    codes = Codes()
    assert shorten_html(source, codes.shortening()) == source
    assert codes.targets == []


ANYTHING = st.text(alphabet=st.sampled_from("ab<>\"'&; /=\n:.-!?#[]()hrefhttps"), max_size=60) | st.text(
    max_size=40
)


PIECES = [
    '<a href="https://shop.example.com/p?a=1&amp;b=2">',
    "</a>",
    "<a href='http://x.example'>",
    "<!--",
    "-->",
    "<style>",
    "</style>",
    "https://shop.example.com/p",
    "<a title=' href=\"https://x.example\"' href='https://shop.example.com/p'>",
    "<p title='<a href=\"https://x.example\">'>",
]


@given(parts=st.lists(ANYTHING | st.sampled_from(PIECES)))
def test_nothing_but_web_links_changes(parts: list[str]) -> None:
    """Whatever the document: all but the links stays; doing it again changes nothing."""
    source = "".join(parts)
    codes = Codes()
    once = shorten_html(source, codes.shortening())
    before, after = Document(source), Document(once)
    assert before.rest == after.rest
    assert len(before.links) == len(after.links)
    assert all(
        old == new or new.startswith(f"{PUBLIC}/c/")
        for old, new in zip(before.links, after.links, strict=True)
    )
    assert all(is_web_address(target) for target in codes.targets)
    assert shorten_html(once, codes.shortening()) == once


def test_what_no_parser_reads_stops_nothing() -> None:
    """A marked section that is none: links before it are exchanged, what follows stays as it is."""
    codes = Codes()
    link = '<a href="https://shop.example.com/p">'
    after = shorten_html(f"{link}<![:>{link}", codes.shortening())
    assert after == f'<a href="{codes.short("https://shop.example.com/p")}"><![:>{link}'


PLAIN = [
    "<!doctype html>",
    "<p style='color: red' dir=\"auto\">",
    "</p>",
    "<br/>",
    "<area shape='default' href='https://shop.example.com/map' />",
    "<title>Hello</title>",
    "<!--[if mso | IE]><table><tr><td><![endif]-->",
    "<!--[if !mso]><!-->",
    "<!--<![endif]-->",
    "<A HREF = 'https://shop.example.com'>",
    "<abbr title='<a>'>",
]


@given(parts=st.lists(st.sampled_from(PLAIN + PIECES) | ANYTHING))
def test_reading_fast_and_reading_as_a_browser_find_the_same_links(parts: list[str]) -> None:
    """The quick way is taken only where every parser reads alike: same tags, same places, any document."""
    source = "".join(parts)
    assert links._link_tags(source) == links._Links(source).tags()


def test_an_email_as_mjml_writes_it_is_read_the_fast_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every default email is: reading it as a browser does took longer than rendering it."""
    monkeypatch.setattr(links, "_Links", None)
    for file in (ROOT / "content" / "default" / "email").glob("[!_]*.mjml.j2"):
        for context in examples(FULL.brand):
            email = render_email(ROOT / "content" / "default", file.name.partition(".")[0], context)
            assert PUBLIC in shorten_html(email.html, Codes().shortening(context))


@given(
    parts=st.lists(
        ANYTHING
        | st.sampled_from(["https://shop.example.com/p", "HTTP://X.example/", " ", "mailto:a@b.example"])
    )
)
def test_nothing_but_web_links_of_a_text_changes(parts: list[str]) -> None:
    """With the targets put back, the text is what it was; doing it again changes nothing."""
    source = "".join(parts)
    codes = Codes()
    once = shorten_text(source, codes.shortening())
    back = once
    for number, target in enumerate(codes.targets):
        back = back.replace(f"{PUBLIC}/c/{number:08}", target)
    assert back == source
    assert shorten_text(once, codes.shortening()) == once


@given(
    before=st.sampled_from(["", "Dear ", "Hi (", "“"]),
    evil=st.sampled_from(
        ["https://evil.example/a", "HTTPS://EVIL.example", "https://", "http://evil.example."]
    ),
    after=st.sampled_from(["", ".", "'s order", "/p", ", see https://shop.example.com/p", "…"]),
    cut=st.integers(8, 40),
    quoted=st.booleans(),
)
def test_what_strangers_write_gets_no_short_link(
    before: str, evil: str, after: str, cut: int, *, quoted: bool
) -> None:
    """A name or a review with an address in it, whole or cut short, is never a target of ours."""
    codes = Codes()
    line = FULL.order.lines[0].model_copy(update={"review_quote": f"See {evil}"})
    shown = {"order": FULL.order.model_copy(update={"lines": [line]})}
    context = FULL.model_copy(update=shown if quoted else {"customer": Customer(first_name=evil)})
    shorten_text(before + evil[:cut] + after, codes.shortening(context))
    assert codes.targets == []
