"""Templates: good for every customer, safe with any data, and every mistake found before a customer does."""

from __future__ import annotations

import re
import shutil
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.errors import BadCampaign
from campaign.languages.formats import money
from campaign.reasons import Channel
from content.checking.examples import examples
from content.checking.rendered import check_templates
from content.context import Customer, MessageContext
from content.gathering import brand_of
from content.loading import load_campaign, wanted_templates
from content.rendering import render_email, render_sms
from content.sms import sms_segments
from content.writing.naming import ListWords, names
from tests.facts import CAMPAIGN, ROOT, default_definition

CONTENT = ROOT / "content" / "default"
BRAND = brand_of(default_definition())
FULL, BARE, HOSTILE, JOINED = examples(BRAND)
WANTED = wanted_templates(default_definition())
EMAILS = [name for channel, name in WANTED if channel is Channel.EMAIL]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the templates to break."""
    return shutil.copytree(CONTENT, tmp_path / "content")


def mistakes(folder: Path) -> list[str]:
    """What the check says of the default campaign's templates in a folder."""
    return [str(problem) for problem in check_templates(folder, WANTED, BRAND)]


def test_the_default_templates_have_no_mistakes() -> None:
    """All render with full, bare and hostile data, and hold what law requires."""
    assert len(WANTED) == 13
    assert mistakes(CONTENT) == []


@pytest.mark.parametrize("name", EMAILS)
@pytest.mark.parametrize("context", [FULL, BARE, JOINED], ids=["full", "bare", "joined"])
def test_an_email_reads_well(name: str, context: MessageContext) -> None:
    """No leftovers of a template, no missing names, nothing empty, in HTML and in text."""
    content = render_email(CONTENT, name, context)
    for text in (content.subject, content.preheader, content.text, content.html):
        assert text.strip()
        assert not re.search(
            r"\{\{|\}\}|\{%|None|Undefined|, ,| ,", re.sub(r"<style.*?</style>", "", text, flags=re.DOTALL)
        )
    assert "order 1001" in content.text
    assert content.html.count("<a ") >= 3


def test_the_customer_is_spoken_to() -> None:
    """First name, products with their links, and the offer's code are where they belong."""
    thanks = render_email(CONTENT, "thank_you", FULL)
    assert "Ada" in thanks.subject
    assert "https://shop.example.com/p/mug" in thanks.html
    assert "My favourite." in thanks.text
    assert "CODE10" in render_email(CONTENT, "win_back_best", FULL).html
    assert "CODE10" not in render_email(CONTENT, "win_back_soft", FULL).html


@pytest.mark.parametrize("name", [name for channel, name in WANTED if channel is Channel.SMS])
def test_an_sms_is_one_segment(name: str) -> None:
    """With usual data each SMS costs one message."""
    offer = FULL.offer and FULL.offer.model_copy(update={"text": "10% off your next order"})
    assert sms_segments(render_sms(CONTENT, name, FULL.model_copy(update={"offer": offer})).text) == 1


NAMES = st.text(min_size=1, max_size=40) | st.sampled_from(
    [
        "<script>alert(1)</script>",
        "{{ 7*7 }}",
        "{% raw %}",
        "\r\nBcc: x@example.com",
        "</mj-text>",
        "a&b",
        "\u202e\x00",
    ]
)


@settings(max_examples=60, deadline=None)
@given(name=NAMES, product=NAMES)
def test_no_data_becomes_markup_or_header(name: str, product: str) -> None:
    """Whatever a customer or product is called: no tag, no template, no second header line comes of it."""
    lines = [line.model_copy(update={"name": product}) for line in FULL.order.lines]
    context = FULL.model_copy(
        update={
            "customer": Customer(first_name=name),
            "order": FULL.order.model_copy(update={"lines": lines}),
        }
    )
    content = render_email(CONTENT, "loyalty_first", context)
    assert "<script" not in content.html
    assert "\n" not in content.subject + content.preheader
    assert "\r" not in content.subject
    if "{{ 7*7 }}" in name + product:
        assert "49" not in content.subject


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        (
            "email/thank_you.mjml.j2",
            "person(customer.first_name) }}{% endif %}.",
            "person(customer.frist_name) }}{% endif %}.",
            "email/thank_you.mjml.j2:5: frist_name",
        ),
        (
            "email/thank_you.mjml.j2",
            "person(customer.first_name)",
            "person(customer.frist_name)",
            "email/thank_you.mjml.j2:3: frist_name",
        ),
        ("email/thank_you.mjml.j2", "{% endblock %}", "", "email/thank_you.mjml.j2:"),
        ("email/thank_you.mjml.j2", "block subject", "block subjct", "has an empty subject"),
        ("email/_layout.mjml.j2", "</mj-body>", "</mj-boddy>", "email/"),
        ("email/_layout.mjml.j2", "{{ brand.postal_address }}", "", "shows no postal address (html)"),
        (
            "email/_text.j2",
            '{{ t("unsubscribe") }}{{ t("colon") }} {{ unsubscribe_url }}',
            "",
            "no way to unsubscribe (text)",
        ),
        ("sms/thank_you.txt.j2", "{{ brand.name }}", "We", "does not say who it is from"),
        ("sms/thank_you.txt.j2", "{{ brand.sms_opt_out }}", "", "does not say how to opt out"),
    ],
)
def test_each_mistake_is_found(folder: Path, file: str, old: str, new: str, expected: str) -> None:
    """A broken template is named, with its line where there is one, before any customer is."""
    text = (folder / file).read_text("utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), "utf-8")
    assert any(expected in mistake for mistake in mistakes(folder)), mistakes(folder)


def test_a_missing_template_is_named(folder: Path) -> None:
    """A file that is not there is named."""
    (folder / "sms" / "thank_you.txt.j2").unlink()
    assert any("thank_you.txt.j2" in mistake for mistake in mistakes(folder))


@pytest.mark.parametrize(
    "code",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ customer.__init__.__globals__ }}",
        "{{ order.model_copy }}{{ order.lines.append(1) }}",
    ],
)
def test_templates_cannot_reach_out(folder: Path, code: str) -> None:
    """The sandbox refuses what is not data."""
    (folder / "sms" / "thank_you.txt.j2").write_text(code, "utf-8")
    with pytest.raises(BadCampaign):
        render_sms(folder, "thank_you", FULL)


def test_production_refuses_the_sample_brand() -> None:
    """Outside development every placeholder of the brand is listed."""
    assert load_campaign(CAMPAIGN, CONTENT).name == "post-purchase"
    with pytest.raises(BadCampaign) as caught:
        load_campaign(CAMPAIGN, CONTENT, production=True)
    named = {problem.where for problem in caught.value.problems}
    assert {"campaign.toml: brand.url", "campaign.toml: brand.postal_address"} <= named


def test_a_campaign_that_is_not_there_is_named(tmp_path: Path) -> None:
    """A wrong path is said plainly."""
    with pytest.raises(BadCampaign, match=r"none\.toml: cannot be read"):
        load_campaign(tmp_path / "none.toml", CONTENT)


def test_money_is_written_as_people_do() -> None:
    """Symbol, grouping and the currency's own digits."""
    amounts = [("en-US", "1234.5", "USD"), ("en", "1234", "JPY"), ("en", "5", "EUR")]
    written = [money(tag, Decimal(amount), currency) for tag, amount, currency in amounts]
    assert written == ["$1,234.50", "¥1,234", "€5.00"]


@pytest.mark.parametrize(("products", "orders"), [(1, 1), (2, 2), (7, 2)])
def test_a_thank_you_names_everything(products: int, orders: int) -> None:
    """One product or seven, of one order or two: all in HTML and in text, the first in an SMS of one part."""
    lines = {1: FULL.lines, 2: [JOINED.lines[0], JOINED.lines[1]], 7: JOINED.lines}[products]
    assert len(lines) == products
    context = (FULL if orders == 1 else JOINED).model_copy(update={"lines": lines})
    content = render_email(CONTENT, "thank_you", context)
    for line in lines:
        assert line.name in content.html
        assert content.text.count(line.name) == 1
    both = "Your order 1001 is" if orders == 1 else "Your orders 1000 and 1001 are"
    assert both in content.text
    assert both in content.html
    sms = render_sms(CONTENT, "thank_you", context).text
    assert sms_segments(sms) == 1
    assert lines[0].name in sms


@pytest.mark.parametrize(
    ("room", "expected"),
    [
        (
            None,
            "Oak tray, Stoneware mug, Linen napkin, Beeswax candle, Walnut board, Wool throw and Clay vase",
        ),
        (36, "Oak tray, Stoneware mug and 5 more"),
        (24, "Oak tray, Stone... and 5 more"),
    ],
)
def test_what_was_bought_is_named_in_the_room_there_is(room: int | None, expected: str) -> None:
    """All names where there is room, else as many as fit; of each of two orders the first is among them."""
    assert names(JOINED.lines, ListWords(), room) == expected
    assert (
        names([line.model_copy(update={"name": line.sku}) for line in JOINED.lines], ListWords(), room)
        == "order"
    )
