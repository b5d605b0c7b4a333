"""The development server's configuration, as data. YAML's subset JSON is what is written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dev.servers.ports import HOST

# Time is skipped; timers fire on time instead of up to a second late; one partition a queue is
# faster on one machine; a search attribute can be used as soon as it is registered. An execution is deleted
# once its end is acknowledged, which is every 30 seconds by default: an erasure waited.
DYNAMIC: dict[str, Any] = {
    "frontend.WorkflowTimeSkippingEnabled": True,
    "history.timerProcessorMaxTimeShift": "10ms",
    "history.timerProcessorMaxPollRPS": 1000,
    "history.transferProcessorUpdateAckInterval": "500ms",
    "matching.numTaskqueueReadPartitions": 1,
    "matching.numTaskqueueWritePartitions": 1,
    "system.forceSearchAttributesCacheRefreshOnRead": True,
    "frontend.namespaceRPS": 20_000,
}
SERVICES = ("frontend", "history", "matching", "worker")


def sqlite_store(file: Path) -> dict[str, Any]:
    """Return a datastore in an SQLite file, made if missing; WAL, and fast rather than power-cut-proof."""
    return {
        "sql": {
            "pluginName": "sqlite",
            "databaseName": str(file),
            "connectAddr": "localhost",
            "connectProtocol": "tcp",
            "connectAttributes": {
                "mode": "rwc", "cache": "private", "setup": "true",
                "journal_mode": "wal", "synchronous": "normal", "busy_timeout": "10000",
            },
            "maxConns": 1,
            "maxIdleConns": 1,
        }
    }  # fmt: skip


def server_config(
    port: int, ports: list[int], default: dict[str, Any], visibility: dict[str, Any], dynamic: Path
) -> dict[str, Any]:
    """Return a one-process server's configuration. ``ports``: eight free ones beside the frontend's."""
    http, *inner = ports
    rpc = {
        name: {"grpcPort": inner[i], "membershipPort": inner[i + 4], "bindOnIP": HOST}
        for i, name in enumerate(SERVICES)
    }
    rpc["frontend"] |= {"grpcPort": port, "httpPort": http}
    return {
        "log": {"stdout": True, "level": "warn"},
        "persistence": {
            "defaultStore": "default",
            "visibilityStore": "visibility",
            "numHistoryShards": 1,
            "datastores": {"default": default, "visibility": visibility},
        },
        "global": {"membership": {"maxJoinDuration": "30s", "broadcastAddress": HOST}},
        "services": {name: {"rpc": value} for name, value in rpc.items()},
        "clusterMetadata": {
            "enableGlobalNamespace": False,
            "failoverVersionIncrement": 10,
            "masterClusterName": "active",
            "currentClusterName": "active",
            "clusterInformation": {
                "active": {
                    "enabled": True,
                    "initialFailoverVersion": 1,
                    "rpcName": "frontend",
                    "rpcAddress": f"{HOST}:{port}",
                }
            },
        },
        "dcRedirectionPolicy": {"policy": "noop"},
        "publicClient": {"hostPort": f"{HOST}:{port}"},
        "dynamicConfigClient": {"filepath": str(dynamic), "pollInterval": "60s"},
    }


def ui_config(port: int, server: str) -> dict[str, Any]:
    """Return the Web UI's configuration."""
    return {
        "temporalGrpcAddress": server,
        "host": HOST,
        "port": port,
        "enableUi": True,
        "defaultNamespace": "default",
        "notifyOnNewVersion": False,
        "cors": {"allowOrigins": [f"http://{HOST}:{port}"]},
    }


def write(file: Path, value: Any) -> Path:
    """Write a configuration file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(value, indent=1), "utf-8")
    return file


def write_dynamic(file: Path) -> Path:
    """Write the dynamic configuration in the server's form."""
    return write(file, {key: [{"value": value}] for key, value in DYNAMIC.items()})
