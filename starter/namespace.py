"""What campaigns need of a Temporal server: a namespace that keeps them, and their search attributes.

Everything here may be repeated without harm.
"""

from __future__ import annotations

from datetime import timedelta

from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import (
    CountWorkflowExecutionsRequest,
    RegisterNamespaceRequest,
    UpdateNamespaceRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from campaign.contract import SEARCH_ATTRIBUTES


async def prepare_namespace(client: Client, retention: timedelta) -> None:
    """Do all of the below once; a server that has just started may refuse, and is tried again.

    Raises:
        RPCError: the server refuses, or its own caches do not know the search attributes yet.
    """
    await register_namespace(client, retention)
    await add_search_attributes(client)
    await query_search_attributes(client)


async def register_namespace(client: Client, retention: timedelta) -> None:
    """Register the client's namespace. Where it is there, set how long ended campaigns are kept."""
    duration = Duration(seconds=int(retention.total_seconds()))
    service, name = client.workflow_service, client.namespace
    try:
        await service.register_namespace(
            RegisterNamespaceRequest(namespace=name, workflow_execution_retention_period=duration)
        )
    except RPCError as error:
        if error.status is not RPCStatusCode.ALREADY_EXISTS:
            raise
        config = NamespaceConfig(workflow_execution_retention_ttl=duration)
        await service.update_namespace(UpdateNamespaceRequest(namespace=name, config=config))


async def add_search_attributes(client: Client) -> None:
    """Register the search attributes that are missing, each as Keyword."""
    there = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    missing = [name for name in SEARCH_ATTRIBUTES if name not in there.custom_attributes]
    if missing:
        keyword = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
        attributes = dict.fromkeys(missing, keyword)
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace=client.namespace, search_attributes=attributes)
        )


async def query_search_attributes(client: Client) -> None:
    """Query campaigns by every search attribute: only then a campaign can set them, too."""
    query = " AND ".join(f"{name} = 'none'" for name in SEARCH_ATTRIBUTES)
    await client.workflow_service.count_workflow_executions(
        CountWorkflowExecutionsRequest(namespace=client.namespace, query=query)
    )
