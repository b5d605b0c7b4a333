"""The customers' pages in their own language, else in the browser's; the ledger keeps the same words."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files

import pytest
from sqlmodel import col, select

from campaign.customers.keywords import Intent, intent_of
from campaign.definition.localized import in_language
from campaign.languages.words import placeholders
from intake.received_replies import Received
from storage.tables import ConsentRow, CustomerRow
from tests.facts import default_definition
from tests.mail import Mail, preferences, unsubscribe
from web.hooks.twilio import answer_to
from web.pages.page_words import LANGUAGES, page_words

WORDS = {
    language: tomllib.loads(files("web.pages").joinpath("words", f"{language}.toml").read_text("utf-8"))
    for language in LANGUAGES
}
BRAND = default_definition().brand


def speaks(mail: Mail, language: str | None) -> None:
    """Give the customer a language."""
    with mail.database.transaction() as session:
        customer = session.exec(select(CustomerRow)).one()
        customer.language = language
        session.add(customer)


@pytest.mark.parametrize(
    ("language", "browser", "heading", "lang"),
    [
        ("de-AT", "fr", "Abmelden?", "de"),
        (None, "pl, fr;q=0.8, en;q=0.5", "Vous désabonner\u202f?", "fr"),
        (None, "pl", "Unsubscribe?", "en"),
        ("es", "", "¿Darte de baja?", "es"),
    ],
)
async def test_a_page_is_in_the_customers_language(
    mail: Mail, language: str | None, browser: str, heading: str, lang: str
) -> None:
    """Their own comes first, then what the browser names; English where neither is there."""
    speaks(mail, language)
    page = await mail.http.get(unsubscribe(mail.claim()), headers={"Accept-Language": browser})
    assert f"<h1>{heading}</h1>" in page.text
    assert f'<html lang="{lang}" dir="ltr">' in page.text


async def test_the_ledger_keeps_the_words_that_were_shown(mail: Mail) -> None:
    """What a German customer declares is kept in German."""
    speaks(mail, "de")
    message = mail.claim()
    shown = await mail.http.get(unsubscribe(message))
    done = await mail.http.post(unsubscribe(message))
    assert "Du bist abgemeldet" in done.text
    with mail.database.transaction() as session:
        newest = select(ConsentRow).order_by(col(ConsentRow.id).desc()).limit(1)
        wording = session.exec(newest).one().wording
    assert wording == "Ich möchte keine Neuigkeiten und Angebote von Juniper & Pine per E-Mail mehr."
    assert wording.replace("&", "&amp;") in shown.text


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_preference_page_has_no_word_of_another_language(mail: Mail, language: str) -> None:
    """Labels, hints and terms: nothing is left in English on a page that is not."""
    speaks(mail, language)
    page = await mail.http.get(preferences(mail.claim()))
    shown = re.sub(
        r"<[^>]*>|Pine|&amp;|\S+@\S+", " ", page.text.partition("<main>")[2].partition("</main>")[0]
    )
    english = re.findall(r"\b(the|you|and|send|save|with|how|fewer)\b", shown, re.IGNORECASE)
    assert bool(english) == (language == "en"), english


async def test_a_link_that_is_none_is_answered_in_the_browsers_language(mail: Mail) -> None:
    """There is no customer to know the language of."""
    page = await mail.http.get("/unsubscribe/none", headers={"Accept-Language": "de"})
    assert page.status_code == 404
    assert "Dieser Link funktioniert nicht" in page.text


def test_every_language_has_every_word_with_the_same_values() -> None:
    """Nothing is missing, and no placeholder is lost."""
    for language in LANGUAGES:
        assert WORDS[language].keys() == WORDS["en"].keys()
        for key, word in WORDS[language].items():
            assert placeholders(word) == placeholders(WORDS["en"][key]), (language, key)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_page_or_an_sms_says_to_reply_is_understood(language: str) -> None:
    """STOP, YES and HELP as each language's words name them, and the SMS' own opt-out."""
    t = page_words(language)
    confirm = {"en": "YES", "de": "JA", "es": "SI", "fr": "OUI"}[language]
    assert confirm in t("sms_confirm")
    assert intent_of(confirm) is Intent.CONFIRM
    help_word = {"en": "HELP", "de": "HILFE", "es": "AYUDA", "fr": "AIDE"}[language]
    assert help_word in t("sms_terms")
    assert intent_of(help_word) is Intent.HELP
    assert "STOP" in in_language(BRAND.sms_opt_out, language)
    assert intent_of("STOP") is Intent.STOP


def test_answers_to_texts_are_in_the_customers_language() -> None:
    """A STOP from a German customer is confirmed in German, with the German opt-out after a START."""
    assert answer_to(Received(Intent.STOP, changed=True), BRAND, "de") == (
        "Juniper & Pine: Du bist abgemeldet und erhältst keine SMS mehr von uns."
    )
    signed_up = answer_to(Received(Intent.START, changed=True), BRAND, "fr") or ""
    assert signed_up.endswith("STOP pour ne plus recevoir.")
