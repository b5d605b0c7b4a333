"""Why a campaign did what it did, and what comes next: as the database has it, and as the decision says.

Nothing is decided here: the past is read, the present is `campaign.rules` laid open, the future is walked
(`campaign.timeline`). Plain data, for the command line, the page and programs alike. No contact data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlmodel import Session

from campaign.customers.segments import Judged, explain_segments
from campaign.definition.steps import Step
from campaign.facts import Purpose
from campaign.offers.validity import zone_of
from campaign.reasons import Reason
from campaign.rules.decision import Decision, Kind, decide
from campaign.rules.question import Question
from campaign.timeline.changes import WhatIf, what_would_change
from campaign.timeline.findings import RuleSaid, rules_said
from campaign.timeline.moment import moment
from campaign.timeline.outcomes import Outcome, outcomes
from campaign.timeline.walk import Planned, walk
from starter.reports import order_report
from starter.timeline.coupon_wait import Rows, coupon_wait
from storage.queries.campaigns.facts import RunFacts, load_run


def explain(session: Session, order_id: str, now: datetime) -> dict[str, Any]:
    """Return what was decided at each step, what holds now and why, what comes next and what would change it.

    Times are aware UTC; ``time_zone`` is the customer's, as far as it is known. ``now`` and ``next`` are None
    where the campaign has ended.

    Raises:
        NotFound: the order has no campaign.
    """
    report = order_report(session, order_id)
    run = load_run(session, order_id)
    current = None if run.closed else _current(run, report["steps"])
    coming = _coming(run, current, now) if current else {}
    return {
        "order_id": order_id,
        "customer_id": report["customer_id"],
        "campaign": run.definition.name,
        "version": run.digest,
        "time_zone": zone_of(run.definition, run.facts.customer).key,
        "holdout": run.facts.holdout,
        "segment": _segment(run, now),
        "exit_reason": report["exit_reason"],
        "exit_why": Reason(report["exit_reason"]).text if report["exit_reason"] else None,
        "opened_at": report["opened_at"],
        "closed_at": report["closed_at"],
        "steps": _past(run, report),
        "now": _present(run, current, report["steps"], coming, now) if current else None,
        "next": _future(run, coming) if current else None,
        "changes": _changes(run, current, now) if current else [],
    }


def _current(run: RunFacts, decided: Rows) -> Step | None:
    """Return the step that the campaign is at: the first that is not settled."""
    rows = {row["step"]: row for row in decided}
    waiting = (Kind.WAIT.value,)
    return next(
        (s for s in run.definition.steps if s.name not in rows or rows[s.name]["decision"] in waiting), None
    )


def _segment(run: RunFacts, now: datetime) -> dict[str, Any]:
    judged = explain_segments(run.definition, run.facts, now)
    name = next((one.name for one in judged if one.matched), run.definition.segments[-1].name)
    return {
        "name": name,
        "why": [
            {"segment": one.name, "fits": one.matched, "condition": one.why and _condition(one.why)}
            for one in judged
        ],
    }


def _condition(judged: Judged) -> dict[str, Any]:
    return {
        "kind": judged.kind.value,
        "condition": judged.text,
        "holds": judged.holds,
        "value": judged.value,
        "parts": [_condition(part) for part in judged.parts],
    }


def _past(run: RunFacts, report: dict[str, Any]) -> list[dict[str, Any]]:
    titles = {step.name: step.title for step in run.definition.steps}
    return [
        {
            **row,
            "title": titles.get(row["step"], row["step"]),
            "messages": [
                {
                    **message,
                    "why": Reason(message["reason"]).text if message["reason"] else None,
                    "why_without": _why_without(run, message),
                }
                for message in report["messages"]
                if message["step"] == row["step"]
            ],
        }
        for row in report["steps"]
    ]


def _why_without(run: RunFacts, message: dict[str, Any]) -> str | None:
    """Return why a message went without its offer, as far as what is known now still says it.

    It is not recorded. A coupon that was open then may be used since, and codes may be there again.
    """
    at, step = message["sent_at"], next((s for s in run.definition.steps if s.name == message["step"]), None)
    if message["without"] is None or at is None or step is None:
        return None
    coupons = tuple(coupon for coupon in run.facts.coupons if coupon.at <= at)
    stocks = {n: s for n, s in run.facts.offers.items() if s.empty_since is None or s.empty_since <= at}
    then = replace(run.facts, coupons=coupons, offers=stocks)
    choice = Question(run.definition, then, step, at).coupon(at)
    return choice.why.text if choice.why and choice.name == message["without"] else None


def _coming(run: RunFacts, current: Step, now: datetime) -> dict[str, Outcome]:
    """Return what comes of each step from the current one on, if nothing happens."""
    found = outcomes(run.definition, walk(run.definition, run.facts, now, first=current.name))
    names = list(found)
    return {name: found[name] for name in names[names.index(current.name) :]}


def _present(
    run: RunFacts, step: Step, decided: Rows, coming: Mapping[str, Outcome], now: datetime
) -> dict[str, Any]:
    """Decide the step as it would be decided now, and let every rule speak."""
    question = Question(run.definition, run.facts, step, now)
    decision = decide(run.definition, run.facts, step, now)
    return {
        "step": step.name,
        "title": step.title,
        "at": now,
        "decision": decision.kind.value,
        "reason": decision.reason.value,
        "why": decision.why,
        "until": decision.until,
        "due": decision.window.due,
        "latest": decision.window.latest,
        "timing": moment(run.definition, step, run.facts),
        "coupon": coupon_wait(question, decision, decided, coming[step.name]),
        "channels": _channels(decision),
        "rules": [_rule(one) for one in rules_said(question)],
    }


def _channels(decision: Decision) -> dict[str, str]:
    sent = dict.fromkeys((*(decision.send or {}), *(decision.ghost or {})), decision.reason)
    said = {**sent, **(decision.blocked or {})}
    return {channel.value: reason.text_for(decision.kind) for channel, reason in said.items()}


def _rule(said: RuleSaid) -> dict[str, Any]:
    verdict = said.verdict
    return {
        "rule": said.rule,
        "meaning": said.meaning,
        "channel": said.channel.value if said.channel else None,
        "says": verdict.kind.value if verdict else None,
        "why": verdict.reason.text_for(verdict.kind) if verdict else None,
        "until": verdict.until if verdict else None,
        "decides": said.decides,
    }


def _future(run: RunFacts, coming: Mapping[str, Outcome]) -> list[dict[str, Any]]:
    titles = {step.name: step.title for step in run.definition.steps}
    return [{"step": name, "title": titles[name], **outcome_row(one)} for name, one in coming.items()]


def outcome_row(outcome: Outcome) -> dict[str, Any]:
    """Return what comes of a step, as data."""
    return {
        "messages": [_planned(one) for one in outcome.messages],
        "reason": outcome.reason.value if outcome.reason else None,
        "why": outcome.reason.skipped if outcome.reason else None,
        "blocked": {channel.value: reason.text for channel, reason in outcome.blocked.items()},
        "settled_at": outcome.settled,
        "ends": outcome.ends,
    }


def _planned(planned: Planned) -> dict[str, Any]:
    opt_in = {"purpose": planned.purpose.value} if planned.purpose is Purpose.OPT_IN else {}
    held = {"held_out": True} if planned.held_out else {}
    return {"channel": planned.channel.value, "at": planned.at, **opt_in, **held, **_without(planned)}


def _without(planned: Planned) -> dict[str, str]:
    """Return the offer that a message goes without, and why."""
    if planned.without is None or planned.why_without is None:
        return {}
    return {"without": planned.without, "why_without": planned.why_without.text}


def _changes(run: RunFacts, current: Step, now: datetime) -> list[dict[str, Any]]:
    found = what_would_change(run.definition, run.facts, current, now)
    titles = {step.name: step.title for step in run.definition.steps}
    return [_change(one, titles[one.step]) for one in found]


def _change(one: WhatIf, title: str) -> dict[str, Any]:
    return {
        "change": one.change,
        "before": one.before,
        "step": one.step,
        "title": title,
        "instead": outcome_row(one.instead),
        "otherwise": outcome_row(one.otherwise),
    }
