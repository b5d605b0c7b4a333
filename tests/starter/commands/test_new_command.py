"""`afterglow new`: a folder that passes `afterglow check`, and nothing is overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from starter.__main__ import app


def run(*words: str) -> Result:
    """Run the command line."""
    return CliRunner().invoke(app, list(words))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home of its own."""
    monkeypatch.setenv("AFTERGLOW_HOME", str(tmp_path / "home"))


def test_what_is_written_passes_the_check(tmp_path: Path) -> None:
    """Without a vertical it is the default; what it prints works as it stands; the schema is beside it."""
    folder = tmp_path / "campaign"
    made = run("new", str(folder))
    assert made.exit_code == 0, made.output
    line = next(line for line in made.output.splitlines() if "afterglow check" in line)
    checked = run(*line.partition("afterglow ")[2].split())
    assert (checked.exit_code, "no mistakes" in " ".join(checked.output.split())) == (0, True), checked.output
    assert (folder / "campaign.schema.json").is_file()
    assert (folder / "de" / "email").is_dir()


def test_the_check_reads_the_templates_beside_the_file(tmp_path: Path) -> None:
    """By file or by folder; the output names the folder; a file alone is checked with the configured ones."""
    folder = tmp_path / "campaign"
    run("new", str(folder))
    for named in (folder, folder / "campaign.toml"):
        assert f"templates: {folder}\n" in run("check", str(named)).output.replace("\n/", " /")
    (folder / "sms" / "thank_you.txt.j2").write_text("{{ nobody }}", "utf-8")
    assert "sms/thank_you.txt.j2:1: nobody" in run("check", str(folder / "campaign.toml")).output
    alone = tmp_path / "alone.toml"
    alone.write_text((folder / "campaign.toml").read_text("utf-8"), "utf-8")
    assert run("check", str(alone)).exit_code == 0


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The path that was given, with what to give; nothing of a setting."""
    said = " ".join(run("check", str(tmp_path / "nofile.toml")).output.split())
    assert "nofile.toml: no such file - name a campaign.toml" in said
    assert "AFTERGLOW" not in said


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """A folder with anything in it, a file, a place that cannot be written: code 2, nothing changed."""
    (tmp_path / "notes.txt").write_text("mine", "utf-8")
    for place in (tmp_path, tmp_path / "notes.txt", tmp_path / "notes.txt" / "below"):
        refused = run("new", str(place), "--vertical", "home")
        assert (refused.exit_code, "Nothing was done" in refused.output) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_an_unknown_vertical_names_the_known_ones(tmp_path: Path) -> None:
    """Code 2, and the five."""
    refused = run("new", str(tmp_path / "new"), "--vertical", "cars")
    assert refused.exit_code == 2
    assert all(name in refused.output for name in ("beauty", "consumables", "electronics", "fashion", "home"))
