"""Texts that address customers otherwise than the brand's tone says: what its tone lacks.

Looked at is what a customer gets to see: where ``de-formal/`` has a block, not what ``de/`` has there. Who is
addressed is read from words (campaign/languages/data/address.toml); a language without any there passes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from jinja2 import TemplateSyntaxError, nodes

from campaign.definition.model import Definition
from campaign.errors import BadCampaign, Problem
from campaign.languages.tones import Tone, address_in, base_of, other_tone, own_tone, toned
from campaign.languages.words import Word, parse_words
from campaign.reasons import Channel
from content.checking.languages.localized import localized_words
from content.checking.languages.translations import line_of_word
from content.rendering import SUFFIXES
from content.sources import Source, text_of
from content.templates import sandbox
from content.writing.language import WORDS, languages_of, words_of


@dataclass(frozen=True)
class _Said:
    """A text that customers read: where it stands, and what it is there: ``block intro``."""

    where: str
    what: str
    text: str


@dataclass(frozen=True)
class _Reader:
    """Who reads it: in which language; ``brands``: the brand's tone, ``tone``: what holds without one too."""

    language: str
    brands: Tone | None
    tone: Tone

    @property
    def names(self) -> list[str]:
        """What is looked for, the nearest first."""
        return toned(self.language, self.brands)

    def wrong(self, text: str) -> str | None:
        """Return what is wrong with a text, if anything."""
        word = address_in(text, self.language, other_tone(self.tone))
        without = f"without a tone {self.language} is {self.tone}, on pages too"
        why = f"the brand's tone is {self.tone}" if self.brands else without
        return word and f'says "{word}", and {why}'

    def fix(self, place: str) -> str:
        """Return what to do about it."""
        return place if self.brands else f'{place}, or tone = "{other_tone(self.tone)}" in [brand]'


def tone_problems(
    definition: Definition, source: Source, wanted: Iterable[tuple[Channel, str]], file: str
) -> list[Problem]:
    """List the words that address customers in the tone that is not the brand's.

    Without a tone each language is to be as the customers' pages are then. ``wanted`` are the templates in
    use; ``file`` is what campaign.toml is called.
    """
    templates = [SUFFIXES[channel].format(name) for channel, name in wanted]
    found: dict[Problem, None] = {}
    for language in languages_of(source):
        if reader := _reader(definition, language):
            found |= dict.fromkeys(_templates(source, reader, templates))
    return [*found, *_own_words(definition, file)]


def _reader(definition: Definition, language: str) -> _Reader | None:
    tone = definition.brand.tone or own_tone(language)
    return _Reader(language, definition.brand.tone, tone) if tone else None


# Templates and words.


def _templates(source: Source, reader: _Reader, templates: Iterable[str]) -> Iterator[Problem]:
    top = words_of(source, "").language
    folders = ["" if name == top else name for name in reader.names]
    for said in _words(source, folders):
        yield from _problem(said, reader, WORDS)
    for template in templates:
        paths = (_path(folder, template) for folder in folders)
        path = next((path for path in paths if text_of(source, path) is not None), None)
        for said in _parts(source, path, template).values() if path else ():
            if "" in folders or not said.where.startswith(template):
                yield from _problem(said, reader, template)


def _problem(said: _Said, reader: _Reader, file: str) -> Iterator[Problem]:
    if wrong := reader.wrong(said.text):
        own = f"{reader.language}-{reader.tone}/{file}"
        there = reader.brands is None or said.where.startswith(own)
        place = "write it in that tone" if there else f"write it in that tone in {own}"
        yield Problem(said.where, f"{said.what} {wrong}", reader.fix(place))


def _path(folder: str, file: str) -> str:
    return f"{folder}/{file}" if folder else file


def _words(source: Source, chain: Iterable[str]) -> Iterator[_Said]:
    seen: set[str] = set()
    for path in (_path(folder, WORDS) for folder in chain):
        entries = _entries(source, path)
        for key, word in entries.items():
            if key not in seen:
                text = word if isinstance(word, str) else " | ".join(word.values())
                yield _Said(line_of_word(source, path, key), key, text)
        seen |= entries.keys()


def _entries(source: Source, path: str) -> Mapping[str, Word]:
    try:
        return parse_words(text_of(source, path) or "", path).entries
    except BadCampaign:
        return {}  # rendering reports it


def _parts(source: Source, path: str, template: str) -> dict[str, _Said]:
    """Return what a template says, by block: its own, and the rest of the same template that it extends."""
    try:
        tree = sandbox(source, escape=False).parse(text_of(source, path) or "", path)
    except TemplateSyntaxError:
        return {}  # rendering reports it
    parents = (part.template for part in tree.find_all(nodes.Extends))
    above = next((part.value for part in parents if isinstance(part, nodes.Const)), None)
    blocks = {block.name: block for block in tree.find_all(nodes.Block)}
    if above is None and not blocks:
        return {"": _Said(f"{path}:1", "it", _text(tree))}
    own = {
        name: _Said(f"{path}:{node.lineno}", f"block {name}", _text(node)) for name, node in blocks.items()
    }
    if not isinstance(above, str) or above == path or not f"/{above}".endswith(f"/{template}"):
        return own
    return {**_parts(source, above, template), **own}


def _text(tree: nodes.Node) -> str:
    """Return the words of a node, those in expressions too; the values between them are none of ours."""
    parts = [part.data for part in tree.find_all(nodes.TemplateData)]
    quoted = [part.value for part in tree.find_all(nodes.Const) if isinstance(part.value, str)]
    return " | ".join([*parts, *quoted])


# Words of the campaign's own file.


def _own_words(definition: Definition, file: str) -> Iterator[Problem]:
    """Look at tables by language, and at single texts, which are in the shop's."""
    for where, words in (*localized_words(definition), ("brand.sms_help", definition.brand.sms_help or "")):
        single = isinstance(words, str)
        texts = {definition.shop.language: words} if isinstance(words, str) else words
        readers = (_reader(definition, language) for language in dict.fromkeys(map(base_of, texts)))
        for reader in filter(None, readers):
            name = next((name for name in reader.names if name in texts), None)
            if name and (wrong := reader.wrong(texts[name])):
                own = f'add {reader.language}-{reader.tone} = "..."'
                place = "write it in that tone" if single or not reader.brands else own
                yield Problem(f"{file}: {where}", f"{'it' if single else name} {wrong}", reader.fix(place))
