"""The words of the review page, one set a language. The pages show these and no others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from campaign.reviews.states import Rejection
from intake.reviews.writing import Closed, Mistake


@dataclass(frozen=True)
class ReviewWords:
    """Everything that the page says. ``{item}``, ``{brand}``, ``{name}``, ``{most}`` are filled in.

    ``stars``: what one to five stars mean, beginning with one.
    """

    language: str
    title: str
    heading: str
    rating: str
    stars: tuple[str, ...]
    text: str
    text_hint: str
    author: str
    named: str
    anonymous: str
    send: str
    change: str
    honest: str
    saved: str
    reviewed: str
    published: str
    rejected: str
    others: str
    other_reviewed: str
    mistake: str
    mistakes: Mapping[Mistake, str]
    closed_title: Mapping[Closed, str]
    closed: Mapping[Closed, str]
    rejections: Mapping[Rejection, str]


ENGLISH = ReviewWords(
    language="en",
    title="Your review",
    heading="How do you like it?",
    rating="Your rating",
    stars=(
        "1 star: poor",
        "2 stars: fair",
        "3 stars: all right",
        "4 stars: good",
        "5 stars: very good",
    ),
    text="In your own words (you may leave it empty)",
    text_hint="Up to {most:,} characters. Please no links, and nothing private about anybody.",
    author="Shown with your review",
    named="{name}",
    anonymous="Verified buyer, without your name",
    send="Send the review",
    change="Save the changes",
    honest=(
        "Good or bad, your honest opinion helps others choose. A person at {brand} reads each review before "
        "it is published; none is held back for what it thinks of the product."
    ),
    saved=(
        "Thank you. Your review is saved. Somebody reads it before it is published; you can still change it "
        "here."
    ),
    reviewed="You have reviewed this. It is read before it is published; you can still change it.",
    published="Your review is published. If you change it, it is read again first.",
    rejected="Your review was not published: {why}. You can change it here.",
    others="Also in your order",
    other_reviewed="reviewed",
    mistake="Nothing was saved yet.",
    mistakes=MappingProxyType(
        {
            Mistake.NO_ITEM: "This product is not in the order of this link. Please choose one of these.",
            Mistake.NO_STARS: "Please choose one to five stars.",
            Mistake.TOO_LONG: "Please write at most {most:,} characters.",
            Mistake.LINK: "Please take out links and e-mail addresses.",
            Mistake.TOO_SOON: "That was quick. Please wait a few seconds, and save it again.",
        }
    ),
    closed_title=MappingProxyType(
        {
            Closed.EXPIRED: "This link has expired",
            Closed.ERASED: "Your data was erased",
            Closed.RETURNED: "There is nothing left to review",
        }
    ),
    closed=MappingProxyType(
        {
            Closed.EXPIRED: (
                "Reviews are taken for a while after a purchase, and that time is over. Nothing was saved."
            ),
            Closed.ERASED: (
                "We no longer know who had this link, so we cannot take a review by it. Nothing was saved."
            ),
            Closed.RETURNED: "Everything that this link was about has come back to us. Nothing was saved.",
        }
    ),
    rejections=MappingProxyType({reason: reason.text for reason in Rejection}),
)

#: By primary language. Others read English.
BY_LANGUAGE: Mapping[str, ReviewWords] = MappingProxyType({"en": ENGLISH})


def review_words(language: str | None) -> ReviewWords:
    """Return the words in a customer's language (``de-AT`` reads ``de``)."""
    return BY_LANGUAGE.get((language or "").partition("-")[0].lower(), ENGLISH)
