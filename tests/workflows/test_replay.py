"""Kept histories replay: a change that would break sleeping campaigns fails here."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from activities.interface import PlannedStep, Wait
from campaign.contract import WORKFLOW
from tests.facts import ROOT
from worker.plugin import afterglow_plugin, data_converter
from workflows.campaign import PostPurchaseCampaign

FILES = sorted((ROOT / "tests" / "workflows" / "histories").glob("*.json"))


def history_of(file: Path) -> WorkflowHistory:
    """A kept history."""
    return WorkflowHistory.from_json(f"post-purchase/{file.stem}", file.read_text("utf-8"))


def test_there_are_histories() -> None:
    """Every way through the workflow is kept."""
    ways = {
        "four-emails",
        "both-channels",
        "never-processed",
        "cancelled",
        "stopped",
        "no-address",
        "fallback",
        "woken",
        # Signalled by a newer version while a worker ran that did not know the signal, and did nothing.
        "later-signal",
    }
    assert {file.stem.partition("-")[2] for file in FILES} >= ways


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_a_kept_history_replays(file: Path) -> None:
    """Today's code makes the same commands, in the same order, as the code that wrote the history."""
    replayer = Replayer(workflows=[], plugins=[afterglow_plugin()])
    await replayer.replay_workflow(history_of(file))


@workflow.defn(name=WORKFLOW, sandboxed=False)
class Reordered(PostPurchaseCampaign):
    """The same workflow with its commands in another order: it sleeps before it shows its step."""

    @workflow.init
    def __init__(self, *inputs: Any) -> None:
        """As the original."""
        super().__init__(*inputs)

    @workflow.run
    async def run(self, *inputs: Any) -> dict[str, Any]:
        """As the original."""
        return await super().run(*inputs)

    async def _wait(self, step: PlannedStep, wait: Wait) -> None:
        await workflow.sleep(timedelta(seconds=1))
        await super()._wait(step, wait)


async def test_a_reorder_of_commands_is_caught() -> None:
    """The replay is no formality: the same workflow with one command moved does not replay."""
    file = next(file for file in FILES if file.stem.endswith("four-emails"))
    replayer = Replayer(
        workflows=[Reordered], workflow_runner=UnsandboxedWorkflowRunner(), data_converter=data_converter()
    )
    with pytest.raises(workflow.NondeterminismError):
        await replayer.replay_workflow(history_of(file))
