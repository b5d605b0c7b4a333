"""The default messages request a review where there is one to request, and say nothing of it elsewhere."""

from __future__ import annotations

import re

import pytest

from content.checking.examples import about_orders, full_example
from content.context import MessageContext
from content.gathering import brand_of
from content.rendering import render_email, render_sms
from tests.facts import ROOT, default_definition

CONTENT = ROOT / "content" / "default"
WITH_REQUESTS = ("loyalty_first", "loyalty_returning", "loyalty_vip")
#: What a request says.
REQUEST = {
    "en": "honest words|favour to ask|hear what you think",
    "de": "ehrliche Worte|kleine Bitte|was du denkst",
    "es": "palabras sinceras|pequeño favor|qué piensas",
    "fr": "mots sincères|petit service|ce que vous en pensez",
}
#: What would send the unhappy ones elsewhere before they review (FTC: review gating).
GATING = r"\bfirst\b|zuerst|primero|d.abord|chance to|Gelegenheit|oportunidad|occasion"


def context(language: str, *, requested: bool) -> MessageContext:
    """A customer whose products are to be reviewed, or none of them; without an offer."""
    full = full_example(brand_of(default_definition(), language))
    lines = [line if requested else line.model_copy(update={"review_url": None, "star_urls": []})
             for line in full.order.lines]  # fmt: skip
    made = about_orders(full, full.order.model_copy(update={"lines": lines}))
    return made.model_copy(update={"language": language, "offer": None})


@pytest.mark.parametrize("language", REQUEST)
@pytest.mark.parametrize("name", WITH_REQUESTS)
def test_an_email_without_anything_to_review_requests_nothing(name: str, language: str) -> None:
    """No link and no word of a request where the shop requests reviews, or all was reviewed; else both."""
    for requested in (True, False):
        content = render_email(CONTENT, name, context(language, requested=requested))
        said = f"{content.preheader} {content.text}"
        assert ("/review/token" in content.html) is requested
        assert bool(re.search(REQUEST[language], said)) is requested, said
        assert "reviews/new" not in content.html + content.text


@pytest.mark.parametrize("language", REQUEST)
@pytest.mark.parametrize("name", ["loyalty_first", "loyalty_returning"])
def test_a_text_without_anything_to_review_requests_nothing(name: str, language: str) -> None:
    """The SMS leads to the loyalty page instead."""
    for requested in (True, False):
        text = render_sms(CONTENT, name, context(language, requested=requested)).text
        assert ("/review/token" in text) is requested
        assert (brand_of(default_definition()).loyalty_url in text) is not requested


@pytest.mark.parametrize("language", REQUEST)
def test_the_request_sends_nobody_elsewhere_first(language: str) -> None:
    """Whoever is unhappy is requested to review like anybody: support is offered beside it, not before it."""
    content = render_email(CONTENT, "review_request", context(language, requested=True))
    assert "help@shop.example.com" in content.text
    assert not re.search(GATING, content.text)
