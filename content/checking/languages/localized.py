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
    languages = _languages(definition, source)
    return [
        Problem(f"{file}: {where}", f"is not written in {language}", f'add {language} = "..."')
        for where, texts in localized_words(definition)
        if isinstance(texts, Mapping)
        for language in languages
        if not any(tag in texts for tag in candidates(language))
    ]


def shop_language_problems(definition: Definition, source: Source, file: str) -> list[Problem]:
    """Name the shop's language if nothing is written in it: all who have no other would get the top folder's.

    Left out, it is no wish of the shop's.
    """
    wanted, languages = definition.shop.language, _languages(definition, source)
    given = "language" in definition.shop.model_fields_set
    if not given or any(tag in languages for tag in candidates(wanted)):
        return []
    fix = f"write one of {', '.join(languages)}, or write templates in {wanted}/"
    return [Problem(f"{file}: shop.language", f'no templates are written in "{wanted}"', fix)]


def _languages(definition: Definition, source: Source) -> list[str]:
    """Return what customers of this brand are written to in, the top folder's first."""
    folders = used_folders(source, definition.brand.tone)
    return list(dict.fromkeys(base_of(name) if name else words_of(source, "").language for name in folders))


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
