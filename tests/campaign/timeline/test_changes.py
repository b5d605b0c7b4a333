"""What the rules say of a decision, and what would change it: found by deciding again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from campaign.definition.steps import StepChannels
from campaign.facts import Facts
from campaign.reasons import Channel
from campaign.rules.decision import decide
from campaign.rules.question import Question
from campaign.rules.table import CHANNEL_RULES, LAST_RULE, STEP_RULES
from campaign.timeline.changes import WhatIf, what_would_change
from campaign.timeline.findings import RuleSaid, rules_said
from tests.campaign.timeline.test_walk import BY_MAIL, DAY, with_channels
from tests.facts import PLACED, customer, default_definition, facts, granted, message

DEFINITION = default_definition()
LOYALTY = DEFINITION.step("loyalty")
DUE = PLACED + 21 * DAY


def changes(given: Facts, step: str = "loyalty", days: float = 10) -> dict[str, WhatIf]:
    """What would change a campaign that is at a step, some days after the order."""
    found = what_would_change(DEFINITION, given, DEFINITION.step(step), PLACED + days * DAY)
    return {one.change: one for one in found}


def deciding(given: Facts, days: float) -> list[RuleSaid]:
    """The rules that decide the loyalty step."""
    question = Question(DEFINITION, given, LOYALTY, PLACED + days * DAY)
    return [one for one in rules_said(question) if one.decides]


def test_consent_would_bring_a_message() -> None:
    """Without consent nothing goes; with it, given before the window ends, a message would."""
    found = changes(facts(customer=customer(consents=(), country="DE", time_zone="Europe/Berlin")))
    one = found["the customer consents to email"]
    assert (one.step, one.otherwise.messages) == ("loyalty", [])
    assert [m.channel for m in one.instead.messages] == [Channel.EMAIL]
    assert one.before is not None
    assert one.before >= DUE


def test_an_opt_out_would_hold_it_back_until_it_is_sent() -> None:
    """The deadline of a change that takes a message away is the message's own time."""
    one = changes(facts(customer=BY_MAIL))["the customer opts out of email"]
    assert (one.step, one.instead.messages, one.before) == ("loyalty", [], DUE)


def test_a_click_would_keep_the_sms_back() -> None:
    """The email has gone, and the SMS waits to see whether it is clicked: a click before then."""
    sent = message("loyalty", Channel.EMAIL, DUE)
    both = with_channels("loyalty", StepChannels.EMAIL_THEN_SMS)
    step = both.step("loyalty")
    given = replace(facts(), messages=(sent,))
    found = what_would_change(both, given, step, DUE + timedelta(hours=5))
    click = next(one for one in found if one.change == "the email of loyalty is clicked")
    assert [m.channel for m in click.otherwise.messages] == [Channel.SMS]
    assert (click.instead.messages, click.before) == ([], click.otherwise.messages[0].at)


def test_nothing_is_named_that_changes_nothing() -> None:
    """Every change that is listed has other messages, and what the customer has already is not listed."""
    found = changes(facts(customer=BY_MAIL))
    assert all(one.instead.messages != one.otherwise.messages for one in found.values())
    assert "the customer consents to email" not in found


def test_every_rule_of_the_table_has_its_say() -> None:
    """Each rule about the step once, each about a channel once a channel, with what it is about in words."""
    said = rules_said(Question(DEFINITION, facts(), LOYALTY, DUE))
    names = [one.rule for one in said]
    for rule in (*STEP_RULES, *CHANNEL_RULES, LAST_RULE):
        assert rule.__name__ in names
    assert all(one.meaning for one in said)


def test_the_deciding_rule_is_the_decision() -> None:
    """Its reason is the decision's: a step rule's, a channel's block, or what moved the time last."""
    at_night = DUE + timedelta(hours=11)
    only_sms = customer(consents=(granted(Channel.SMS),), reachable=frozenset({Channel.SMS}))
    for given, at in (
        (facts(stopped=True), DUE),
        (facts(), PLACED),
        (facts(customer=customer(consents=(), country="DE")), DUE),
        (facts(customer=only_sms), at_night),
        (facts(holdout=True), DUE),
    ):
        decision = decide(DEFINITION, given, LOYALTY, at)
        said = [one for one in rules_said(Question(DEFINITION, given, LOYALTY, at)) if one.decides]
        assert decision.reason in [one.verdict.reason for one in said if one.verdict], decision


def test_before_a_step_is_due_its_channels_are_looked_at_as_of_then() -> None:
    """That it is night now says nothing: what will hold when it is due does."""
    (one,) = deciding(facts(customer=BY_MAIL), 1.5)
    assert one.rule == "not_due"
