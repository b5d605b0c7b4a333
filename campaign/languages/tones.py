"""How customers are addressed where a language makes a difference: du or Sie, tú or usted, tu or vous.

What is written in a language is found by its tag: a folder ``de/``, a file ``de.toml``, a key ``de``. Where
the brand has a tone, ``de-formal`` comes before ``de`` and needs to hold only what differs. That is so for
emails, SMS, the customers' pages and the texts of campaign.toml alike: all of them look in `toned`.
"""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from campaign.languages.tags import candidates

Tone = Literal["formal", "informal"]
TONES: tuple[Tone, Tone] = ("formal", "informal")
_OTHER: dict[Tone, Tone] = {"formal": "informal", "informal": "formal"}


def toned(tag: str, tone: str | None) -> list[str]:
    """Return the names to look for, the nearest first: ``de-AT-formal``, ``de-AT``, ``de-formal``, ``de``.

    A tone that the tag itself names comes before the one that is given.
    """
    wanted = tone_of(tag) or tone
    named = candidates(base_of(tag))
    return [name for near in named for name in ((f"{near}-{wanted}", near) if wanted else (near,))]


def tone_of(name: str) -> str | None:
    """Return the tone of a folder's name: ``formal`` of ``de-formal``."""
    return next((part for part in name.split("-") if part in TONES), None)


def base_of(name: str) -> str:
    """Return the language tag of a folder's name: ``de`` of ``de-formal``."""
    return "-".join(part for part in name.split("-") if part not in TONES)


def other_tone(tone: Tone) -> Tone:
    """Return the tone that is not this one."""
    return _OTHER[tone]


def own_tone(language: str) -> Tone | None:
    """Return how a language's messages and pages are where the brand has no tone; None: it knows no such."""
    own = _languages().get(language.partition("-")[0], {}).get("own")
    return next((tone for tone in TONES if tone == own), None)


def address_in(text: str, language: str, tone: Tone) -> str | None:
    """Return the first word of a text that addresses its reader in this tone; None without one.

    Surely so, that is: a word that is said of others too (*Sie* at a sentence's beginning) does not count.
    A language that has no such words in data/address.toml never has one.
    """
    pattern = _languages().get(language.partition("-")[0], {}).get(tone)
    found = re.search(pattern, text, re.VERBOSE) if pattern else None
    return found[0] if found else None


@lru_cache(maxsize=1)
def _languages() -> dict[str, dict[str, str]]:
    return tomllib.loads(files("campaign.languages").joinpath("data", "address.toml").read_text("utf-8"))
