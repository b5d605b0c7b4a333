"""docs/architecture.md and CONTRIBUTING.md describe the code as it is."""

from __future__ import annotations

import re
from pathlib import Path

import grimp
import pytest

from tests.facts import ROOT

ARCHITECTURE, CONTRIBUTING = ROOT / "docs" / "architecture.md", ROOT / "CONTRIBUTING.md"
ROOMS = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"dev", "tests", "settings"}
_ARROW = re.compile(r"^ +(\w+) (?:-->|-\. .* \.->) (\w+)$", re.MULTILINE)
_FILE = re.compile(r"`((?:[\w.-]+/)+[\w.-]*)`")


def drawn() -> set[tuple[str, str]]:
    """The arrows of the first diagram."""
    text = ARCHITECTURE.read_text("utf-8")
    diagram = re.search(r"```mermaid\nflowchart BT\n(.*?)```", text, re.DOTALL)
    assert diagram
    return set(_ARROW.findall(diagram[1]))


def imported() -> dict[tuple[str, str], set[str]]:
    """Which room imports which, and the modules of it."""
    graph = grimp.build_graph(*sorted(ROOMS), cache_dir=None)
    found: dict[tuple[str, str], set[str]] = {}
    for module in graph.modules:
        for other in graph.find_modules_directly_imported_by(module):
            rooms = module.partition(".")[0], other.partition(".")[0]
            if rooms[0] != rooms[1]:
                found.setdefault(rooms, set()).add(other)
    return found


def test_the_diagram_is_the_imports() -> None:
    """Each arrow is an import that is there, each import between rooms has its arrow, each room its row."""
    found = imported()
    assert drawn() == set(found)
    assert found["workflows", "activities"] == {"activities.interface"}
    assert found["activities", "intake"] == {"intake.order_news", "intake.coupons.redeeming"}
    text = ARCHITECTURE.read_text("utf-8")
    assert {room for room in ROOMS if f"| `{room}/` |" not in text} == set()


def test_the_linter_knows_every_room() -> None:
    """import-linter, mypy and coverage look at each room."""
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    for option in ("root_packages", "files", "source"):
        named = re.search(rf"^{option} = \[(.*?)\]", text, re.MULTILINE)
        assert named
        assert set(re.findall(r'"(\w+)"', named[1])) >= ROOMS, option


@pytest.mark.parametrize("page", [ARCHITECTURE, CONTRIBUTING, ROOT / "docs" / "why.md"])
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    """A file or folder that was moved is found, wherever the page speaks of it."""
    named = {name for name in _FILE.findall(page.read_text("utf-8")) if not name.startswith("post-purchase/")}
    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_ten_changes_are_listed_with_their_files() -> None:
    """CONTRIBUTING has the table, each row names one file, and it is there."""
    table = CONTRIBUTING.read_text("utf-8").partition("## Ten changes")[2]
    rows = re.findall(r"^\| [^|]+ \| `([^`]+)` \|$", table, re.MULTILINE)
    assert len(rows) == 10
    assert all((ROOT / name).is_file() for name in rows)
