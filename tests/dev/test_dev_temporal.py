"""The development server: where it comes from, and what it promises once it runs."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from temporalio import workflow
from temporalio.client import Client
from temporalio.common import SearchAttributeKey
from temporalio.testing import TimeSkipper, WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from campaign.errors import Unavailable
from dev.servers import binaries, server_config, temporal
from dev.servers.binaries import Binary
from dev.servers.ports import HOST, free_ports, is_free, next_free
from dev.servers.processes import locked, start
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
from dev.servers.temporal import candidates, start_first, temporal_server

real = pytest.mark.temporal
needs_built = pytest.mark.skipif(
    not binaries.cached(binaries.SERVER).exists(), reason="the server is not built on this machine"
)
QUEUE = "dev"
STEP = SearchAttributeKey.for_keyword("CampaignStep")
REASON = SearchAttributeKey.for_keyword("ExitReason")
TOOL = Binary("tool", "example.com/tool", "v1.0.0", "tool", "a moment")
TOOL_LOCK, TOOL_LOG = "example.com_tool@v1.0.0.lock", "example.com_tool@v1.0.0.log"


@workflow.defn
class Sleeper:
    """Sleeps for some days, or until it is woken."""

    def __init__(self) -> None:
        """Begin asleep."""
        self._woken = False

    @workflow.run
    async def run(self, days: int) -> list[datetime]:
        """Return when it began and when it ended."""
        began = workflow.now()
        workflow.upsert_search_attributes([STEP.value_set("asleep")])
        try:
            await workflow.wait_condition(lambda: self._woken, timeout=timedelta(days=days))
        except TimeoutError:
            workflow.upsert_search_attributes([REASON.value_set("slept")])
        return [began, workflow.now()]

    @workflow.signal
    def wake(self) -> None:
        """End the sleep."""
        self._woken = True


@pytest.fixture(autouse=True)
def own_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests start servers of their own."""
    monkeypatch.delenv("TEMPORAL_ADDRESS", raising=False)


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty cache folder."""
    folder = tmp_path / "cache"
    monkeypatch.setattr(binaries, "user_cache_path", lambda _: folder)
    return folder / "bin"


@asynccontextmanager
async def sleeper_client(server: TemporalServer) -> AsyncIterator[Client]:
    """A client of the server, with a worker beside it."""
    client = await Client.connect(server.address)
    runner = UnsandboxedWorkflowRunner()  # the sandbox would import this module, and all that it imports
    async with Worker(client, task_queue=QUEUE, workflows=[Sleeper], workflow_runner=runner):
        yield client


def program(folder: Path, name: str, text: str) -> Path:
    """Make a shell script."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
    path.chmod(0o755)
    return path


def places(home: Path) -> Places:
    """Places on free ports, without a Web UI."""
    return Places(home, free_ports(1)[0], None)


def names(folder: Path) -> set[str]:
    """What is in a folder."""
    return {path.name for path in folder.iterdir()}


def alive(pid: int) -> bool:
    """Whether a process is there; one that waits to be reaped by its parent is not."""
    done = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(done.stdout.strip()) and not done.stdout.startswith("Z")


async def gone(pid: int) -> None:
    """Wait for the end of a process that is not our child."""
    async with asyncio.timeout(30):
        while alive(pid):  # noqa: ASYNC110 - another's child: no event
            await asyncio.sleep(0.05)


class FakeServer(TemporalServer):
    """A source that does as it is told."""

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
    """It gets the ports, file, attributes and dynamic configuration; its early end is told with its log."""
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


async def test_two_askers_build_once(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second waits for the first's build; both are told; nothing but the program and its log is left."""
    script = f'echo "$@" >> {tmp_path}/builds; sleep 0.3; echo built > "$GOBIN/tool"'
    monkeypatch.setenv("PATH", f"{program(tmp_path / 'bin', 'go', script).parent}:{os.environ['PATH']}")
    said: list[str] = []
    one, two = await asyncio.gather(binaries.built(TOOL, said.append), binaries.built(TOOL, said.append))
    assert one == two == cache / "example.com_tool@v1.0.0" / "tool"
    assert (tmp_path / "builds").read_text() == "install example.com/tool@v1.0.0\n"
    assert sorted(text.split()[0] for text in said) == ["Another", "Building"]
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
    """A Go that is too old is told from other failures; no half-built program is kept."""
    bin_ = program(tmp_path / "bin", "go", f'echo half > "$GOBIN/tool"; echo "{output}"; exit 1').parent
    monkeypatch.setenv("PATH", f"{bin_}:{os.environ['PATH']}")
    with pytest.raises(Unavailable, match=message):
        await binaries.built(TOOL, print)
    assert not binaries.cached(TOOL).exists()
    assert names(cache) == {TOOL_LOCK, TOOL_LOG}


async def test_without_go_nothing_is_built(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That Go is missing is said."""
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


async def test_the_download_is_kept(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK is asked once; its program is then ours to run. The SDK's own server is shut down."""
    asked: list[dict[str, Any]] = []

    async def shutdown() -> None:
        asked[-1]["shut_down"] = True

    async def start_local(**options: Any) -> Any:
        asked.append(options)
        program(Path(options["download_dest_dir"]), "temporal-sdk-python-1", "exit 0")
        return SimpleNamespace(shutdown=shutdown)

    monkeypatch.setattr(WorkflowEnvironment, "start_local", start_local)
    first, second = await binaries.downloaded(print), await binaries.downloaded(print)
    assert first == second == binaries.cached_download()
    assert os.access(first, os.X_OK)
    assert [options["shut_down"] for options in asked] == [True]


async def test_a_failed_download_is_told(
    cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without internet the SDK's error becomes ours, so that the next source is tried."""

    async def start_local(**_: Any) -> Any:
        msg = "Failed starting Temporal dev server"
        raise RuntimeError(msg)

    monkeypatch.setattr(WorkflowEnvironment, "start_local", start_local)
    with pytest.raises(Unavailable, match="could not download"):
        await DownloadedServer(places(tmp_path), print).start()


def test_free_ports_differ() -> None:
    """No port is given out twice, so that two servers of one process cannot collide."""
    ports = [port for _ in range(20) for port in free_ports(10)]
    assert len(set(ports)) == len(ports)


def test_the_next_free_port_is_found() -> None:
    """A wanted port that is taken is followed by the next."""
    with socket.socket() as taken:
        taken.bind((HOST, free_ports(1)[0]))
        taken.listen()
        port = taken.getsockname()[1]
        assert not is_free(port)
        assert next_free(port) > port
    assert next_free(port) == port


async def test_a_lock_lasts_as_long_as_the_process_that_keeps_it(tmp_path: Path) -> None:
    """After a crash of ours, the next start waits for the server that we left behind."""
    waits: list[str] = []
    async with locked(tmp_path / "lock", list) as descriptor:
        process = await start(["sleep", "60"], tmp_path / "log", keep_open=[descriptor])
    with pytest.raises(TimeoutError):
        async with locked(tmp_path / "lock", lambda: waits.append("waiting"), 0.01):
            pass
    await process.kill()
    async with locked(tmp_path / "lock", list):
        assert waits == ["waiting"]


async def test_a_program_that_hears_no_request_is_killed(tmp_path: Path) -> None:
    """`stop` is bounded."""
    script = program(tmp_path, "deaf", "trap '' TERM; echo deaf; while :; do sleep 0.1; done")
    process = await start([script], tmp_path / "log")
    async with asyncio.timeout(30):
        while "deaf" not in (tmp_path / "log").read_text():  # noqa: ASYNC110 - a log has no event
            await asyncio.sleep(0.02)
    assert await process.stop(0.1) == -signal.SIGKILL
    assert not process.running


@real
async def test_a_hundred_days_pass_at_once(tmp_path: Path) -> None:
    """Time is skipped and virtual times are right; search attributes work from the first task on."""
    async with temporal_server(tmp_path, ui=False) as server, sleeper_client(server) as client:
        handle = await TimeSkipper(client).client.start_workflow(
            Sleeper.run, 100, id="sleeper", task_queue=QUEUE
        )
        began, ended = await handle.result()
        assert timedelta(days=100) <= ended - began < timedelta(days=100, minutes=1)
        kinds = {event.WhichOneof("attributes") for event in (await handle.fetch_history()).events}
        assert "workflow_task_failed_event_attributes" not in kinds
        query = "CampaignStep = 'asleep' AND ExitReason = 'slept' AND CustomerId IS NULL"
        async with asyncio.timeout(30):
            while not (listed := [each async for each in client.list_workflows(query)]):  # noqa: ASYNC110 - the list follows
                await asyncio.sleep(0.02)
    [listed_sleeper] = listed
    assert listed_sleeper.close_time
    assert listed_sleeper.close_time - ended < timedelta(minutes=1)


@real
async def test_workflows_survive_kill_and_restart(tmp_path: Path) -> None:
    """After `kill -9` and after a restart, the same address knows the same workflow, and it goes on."""
    async with temporal_server(tmp_path, ui=False) as server, sleeper_client(server) as client:
        handle = await client.start_workflow(Sleeper.run, 90, id="sleeper", task_queue=QUEUE)
        before, address = server.pid, server.address
        await server.kill()
        assert server.pid is None
        await server.start()
        assert (server.address, server.pid == before) == (address, False)
        await server.restart()
        assert [each.id async for each in client.list_workflows()] == ["sleeper"]
        await handle.signal(Sleeper.wake)
        assert len(await handle.result()) == 2


@real
async def test_a_new_server_in_an_old_home_works_at_once(tmp_path: Path) -> None:
    """Neither a clean stop nor a crash leaves a membership that the next server waits for."""
    for number, crash in enumerate((False, True, False)):
        async with temporal_server(tmp_path, ui=False) as server, sleeper_client(server) as client:
            async with asyncio.timeout(15):
                handle = await client.start_workflow(Sleeper.run, 1, id=f"s{number}", task_queue=QUEUE)
                await handle.signal(Sleeper.wake)
                await handle.result()
        if crash:
            await server.kill()


@real
async def test_two_servers_do_not_meet(tmp_path: Path) -> None:
    """Two homes, two servers on one machine, each with its own workflows; a clean stop leaves nothing."""
    async with (
        temporal_server(tmp_path / "a", ui=False) as one,
        temporal_server(tmp_path / "b", ui=False) as two,
    ):
        for server in (one, two):
            client = await Client.connect(server.address)
            await client.start_workflow(Sleeper.run, 1, id=server.address, task_queue=QUEUE)
            found = await client.get_workflow_handle(server.address).describe()
            assert found.id == server.address
        other = await Client.connect(one.address)
        with pytest.raises(Exception, match="not found"):
            await other.get_workflow_handle(two.address).describe()
        pids = [one.pid, two.pid]
    assert [alive(pid) for pid in pids if pid] == [False, False]
    assert is_free(one.places.port)
    assert (tmp_path / "a" / "logs" / "temporal.log").exists()
    assert one.logs == tmp_path / "a" / "logs"


@real
async def test_two_servers_cannot_share_a_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second is refused with what to do; the first is not disturbed."""
    monkeypatch.setattr(temporal, "HOME_SECONDS", 0.01)
    said: list[str] = []
    async with temporal_server(tmp_path, ui=False) as server:
        with pytest.raises(Unavailable, match=r"another Temporal server runs in .* AFTERGLOW_HOME"):
            async with temporal_server(tmp_path, ui=False, say=said.append):
                pass
        assert server.pid
        assert await Client.connect(server.address)
    assert len(said) == 1


@real
async def test_a_taken_port_is_refused(tmp_path: Path) -> None:
    """Another's server on the wanted port is never taken for ours."""
    async with temporal_server(tmp_path / "a", ui=False) as server:
        with pytest.raises(PortTaken, match=f"port {server.places.port} is taken"):
            async with temporal_server(tmp_path / "b", port=server.places.port, ui=False):
                pass


@real
async def test_a_given_server_is_used_and_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TEMPORAL_ADDRESS: nothing is started, stopped, killed or restarted, and no home is locked."""
    async with temporal_server(tmp_path, ui=False) as own:
        monkeypatch.setenv("TEMPORAL_ADDRESS", own.address)
        async with temporal_server(tmp_path, ui=False) as given:
            assert (given.address, given.source, given.pid) == (own.address, "TEMPORAL_ADDRESS", None)
            for forbidden in (given.kill, given.restart):
                with pytest.raises(Unavailable, match="not ours"):
                    await forbidden()
        assert await Client.connect(own.address)


async def test_a_given_address_without_a_server_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No other source takes the place of the one that was asked for."""
    address = f"{HOST}:{free_ports(1)[0]}"
    monkeypatch.setenv("TEMPORAL_ADDRESS", address)
    with pytest.raises(Unavailable, match=f"TEMPORAL_ADDRESS: no server answers at {address}"):
        async with temporal_server(tmp_path):
            pass


@real
async def test_the_web_ui_answers(tmp_path: Path) -> None:
    """It is there when the block begins, and gone after it."""
    async with temporal_server(tmp_path) as server, httpx.AsyncClient() as http:
        assert server.ui_url
        assert (await http.get(f"{server.ui_url}/api/v1/namespaces/default")).is_success
        assert "<html" in (await http.get(f"{server.ui_url}/")).text.lower()
        ui_port = server.places.ui_port
    assert ui_port
    assert is_free(ui_port)


@real
@needs_built
async def test_a_server_that_cannot_skip_time_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older server would let a demo wait 90 real days: it is refused, and ended."""
    monkeypatch.setitem(server_config.DYNAMIC, "frontend.WorkflowTimeSkippingEnabled", False)
    server = BuiltServer(places(tmp_path), print)
    with pytest.raises(Unavailable, match="Go: it is too old: it cannot skip time"):
        await start_first([server])
    assert server.pid is None


@needs_built
def test_the_server_knows_every_dynamic_setting(tmp_path: Path) -> None:
    """A misspelt key would be ignored in silence; the server's own validator has no complaint."""
    file = server_config.write_dynamic(tmp_path / "dynamic.json")
    command: list[str | Path] = [binaries.cached(binaries.SERVER), "validate-dynamic-config", file]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, (done.stdout + done.stderr).strip()) == (0, str(file))


@real
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
async def test_a_crash_of_ours_leaves_no_server(tmp_path: Path) -> None:
    """`kill -9` of `make dev` ends the server too, and the home can be used again."""
    script = """
import asyncio, sys
from pathlib import Path
from dev.servers.temporal import temporal_server

async def main():
    async with temporal_server(Path(sys.argv[1]), ui=False) as server:
        print(server.pid, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, str(tmp_path),
        stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert parent.stdout
    pid = int(await parent.stdout.readline())
    assert alive(pid)
    parent.kill()
    await parent.wait()
    async with temporal_server(tmp_path, ui=False) as server:
        assert server.pid != pid
        await gone(pid)
