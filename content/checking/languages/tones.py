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
from campaign.languages.tones import Tone, address_in, base_of, other_tone, toned
from campaign.languages.words import Word, parse_words
from campaign.reasons import Channel
from content.checking.languages.localized import localized_tables
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


def tone_problems(
    definition: Definition, source: Source, wanted: Iterable[tuple[Channel, str]], file: str
) -> list[Problem]:
    """List the words that address customers in the tone that is not the brand's; without a tone, none.

    ``wanted`` are the templates in use; ``file`` is what campaign.toml is called.
    """
    tone = definition.brand.tone
    if tone is None:
        return []
    templates = [SUFFIXES[channel].format(name) for channel, name in wanted]
    found: dict[Problem, None] = {}
    for language in languages_of(source):
        found |= dict.fromkeys(_templates(source, language, tone, templates))
    return [*found, *_tables(definition, tone, file)]


def _chain(source: Source, language: str, tone: Tone) -> list[str]:
    """Return the folders that are looked in, the nearest first; "" is the top one."""
    top = words_of(source, "").language
    return ["" if name == top else name for name in toned(language, tone)]


# Templates and words.


def _templates(source: Source, language: str, tone: Tone, templates: Iterable[str]) -> Iterator[Problem]:
    chain = _chain(source, language, tone)
    for said in _words(source, chain):
        yield from _problem(said, language, tone, WORDS)
    for template in templates:
        paths = (_path(folder, template) for folder in chain)
        path = next((path for path in paths if text_of(source, path) is not None), None)
        for said in _parts(source, path, template).values() if path else ():
            if "" in chain or not said.where.startswith(template):
                yield from _problem(said, language, tone, template)


def _problem(said: _Said, language: str, tone: Tone, file: str) -> Iterator[Problem]:
    word = address_in(said.text, language, other_tone(tone))
    if word:
        what = f'{said.what} says "{word}", and the brand\'s tone is {tone}'
        yield Problem(said.where, what, f"write it {_place(said.where, language, tone, file)}")


def _place(where: str, language: str, tone: Tone, file: str) -> str:
    own = f"{language}-{tone}/{file}"
    return "in that tone" if where.startswith(own) else f"in that tone in {own}"


def _path(folder: str, file: str) -> str:
    return f"{folder}/{file}" if folder else file


def _words(source: Source, chain: Iterable[str]) -> Iterator[_Said]:
    seen: set[str] = set()
    for path in (_path(folder, WORDS) for folder in chain):
        for key, word in _entries(source, path).items():
            if key not in seen:
                text = word if isinstance(word, str) else " | ".join(word.values())
                yield _Said(line_of_word(source, path, key), key, text)
        seen |= _entries(source, path).keys()


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


def _tables(definition: Definition, tone: Tone, file: str) -> Iterator[Problem]:
    for where, texts in localized_tables(definition):
        for language in dict.fromkeys(map(base_of, texts)):
            name = next((name for name in toned(language, tone) if name in texts), None)
            if name and (word := address_in(texts[name], language, other_tone(tone))):
                what = f'{name} says "{word}", and the brand\'s tone is {tone}'
                yield Problem(f"{file}: {where}", what, f'add {language}-{tone} = "..."')
