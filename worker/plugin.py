"""What client, worker and replayer must agree on, in one plugin: no drift between them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import PydanticPayloadConverter, ToJsonOptions
from temporalio.converter import CompositePayloadConverter, DataConverter, EncodingPayloadConverter
from temporalio.plugin import SimplePlugin
from temporalio.worker import UnsandboxedWorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import SandboxImportNotificationPolicy

from worker.failures import FailureInterceptor
from workflows.campaign import PostPurchaseCampaign
from workflows.scheduled.coupons import SignalAddedCoupons
from workflows.scheduled.failures import SignalFailedMessages
from workflows.scheduled.models import FitShopModels
from workflows.scheduled.retention import EraseOldData
from workflows.scheduled.statistics import RefreshShopStatistics

PASSED_THROUGH = (
    "activities",
    "annotated_types",
    "babel",
    "campaign",
    "email_validator",
    "phonenumbers",
    "pydantic",
    "pydantic_core",
    "workflows.calls",
    "workflows.carried",
    "workflows.closing",
    "workflows.scheduled.signalling",
    "workflows.search_attributes",
    "workflows.sending",
    "workflows.signals",
    "workflows.status",
)


@cache
def _encodings() -> tuple[EncodingPayloadConverter, ...]:
    """Return pydantic's encodings with unset fields left out; they keep what they have learnt of types."""
    return tuple(PydanticPayloadConverter(ToJsonOptions(exclude_unset=True)).converters.values())


class LeanPayloadConverter(PydanticPayloadConverter):
    """Pydantic's JSON without the fields that were left at their defaults: histories stay small."""

    def __init__(self) -> None:
        """Use the process's one set of encodings: the SDK makes a converter for each workflow task."""
        CompositePayloadConverter.__init__(self, *_encodings())

    def from_payloads(self, payloads: Sequence[Payload], type_hints: list[type] | None = None) -> list[Any]:
        """Decode; what is not readable at all becomes None where any type is accepted.

        The start and the signals are: an error here would fail the workflow task, again and again.
        """
        try:
            return super().from_payloads(payloads, type_hints)
        except Exception:
            if type_hints is not None:
                raise
            return [None] * len(payloads)


def data_converter() -> DataConverter:
    """Return how payloads are written: plain JSON, readable in the Web UI and by any SDK."""
    return DataConverter(payload_converter_class=LeanPayloadConverter)


def sandbox() -> SandboxedWorkflowRunner:
    """Return the workflow sandbox. An import nobody meant fails, since SQL in it would cost 300 ms."""
    restrictions = SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH)
    return SandboxedWorkflowRunner(
        restrictions=restrictions.with_import_notification_policy(
            SandboxImportNotificationPolicy.WARN_ON_DYNAMIC_IMPORT
            | SandboxImportNotificationPolicy.RAISE_ON_UNINTENTIONAL_PASSTHROUGH
        )
    )


def afterglow_plugin(*, sandboxed: bool = True) -> SimplePlugin:
    """Return the plugin to give to a client; its workers and replayers inherit it.

    Every test and every replay of a kept history runs the workflow in the sandbox, which refuses what would
    not replay: that is where such a mistake is caught. The worker in production runs the very same code
    without it: it costs a millisecond for each workflow task and each payload, and finds nothing new there.
    """
    return SimplePlugin(
        "afterglow",
        data_converter=data_converter(),
        workflows=[
            PostPurchaseCampaign,
            RefreshShopStatistics,
            SignalFailedMessages,
            SignalAddedCoupons,
            EraseOldData,
            FitShopModels,
        ],
        workflow_runner=sandbox() if sandboxed else UnsandboxedWorkflowRunner(),
        interceptors=[FailureInterceptor()],
    )
