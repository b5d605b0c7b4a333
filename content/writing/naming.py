"""What was bought, named in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from content.context import Item

#: So many are named one by one where there is no other bound.
MOST_NAMED = 12
_CUT = "..."
_SHORTEST = 8


def known(item: Item) -> bool:
    """Return whether the catalogue has a name for it."""
    return item.name not in {"", item.sku}


@dataclass(frozen=True)
class ListWords:
    """How a language lists: ``and``, what a bought thing is called that has no name, and ``{count} more``."""

    last: str = "and"
    nameless: str = "order"
    more: Callable[[int], str] = "{} more".format


def main(items: Sequence[Item], words: ListWords) -> str:
    """Name what was bought, for a sentence: the first item that has a name, else ``order``."""
    return next((item.name for item in items if known(item)), words.nameless)


def names(items: Sequence[Item], words: ListWords, room: int | None = None) -> str:
    """Name everything, for a sentence: ``Oak tray, Stoneware mug and 2 more``; without any name ``order``.

    With ``room`` for so many characters it names as many as fit, two at least (or all that there are), with
    their names cut where even these do not fit.
    """
    named = [item.name for item in items if known(item)]
    if not named:
        return words.nameless
    if room is None:
        return _listed(named[:MOST_NAMED], len(items), words)
    for shown in range(min(len(named), MOST_NAMED), 1, -1):
        if len(text := _listed(named[:shown], len(items), words)) <= room:
            return text
    first = named[:2]
    around = len(_listed([""] * len(first), len(items), words))
    share = max((room - around) // len(first), _SHORTEST)
    return _listed([_cut(name, share) for name in first], len(items), words)


def _listed(shown: Sequence[str], number: int, words: ListWords) -> str:
    parts = [*shown, words.more(number - len(shown))] if number > len(shown) else list(shown)
    return f" {words.last} ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _cut(name: str, length: int) -> str:
    """Cut a name at a word's end, where there is one."""
    if len(name) <= length:
        return name
    start = name[: length - len(_CUT) + 1]
    words = start.rpartition(" ")[0] or start[:-1]
    return words.rstrip(" ,;:-") + _CUT
