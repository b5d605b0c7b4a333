"""Who is requested to review what: for items kept, once, and by one of the two."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.definition.loading import parse_definition
from campaign.definition.model import Definition
from campaign.definition.reviews import RequestedBy, Reviews
from campaign.errors import BadCampaign
from campaign.facts import OrderLine
from campaign.reasons import Reason
from campaign.rules.decision import Kind, decide
from content.links import Shortening, shorten_html
from content.loading import load_campaign
from content.review_links import ReviewLinks
from tests.facts import CAMPAIGN, PLACED, default_definition, facts, order

PAGE = "https://shop.example.com/review/token"
DUE = PLACED + timedelta(days=22)
RECIPE = """
[[steps]]
name = "review"
title = "Review request"
review = true
anchors = [{ event = "placed", delay = "21 days" }]
window = "10 days"
audiences = [{ segments = ["*"], email = "loyalty_first" }]
"""


def with_step() -> Definition:
    """The default campaign with a review request of its own at its end."""
    return parse_definition(CAMPAIGN.read_text("utf-8") + RECIPE)


def requested_by(by: RequestedBy) -> Definition:
    """The default campaign in which one of the two requests reviews."""
    return default_definition().model_copy(update={"reviews": Reviews(requested_by=by)})


def line(**changes: Any) -> OrderLine:
    """A line of two mugs."""
    return OrderLine("o-1", "A mug/1", 2, Decimal("9.90"), **changes)


@pytest.mark.parametrize(("reviewed", "reason"), [(False, Reason.DUE), (True, Reason.REVIEWED)])
def test_a_step_of_its_own_is_skipped_once_all_is_reviewed(reviewed: bool, reason: Reason) -> None:
    """Something left to review: it goes. Nothing left: skipped, with a reason of its own."""
    definition = with_step()
    known = facts(orders=(order(1, reviewed=reviewed),))
    decision = decide(definition, known, definition.step("review"), DUE)
    assert (decision.reason, decision.kind) == (reason, Kind.SKIP if reviewed else Kind.SEND)


def test_the_loyalty_message_goes_all_the_same() -> None:
    """A step that is more than a review request is not skipped by it."""
    definition = with_step()
    known = facts(orders=(order(1, reviewed=True),))
    assert decide(definition, known, definition.step("loyalty"), DUE).kind is Kind.SEND


def test_what_came_back_is_said_first() -> None:
    """An order that was returned is skipped as returned, reviewed or not."""
    definition = with_step()
    known = facts(orders=(order(1, reviewed=True, returned=True),))
    assert decide(definition, known, definition.step("review"), DUE).reason is Reason.RETURNED


def test_never_beside_the_shops_own_reminder() -> None:
    """Where the shop requests reviews, a step that does so as well is a mistake of the campaign."""
    text = CAMPAIGN.read_text("utf-8") + RECIPE + '\n[reviews]\nrequested_by = "shop"\n'
    with pytest.raises(
        BadCampaign, match=r'steps\[4\] \("review"\)\.review: the shop requests reviews itself'
    ):
        parse_definition(text)


@given(
    returned=st.integers(0, 2), reviewed=st.booleans(), by=st.sampled_from(RequestedBy), page=st.booleans()
)
def test_a_request_is_for_what_was_kept_and_not_reviewed(
    returned: int, reviewed: bool, by: RequestedBy, page: bool
) -> None:
    """A line has a link exactly if it was kept, was not reviewed, and the shop does not request it itself."""
    definition = requested_by(by)
    links = ReviewLinks(definition, definition.steps[1], PAGE if page else None)
    found = links.of(line(returned=returned, reviewed=reviewed))
    wanted = returned < 2 and not reviewed and by is RequestedBy.AFTERGLOW
    assert ("review_url" in found) is wanted
    assert len(found.get("star_urls", [])) == (5 if wanted and page else 0)


def test_with_a_step_of_its_own_no_other_message_requests() -> None:
    """The recipe moves the request out of the loyalty message, without a change of its template."""
    definition = with_step()
    requesting = [step.name for step in definition.steps if ReviewLinks(definition, step, PAGE).of(line())]
    assert requesting == ["review"]


def test_the_recipe_of_the_default_campaign_is_right(tmp_path: Path) -> None:
    """With its comment signs taken away it loads, and its templates have no mistakes."""
    text = CAMPAIGN.read_text("utf-8")
    start = text.index("# [[steps]]")
    recipe = text[start : text.index("\n\n", start)]
    file = tmp_path / "campaign.toml"
    file.write_text(text.replace(recipe, re.sub("^# ", "", recipe, flags=re.MULTILINE)), "utf-8")
    definition = load_campaign(file, CAMPAIGN.parent)
    assert [step.name for step in definition.steps if step.review] == ["review"]


def test_links_name_the_product_and_fill_in_the_stars() -> None:
    """Our page by its signed link; without a public address the brand's own page."""
    definition = default_definition()
    found = ReviewLinks(definition, definition.steps[1], PAGE).of(line())
    assert found["review_url"] == f"{PAGE}?item=A+mug%2F1"
    assert found["star_urls"][3] == f"{PAGE}?item=A+mug%2F1&stars=4"
    assert ReviewLinks(definition, definition.steps[1]).of(line()) == {
        "review_url": "https://shop.example.com/reviews/new?sku=A+mug%2F1"
    }


def test_star_links_are_not_shortened() -> None:
    """Five rows for each product would be many; the link without stars is shortened: its click counts."""
    shortening = Shortening("https://shop.example.com", lambda _: "https://shop.example.com/c/1")
    html = f'<a href="{PAGE}?item=a&amp;stars=4">4</a><a href="{PAGE}?item=a">Write</a>'
    assert shorten_html(html, shortening) == (
        f'<a href="{PAGE}?item=a&amp;stars=4">4</a><a href="https://shop.example.com/c/1">Write</a>'
    )
