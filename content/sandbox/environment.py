"""Jinja2 that can read data and write text, and no more: neither reach anything else, nor go on for ever.

A template by other hands sees the fields of the context's models, and of plain values what `ATTRIBUTES`
lists; pydantic's own methods are refused, because some of them open files and unpickle what they are given.
What a rendering does is counted (`content.sandbox.budget`), in every thread, without signals.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from jinja2 import Template, nodes, pass_context, pass_eval_context
from jinja2.nodes import EvalContext
from jinja2.runtime import Context, markup_join, str_join
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import BaseModel

from content.sandbox import guards
from content.sandbox.budget import LimitExceeded, budget, counted, longest, spend, weight
from content.sandbox.counting import CONCAT, SPEND, WEIGH, with_costs

MOST_ITEMS = 10_000
"""Of a `range`."""
MOST_SOURCE = 200_000
"""Characters of one file."""
_OFTEN_WRITTEN = 20  # steps that a file costs beside its text
_TEXT = frozenset(
    {
        "capitalize", "casefold", "center", "count", "endswith", "find", "format", "format_map", "index",
        "isalnum", "isalpha", "isascii", "isdecimal", "isdigit", "islower", "isnumeric", "isspace", "istitle",
        "isupper", "join", "ljust", "lower", "lstrip", "partition", "removeprefix", "removesuffix", "replace",
        "rfind", "rindex", "rjust", "rpartition", "rsplit", "rstrip", "split", "splitlines", "startswith",
        "strip", "swapcase", "title", "upper", "zfill",
    }
)  # fmt: skip
_DAY = frozenset(["year", "month", "day", "weekday", "isoweekday", "isoformat", "strftime"])
_CLOCK = frozenset(["hour", "minute", "second", "tzinfo", "isoformat", "strftime"])
#: What of plain values a template may use. Of a type that is not here: what Jinja2's sandbox allows.
ATTRIBUTES: Mapping[type, frozenset[str]] = {
    str: _TEXT,
    bytes: frozenset(),
    bool: frozenset(),
    int: frozenset(),
    float: frozenset({"is_integer"}),
    Decimal: frozenset({"is_signed", "is_zero"}),
    datetime: _DAY | _CLOCK | {"date", "time"},
    date: _DAY,
    time: _CLOCK,
    timedelta: frozenset({"days", "seconds", "total_seconds"}),
    list: frozenset({"count", "index"}),
    tuple: frozenset({"count", "index"}),
    dict: frozenset({"get", "items", "keys", "values"}),
}
_GUARDED = (str, date, time)
_UNSAFE = frozenset({"lipsum"})
_NO_FILTERS = frozenset({"pprint"})
#: Jinja2's tests that work through what they compare.
_COMPARING = (
    "eq", "==", "equalto", "ne", "!=", "lt", "<", "lessthan", "le", "<=", "gt", ">", "greaterthan", "ge",
    ">=", "in",
)  # fmt: skip


class BoundedTemplate(Template):
    """A template of which each rendering has a budget."""

    def render(self, *args: Any, **kwargs: Any) -> str:
        """Render it whole. Raises `LimitExceeded` beside what Jinja2 raises."""
        with budget():
            return super().render(*args, **kwargs)

    def render_blocks(self, names: Iterable[str], variables: Mapping[str, Any]) -> dict[str, str]:
        """Render single blocks, of this template or of what it extends; what is not there is left out.

        Raises as `render`.
        """
        try:
            with budget():
                context = self.new_context(dict(variables))
                # The first output comes once every layout has been looked up, and what the templates import.
                next(iter(self.root_render_func(context)), None)
                return {
                    name: "".join(context.blocks[name][0](context))
                    for name in names
                    if name in context.blocks
                }
        except Exception:  # noqa: BLE001 - it is raised again
            # As Template.render does it: else the lines reported are those of the compiled Python code.
            self.environment.handle_exception()


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja2's sandbox, in which a model is its fields and everything is counted."""

    template_class = BoundedTemplate
    intercepted_binops = frozenset(guards.OPERATORS)

    def __init__(self, *, write: Callable[[Any], Any], filters: Mapping[str, Any], **options: Any) -> None:
        """Make one with some filters more. ``write`` is given each value before it is written."""

        @pass_context  # also so that nothing is written while a template is compiled
        def finalize(_context: Context, value: Any) -> Any:
            written = write(value)
            if isinstance(written, str):
                spend(1, len(written))
            else:
                spend(1 + weight(written))
                spend(0, len(str(written)))
            return written

        super().__init__(finalize=finalize, optimized=False, **options)
        self.globals = {name: value for name, value in self.globals.items() if name not in _UNSAFE}
        self.globals["range"] = _range
        known = {
            name: value for name, value in {**self.filters, **filters}.items() if name not in _NO_FILTERS
        }
        self.filters = {name: _counting(name, function) for name, function in known.items()}
        self.filters |= {SPEND: _spend, CONCAT: _concat, WEIGH: _weighed}
        self.tests |= {name: _weighing(self.tests[name]) for name in _COMPARING}

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Allow a model's fields, and of plain values what `ATTRIBUTES` lists."""
        if isinstance(obj, BaseModel):
            return attr in type(obj).__pydantic_fields__  # model_fields looks them up anew each time
        for kind in type(obj).__mro__:
            if kind in ATTRIBUTES:
                return attr in ATTRIBUTES[kind]
        return super().is_safe_attribute(obj, attr, value)

    def call(self, context: Context, called: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call what a template calls, counted, and with its guard."""
        # `str.format` comes as a function that stands for it, and wraps it.
        owner = getattr(getattr(called, "__wrapped__", called), "__self__", None)
        name = getattr(called, "__name__", "")
        guard = guards.METHODS.get(name) if isinstance(owner, _GUARDED) else None
        if guard is not None and isinstance(owner, str):
            guard = functools.partial(guard, owner)
        spend(1 + weight(owner, *args, *kwargs.values()))
        return guards.call_guarded(guard, functools.partial(super().call, context, called), *args, **kwargs)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Do what an operator does, with its guard."""
        del context
        return guards.binary(operator, left, right)

    def get_template(self, *args: Any, **kwargs: Any) -> Template:
        """Return a template; each that another one uses is counted."""
        spend(_OFTEN_WRITTEN)
        return super().get_template(*args, **kwargs)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        if len(source) > MOST_SOURCE:
            msg = f"is longer than {MOST_SOURCE:,} characters"
            raise LimitExceeded(msg)
        return super()._parse(source, name, filename)

    def _generate(
        self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False
    ) -> str:
        return super()._generate(with_costs(source, self), name, filename, defer_init)


def _range(*bounds: int) -> range:
    """Return a range that a message could need."""
    made = range(*bounds)
    if len(made) > MOST_ITEMS:
        msg = f"has a range of more than {MOST_ITEMS:,} numbers"
        raise LimitExceeded(msg)
    spend(len(made) // 10)
    return made


def _counting(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter that counts what it is given, and has its guard before it."""
    guard = guards.FILTERS.get(name)
    passed = 1 if hasattr(function, "jinja_pass_arg") else 0  # the context that Jinja2 hands it first

    @functools.wraps(function)
    def counting(*args: Any, **kwargs: Any) -> Any:
        given = [*args[:passed], *(_settled(name, value) for value in args[passed:])]
        spend(1 + weight(*given[passed:], *kwargs.values()))
        guarded = guard and (lambda *_, **__: guard(*given[passed:], **kwargs))
        return guards.call_guarded(guarded or None, function, *given, **kwargs)

    return counting


def _settled(name: str, value: Any) -> Any:
    """Return what a filter is given, countable: an iterator counts as it goes, or is read for `join`."""
    if not isinstance(value, Iterator):
        return value
    return list(counted(value)) if name == "join" else counted(value)


def _weighing(test: Any) -> Callable[..., bool]:
    """Return a test that counts what it compares."""

    @functools.wraps(test)
    def weighing(*values: Any) -> bool:
        spend(weight(*values))
        return bool(test(*values))

    return weighing


@pass_context
def _weighed(_context: Context, value: Any) -> Any:
    spend(weight(value))
    return value


@pass_context
def _spend(_context: Context, text: int) -> str:
    spend(1, text)
    return ""


@pass_eval_context
def _concat(context: EvalContext, parts: Iterable[Any]) -> str:
    """Do what `~` does."""
    spend(weight(parts))
    joined = [part if isinstance(part, str) else str(part) for part in parts]
    size = sum(map(len, joined))
    longest(size)
    spend(1, size)
    return markup_join(parts) if context.autoescape else str_join(joined)
