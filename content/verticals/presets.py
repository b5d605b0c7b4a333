"""A campaign folder for a vertical: the default's files, with the vertical's timing, offers and words.

What differs stands in ``content/verticals/data``, a file a vertical: a change of the default is one of all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit import TOMLDocument

from campaign.languages.tones import base_of

DEFAULT = Path(__file__).parents[1] / "default"
DATA = Path(__file__).parent / "data"
ENGLISH = "en"
SCHEMA = "campaign.schema.json"
_FIRST_LINES = re.compile(r"\A#:schema .*\n# The default campaign\. ")
_ABOUT, _WORDS, _OFFERS = "about", "words", "offers"


@dataclass(frozen=True)
class Preset:
    """``campaign``: tables of campaign.toml that differ. ``words``: by language, template and block.

    A language with a tone (``de-formal``) has the blocks that differ in it; the rest is as in ``de``.
    """

    name: str
    about: str
    campaign: Mapping[str, Any]
    words: Mapping[str, Mapping[str, Mapping[str, str]]]


def preset_names() -> list[str]:
    """Return the verticals that there are campaigns for."""
    return sorted(file.stem for file in DATA.glob("*.toml"))


@cache
def preset(name: str) -> Preset:
    """Return a vertical's preset."""
    data = tomlkit.parse((DATA / f"{name}.toml").read_text("utf-8"))
    campaign = {key: data[key] for key in data if key not in (_ABOUT, _WORDS)}
    return Preset(name, str(data[_ABOUT]), campaign, data.get(_WORDS, {}).unwrap())


def preset_files(chosen: Preset | None) -> Iterator[tuple[Path, str]]:
    """Give the files of a campaign folder, by their path in it; without a preset the default's own.

    Raises:
        LookupError: the preset names a step, segment or block that the default does not have.
    """
    for file in sorted(DEFAULT.rglob("*")):
        if file.is_file() and file.suffix != ".pyc":
            path, text = file.relative_to(DEFAULT), file.read_text("utf-8")
            if path.name == "campaign.toml":
                yield path, campaign_text(text, chosen)
            else:
                yield path, _with_words(path, text, chosen) if chosen else text


def campaign_text(default: str, chosen: Preset | None) -> str:
    """Return the default campaign.toml with what a preset says in place. Comments stay."""
    about = f"{chosen.name.capitalize()}: {chosen.about}\n# " if chosen else ""
    document = tomlkit.parse(_FIRST_LINES.sub(f"#:schema {SCHEMA}\n# {about}", default))
    for table, values in (chosen.campaign if chosen else {}).items():
        for name, value in values.items():
            _put(document, table, name, value)
    return tomlkit.dumps(document)


def _put(document: TOMLDocument, table: str, name: str, value: Any) -> None:
    """Replace a value; of a list of tables, such as the steps, the values in the one with the name."""
    target: Any = document[table]
    if isinstance(target, list):
        entry = next((one for one in target if one["name"] == name), None)
        if entry is None:
            msg = f"no {table} has the name {name}"
            raise LookupError(msg)
        entry.update(value)
    elif table == _OFFERS:
        target[name].clear()
        target[name].update(value)
    else:
        target[name] = value


def _with_words(path: Path, text: str, chosen: Preset) -> str:
    folder, language = path.parent, ENGLISH
    if len(folder.parts) > 1:
        language, folder = folder.parts[0], Path(*folder.parts[1:])
    template = (folder / path.name.partition(".")[0]).as_posix()
    own, untoned = (chosen.words.get(name, {}).get(template, {}) for name in (language, base_of(language)))
    for block, words in {**untoned, **own}.items():
        if block in own or f"{{% block {block} %}}" in text:  # else it extends a file that has the block
            text = _with_block(path, text, block, words)
    return text


def _with_block(path: Path, text: str, block: str, words: str) -> str:
    found = re.compile(rf"({{% block {block} %}}).*?({{% endblock %}})")
    if not found.search(text):
        msg = f"{path.as_posix()} has no block {block} in one line"
        raise LookupError(msg)
    return found.sub(lambda match: f"{match[1]}{words}{match[2]}", text, count=1)
