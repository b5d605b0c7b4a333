"""The command that says why: what was decided, by which rule, what comes next and what would change it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from campaign.customers.segments import Combined
from campaign.fields.times import UtcTime
from campaign.reasons import Channel
from starter import clock
from starter.commands.campaigns import AsJson, OrderId
from starter.commands.console import as_json, command, database, out
from starter.commands.timeline.lines import day, wrapped
from starter.inputs import parse_field
from starter.timeline.explanation import explain as explanation

app = typer.Typer()
_SAYS = {"wait": "waits", "skip": "no", "exit": "ends", "send": "send"}


@app.command()
@command
def explain(
    order_id: OrderId,
    at: Annotated[str | None, typer.Option(help="As of when, with an offset. Now, if left out.")] = None,
    rules: Annotated[bool, typer.Option("--rules", help="Show what every rule said, also nothing.")] = False,
    json: AsJson = False,
) -> None:
    """Say why a campaign does what it does. What was decided, what each rule says, what comes next."""
    now: datetime = parse_field(UtcTime, "--at", at) if at else clock.now()
    with database() as opened, opened.reading() as session:
        found = explanation(session, order_id, now)
    if json:
        typer.echo(as_json(found))
        return
    for line in _lines(found, every_rule=rules):
        out.print(line, markup=False, highlight=False, soft_wrap=True)


def _lines(found: dict[str, Any], *, every_rule: bool) -> Iterable[str]:
    zone = ZoneInfo(found["time_zone"])
    yield f"Order {found['order_id']}: campaign {found['campaign']}, version {found['version']}"
    yield f"Times are the customer's: {found['time_zone']}"
    yield from _segment(found["segment"])
    if found["holdout"]:
        yield "Held out: the customer gets nothing, to measure against."
    yield from _past(found, zone)
    if found["now"]:
        yield from _now(found["now"], zone, every_rule=every_rule)
        yield from _next(found["next"], zone)
        yield from _changes(found["changes"], zone)


def _segment(segment: dict[str, Any]) -> Iterable[str]:
    yield ""
    yield f"Segment: {segment['name']}"
    for one in segment["why"]:
        seen = _condition(one["condition"]) if one["condition"] else "everyone else"
        yield from wrapped(f"{_mark(one['fits'])} {one['segment']}: {seen}", 2)
        if one["fits"]:
            return


def _condition(row: dict[str, Any], *, inside: bool = False) -> str:
    """Write a condition with what each part of it said; one inside another stands in brackets."""
    if row["kind"] == Combined.FACT:
        return f"{row['condition']}: {'yes' if row['holds'] else 'no'}{_seen(row['value'])}"
    parts = [_condition(part, inside=True) for part in row["parts"]]
    if row["kind"] == Combined.NOT:
        return f"not ({parts[0]})"
    words = (", or " if row["kind"] == Combined.ANY else ", and ").join(parts)
    return f"({words})" if inside and len(parts) > 1 else words


def _seen(value: str | None) -> str:
    return "" if value is None else f" ({value})"


def _past(found: dict[str, Any], zone: ZoneInfo) -> Iterable[str]:
    if not found["steps"]:
        return
    yield ""
    yield "What was decided"
    for row in found["steps"]:
        yield from wrapped(f"{day(row['decided_at'], zone)}  {row['title']}: {_decided(row)}", 2)
        for message in row["messages"]:
            when = day(message["sent_at"] or message["due_at"], zone)
            what = f"{Channel(message['channel']).label} {message['state']}{_gone_without(message)}"
            why = f": {message['why']}" if message["why"] else ""
            yield from wrapped(f"{when}  {what}{why}", 4)
    if found["exit_reason"]:
        yield from wrapped(f"{day(found['closed_at'], zone)}  The campaign ended: {found['exit_why']}", 2)


def _gone_without(message: dict[str, Any]) -> str:
    """Say that a message went without its offer, and why, where that is known."""
    why = f" ({message['why_without']})" if message["why_without"] else ""
    return f" without the offer {message['without']}{why}" if message["without"] else ""


def _decided(row: dict[str, Any]) -> str:
    return row["why"] if row["decision"] == "send" else f"{row['decision']}, {row['why']}"


def _now(now: dict[str, Any], zone: ZoneInfo, *, every_rule: bool) -> Iterable[str]:
    yield ""
    until = f", until {day(now['until'], zone)}" if now["until"] else ""
    yield from wrapped(f"Now: {now['title']}: {now['decision']}, {now['why']}{until}", 0)
    due = f"due {day(now['due'], zone)}" if now["due"] else "its due time is not known yet"
    yield from wrapped(f"{due}, at the latest {day(now['latest'], zone)}", 2)
    if now["timing"]:
        yield from wrapped(now["timing"], 2)
    if now["coupon"]:
        yield from wrapped(_coupon(now["coupon"], zone), 2)
    yield ""
    yield "What the rules say (> decides)"
    spoken = [rule for rule in now["rules"] if every_rule or rule["says"]]
    for rule in spoken:
        yield from wrapped(_rule(rule, zone), 2)
    silent = sorted({rule["rule"] for rule in now["rules"] if not rule["says"]} - {r["rule"] for r in spoken})
    if silent:
        yield from wrapped(f"nothing against it: {', '.join(silent)}", 2)


def _coupon(coupon: dict[str, Any], zone: ZoneInfo) -> str:
    """Say when a campaign looks again for a code, and when its message goes without one."""
    soon = ", or soon after new codes are there" if coupon["until_codes"] else ""
    again = "within minutes, at the latest" if coupon["soon"] else "looks again"
    looks = f"{coupon['why']}: {again} {day(coupon['looks_again_at'], zone)}{soon}"
    at = coupon["without_at"]
    return looks + (f"; without a code, goes without the offer {day(at, zone)}" if at else "")


def _rule(rule: dict[str, Any], zone: ZoneInfo) -> str:
    name = f"{rule['rule']} ({Channel(rule['channel']).label})" if rule["channel"] else rule["rule"]
    until = f" until {day(rule['until'], zone)}" if rule["until"] else ""
    said = f"{_SAYS[rule['says']]}{until}, {rule['why']}" if rule["says"] else "nothing against it"
    return f"{'>' if rule['decides'] else ' '} {name}: {said}. {rule['meaning']}"


def _next(steps: Iterable[dict[str, Any]], zone: ZoneInfo) -> Iterable[str]:
    yield ""
    yield "What comes next, if nothing happens"
    for row in steps:
        yield from wrapped(f"{row['title']}: {outcome(row, zone)}", 2)


def _changes(changes: Iterable[dict[str, Any]], zone: ZoneInfo) -> Iterable[str]:
    yield ""
    yield "What would change it"
    for one in changes:
        before = f", before {day(one['before'], zone)}" if one["before"] else ""
        yield from wrapped(f"{one['change']}{before} - {one['title']}: {outcome(one['instead'], zone)}", 2)


def outcome(row: dict[str, Any], zone: ZoneInfo) -> str:
    """Say what comes of a step: its messages, or why there are none."""
    messages = [_message(one, zone) for one in row["messages"]]
    if messages:
        blocked = [f"no {Channel(name).label}: {why}" for name, why in row["blocked"].items()]
        return "; ".join([" and ".join(messages), *blocked])
    return f"{'the campaign ends' if row['ends'] else 'nothing'}, {row['why'] or 'not known'}"


def _message(one: dict[str, Any], zone: ZoneInfo) -> str:
    what = "opt-in question by SMS" if "purpose" in one else Channel(one["channel"]).label
    without = f" without the offer {one['without']} ({one['why_without']})" if "without" in one else ""
    held = " (held out: not sent)" if "held_out" in one else ""
    return f"{what} {day(one['at'], zone)}{without}{held}"


def _mark(holds: bool) -> str:
    return "+" if holds else "-"
