"""Contact sheets of all messages, one a language; and what is wrong with any of them, in light and dark."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, Page

from dev.chromium import Scheme
from dev.screenshots.messages import (
    LANGUAGES,
    SCHEMES,
    WIDTHS,
    Shot,
    axe_problems,
    broken_pictures,
    mail_page,
    shots,
    show,
)

#: What each language's sheet shows; everything is looked at, and a sheet can show one of the four.
SHOWN: dict[str, tuple[int, Scheme]] = {
    "en": (375, "light"),
    "de": (375, "dark"),
    "es": (700, "light"),
    "fr": (700, "dark"),
}
_THUMB = (150, 330)
_GAP = 8
_GROUND = "#9aa19b"
_QUALITY = 78


@dataclass
class Sheet:
    """Thumbnails in rows, one a template."""

    rows: dict[str, list[Image.Image]] = field(default_factory=dict)

    def add(self, row: str, picture: bytes) -> None:
        """Add a message, as wide as a thumbnail and cut off below."""
        image = Image.open(io.BytesIO(picture)).convert("RGB")
        height = image.height * _THUMB[0] // image.width
        small = image.resize((_THUMB[0], height), Image.Resampling.LANCZOS)
        self.rows.setdefault(row, []).append(small.crop((0, 0, _THUMB[0], min(height, _THUMB[1]))))

    def save(self, path: Path) -> None:
        """Write the sheet."""
        wide, high = _THUMB[0] + _GAP, _THUMB[1] + _GAP
        columns = max(len(row) for row in self.rows.values())
        whole = Image.new("RGB", (columns * wide + _GAP, len(self.rows) * high + _GAP), _GROUND)
        for down, row in enumerate(self.rows.values()):
            for right, picture in enumerate(row):
                whole.paste(picture, (_GAP + right * wide, _GAP + down * high))
        whole.save(path, quality=_QUALITY, method=6)


async def photograph_messages(chromium: Browser, folder: Path, report: Callable[[str], None]) -> list[str]:
    """Look at every default message of every customer in every language; return what is wrong."""
    wrong: list[str] = []
    async with mail_page(chromium, WIDTHS[0]) as shown:
        for language in LANGUAGES:
            sheet = Sheet()
            for shot in shots([language]):
                await show(shown, shot.html)
                wrong += await problems(shown, shot, SCHEMES)
                sheet.add(shot.template, await _picture(shown, *SHOWN[language]))
            sheet.save(folder / f"messages-{language}.webp")
            report(f"{language}: {sum(map(len, sheet.rows.values()))} messages, {len(wrong)} problems so far")
    return wrong


async def problems(shown: Page, shot: Shot, schemes: Sequence[Scheme]) -> list[str]:
    """Return what is wrong with the message on the page: pictures, width, and what axe finds serious."""
    found = [f"no picture: {url}" for url in await broken_pictures(shown)]
    for width in WIDTHS:
        await shown.set_viewport_size({"width": width, "height": 700})
        if (needed := await shown.evaluate("document.documentElement.scrollWidth")) > width:
            found.append(f"is {needed} pixels wide on a screen of {width}")
    for scheme in schemes:
        await shown.emulate_media(color_scheme=scheme)
        found += [f"{scheme}: {problem}" for problem in await axe_problems(shown)]
    return [f"{shot.name}: {problem}" for problem in found]


async def _picture(shown: Page, width: int, scheme: Scheme) -> bytes:
    await shown.set_viewport_size({"width": width, "height": 700})
    await shown.emulate_media(color_scheme=scheme)
    return await shown.screenshot(full_page=True, type="jpeg", quality=85)
