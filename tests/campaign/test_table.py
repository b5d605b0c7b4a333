"""The table of rules: every question has one decision, and it is the one that the rules' verdicts make."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.definition.steps import StepChannels
from campaign.facts import Facts, MessageState, PastMessage, Purpose
from campaign.reasons import Channel, Reason
from campaign.rules.decision import Decision, Kind, Question, decide, evaluate
from campaign.rules.table import CHANNEL_RULES, LAST_RULE, STEP_RULES
from campaign.wire import OrderStatus
from tests.facts import PLACED, customer, default_definition, facts, granted, order, revoked

DEFINITION = default_definition()
STEPS = [step.model_copy(update={"channels": mode}) for step in DEFINITION.steps for mode in StepChannels]
DAY = 60 * 24
MINUTES = st.builds(
    lambda days, minutes: max(0, days * DAY + minutes),
    st.sampled_from([0, 7, 14, 21, 30, 90]) | st.integers(0, 110),
    st.integers(0, 30) | st.integers(-2 * DAY, 8 * DAY),
)
MESSAGES = st.lists(
    st.builds(
        lambda number, step, channel, state, ago, clicked, purpose: PastMessage(
            f"o-{number}", step.name, channel, state, PLACED + timedelta(minutes=ago), clicked=clicked,
            purpose=purpose,
        ),
        st.integers(0, 2), st.sampled_from(DEFINITION.steps), st.sampled_from(Channel),
        st.sampled_from(MessageState), MINUTES, st.booleans(), st.sampled_from(Purpose),
    ),
    max_size=5,
)  # fmt: skip
LEDGER = st.lists(
    st.builds(
        lambda channel, yes, hours, number: (granted if yes else revoked)(
            channel, PLACED + timedelta(hours=hours), number
        ),
        st.sampled_from(Channel), st.booleans(), st.integers(-48, 48), st.integers(1, 99),
    ),
    max_size=4,
)  # fmt: skip
CUSTOMERS = st.builds(
    customer,
    preferred=st.sampled_from(["email", "sms", "both", None]),
    reachable=st.frozensets(st.sampled_from(Channel)),
    suppressed=st.frozensets(st.sampled_from(Channel), max_size=1),
    country=st.sampled_from(["US", "DE", None]),
    time_zone=st.sampled_from([None, "America/New_York", "Asia/Tokyo"]),
    phone=st.sampled_from([None, "+12395550100", "+447911123456"]),
    less=st.booleans(),
    opt_in_requested=st.booleans(),
    consents=LEDGER.map(tuple),
)
LOST = (OrderStatus.CANCELLED, OrderStatus.REFUNDED)
NEWS = st.sampled_from([status for status in OrderStatus if status not in LOST])
WHEN = st.integers(5, 12 * 60).map(lambda minutes: PLACED + timedelta(minutes=minutes))
LOSSES = st.sampled_from([{}] * 17 + [{status: PLACED} for status in LOST])
EVENTS = st.builds(lambda news, loss: {**news, **loss}, st.dictionaries(NEWS, WHEN), LOSSES)
ORDERS = st.lists(st.tuples(st.integers(2, 4), st.integers(-90, 9), st.booleans()), max_size=3)


def _facts(orders: list[tuple[int, int, bool]], **changes: Any) -> Facts:
    past = (order(number, days=days, kept=kept) for number, days, kept in orders)
    return facts(orders=(order(1), *past), **changes)


FACTS = st.builds(
    _facts,
    ORDERS,
    events=EVENTS,
    customer=CUSTOMERS,
    messages=MESSAGES.map(tuple),
    holdout=st.booleans(),
    stopped=st.sampled_from([False] * 19 + [True]),
    repurchased_by=st.sampled_from([None] * 18 + ["o-2", "elsewhere"]),
)


def shape(decision: Decision) -> list[bool]:
    """What a decision has besides its reason."""
    return [decision.until is not None, bool(decision.send), bool(decision.ghost), decision.more]


@settings(max_examples=500, deadline=None)
@given(known=FACTS, step=st.sampled_from(STEPS), after=MINUTES)
def test_every_question_has_exactly_one_decision(known: Facts, step: Any, after: int) -> None:
    """Whatever the facts: one kind with what belongs to it, and only waits have an end, which is to come."""
    now = PLACED + timedelta(minutes=after)
    decision = decide(DEFINITION, known, step, now)
    until, sends, ghosts, more = shape(decision)
    assert until == (decision.kind is Kind.WAIT)
    assert sends == (decision.kind is Kind.SEND) == (decision.reason is Reason.DUE)
    assert not (sends and ghosts)
    assert known.holdout or not ghosts
    assert not (known.holdout and sends)
    assert not more or sends
    assert decision.until is None or now < decision.until <= decision.window.latest


@settings(max_examples=500, deadline=None)
@given(known=FACTS, step=st.sampled_from(STEPS), after=MINUTES)
def test_the_decision_is_what_the_verdicts_make(known: Facts, step: Any, after: int) -> None:
    """`evaluate` names every rule in its order, and the first that speaks of the step is the decision's."""
    question = Question(DEFINITION, known, step, PLACED + timedelta(minutes=after))
    found = evaluate(question)
    decision = decide(DEFINITION, known, step, question.now)
    about_step = [finding for finding in found if finding.channel is None]
    assert [f.rule for f in about_step] == [rule.__name__ for rule in (*STEP_RULES, LAST_RULE)]
    first = next((f.verdict for f in about_step[:-1] if f.verdict), None)
    if first:
        assert (decision.kind, decision.reason) == (first.kind, first.reason)
        return
    for channel in {f.channel for f in found if f.channel}:
        about = [f for f in found if f.channel is channel]
        assert [f.rule for f in about] == [rule.__name__ for rule in CHANNEL_RULES]
        refusal = next((f.verdict for f in about if f.verdict and f.verdict.until is None), None)
        if refusal:
            assert (decision.blocked or {})[channel] is refusal.reason
        elif not any(f.verdict for f in about):
            assert channel in (decision.ghost or decision.send or {})


@given(st.permutations(list(Reason)), st.sampled_from(Reason), st.sampled_from(Reason))
def test_the_ranks_order_every_two_reasons(reasons: list[Reason], one: Reason, other: Reason) -> None:
    """Of any two reasons one is closer to a message, and sorting gives one order whatever came first."""
    assert (one.rank < other.rank) + (other.rank < one.rank) + (one is other) == 1
    assert sorted(reasons, key=lambda reason: reason.rank) == list(Reason)


def test_reasons_are_words_for_pages_too() -> None:
    """No reason is written as code: a page would show the marks."""
    assert not [reason for reason in Reason if "`" in reason.text + reason.skipped]
