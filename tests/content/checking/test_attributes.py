"""Attributes that MJML does not have are found, with file and line; those that it has are not refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from campaign.reasons import Channel
from content.checking.attributes import ATTRIBUTES, attribute_problems
from content.gathering import brand_of
from content.rendering import MJML_TAGS
from tests.facts import ROOT, default_definition

CONTENT = ROOT / "content" / "default"
BRAND = brand_of(default_definition())
ALL = [(Channel.EMAIL, file.name.partition(".")[0]) for file in (CONTENT / "email").glob("[a-z]*.j2")]


def test_the_default_emails_have_no_unknown_attribute() -> None:
    """All of them, in every language."""
    assert attribute_problems(CONTENT, ALL, BRAND) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        (
            "email/_layout.mjml.j2",
            'width="600px"',
            'widht="600px"',
            "mj-body has no attribute widht - did you mean width?",
        ),
        (
            "email/_layout.mjml.j2",
            "mj-text align=",
            "mj-text aline=",
            "mj-text has no attribute aline - did you mean align?",
        ),
        (
            "email/_parts.mjml.j2",
            '<mj-spacer height="12px"',
            '<mj-spacer size="12px"',
            "mj-spacer has no attribute size",
        ),
    ],
)
def test_an_unknown_attribute_is_found(tmp_path: Path, file: str, old: str, new: str, expected: str) -> None:
    """The renderer would drop it without a word."""
    folder = shutil.copytree(CONTENT, tmp_path / "content")
    text = (folder / file).read_text("utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new), "utf-8")
    found = [str(problem) for problem in attribute_problems(folder, ALL, BRAND)]
    assert any(expected in problem for problem in found), found
    assert (
        any(problem.startswith(file) for problem in found if "spacer" not in problem) or "spacer" in expected
    )


def test_every_component_has_its_table() -> None:
    """A component without one would have all its attributes refused; head elements have none or few."""
    without = {"mj-head", "mj-attributes", "mj-all", "mj-class", "mj-preview", "mj-title"}
    assert MJML_TAGS - without <= ATTRIBUTES.keys()
