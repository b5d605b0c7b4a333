"""The campaigns to start from: each passes the check, and differs from the default where it says so."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from pathlib import Path

import pytest

from campaign.definition.loading import parse_definition
from campaign.definition.model import Definition
from campaign.languages.tones import base_of
from campaign.rules.timing import window
from campaign.wire import OrderStatus
from content.checking.languages.localized import localized_problems
from content.checking.languages.translations import translation_problems
from content.loading import load_campaign, wanted_templates
from content.verticals.presets import DATA, DEFAULT, Preset, preset, preset_files, preset_names
from tests.facts import PLACED, default_definition, facts, order

VERTICALS = ["beauty", "consumables", "electronics", "fashion", "home"]
LANGUAGES = ["en", "de", "es", "fr"]
TONED = ["de-formal", "es-formal", "fr-informal"]
DAY = timedelta(days=1)
# Days from delivery to loyalty, and from the order to both win-backs, as docs/campaign.md has them.
DUE = {
    "beauty": (14, 45, 135), "consumables": (5, 21, 63), "electronics": (14, 60, 180),
    "fashion": (15, 40, 120), "home": (21, 50, 150),
}  # fmt: skip


def written(vertical: str, folder: Path) -> Path:
    """Write a campaign's folder; return it."""
    for path, text in preset_files(preset(vertical)):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    return folder


def definition_of(vertical: str) -> Definition:
    """A vertical's campaign, without its templates."""
    (text,) = (text for path, text in preset_files(preset(vertical)) if path.name == "campaign.toml")
    return parse_definition(text, "campaign.toml")


def test_the_verticals_are_those_of_the_default_campaign() -> None:
    """One preset for each vertical whose buying cycle the campaign knows."""
    assert preset_names() == VERTICALS
    assert {*VERTICALS, "general"} == default_definition().verticals.keys()


@pytest.mark.parametrize("vertical", VERTICALS)
def test_each_passes_the_check_in_every_language(vertical: str, tmp_path: Path) -> None:
    """Campaign, templates and translations have no mistake, and every file of the default is there."""
    folder = written(vertical, tmp_path)
    definition = load_campaign(folder / "campaign.toml", folder)
    assert translation_problems(folder, wanted_templates(definition)) == []
    assert localized_problems(definition, folder, "campaign.toml") == []
    names = {path.relative_to(DEFAULT) for path in DEFAULT.rglob("*") if path.is_file()}
    assert {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()} == names
    assert definition.shop.vertical == vertical


@pytest.mark.parametrize("vertical", VERTICALS)
def test_each_has_its_own_timing(vertical: str) -> None:
    """Loyalty counts from the delivery; win-backs follow the vertical's buying cycle; all are in order."""
    definition = definition_of(vertical)
    loyalty, soft, best = (definition.step(name) for name in ("loyalty", "win-back-soft", "win-back-best"))
    delivered = PLACED + 3 * DAY
    known = facts({OrderStatus.DELIVERED: delivered}, orders=(order(1),))
    due = [window(definition, step, known).due for step in (loyalty, soft, best)]
    after, first, second = DUE[vertical]
    assert due == [delivered + after * DAY, PLACED + first * DAY, PLACED + second * DAY]
    never_delivered = window(definition, loyalty, facts(orders=(order(1),)))
    assert never_delivered.latest <= PLACED + first * DAY, "loyalty comes before the win-back"


@pytest.mark.parametrize("vertical", VERTICALS)
def test_offers_say_what_their_codes_do(vertical: str) -> None:
    """A percentage stands in the text of every language; no code is the default campaign's."""
    offers = definition_of(vertical).offers
    defaults = {offer.code for offer in default_definition().offers.values()}
    for name in ("welcome", "come-back"):
        offer = offers[name]
        texts = [offer.text_in(language) for language in LANGUAGES]
        assert offer.percent or offer.free_shipping
        assert all(offer.percent is None or str(offer.percent) in text for text in texts)
        assert len(set(texts)) == len(LANGUAGES)
        assert offer.code not in defaults


@pytest.mark.parametrize("vertical", VERTICALS)
def test_each_has_its_own_words_in_every_language(vertical: str) -> None:
    """The same blocks in each language, all in the written files; no other file is changed."""
    chosen = preset(vertical)
    assert set(chosen.words) == {*LANGUAGES, *TONED}
    assert len({str({t: sorted(b) for t, b in chosen.words[one].items()}) for one in LANGUAGES}) == 1
    files = {path.as_posix(): text for path, text in preset_files(chosen)}
    changed = {name for name, text in files.items() if text != (DEFAULT / name).read_text("utf-8")}
    expected = set()
    for language in (*LANGUAGES, *TONED):
        for template, blocks in chosen.words[base_of(language)].items():
            name = f"{'' if language == 'en' else f'{language}/'}{template}.mjml.j2"
            expected.add(name)
            own = {**blocks, **chosen.words[language].get(template, {})}
            assert own.keys() == blocks.keys()
            assert all(words in files[name] for words in own.values())
    assert changed == {*expected, "campaign.toml"}


@pytest.mark.parametrize("vertical", VERTICALS)
def test_a_tone_has_what_differs_and_no_more(vertical: str) -> None:
    """What a preset says with Sie is not what it says with du, and nothing of the default's is left there."""
    words = preset(vertical).words
    for language in TONED:
        for template, blocks in words[language].items():
            untoned = words[base_of(language)][template]
            assert all(text != untoned[block] for block, text in blocks.items())


@pytest.mark.parametrize("vertical", VERTICALS)
def test_the_comments_stay(vertical: str) -> None:
    """A marketer finds what the default campaign explains, and the schema for the editor beside the file."""
    (text,) = (text for path, text in preset_files(preset(vertical)) if path.name == "campaign.toml")
    default = (DEFAULT / "campaign.toml").read_text("utf-8")
    assert text.startswith(f"#:schema campaign.schema.json\n# {vertical.capitalize()}: ")
    comments = [line for line in default.splitlines() if line.startswith("#")][2:]
    assert all(line in text for line in comments)


@pytest.mark.parametrize(
    ("campaign", "words", "said"),
    [
        ({"steps": {"birthday": {}}}, {}, "no steps has the name birthday"),
        ({}, {"en": {"email/thank_you": {"nonsense": "x"}}}, "has no block nonsense"),
    ],
)
def test_a_preset_that_names_what_is_not_there_is_a_mistake(
    campaign: dict[str, dict[str, object]], words: dict[str, dict[str, dict[str, str]]], said: str
) -> None:
    """A renamed step or block of the default is found here, not by a shop."""
    with pytest.raises(LookupError, match=said):
        list(preset_files(Preset("odd", "odd", campaign, words)))


def test_the_data_differs_from_the_default_alone() -> None:
    """Presets are small: what is as in the default is not written twice."""
    for vertical in VERTICALS:
        text = (DATA / f"{vertical}.toml").read_text("utf-8")
        assert len(text.splitlines()) < 80
        assert tomllib.loads(text)["about"].endswith(".")
