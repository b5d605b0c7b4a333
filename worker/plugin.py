"""What client, worker and replayer must agree on, in one plugin: no drift between them."""

from __future__ import annotations

from temporalio.contrib.pydantic import PydanticPayloadConverter, ToJsonOptions
from temporalio.converter import DataConverter
from temporalio.plugin import SimplePlugin
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import SandboxImportNotificationPolicy

from worker.failures import FailureInterceptor
from workflows.campaign import PostPurchaseCampaign
from workflows.statistics import RefreshShopStatistics

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
    "workflows.status",
)


class LeanPayloadConverter(PydanticPayloadConverter):
    """Pydantic's JSON without the fields that were left at their defaults: histories stay small."""

    def __init__(self) -> None:
        """Leave unset fields out."""
        super().__init__(ToJsonOptions(exclude_unset=True))


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


def afterglow_plugin() -> SimplePlugin:
    """Return the plugin to give to a client; its workers and replayers inherit it."""
    return SimplePlugin(
        "afterglow",
        data_converter=data_converter(),
        workflows=[PostPurchaseCampaign, RefreshShopStatistics],
        workflow_runner=sandbox(),
        interceptors=[FailureInterceptor()],
    )
