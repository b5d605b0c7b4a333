"""The command that plays a campaign on a clock of its own, with every message before a customer sees it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from campaign.errors import Problem, Unavailable
from campaign.facts import Purpose
from campaign.reasons import Channel
from starter import clock
from starter.commands.campaigns import AsJson
from starter.commands.console import as_json, command, counted, database, err, out, settings
from starter.commands.timeline.lines import day, wrapped
from starter.timeline.play import Play, play_of_fields, read_stage, step_problems, timeline
from starter.timeline.send_test import send_tests

app = typer.Typer()
_DAYS = "Days after the order."


@app.command()
@command
def preview(
    order: Annotated[
        str | None, typer.Argument(help="A real order; without one, a customer is made up.")
    ] = None,
    first_name: Annotated[str | None, typer.Option(help="Of the made-up customer.")] = None,
    language: Annotated[str | None, typer.Option(help="de, fr-CA, ...")] = None,
    country: Annotated[str | None, typer.Option(help="Two letters; the shop's if left out.")] = None,
    region: Annotated[str | None, typer.Option(help="A state or province.")] = None,
    time_zone: Annotated[str | None, typer.Option(help="Europe/Berlin, ...")] = None,
    preferred_channel: Annotated[str | None, typer.Option(help="email, sms or both.")] = None,
    consent: Annotated[list[Channel] | None, typer.Option(help="May be repeated; both if left out.")] = None,
    no_consent: Annotated[bool, typer.Option("--no-consent", help="The customer has given none.")] = False,
    orders: Annotated[
        int | None, typer.Option(help="How many orders the customer has, with this one.")
    ] = None,
    total: Annotated[str | None, typer.Option(help="What each order came to.")] = None,
    sku: Annotated[list[str] | None, typer.Option(help="What was ordered; may be repeated.")] = None,
    processed: Annotated[float | None, typer.Option(help=_DAYS)] = None,
    fulfilled: Annotated[float | None, typer.Option(help=_DAYS)] = None,
    delivered: Annotated[float | None, typer.Option(help=_DAYS)] = None,
    cancelled: Annotated[float | None, typer.Option(help=_DAYS)] = None,
    buys_again: Annotated[float | None, typer.Option(help=_DAYS)] = None,
    click: Annotated[list[str] | None, typer.Option(help="A step whose messages are clicked.")] = None,
    show: Annotated[str | None, typer.Option(help="A step whose messages are printed whole.")] = None,
    to: Annotated[Path | None, typer.Option(help="A folder to write every message into.")] = None,
    send_test: Annotated[
        str | None,
        typer.Option(help="Send this step's messages to your own AFTERGLOW_TEST_ADDRESSES, as a test."),
    ] = None,
    json: AsJson = False,
) -> None:
    """Play a campaign to its end. Shows all messages, and each skip with its reason; stores nothing."""
    wanted, problems = _play(
        order=order, first_name=first_name, language=language, country=country, region=region,
        time_zone=time_zone, preferred_channel=preferred_channel, consents=() if no_consent else consent,
        orders=orders, total=total, skus=sku, processed=processed, fulfilled=fulfilled, delivered=delivered,
        cancelled=cancelled, buys_again=buys_again, clicks=click,
    )  # fmt: skip
    stage = read_stage(settings())
    for where, step in (("--show", show), ("--send-test", send_test)):
        problems += step_problems(stage.definition, where, step) if step else []
    with database() as opened, opened.reading() as session:
        found = timeline(session, stage, wanted, clock.now(), problems)
    if to:
        _write(found, to)
    if send_test:
        for channel, address in send_tests(settings(), stage.definition, found, send_test, clock.now()):
            err.print(f"test {channel.label} sent to {address}", markup=False, highlight=False)
    if json:
        typer.echo(as_json(found))
        return
    for line in _lines(found, show):
        out.print(line, markup=False, highlight=False, soft_wrap=True)


def _play(**values: Any) -> tuple[Play, list[Problem]]:
    return play_of_fields({name: value for name, value in values.items() if value is not None})


def _lines(found: dict[str, Any], show: str | None) -> Iterable[str]:
    zone = ZoneInfo(found["time_zone"])
    who = f"order {found['order_id']}" if found["order_id"] else "a made-up customer"
    yield f"Preview for {who}: campaign {found['campaign']}, version {found['version']}"
    yield f"Ordered {day(found['start'], zone)}; times are the customer's: {found['time_zone']}"
    yield f"Segment: {found['segment']}"
    if found["holdout"]:
        yield "Held out: nothing of this is sent, to measure against."
    for step in found["steps"]:
        yield ""
        yield step["title"]
        for entry in step["entries"] or [{"kind": "none"}]:
            yield from _entry(entry, zone, whole=show == step["step"])


def _entry(entry: dict[str, Any], zone: ZoneInfo, *, whole: bool) -> Iterable[str]:
    if entry["kind"] == "none":
        yield "  not reached: the campaign has ended"
        return
    at = day(entry["at"], zone)
    if entry["kind"] == "message":
        yield from _message(entry, at, whole=whole)
    elif entry["kind"] == "happened":
        yield from wrapped(f"{at}  ({entry['text']})", 2)
    elif entry["why"]:
        until = f" until {day(entry['until'], zone)}" if entry["until"] else ""
        yield from wrapped(f"{at}  {_VERBS[entry['kind']]}{until}: {entry['why']}", 2)
    for channel, why in entry.get("blocked", {}).items():
        yield from wrapped(f"no {Channel(channel).label}: {why}", 4)


_VERBS = {"wait": "waits", "skip": "nothing is sent", "exit": "the campaign ends"}


def _message(entry: dict[str, Any], at: str, *, whole: bool) -> Iterable[str]:
    label = Channel(entry["channel"]).label
    what = f"opt-in question by {label}" if entry["purpose"] == Purpose.OPT_IN else label
    held = ", held out" if entry["held_out"] else ""
    if entry["without"]:
        held += f", without the offer {entry['without']} ({entry['why_without']})"
    if entry["problem"]:
        yield from wrapped(f"{at}  {what}{held} CANNOT BE WRITTEN: {entry['problem']}", 2)
        return
    if entry["channel"] == Channel.EMAIL:
        yield from wrapped(f'{at}  {what}{held} "{entry["subject"]}"', 2)
        yield from wrapped(entry["preheader"], 6, 0)
    else:
        size = f"{counted(entry['segments'], 'segment')}, {entry['characters']} {entry['encoding']}"
        yield from wrapped(f"{at}  {what}{held} ({size})", 2)
        yield from wrapped(entry["text"], 6, 0)
    if whole and entry["channel"] == Channel.EMAIL:
        yield ""
        for line in entry["text"].splitlines():
            yield from wrapped(line, 6, 0) or [""]


def _write(found: dict[str, Any], folder: Path) -> None:
    """Write each message into a file of its own, named by its place, step and channel.

    Raises:
        Unavailable: the folder cannot be written to.
    """
    messages = [e for step in found["steps"] for e in step["entries"] if e["kind"] == "message"]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, entry in enumerate(messages, 1):
            name = folder / f"{number:02}-{entry['step']}-{entry['channel']}"
            for suffix, part in ((".html", "html"), (".txt", "text")):
                if entry.get(part):
                    name.with_suffix(suffix).write_text(entry[part], "utf-8")
    except OSError:
        msg = f"{folder} cannot be written to"
        raise Unavailable(msg) from None
