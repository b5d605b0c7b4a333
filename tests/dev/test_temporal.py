"""The development server: where it comes from, and what it promises once it runs."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from temporalio import workflow
from temporalio.client import Client
from temporalio.common import SearchAttributeKey
from temporalio.testing import TimeSkipper
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from campaign.errors import Unavailable
from dev.servers import binaries, server_config, temporal
from dev.servers.ports import HOST, free_ports, is_free
from dev.servers.sources import (
    BuiltServer,
    PortTaken,
    TemporalServer,
)
from dev.servers.temporal import start_first, temporal_server
from tests.dev.programs import alive, gone, places

real = pytest.mark.temporal
needs_built = pytest.mark.skipif(
    not binaries.cached(binaries.SERVER).exists(), reason="the server is not built on this machine"
)
QUEUE = "dev"
STEP = SearchAttributeKey.for_keyword("CampaignStep")
REASON = SearchAttributeKey.for_keyword("ExitReason")


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
    given = os.environ.get("TEMPORAL_ADDRESS")
    monkeypatch.delenv("TEMPORAL_ADDRESS", raising=False)
    if given and not local_program():
        pytest.skip("TEMPORAL_ADDRESS is all there is: no server to start, stop and kill")


def local_program() -> bool:
    """Whether a server can be started here at once."""
    cached = (binaries.cached(binaries.SERVER), binaries.cached_download())
    return bool(shutil.which("temporal")) or any(path.exists() for path in cached)


@asynccontextmanager
async def sleeper_client(server: TemporalServer) -> AsyncIterator[Client]:
    """A client of the server, with a worker beside it."""
    client = await Client.connect(server.address)
    runner = UnsandboxedWorkflowRunner()  # the sandbox would import this module, and all that it imports
    async with Worker(client, task_queue=QUEUE, workflows=[Sleeper], workflow_runner=runner):
        yield client


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
            async with temporal_server(tmp_path, ui=False, report=said.append):
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


async def test_a_given_address_without_a_server_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No other source takes the place of the one that was named, and it is said how to have one run."""
    address = f"{HOST}:{free_ports(1)[0]}"
    monkeypatch.setenv("TEMPORAL_ADDRESS", address)
    with pytest.raises(Unavailable, match=f"TEMPORAL_ADDRESS: no server answers at {address}") as caught:
        async with temporal_server(tmp_path):
            pass
    assert "unset TEMPORAL_ADDRESS" in str(caught.value)
    assert "Set TEMPORAL_ADDRESS" not in str(caught.value)


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
