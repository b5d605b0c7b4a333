"""The campaign as data: what a marketer writes in ``campaign.toml``, as strict models.

Durations are written for people (``"30 days"``). Nothing here does I/O; `campaign.definition.loading` reads
the TOML text and lists every mistake in it at once.
"""

from __future__ import annotations

from datetime import time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import EmailStr, Field, StringConstraints, model_validator

from campaign.definition.base import Days, Name, Section, Template, Url, Words
from campaign.definition.colors import Colors
from campaign.definition.durations import Duration
from campaign.definition.localized import LocalizedOptOut
from campaign.definition.offers.offer import Offer
from campaign.definition.reviews import Reviews
from campaign.definition.segments.conditions import Segment
from campaign.definition.segments.loyalty import Loyalty
from campaign.definition.steps import Audience, Step
from campaign.errors import NotFound
from campaign.fields.money import CurrencyCode
from campaign.fields.places import Country, Language, TimeZone
from campaign.languages.tones import Tone
from campaign.problems import Form
from campaign.reasons import Channel


class Brand(Section):
    """Who the messages are from. ``postal_address`` and the opt-out wording are required by law.

    With ``sms_plain_characters`` an SMS is written in GSM-7 where no letter is lost by it (a curly quote
    becomes a straight one, a name's ś an s): one other character takes it to UCS-2, at twice the price.
    ``tone`` is how customers are addressed where a language makes a difference (du or Sie), in messages and
    on their pages; left out: as each language's own files have it.
    """

    name: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    url: Url
    logo_url: Url | None = None
    from_email: EmailStr
    reply_to: EmailStr | None = None
    support_email: EmailStr
    unsubscribe_email: EmailStr
    postal_address: Words
    sms_opt_out: LocalizedOptOut = "Reply STOP to opt out"
    sms_plain_characters: bool = False
    sms_help: Annotated[str, StringConstraints(min_length=1, max_length=160)] | None = None
    review_url: Url
    share_url: Url
    loyalty_name: Words
    loyalty_url: Url
    tone: Tone | None = None
    colors: Colors = Colors()


class ShopSystem(StrEnum):
    """What the shop runs on: how a link applies a code there."""

    OWN = "own"
    SHOPIFY = "shopify"
    WOOCOMMERCE = "woocommerce"


class Shop(Section):
    """What holds for customers about whom nothing better is known.

    ``language``: what a customer reads whose own language there are no templates in.
    ``system`` and ``apply_url`` say how a link puts a code into the cart: ``apply_url`` has ``{code}`` in
    it, and may have ``{path}``.
    ``fallback``: where one channel fails for good or may not be used any more, a customer who named no
    channel is written to on the other.
    """

    currency: CurrencyCode
    country: Country
    time_zone: TimeZone
    vertical: Name = "general"
    language: Language = "en"
    channels: Annotated[list[Channel], Field(min_length=1)] = [Channel.EMAIL, Channel.SMS]
    fallback: bool = True
    email_opt_out_countries: list[Country] = []
    system: ShopSystem = ShopSystem.OWN
    apply_url: Annotated[Url, Form(r"^https?://\S*\{code\}\S*$", "put {code} where the code goes")] | None = (
        None
    )


class ConsentPolicy(Section):
    """How consent is taken, beyond the countries' e-mail policy (`Shop.email_opt_out_countries`).

    With ``sms_double_opt_in`` a consent for SMS counts once the customer has confirmed it from the
    number itself; the question is the template ``sms_opt_in`` and is put once.
    """

    sms_double_opt_in: bool = True
    sms_opt_in: Template = "opt_in"
    engaged_within: Duration = timedelta(days=180)


class Vertical(Section):
    """A line of business: how long its customers usually take to buy again."""

    buying_cycle: Duration


class Timing(Section):
    """How win-backs are stretched: delay x cycle / ``reference_cycle``, within the two bounds.

    ``min_gap`` stands between two steps of a campaign, ``less_gap`` between any two messages to a
    customer who chose fewer.
    """

    reference_cycle: Duration = timedelta(days=30)
    min_scale: Annotated[float, Field(gt=0, le=1)] = 0.7
    max_scale: Annotated[float, Field(ge=1, le=10)] = 2.0
    orders_for_cycle: Annotated[int, Field(ge=2)] = 4
    min_gap: Duration = timedelta(days=2)
    less_gap: Duration = timedelta(days=30)


class Tracking(Section):
    """What may be recorded of how messages are read, beyond clicks on the shop's own links.

    ``opens_in``: the countries in whose e-mails a provider's open pixel may be. No rule needs it: it only
    adds opens to what counts as engagement. Where the law wants a consent for it, that is the shop's to have.
    """

    opens_in: list[Country] = []


class Delivery(Section):
    """What is done where a provider leaves open whether it has accepted a message.

    ``resend_email_after``: an email of which nothing has been reported for so long is sent again, within
    its window (None: never). It may then arrive twice; without it, not at all (docs/channels.md: how often).
    """

    resend_email_after: Annotated[Duration, Field(ge=timedelta(minutes=30))] | None = None


class Hours(Section):
    """When a channel may be used, in the customer's local time; single days may differ.

    ``holidays``: whether public holidays, where the customer may be, are days like others or quiet ones.
    """

    start: time
    end: time
    days: dict[Days, tuple[time, time] | Literal["never"]] = {}
    holidays: Literal["send", "quiet"] = "send"

    @model_validator(mode="after")
    def _starts_before_it_ends(self) -> Self:
        windows = [(self.start, self.end), *(w for w in self.days.values() if w != "never")]
        if any(start >= end for start, end in windows):
            msg = "starts at or after its end: quiet hours allow one stretch of a day"
            raise ValueError(msg)
        return self


class Cap(Section):
    """At most ``messages`` in any stretch of ``per``, over all of a customer's campaigns."""

    channel: Channel
    messages: Annotated[int, Field(ge=1)]
    per: Duration


class Definition(Section):
    """A whole campaign. Its digest names the version that a running campaign keeps."""

    name: Name
    holdout: Annotated[Decimal, Field(ge=0, le=Decimal("0.5"))] = Decimal(0)
    brand: Brand
    shop: Shop
    consent: ConsentPolicy = ConsentPolicy()
    tracking: Tracking = Tracking()
    delivery: Delivery = Delivery()
    timing: Timing = Timing()
    verticals: Annotated[dict[Name, Vertical], Field(min_length=1)]
    segments: Annotated[list[Segment], Field(min_length=1)]
    loyalty: Loyalty = Loyalty()
    quiet_hours: dict[Channel, Hours] = {}
    caps: list[Cap] = []
    offers: dict[Name, Offer] = {}
    reviews: Reviews = Reviews()
    steps: Annotated[list[Step], Field(min_length=1, max_length=12)]

    def step(self, name: str) -> Step:
        """Return a step by name.

        Raises:
            NotFound: no such step.
        """
        for step in self.steps:
            if step.name == name:
                return step
        msg = f"the campaign has no step {name}"
        raise NotFound(msg)

    def offer_of(self, audience: Audience | None) -> Offer | None:
        """Return the offer that an audience is shown, if there is one."""
        return self.offers.get(audience.offer) if audience and audience.offer else None

    def after(self, name: str) -> Step | None:
        """Return the step that follows, or None after the last."""
        names = [step.name for step in self.steps]
        following = names.index(name) + 1
        return self.steps[following] if following < len(names) else None
