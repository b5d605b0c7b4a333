"""Templates by other hands, rendered safely: sandboxed Jinja2, strict about names, MJML for email.

MJML becomes HTML by mjml-python, the binding of mrml (MJML in Rust): typed, one wheel for every
Python, and no Node.js. An email template has the blocks subject, preheader, body and text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, NoReturn
from xml.parsers import expat

from mjml import mjml2html

from campaign.errors import BadCampaign
from campaign.reasons import Channel
from content.context import MessageContext, one_line
from content.sandbox.environment import BoundedTemplate
from content.sms import to_gsm7
from content.sources import Source
from content.templates import MALFUNCTIONS, BadTemplate, explain, load_template
from content.writing.language import Language, Wanted, written_in

SUFFIXES = {Channel.EMAIL: "email/{}.mjml.j2", Channel.SMS: "sms/{}.txt.j2"}
# The components at documentation.mjml.io, without mj-include: templates are put together by Jinja2.
MJML_TAGS = frozenset(
    {
        "mj-accordion", "mj-accordion-element", "mj-accordion-text", "mj-accordion-title", "mj-all",
        "mj-attributes", "mj-body", "mj-breakpoint", "mj-button", "mj-carousel",
        "mj-carousel-image", "mj-class", "mj-column", "mj-divider", "mj-font", "mj-group",
        "mj-head", "mj-hero", "mj-image", "mj-navbar", "mj-navbar-link", "mj-preview", "mj-raw",
        "mj-section", "mj-social", "mj-social-element", "mj-spacer", "mj-style", "mj-table",
        "mj-text", "mj-title", "mj-wrapper", "mjml",
    }
)  # fmt: skip
_CAROUSEL = "mj-carousel-image"
_MOST_IN_CAROUSELS = 100  # what becomes of a carousel grows with their square: 36,000 would be 20 GB
_MOST_NESTED = 100  # a deeper document is more than mrml's stack can take: it would end the process
_ENTITY = re.compile(r"&[a-zA-Z]\w*;")
_TAG = re.compile(r"</?[\w-]+")


@dataclass(frozen=True)
class EmailContent:
    """A rendered email. ``subject`` and ``preheader`` are one line each."""

    subject: str
    preheader: str
    html: str
    text: str


@dataclass(frozen=True)
class SmsContent:
    """A rendered SMS, on one line."""

    text: str


def render_email(source: Source, template: str, context: MessageContext) -> EmailContent:
    """Render an email.

    Raises:
        BadCampaign: the template is missing or broken; the problem names file and line.
    """
    file = SUFFIXES[Channel.EMAIL].format(template)
    try:
        file, language = written_in(source, file, wanted_of(context))
        return _email(source, file, language, _names(context))
    except MALFUNCTIONS as error:
        raise BadCampaign([explain(source, file, error)]) from None


def render_sms(source: Source, template: str, context: MessageContext) -> SmsContent:
    """Render an SMS: one paragraph, whatever the template's line breaks. Raises as `render_email`.

    Where the brand wants plain characters, those that would double the cost are replaced (`to_gsm7`).
    """
    file = SUFFIXES[Channel.SMS].format(template)
    try:
        file, language = written_in(source, file, wanted_of(context))
        text = one_line(load_template(source, file, language, escape=False).render(_names(context)))
        return SmsContent(to_gsm7(text) if context.brand.sms_plain_characters else text)
    except MALFUNCTIONS as error:
        raise BadCampaign([explain(source, file, error)]) from None


def plain_parts(
    source: Source, channel: Channel, template: str, context: MessageContext
) -> tuple[str, dict[str, str]]:
    """Return the file that a message is written from, and its parts for reading, without the HTML.

    ``subject``, ``preheader`` and ``text`` of an email, or ``SMS``. Raises as `render_email`.
    """
    file = SUFFIXES[channel].format(template)
    try:
        file, language = written_in(source, file, wanted_of(context))
        plain, names = load_template(source, file, language, escape=False), _names(context)
        if channel is Channel.SMS:
            return file, {"SMS": one_line(plain.render(names))}
        parts = ("subject", "preheader", "text")
        return file, dict(zip(parts, map(one_line, _blocks(plain, parts, names)), strict=True))
    except MALFUNCTIONS as error:
        raise BadCampaign([explain(source, file, error)]) from None


def wanted_of(context: MessageContext) -> Wanted:
    """Return which languages a message is wanted in."""
    return Wanted(context.language, context.brand.language, context.brand.tone)


def mjml_of(source: Source, template: str, context: MessageContext) -> str:
    """Return an email's MJML, well-formed and with known tags. Raises as `render_email`."""
    file = SUFFIXES[Channel.EMAIL].format(template)
    try:
        file, language = written_in(source, file, wanted_of(context))
        mjml = load_template(source, file, language, escape=True).render(_names(context))
        return check_markup(mjml)
    except MALFUNCTIONS as error:
        raise BadCampaign([explain(source, file, error)]) from None


def _email(source: Source, file: str, language: Language, names: dict[str, Any]) -> EmailContent:
    rich, plain = (load_template(source, file, language, escape=escape) for escape in (True, False))
    subject, preheader, text = _blocks(plain, ("subject", "preheader", "text"), names)
    return EmailContent(one_line(subject), one_line(preheader), _html(rich.render(names)), tidy(text))


def _html(mjml: str) -> str:
    """Turn MJML into HTML. No web fonts: a message loads nothing from strangers."""
    check_markup(mjml)
    try:
        return mjml2html(mjml, disable_comments=True, fonts={})
    except ValueError as error:
        msg = f"is not MJML: {error}"
        raise BadTemplate(msg) from None


def check_markup(mjml: str) -> str:
    """Refuse tags that do not match or that MJML does not have: mrml takes both and shows something else.

    Returns the MJML without HTML's named entities, which are no XML.

    Raises:
        BadTemplate: with the tag, by which its line in the template is found.
    """
    parser = expat.ParserCreate()
    inside: list[str] = []
    carousels = [0]

    def begin(name: str, _attributes: dict[str, str]) -> None:
        _check_tag(name)
        inside.append(name)
        carousels[0] += name == _CAROUSEL
        if carousels[0] > _MOST_IN_CAROUSELS:
            msg = f"has more than {_MOST_IN_CAROUSELS} pictures in carousels"
            raise BadTemplate(msg, "show the first ones", None)
        if len(inside) > _MOST_NESTED:
            msg = f"has more than {_MOST_NESTED} tags inside each other"
            raise BadTemplate(msg, "close tags before you open more", None)

    parser.StartElementHandler = begin
    parser.EndElementHandler = lambda _name: inside.pop() and None
    # HTML's named entities are no XML, but mail programs know them.
    checked = _ENTITY.sub(lambda entity: " " * len(entity.group()), mjml)
    try:
        parser.Parse(checked, True)
    except expat.ExpatError as error:
        _refuse(checked, error)
    return checked


def _check_tag(name: str) -> None:
    if name.startswith("mj") and name not in MJML_TAGS:
        near = get_close_matches(name, MJML_TAGS, 1)
        msg = f"has a tag that MJML does not know: {name}"
        raise BadTemplate(
            msg, f"did you mean {near[0]}?" if near else "see documentation.mjml.io", f"<{name}"
        )


def _refuse(mjml: str, error: expat.ExpatError) -> NoReturn:
    """Name the tag that the parser stopped at, and nothing else of the text: it holds a customer's data."""
    lines = mjml.split("\n")
    line = lines[error.lineno - 1] if error.lineno <= len(lines) else ""
    before = [tag.group() for tag in _TAG.finditer(line) if tag.start() <= error.offset]
    tag = before[-1] if before else None
    msg = f"is not well-formed: {expat.ErrorString(error.code)}{f' at {tag}>' if tag else ''}"
    raise BadTemplate(msg, "close every tag (<br />) and write & as &amp;", tag) from None


def _names(context: MessageContext) -> dict[str, Any]:
    """The templates' variables: the context's fields, validated also where a copy was changed."""
    checked = MessageContext.model_validate(context)
    return {name: getattr(checked, name) for name in MessageContext.model_fields}


def _blocks(template: BoundedTemplate, wanted: Sequence[str], variables: dict[str, Any]) -> list[str]:
    texts = template.render_blocks(wanted, variables)
    for name in wanted:
        if name not in texts:
            msg = f"has no block {name}"
            raise BadTemplate(msg, f"write {{% block {name} %}} ... {{% endblock %}}")
    return [texts[name] for name in wanted]


def tidy(text: str) -> str:
    """Return plain text with single empty lines and none at its ends."""
    lines = [line.rstrip() for line in text.splitlines()]
    kept = [line for i, line in enumerate(lines) if line or (i and lines[i - 1])]
    return "\n".join(kept).strip() + "\n"
