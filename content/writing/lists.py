"""Which lists of products a template shows: a product that stands on one of them is on no other."""

from __future__ import annotations

import re

from campaign.catalogue.shelf import LISTS
from content.sources import Source, paths_of, text_of
from content.writing.language import Wanted, written_in

_NAMES = re.compile(rf"\b({'|'.join(sorted(LISTS))})\b")
_FILES = re.compile(r"""["']([\w./-]+\.j2)["']""")


def lists_shown(source: Source, file: str, wanted: Wanted) -> frozenset[str]:
    """Return the lists that a template names, in its own text or that of a file that it may use.

    Those are the files that it names, and all whose names begin with ``_``. One too many does no harm: its
    products are on no other list.
    """
    first, _ = written_in(source, file, wanted)
    waiting = [first, *(path for path in paths_of(source) if _is_part(path))]
    read: dict[str, str] = {}
    while waiting:
        path = waiting.pop()
        if path not in read:
            read[path] = text_of(source, path) or ""
            waiting += _FILES.findall(read[path])
    return frozenset(name for text in read.values() for name in _NAMES.findall(text))


def _is_part(path: str) -> bool:
    return path.rpartition("/")[2].startswith("_")
