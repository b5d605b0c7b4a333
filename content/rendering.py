"""Templates by other hands, rendered safely: sandboxed Jinja2, strict about names, MJML for email.

MJML becomes HTML by mjml-python, the binding of mrml (MJML in Rust): typed, one wheel for every
Python, and no Node.js. An email template has the blocks subject, preheader, body and text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from babel.dates import format_date
from babel.numbers import format_currency
from jinja2 import FileSystemLoader, StrictUndefined, Template, TemplateError, TemplateSyntaxError
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from mjml import mjml2html

from campaign.errors import BadCampaign, Problem
from campaign.reasons import Channel
from content.context import MessageContext

LOCALE = "en_US"
SUFFIXES = {Channel.EMAIL: "email/{}.mjml.j2", Channel.SMS: "sms/{}.txt.j2"}


@dataclass(frozen=True)
class EmailContent:
    """A rendered email. ``subject`` is one line."""

    subject: str
    preheader: str
    html: str
    text: str


@dataclass(frozen=True)
class SmsContent:
    """A rendered SMS."""

    text: str


def render_email(folder: Path, template: str, context: MessageContext) -> EmailContent:
    """Render an email.

    Raises:
        BadCampaign: the template is missing or broken; the problem names file and line.
    """
    file = SUFFIXES[Channel.EMAIL].format(template)
    with_names = _names(context)
    try:
        rich, plain = _load(folder, file, escape=True), _load(folder, file, escape=False)
        html = mjml2html(rich.render(with_names), disable_comments=True, fonts={})
        subject, preheader, text = (
            _block(plain, name, with_names) for name in ("subject", "preheader", "text")
        )
    except (TemplateError, SecurityError, ValueError) as error:
        raise BadCampaign([_problem(folder, file, error)]) from None
    return EmailContent(one_line(subject), one_line(preheader), html, tidy(text))


def render_sms(folder: Path, template: str, context: MessageContext) -> SmsContent:
    """Render an SMS: one paragraph, whatever the template's line breaks. Raises as `render_email`."""
    file = SUFFIXES[Channel.SMS].format(template)
    try:
        text = _load(folder, file, escape=False).render(_names(context))
    except (TemplateError, SecurityError, ValueError) as error:
        raise BadCampaign([_problem(folder, file, error)]) from None
    return SmsContent(one_line(text))


def one_line(text: str) -> str:
    """Return the text with every run of white space (and control characters) as one space."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def tidy(text: str) -> str:
    """Return plain text without indentation and with single empty lines."""
    lines = [line.strip() for line in text.splitlines()]
    kept = [line for i, line in enumerate(lines) if line or (i and lines[i - 1])]
    return "\n".join(kept).strip() + "\n"


def money(amount: Decimal, currency: str) -> str:
    """Write an amount as people do: ``$19.90``."""
    return format_currency(amount, currency, locale=LOCALE)


def day(value: datetime) -> str:
    """Write a date as people do: ``March 5, 2026``."""
    return format_date(value, "long", locale=LOCALE)


@lru_cache(maxsize=8)
def _environment(folder: Path, *, escape: bool) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        autoescape=escape,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(money=money, day=day)
    return environment


def _load(folder: Path, file: str, *, escape: bool) -> Template:
    return _environment(folder, escape=escape).get_template(file)


def _names(context: MessageContext) -> dict[str, Any]:
    """The templates' variables: the context's fields, under their names."""
    return {name: getattr(context, name) for name in MessageContext.model_fields}


def _block(template: Template, name: str, variables: dict[str, Any]) -> str:
    block = template.blocks.get(name)
    if block is None:
        msg = f"has no block {name}"
        raise TemplateError(msg)
    return "".join(block(template.new_context(variables)))


def _problem(folder: Path, file: str, error: Exception) -> Problem:
    """Say where in the marketer's own files a template failed."""
    where = next(_places(folder, error), file)
    if isinstance(error, TemplateSyntaxError):
        where = f"{error.name}:{error.lineno}"
    kind = type(error).__name__
    what = f"no such file: {error}" if kind == "TemplateNotFound" else str(error)
    return Problem(where, what, "mend the template, then run `python -m starter check`")


def _places(folder: Path, error: Exception) -> Iterator[str]:
    """Give the template lines that an error came through, innermost first."""
    frames, trace = [], error.__traceback__
    while trace:
        frames.append((trace.tb_frame.f_code.co_filename, trace.tb_lineno))
        trace = trace.tb_next
    for name, line in reversed(frames):
        if name.endswith(".j2"):
            yield f"{Path(name).relative_to(folder) if Path(name).is_relative_to(folder) else name}:{line}"
