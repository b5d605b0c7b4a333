"""Words of the campaign's own file that are missing in a language that its templates are written in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from campaign.definition.model import Definition
from campaign.errors import Problem
from campaign.languages.tags import candidates
from campaign.languages.tones import base_of
from content.sources import Source
from content.writing.language import used_folders, words_of


def localized_problems(definition: Definition, source: Source, file: str) -> list[Problem]:
    """List the languages that a table of words lacks. One text for everybody lacks nothing."""
    folders = used_folders(source, definition.brand.tone)
    languages = dict.fromkeys(base_of(name) if name else words_of(source, "").language for name in folders)
    return [
        Problem(f"{file}: {where}", f"is not written in {language}", f'add {language} = "..."')
        for where, texts in localized_words(definition)
        if isinstance(texts, Mapping)
        for language in languages
        if not any(tag in texts for tag in candidates(language))
    ]


def localized_words(definition: Definition) -> Iterator[tuple[str, str | Mapping[str, str]]]:
    """Give what customers read of campaign.toml, with its key path: a text, or a table by language."""
    return ((where, words) for where, words in _localized(definition) if words is not None)


def _localized(definition: Definition) -> Iterator[tuple[str, str | Mapping[str, str] | None]]:
    yield "brand.sms_opt_out", definition.brand.sms_opt_out
    for name, offer in definition.offers.items():
        yield f"offers.{name}.text", offer.text
        yield f"offers.{name}.terms", offer.terms
    for tier in definition.loyalty.tiers:
        yield f'loyalty.tiers ("{tier.name}").title', tier.title
        yield f'loyalty.tiers ("{tier.name}").perks', tier.perks
