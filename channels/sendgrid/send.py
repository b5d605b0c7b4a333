"""Email by SendGrid's own SDK.

SendGrid has no idempotency key and cannot be queried for one message; only its events report what became
of it, by the message's own argument `afterglow_message`. Until those have had their time, the
outcome is open; after it, it is never known.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

from python_http_client import Client
from sendgrid import SendGridAPIClient
from sendgrid.helpers.mail import (
    ClickTracking,
    CustomArg,
    From,
    Header,
    HtmlContent,
    Mail,
    MailSettings,
    OpenTracking,
    PlainTextContent,
    ReplyTo,
    SandBoxMode,
    Subject,
    SubscriptionTracking,
    To,
    TrackingSettings,
)

from campaign.errors import ChannelBusy, ChannelPending, ChannelUncertain
from channels.addresses import with_ascii_addresses
from channels.answers import Answer, Refusal, error_for, retry_after
from channels.http import Http
from channels.protocol import Outgoing, Receipt
from channels.sendgrid.codes import CODES, took_nothing
from channels.sendgrid.events import MESSAGE_ARG
from channels.unsubscribe import unsubscribe_headers

EVENTS_WITHIN = timedelta(minutes=30)
"""How long to wait for an event of a message whose answer was lost. They mostly come within seconds."""
QUERY_AGAIN = timedelta(minutes=5)

ACCEPTED, CHECKED = 202, 200


class SendGrid:
    """Hands emails to SendGrid. Threads share it; its key stays in the SDK's client."""

    name = "sendgrid"

    def __init__(
        self,
        key: str,
        *,
        base: str = "https://api.sendgrid.com",
        seconds: float = 10.0,
        sandbox: bool = False,
    ) -> None:
        """``base`` may be that of the EU; ``sandbox`` has messages checked but not sent."""
        self._http = Http(seconds)
        self._sandbox = sandbox
        self._api = SendGridAPIClient(key, host=base.rstrip("/"))
        self._headers: dict[str, str] = self._api.client.request_headers

    def send(self, message: Outgoing) -> Receipt:
        """Post the mail. See `channels.protocol.MessageChannel.send`."""
        body = mail_of(with_ascii_addresses(message), sandbox=self._sandbox).get()
        try:
            answer = self._client().mail.send.post(request_body=body)
        except Refusal as refusal:
            if took_nothing(refusal.answer):
                msg = "sendgrid is not available"
                raise ChannelBusy(msg, retry_after(refusal.answer.headers, message.at)) from None
            raise error_for(self.name, CODES, refusal.answer, message.at) from None
        if answer.status_code != (CHECKED if self._sandbox else ACCEPTED):
            msg = "sendgrid's answer cannot be read"
            raise ChannelUncertain(msg)
        return Receipt(answer.headers.get("X-Message-Id") or message.id, message.at)

    def find(self, message: Outgoing, attempted_at: datetime) -> Receipt | None:
        """Wait for the events' time, then give up: see `channels.protocol.MessageChannel.find`.

        None, after a longer time, only where the shop has chosen that it is then sent again.
        """
        left = attempted_at + (message.resend_after or EVENTS_WITHIN) - message.at
        if left > timedelta(0):
            msg = "sendgrid's events have not come yet"
            raise ChannelPending(msg, min(left, QUERY_AGAIN))
        if message.resend_after:
            return None
        msg = "sendgrid's events have not come"
        raise ChannelUncertain(msg)

    def close(self) -> None:
        """Close every connection."""
        self._http.close()

    def _client(self) -> _Pooled:
        """Return a client of the SDK for one call: it collects headers in a dictionary of its own."""
        return _Pooled(self._http, self._api.host, dict(self._headers), version=3)


def mail_of(message: Outgoing, *, sandbox: bool) -> Mail:
    """Build the SDK's mail. The shop's own links are the ones that count clicks: SendGrid counts none."""
    mail = Mail(
        From(message.sender, message.brand),
        To(message.to),
        Subject(message.subject or ""),
        PlainTextContent(message.text),
        HtmlContent(message.html) if message.html else None,
    )
    mail.personalizations[0].add_custom_arg(CustomArg(MESSAGE_ARG, message.id))
    if message.reply_to:
        mail.reply_to = ReplyTo(message.reply_to)
    for name, value in unsubscribe_headers(message).items():
        mail.header = Header(name, value)
    mail.tracking_settings = TrackingSettings(
        ClickTracking(enable=False, enable_text=False),
        OpenTracking(enable=message.track_opens),
        SubscriptionTracking(enable=False),
    )
    if sandbox:
        mail.mail_settings = MailSettings(sandbox_mode=SandBoxMode(enable=True))
    return mail


class _Pooled(Client):  # type: ignore[misc]  # the SDK has no types
    """The SDK's HTTP client with its last step replaced: its own opens a connection for each message."""

    def __init__(self, http: Http, host: str, headers: dict[str, str], **options: Any) -> None:
        super().__init__(host, headers, **options)
        self._http = http

    def _build_client(self, name: str | None = None) -> _Pooled:
        """Return the client of a further segment of the URL."""
        path = [*self._url_path, name] if name else self._url_path
        return _Pooled(self._http, self.host, self.request_headers, version=self._version, url_path=path)

    def _make_request(self, opener: Any, request: Any, timeout: float | None = None) -> _Reply:  # noqa: ARG002 - the pool has both
        """Make the request that the SDK has prepared; see `Http.request` for what is raised."""
        headers = dict(request.header_items())
        url = request.get_full_url()
        return _Reply(self._http.request(request.get_method(), url, data=request.data, headers=headers))


class _Reply:
    """An answer in the form that the SDK reads."""

    def __init__(self, answer: Answer) -> None:
        self._answer, self._body = answer, BytesIO(answer.body)

    def getcode(self) -> int:
        return self._answer.status

    def read(self) -> bytes:
        return self._body.read()

    def info(self) -> Any:
        return self._answer.headers
