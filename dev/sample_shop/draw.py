"""``python -m dev.sample_shop.draw``: make the sample shop's pictures again, from the drawings beside them.

Needs Chromium: Debian's package chromium, and Playwright and Pillow from the development group.
"""

from __future__ import annotations

import argparse
import io
import sys
import tomllib
from pathlib import Path

from PIL import Image
from playwright.async_api import Page

from dev.chromium import browser, page
from dev.stack import finish

PICTURES = Path(__file__).parent / "pictures"
SIZE = 600
COLOURS = 96
LOGO = "logo"
LOGO_SIZE = (520, 128)
# Its colours can be seen on white and on nearly black, so that the logo needs no ground of its own.
_LOGO = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 260 64" width="520" height="128">
<g transform="translate(-6 0)" fill="none" stroke="#57937a" stroke-width="3.2" stroke-linecap="round"
stroke-linejoin="round"><path d="M26 8 L14 28 H21 L9 46 H43 L31 28 H38 Z M26 46 V57"/></g>
<circle cx="42" cy="40" r="4.2" fill="#7383b8"/><circle cx="47" cy="49" r="4.2" fill="#7383b8"/>
<text x="60" y="43" font-family="Georgia, 'DejaVu Serif', serif" font-size="28" fill="#528d73"
textLength="192" lengthAdjust="spacingAndGlyphs">Juniper &amp; Pine</text></svg>"""


async def draw_all() -> int:
    """Make a PNG of each drawing, and the logo."""
    drawings = tomllib.loads((PICTURES / "drawings.toml").read_text("utf-8"))
    async with browser() as chromium, page(chromium, (SIZE, SIZE)) as canvas:
        for sku, drawing in drawings.items():
            picture = await _shot(canvas, _svg(**drawing), (SIZE, SIZE))
            _save(picture.convert("RGB").quantize(COLOURS), sku.lower())
        _save((await _shot(canvas, _LOGO, LOGO_SIZE)).quantize(COLOURS), LOGO)
    for file in sorted(PICTURES.glob("*.png")):
        print(f"{file.name}: {file.stat().st_size / 1024:.1f} KB")
    return 0


def _svg(ground: str, shapes: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" width="{SIZE}" height="{SIZE}">'
        f'<rect width="100" height="100" fill="{ground}"/>{shapes}</svg>'
    )


async def _shot(canvas: Page, svg: str, size: tuple[int, int]) -> Image.Image:
    await canvas.set_content(f'<body style="margin:0;background:transparent">{svg}</body>')
    clip = {"x": 0.0, "y": 0.0, "width": float(size[0]), "height": float(size[1])}
    await canvas.set_viewport_size({"width": size[0], "height": max(size)})
    return Image.open(io.BytesIO(await canvas.screenshot(clip=clip, omit_background=True)))  # type: ignore[arg-type]


def _save(picture: Image.Image, name: str) -> None:
    picture.save(PICTURES / f"{name}.png", optimize=True)


def main() -> int:
    """Run; report why it cannot go on."""
    argparse.ArgumentParser(prog="python -m dev.sample_shop.draw", description=__doc__).parse_args()
    return finish(draw_all())


if __name__ == "__main__":
    sys.exit(main())
