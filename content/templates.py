"""Templates, compiled for the sandbox with what they may use, and their faults reported to who wrote them.

The text of a fault may end up in a Temporal history, so it never repeats data: a foreign error is
reported by its kind, and an undefined name only where the template itself says it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from jinja2 import (
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    UndefinedError,
)
from jinja2.exceptions import SecurityError

from campaign.definition.colors import Colors
from campaign.errors import Problem
from content.context import (
    Brand,
    Customer,
    Line,
    Loyalty,
    MessageContext,
    Offer,
    Order,
    Product,
    Quote,
    ShopRating,
)
from content.sandbox.budget import LimitExceeded
from content.sandbox.environment import BoundedTemplate, Sandbox
from content.sources import Source, loader_of, paths_of, text_of
from content.writing.functions import Functions, UnknownWord
from content.writing.language import Language, language_of
from content.writing.naming import known

#: Everything that rendering a wrong template can raise.
MALFUNCTIONS = (
    TemplateError,
    ValueError,
    TypeError,
    ArithmeticError,
    LookupError,
    AttributeError,
    RecursionError,
    SyntaxError,  # what Jinja2 makes of a template may be too deep for Python
    MemoryError,
)
_SEEN = (MessageContext, Brand, Colors, Customer, Order, Line, Product, Offer, Loyalty, Quote, ShopRating)
#: Every name that any part of the context has.
NAMES = sorted({name for seen in _SEEN for name in seen.model_fields})
#: Those that may be missing.
_MAYBE = {name for seen in _SEEN for name, field in seen.model_fields.items() if field.default is None}
_QUOTED = re.compile(r"'([^']*)'")
_SHOWN = re.compile(r"\{\{[-+]?\s*([a-z_][\w.]*\b)(?!\()")


class BadTemplate(TemplateError):
    """What a template becomes is wrong. ``tag`` is how the fault looks in the template's own text."""

    def __init__(self, message: str, fix: str = "", tag: str | None = None) -> None:
        """Keep the fix, and the tag to look for."""
        super().__init__(message)
        self.fix = fix
        self.tag = tag


class MissingValue(TemplateError):
    """A template shows a field that is empty for this customer."""


def load_template(source: Source, file: str, language: Language, *, escape: bool) -> BoundedTemplate:
    """Compile a template.

    Raises:
        jinja2.TemplateError: it is missing or is not Jinja2.
    """
    return cast("BoundedTemplate", _sandbox(source, language, escape=escape).get_template(file))


def sandbox(source: Source, folder: str = "", *, escape: bool) -> Sandbox:
    """Return the environment of a source's templates, in the language of one of its folders."""
    return _sandbox(source, language_of(source, folder), escape=escape)


@lru_cache(maxsize=128)
def _sandbox(source: Source, language: Language, *, escape: bool) -> Sandbox:
    """Return an environment, which keeps its templates compiled."""
    functions = Functions(language, rich=escape)
    environment = Sandbox(
        loader=loader_of(source),
        undefined=StrictUndefined,
        autoescape=escape,
        write=_present,
        filters=functions.filters,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(functions.names_given)
    environment.tests["known"] = known
    return environment


def _present(value: Any) -> Any:
    """Refuse to write "None" to a customer."""
    if value is None:
        msg = "shows a value that is not there for every customer"
        raise MissingValue(msg)
    return value


def explain(source: Source, file: str, error: Exception) -> Problem:
    """Return where in the marketer's own files a template failed, what is wrong, and what to write."""
    if isinstance(error, BadTemplate):
        return Problem(line_of(source, file, error.tag) or file, str(error), error.fix)
    if isinstance(error, TemplateSyntaxError):
        return Problem(f"{error.name or file}:{error.lineno}", str(error.message), "correct the line")
    where = next(_places(source, error), file)
    if isinstance(error, UndefinedError):
        return _undefined(source, where, error)
    what, fix = _description(error)
    return Problem(where, f"{what}{_shown(source, where) if isinstance(error, MissingValue) else ''}", fix)


def _shown(source: Source, where: str) -> str:
    """Name what the template's line shows and may be missing: the value is one of these."""
    file, _, line = where.rpartition(":")
    if (text := text_of(source, file)) is None:
        return ""
    shown = _SHOWN.findall(text.splitlines()[int(line) - 1])
    names = dict.fromkeys(name for name in shown if name.rpartition(".")[2] in _MAYBE)
    return f" ({' or '.join(names)})" if names else ""


#: What is wrong, and what to write, by the kind of an error that says nothing of it itself.
_BY_KIND: dict[type[Exception], tuple[str, str]] = {
    UnknownWord: ("uses a word that is not there", "add it to words.toml"),
    SecurityError: ("uses what templates may not", "read the fields in content/context.py only"),
    RecursionError: ("uses itself without end", "let no macro, loop or file use itself"),
}


def _description(error: Exception) -> tuple[str, str]:
    match error:
        case TemplateNotFound():
            return f"no such file: {error.name}", "create it, or name another"
        case MissingValue():
            return str(error.message), "wrap it in {% if ... %}, as the default templates do"
        case LimitExceeded():
            return str(error.message), "show what the message needs, and no more"
        case _:
            usual = (f"cannot be rendered: {type(error).__name__}", "correct the line")
            return next((said for kind, said in _BY_KIND.items() if isinstance(error, kind)), usual)


def _undefined(source: Source, where: str, error: UndefinedError) -> Problem:
    """Report an undefined name, if the name is the template's; it could be a customer's."""
    quoted = _QUOTED.findall(str(error))
    name = quoted[-1] if quoted else ""
    if not name or name not in (text_of(source, where.rpartition(":")[0]) or ""):
        return Problem(where, "uses a name that is not there", "see content/context.py for what there is")
    if name in NAMES:
        what = f"{name} is not there for every customer"
        return Problem(where, what, "wrap it in {% if ... %}, as the default templates do")
    near = get_close_matches(name, NAMES, 1)
    fix = f"did you mean {near[0]}?" if near else "see content/context.py for what there is"
    return Problem(where, f"{name} is not defined", fix)


def _places(source: Source, error: Exception) -> Iterator[str]:
    """Give the template lines that an error came through, innermost first."""
    frames, trace = [], error.__traceback__
    while trace:
        frames.append((Path(trace.tb_frame.f_code.co_filename), trace.tb_lineno))
        trace = trace.tb_next
    for path, line in reversed(frames):
        if path.suffix == ".j2":
            below = isinstance(source, Path) and path.is_relative_to(source)
            yield f"{path.relative_to(source) if below and isinstance(source, Path) else path}:{line}"


def line_of(source: Source, file: str, tag: str | None) -> str | None:
    """Find a tag in the template, else in the parts (``_*.j2``) beside it; None unless it is there once."""
    room = file.split("/")[-2]
    own = [path for path in paths_of(source) if path in (file, "/".join(file.split("/")[-2:]))]
    beside = [path for path in paths_of(source) if path.startswith(f"{room}/_") and path.endswith(".j2")]
    for files in (own, beside):
        found = [
            f"{path}:{number}"
            for path in files
            for number, text in enumerate((text_of(source, path) or "").splitlines(), 1)
            if tag and re.search(rf"{re.escape(tag)}(?![\w-])", text)
        ]
        if len(found) == 1:
            return found[0]
    return None
