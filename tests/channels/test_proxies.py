"""Both channels behind a real outbound proxy: what was lost is uncertain, what was refused never left."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from campaign.errors import ChannelError, ChannelStopped, ChannelUncertain
from channels.protocol import MessageChannel, Outgoing
from channels.sendgrid.send import SendGrid
from tests.channels.test_sendgrid import MAIL
from tests.channels.test_twilio import SMS
from tests.channels.test_twilio import channel as twilio_channel
from tests.fakes.certificate import own_certificate
from tests.fakes.provider import FakeProvider, Fault, serving
from tests.fakes.proxy import FakeProxy, Mood, proxying
from tests.fakes.sendgrid_api import KEY, SendGridApi
from tests.fakes.twilio_api import TwilioApi

PATIENCE = 0.5
LOST = [fault for fault in Fault if fault is not Fault.SLOW_AFTER]
PROVIDERS: list[tuple[type[FakeProvider], Callable[[str], MessageChannel], Outgoing]] = [
    (TwilioApi, lambda base: twilio_channel(base, seconds=PATIENCE), SMS),
    (SendGridApi, lambda base: SendGrid(KEY, base=base, seconds=PATIENCE), MAIL),
]
VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


class Way:
    """A provider, the proxy before it, and our channel through both."""

    def __init__(self, proxy: FakeProxy, api: FakeProvider, channel: MessageChannel, one: Outgoing) -> None:
        """Keep them."""
        self.proxy, self.api, self.channel, self.message = proxy, api, channel, one

    def send(self) -> type[ChannelError]:
        """Send a message that does not get an answer; return the kind of error."""
        with pytest.raises(ChannelError) as caught:
            self.channel.send(self.message)
        return type(caught.value)

    @property
    def accepted(self) -> int:
        """How many messages the provider has."""
        return len(self.api.accepted)  # type: ignore[attr-defined]


@pytest.fixture(params=["http", "https"])
def scheme(request: pytest.FixtureRequest) -> str:
    """How the provider is reached: forwarded, or by a tunnel."""
    return str(request.param)


@pytest.fixture(params=PROVIDERS, ids=["twilio", "sendgrid"])
def way(
    request: pytest.FixtureRequest, scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Way]:
    """A channel that reaches its provider by the environment's proxy, and trusts the provider's own CA."""
    make, channel, message = request.param
    certificate = own_certificate(tmp_path)
    api = make()
    with proxying() as proxy, serving(api, certificate if scheme == "https" else None) as base:
        for name in VARIABLES:
            monkeypatch.delenv(name, raising=False)
            monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.setenv(f"{scheme.upper()}_PROXY", proxy.address)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        with closing(channel(base)) as made:
            yield Way(proxy, api, made, message)


def test_a_message_goes_through_the_proxy(way: Way, scheme: str) -> None:
    """The proxy of the environment is used: a tunnel for https, forwarding for http."""
    assert way.channel.send(way.message).at == way.message.at
    assert way.proxy.heads == ["CONNECT" if scheme == "https" else "POST"]
    assert way.accepted == 1


@pytest.mark.parametrize("fault", LOST)
def test_an_answer_that_is_lost_behind_a_proxy_is_uncertain(way: Way, fault: Fault) -> None:
    """B20: whatever is lost after the request has left may have been accepted, through a proxy as without."""
    way.api.plan = lambda: fault
    assert way.send() is ChannelUncertain
    assert way.accepted == fault.accepts


@pytest.mark.parametrize("scheme", ["https"], indirect=True)
@pytest.mark.parametrize("mood", [Mood.REFUSES, Mood.WANTS_PASSWORD, Mood.DROPS, Mood.DROPS_TUNNELS])
def test_a_tunnel_that_does_not_stand_was_never_used(way: Way, mood: Mood) -> None:
    """Refused, or closed before the handshake: nothing was sent, so it may be tried again."""
    way.proxy.mood = mood
    assert way.send() is ChannelError
    assert way.api.requests == []


@pytest.mark.parametrize("scheme", ["http"], indirect=True)
@pytest.mark.parametrize(
    ("mood", "kind"),
    [
        (Mood.REFUSES, ChannelUncertain),
        (Mood.DROPS, ChannelUncertain),
        (Mood.WANTS_PASSWORD, ChannelStopped),
    ],
)
def test_a_forwarding_proxy_may_have_passed_it_on(way: Way, mood: Mood, kind: type[ChannelError]) -> None:
    """A proxy that had the whole request may have forwarded it, unless it wants a password: that is ours."""
    way.proxy.mood = mood
    assert way.send() is kind


def test_a_proxy_that_is_not_there_was_never_reached(
    way: Way, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refused connection to the proxy itself: nothing was sent."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv(f"{scheme.upper()}_PROXY", f"http://127.0.0.1:{free.getsockname()[1]}")
        assert way.send() is ChannelError
    assert way.api.requests == []


@pytest.mark.parametrize("scheme", ["https"], indirect=True)
def test_a_certificate_bundle_that_is_not_there_ends_it_before_anything_is_sent(
    way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong REQUESTS_CA_BUNDLE is a plain error, to be tried again once it is right."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nonexistent/bundle.pem")
    assert way.send() is ChannelError
    assert way.api.requests == []
