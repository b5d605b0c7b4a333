"""Where the development server comes from: the order, what is tried, and what is reported."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

import pytest

from campaign.errors import Unavailable
from dev.servers.sources import (
    BuiltServer,
    CommandLineServer,
    DownloadedServer,
    GivenServer,
    Places,
    PortTaken,
    TemporalServer,
    start_dev_arguments,
)
from dev.servers.temporal import candidates, start_first
from tests.dev.programs import places, program


class FakeServer(TemporalServer):
    """A source that does as a test wants."""

    def __init__(self, source: str, trouble: BaseException | None = None) -> None:
        """Choose what goes wrong at the start."""
        super().__init__(Places(Path(), 1, None))
        self.source, self._trouble, self.calls = source, trouble, list[str]()

    async def start(self) -> None:
        """Start, or raise."""
        self.calls.append("start")
        if self._trouble:
            raise self._trouble

    async def stop(self) -> None:
        """Stop."""
        self.calls.append("stop")


def test_a_given_address_goes_before_everything(tmp_path: Path) -> None:
    """TEMPORAL_ADDRESS alone is used, even where `temporal` is on PATH."""
    bin_ = program(tmp_path, "temporal", "exit 1").parent
    environment = {"TEMPORAL_ADDRESS": "temporal.example.com:7233", "PATH": str(bin_)}
    [server] = candidates(places(tmp_path), print, environment)
    assert isinstance(server, GivenServer)
    assert (server.address, server.ui_url, server.pid) == ("temporal.example.com:7233", None, None)


def test_sources_are_tried_in_the_documented_order(tmp_path: Path) -> None:
    """PATH, then the SDK's download, then Go; an empty TEMPORAL_ADDRESS counts as none."""
    found = candidates(places(tmp_path), print, {"TEMPORAL_ADDRESS": "", "PATH": str(tmp_path)})
    assert [type(server) for server in found] == [CommandLineServer, DownloadedServer, BuiltServer]


async def test_the_program_on_path_is_run(tmp_path: Path) -> None:
    """It gets ports, file, attributes and dynamic configuration; its early end is reported with its log."""
    bin_ = program(tmp_path / "bin", "temporal", 'printf "%s\\n" "$@"; exit 3').parent
    first = candidates(places(tmp_path / "home"), print, {"PATH": str(bin_)})[0]
    with pytest.raises(Unavailable, match=r"it did not start: see .*temporal\.log"):
        await first.start()
    given = (tmp_path / "home" / "logs" / "temporal.log").read_text("utf-8").splitlines()
    assert given == start_dev_arguments(first.places)
    assert first.pid is None


def test_start_dev_gets_what_the_built_server_has(tmp_path: Path) -> None:
    """Loopback, the SQLite file, all search attributes, and the dynamic configuration as JSON values."""
    arguments = start_dev_arguments(Places(tmp_path, 7233, 8233))
    pairs = {(a, b) for a, b in itertools.pairwise(arguments) if a.startswith("--")}
    assert {
        ("--ip", "127.0.0.1"), ("--port", "7233"), ("--ui-ip", "127.0.0.1"), ("--ui-port", "8233"),
        ("--db-filename", str(tmp_path / "temporal.db")),
        ("--search-attribute", "CustomerId=Keyword"), ("--search-attribute", "CampaignStep=Keyword"),
        ("--search-attribute", "CampaignSegment=Keyword"), ("--search-attribute", "ExitReason=Keyword"),
        ("--dynamic-config-value", "frontend.WorkflowTimeSkippingEnabled=true"),
        ("--dynamic-config-value", 'history.timerProcessorMaxTimeShift="10ms"'),
        ("--dynamic-config-value", "history.timerProcessorMaxPollRPS=1000"),
    } <= pairs  # fmt: skip
    assert "--headless" in start_dev_arguments(Places(tmp_path, 7233, None))


async def test_the_first_source_that_works_is_used() -> None:
    """A source that fails is stopped, and one after a success is never started."""
    bad, good, unused = FakeServer("bad", Unavailable("no")), FakeServer("good"), FakeServer("unused")
    assert await start_first([bad, good, unused]) is good
    assert (bad.calls, good.calls, unused.calls) == (["start", "stop"], ["start"], [])


async def test_the_error_lists_all_that_was_tried() -> None:
    """Each source with its reason, and what would help."""
    with pytest.raises(Unavailable) as caught:
        await start_first([FakeServer("one", Unavailable("why 1")), FakeServer("two", Unavailable("why 2"))])
    text = str(caught.value)
    assert "- one: why 1\n- two: why 2\n" in text
    assert "TEMPORAL_ADDRESS" in text


@pytest.mark.parametrize("trouble", [PortTaken("taken"), asyncio.CancelledError(), KeyError("a bug")])
async def test_other_trouble_ends_the_search(trouble: BaseException) -> None:
    """A taken port, Ctrl-C and a bug are not answered with another source, and leave nothing running."""
    bad, unused = FakeServer("bad", trouble), FakeServer("unused")
    with pytest.raises(type(trouble)):
        await start_first([bad, unused])
    assert (bad.calls, unused.calls) == (["start", "stop"], [])
