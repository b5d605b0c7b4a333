"""SMS by Twilio's own SDK.

Twilio has no idempotency key for messages, but it can be queried: it lists what it has accepted for
a number. With Twilio's test credentials and magic numbers nothing is sent and nothing is listed.
"""

from __future__ import annotations

import json
import logging
import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from twilio.base.deserialize import rfc2822_datetime
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client

from campaign.errors import ChannelBusy, ChannelError, ChannelPending, ChannelUncertain
from channels.answers import Refusal, error_for
from channels.http import Http
from channels.protocol import Outgoing, Receipt
from channels.twilio.codes import CODES

SETTLED_AFTER = timedelta(minutes=5)
"""When a message that is still not listed was never accepted. Listing is near to immediate."""
QUERY_AGAIN = timedelta(seconds=45)
CLOCKS_DIFFER = timedelta(minutes=2)
MOST_LISTED = 1_000
PAGE = 100
SHORTEST_VALIDITY = timedelta(seconds=6)
"""More than the 5 s that Twilio recommends at least. With less time left a text waits for its next hours."""
LONGEST_VALIDITY = timedelta(hours=10)
"""Twilio's own upper bound (error 21624), which is also what it takes where none is given."""


class Twilio:
    """Hands SMS to Twilio. Threads share it; its secrets stay in the SDK's client."""

    name = "twilio"

    def __init__(
        self,
        account: str,
        token: str,
        *,
        service: str | None = None,
        sender: str | None = None,
        callback: str | None = None,
        base: str = "https://api.twilio.com",
        seconds: float = 10.0,
    ) -> None:
        """Send by a Messaging Service's SID, or else from a number of ours.

        ``callback`` is the address that status callbacks go to; each message adds its own id to it.
        ``base`` may be that of a region (https://www.twilio.com/docs/global-infrastructure).
        """
        self._http = Http(seconds)
        alone = {"": ""}  # the SDK would read region and edge from the environment, past our settings
        self._client = Client(account, token, http_client=_Transport(self._http), environment=alone)
        self._client.api.base_url = base.rstrip("/")
        self._callback = callback
        self._from = {"messaging_service_sid": service} if service else {"from_": sender}

    def send(self, message: Outgoing) -> Receipt:
        """Create the message. See `channels.protocol.MessageChannel.send`."""
        values: dict[str, Any] = {"to": message.to, "body": message.text, **self._from}
        if validity := _validity(message):
            values["validity_period"] = validity
        if self._callback:
            values["status_callback"] = f"{self._callback}?message={quote(message.id, safe='')}"
        try:
            sid = self._client.messages.create(**values).sid
        except Refusal as refusal:
            raise error_for(self.name, CODES, refusal.answer, message.at) from None
        except ChannelError:
            raise
        except Exception:  # noqa: BLE001 - the SDK fails in many ways on a success that it cannot read
            sid = None
        if not sid:
            msg = "twilio's answer cannot be read"
            raise ChannelUncertain(msg)
        return Receipt(str(sid), message.at)

    def find(self, message: Outgoing, attempted_at: datetime) -> Receipt | None:
        """Look for the message among those that Twilio has for its number since the attempt.

        Whatever became of it later (`failed`, `undelivered`), it was accepted, and is not sent again. It is
        known by its letters and digits, for Twilio may replace quotes and dashes (smart encoding), and by not
        being one of ours that is known already. One whose text is not shown (Message Redaction) may be it, so
        that it is not absent for certain. The list is not narrowed by `DateSent`: that is empty until a
        message has left. See `channels.protocol.MessageChannel.find`.
        """
        listed = self._listed(message)
        since, wanted = attempted_at - CLOCKS_DIFFER, _letters(message.text)
        candidates = [
            one
            for one in listed
            if one.sid not in message.known_ids and not (one.date_created and one.date_created < since)
        ]
        for one in candidates:
            if wanted in _letters(one.body or ""):
                return Receipt(str(one.sid), attempted_at)
        if message.at - attempted_at < SETTLED_AFTER:
            msg = "twilio does not list the message yet"
            raise ChannelPending(msg, QUERY_AGAIN)
        if len(listed) >= MOST_LISTED or any(_is_redacted(one.body or "") for one in candidates):
            msg = "twilio lists too many messages for the number, or one whose text is redacted"
            raise ChannelUncertain(msg)
        return None

    def _listed(self, message: Outgoing) -> list[Any]:
        try:
            return list(self._client.messages.stream(to=message.to, limit=MOST_LISTED, page_size=PAGE))
        except Refusal as refusal:
            error = error_for(self.name, CODES, refusal.answer, message.at)
            raise _still_unknown(error) from None
        except ChannelError as error:
            raise _still_unknown(error) from None
        except Exception:  # noqa: BLE001 - as in `send`
            msg = "twilio's list cannot be read"
            raise ChannelError(msg) from None

    def close(self) -> None:
        """Close every connection."""
        self._http.close()


def _validity(message: Outgoing) -> int | None:
    """Return for how many seconds Twilio may hold a text back; None leaves that to it.

    Raises:
        ChannelBusy: the hours are nearly over. The wait ends after them, when the step is decided again.
    """
    if message.deliver_by is None:
        return None
    left = message.deliver_by - message.at
    if left < SHORTEST_VALIDITY:
        msg = "the hours for texts are over"
        raise ChannelBusy(msg, max(left, timedelta(0)) + timedelta(seconds=1))
    return int(min(left, LONGEST_VALIDITY).total_seconds())


def _still_unknown(error: ChannelError) -> ChannelError:
    """A list that was not read leaves the question open: it says nothing about the message."""
    return ChannelError("twilio did not list its messages") if type(error) is ChannelUncertain else error


def _letters(text: str) -> str:
    """Return the letters and digits of a text, in one form."""
    return "".join(char for char in unicodedata.normalize("NFKC", text) if char.isalnum())


def _is_redacted(text: str) -> bool:
    """Return whether a listed text shows nothing of what was sent: nothing at all, or X for each letter."""
    return set(_letters(text)) <= {"X"}


def _is_list(body: bytes) -> bool:
    """Return whether this is a page of messages, which names the next page or says that there is none."""
    try:
        page = json.loads(body)
        listed = page["messages"]
        whole = isinstance(listed, list) and "next_page_uri" in page
        return whole and all(_is_message(one) for one in listed)
    except (ValueError, TypeError, KeyError, AttributeError):
        return False


def _is_message(one: Mapping[str, Any]) -> bool:
    created = one.get("date_created")
    if created is not None and not isinstance(rfc2822_datetime(created), datetime):
        return False
    return isinstance(one["sid"], str) and isinstance(one.get("body") or "", str)


class _Transport(HttpClient):  # type: ignore[misc]  # the SDK has no types
    """The SDK's documented seam for a transport of one's own.

    The SDK's transport keeps the last answer in a shared attribute and returns that: of two threads, one
    could get the other's. It also drops an error's headers, and writes numbers to its log.
    """

    def __init__(self, http: Http) -> None:
        super().__init__(logging.getLogger("twilio.http_client"), is_async=False)
        self._http = http

    def request(
        self,
        method: str,
        url: str,
        params: Any = None,
        data: Any = None,
        headers: Any = None,
        auth: Any = None,
        timeout: float | None = None,  # noqa: ARG002 - the pool has its own
        allow_redirects: bool = False,  # noqa: ARG002 - never
    ) -> Response:
        """Make a request for the SDK; see `Http.request` for what is raised.

        Raises:
            ChannelError: what should list messages does not. The SDK would take any list for it.
        """
        answer = self._http.request(method, url, params=params, data=data, headers=headers, auth=auth)
        if method == "GET" and not _is_list(answer.body):
            msg = "twilio's list cannot be read"
            raise ChannelError(msg)
        return Response(answer.status, answer.body.decode("utf-8", "replace"), dict(answer.headers))
