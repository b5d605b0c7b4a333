"""How the vendors' SDKs reach their servers: pooled connections, time-outs, and honest errors.

Both SDKs let their transport be replaced, and both need it: neither sets a time-out, both drop
headers or answers that we need, and both write addresses to their logs. What a provider says about an
error goes no further than this package: its text may repeat the address.
"""

from __future__ import annotations

import json
import logging
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from campaign.errors import (
    ChannelBusy,
    ChannelError,
    ChannelOptedOut,
    ChannelRefused,
    ChannelStopped,
    ChannelUncertain,
)
from campaign.provider_codes import Outcome, classify

CONNECT_SECONDS = 5.0
LONGEST_WAIT = timedelta(hours=1)
SHORTEST_WAIT = timedelta(seconds=1)
_POOL = 200
_ERROR = 300
_UNREACHED = (
    requests.exceptions.ConnectTimeout,
    requests.exceptions.ProxyError,
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
)
_NEVER_CONNECTED = (NewConnectionError, ConnectTimeoutError, ssl.SSLCertVerificationError)
_TALKATIVE = ("twilio.http_client", "python_http_client.client", "urllib3.connectionpool")


@dataclass(frozen=True)
class Answer:
    """A provider's whole answer."""

    status: int
    body: bytes
    headers: Mapping[str, str]


class Refusal(Exception):
    """An answer that is not a success. Never leaves this package, and has no text to leak."""

    def __init__(self, answer: Answer) -> None:
        """Keep the answer."""
        super().__init__()
        self.answer = answer


class Http:
    """One pool of connections to a provider, for all threads of a worker.

    ``seconds`` is the longest wait for a connection (at most `CONNECT_SECONDS`) and then for each part
    of the answer. A connection that the provider closes in the instant in which it is used again looks like a
    lost answer; urllib3 looks before each use, which leaves that instant only.
    """

    def __init__(self, seconds: float) -> None:
        """Open nothing yet."""
        for name in _TALKATIVE:
            logging.getLogger(name).setLevel(logging.ERROR)
        self.timeout = (min(CONNECT_SECONDS, seconds), seconds)
        self._session = requests.Session()
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.auth = _as_it_is  # else a .netrc file could change whose account is used
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=_POOL))

    def ask(self, method: str, url: str, **request: Any) -> Answer:
        """Make one request, never repeated and never redirected.

        Raises:
            ChannelError: nothing of the request got there.
            ChannelUncertain: it may have got there, but no whole answer came back.
            Refusal: the answer is not a success.
        """
        try:
            reply = self._session.request(method, url, timeout=self.timeout, allow_redirects=False, **request)
        except requests.exceptions.RequestException as error:
            raise _lost(error) from None
        answer = Answer(reply.status_code, reply.content, reply.headers)
        if answer.status >= _ERROR:
            raise Refusal(answer)
        return answer

    def close(self) -> None:
        """Close every connection."""
        self._session.close()


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _lost(error: requests.exceptions.RequestException) -> ChannelError:
    never = isinstance(error, _UNREACHED) or any(isinstance(e, _NEVER_CONNECTED) for e in _causes(error))
    if never:
        return ChannelError("the provider was not reached")
    return ChannelUncertain("no whole answer came back from the provider")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Give an error and all that it was made from: the libraries nest them in three ways."""
    found, seen = [error], set()
    while found:
        one = found.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        inner = (getattr(one, "reason", None), one.__cause__, one.__context__, *one.args)
        found += [cause for cause in inner if isinstance(cause, BaseException)]


def error_for(provider: str, answer: Answer, now: datetime) -> ChannelError:
    """Return our error for an answer that is not a success, by the table of codes."""
    code = _code(answer)
    outcome = classify(provider, code, answer.status)
    text = f"{provider} answered {code}"
    if outcome is Outcome.OPTED_OUT:
        return ChannelOptedOut(text, code)
    if outcome in (Outcome.INVALID, Outcome.REFUSED):
        return ChannelRefused(text, code, invalid_address=outcome is Outcome.INVALID)
    if outcome is Outcome.CONFIGURATION:
        return ChannelStopped(text, code)
    if outcome is Outcome.BUSY:
        return ChannelBusy(text, retry_after(answer.headers, now))
    return ChannelUncertain(text)


def _code(answer: Answer) -> str:
    """Return the provider's own number for an error; the HTTP status where it gives none."""
    try:
        code = json.loads(answer.body)["code"]
    except (ValueError, TypeError, KeyError):
        return str(answer.status)
    return str(code) if isinstance(code, int) else str(answer.status)


def retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Return the wait that an answer asks for, between a second and an hour; None if it does not say.

    `Retry-After` (RFC 9110, 10.2.3) is seconds or a date; SendGrid's `X-RateLimit-Reset` the Unix time at
    which its window begins anew. Times are compared with the answer's own `Date`: clocks need not agree.
    """
    try:
        wait = _asked_wait(headers, _date(headers.get("Date", "")) or now)
    except OverflowError:
        wait = LONGEST_WAIT
    return None if wait is None else min(max(wait, SHORTEST_WAIT), LONGEST_WAIT)


def _asked_wait(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    after, reset = headers.get("Retry-After", "").strip(), headers.get("X-RateLimit-Reset", "").strip()
    if after.isdecimal():
        return timedelta(seconds=int(after))
    if at := _date(after):
        return at - now
    return timedelta(seconds=int(reset) - now.timestamp()) if reset.isdecimal() else None


def _date(value: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
