"""`afterglow`, the installed command."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

from hatchling.builders.wheel import WheelBuilder
from typer.testing import CliRunner

from starter.__main__ import app
from tests.facts import ROOT


def test_afterglow_is_the_starter_by_a_short_name() -> None:
    """The command beside this Python does the same as `python -m starter`, and shows its own name."""
    installed = Path(sys.executable).with_name("afterglow")
    short, long = (
        subprocess.run([*command, "schema"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for command in ([installed], [sys.executable, "-m", "starter"])
    )
    assert short == long
    shown = subprocess.run([installed, "--help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "Usage: afterglow" in shown.stdout


def test_the_list_of_commands_cuts_no_sentence() -> None:
    """`--help` shows a whole sentence for each command in 80 columns."""
    shown = subprocess.run(
        [sys.executable, "-m", "starter", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "..." not in shown.stdout.partition("Commands:")[2]


def test_a_value_that_is_no_choice_is_refused_in_plain_words() -> None:
    """What may be written is named; where the check comes from is nobody's business."""
    refused = CliRunner().invoke(app, ["event", "A-1", "shipped"])
    assert refused.exit_code == 2
    assert "'shipped' is not one of 'processed'" in refused.output
    assert "Value error" not in refused.output


def test_an_editable_install_copies_no_module(tmp_path: Path) -> None:
    """It leads to this folder; a wheel has the modules. A copy would go on with yesterday's settings."""
    modules = {}
    for version in ("standard", "editable"):
        (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path / version), versions=[version])
        modules[version] = {name for name in ZipFile(wheel).namelist() if re.fullmatch(r"\w+\.py", name)}
    assert modules == {"standard": {"logs.py", "counters.py"}, "editable": set()}
