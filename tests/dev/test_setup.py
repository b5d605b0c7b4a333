"""What is slow to get is there before the tests, the demo and CI begin."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from campaign.errors import Unavailable
from dev import setup
from dev.servers import binaries
from dev.servers.binaries import PREPARED_ONLY

ROOT = Path(__file__).parents[2]


def commands(target: str) -> list[str]:
    """What make would run, in order."""
    done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


@pytest.mark.skipif(not shutil.which("make"), reason="no make on this machine")
@pytest.mark.parametrize(
    ("target", "needs", "runs"),
    [
        ("test", "-m dev.setup --tests", "-m pytest"),
        ("topology", "-m dev.setup --tests", "-m pytest"),
        ("demo", "-m dev.setup", "-m dev.demo"),
        ("dev", "-m dev.setup", "-m dev"),
        ("bench", "-m dev.setup", "-m dev.bench"),
    ],
)
def test_make_gets_the_programs_first(target: str, needs: str, runs: str) -> None:
    """dev.setup gets the programs in a step of its own, before what needs them begins."""
    lines = commands(target)
    place = next(number for number, line in enumerate(lines) if line.endswith(needs))
    assert any(runs in line for line in lines[place + 1 :])


def test_ci_gets_the_programs_first_and_checks_that_no_test_did() -> None:
    """.ci/run prepares, lists the cache, tests, and fails where a test has changed the cache."""
    lines = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()
    steps = ["make ready-tests", "before=$(programs)", "make test", 'if [ "$before" != "$(programs)" ]; then']
    assert [line for line in lines if line in steps] == steps


async def test_a_machine_with_nothing_is_answered_clearly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither server nor internet nor Go: all that was tried with its reason, and what would help."""

    async def no_internet(**_: Any) -> Any:
        msg = "Failed starting Temporal dev server"
        raise RuntimeError(msg)

    monkeypatch.delenv(PREPARED_ONLY)
    monkeypatch.delenv("TEMPORAL_ADDRESS", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(binaries, "user_cache_path", lambda _: tmp_path / "cache")
    monkeypatch.setattr(WorkflowEnvironment, "start_local", no_internet)
    with pytest.raises(Unavailable) as caught:
        await setup.prepare_tests(print)
    text = str(caught.value)
    assert "- temporal on PATH: there is none" in text
    assert "- the SDK's download: the SDK could not download its server" in text
    assert "- Go: Go is not installed" in text
    assert "install Go" in text


@pytest.mark.temporal
async def test_setup_tries_the_server_that_it_got(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that would not start is found before the tests; nothing is left running."""
    monkeypatch.delenv("TEMPORAL_ADDRESS", raising=False)
    reports: list[str] = []
    await setup.prepare(reports.append)
    assert reports[-1].startswith("Temporal server: ")
