"""What a language lacks: templates, blocks with words in them, words; and placeholders that differ.

Compared is a language's folder with the top one. A folder that stands before another of its language
(``de-formal/``, ``de-AT/``) holds what differs, so that it lacks nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jinja2 import TemplateSyntaxError, nodes

from campaign.errors import BadCampaign, Problem
from campaign.languages.tones import base_of
from campaign.languages.words import Word, parse_words, placeholders
from campaign.reasons import Channel
from content.checking.syntax import path_of
from content.rendering import SUFFIXES
from content.sources import Source, text_of
from content.templates import sandbox
from content.writing.language import WORDS, language_folders

_TAG = re.compile(r"<[^>]*>|&\w+;|&#\d+;")
_LETTERS = re.compile(r"[^\W\d_]{2,}")
_PARTS_OF_NAMES = frozenset({"t", "link", "mail", "person"})


def translation_problems(source: Source, wanted: Iterable[tuple[Channel, str]]) -> list[Problem]:
    """List what languages lack or have otherwise, each with file and line."""
    files = [SUFFIXES[channel].format(name) for channel, name in wanted]
    folders = language_folders(source)
    found: dict[Problem, None] = {}
    for folder in folders:
        whole = not any(other in folders for other in _before(folder))
        found |= dict.fromkeys(_words(source, folder, whole=whole))
        for file in files:
            found |= dict.fromkeys(_template(source, folder, file, whole=whole))
    return list(found)


def _before(folder: str) -> list[str]:
    """Return the folders that this one stands before: ``de`` of ``de-formal`` and of ``de-AT``."""
    return [name for name in (base_of(folder), folder.split("-", maxsplit=1)[0]) if name != folder]


# Words of the parts.


def _words(source: Source, folder: str, *, whole: bool) -> Iterator[Problem]:
    file = f"{folder}/{WORDS}"
    top, own = _entries(source, WORDS), _entries(source, file)
    for key in [key for key in top if key not in own] if whole else ():
        yield Problem(file, f"does not translate {key} ({line_of_word(source, WORDS, key)})", "add it")
    for key, word in own.items():
        where = line_of_word(source, file, key)
        if key not in top:
            yield Problem(where, f"{key} is not in {WORDS}", "add it there, or take it out here")
        elif (had := placeholders(top[key])) != (has := placeholders(word)):
            yield Problem(where, f"{key} {_differs(has, had)}", f"as in {line_of_word(source, WORDS, key)}")


def _entries(source: Source, file: str) -> Mapping[str, Word]:
    try:
        return parse_words(text_of(source, file) or "", file).entries
    except BadCampaign:
        return {}  # rendering reports it


def line_of_word(source: Source, file: str, key: str) -> str:
    """Return a file of words with the line that a word is on: ``de/words.toml:31``."""
    lines = (text_of(source, file) or "").splitlines()
    numbers = (n for n, line in enumerate(lines, 1) if re.match(rf"{re.escape(key)}\s*=", line))
    return f"{file}:{next(numbers, 1)}"


def _differs(has: frozenset[str], had: frozenset[str]) -> str:
    """Say which placeholders are missing or are too many."""
    missing, added = sorted(had - has), sorted(has - had)
    parts = [f"lacks {', '.join(missing)}"] if missing else []
    return " and ".join([*parts, f"adds {', '.join(added)}"] if added else parts)


# Templates.


def _template(source: Source, folder: str, file: str, *, whole: bool) -> Iterator[Problem]:
    own = f"{folder}/{file}"
    if text_of(source, own) is None:
        if whole and text_of(source, file) is not None:
            yield Problem(own, "is missing: these customers get another language", f"translate {file}")
        return
    try:
        top, mine = _parsed(source, file), _parsed(source, own)
    except TemplateSyntaxError:
        return  # rendering reports it
    parent = _extends(mine)
    if parent == file:
        yield from _blocks(file, own, _blocks_of(top), _blocks_of(mine), whole=whole)
    elif parent in {f"{before}/{file}" for before in _before(folder)}:
        yield from _blocks(parent, own, _blocks_of(_parsed(source, parent)), _blocks_of(mine), whole=False)
    elif not _blocks_of(mine):
        yield from _compared(own, 1, "it", _shown(top), _shown(mine), file)


def _blocks(
    file: str, own: str, top: dict[str, nodes.Block], mine: dict[str, nodes.Block], *, whole: bool
) -> Iterator[Problem]:
    for name, block in top.items():
        if name not in mine:
            if whole and _has_words(block):
                yield Problem(own, f"does not translate block {name} ({file}:{block.lineno})", "write it")
            continue
        where = f"{file}:{block.lineno}"
        yield from _compared(
            own, mine[name].lineno, f"block {name}", _shown(block), _shown(mine[name]), where
        )
    for name in mine.keys() - top.keys():
        what = f"block {name} is not in {file}, so that nothing shows it"
        yield Problem(f"{own}:{mine[name].lineno}", what, "name one that is")


def _compared(
    own: str, line: int, what: str, had: frozenset[str], has: frozenset[str], where: str
) -> Iterator[Problem]:
    if had != has:
        yield Problem(f"{own}:{line}", f"{what} {_differs(has, had)}", f"as in {where}")


def _parsed(source: Source, file: str) -> nodes.Template:
    return sandbox(source, escape=False).parse(text_of(source, file) or "", file)


def _extends(tree: nodes.Template) -> str | None:
    parents = (part.template for part in tree.find_all(nodes.Extends))
    return next((parent.value for parent in parents if isinstance(parent, nodes.Const)), None)


def _blocks_of(tree: nodes.Template) -> dict[str, nodes.Block]:
    return {block.name: block for block in tree.find_all(nodes.Block)}


def _has_words(block: nodes.Block) -> bool:
    texts = (_TAG.sub(" ", data.data) for data in block.find_all(nodes.TemplateData))
    return any(_LETTERS.search(text) for text in texts)


def _shown(tree: nodes.Node) -> frozenset[str]:
    """Return the values that a customer gets to see; what is only compared or counted is none of them."""
    outputs = [part for output in tree.find_all(nodes.Output) for part in output.nodes]
    return frozenset(path for part in outputs for path in _paths(part) if path)


def _paths(node: Any) -> Iterator[str]:
    match node:
        case nodes.Name() | nodes.Getattr():
            yield ".".join(path_of(node) or ())
        case nodes.CondExpr():
            for part in filter(None, [node.expr1, node.expr2]):
                yield from _paths(part)
        case nodes.Filter() | nodes.Getitem():
            yield from _paths(node.node)
        case nodes.Call() if isinstance(node.node, nodes.Name) and node.node.name in _PARTS_OF_NAMES:
            for part in [*node.args, *(keyword.value for keyword in node.kwargs)]:
                yield from _paths(part)
        case nodes.BinExpr():
            yield from _paths(node.left)
            yield from _paths(node.right)
        case nodes.Concat():
            for part in node.nodes:
                yield from _paths(part)
