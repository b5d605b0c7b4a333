"""States, reasons, words and names of reviews, and what no offer may depend on."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.definition.loading import parse_definition
from campaign.errors import BadCampaign
from campaign.reviews.bought import bought_reviews
from campaign.reviews.states import Move, Rejection, ReviewState, counts, moved
from campaign.reviews.words import has_link, plain_words, primary_language, shown_name
from tests.facts import CAMPAIGN

TEXT = CAMPAIGN.read_text("utf-8")


@given(state=st.sampled_from(ReviewState), moves=st.lists(st.sampled_from(Move), max_size=6))
def test_a_move_made_twice_is_made_once(state: ReviewState, moves: list[Move]) -> None:
    """From any state, by any moves: the same move again leads nowhere else."""
    for move in moves:
        if (after := moved(state, move)) is not None:
            assert moved(after, move) is after
            state = after


def test_no_reason_is_a_sentiment() -> None:
    """The set is closed, each reason has words, and none says what the review thinks of the product."""
    sentiment = r"negativ|positiv|bad|star|rating|low|critic|unhappy|dislike"
    for reason in Rejection:
        assert not re.search(sentiment, f"{reason.value} {reason.text}")


@given(state=st.sampled_from(ReviewState), why=st.sampled_from([None, *Rejection]))
def test_only_what_no_customer_rated_does_not_count(state: ReviewState, why: Rejection | None) -> None:
    """Pending and published ratings always count, and rejected ones that are a customer's rating."""
    no_rating = {Rejection.FAKE, Rejection.ADVERTISING, Rejection.UNRELATED}
    assert counts(state, why) is not (state is ReviewState.REJECTED and why in no_rating)


@pytest.mark.parametrize(
    "text",
    [
        "See https://x.example", "http://1.2.3.4/a", "ftp://x", "www.spam", "buy at SPAM.shop", "a@b.de",
        "any.de/path", "t.io", "mug.com.",
    ],
)  # fmt: skip
def test_links_are_found(text: str) -> None:
    """Written out or not, in any case."""
    assert has_link(text)


@pytest.mark.parametrize(
    "text",
    ["Good.Really good.", "4.5 of 5", "It is 3/4 full, i.e. fine", "Gut.Es hält warm", "No @ here", "A/B"],
)
def test_words_are_no_links(text: str) -> None:
    """A missing space after a full stop is no address."""
    assert not has_link(text)


@given(st.text(max_size=300))
def test_plain_words_stay_what_they_are(text: str) -> None:
    """Cleaned once is cleaned: nothing invisible, no control but the line's end, no two empty lines."""
    words = plain_words(text)
    assert plain_words(words) == words
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]|\n\n\n", words)


@pytest.mark.parametrize(
    ("first", "last", "shown"),
    [
        ("Ada", "Lovelace", "Ada L."), ("Ada", None, "Ada"), (None, "Lovelace", None), ("  ", "x", None),
        ("Élodie", "ßtern", "Élodie SS."), ("A" * 60, "B", "A" * 37 + " B."), ("Ada\u202e\n", "L", "Ada L."),
        ("Win at evil.com", "Ada", None), ("ada@example.com", None, None),
    ],
)  # fmt: skip
def test_names_are_a_first_name_and_an_initial(first: str, last: str, shown: str | None) -> None:
    """Never a whole last name; nothing without a first one, or for one that is an address."""
    assert shown_name(first, last) == shown


@pytest.mark.parametrize(
    ("tag", "language"), [("de-AT", "de"), ("EN", "en"), ("pt_BR", "pt"), (None, None), ("", None)]
)
def test_quotes_are_matched_by_the_language_alone(tag: str | None, language: str | None) -> None:
    """Austrian customers read German quotes."""
    assert primary_language(tag) == language


@pytest.mark.parametrize(
    "more",
    [
        '[[segments]]\nname = "fans"\nmin_rating = 4\n',
        '[[segments]]\nname = "fans"\nwhen = { all = [{ stars = { min = 4 } }] }\n',
        '[offers.thanks]\ntext = "10% off"\nif_reviewed = true\n',
        '[offers.thanks]\ntext = "10% off for a 5-star review"\n',
        '[offers.thanks]\ntext = "10 % für eine positive Bewertung"\n',
        '[offers.thanks]\ntext = "10% off"\nterms = "For a good review only."\n',
        '[offers.thanks]\ntext = { fr = "10 % pour cinq étoiles" }\n',
    ],
)
def test_no_offer_depends_on_a_rating(more: str) -> None:
    """A condition on stars, or words that promise something for them, is refused with the law's name."""
    with pytest.raises(BadCampaign, match=r"16 CFR 465\.4"):
        parse_definition(f"{more}{TEXT}" if "offers" in more else TEXT + "\n" + more)


@pytest.mark.parametrize(
    "raw",
    [
        {"offers": {"review-thanks": {"text": "free shipping", "terms": "For five days."}}},
        {"offers": {"star": {"text": "20% off everything with stars on it"}}},
        {"steps": [{"name": "review", "review": True, "audiences": [{"email": "review"}]}]},
    ],
)
def test_other_words_are_no_mistake(raw: dict[str, object]) -> None:
    """Names that marketers choose, and the request itself."""
    assert list(bought_reviews(raw)) == []
