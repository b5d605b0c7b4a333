"""The customers' pages and the answers to their texts address them as the brand's messages do."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import product

import pytest

from campaign.customers.keywords import Intent
from campaign.languages.tones import TONES, Tone, own_tone
from campaign.reviews.states import Move, Rejection
from campaign.tokens import TokenUse, make_token
from intake.received_replies import Received
from intake.reviews.moderation import Decision, moderate
from storage.tables import MessageRow
from tests.facts import default_definition
from tests.mail import LOYALTY, SECRET, Mail, preferences, unsubscribe
from web.hooks.twilio import answer_to
from web.pages import reviews as page
from web.pages.page_words import page_words

# Wider than what `afterglow check` goes by: of our own texts we know that nobody else is meant.
ADDRESS = {
    ("de", "formal"): r"\b(Sie|Ihnen|Ihre?[mnrs]?)\b",
    ("de", "informal"): r"(?i)\b(du|dich|dir|dein\w*)\b",
    (
        "es",
        "formal",
    ): r"(?i)\b(usted|sus?|suy[oa]s?|(enviar|escribir|dar)(le|se)|elija|escriba|responda)\b",
    (
        "es",
        "informal",
    ): r"(?i)\b(tú|tus?|te|ti|tuy[oa]s?|puedes|has|(enviar|escribir|dar)te|responde START)\b",
    ("fr", "formal"): r"(?i)\b(vous|votre|vos|(?!chez\b|assez\b)\w+ez)\b",
    ("fr", "informal"): r"(?i)\b((tu|te|toi|ton|ta|tes)\b|t\u2019(?=\w))",
}
LANGUAGES = ["de", "es", "fr"]
OWN = {language: own_tone(language) for language in LANGUAGES}
"""How each language's messages and pages are where the brand has no tone."""


def addressed(text: str, language: str) -> set[str]:
    """The tones that a text addresses its reader in."""
    return {tone for tone in TONES if re.search(ADDRESS[language, tone], text)}


def read(html: str) -> str:
    """What a page says: its text, its title and what is read aloud, without the style sheet."""
    body = re.sub(r"<style>.*?</style>", " ", html, flags=re.DOTALL)
    return re.sub(r"<[^>]*>|\S+@\S+", " ", body)


async def preference_pages(mail: Mail, message: MessageRow) -> AsyncIterator[str]:
    """Every state of the pages to unsubscribe and to choose."""
    browser, link = mail.http, preferences(message)
    yield (await browser.get(unsubscribe(message))).text
    yield (await browser.get(link)).text
    yield (await browser.post(link, data={"choice": "nothing of ours"})).text
    yield (await mail.prefer(message, choice="either", less="yes")).text
    yield (await browser.post(unsubscribe(message))).text
    one_click = await browser.post(unsubscribe(message), data={"List-Unsubscribe": "One-Click"})
    assert one_click.headers["content-type"].startswith("text/plain")
    yield one_click.text


async def review_pages(
    mail: Mail, message: MessageRow, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[str]:
    """Every state of the review page: empty, mistakes, saved, published, rejected, too late."""
    link = f"/review/{make_token(SECRET, TokenUse.REVIEW, message.id)}"
    monkeypatch.setattr(page, "now", lambda: LOYALTY + timedelta(hours=1))
    yield (await mail.http.get(link)).text
    good = {"item": "mug", "stars": "4", "text": "Stoneware.", "author": "named"}
    mistakes = ({"item": "other"}, {"stars": "9"}, {"text": "https://x.example"}, {"text": "x" * 9_000})
    for form in ({}, *mistakes, {"text": "Heavy."}):
        yield (await mail.http.post(link, data={**good, **form}, follow_redirects=True)).text
    for move, why in ((Move.PUBLISH, None), *((Move.REJECT, why) for why in Rejection)):
        with mail.database.transaction() as session:
            moderate(session, 1, Decision(move, why), LOYALTY)
        yield (await mail.http.get(link)).text
    monkeypatch.setattr(page, "now", lambda: LOYALTY + timedelta(days=900))
    yield (await mail.http.get(link)).text


@pytest.mark.parametrize(("language", "tone"), [*product(LANGUAGES, [None, *TONES])])
async def test_no_page_mixes_two_forms_of_address(
    mail: Mail, language: str, tone: Tone | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each page that a customer can get is in the brand's tone; without one, as mails are."""
    person = {"email": "eva@example.com", "phone": "+12025550177", "first_name": "Eva"}
    mail.save("c-2", **person, language=language, consents=[])
    mail.enrol("o-2", "c-2", tone)
    message = mail.claim("o-2")
    pages = [text async for text in preference_pages(mail, message)]
    pages += [text async for text in review_pages(mail, message, monkeypatch)]
    said = [addressed(read(text), language) for text in pages]
    assert set().union(*said) == {tone or OWN[language]}
    assert said.count(set()) <= 2, "what a mail program is answered, and that it is too late"


@pytest.mark.parametrize(("language", "tone"), [*product(LANGUAGES, [None, *TONES])])
def test_every_word_of_the_pages_keeps_to_the_tone(language: str, tone: Tone | None) -> None:
    """Those too that no page above shows: an address that is missing, data that was erased."""
    own = tone or OWN[language]
    for key, word in page_words(language, tone=tone).words.entries.items():
        text = word if isinstance(word, str) else " ".join(word.values())
        assert addressed(text, language) <= {own}, (key, text)


@pytest.mark.parametrize(("language", "tone"), [*product(LANGUAGES, TONES)])
def test_answers_to_texts_are_in_the_tone(language: str, tone: Tone) -> None:
    """What STOP, START and HELP are answered, and a START that changes nothing."""
    brand = default_definition().brand.model_copy(update={"tone": tone})
    got = [Received(intent, changed=True) for intent in (Intent.STOP, Intent.START, Intent.HELP)]
    got.append(Received(Intent.START, changed=False, still_out=True))
    answers = [answer_to(one, brand, language) or "" for one in got]
    said = [addressed(answer.replace("STOP pour ne plus recevoir", ""), language) for answer in answers]
    assert all(tones <= {tone} for tones in said), answers
    assert {tone} in said


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_page_without_a_brand_addresses_nobody(mail: Mail, language: str) -> None:
    """A link that is none of ours, and a database that is away: whose customer it is, is not known."""
    gone = await mail.http.get("/unsubscribe/none", headers={"Accept-Language": language})
    t = page_words(language)
    shown = f"{read(gone.text)} {t('later')} {t('later_why')}"
    assert t("gone") in gone.text
    assert addressed(shown, language) == set()


def test_a_country_has_the_tone_of_its_language() -> None:
    """An Austrian reads the German words with the brand's tone; English makes no difference."""
    assert page_words("de-AT", tone="formal")("preferences") == "Was wir Ihnen schicken"
    assert page_words("pl", "de-AT")("preferences") == "Was wir dir schicken"
    assert page_words("en", tone="formal").words is page_words("en").words
