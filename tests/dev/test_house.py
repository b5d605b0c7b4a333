"""The house stays one that a stranger finds a way in: few files on a floor, and short modules."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path

from tests.facts import ROOT

FILES_ON_A_FLOOR = 11
LINES_OF_A_MODULE = 300
LINES_OF_A_TEST = 500  # a table of cases is one idea, however long

# Each with its reason. A folder is named here only while there is one.
FULL_FLOORS = {
    "docs": "one page a topic, named for what a reader looks for; README says who reads which",
    "docs/img": "the pages' pictures",
    "dev/sample_shop/pictures": "one picture a product",
    "tests/campaign": "one file a topic of the rules",
    "tests/web": "one file a page or a provider's callbacks",
    "tests/workflows/histories": "one kept history a way through the workflow, and they stay",
    "tests/shops/woocommerce/payloads": "one kept body a file, with its source and what becomes of it",
    "tests/shops/shopify/payloads": "the kept collection, one file a payload with what became of it",
    "content/default/email": "the marketer's templates, one a message",
    "storage/migrations/versions": "one file a change of the tables, for ever",
}


def files() -> list[Path]:
    """Every file of ours, below the project's folder; also what is new and not committed yet."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [Path(line) for line in done.stdout.splitlines() if (ROOT / line).is_file()]


def test_no_room_has_more_than_about_ten_files_on_a_floor() -> None:
    """What is more wants a folder; the project's own folder holds what tools look for there."""
    floors = Counter(str(file.parent) for file in files() if file.name != "__init__.py")
    full = {floor for floor, count in floors.items() if count > FILES_ON_A_FLOOR and floor != "."}
    assert full <= set(FULL_FLOORS), {floor: floors[floor] for floor in full - set(FULL_FLOORS)}


def test_modules_are_short() -> None:
    """No module is longer than 300 lines, no test than 500."""
    lengths = {
        str(file): len((ROOT / file).read_text("utf-8").splitlines())
        for file in files()
        if file.suffix == ".py" and "versions" not in file.parts
    }
    limits = {name: LINES_OF_A_TEST if name.startswith("tests/") else LINES_OF_A_MODULE for name in lengths}
    assert {name: length for name, length in lengths.items() if length > limits[name]} == {}


def test_the_list_of_exceptions_shrinks() -> None:
    """A folder that is no more is taken off the list."""
    assert set(FULL_FLOORS) <= {str(file.parent) for file in files()}
