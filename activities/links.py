"""Where the links of messages lead: our public pages, by signed tokens and short codes."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlmodel import Session

from campaign.tokens import TokenUse, make_token
from content.context import MessageContext
from content.links import Shortening, has_foreign_links
from storage.queries.links import short_code


@dataclass(frozen=True)
class Links:
    """``public_url`` is the web server's address as customers reach it; a path in it is kept."""

    public_url: str
    secret: str = field(repr=False)

    @property
    def base(self) -> str:
        """The public address without a slash at its end."""
        return self.public_url.rstrip("/")

    def unsubscribe(self, message_id: str) -> str:
        """Return the address that unsubscribes from the message's channel."""
        return f"{self.base}/unsubscribe/{make_token(self.secret, TokenUse.UNSUBSCRIBE, message_id)}"

    def preferences(self, message_id: str) -> str:
        """Return the address of the customer's preferences."""
        return f"{self.base}/preferences/{make_token(self.secret, TokenUse.PREFERENCES, message_id)}"

    def shortening(self, session: Session, context: MessageContext) -> Shortening:
        """Return how the links of a message are exchanged; each is stored when it first is."""

        def short(target: str) -> str:
            return f"{self.base}/c/{short_code(session, self.secret, context.message_id, target)}"

        return Shortening(self.base, short, has_foreign_links(context))
