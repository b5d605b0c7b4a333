"""The campaign as data: the default is right, and every mistake is listed at once."""

from __future__ import annotations

import json
import tomllib
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.definition.durations import format_duration, parse_duration
from campaign.definition.loading import (
    definition_digest,
    definition_schema,
    definition_text,
    parse_definition,
    stored_definition,
)
from campaign.definition.model import Definition
from campaign.errors import BadCampaign, NotFound
from campaign.rules.holdout import in_holdout
from tests.facts import CAMPAIGN, default_definition

TEXT = CAMPAIGN.read_text("utf-8")


def mistakes(text: str) -> list[str]:
    """The problems of a definition, as a marketer reads them."""
    with pytest.raises(BadCampaign) as caught:
        parse_definition(text)
    return [str(problem) for problem in caught.value.problems]


def test_the_default_campaign_has_the_four_steps() -> None:
    """The seed of the product: thank-you, loyalty, win-back soft, win-back best offer, in this order."""
    names = [step.name for step in default_definition().steps]
    assert names == ["thank-you", "loyalty", "win-back-soft", "win-back-best"]


@given(st.integers(0, 60 * 24 * 400))
def test_durations_are_written_for_people_and_read_back(minutes: int) -> None:
    """What is written of any duration reads back as the same one."""
    value = timedelta(minutes=minutes)
    assert parse_duration(format_duration(value)) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("30 days", timedelta(days=30)),
        ("1 hour", timedelta(hours=1)),
        ("1 day 12 hours", timedelta(hours=36)),
        ("1 week and 2 days", timedelta(days=9)),
        ("1.5 hours", timedelta(minutes=90)),
    ],
)
def test_durations_people_write(text: str, value: timedelta) -> None:
    """The forms that people use are understood."""
    assert parse_duration(text) == value


@pytest.mark.parametrize("text", ["30", "days", "-1 day", "30 fortnights", "", 30, None])
def test_durations_nobody_should_write(text: Any) -> None:
    """Anything else is refused with an example of what to write."""
    with pytest.raises(ValueError, match="30 days"):
        parse_duration(text)


def test_every_mistake_is_listed_at_once() -> None:
    """Mistakes of form and of reference come together, each with its key path and a fix."""
    text = (
        TEXT.replace('delay = "7 days"', 'delay = "7 dayz"')
        .replace("holdout = 0 ", "holdout = 0.9 ")
        .replace('offer = "vip"', 'offer = "vop"')
        .replace('segments = ["returning"]', 'segments = ["returnin"]')
        .replace("scaled = true", "scald = true", 1)
        .replace('country = "US"', 'country = "usa"')
    )
    found = "\n".join(mistakes(text))
    for expected in (
        'steps[1] ("loyalty").anchors[0].delay: not a duration - write a number and a unit',
        "holdout: is too large - it must be at most 0.5",
        'steps[1] ("loyalty").audiences[2].offer: "vop" is not defined - did you mean "vip"?',
        'steps[1] ("loyalty").audiences[1].segments[0]: "returnin" is not defined',
        'steps[2] ("win-back-soft").scald: unknown field',
        "shop.country: not a country of ISO 3166",
    ):
        assert expected in found


def test_broken_toml_is_located_by_line() -> None:
    """A syntax error names file, line and column."""
    assert mistakes('name = "x"\n[brand\n')[0].startswith("campaign.toml:2:7: ")


@pytest.mark.parametrize(
    ("line", "fix"),
    [
        ("amount = 7,98", 'write a number with decimals in quotes and with a point: "7.98"'),
        ("offer = { amount = 7,98 }", '"7.98"'),
        ("percent = 20 %  # off", "write the number alone: 20"),
        ('currency = "USD', 'a quote is missing: a text stands between two "'),
        ("currency = 'USD", "a quote is missing: a text stands between two '"),
        ("currency = \u201eUSD\u201c", 'write straight quotes: "..."'),
        ("currency = USD", 'write a text in quotes: "USD"'),
        ("open_for = 30 days", 'write a text in quotes: "30 days"'),
        ("fallback = True", "write true"),
        ("currency =", "write a value after ="),
        ('currency: "USD"', "write = between a key and its value"),
        ("[[steps]", "close it with as many ] as it has ["),
        ("percent = 20\npercent = 21", "it stands there twice: keep one"),
        ('channels = ["email"\ncountry = "US"', "close what is opened before it, with ] or }"),
        ("= 5", "see toml.io for how to write TOML"),
    ],
)
def test_broken_toml_is_shown_with_its_fix(line: str, fix: str) -> None:
    """The line as it stands, and what was likely meant."""
    (mistake,) = mistakes(f"# a campaign\n{line}\nlast = 'x'\n")
    wrong = line.splitlines()[-1].partition("  #")[0]
    assert mistake.startswith("campaign.toml:")
    assert f": {wrong} - " in mistake
    assert fix in mistake.rpartition(f"{wrong} - ")[2]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("end = 20:00:00", "end = 09:00:00", "quiet_hours.sms"),
        ('window = "7 days"', "", "needs either latest"),
        ('latest = { event = "placed"', 'latest = { event = "delivered"', "latest must count from placed"),
        ('{ event = "placed", delay = "21 days" },', "", "one anchor must count from placed"),
        (
            'joins = "24 hours"',
            'joins = "8 days"',
            'steps[0] ("thank-you"): joins is about orders that belong',
        ),
        ('joins = "24 hours"', 'joins = "0 hours"', 'write more than 0 and at most "7 days"'),
        ('joins = "24 hours"', 'joins = "a day"', 'steps[0] ("thank-you").joins: not a duration'),
        ("renewals = false", 'renewals = "some"', 'steps[0] ("thank-you").renewals: is not true or false'),
        ('name = "returning"', 'name = "vip"', "is used 2 times"),
        ('vertical = "general"', 'vertical = "generl"', 'did you mean "general"?'),
        ('[[segments]]\nname = "first-time"', "", "does not take everyone"),
        ('value = "150.00"', "value = 150.0", "as a decimal string"),
        ('time_zone = "America/New_York"', 'time_zone = "EST5"', "not an IANA time zone"),
        ("opens_in = []", 'opens_in = ["US", "FR"]', "tracking.opens_in[1]: an open pixel needs each"),
        ('currency = "USD"', "", "shop.currency: is missing"),
    ],
)
def test_mistakes_of_meaning(old: str, new: str, expected: str) -> None:
    """Definitions that would misbehave later are refused when they are loaded."""
    assert old in TEXT
    assert any(expected in mistake for mistake in mistakes(TEXT.replace(old, new, 1)))


def test_a_version_of_before_still_loads() -> None:
    """Kept before steps could join orders: each order has its own thank-you, and renewals get it too."""
    kept = json.loads(definition_text(default_definition()))
    for step in kept["steps"]:
        del step["joins"], step["renewals"]
    first = stored_definition(json.dumps(kept)).steps[0]
    assert (first.joins, first.renewals) == (None, True)


def test_a_version_is_kept_exactly() -> None:
    """What is stored reads back equal, and the digest changes with any change of meaning."""
    definition = default_definition()
    assert stored_definition(definition_text(definition)) == definition
    other = parse_definition(TEXT.replace('delay = "90 days"', 'delay = "91 days"'))
    assert definition_digest(other) != definition_digest(definition)
    commented = parse_definition("# only a comment\n" + TEXT)
    assert definition_digest(commented) == definition_digest(definition)


def test_the_schema_describes_what_is_read() -> None:
    """Every top-level table of the default campaign is known to the schema, and none beyond it."""
    schema = definition_schema()
    assert set(tomllib.loads(TEXT)) <= set(schema["properties"])
    assert schema["additionalProperties"] is False


def test_the_holdout_is_even_and_stays() -> None:
    """A tenth is held out, give or take, and a customer is in or out for good."""
    definition = Definition.model_validate({**tomllib.loads(TEXT), "holdout": "0.1"})
    held = [n for n in range(5_000) if in_holdout(definition, f"customer-{n}")]
    assert 400 < len(held) < 600
    assert not any(in_holdout(default_definition(), f"customer-{n}") for n in range(100))


def test_an_unknown_step_is_not_found() -> None:
    """`Definition.step` raises what `segment` promises, with the step's name."""
    with pytest.raises(NotFound, match="no step farewell"):
        default_definition().step("farewell")
