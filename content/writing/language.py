"""Which language a template is written in for a customer, by folders: ``de-AT/``, ``de/``, the top one.

The customer's language comes first, then the shop's, then the top folder's own. A template that a language
lacks is taken from the next, whole: its text, its words, its formats. Where the brand has a tone, a folder
such as ``de-formal/`` comes before ``de/`` (`campaign.languages.tones`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from campaign.languages.tags import ENGLISH, candidates, direction, tag_of
from campaign.languages.tones import base_of, tone_of, toned
from campaign.languages.words import Words, parse_words
from content.sources import Source, paths_of, text_of

WORDS = "words.toml"
ROOMS = frozenset({"email", "sms"})
"""The folders that templates are in, of the top and of each language."""


@dataclass(frozen=True)
class Language:
    """What a text is written in.

    ``folder`` holds it, "" is the top one; ``name`` is the language of the text, for the ``lang`` of its
    HTML; ``tag`` is that of its formats: ``de-AT``.
    """

    folder: str
    name: str
    tag: str
    words: Words

    @property
    def direction(self) -> str:
        """``ltr`` or ``rtl``."""
        return direction(self.name)


@dataclass(frozen=True)
class Wanted:
    """What a customer reads: their language with the country, and what the shop has for everybody else."""

    tag: str = ENGLISH
    shop: str = ENGLISH
    tone: str | None = None


def language_folders(source: Source) -> list[str]:
    """Return the folders that are languages: what holds templates or words, but for the top one."""
    parts = [path.split("/") for path in paths_of(source)]
    return sorted({at[0] for at in parts if len(at) > 1 and at[0] not in ROOMS})


def languages_of(source: Source) -> list[str]:
    """Return the languages that customers are written to in, the top folder's first."""
    bases = (name for name in language_folders(source) if tone_of(name) is None)
    return list(dict.fromkeys([words_of(source, "").language, *bases]))


def used_folders(source: Source, tone: str | None) -> list[str]:
    """Return the folders that customers are written to from: not those of a tone that the brand lacks."""
    folders = language_folders(source)
    return ["", *(name for name in folders if tone_of(name) in (None, tone))]


def written_in(source: Source, file: str, wanted: Wanted) -> tuple[str, Language]:
    """Return the file to use for a customer, and the language that it is in.

    Raises:
        BadCampaign: a file of words that is used is broken.
    """
    top = words_of(source, "")
    for tag in (wanted.tag, wanted.shop):
        for folder in toned(tag, wanted.tone):
            if folder == top.language:
                return file, _language("", top, wanted)
            if text_of(source, f"{folder}/{file}") is not None:
                return f"{folder}/{file}", language_of(source, folder, wanted)
    return file, _language("", top, wanted)


def language_of(source: Source, folder: str, wanted: Wanted | None = None) -> Language:
    """Return the language of a folder, with formats as near to what is wanted as CLDR has them."""
    words = words_of(source, folder, wanted.tone if wanted else None)
    return _language(folder, words, wanted or Wanted(folder or words.language))


def words_of(source: Source, folder: str, tone: str | None = None) -> Words:
    """Return a folder's words: with those of the folders that it falls back to, and the top one's."""
    words = parse_words(text_of(source, WORDS) or "", WORDS)
    for name in reversed(toned(folder, tone)) if folder else ():
        file = f"{name}/{WORDS}"
        words = parse_words(text_of(source, file) or "", file, base_of(name), words)
    return words


def _language(folder: str, words: Words, wanted: Wanted) -> Language:
    name = base_of(folder) or words.language
    return Language(folder, name, _formats(name, wanted), words)


def _formats(name: str, wanted: Wanted) -> str:
    """Take the customer's own formats for their language, else their country's for the text's language."""
    if name in candidates(wanted.tag):
        return wanted.tag
    countries: Iterator[str] = (part for part in wanted.tag.split("-")[1:] if part.isupper())
    return tag_of(name, next(countries, None))
