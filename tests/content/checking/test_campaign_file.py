"""Templates that are not there and words in too few languages are found in campaign.toml itself."""

from __future__ import annotations

import pytest

from campaign.definition.loading import parse_definition
from campaign.reasons import Channel
from content.checking.languages.localized import localized_problems
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
