"""Temporal's programs: built or downloaded once, before the tests, and never half."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from campaign.errors import Unavailable
from dev.servers import binaries
from dev.servers.binaries import PREPARED_ONLY, Binary
from dev.servers.sources import DownloadedServer
from tests.dev.programs import alive, names, places, program

TOOL = Binary("tool", "example.com/tool", "v1.0.0", "tool", "a moment")
TOOL_LOCK, TOOL_LOG = "example.com_tool@v1.0.0.lock", "example.com_tool@v1.0.0.log"


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty cache folder; these tests build with a Go of their own, in a moment."""
    monkeypatch.delenv(PREPARED_ONLY)
    folder = tmp_path / "cache"
    monkeypatch.setattr(binaries, "user_cache_path", lambda _: folder)
    return folder / "bin"


async def test_two_builders_build_once(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second waits for the first's build; both report it; nothing but the program and its log is left."""
    script = f'echo "$@" >> {tmp_path}/builds; sleep 0.3; echo built > "$GOBIN/tool"'
    monkeypatch.setenv("PATH", f"{program(tmp_path / 'bin', 'go', script).parent}:{os.environ['PATH']}")
    reports: list[str] = []
    one, two = await asyncio.gather(
        binaries.built(TOOL, reports.append), binaries.built(TOOL, reports.append)
    )
    assert one == two == cache / "example.com_tool@v1.0.0" / "tool"
    assert (tmp_path / "builds").read_text() == "install -v example.com/tool@v1.0.0\n"
    assert sorted(text.split()[0] for text in reports) == ["Another", "Building", "Built"]
    assert names(cache) == {one.parent.name, TOOL_LOCK, TOOL_LOG}


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (
            "go: x@v1 requires go >= 1.26.3 (running go 1.21.0)",
            "Go is too old for the tool: it needs Go 1.26.3",
        ),
        ("dial tcp: no route to host", r"the tool could not be built: see .*\.log"),
    ],
)
async def test_a_failed_build_says_why(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str, message: str
) -> None:
    """A Go that is too old is distinguished from other failures; no half-built program is kept."""
    bin_ = program(tmp_path / "bin", "go", f'echo half > "$GOBIN/tool"; echo "{output}"; exit 1').parent
    monkeypatch.setenv("PATH", f"{bin_}:{os.environ['PATH']}")
    with pytest.raises(Unavailable, match=message):
        await binaries.built(TOOL, print)
    assert not binaries.cached(TOOL).exists()
    assert names(cache) == {TOOL_LOCK, TOOL_LOG}


async def test_without_go_nothing_is_built(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That Go is missing is reported."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match="Go is not installed"):
        await binaries.built(TOOL, print)


async def test_a_cancelled_build_ends_go(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C in a build ends the compiler and removes what it had made."""
    bin_ = program(
        tmp_path / "bin", "go", f"echo $$ > {tmp_path}/new; mv {tmp_path}/new {tmp_path}/pid; sleep 60"
    )
    monkeypatch.setenv("PATH", f"{bin_.parent}:{os.environ['PATH']}")
    task = asyncio.create_task(binaries.built(TOOL, print))
    async with asyncio.timeout(30):
        while not (tmp_path / "pid").exists():  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not alive(int((tmp_path / "pid").read_text()))
    assert names(cache) == {TOOL_LOCK, TOOL_LOG}


async def test_a_build_that_was_cut_goes_on(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a kill, the next build uses what Go has compiled; nothing half is left or used."""
    script = f"""
echo half > "$GOBIN/tool"
if [ -e {tmp_path}/compiled ]; then echo whole > "$GOBIN/tool"; exit 0; fi
touch {tmp_path}/compiled
kill -9 $$
"""
    bin_ = program(tmp_path / "bin", "go", script).parent
    monkeypatch.setenv("PATH", f"{bin_}:{os.environ['PATH']}")
    killed = cache / "example.com_tool@v1.0.0.part" / "tool"
    killed.parent.mkdir(parents=True)
    killed.write_text("left by a killed process")
    with pytest.raises(Unavailable):
        await binaries.built(TOOL, print)
    assert (await binaries.built(TOOL, print)).read_text() == "whole\n"
    assert names(cache) == {"example.com_tool@v1.0.0", TOOL_LOCK, TOOL_LOG}


async def test_a_long_build_reports_its_progress(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While Go works, what it has downloaded and compiled so far is counted from its log."""
    script = f"""
echo "go: downloading example.com/one v1.0.0"; echo example.com/one; echo example.com/two
while [ ! -e {tmp_path}/reported ]; do sleep 0.02; done
echo built > "$GOBIN/tool"
"""
    bin_ = program(tmp_path / "bin", "go", script).parent
    monkeypatch.setenv("PATH", f"{bin_}:{os.environ['PATH']}")
    monkeypatch.setattr(binaries, "_PROGRESS_SECONDS", 0.01)

    def report(text: str) -> None:
        if "1 modules downloaded, 2 packages compiled" in text:
            (tmp_path / "reported").touch()

    async with asyncio.timeout(30):
        await binaries.built(TOOL, report)


async def test_no_test_starts_a_build(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not prepared is refused at once, with what to do; neither Go nor the SDK runs."""
    monkeypatch.setenv(PREPARED_ONLY, "1")
    bin_ = program(tmp_path / "bin", "go", f"touch {tmp_path}/ran").parent
    monkeypatch.setenv("PATH", f"{bin_}:{os.environ['PATH']}")
    monkeypatch.setattr(WorkflowEnvironment, "start_local", None)
    for attempt in (binaries.built(TOOL, print), binaries.downloaded(print)):
        with pytest.raises(Unavailable, match="run `make ready` first"):
            await attempt
    assert not (tmp_path / "ran").exists()


def test_tests_run_with_prepared_programs_only() -> None:
    """The whole session, and every process that it starts, is under that rule."""
    assert os.environ[PREPARED_ONLY]


async def test_the_download_is_kept(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK downloads once; its program is then ours to run. The SDK's own server is shut down."""
    calls: list[dict[str, Any]] = []

    async def shutdown() -> None:
        calls[-1]["shut_down"] = True

    async def start_local(**options: Any) -> Any:
        calls.append(options)
        program(Path(options["download_dest_dir"]), "temporal-sdk-python-1", "exit 0")
        return SimpleNamespace(shutdown=shutdown)

    monkeypatch.setattr(WorkflowEnvironment, "start_local", start_local)
    first, second = await binaries.downloaded(print), await binaries.downloaded(print)
    assert first == second == binaries.cached_download()
    assert os.access(first, os.X_OK)
    assert [options["shut_down"] for options in calls] == [True]


async def test_a_failed_download_is_reported(
    cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without internet the SDK's error becomes ours, so that the next source is tried."""

    async def start_local(**_: Any) -> Any:
        msg = "Failed starting Temporal dev server"
        raise RuntimeError(msg)

    monkeypatch.setattr(WorkflowEnvironment, "start_local", start_local)
    with pytest.raises(Unavailable, match="could not download"):
        await DownloadedServer(places(tmp_path), print).start()
