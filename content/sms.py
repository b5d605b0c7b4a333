"""What an SMS costs: GSM-7 or UCS-2, how many segments, and plain characters for those that double it.

3GPP TS 23.038 (the GSM 7-bit default alphabet with its extension table, and UCS-2) and TS 23.040 (a
message in parts: a header of six octets leaves 153 septets or 67 units in each).
"""

# ruff: noqa: RUF001 - characters that look like others are what this module is about

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

GSM7, UCS2 = "GSM-7", "UCS-2"
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")
_ALPHABET = _BASIC | _EXTENSION
_SINGLE, _PART = {GSM7: 160, UCS2: 70}, {GSM7: 153, UCS2: 67}

# What people's keyboards and word processors write, beyond what Unicode itself calls compatible.
_PLAIN = {
    "‘": "'", "’": "'", "‚": "'", "‛": "'", "′": "'", "`": "'", "´": "'", "ʼ": "'", "‹": "<", "›": ">",
    "“": '"', "”": '"', "„": '"', "‟": '"', "″": '"', "«": '"', "»": '"',
    "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "―": "-", "−": "-", "⁄": "/", "•": "*", "·": "*",
    "×": "x", "÷": ":", "→": "->", "←": "<-", "©": "(c)", "®": "(R)", "°": " deg",
    "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ı": "i", "œ": "oe",
    "Œ": "OE", "ħ": "h", "Ħ": "H", "ŧ": "t", "Ŧ": "T", "ŋ": "ng", "Ŋ": "NG", "ĸ": "k", "ẞ": "SS",
}  # fmt: skip
# Symbols that stand for nothing in words (emoji), and the marks and joiners that belong to them.
_DROPPED = ("So", "Sk", "Mn", "Me", "Cf")
_CODE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)


@dataclass(frozen=True)
class Size:
    """What a text takes: septets (GSM-7) or 16-bit units (UCS-2), and SMS segments.

    ``forcing`` has the characters that GSM-7 lacks, each once, in order.
    """

    encoding: str
    units: int
    segments: int
    forcing: tuple[str, ...] = ()


def measure(text: str, encoding: str | None = None) -> Size:
    """Measure a text, in the encoding it needs or in the one given."""
    forcing = tuple(dict.fromkeys(char for char in text if char not in _ALPHABET))
    chosen = encoding or (UCS2 if forcing else GSM7)
    widths = [_width(char, chosen) for char in text]
    return Size(chosen, sum(widths), _segments(widths, chosen), forcing)


def sms_segments(text: str) -> int:
    """Return how many SMS a text takes."""
    return measure(text).segments


def _width(char: str, encoding: str) -> int:
    if encoding == UCS2:
        return len(char.encode("utf-16-be", "surrogatepass")) // 2
    return 2 if char in _EXTENSION else 1


def _segments(widths: Sequence[int], encoding: str) -> int:
    """Fill part after part: an escape or surrogate pair never begins in one and ends in the next."""
    if sum(widths) <= _SINGLE[encoding]:
        return 1
    parts, room = 0, 0
    for width in widths:
        if width > room:
            parts, room = parts + 1, _PART[encoding]
        room -= width
    return parts


def plain(char: str) -> str | None:
    """Return what GSM-7 can write for a character; "" if it may go; None if it is a letter that cannot."""
    if char in _ALPHABET:
        return char
    if char in _PLAIN:
        return _PLAIN[char]
    if unicodedata.category(char) in _DROPPED and not _letters(char):
        return ""
    written = _letters(char)
    return written if written and all(c in _ALPHABET for c in written) else None


def _letters(char: str) -> str:
    """Return a character without its marks: ś -> s, … -> ..., ™ -> TM, a no-break space -> a space."""
    parts = unicodedata.normalize("NFKD", char)
    kept = "".join(_PLAIN.get(c, c) for c in parts if not unicodedata.combining(c))
    return "" if kept == char else kept


def to_gsm7(text: str) -> str:
    """Return the text in GSM-7's characters, or as it is where that would lose a letter.

    A Cyrillic or Chinese name stays and needs UCS-2, and beside it nothing would be won.
    """
    composed = unicodedata.normalize("NFC", text)
    if all(char in _ALPHABET for char in composed):
        return composed
    written = [plain(char) for char in composed]
    if None in written:
        return text
    return " ".join("".join(char for char in written if char).split())


def fix_template(source: str) -> str:
    """Return a template with its own text in GSM-7 where it can be; what is Jinja2's stays as it is."""
    kept, at = "", 0
    for code in _CODE.finditer(source):
        kept += _fixed(source[at : code.start()]) + code.group()
        at = code.end()
    return kept + _fixed(source[at:])


def _fixed(text: str) -> str:
    composed = unicodedata.normalize("NFC", text)
    return "".join(char if (to := plain(char)) is None else to for char in composed)


def own_text(source: str) -> str:
    """Return what of a template is its author's words, not Jinja2's."""
    return _CODE.sub("", source)
