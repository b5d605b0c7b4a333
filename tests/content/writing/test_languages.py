"""Messages in the customer's language: which one, its words, plurals and formats; and what it lacks."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from campaign.errors import BadCampaign
from campaign.languages import formats
from campaign.languages.tags import accepted, direction, tag_of
from campaign.languages.tones import TONES
from campaign.languages.words import parse_words
from campaign.reasons import Channel
from content.checking.examples import full_example, joined_example
from content.checking.languages.translations import translation_problems
from content.checking.rendered import check_templates
from content.context import MessageContext
from content.gathering import brand_of
from content.loading import wanted_templates
from content.rendering import render_email, render_sms
from content.sms import sms_segments
from content.sms_report import MAX_SMS_SEGMENTS, sms_costs
from content.writing.language import Wanted, language_folders, written_in
from tests.facts import ROOT, default_definition

CONTENT = ROOT / "content" / "default"
DEFINITION = default_definition()
BRAND = brand_of(DEFINITION)
FULL = full_example(BRAND)
EMAILS = sorted(path.name.partition(".")[0] for path in (CONTENT / "email").glob("[a-z]*.j2"))
MESSAGES = sorted(path.name.partition(".")[0] for path in (CONTENT / "sms").glob("[a-z]*.j2"))
ALL = [(Channel.EMAIL, name) for name in EMAILS] + [(Channel.SMS, name) for name in MESSAGES]
WHOLE = ("de", "es", "fr")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the marketer's folder to change."""
    return shutil.copytree(CONTENT, tmp_path / "content")


def reader(language: str, context: MessageContext = FULL, **brand: str) -> MessageContext:
    """The context of a customer who reads this language."""
    changed = BRAND.model_copy(update={**brand, "sms_opt_out": brand_of(DEFINITION, language).sms_opt_out})
    return context.model_copy(update={"language": language, "brand": changed})


@pytest.mark.parametrize(
    ("tag", "shop", "expected"),
    [
        ("de", "en", ("de/email/thank_you.mjml.j2", "de", "de")),
        ("de-AT", "en", ("de/email/thank_you.mjml.j2", "de", "de-AT")),
        ("en-GB", "de", ("email/thank_you.mjml.j2", "en", "en-GB")),
        ("pl-PL", "fr", ("fr/email/thank_you.mjml.j2", "fr", "fr")),
        ("pl", "pl", ("email/thank_you.mjml.j2", "en", "en")),
    ],
)
def test_the_customers_language_comes_first_then_the_shops(
    tag: str, shop: str, expected: tuple[str, str, str]
) -> None:
    """de-AT is German with Austria's formats; who reads Polish gets the shop's language, else English."""
    file, language = written_in(CONTENT, "email/thank_you.mjml.j2", Wanted(tag, shop))
    assert (file, language.name, language.tag) == expected


def test_a_template_that_a_language_lacks_is_taken_whole_from_the_next(folder: Path) -> None:
    """An English email is English in its foot, its dates and its lang as well."""
    (folder / "de" / "email" / "win_back_best.mjml.j2").unlink()
    content = render_email(folder, "win_back_best", reader("de"))
    assert '<html lang="en"' in content.html
    assert "Valid until March 5, 2026." in content.text
    assert "You receive this email" in content.text
    german = render_email(folder, "win_back_soft", reader("de"))
    assert '<html lang="de"' in german.html
    assert "Du bekommst diese E-Mail" in german.text


@pytest.mark.parametrize("language", WHOLE)
@pytest.mark.parametrize("name", EMAILS)
def test_no_word_of_another_language_is_left(name: str, language: str) -> None:
    """The foot, the labels and the text of an email are in its language, and its html says so."""
    content = render_email(CONTENT, name, reader(language, joined_example(BRAND)))
    assert f'<html lang="{language}" dir="ltr"' in content.html
    english = r"\b(the|your|and|with|until|order|reviews?|unsubscribe:|out of)\b"
    shown = re.sub(
        r"https?://\S+|Stoneware mug|My .*?\.|Once per customer\.|10% off your next order", "", content.text
    )
    assert not re.findall(english, shown), shown


@pytest.mark.parametrize("language", ["en", *WHOLE])
@pytest.mark.parametrize("name", MESSAGES)
def test_an_sms_takes_one_segment_or_two_in_every_language(name: str, language: str) -> None:
    """With usual values; and it ends with the opt-out in the same language."""
    context = reader(language)
    text = render_sms(CONTENT, name, context).text
    assert sms_segments(text) <= 2
    assert context.brand.sms_opt_out in text


def test_the_longest_sms_of_every_language_is_measured() -> None:
    """`check` lists every language's template, each within the bound."""
    costs = sms_costs(DEFINITION, CONTENT, FULL)
    files = {cost.file for cost in costs}
    assert {"sms/thank_you.txt.j2", "de/sms/thank_you.txt.j2", "fr/sms/opt_in.txt.j2"} <= files
    assert max(cost.size.segments for cost in costs) < MAX_SMS_SEGMENTS


def test_money_and_dates_are_those_of_the_country() -> None:
    """CLDR's: the symbol's place, the separators, the months."""
    at = datetime(2026, 3, 5, tzinfo=UTC)
    tags = ("de", "de-AT", "fr", "es", "en-GB")
    written = [re.sub(r"\s", " ", formats.money(tag, Decimal("1234.5"), "EUR")) for tag in tags]
    assert written == ["1.234,50 €", "€ 1.234,50", "1 234,50 €", "1.234,50 €", "€1,234.50"]
    assert [formats.day(tag, at) for tag in ("de", "fr", "es", "en-US", "en-GB")] == [
        "5. März 2026", "5 mars 2026", "5 de marzo de 2026", "March 5, 2026", "5 March 2026",
    ]  # fmt: skip
    assert tag_of("de", "AT") == "de-AT"
    assert tag_of("pt_br") == "pt-BR"
    assert tag_of("de", "PL") == "de"
    assert (direction("ar"), direction("de")) == ("rtl", "ltr")


def test_plurals_follow_the_languages_own_rules() -> None:
    """Polish has a few; French counts none as one."""
    words = parse_words('n = { one = "1", few = "few", many = "many", other = "other" }', "w", "pl")
    assert [words.form("n", count) for count in (1, 3, 5)] == ["1", "few", "many"]
    french = parse_words('n = { one = "un", other = "des" }', "w", "fr")
    assert [french.form("n", count) for count in (0, 1, 2)] == ["un", "un", "des"]


def test_the_most_wanted_language_of_a_browser_comes_first() -> None:
    """Accept-Language by its weights; what is no language, or is refused, is left out."""
    assert accepted("fr;q=0.4, de-AT, en;q=0.8, *;q=0.1, xx9, es;q=0") == ["de-AT", "en", "fr"]
    assert accepted(None) == []


def test_the_default_languages_lack_nothing() -> None:
    """Every template, block and word is there in German, Spanish and French, with the same values in it."""
    assert set(WHOLE) <= set(language_folders(CONTENT))
    assert translation_problems(CONTENT, ALL) == []
    for tone in (None, *TONES):
        assert check_templates(CONTENT, ALL, BRAND.model_copy(update={"tone": tone})) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("de/words.toml", 'rate = "', '# rate = "', r"de/words.toml: does not translate rate \("),
        ("de/words.toml", "{date}", "{day}", r"de/words.toml:\d+: valid_until lacks date and adds day"),
        ("fr/words.toml", "visit =", "visti =", r"fr/words.toml:\d+: visti is not in words.toml"),
        ("es/email/thank_you.mjml.j2", "block share %}", "block shar %}",
         r"es/email/thank_you.mjml.j2: does not translate block share \(email/thank_you.mjml.j2:\d+\)"),
        ("es/email/thank_you.mjml.j2", "block share %}", "block shar %}",
         r"es/email/thank_you.mjml.j2:\d+: block shar is not in email/thank_you.mjml.j2"),
        ("de/email/win_back_soft.mjml.j2", "{{ order.placed_at | day }}", "neulich",
         r"de/email/win_back_soft.mjml.j2:\d+: block intro lacks order.placed_at"),
        ("fr/sms/win_back_best.txt.j2", "{{ offer.code }}", "le code",
         r"fr/sms/win_back_best.txt.j2:1: it lacks offer.code"),
    ],
)  # fmt: skip
def test_what_a_translation_lacks_is_found(
    folder: Path, file: str, old: str, new: str, expected: str
) -> None:
    """A word, a block or a value that is missing or is too much is named with its file and line."""
    text = (folder / file).read_text("utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), "utf-8")
    found = [str(problem) for problem in translation_problems(folder, ALL)]
    assert any(re.match(expected, problem) for problem in found), found


def test_a_template_that_a_language_lacks_is_named(folder: Path) -> None:
    """A missing file is a finding, and no fault: customers get the next language."""
    (folder / "fr" / "sms" / "thank_you.txt.j2").unlink()
    (problem,) = translation_problems(folder, ALL)
    assert str(problem).startswith("fr/sms/thank_you.txt.j2: is missing")
    assert check_templates(folder, wanted_templates(DEFINITION), BRAND) == []


def test_a_fault_in_a_translation_is_found_in_its_own_file(folder: Path) -> None:
    """A name that is not there, in a block that few customers get."""
    file = folder / "de" / "email" / "loyalty_vip.mjml.j2"
    file.write_text(file.read_text("utf-8").replace("order_count }}", "oder_count }}"), "utf-8")
    found = [str(problem) for problem in check_templates(folder, wanted_templates(DEFINITION), BRAND)]
    assert any(
        re.match(r"de/email/loyalty_vip\.mjml\.j2:\d+: oder_count is not defined", one) for one in found
    )


@pytest.mark.parametrize(
    ("tag", "tone", "shown"),
    [
        ("de", None, "Danke für deine Bestellung"),
        ("de-AT", "formal", "Vielen Dank für Ihre Bestellung"),
        ("es", "formal", "Gracias por su pedido"),
        ("fr", "formal", "Merci pour votre commande"),
        ("fr", "informal", "Merci pour ta commande"),
        ("en", "formal", "Thank you for your order"),
    ],
)
def test_the_tone_chooses_how_customers_are_addressed(tag: str, tone: str | None, shown: str) -> None:
    """Sie or du, in every block and word that differs; a language without that tone has its own."""
    context = reader(tag).model_copy(update={"brand": BRAND.model_copy(update={"tone": tone})})
    content = render_email(CONTENT, "thank_you", context)
    assert content.subject.startswith(shown)
    assert "deine" not in content.text or tone is None
    assert "vous" not in content.text or (tag, tone) != ("fr", "informal")


@pytest.mark.parametrize(
    ("folder", "other"),
    [
        ("de-formal", r"\b(du|dich|dir|dein\w*)\b"),
        ("es-formal", r"\b(tú|te|ti|tu|tus|tienes|quieres)\b"),
        ("fr-informal", r"\b(vous|votre|vos)\b"),
    ],
)
def test_no_word_of_the_other_tone_is_left(folder: str, other: str) -> None:
    """In no email and no SMS, with everything that they can show."""
    tone = folder.partition("-")[2]
    offer = FULL.offer and FULL.offer.model_copy(update={"text": "20 %"})
    context = reader(folder.partition("-")[0], FULL.model_copy(update={"offer": offer, "order_count": 3}))
    context = context.model_copy(update={"brand": context.brand.model_copy(update={"tone": tone})})
    for name in EMAILS:
        content = render_email(CONTENT, name, context)
        shown = f"{content.subject} {content.preheader} {content.text}"
        assert not re.findall(other, shown, re.IGNORECASE), (name, shown)
    for name in MESSAGES:
        text = render_sms(CONTENT, name, context).text
        assert not re.findall(other, text, re.IGNORECASE), (name, text)
        assert sms_segments(text) <= 2


def test_a_word_that_is_not_there_is_found(folder: Path) -> None:
    """Also in a branch that no example takes; words that are no texts are refused with their key."""
    file = folder / "email" / "thank_you.mjml.j2"
    file.write_text(file.read_text("utf-8") + '{% if order_count > 99 %}{{ t("vist") }}{% endif %}', "utf-8")
    found = [str(problem) for problem in check_templates(folder, wanted_templates(DEFINITION), BRAND)]
    assert any("no such word: vist - did you mean visit?" in problem for problem in found), found
    with pytest.raises(BadCampaign, match=r"de/words\.toml: a: is not a text"):
        parse_words("a = 1", "de/words.toml")
