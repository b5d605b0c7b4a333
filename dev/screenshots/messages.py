"""Every default message, as each of twelve customers gets it, in Chromium: pictures, and what axe says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, Route

from campaign.definition.model import Definition
from content.context import MessageContext
from content.gathering import brand_of
from content.loading import read_definition
from content.rendering import render_email
from dev.chromium import Scheme, page
from dev.sample_shop.draw import PICTURES as FILES
from dev.screenshots.customers import PICTURES, customers, in_language

FOLDER = Path(__file__).parents[2] / "content" / "default"
LANGUAGES = ("en", "de", "es", "fr")
WIDTHS = (375, 700)
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
#: What axe calls so keeps people out.
SERIOUS = ("serious", "critical")


@dataclass(frozen=True)
class Shot:
    """One message of one customer."""

    template: str
    customer: str
    language: str
    context: MessageContext

    @property
    def name(self) -> str:
        """A file's name."""
        return f"{self.template}-{self.customer}-{self.language}"

    @property
    def html(self) -> str:
        """The message as it is sent."""
        return render_email(FOLDER, self.template, self.context).html


@cache
def definition() -> Definition:
    """Return the default campaign."""
    return read_definition(FOLDER / "campaign.toml")


def templates() -> list[str]:
    """Return the names of all default emails."""
    return sorted(file.name.partition(".")[0] for file in (FOLDER / "email").glob("[a-z]*.mjml.j2"))


def shots(
    languages: Iterable[str] = LANGUAGES,
    wanted_templates: Iterable[str] | None = None,
    wanted_customers: Iterable[str] | None = None,
) -> Iterator[Shot]:
    """Give every message for every customer in every language, or some of them."""
    logo = f"{PICTURES}/logo.png"
    for language in languages:
        brand = brand_of(definition(), language).model_copy(update={"logo_url": logo})
        everybody = customers(brand)
        for template in wanted_templates or templates():
            for customer in wanted_customers or everybody:
                context = in_language(everybody[customer], brand, language)
                yield Shot(template, customer, language, context)


@asynccontextmanager
async def mail_page(chromium: Browser, width: int, scheme: Scheme = "light") -> AsyncIterator[Page]:
    """Open a page in which the shop's pictures are this machine's."""
    async with page(chromium, (width, 700), scheme) as shown:
        await shown.route(f"{PICTURES}/*", _picture)
        yield shown


async def _picture(route: Route) -> None:
    file = FILES / route.request.url.rpartition("/")[2]
    await (route.fulfill(path=file) if file.is_file() else route.abort())


async def show(shown: Page, html: str) -> None:
    """Show a message, with its pictures."""
    await shown.set_content(html, wait_until="load")


async def broken_pictures(shown: Page) -> list[str]:
    """Return the pictures that did not come."""
    found = await shown.evaluate(
        "[...document.images].filter(i => !i.complete || !i.naturalWidth).map(i => i.src)"
    )
    return [str(url) for url in found]


async def axe_problems(shown: Page) -> list[str]:
    """Return what axe-core finds that is serious or worse: the rule and the element."""
    results = await Axe().run(shown)
    violations: list[dict[str, Any]] = results.response["violations"]
    return [
        f"{found['id']}: {node['html'][:160]}"
        for found in violations
        if found["impact"] in SERIOUS
        for node in found["nodes"]
    ]
