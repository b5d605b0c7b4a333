"""The worker: three queues in one process, until it is stopped."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import timedelta
from typing import Any

import structlog
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig
from temporalio.worker import PollerBehaviorAutoscaling, Worker, WorkerDeploymentConfig

from activities.links import Links
from activities.temporal import Activities, Retention
from campaign.contract import DELIVERY_QUEUES, TASK_QUEUE
from campaign.reasons import Channel
from channels.wiring import make_channels
from content.loading import load_campaign
from content.sources import read_folder
from settings import Settings
from starter import clock
from starter.client import Campaigns
from starter.client import connect as connect_as_configured
from starter.shops.shopify_codes import shop_codes
from storage.database import Database
from storage.migrate import ensure_schema
from storage.queries.coupons.filling import make_first_codes
from worker.erasures import Eraser, erasing
from worker.forwarder import forwarding
from worker.health import health_app, serving
from worker.outbox_reports import outbox_reporting
from worker.plugin import afterglow_plugin, data_converter
from worker.schedules import ensure_schedules

log = structlog.get_logger()

POLLERS = PollerBehaviorAutoscaling(minimum=1, maximum=20, initial=2)


def make_activities(settings: Settings, database: Database) -> Activities:
    """Wire what the activities need.

    Raises:
        BadCampaign: the campaign or a template has mistakes.
    """
    texts = read_folder(settings.templates)
    return Activities(
        database=database,
        definition=load_campaign(settings.campaign, texts, production=bool(settings.exposed_by)),
        templates=settings.templates,
        texts=texts,
        channels=make_channels(settings),
        links=make_links(settings),
        shop_codes=shop_codes(settings),
        retention=Retention(settings.keep_message_bodies, settings.keep_webhooks, settings.keep_inbox),
    )


def make_links(settings: Settings) -> Links | None:
    """Return where messages link to; None without a public address."""
    if settings.public_url is None:
        return None
    return Links(settings.public_url, settings.secret_key.get_secret_value())


async def connect(settings: Settings) -> Client:
    """Connect to Temporal, as its own environment and configuration file say.

    Raises:
        Unavailable: no server there.
    """
    options: dict[str, Any] = {
        "plugins": [afterglow_plugin(sandboxed=False)],
        "data_converter": data_converter(),
    }
    if settings.metrics_address:
        metrics = PrometheusConfig(bind_address=settings.metrics_address)
        options["runtime"] = Runtime(telemetry=TelemetryConfig(metrics=metrics))
    return await connect_as_configured(**options)


@asynccontextmanager
async def workers(client: Client, settings: Settings, activities: Activities) -> AsyncIterator[list[Worker]]:
    """Poll the three queues. Leaving lets what is under way end, within the shutdown time.

    All stop taking work at the same moment: else sends would go on beginning while another queue shuts down.
    Each queue has its own threads: a provider that answers slowly holds up neither the other nor decisions.
    """
    async with AsyncExitStack() as stack:

        def threads() -> ThreadPoolExecutor:
            return stack.enter_context(ThreadPoolExecutor(settings.concurrency, "activity"))

        running = [
            delivery_worker(client, settings, activities, threads(), Channel.EMAIL, settings.email_rate),
            delivery_worker(client, settings, activities, threads(), Channel.SMS, settings.sms_rate),
            campaign_worker(client, settings, activities, threads()),
        ]
        for worker in running:
            await stack.enter_async_context(worker)
        try:
            yield running
        finally:
            await stop_all(running)


async def stop_all(running: Sequence[Worker]) -> None:
    """Stop taking work on all queues at once, and wait for what is under way. May be repeated."""
    await asyncio.gather(*(worker.shutdown() for worker in running))


def delivery_worker(
    client: Client,
    settings: Settings,
    activities: Activities,
    executor: ThreadPoolExecutor,
    channel: Channel,
    rate: float,
) -> Worker:
    """Return the worker of a channel's queue. Temporal holds the rate over all workers together."""
    return Worker(
        client,
        task_queue=DELIVERY_QUEUES[channel],
        activities=[activities.deliver],
        no_remote_activities=False,
        max_task_queue_activities_per_second=rate,
        **_common(settings, executor),
    )


def campaign_worker(
    client: Client, settings: Settings, activities: Activities, executor: ThreadPoolExecutor
) -> Worker:
    """Return the worker of the campaigns' own queue."""
    return Worker(
        client,
        task_queue=TASK_QUEUE,
        activities=activities.for_campaigns(),
        max_concurrent_local_activities=settings.concurrency,
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(minimum=2, maximum=20, initial=4),
        deployment_config=deployment(settings),
        **_common(settings, executor),
    )


def _common(settings: Settings, executor: ThreadPoolExecutor) -> dict[str, Any]:
    return {
        "activity_executor": executor,
        "max_concurrent_activities": settings.concurrency,
        "graceful_shutdown_timeout": timedelta(seconds=settings.shutdown_seconds),
        "activity_task_poller_behavior": POLLERS,
    }


def deployment(settings: Settings) -> WorkerDeploymentConfig | None:
    """Return the worker's version, if it has one: auto-upgrading, for a 90-day sleeper cannot be pinned."""
    if not (settings.deployment and settings.build_id):
        return None
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(settings.deployment, settings.build_id),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.AUTO_UPGRADE,
    )


async def run_worker(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT.

    Raises:
        BadCampaign: the campaign or a template has mistakes.
        Unavailable: Temporal or the database is not there.
    """
    with _stop_signals() as stop:
        await _run_until(stop, settings)


@contextmanager
def _stop_signals() -> Iterator[asyncio.Event]:
    """Give an event that SIGTERM and SIGINT set."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


async def _run_until(stop: asyncio.Event, settings: Settings) -> None:
    database = Database(
        settings.database_url, pool_size=settings.concurrency + 4, opt_out_keys=settings.secret_keys
    )
    ensure_schema(database, may_upgrade=not settings.production)
    activities = make_activities(settings, database)
    unknown = make_first_codes(database, activities.definition, clock.now())
    client = await connect(settings)
    await ensure_schedules(client, database, refresh=bool(unknown and activities.shop_codes))
    async with (
        workers(client, settings, activities) as running,
        forwarding(database, Campaigns(client)),
        erasing(Eraser(database, client, settings.outbox)),
        outbox_reporting(settings, database, Campaigns(client)),
        _health(settings, database, running) as port,
    ):
        log.info("worker ready", queues=[worker.task_queue for worker in running], health_port=port)
        await stop.wait()
        log.info("worker stopping", seconds=settings.shutdown_seconds)
        await stop_all(running)
    database.close()
    log.info("worker stopped")


@asynccontextmanager
async def _health(settings: Settings, database: Database, running: list[Worker]) -> AsyncIterator[int]:
    app = health_app(database, lambda: all(worker.is_running for worker in running))
    async with serving(app, settings.health_host, settings.health_port) as port:
        yield port
