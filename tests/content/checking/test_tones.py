"""What `check` finds where a text addresses customers otherwise than the brand's tone says."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from campaign.definition.loading import parse_definition
from campaign.definition.model import Definition
from campaign.languages.tones import TONES, Tone, address_in
from content.checking.languages.tones import tone_problems
from content.loading import wanted_templates
from content.verticals.presets import preset, preset_files, preset_names
from tests.facts import CAMPAIGN, ROOT, default_definition

CONTENT = ROOT / "content" / "default"
TEXT = CAMPAIGN.read_text("utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the default templates."""
    return Path(shutil.copytree(CONTENT, tmp_path / "templates"))


def in_tone(definition: Definition, tone: Tone | None) -> Definition:
    """A campaign whose brand has a tone."""
    return definition.model_copy(update={"brand": definition.brand.model_copy(update={"tone": tone})})


def problems(definition: Definition, folder: Path) -> list[str]:
    """What is found."""
    return [str(p) for p in tone_problems(definition, folder, wanted_templates(definition), "campaign.toml")]


@pytest.mark.parametrize("tone", [None, *TONES])
@pytest.mark.parametrize("vertical", [None, *preset_names()])
def test_what_ships_has_both_tones(vertical: str | None, tone: Tone | None, tmp_path: Path) -> None:
    """The default campaign and every vertical's, without a tone too: nothing is in the other one."""
    for path, text in preset_files(preset(vertical) if vertical else None):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, "utf-8")
    definition = parse_definition((tmp_path / "campaign.toml").read_text("utf-8"))
    assert problems(in_tone(definition, tone), tmp_path) == []


def test_a_template_without_the_tone_is_named_with_line_word_and_fix(folder: Path) -> None:
    """Of a missing SMS the whole file, of a missing block its line; the file that is to have it is named."""
    (folder / "de-formal" / "sms" / "win_back_best.txt.j2").unlink()
    email = folder / "es-formal" / "email" / "win_back_soft.mjml.j2"
    lines = email.read_text("utf-8").splitlines(keepends=True)
    email.write_text("".join(line for line in lines if "block no_hurry" not in line), "utf-8")
    sms, block = problems(in_tone(default_definition(), "formal"), folder)
    assert sms == (
        'de/sms/win_back_best.txt.j2:1: it says "dich", and the brand\'s tone is formal - '
        "write it in that tone in de-formal/sms/win_back_best.txt.j2"
    )
    assert block == (
        'es/email/win_back_soft.mjml.j2:9: block no_hurry says "Pásate", and the brand\'s tone is formal - '
        "write it in that tone in es-formal/email/win_back_soft.mjml.j2"
    )
    assert problems(in_tone(default_definition(), None), folder) == []
    assert problems(in_tone(default_definition(), "informal"), folder) == []


def test_a_word_without_the_tone_is_named(folder: Path) -> None:
    """Where the folder lacks it, and where it has it in the other tone."""
    words = folder / "fr-informal" / "words.toml"
    words.write_text(
        words.read_text("utf-8").replace("your_offer =", "# your_offer =").replace("Ton code", "Votre code"),
        "utf-8",
    )
    wrong, missing = problems(in_tone(default_definition(), "informal"), folder)
    assert wrong == (
        'fr-informal/words.toml:4: code says "Votre", and the brand\'s tone is informal - '
        "write it in that tone"
    )
    assert missing.startswith('fr/words.toml:23: your_offer says "vous", and the brand\'s tone is informal')
    assert missing.endswith("in fr-informal/words.toml")


def test_the_campaigns_own_words_may_have_a_tone() -> None:
    """An offer that says deine is found, until de-formal says it otherwise; then formal brands show that."""
    toneless = TEXT.replace("auf die nächste Bestellung", "auf deine nächste Bestellung")
    formal = in_tone(parse_definition(toneless), "formal")
    (problem,) = problems(formal, CONTENT)
    assert problem == (
        'campaign.toml: offers.welcome.text: de says "deine", and the brand\'s tone is formal - '
        'add de-formal = "..."'
    )
    also = 'auf deine nächste Bestellung", de-formal = "10 % auf Ihre nächste Bestellung"'
    both = toneless.replace('auf deine nächste Bestellung"', also)
    formal = in_tone(parse_definition(both), "formal")
    assert problems(formal, CONTENT) == []
    offer = formal.offers["welcome"]
    assert offer.text_in("de-AT", "en", tone="formal") == "10 % auf Ihre nächste Bestellung"
    assert offer.text_in("de-AT", "en").endswith("auf deine nächste Bestellung")


def test_without_a_tone_messages_are_to_be_as_the_pages_are(folder: Path) -> None:
    """A shop that has written Sie into de/ and no tone has pages that say du: the setting is named."""
    opt_in = folder / "de" / "sms" / "opt_in.txt.j2"
    opt_in.write_text((folder / "de-formal" / "sms" / "opt_in.txt.j2").read_text("utf-8"), "utf-8")
    (problem,) = problems(default_definition(), folder)
    assert problem == (
        'de/sms/opt_in.txt.j2:1: it says "Sie", and without a tone de is informal, on pages too - '
        'write it in that tone, or tone = "formal" in [brand]'
    )
    assert problems(in_tone(default_definition(), "formal"), folder) == []
    polite = TEXT.replace("auf die nächste Bestellung", "auf Ihre nächste Bestellung")
    (offer,) = problems(parse_definition(polite), CONTENT)
    assert offer.startswith('campaign.toml: offers.welcome.text: de says "Ihre", and without a tone de is')
    assert offer.endswith('write it in that tone, or tone = "formal" in [brand]')


def test_a_single_text_is_in_the_shops_language() -> None:
    """A shop of one language writes no tables: its offers, and its own answer to HELP."""
    german = TEXT.replace('time_zone = "America/New_York"', 'time_zone = "Europe/Berlin"\nlanguage = "de"')
    german = german.replace("[brand]", '[brand]\ntone = "formal"\nsms_help = "Wir helfen dir."', 1)
    (problem,) = problems(parse_definition(german), CONTENT)
    assert problem.startswith('campaign.toml: brand.sms_help: it says "dir", and the brand\'s tone is formal')


def test_a_top_folder_in_german_is_looked_at_too(folder: Path) -> None:
    """A shop that writes in German alone has no de/: its top folder is what customers read."""
    for name in ("de", "de-formal", "es", "es-formal", "fr", "fr-informal"):
        shutil.rmtree(folder / name)
    shutil.copytree(CONTENT / "de" / "sms", folder / "sms", dirs_exist_ok=True)
    words = (CONTENT / "de" / "words.toml").read_text("utf-8")
    (folder / "words.toml").write_text(f'language = "de"\n{words}', "utf-8")
    found = problems(in_tone(default_definition(), "formal"), folder)
    assert any(one.startswith('words.toml:24: your_offer says "dich"') for one in found), found
    assert any(
        one.startswith("sms/opt_in.txt.j2:1: it says") and one.endswith("in de-formal/sms/opt_in.txt.j2")
        for one in found
    ), found


@pytest.mark.parametrize(
    ("language", "tone", "text", "found"),
    [
        ("de", "formal", "Eine Minute, ein paar Worte: Sie helfen anderen.", None),
        ("de", "formal", "Gleich können Sie wählen.", "Sie"),
        ("de", "informal", '<p dir="rtl">', None),
        ("de-AT", "informal", "Wähle eines", "Wähle"),
        ("es", "formal", "El té y su aroma", None),
        ("fr", "formal", "Chez nous, assez de place. Rendez-vous samedi.", None),
        ("fr", "formal", "Répondez OUI", "Répondez"),
        ("fr", "informal", "nous t’écrivons", "t’"),  # noqa: RUF001 - as French is written
        ("en", "formal", "You", None),
        ("pl", "informal", "Twój kod", None),
    ],
)
def test_words_that_are_said_of_others_do_not_count(
    language: str, tone: Tone, text: str, found: str | None
) -> None:
    """They may be about anybody: no false alarm is worth a sentence that cannot be written."""
    assert address_in(text, language, tone) == found
