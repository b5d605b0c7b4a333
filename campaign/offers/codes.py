"""Codes that nobody can guess and everybody can read out.

Twelve characters of 29, by the operating system's secure generator: 58 bits. With a million codes in use,
one guess in 3 x 10^11 hits one. No 0, O, 1 or I; and no vowels, so that no word is spelled by chance.
"""

from __future__ import annotations

import re
import secrets

ALPHABET = "BCDFGHJKLMNPQRSTVWXYZ23456789"
LENGTH = 12
_GROUP = 4
_GIVEN = re.compile(r"[A-Z0-9][A-Z0-9_-]{2,39}", re.ASCII)


def new_code(prefix: str | None = None) -> str:
    """Return a new code in groups of four, such as ``BACK-7KQM-XRTY-9HPW``."""
    return _written("".join(secrets.choice(ALPHABET) for _ in range(LENGTH)), prefix)


def example_code(prefix: str | None = None) -> str:
    """Return a code for examples and previews. Nobody is given it."""
    return _written("WXYZ" * (LENGTH // 4), prefix)


def _written(characters: str, prefix: str | None) -> str:
    groups = [characters[start : start + _GROUP] for start in range(0, LENGTH, _GROUP)]
    return "-".join([prefix, *groups] if prefix else groups)


def normal_code(text: str) -> str | None:
    """Return a code as it is stored: capitals, without spaces around; None for what can be no code."""
    code = text.strip().upper()
    return code if _GIVEN.fullmatch(code) else None
