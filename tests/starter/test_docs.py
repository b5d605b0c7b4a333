"""What the docs say is there: settings, commands, links, pictures."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from campaign.wire import OrderStatus, Purchase
from dev.sample_shop.people import CUSTOMERS
from settings import PREFIX, Settings
from starter.__main__ import app
from storage.database import Database
from tests.facts import ROOT
from web.app import create_app

README = ROOT / "README.md"
EVENTS = ROOT / "docs" / "orders.md"
COMMANDS, ROUTES = ROOT / "docs" / "cli.md", ROOT / "docs" / "http.md"
PAGES = [README, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def names_in(page: Path) -> set[str]:
    """Every setting of ours that a page names."""
    return set(re.findall(rf"\b{PREFIX}[A-Z_]+\b", page.read_text("utf-8")))


def commands() -> set[str]:
    """Every command of the starter; a group with a name is one, whatever it has in it."""
    named = {str(group.name) for group in app.registered_groups if isinstance(group.name, str)}
    groups = [app, *(group.typer_instance for group in app.registered_groups if group.name not in named)]
    found = [command for group in groups if group for command in group.registered_commands]
    return named | {str(command.name or getattr(command.callback, "__name__", "")) for command in found}


def paths() -> set[str]:
    """Every path of the web app's own description."""
    database = Database("sqlite://")
    described = create_app(Settings(), database).openapi()["paths"]
    database.close()
    return set(described)


def anchors(page: Path) -> set[str]:
    """The headings of a page, as they are linked to."""
    titles = _HEADING.findall(page.read_text("utf-8"))
    return {re.sub(r"[^\w\s-]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def test_every_setting_is_explained() -> None:
    """The table has a row for every field of the settings; what is not a field is not in it."""
    rows = re.findall(
        rf"^\| `({PREFIX}\w+)` \|", (ROOT / "docs" / "settings.md").read_text("utf-8"), re.MULTILINE
    )
    assert sorted(rows) == sorted(f"{PREFIX}{name.upper()}" for name in Settings.model_fields)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_names_a_setting_that_is_not_there(page: Path) -> None:
    """A setting that was renamed or never was is found."""
    assert names_in(page) <= {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}


def test_every_command_is_in_its_page_and_the_other_way_round() -> None:
    """docs/cli.md names the starter's commands: all of them, and no other."""
    named = re.findall(r"afterglow ([a-z]+)", COMMANDS.read_text("utf-8"))
    assert set(named) == commands()


def test_every_route_is_in_its_page() -> None:
    """docs/http.md names every route that the interface describes."""
    text = ROUTES.read_text("utf-8").replace("{id}", "{}").replace("{token}", "{}").replace("{code}", "{}")
    routes = {re.sub(r"{[^}]*}", "{}", route) for route in paths()}
    assert {route for route in routes if f"{route}`" not in text} == set()


def test_every_effect_of_an_event_has_its_test() -> None:
    """Each row of docs/orders.md names a test that is there."""
    rows = re.findall(r"^\| (?!Event|---).* \|$", EVENTS.read_text("utf-8"), re.MULTILINE)
    named = [re.findall(r"`(test_\w+)`", row) for row in rows]
    assert rows
    assert all(named), named
    tests = "".join(file.read_text("utf-8") for file in (ROOT / "tests").rglob("test_*.py"))
    assert {name for names in named for name in names if f"def {name}(" not in tests} == set()


def test_the_readme_is_one_screen_and_a_half() -> None:
    """What it is, two commands, a picture, where to go: the rest stands in docs."""
    assert len(README.read_text("utf-8").splitlines()) <= 75


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_names_a_command_that_is_not_there(page: Path) -> None:
    """Also in the other pages, what can be typed works."""
    text = page.read_text("utf-8")
    assert (
        set(re.findall(r"(?:python -m starter|`afterglow|^ *afterglow) ([a-z]+)", text, re.MULTILINE))
        <= commands()
    )
    made = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:`|^)make ([a-z]+)", text, re.MULTILINE)) <= made


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every link to a file of ours finds it, and the heading if it names one."""
    links = [link for link in _LINK.findall(page.read_text("utf-8")) if "://" not in link]
    for link in links:
        path, _, anchor = link.partition("#")
        target = (page.parent / path) if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_orders_in_examples_are_the_sample_shops(page: Path) -> None:
    """What a page has typed of an order by its number is there after `make demo`, and the page says where."""
    text = page.read_text("utf-8")
    numbers = set(re.findall(r"^afterglow (?:preview|explain|status) (\d+)", text, re.MULTILINE))
    assert numbers <= {f"{1001 + number}" for number in range(CUSTOMERS)}
    assert not numbers or "export AFTERGLOW_HOME=.afterglow/demo" in text


def test_every_picture_is_shown() -> None:
    """No picture is kept that no page shows, and none is heavy."""
    shown = {Path(link).name for page in PAGES for link in _LINK.findall(page.read_text("utf-8"))}
    pictures = list((ROOT / "docs" / "img").glob("*.png"))
    assert {picture.name for picture in pictures} <= shown
    assert all(picture.stat().st_size < 200_000 for picture in pictures)


def test_the_contract_names_what_crosses_the_border() -> None:
    """Every field of a purchase and every state of an order stands in the contract."""
    text = (ROOT / "docs" / "contract.md").read_text("utf-8")
    assert all(f'"{name}"' in text for name in Purchase.model_fields)
    assert all(f"`{status}`" in text or f'"{status}"' in text for status in OrderStatus)
