"""A campaign on a clock of its own: what happens meanwhile changes what it does, at its time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from campaign.definition.model import Definition
from campaign.definition.steps import StepChannels
from campaign.facts import Facts
from campaign.offers.choice import WhyWithout
from campaign.reasons import Channel, Reason
from campaign.rules.decision import Kind
from campaign.timeline.happenings import Happening, bought_again, clicked, consent_change, order_news
from campaign.timeline.outcomes import Outcome, outcomes
from campaign.timeline.walk import as_enrolled, walk
from campaign.wire import OrderStatus
from tests.activities.coupons.shop import definition_with
from tests.facts import PLACED, customer, default_definition, facts, granted

DEFINITION = default_definition()
DAY = timedelta(days=1)
BY_MAIL = customer(consents=(granted(Channel.EMAIL),))


def played(given: Facts, *happenings: Any, definition: Definition = DEFINITION) -> dict[str, Outcome]:
    """What comes of each step of a campaign that starts when its order is placed."""
    return outcomes(definition, walk(definition, given, PLACED, happenings))


def times(outcome: Outcome) -> list[datetime]:
    """When a step's messages go."""
    return [message.at for message in outcome.messages]


def with_channels(name: str, channels: StepChannels) -> Definition:
    """The default campaign, with another use of channels in a step."""
    steps = [s.model_copy(update={"channels": channels}) if s.name == name else s for s in DEFINITION.steps]
    return DEFINITION.model_copy(update={"steps": steps})


def test_news_of_the_order_counts_from_when_it_is_known() -> None:
    """Delivered on day 5, the review request follows that; without news, or too late, it has its own time."""
    late = times(played(facts(customer=BY_MAIL))["loyalty"])
    assert late == [PLACED + 21 * DAY]
    delivered = PLACED + 5 * DAY
    early = order_news(OrderStatus.DELIVERED, delivered)
    assert times(played(facts(customer=BY_MAIL), early)["loyalty"]) == [delivered + 7 * DAY]
    unknown = order_news(OrderStatus.DELIVERED, delivered, known_at=PLACED + 22 * DAY)
    assert times(played(facts(customer=BY_MAIL), unknown)["loyalty"]) == late


def test_a_click_keeps_the_sms_back() -> None:
    """Of email, then SMS: clicked within the pause, the SMS is not sent; clicked after it, it was."""
    both = with_channels("loyalty", StepChannels.EMAIL_THEN_SMS)
    early = played(facts(), clicked("loyalty", Channel.EMAIL, DAY), definition=both)["loyalty"]
    late = played(facts(), clicked("loyalty", Channel.EMAIL, 3 * DAY), definition=both)["loyalty"]
    assert [m.channel for m in early.messages] == [Channel.EMAIL]
    assert early.blocked == {Channel.SMS: Reason.ENGAGED}
    assert [m.channel for m in late.messages] == [Channel.EMAIL, Channel.SMS]


def test_a_campaign_ends_when_the_customer_buys_again() -> None:
    """What comes after the newer order is not reached, and has its reason."""
    found = played(facts(customer=BY_MAIL), bought_again(PLACED + 25 * DAY))
    assert times(found["loyalty"])
    assert (found["win-back-soft"].reason, found["win-back-soft"].ends) == (Reason.REPURCHASED, True)
    assert (found["win-back-best"].reason, found["win-back-best"].messages) == (Reason.REPURCHASED, [])


def test_an_opt_out_holds_from_its_moment_on() -> None:
    """Who opts out after the first message gets it, and none of the others."""
    opts_out = consent_change(Channel.EMAIL, granted=False)
    found = played(facts(customer=BY_MAIL), Happening("opts out", opts_out, PLACED + 25 * DAY))
    assert times(found["loyalty"])
    assert found["win-back-soft"].reason is Reason.NO_CONSENT


def test_the_holdout_gets_ghosts() -> None:
    """What would have gone is there, marked, and counts as if it had gone: the steps are the same."""
    everyone = DEFINITION.model_copy(update={"holdout": 1})
    sent, held = (played(as_enrolled(d, facts()), definition=d) for d in (DEFINITION, everyone))
    assert [(m.step, m.at) for o in sent.values() for m in o.messages] == [
        (m.step, m.at) for o in held.values() for m in o.messages if m.held_out
    ]


def test_a_coupon_that_an_earlier_step_gives_is_not_stacked() -> None:
    """While it is open the next step goes without its offer, and says why; once it has ended it has one."""
    for valid_for, why in (("90 days", WhyWithout.OTHER_COUPON), ("14 days", None)):
        definition = definition_with(valid_for=valid_for)
        soft = definition.step("win-back-soft")
        offering = tuple(one.model_copy(update={"offer": "come-back"}) for one in soft.audiences)
        changed = soft.model_copy(update={"audiences": offering})
        steps = [changed if step.name == soft.name else step for step in definition.steps]
        found = played(facts(customer=BY_MAIL), definition=definition.model_copy(update={"steps": steps}))
        (first,), (last,) = found["win-back-soft"].messages, found["win-back-best"].messages
        assert (first.without, last.why_without) == (None, why)
        assert last.without == ("come-back" if why else None)


def test_every_decision_is_given_with_its_facts() -> None:
    """The moments of a step end with the one that settles it; waits lead there, each until a later time."""
    moments = [m for m in walk(DEFINITION, facts(customer=BY_MAIL), PLACED) if m.step.name == "loyalty"]
    assert [m.decision.kind for m in moments] == [Kind.WAIT, Kind.SEND]
    assert moments[0].decision.until == moments[1].at
    assert not moments[1].facts.messages
