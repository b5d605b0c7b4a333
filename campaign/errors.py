"""Every error that Afterglow raises on purpose, in one tree.

::

    AfterglowError
    ├── BadInput              what a caller sent is wrong: names the field and the fix, nothing was done
    │   ├── BadPurchase       a purchase, order event or repurchase that cannot be accepted
    │   │   └── OrderConflict     another order has this order id: both versions are named
    │   ├── BadCustomer       contact data that cannot be accepted
    │   ├── BadProduct        a catalogue entry that cannot be accepted
    │   └── BadCampaign       a campaign definition or template with mistakes (all of them listed)
    ├── BadSettings           the environment is wrong: every wrong setting is listed
    ├── CouponRefused         a coupon that cannot be redeemed: used, over, or not given to anybody
    ├── NotFound              no such order, campaign, message or coupon
    │   └── CampaignClosed    the campaign exists but has ended: nothing can be signalled to it
    ├── ModelRefused          a model could not be fitted to the shop's orders; simpler rules serve
    ├── Unavailable           a server we need (Temporal, database) is not there
    │   └── DatabaseBusy      another transaction holds what this one needs: try again
    └── ChannelError          a message could not be handed to its provider
        ├── ChannelBusy       try again later; the provider may say when
        │   └── ChannelPending    what became of an attempt will be known later: query again, do not send
        ├── ChannelRefused    this message will never be accepted: do not try again
        │   └── ChannelOptedOut   the provider says that the address has opted out
        ├── ChannelStopped    the provider refuses our configuration: no message can go this way now
        └── ChannelUncertain  it is not known whether the message was accepted: never send it again

The text of an error may be shown to the caller who caused it. It never holds contact data: texts
end up in Temporal's histories and in logs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta


class AfterglowError(Exception):
    """Base of the tree above. ``code`` is stable, lower-case and safe to match on."""

    code = "error"


@dataclass(frozen=True)
class Problem:
    """One mistake in something that a person wrote.

    ``where`` is a file with a line (``campaign.toml:12``) or a key path (``lines[3].quantity``);
    ``what`` says what is wrong; ``fix`` says what to write instead.
    """

    where: str
    what: str
    fix: str = ""

    def __str__(self) -> str:
        """Return the mistake as one line for a terminal."""
        fix = f" - {self.fix}" if self.fix else ""
        return f"{self.where}: {self.what}{fix}"


class BadInput(AfterglowError):
    """What the caller sent is wrong. ``problems`` lists every mistake; nothing was half-applied."""

    code = "bad_input"

    def __init__(self, problems: list[Problem]) -> None:
        """Keep the problems; the text is one line for each."""
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class BadPurchase(BadInput):
    """A purchase, order event or repurchase that cannot be accepted."""

    code = "bad_purchase"


class OrderConflict(BadPurchase):
    """Another order has this id. ``known`` and ``sent``: the fields in which the two versions differ."""

    code = "order_conflict"

    def __init__(
        self, problems: list[Problem], known: Mapping[str, object], sent: Mapping[str, object]
    ) -> None:
        """Keep both versions: an order has no contact data in it."""
        super().__init__(problems)
        self.known, self.sent = dict(known), dict(sent)


class BadCustomer(BadInput):
    """Contact data that cannot be accepted."""

    code = "bad_customer"


class BadProduct(BadInput):
    """A catalogue entry that cannot be accepted."""

    code = "bad_product"


class BadCampaign(BadInput):
    """A campaign definition or one of its templates has mistakes."""

    code = "bad_campaign"


class BadSettings(BadInput):
    """The environment is wrong. Raised at start, with every wrong setting in ``problems``."""

    code = "bad_settings"


class CouponRefused(AfterglowError):
    """A coupon cannot be redeemed with this order. ``outcome``: why, of a closed set (`RedeemOutcome`)."""

    code = "coupon_refused"

    def __init__(self, message: str, outcome: str) -> None:
        """Keep why."""
        super().__init__(message)
        self.outcome = outcome


class NotFound(AfterglowError):
    """No such order, campaign, message or coupon."""

    code = "not_found"


class CampaignClosed(NotFound):
    """The campaign has ended; it cannot be signalled any more."""

    code = "campaign_closed"


class ModelRefused(AfterglowError):
    """A model cannot be fitted to the shop's orders, or not well enough. The text says why."""

    code = "model_refused"


class Unavailable(AfterglowError):
    """A server that we need (Temporal, the database) is not there."""

    code = "unavailable"


class DatabaseBusy(Unavailable):
    """Another transaction holds what this one needs. ``lost_race``: it may be tried again at once."""

    code = "database_busy"

    def __init__(self, message: str, *, lost_race: bool = False) -> None:
        """Keep whether waiting is needed."""
        super().__init__(message)
        self.lost_race = lost_race


class ChannelError(AfterglowError):
    """A message could not be handed to its provider. Never holds the provider's own text."""

    code = "channel_error"


class ChannelBusy(ChannelError):
    """The provider wants a pause. ``retry_after`` is its length, if it was given."""

    code = "channel_busy"

    def __init__(self, message: str, retry_after: timedelta | None = None) -> None:
        """Keep the pause that the provider wants."""
        super().__init__(message)
        self.retry_after = retry_after


class ChannelPending(ChannelBusy):
    """Whether an attempt got through will be known later: query again after ``retry_after``, do not send."""

    code = "channel_pending"


class ChannelRefused(ChannelError):
    """The provider will never accept this message: trying again is pointless.

    ``provider_code`` is the provider's number for it; ``invalid_address``: the address itself is at fault.
    """

    code = "channel_refused"

    def __init__(self, message: str, provider_code: str = "", *, invalid_address: bool = False) -> None:
        """Keep the provider's code."""
        super().__init__(message)
        self.provider_code = provider_code
        self.invalid_address = invalid_address


class ChannelOptedOut(ChannelRefused):
    """The provider holds this address on its own opt-out list."""

    code = "channel_opted_out"


class ChannelStopped(ChannelError):
    """The provider refuses our configuration (account, key, sender): nothing can go this way now."""

    code = "channel_stopped"

    def __init__(self, message: str, provider_code: str = "") -> None:
        """Keep the provider's code."""
        super().__init__(message)
        self.provider_code = provider_code


class ChannelUncertain(ChannelError):
    """It is not known whether the provider accepted the message, so it is never sent again."""

    code = "channel_uncertain"
