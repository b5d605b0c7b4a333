"""The headers by which every email can be unsubscribed from, whoever sends it."""

from __future__ import annotations

from channels.protocol import Outgoing


def unsubscribe_headers(message: Outgoing) -> dict[str, str]:
    """Return the headers by which a mail program unsubscribes: in one click (RFC 8058), or by mail."""
    by_mail = f"<mailto:{message.unsubscribe}?subject=unsubscribe%20{message.id}>"
    if not message.unsubscribe_url:
        return {"List-Unsubscribe": by_mail}
    return {
        "List-Unsubscribe": f"<{message.unsubscribe_url}>, {by_mail}",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
