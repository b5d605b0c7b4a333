"""Attributes that MJML does not have: its renderer drops them silently, and a message is not as meant.

The tables are those of the components at documentation.mjml.io (MJML 4).
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from xml.parsers import expat

from campaign.errors import Problem
from campaign.reasons import Channel
from content.checking.examples import full_example, joined_example
from content.checking.rendered import in_folder
from content.context import Brand
from content.rendering import SUFFIXES, mjml_of
from content.sources import Source
from content.templates import line_of
from content.writing.language import used_folders

_SIDES = ("bottom", "left", "right", "top")
_PADDING = {"padding", *(f"padding-{side}" for side in _SIDES)}
_BORDER = {"border", "border-radius", *(f"border-{side}" for side in _SIDES)}
_FONT = {"color", "font-family", "font-size", "font-style", "font-weight", "letter-spacing", "line-height"}
_WORDS = {*_FONT, "text-decoration", "text-transform"}
_BOX = {*_PADDING, "align", "container-background-color", "vertical-align"}
_LINK = {"href", "name", "rel", "target", "title"}
_BACKGROUND = {
    "background-color",
    "background-position",
    "background-position-x",
    "background-position-y",
    "background-repeat",
    "background-size",
    "background-url",
}
_SECTION = {*_PADDING, *_BORDER, *_BACKGROUND, "direction", "full-width", "text-align", "text-padding"}
_INNER = {f"inner-{name}" for name in (*_BORDER, "background-color", "padding")}
_ICON = {f"icon-{name}" for name in ("align", "height", "padding", "position", "size", "width")}
#: By component, beside css-class and mj-class.
ATTRIBUTES: dict[str, set[str]] = {
    "mjml": {"dir", "lang", "owa"},
    "mj-body": {"background-color", "width"},
    "mj-section": _SECTION,
    "mj-wrapper": {*_SECTION, "gap"},
    "mj-column": {*_PADDING, *_BORDER, *_INNER, "background-color", "direction", "vertical-align", "width"},
    "mj-group": {"background-color", "direction", "vertical-align", "width"},
    "mj-text": {*_BOX, *_WORDS, "height"},
    "mj-button": {
        *_BOX,
        *_BORDER,
        *_WORDS,
        *_LINK,
        "background-color",
        "height",
        "inner-padding",
        "text-align",
        "width",
    },
    "mj-image": {
        *_BOX,
        *_BORDER,
        *_LINK,
        "alt",
        "fluid-on-mobile",
        "font-size",
        "height",
        "max-height",
        "sizes",
        "src",
        "srcset",
        "usemap",
        "width",
    },
    "mj-divider": {*_BOX, "border-color", "border-style", "border-width", "width"},
    "mj-spacer": {*_BOX, "height"},
    "mj-table": {*_BOX, *_FONT, "border", "cellpadding", "cellspacing", "role", "table-layout", "width"},
    "mj-hero": {
        *_BOX,
        *_BORDER,
        *_BACKGROUND,
        "background-height",
        "background-width",
        "height",
        "inner-background-color",
        "inner-padding",
        "mode",
        "width",
    },
    "mj-navbar": {
        *_BOX,
        "base-url",
        "hamburger",
        *(
            f"ico-{name}"
            for name in (
                "align",
                "close",
                "color",
                "font-family",
                "font-size",
                "line-height",
                "open",
                "padding",
                "text-decoration",
                "text-transform",
            )
        ),
    },
    "mj-navbar-link": {*_BOX, *_WORDS, *_LINK},
    "mj-social": {*_BOX, *_BORDER, *_WORDS, *_ICON, "inner-padding", "mode", "table-layout", "text-padding"},
    "mj-social-element": {
        *_BOX,
        *_BORDER,
        *_WORDS,
        *_ICON,
        *_LINK,
        "alt",
        "background-color",
        "src",
        "text-padding",
    },
    "mj-accordion": {
        *_PADDING,
        *_ICON,
        "border",
        "container-background-color",
        "font-family",
        "icon-unwrapped-alt",
        "icon-unwrapped-url",
        "icon-wrapped-alt",
        "icon-wrapped-url",
    },
    "mj-accordion-element": {
        *_ICON,
        "background-color",
        "border",
        "font-family",
        "icon-unwrapped-alt",
        "icon-unwrapped-url",
        "icon-wrapped-alt",
        "icon-wrapped-url",
    },
    "mj-accordion-title": {*_PADDING, *_FONT, "background-color"},
    "mj-accordion-text": {*_PADDING, *_FONT, "background-color"},
    "mj-carousel": {
        *_BOX,
        *_ICON,
        "border-radius",
        "icon-width",
        "left-icon",
        "right-icon",
        "tb-border",
        "tb-border-radius",
        "tb-hover-border-color",
        "tb-selected-border-color",
        "tb-width",
        "thumbnails",
    },
    "mj-carousel-image": {*_LINK, *_BORDER, "alt", "src", "tb-border", "tb-border-radius", "thumbnails-src"},
    "mj-style": {"inline"},
    "mj-font": {"href", "name"},
    "mj-breakpoint": {"width"},
    "mj-raw": {"position"},
}
_EVERYWHERE = {"css-class", "mj-class"}
_ANY = {name for names in ATTRIBUTES.values() for name in names} | {"name"}


def attribute_problems(source: Source, wanted: Iterable[tuple[Channel, str]], brand: Brand) -> list[Problem]:
    """List the unknown attributes of all emails, each with the line that it is on where that can be found.

    Raises:
        BadCampaign: a template cannot be rendered.
    """
    found: dict[Problem, None] = {}
    for folder in used_folders(source, brand.tone):
        for name in [name for channel, name in wanted if channel is Channel.EMAIL]:
            file = f"{folder}/{SUFFIXES[Channel.EMAIL].format(name)}".removeprefix("/")
            for context in (full_example(brand), joined_example(brand)):
                unknown = _unknown(mjml_of(source, name, in_folder(source, folder, context)))
                found |= dict.fromkeys(_problem(source, file, tag, attribute) for tag, attribute in unknown)
    return list(found)


def _unknown(mjml: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []

    def begin(tag: str, attributes: dict[str, str]) -> None:
        if tag.startswith("mj"):
            known = _ANY if tag in {"mj-all", "mj-class"} else ATTRIBUTES.get(tag, set())
            found.extend((tag, name) for name in attributes if name not in known | _EVERYWHERE)

    parser = expat.ParserCreate()
    parser.StartElementHandler = begin
    parser.Parse(mjml, True)
    return found


def _problem(source: Source, file: str, tag: str, name: str) -> Problem:
    near = get_close_matches(name, ATTRIBUTES.get(tag, _ANY), 1)
    fix = f"did you mean {near[0]}?" if near else "see documentation.mjml.io"
    return Problem(line_of(source, file, f"{name}=") or file, f"{tag} has no attribute {name}", fix)
