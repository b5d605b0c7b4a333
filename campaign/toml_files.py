"""TOML that people write: read, or refused with the line as it stands there and what was likely meant."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from campaign.errors import BadCampaign, Problem

_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)")
_SHOWN = 60
"""Characters of a line that a message shows."""

_COMMENT = re.compile(r"\s#")
_TWICE = re.compile(r"overwrite|twice|Duplicate|immutable")
_CURLY = re.compile(r"[=,\[{]\s*[\u2018-\u201f\u00ab\u00bb]")  # opening quotes of any language
_DECIMAL_COMMA = re.compile(r"=\s*(-?\d+),(\d+)\s*(?:[,}]|$)")
_PERCENT = re.compile(r"=\s*(-?\d+(?:[.,]\d+)?)\s*%")
_BARE_WORDS = re.compile(r"=\s*((?:\d+ +)?[^\W\d][^,}\]]*?)\s*(?:[,}\]]|$)")
_TRUTH = re.compile(r"true|false", re.IGNORECASE)
_ELSEWHERE = "see toml.io for how to write TOML"


def read_toml(text: str, file: str) -> dict[str, Any]:
    """Read a text as TOML. ``file`` is what an error names.

    Raises:
        BadCampaign: it is none: with line and column, the line, and what to write there.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadCampaign([_problem(str(error), text.splitlines(), file)]) from None


def _problem(message: str, lines: list[str], file: str) -> Problem:
    what, found = _AT.sub("", message), _AT.search(message)
    if found is None or found[1] is None or int(found[1]) > len(lines):
        return Problem(file, what, f"look at what is opened last, and close it; {_ELSEWHERE}")
    line = _COMMENT.split(lines[int(found[1]) - 1])[0].strip()
    fix = "it stands there twice: keep one" if _TWICE.search(what) else likely_fix(line)
    if fix is None and what.startswith("Unclosed"):
        fix = "close what is opened before it, with ] or }"
    shown = line if len(line) <= _SHOWN else f"{line[: _SHOWN - 3]}..."
    return Problem(f"{file}:{found[1]}:{found[2]}", f"{what}: {shown}", fix or _ELSEWHERE)


def likely_fix(line: str) -> str | None:
    """Return what to write instead of a line (without its comment), if it looks like a usual mistake."""
    return _fix_of_quotes(line) or _fix_of_value(line) or _fix_of_form(line)


def _fix_of_quotes(code: str) -> str | None:
    if _CURLY.search(code):
        return 'write straight quotes: "..."'
    if code.count('"') % 2:
        return 'a quote is missing: a text stands between two "'
    if re.search(r"=\s*'[^']*$", code):
        return "a quote is missing: a text stands between two '"
    return None


def _fix_of_value(code: str) -> str | None:
    if found := _DECIMAL_COMMA.search(code):
        return f'write a number with decimals in quotes and with a point: "{found[1]}.{found[2]}"'
    if found := _PERCENT.search(code):
        return f"write the number alone: {found[1].replace(',', '.')}"
    if code.endswith("="):
        return "write a value after ="
    if (found := _BARE_WORDS.search(code)) and found[1] not in ("true", "false"):
        word = found[1]
        return f"write {word.lower()}" if _TRUTH.fullmatch(word) else f'write a text in quotes: "{word}"'
    return None


def _fix_of_form(code: str) -> str | None:
    if code.startswith("["):
        opened = len(code) - len(code.lstrip("["))
        closed = len(code) - len(code.rstrip("]"))
        return "close it with as many ] as it has [" if opened != closed and "=" not in code else None
    return None if "=" in code else "write = between a key and its value"
