"""The brand's colours, for emails and pages alike, light and dark; what nobody could read is refused."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, model_validator

from campaign.problems import Form

Color = Annotated[str, Form(r"^#[0-9a-fA-F]{6}$", 'write a colour such as "#2f4a3c"')]
# WCAG 2.2, success criterion 1.4.3 (AA): text against its background.
CONTRAST = 4.5
_READ_ON = (
    ("text", "card"),
    ("muted", "card"),
    ("muted", "page"),
    ("accent", "card"),
    ("on_accent", "accent"),
)


def contrast(one: str, other: str) -> float:
    """Return WCAG's contrast ratio of two colours, from 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    shares = [_linear(int(color[place : place + 2], 16) / 255) for place in (1, 3, 5)]
    return sum(share * weight for share, weight in zip(shares, (0.2126, 0.7152, 0.0722), strict=True))


def _linear(share: float) -> float:
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - sRGB's curve


class Palette(BaseModel, frozen=True, extra="forbid"):
    """One set of colours: ``accent`` for buttons and links, ``on_accent`` for the text on a button.

    ``page`` is behind the ``card`` that holds the message; ``text`` and ``muted`` are written on them;
    ``line`` is for rules and borders, ``tint`` behind a coupon or a note.
    """

    accent: Color
    on_accent: Color
    page: Color
    card: Color
    text: Color
    muted: Color
    line: Color
    tint: Color

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        for ink, paper in _READ_ON:
            ratio = contrast(getattr(self, ink), getattr(self, paper))
            if ratio < CONTRAST:
                msg = (
                    f"{ink} can hardly be read on {paper}: the contrast is {ratio:.1f}, {CONTRAST} is needed"
                )
                raise ValueError(msg)
        return self


class DarkPalette(Palette, frozen=True, extra="forbid"):
    """The colours where the reader's device is set to dark."""

    accent: Color = "#a9d2b8"
    on_accent: Color = "#12190f"
    page: Color = "#141714"
    card: Color = "#1f231f"
    text: Color = "#ecece6"
    muted: Color = "#b3b8ae"
    line: Color = "#454c45"
    tint: Color = "#29302a"


class Colors(Palette, frozen=True, extra="forbid"):
    """All of them: the light ones, and the dark ones below ``dark``."""

    accent: Color = "#2f4a3c"
    on_accent: Color = "#ffffff"
    page: Color = "#f2f3f0"
    card: Color = "#ffffff"
    text: Color = "#2a2d29"
    muted: Color = "#565c55"
    line: Color = "#c9cec4"
    tint: Color = "#eef3ef"
    dark: DarkPalette = DarkPalette()
