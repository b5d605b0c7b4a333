"""How the vendors' SDKs reach their servers: pooled connections, time-outs, and honest errors.

Both SDKs let their transport be replaced, and both need it: neither sets a time-out, both drop
headers or answers that we need, and both write addresses to their logs. What a provider says about an
error goes no further than this package: its text may repeat the address.
"""

from __future__ import annotations

import logging
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from campaign.errors import ChannelError, ChannelUncertain
from channels.answers import Answer, Refusal

CONNECT_SECONDS = 5.0
_POOL = 200
_ERROR = 300
_NOT_AN_ADDRESS = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
)
_TALKATIVE = ("twilio.http_client", "python_http_client.client", "urllib3.connectionpool")


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
            self._session.mount(scheme, _Adapter(pool_maxsize=_POOL))

    def request(self, method: str, url: str, **request: Any) -> Answer:
        """Make one request, never repeated and never redirected.

        Raises:
            ChannelError: nothing of the request got there.
            ChannelUncertain: it may have got there, but no whole answer came back.
            Refusal: the answer is not a success.
        """
        try:
            reply = self._session.request(method, url, timeout=self.timeout, allow_redirects=False, **request)
        except (_Unreached, *_NOT_AN_ADDRESS):
            msg = "the provider was not reached"
            raise ChannelError(msg) from None
        except (requests.exceptions.RequestException, OSError):
            msg = "no whole answer came back from the provider"
            raise ChannelUncertain(msg) from None
        answer = Answer(reply.status_code, reply.content, reply.headers)
        if answer.status >= _ERROR:
            raise Refusal(answer)
        return answer

    def close(self) -> None:
        """Close every connection."""
        self._session.close()


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


class _Unreached(Exception):
    """No byte of the request has left: there is no connection, no tunnel or no trust.

    Raised where that is certain, and passed on by urllib3 and requests, which know nothing of it. Their own
    errors do not say it: behind a proxy, both call a lost answer a `ProxyError` too.
    """


class _Connecting:
    """A connection of urllib3 that says so when it does not come to stand."""

    def connect(self) -> None:
        try:
            super().connect()  # type: ignore[misc]  # urllib3's, see `_pools`
        except Exception as error:
            raise _Unreached from error


class _Adapter(HTTPAdapter):
    """Makes such connections, directly and through whatever proxy the environment names."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = _pools(self.poolmanager.pool_classes_by_scheme)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        known = proxy in self.proxy_manager
        manager = super().proxy_manager_for(proxy, **options)
        if not known:
            manager.pool_classes_by_scheme = _pools(manager.pool_classes_by_scheme)
        return manager

    def cert_verify(self, *args: Any) -> None:
        """Look for the trusted certificates: a path that is not there ends it before it begins."""
        try:
            super().cert_verify(*args)
        except OSError as error:
            raise _Unreached from error


def _pools(pools: dict[str, Any]) -> dict[str, Any]:
    """Return urllib3's pools, by scheme, with connections that are ours."""
    return {
        scheme: type(
            pool.__name__, (pool,), {"ConnectionCls": type("_Marked", (_Connecting, pool.ConnectionCls), {})}
        )
        for scheme, pool in pools.items()
    }
