"""What a choice on the preference page means: for every customer there can be."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from campaign.customers.preferences import Choice, ledger_changes, standing
from campaign.facts import ConsentEntry, CustomerFacts
from campaign.reasons import Channel
from campaign.rules.consent import permission
from tests.facts import PLACED, customer, default_definition

DEFINITION = default_definition()
CHANNELS = st.frozensets(st.sampled_from(Channel))
ENTRIES = st.builds(
    ConsentEntry,
    id=st.integers(1, 99),
    channel=st.sampled_from(Channel),
    granted=st.booleans(),
    at=st.integers(0, 5).map(lambda days: PLACED + timedelta(days=days)),
    confirmed=st.booleans(),
    elsewhere=st.booleans(),
)
CUSTOMERS = st.builds(
    customer,
    reachable=CHANNELS,
    suppressed=CHANNELS,
    country=st.sampled_from(["US", "DE", None]),
    preferred=st.sampled_from([None, "email", "sms", "both"]),
    consents=st.lists(ENTRIES, max_size=5).map(tuple),
)


def after(facts: CustomerFacts, choice: Choice) -> CustomerFacts:
    """The customer once a choice is kept."""
    at = PLACED + timedelta(days=9)
    changes = ledger_changes(DEFINITION, facts, choice).items()
    added = [ConsentEntry(100, channel, granted=granted, at=at) for channel, granted in changes]
    return replace(facts, preferred=choice.preferred, consents=(*facts.consents, *added))


@given(facts=CUSTOMERS, choice=st.sampled_from(Choice))
def test_what_is_chosen_is_what_stands(facts: CustomerFacts, choice: Choice) -> None:
    """Every choice on offer is shown afterwards; a no is a no, a yes is allowed or waits; twice is once."""
    if not standing(DEFINITION, facts).offers(choice):
        return
    kept = after(facts, choice)
    assert standing(DEFINITION, kept).choice is choice
    for channel in Channel:
        allowed = permission(DEFINITION, kept, channel)
        if channel in choice.channels:
            assert allowed.allowed or (allowed.pending and channel is Channel.SMS)
        elif channel in kept.reachable:
            assert not allowed.allowed
            assert not allowed.pending
    assert ledger_changes(DEFINITION, kept, choice) == {}


@given(facts=CUSTOMERS)
def test_saving_what_is_shown_gives_no_permission(facts: CustomerFacts) -> None:
    """Whoever looks and saves agrees to nothing new, and keeps every consent that counts."""
    stands = standing(DEFINITION, facts)
    changes = ledger_changes(DEFINITION, facts, stands.choice)
    assert True not in changes.values()
    kept = after(facts, stands.choice)
    for channel in stands.choice.channels:
        assert permission(DEFINITION, kept, channel) == permission(DEFINITION, facts, channel)


@given(facts=CUSTOMERS)
def test_nothing_is_always_on_offer(facts: CustomerFacts) -> None:
    """Whatever is known of a customer, no to everything can be chosen, and ends all marketing."""
    assert standing(DEFINITION, facts).offers(Choice.NONE)
    kept = after(facts, Choice.NONE)
    assert not any(permission(DEFINITION, kept, channel).allowed for channel in kept.reachable)
