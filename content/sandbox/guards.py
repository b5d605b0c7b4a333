"""What can make much of little, refused before it is done: `"x" * 10**9`, `"%999999999d"`, `|replace`.

A guard has the arguments of the operator, filter or method that it stands before, and returns at most how
long the result will be.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from content.sandbox.budget import LimitExceeded, longest, spend, weight

MOST_WIDTH = 1_000
"""Of a column, an indentation or a number's precision."""
_MOST_BITS = 4_096
_MOST_DIGITS = 40
_WIDE = re.compile(r"\d{4,}|\*|\{[^{}]*\{")
_Guard = Callable[..., int]


def too_wide(*widths: object) -> None:
    """Refuse a width that no message has.

    Raises:
        LimitExceeded: one is larger than `MOST_WIDTH`.
    """
    for width in widths:
        if isinstance(width, int) and abs(width) > MOST_WIDTH:
            msg = f"has a width of more than {MOST_WIDTH:,}"
            raise LimitExceeded(msg)


def _length(value: object) -> int:
    return len(value) if isinstance(value, str | bytes | list | tuple) else 40


def _replaced(text: Any, old: Any, new: Any, *_: Any) -> int:
    text, old, new = str(text), str(old), str(new)
    return len(text) + (text.count(old) if old else len(text) + 1) * len(new)


def _padded(text: Any, width: Any = 80, *_: Any) -> int:
    too_wide(width)
    return len(str(text)) + MOST_WIDTH


def _indented(text: Any, width: Any = 4, *_: Any) -> int:
    too_wide(width)
    return len(str(text)) + (str(text).count("\n") + 1) * (len(width) if isinstance(width, str) else width)


def _wrapped(text: Any, width: Any = 79, _break: Any = None, wrapstring: Any = None, *_: Any) -> int:
    too_wide(width)
    return len(str(text)) * (1 + _length(wrapstring or "\n"))


def _joined(values: Any, separator: Any = "", *_: Any) -> int:
    many = list(values) if isinstance(values, list | tuple | str) else []
    return sum(len(str(value)) for value in many) + len(many) * len(str(separator))


def _joined_by(separator: Any, values: Any) -> int:
    return _joined(values, separator)


def _formatted(form: Any, *values: Any, **named: Any) -> int:
    """Count each place as if the longest value stood there."""
    text = str(form)
    if _WIDE.search(text):
        msg = f"formats with a width of more than {MOST_WIDTH - 1:,}, or one that is not written out"
        raise LimitExceeded(msg)
    inner = (v.values() if isinstance(v, Mapping) else v if isinstance(v, tuple) else (v,) for v in values)
    widest = max((_length(v) for group in (*inner, named.values()) for v in group), default=0)
    return len(text) + (text.count("%") + text.count("{")) * (widest + MOST_WIDTH)


def _in_parts(values: Any, number: Any, fill: Any = None, *_: Any) -> int:
    del fill
    too_wide(number)
    return _length(values) + MOST_WIDTH


def _linked(text: Any, *options: Any, **named: Any) -> int:
    too_wide(*(len(option) for option in (*options, *named.values()) if isinstance(option, str)))
    return len(str(text))


def _precise(_value: Any, precision: Any = 0, *_: Any, **__: Any) -> int:
    too_wide(precision)
    return 0


FILTERS: Mapping[str, _Guard] = {
    "replace": _replaced, "center": _padded, "indent": _indented, "wordwrap": _wrapped, "join": _joined,
    "format": _formatted, "batch": _in_parts, "slice": _in_parts, "urlize": _linked, "round": _precise,
    "tojson": _precise,
}  # fmt: skip
METHODS: Mapping[str, _Guard] = {
    "replace": _replaced, "center": _padded, "ljust": _padded, "rjust": _padded, "zfill": _padded,
    "join": _joined_by, "format": _formatted, "format_map": _formatted, "strftime": _formatted,
}  # fmt: skip


def call_guarded(guard: _Guard | None, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call what a template calls, with its guard before it and its result counted.

    Raises:
        LimitExceeded: the result is, or would be, too much.
    """
    if guard is not None:
        longest(guard(*args, **kwargs))
    result = function(*args, **kwargs)
    if isinstance(result, str):
        longest(len(result))
    return result


def binary(sign: str, left: Any, right: Any) -> Any:
    """Do what an operator does, unless its result would be absurd.

    Raises:
        LimitExceeded: it would be.
    """
    spend(1 + weight(left, right))
    if sign == "*":
        _check_product(left, right)
    elif sign == "+" and isinstance(left, str | list | tuple):
        longest(len(left) + _length(right))
    elif sign == "%" and isinstance(left, str):
        longest(_formatted(left, right))
    elif sign == "**":
        _check_power(left, right)
    return _bounded_number(OPERATORS[sign](left, right))


OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
    "//": operator.floordiv, "**": operator.pow, "%": operator.mod,
}  # fmt: skip


def _check_product(left: Any, right: Any) -> None:
    for many, times in ((left, right), (right, left)):
        if isinstance(many, str | bytes | list | tuple) and isinstance(times, int):
            longest(len(many) * max(times, 0))


def _check_power(left: Any, right: Any) -> None:
    if isinstance(left, int) and isinstance(right, int) and left.bit_length() * right > _MOST_BITS:
        _refuse_number()


def _bounded_number(value: Any) -> Any:
    """Return a value, unless it is a number that takes long to write."""
    large = isinstance(value, int) and value.bit_length() > _MOST_BITS
    if large or (isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) > _MOST_DIGITS):
        _refuse_number()
    return value


def _refuse_number() -> None:
    msg = "computes a number that is too large"
    raise LimitExceeded(msg)
