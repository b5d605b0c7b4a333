"""What a text message of a customer is meant to do: carriers' keywords, clear wishes, doubtful ones.

The words are data: campaign/customers/data/reply_words.toml. Revoking too much costs a few messages, too
little breaks a law, so that a clear wish counts from every country and in every language at once.
"""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from itertools import pairwise
from typing import Any

_APOSTROPHES = "'\u2018\u2019\u02bc`\u00b4"
_NEGATES_WITHIN = 3
_GAP = "|"


class Intent(StrEnum):
    """What a message does. ``CONFIRM`` answers the opt-in question; ``DOUBTFUL`` is for a person to read."""

    STOP = "STOP"
    START = "START"
    CONFIRM = "CONFIRM"
    HELP = "HELP"
    DOUBTFUL = "DOUBTFUL"


@dataclass(frozen=True)
class Language:
    """How one language puts it: see the head of the data file for what each field holds."""

    words: frozenset[str]
    phrases: tuple[str, ...]
    mild: tuple[str, ...]
    commands: frozenset[str]
    harmless: tuple[str, ...]
    negators: frozenset[str]
    questions: frozenset[str]
    doubtful: tuple[str, ...]

    @classmethod
    def of(cls, table: Mapping[str, list[str]]) -> Language:
        """Read a language's table; fields may be missing in it."""
        sets = {
            name: frozenset(table.get(name, ())) for name in ("words", "commands", "negators", "questions")
        }
        lists = {name: tuple(table.get(name, ())) for name in ("phrases", "mild", "harmless", "doubtful")}
        return cls(**sets, **lists)  # type: ignore[arg-type]


def _data() -> dict[str, Any]:
    return tomllib.loads(files("campaign.customers").joinpath("data", "reply_words.toml").read_text("utf-8"))


_DATA = _data()
LANGUAGES = tuple(Language.of(table) for table in _DATA["languages"].values())
FILLERS, ABOUT_AN_ORDER = frozenset(_DATA["fillers"]), frozenset(_DATA["about_an_order"])
SIGNS = frozenset(_DATA["signs"])
WORDS: dict[Intent, frozenset[str]] = {
    Intent.STOP: frozenset(word for language in LANGUAGES for word in language.words),
    Intent.START: frozenset(_DATA["start"]),
    Intent.CONFIRM: frozenset(_DATA["confirm"]),
    Intent.HELP: frozenset(_DATA["help"]),
}
"""The whole message, without case, spaces, punctuation and emoji."""
CARRIER_WORDS: tuple[str, ...] = tuple(_DATA["carriers"])
"""The words that every carrier knows: an SMS has to name one of them."""


def intent_of(text: str, *, opt_out_type: str | None = None) -> Intent | None:
    """Return what a message is meant to do, or None: nothing that concerns our messages.

    ``opt_out_type`` is the provider's own reading, STOP, START or HELP, which wins: it has been acted on.
    """
    if opt_out_type in (Intent.STOP, Intent.START, Intent.HELP):
        return Intent(opt_out_type)
    words = words_of(text)
    if not words:
        return Intent.DOUBTFUL if SIGNS & set(text) else None
    whole = "".join(words)
    named = next((intent for intent, known in WORDS.items() if whole in known), None)
    return named or _in_free_words(words)


def words_of(text: str) -> list[str]:
    """Return the bare words, lower-case: no marks, punctuation, quotes, emoji or invisible characters."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    kept = (c for c in plain if unicodedata.category(c) not in ("Mn", "Me", "Cf") and c not in _APOSTROPHES)
    return "".join(c if c.isalnum() else " " for c in kept).split()


def _in_free_words(words: list[str]) -> Intent | None:
    bare = "".join(word for word in words if word not in FILLERS)
    if bare in WORDS[Intent.STOP]:
        return Intent.STOP
    readings = {_read(words, language) for language in LANGUAGES}
    return next((intent for intent in (Intent.STOP, Intent.DOUBTFUL) if intent in readings), None)


def _read(words: list[str], language: Language) -> Intent | None:
    """Read a sentence in one language."""
    clear, mild = _wish(words, language.phrases, language), _wish(words, language.mild, language)
    left = _without(words, language.harmless)
    if clear is Intent.STOP:
        return Intent.STOP
    if mild is Intent.STOP or _is_command(left, language):
        return Intent.DOUBTFUL if ABOUT_AN_ORDER & set(words) else Intent.STOP
    doubtful = clear or mild or any(_places(left, phrase) for phrase in language.doubtful)
    return Intent.DOUBTFUL if doubtful else None


def _wish(words: list[str], phrases: tuple[str, ...], language: Language) -> Intent | None:
    """Return STOP where one of the phrases stands by itself, DOUBTFUL where all that stand are negated."""
    places = [at for phrase in phrases for at in _places(words, phrase)]
    if not places:
        return None
    return Intent.DOUBTFUL if all(_is_negated(words, at, language) for at in places) else Intent.STOP


def _is_negated(words: list[str], at: int, language: Language) -> bool:
    return bool(language.negators & set(words[max(0, at - _NEGATES_WITHIN) : at]))


def _is_command(left: list[str], language: Language) -> bool:
    """Return whether a command begins or ends what is left, politeness aside."""
    bare = [word for word in left if word not in FILLERS]
    if not bare:
        return False
    ends = bare[-1] in language.commands and bare[0] not in language.questions
    return bare[0] in language.commands or (ends and not _is_negated(bare, len(bare) - 1, language))


def _without(words: list[str], phrases: tuple[str, ...]) -> list[str]:
    """Return the words with each phrase replaced by a gap: what stood around it does not come together."""
    sentence = f" {' '.join(words)} "
    for phrase in phrases:
        sentence = sentence.replace(f" {phrase} ", f" {_GAP} ")
    left = [_GAP, *sentence.split()]
    return [word for before, word in pairwise(left) if not before == word == _GAP]


def _places(words: list[str], phrase: str) -> list[int]:
    """Return where a phrase begins."""
    wanted = phrase.split()
    return [at for at in range(len(words) - len(wanted) + 1) if words[at : at + len(wanted)] == wanted]
