"""Where the links of messages lead: our public pages, by signed tokens and short codes."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlmodel import Session

from campaign.tokens import TokenUse, make_token
from content.context import MessageContext
from content.links import Shortening, has_foreign_links
from storage.queries.messages.links import likely_code, store_links


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

    def review(self, message_id: str) -> str:
        """Return the address of the page on which the message's products are reviewed."""
        return f"{self.base}/review/{make_token(self.secret, TokenUse.REVIEW, message_id)}"

    def shortened(self, context: MessageContext) -> Shortened:
        """Return how the links of a message are exchanged, and which."""
        return Shortened(self, context.message_id, foreign_links=has_foreign_links(context))


class Shortened:
    """The links of one message as they are exchanged: by the code each most likely gets, then stored."""

    def __init__(self, links: Links, message_id: str, *, foreign_links: bool) -> None:
        """Begin with none."""
        self._links, self._message_id = links, message_id
        self._codes: dict[str, str] = {}
        self.shortening = Shortening(links.base, self._short, foreign_links)

    def store(self, session: Session) -> dict[str, str]:
        """Store the links that were exchanged; return what to replace where another link has the code."""
        stored = store_links(session, self._links.secret, self._message_id, list(self._codes))
        changed = {t: code for t, code in stored.items() if code != self._codes[t]}
        return {self._address(self._codes[target]): self._address(code) for target, code in changed.items()}

    def _short(self, target: str) -> str:
        code = self._codes.setdefault(target, likely_code(self._links.secret, self._message_id, target))
        return self._address(code)

    def _address(self, code: str) -> str:
        return f"{self._links.base}/c/{code}"
