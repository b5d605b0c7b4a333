"""What an SMS costs, shown before it is sent, and characters that need not double it."""

# ruff: noqa: RUF001 - characters that look like others are what these tests are about

from __future__ import annotations

import shutil
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from campaign.definition.loading import parse_definition
from campaign.errors import BadCampaign
from campaign.wire import Customer as Contact
from campaign.wire import Product
from content.checking.examples import full_example
from content.context import Customer
from content.gathering import brand_of
from content.loading import load_campaign
from content.rendering import render_sms
from content.sms import GSM7, UCS2, fix_template, measure, sms_segments, to_gsm7
from content.sms_report import Longest, fix_sms_templates, sms_costs, too_long
from starter.__main__ import app
from starter.commands.sms_costs import longest_values
from storage.database import Database
from storage.migrate import upgrade
from storage.queries.people.customers import save_customer
from storage.queries.shop.catalogue import save_product
from tests.facts import CAMPAIGN, ROOT, default_definition

CONTENT = ROOT / "content" / "default"
DEFINITION = default_definition()
FULL = full_example(brand_of(DEFINITION))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the templates to change, in English only: other languages have costs of their own."""
    languages = shutil.ignore_patterns("de*", "es*", "fr*")
    return shutil.copytree(CONTENT, tmp_path / "content", ignore=languages)


def write(folder: Path, text: str) -> None:
    """Put text before the thank-you SMS."""
    file = folder / "sms" / "thank_you.txt.j2"
    file.write_text(text + file.read_text("utf-8"), "utf-8")


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 152 + "€" * 5, 2),
        ("€" * 153, 3),
        ("ж" * 70, 1),
        ("ж" * 71, 2),
        ("ж" * 134, 2),
        ("ж" * 135, 3),
        ("🌲" * 35, 1),
        ("🌲" * 67, 3),
        ("", 1),
    ],
)
def test_segments_are_counted_as_networks_do(text: str, segments: int) -> None:
    """160/153 septets, an extension character takes two and is never cut; 70/67 units, an emoji takes two."""
    assert sms_segments(text) == segments


@given(st.text(max_size=400))
def test_no_text_takes_less_than_its_units(text: str) -> None:
    """Segments are never fewer than the units need, and at most one more a part than without cutting."""
    size = measure(text)
    single, part = (160, 153) if size.encoding == GSM7 else (70, 67)
    assert (size.segments == 1) == (size.units <= single)
    if size.segments > 1:
        assert -(-size.units // part) <= size.segments <= -(-size.units // (part - 1))


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("It’s “here” – now… ™", 'It\'s "here" - now... TM'),
        ("Zoë Świętosławski & Çağrı", "Zoe Swietoslawski & Çagri"),
        ("naïve résumé café", "naive résumé café"),
        ("e\u0301te\u0301", "été"),
        ("🌲 Thank you ❤\ufe0f!", "Thank you !"),
        ("10\u00a0€", "10 €"),
        ("½ off", "1/2 off"),
        ("Дмитрий’s order", "Дмитрий’s order"),
        ("李", "李"),
    ],
)
def test_plain_characters(text: str, plain: str) -> None:
    """Quotes, dashes, marks and emoji give way; a name in another script keeps the text as it is."""
    assert to_gsm7(text) == plain


@given(st.text(max_size=200))
def test_plain_text_is_all_plain_or_as_it_was(text: str) -> None:
    """Either all of it fits GSM-7, or not a character was changed; doing it twice changes nothing."""
    written = to_gsm7(text)
    assert measure(written).encoding == GSM7 or written == text
    assert to_gsm7(written) == written


@given(st.text(alphabet=st.characters(categories=("L", "N", "Sc")), min_size=1, max_size=30))
def test_no_letter_is_lost(text: str) -> None:
    """Written in GSM-7, each letter, digit and currency sign of a text stays something."""
    written = to_gsm7(text)
    assert written == text or len(written.replace(" ", "")) >= len(unicodedata.normalize("NFC", text))


def test_only_a_templates_own_text_is_fixed() -> None:
    """Words are made plain; expressions, tags and comments of Jinja2 stay to the letter."""
    source = "It’s {{ offer.text | replace('–', '…') }} – {# “why” #}{% if x == '’' %}…{% endif %} ж"
    fixed = "It's {{ offer.text | replace('–', '…') }} - {# “why” #}{% if x == '’' %}...{% endif %} ж"
    assert fix_template(source) == fixed


def test_names_are_plain_where_the_brand_wants_it(folder: Path) -> None:
    """With the setting a customer's ś is an s; without it she is written as she writes herself."""
    write(folder, "{{ customer.first_name }}, it’s here. ")
    context = FULL.model_copy(update={"customer": Customer(first_name="Świętosława")})
    assert render_sms(folder, "thank_you", context).text.startswith("Swietoslawa, it's here.")
    as_written = context.brand.model_copy(update={"sms_plain_characters": False})
    context = context.model_copy(update={"brand": as_written})
    assert render_sms(folder, "thank_you", context).text.startswith("Świętosława, it’s here.")


def as_written() -> str:
    """The default campaign without plain characters."""
    return CAMPAIGN.read_text("utf-8").replace("sms_plain_characters = true", "sms_plain_characters = false")


def test_what_forces_ucs2_is_named_with_its_fix(folder: Path) -> None:
    """The template's own characters and those of values are distinguished, each with what to write."""
    write(folder, "{{ customer.first_name }}, it’s ж. ")
    definition = parse_definition(as_written())
    context = full_example(brand_of(definition))
    costs = {cost.file: cost for cost in sms_costs(definition, folder, context, Longest(["Łucja"]))}
    cost = costs["sms/thank_you.txt.j2"]
    assert (cost.own, cost.values) == ({"’": "'", "ж": None}, {"Ł": "L"})
    assert (cost.size.encoding, cost.size.segments) == (UCS2, 3)
    assert costs["sms/opt_in.txt.j2"].size.encoding == GSM7


def test_the_longest_offer_and_values_are_what_is_measured(folder: Path) -> None:
    """The real offers' words and the longest names decide, and a link counts as it will be sent."""
    write(folder, "{{ order.lines[0].name }} ")
    (first, *_), (longer, *_) = (
        [c for c in sms_costs(DEFINITION, folder, FULL, Longest(product_names=names)) if "thank" in c.file]
        for names in (["Mug"], ["Mug", "M" * 190])
    )
    # The text in front grows by 187, the thank-you's own mention only to the 36 that it has room for.
    assert longer.size.units - first.size.units == 187 + 33
    assert (first.size.segments, longer.size.segments) == (1, 3)
    short = sms_costs(DEFINITION, folder, FULL, link="https://a.co/c/12345678")
    long = sms_costs(DEFINITION, folder, FULL)
    saved = len(DEFINITION.brand.share_url) - len("https://a.co/c/12345678")
    assert {c.file: c.size.units for c in long}["sms/thank_you.txt.j2"] == saved + {
        c.file: c.size.units for c in short
    }["sms/thank_you.txt.j2"]


def test_too_long_is_a_mistake_listed_with_the_others(folder: Path) -> None:
    """Length and other mistakes of several templates come in one list; a broken one is not measured."""
    write(folder, "Thank you " * 60)
    (folder / "sms" / "opt_in.txt.j2").write_text("{{ nobody }}", "utf-8")
    with pytest.raises(BadCampaign) as caught:
        load_campaign(CAMPAIGN, folder)
    found = [str(problem) for problem in caught.value.problems]
    assert any("thank_you.txt.j2: takes 5 SMS segments" in problem for problem in found), found
    assert any("opt_in.txt.j2:1: nobody is not defined" in problem for problem in found), found


def test_what_would_make_it_short_enough_is_said(folder: Path) -> None:
    """Of a text that is too long only for its characters, the remedy is named."""
    write(folder, "It’s " + "long " * 40 + "{{ customer.first_name }} ")
    definition = parse_definition(as_written())
    context = full_example(brand_of(definition))
    (problem,) = too_long(sms_costs(definition, folder, context, Longest(["Łucja"])))
    assert problem.fix.endswith("check --fix-sms` and brand.sms_plain_characters = true")
    assert fix_sms_templates(folder, ["thank_you", "opt_in"]) == ["sms/thank_you.txt.j2"]
    assert too_long(sms_costs(definition, folder, context, Longest(["Lucja"]))) == []


def test_translations_are_fixed_too(folder: Path) -> None:
    """What makes a text of a language's folder dear is replaced there as well."""
    translated = folder / "fr" / "sms" / "thank_you.txt.j2"
    translated.parent.mkdir(parents=True)
    translated.write_text("L’avis de {{ customer.first_name }}", "utf-8")
    assert fix_sms_templates(folder, ["thank_you"]) == ["fr/sms/thank_you.txt.j2"]
    assert translated.read_text("utf-8") == "L'avis de {{ customer.first_name }}"


def test_check_prints_the_costs_and_fixes_the_templates(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``check`` shows every SMS with encoding, segments and offers; ``--fix-sms`` takes them up."""
    monkeypatch.setenv("AFTERGLOW_DATABASE_URL", f"sqlite:///{tmp_path / 'none.db'}")
    monkeypatch.setenv("COLUMNS", "200")
    write(folder, "It’s here… ")
    campaign = tmp_path / "campaign.toml"
    campaign.write_text(as_written(), "utf-8")
    arguments = ["check", str(campaign), "--templates", str(folder)]
    shown = CliRunner().invoke(app, arguments)
    assert shown.exit_code == 0, shown.output
    assert "’ (right single quotation mark): write '" in shown.output
    fixed = CliRunner().invoke(app, [*arguments, "--fix-sms"])
    assert "SMS templates changed: sms/thank_you.txt.j2" in fixed.output
    assert "UCS-2 because" not in fixed.output
    assert (folder / "sms" / "thank_you.txt.j2").read_text("utf-8").startswith("It's here... ")
    assert not (tmp_path / "none.db").exists()


def test_the_longest_values_are_the_shops_own(tmp_path: Path) -> None:
    """Names are read from the shop's data where there is some, and no database is made for it."""
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    assert longest_values(url) == Longest()
    database = Database(url)
    upgrade(database)
    with database.transaction() as session:
        for number, name in enumerate(("Ada", "Wilhelmina", None)):
            save_customer(session, Contact(customer_id=f"c-{number}", first_name=name))
        save_product(
            session,
            Product.model_validate(
                {"sku": "m", "name": "Mug", "url": "https://a.example/", "price": "1", "currency": "USD",
                 "added_at": datetime(2026, 1, 1, tzinfo=UTC)}
            ),
        )  # fmt: skip
    database.close()
    assert longest_values(url) == Longest(["Wilhelmina", "Ada"], ["Mug"])
    assert longest_values(f"sqlite:///{CAMPAIGN}") == Longest()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"Reply STOP to opt out"', '"Reply NO to opt out"', "brand.sms_opt_out.en: names no word"),
        ('"Abmelden: STOP"', '"Niemals"', "brand.sms_opt_out.de: names no word"),
        ("1 Sample Street, Portland, OR 97201", "Sample Street", "brand.postal_address: has no number"),
    ],
)
def test_what_law_wants_does_what_it_is_there_for(old: str, new: str, expected: str) -> None:
    """An opt-out that no parser knows, or an address that no letter reaches, is refused."""
    text = CAMPAIGN.read_text("utf-8")
    assert old in text
    with pytest.raises(BadCampaign) as caught:
        parse_definition(text.replace(old, new))
    assert any(expected in str(problem) for problem in caught.value.problems)
