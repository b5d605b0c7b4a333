"""The command about shops: whether their webhooks arrive, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer
from rich.markup import escape

from campaign.errors import Unavailable
from settings import Settings, is_weak
from starter import clock
from starter.commands.console import FAILED, command, counted, database, out, settings, table, when
from starter.shops.sample_event import send_test, web_address
from starter.shops.systems import SYSTEMS, ShopSystem
from storage.database import Database
from storage.queries.shop.events import (
    TopicSeen,
    event_seen,
    last_of_topics,
    newest_events,
    refused_requests,
)
from storage.tables import ShopEventRow

LAST = 10

app = typer.Typer(no_args_is_help=True, help="Shopify and WooCommerce: whether they are connected.")
Shop = StrEnum("Shop", {name: name for name in SYSTEMS})  # type: ignore[misc]


@app.callback()
def group() -> None:
    """Shopify and WooCommerce: whether they are connected."""


@app.command()
@command
def check(
    shop: Annotated[Shop | None, typer.Argument(help="All that have a secret, if left out.")] = None,
    send: Annotated[
        bool, typer.Option("--send-test", help="Post a signed test event to the running web server.")
    ] = False,
    url: Annotated[
        str | None, typer.Option(help="Where to post it: AFTERGLOW_PUBLIC_URL, or this machine, if left out.")
    ] = None,
) -> None:
    """Verify a shop's secret, and show which topics were received, when, and what became of them."""
    ours = settings()
    wanted = [SYSTEMS[shop]] if shop else [system for system in SYSTEMS.values() if system.secrets(ours)]
    if not wanted:
        out.print("no shop is connected: set AFTERGLOW_SHOPIFY_SECRET or AFTERGLOW_WOOCOMMERCE_SECRET")
        raise typer.Exit(FAILED)
    with database() as opened:
        wrong = [
            problem
            for system in wanted
            for problem in _check(opened, system, ours, (url or web_address(ours)) if send else None)
        ]
    for problem in wrong:
        out.print(f"[red]{escape(problem)}[/red]", highlight=False, soft_wrap=True)
    if wrong:
        raise typer.Exit(FAILED)
    out.print("all is well")


def _check(opened: Database, system: ShopSystem, ours: Settings, test_url: str | None) -> list[str]:
    """Show one shop; return what is wrong with it."""
    out.print(f"{system.label}: webhooks to {web_address(ours)}/webhooks/{system.name}", soft_wrap=True)
    wrong = _secret_problems(system, ours)
    arrived = False
    if test_url and wrong:
        wrong.append(f"{system.label}: no test event was sent: set the secret first")
    elif test_url:
        failed = _test(opened, system, ours, test_url)
        wrong, arrived = wrong + failed, not failed
    with opened.reading() as session:
        seen = last_of_topics(session, system.name, system.topics)
        newest = newest_events(session, system.name, LAST)
        refused = refused_requests(session, system.name)
    _show_topics(system, seen)
    _show_newest(newest)
    if not seen and arrived:
        out.print(f"{system.label} itself has sent nothing yet of these topics", highlight=False)
    elif not seen:
        wrong.append(f"{system.label}: nothing has been received yet of these topics")
    if refused:
        wrong.append(
            f"{system.label}: {counted(refused, 'request')} could not be applied: see `afterglow inbox`"
        )
    return wrong


def _secret_problems(system: ShopSystem, ours: Settings) -> list[str]:
    name = f"AFTERGLOW_{system.setting.upper()}"
    secrets = system.secrets(ours)
    if not secrets:
        return [f"{name} is not set: every webhook is refused"]
    weak = sum(is_weak(secret) for secret in secrets)
    if weak:
        return [f"{name}: {weak} of {len(secrets)} can be guessed: 20 random characters or more"]
    out.print(f"{name} is set ({counted(len(secrets), 'secret')})")
    return []


def _test(opened: Database, system: ShopSystem, ours: Settings, url: str) -> list[str]:
    try:
        sent = send_test(system, system.secrets(ours)[0], url, clock.now())
    except Unavailable as error:
        return [str(error)]
    with opened.reading() as session:
        if not event_seen(session, system.name, sent.digest):
            return [f"{url} has taken the test event, but not into this database: compare the settings"]
    out.print(f"the test event arrived at {url} and is in the database", soft_wrap=True)
    return []


def _show_topics(system: ShopSystem, seen: dict[str, TopicSeen]) -> None:
    shown = table("Topics", "topic", "last received (UTC)", "what became of it")
    for topic in system.topics:
        last = seen.get(topic)
        shown.add_row(topic, when(last.last_at) if last else "never", last.outcome if last else "-")
    out.print(shown)


def _show_newest(rows: Sequence[ShopEventRow]) -> None:
    if rows:
        shown = table(f"Last {counted(len(rows), 'event')}", "received (UTC)", "topic", "what became of it")
        for row in rows:
            shown.add_row(when(row.received_at), row.topic, row.outcome)
        out.print(shown)
