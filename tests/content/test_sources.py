"""Templates from a folder and from a version's texts: the same messages, the same faults."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from campaign.definition.templates import TemplateTexts, stored_texts
from campaign.errors import BadCampaign
from content.checking.examples import full_example
from content.checking.rendered import check_templates
from content.gathering import brand_of
from content.loading import wanted_templates
from content.rendering import render_email, render_sms
from content.sources import read_folder
from tests.facts import ROOT, default_definition

CONTENT = ROOT / "content" / "default"
BRAND = brand_of(default_definition())
FULL = full_example(BRAND)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the marketer's folder, to change."""
    shutil.copytree(CONTENT, tmp_path / "content")
    return tmp_path / "content"


def test_a_version_renders_what_its_folder_rendered(folder: Path) -> None:
    """Texts that were stored give the same message when the folder is gone."""
    kept = stored_texts(read_folder(folder).stored)
    before = render_email(folder, "thank_you", FULL), render_sms(folder, "thank_you", FULL)
    shutil.rmtree(folder)
    assert (render_email(kept, "thank_you", FULL), render_sms(kept, "thank_you", FULL)) == before


def test_a_version_has_templates_only(folder: Path) -> None:
    """What else lies in the folder is no part of a version."""
    (folder / "email" / "notes.txt").write_text("not a template")
    files = read_folder(folder).files
    assert {"email/_layout.mjml.j2", "sms/thank_you.txt.j2"} <= set(files)
    assert not {"email/notes.txt", "campaign.toml"} & set(files)


def test_a_fault_names_the_same_line_in_both(folder: Path) -> None:
    """A name that is not there, and a tag that MJML lacks, are found at the same place."""
    thanks = folder / "email" / "thank_you.mjml.j2"
    thanks.write_text(thanks.read_text().replace("customer.first_name", "customer.frist_name"))
    soft = folder / "email" / "win_back_soft.mjml.j2"
    soft.write_text(soft.read_text().replace("<mj-text", "<mj-txet", 1).replace("</mj-text", "</mj-txet", 1))
    wanted = wanted_templates(default_definition())
    found = check_templates(folder, wanted, BRAND)
    assert found == check_templates(read_folder(folder), wanted, BRAND)
    assert {problem.where.partition(":")[0] for problem in found} >= {"email/thank_you.mjml.j2"}
    with pytest.raises(BadCampaign) as there:
        render_email(folder, "thank_you", FULL)
    with pytest.raises(BadCampaign) as kept:
        render_email(read_folder(folder), "thank_you", FULL)
    assert kept.value.problems == there.value.problems
    assert kept.value.problems[0].where.startswith("email/thank_you.mjml.j2:")


def test_equal_texts_are_one_version() -> None:
    """The order of files does not matter, a text does."""
    one, other = TemplateTexts({"a.j2": "a", "b.j2": "b"}), TemplateTexts({"b.j2": "b", "a.j2": "a"})
    assert (one, hash(one), one.digest) == (other, hash(other), other.digest)
    assert one != TemplateTexts({"a.j2": "a", "b.j2": "c"})
