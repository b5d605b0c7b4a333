"""Templates that are not there and words in too few languages are found in campaign.toml itself."""

from __future__ import annotations

import pytest

from campaign.definition.loading import parse_definition
from campaign.reasons import Channel
from content.checking.languages.localized import localized_problems, shop_language_problems
from content.checking.missing import missing_templates
from content.loading import wanted_templates
from content.sources import read_folder
from tests.facts import CAMPAIGN

TEXT = CAMPAIGN.read_text("utf-8")
TEMPLATES = read_folder(CAMPAIGN.parent)


@pytest.mark.parametrize(
    ("words", "where"),
    [
        (', de = "20\u00a0% auf alles"', "offers.come-back.text"),
        (', de = "Einmal je Person', "offers.come-back.terms"),
        (', de = "gratis Versand"', 'loyalty.tiers ("sapling").perks'),
    ],
)
def test_a_language_that_words_lack_is_named(words: str, where: str) -> None:
    """A table must speak every language of the templates; the default does, and one text is for everybody."""
    assert localized_problems(parse_definition(TEXT), TEMPLATES, "campaign.toml") == []
    assert words in TEXT
    lacking = TEXT.replace(words, words.replace(", de", ", it"), 1)
    (problem,) = localized_problems(parse_definition(lacking), TEMPLATES, "campaign.toml")
    assert str(problem) == f'campaign.toml: {where}: is not written in de - add de = "..."'


@pytest.mark.parametrize(
    ("language", "wrong"), [(None, False), ("de", False), ("de-AT", False), ("it", True), ("pt-BR", True)]
)
def test_the_shops_language_is_one_that_something_is_written_in(language: str | None, wrong: bool) -> None:
    """Another one would be English for everybody, without a word; a language's regions read the language."""
    given = f'[shop]\nlanguage = "{language}"' if language else "[shop]"
    definition = parse_definition(TEXT.replace("[shop]", given, 1))
    fix = f"write one of en, de, es, fr, or write templates in {language}/"
    expected = [f'campaign.toml: shop.language: no templates are written in "{language}" - {fix}']
    found = shop_language_problems(definition, TEMPLATES, "campaign.toml")
    assert [str(problem) for problem in found] == (expected if wrong else [])


@pytest.mark.parametrize(
    ("written", "fix"),
    [("loyalty_frist", 'did you mean "loyalty_first"?'), ("xyz", "create email/xyz.mjml.j2")],
)
def test_a_missing_template_is_named_by_its_step(written: str, fix: str) -> None:
    """With the nearest that is there, or the file to create."""
    text = TEXT.replace('email = "loyalty_first"', f'email = "{written}"')
    definition = parse_definition(text)
    wanted = wanted_templates(definition)
    assert (Channel.EMAIL, written) in wanted
    (problem,) = missing_templates(definition, TEMPLATES, wanted, "campaign.toml")
    where = 'campaign.toml: steps[1] ("loyalty").audiences[0].email'
    assert str(problem) == f'{where}: no such template: "{written}" - {fix}'


def test_a_missing_template_of_both_channels_is_named_once() -> None:
    """`without_offer` is written once, and so is its mistake."""
    text = TEXT.replace('code = "COMEBACK20"', 'coupon = "pool"')
    text = text.replace('offer = "come-back"', 'offer = "come-back"\nwithout_offer = "win_back_sof"')
    definition = parse_definition(text)
    found = missing_templates(definition, TEMPLATES, wanted_templates(definition), "campaign.toml")
    assert found
    assert len({str(problem) for problem in found}) == len(found)
