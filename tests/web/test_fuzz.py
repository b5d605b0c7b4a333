"""The web interface under fuzzing: never a 5xx, and no way to write without showing who one is.

What is tested is read from the app itself, so that a new route is fuzzed as soon as it is there.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest
import schemathesis
import uvicorn
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlmodel import SQLModel, func, select
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from campaign.reasons import Channel
from dev.servers.ports import HOST
from settings import Settings
from starter import clock
from storage.database import Database
from storage.migrate import upgrade
from tests.callbacks import (
    PUBLIC,
    PUBLIC_KEY,
    TOKEN,
    add_sending,
    open_campaign,
    save_shop_customer,
    sendgrid_headers,
    twilio_headers,
)
from tests.shop import new_postgres_database
from web.app import create_app

API_TOKEN = "q8Zt3vN0bK7yW2xR5mLd"  # noqa: S105 - no secret
AS_DESCRIBED = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
SAFE = ("GET", "HEAD", "OPTIONS")
QUICK = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@dataclass
class FakeTemporal:
    """A Temporal that knows the campaigns that were started, and nothing else."""

    started: set[str] = field(default_factory=set)
    named: str = ""

    async def start_workflow(self, *_args: Any, **options: Any) -> None:
        """Start."""
        self.started.add(options["id"])

    def get_workflow_handle(self, identifier: str) -> FakeTemporal:
        """Return a handle."""
        return FakeTemporal(self.started, identifier)

    namespace = "default"

    async def signal(self, *_args: Any, **_options: Any) -> None:
        """Take a signal for a campaign that is there."""
        if self.named not in self.started:
            raise RPCError(self.named, RPCStatusCode.NOT_FOUND, b"")

    async def describe(self) -> SimpleNamespace:
        """Describe a campaign that is there: it runs, and nothing is failing."""
        await self.signal()
        return SimpleNamespace(
            status=WorkflowExecutionStatus.RUNNING, raw_description=SimpleNamespace(pending_activities=[])
        )

    async def query(self, *_args: Any, **_options: Any) -> dict[str, Any]:
        """Answer for a campaign that is there."""
        await self.signal()
        return {"step": "loyalty"}

    @property
    def service_client(self) -> FakeTemporal:
        """The connection."""
        return self

    async def check_health(self, **_options: Any) -> bool:
        """Say that it is there."""
        return True


@dataclass
class Site:
    """The app, served, on a database with a customer, an open campaign and two messages."""

    client: httpx.Client
    schema: Any
    database: Database
    temporal: FakeTemporal
    messages: dict[Channel, str]

    def rows(self) -> dict[str, int]:
        """How many rows each table has."""
        with self.database.transaction() as session:
            return {
                table.name: session.execute(select(func.count()).select_from(table)).scalar_one()
                for table in SQLModel.metadata.sorted_tables
            }


def make_app(home: Path, database: Database, temporal: FakeTemporal | None = None) -> FastAPI:
    """The whole app with everything set that opens a way in."""

    async def connected() -> Any:
        return temporal

    chosen = Settings(
        home=home,
        database_url=database.url,
        public_url=PUBLIC,
        api_token=SecretStr(API_TOKEN),
        secret_key=SecretStr("Yx7cP2mQ9sVb4nKt8wLf"),
        twilio_auth_token=SecretStr(TOKEN),
        sendgrid_webhook_key=PUBLIC_KEY,
    )
    return create_app(chosen, database, connected)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, postgres_url: str | None
) -> Iterator[Site]:
    """One site on each database for all the tests: what one leaves behind must not trouble the next."""
    home = tmp_path_factory.mktemp("fuzz")
    if request.param == "postgresql" and postgres_url is None:
        pytest.skip("no PostgreSQL on this machine: install Debian's package postgresql")
    url = f"sqlite:///{home / 'x.db'}"
    if request.param == "postgresql" and postgres_url:
        url = new_postgres_database(postgres_url)
    database = Database(url)
    upgrade(database)
    save_shop_customer(database)
    open_campaign(database)
    messages = {channel: add_sending(database, channel) for channel in Channel}
    temporal = FakeTemporal({"post-purchase/o-1"})
    app = make_app(home, database, temporal)
    with served(app) as address, httpx.Client(base_url=address) as client:
        schema = schemathesis.openapi.from_dict(app.openapi())
        yield Site(client, schema, database, temporal, messages)
    database.close()


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """Serve on a free port, as `python -m web` does; an error in the app is a plain 500 then."""
    server = uvicorn.Server(uvicorn.Config(app, host=HOST, port=0, log_level="critical"))
    with socket.create_server((HOST, 0)) as listening:
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        yield f"http://{HOST}:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()


def operations() -> list[tuple[str, str]]:
    """Every (path, method) that the app says it has."""
    document = make_app(Path("unused"), Database("sqlite:///unused.db")).openapi()
    methods = ("get", "put", "post", "delete", "patch")
    return [(path, name) for path, item in document["paths"].items() for name in item if name in methods]


def cases(site: Site, path: str, method: str) -> Any:
    """Requests to one operation, as schemathesis makes them of its description: right and wrong ones."""
    operation = site.schema[path][method]
    return operation.as_strategy(
        generation_mode=schemathesis.GenerationMode.POSITIVE
    ) | operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE)


class _Anything(dict[str, str]):
    """One value for any path parameter."""

    def __init__(self, value: str) -> None:
        super().__init__()
        self._value = value

    def __missing__(self, key: str) -> str:
        return self._value


@pytest.mark.parametrize(("path", "method"), operations())
def test_no_request_is_a_server_error(site: Site, path: str, method: str) -> None:
    """With the shop's token: whatever is sent, the answer is no 5xx, and is one that the description has."""

    @QUICK
    @given(cases(site, path, method))
    def send(case: Any) -> None:
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {API_TOKEN}"}
        answer = case.call(base_url=str(site.client.base_url), allow_redirects=False)
        case.validate_response(answer, checks=AS_DESCRIBED)

    send()


@pytest.mark.parametrize(("path", "method"), operations())
def test_nobody_writes_without_showing_who_they_are(site: Site, path: str, method: str) -> None:
    """No token, no signature: writes are refused, and no request changes a row or starts a campaign."""
    before, started = site.rows(), set(site.temporal.started)

    @QUICK
    @given(cases(site, path, method))
    def send(case: Any) -> None:
        case.headers = {k: v for k, v in (case.headers or {}).items() if k.lower() != "authorization"}
        status = case.call(base_url=str(site.client.base_url)).status_code
        assert status < 500
        if method.upper() not in SAFE:
            assert status >= 400

    send()
    assert (site.rows(), site.temporal.started) == (before, started)


def test_every_way_to_write_is_guarded(site: Site) -> None:
    """The order service's endpoints answer 401 without a token; callbacks answer 403 without a signature."""
    with_token = ("/customers", "/orders")
    client = site.client
    for path, method in operations():
        status = client.request(method, path.format_map(_Anything("any")), content=b"{}").status_code
        if path.startswith(with_token):
            assert status == 401, path
        if path.startswith(("/webhooks/twilio", "/webhooks/sendgrid")):
            assert status == 403, path


ODD = st.sampled_from(["c-1", "o-1", "a\x00b", "\ud800", "a" * 300, "%", "\U0001f600", "19.90"])
LINE = {"sku": "mug", "quantity": 1, "unit_price": "1.00"}
SAMPLES: dict[str, tuple[str, dict[str, Any]]] = {
    "/customers/{id}": ("PUT", {"first_name": "Ada", "last_name": "L", "region": "NY", "postal_code": "1"}),
    "/orders": (
        "POST",
        {"order_id": "o-9", "customer_id": "c-1", "placed_at": "2026-03-02T15:00:00Z", "currency": "USD",
         "total": "1.00", "lines": [LINE]},
    ),
    "/orders/{id}/events": ("POST", {"status": "delivered", "at": "2026-03-02T15:00:00Z"}),
}  # fmt: skip


@pytest.mark.parametrize("path", SAMPLES)
def test_odd_texts_are_no_server_error(site: Site, path: str) -> None:
    """Right but for one field and the id in the address: NUL, half a character, far too long."""
    method, sample = SAMPLES[path]
    headers = {"Authorization": f"Bearer {API_TOKEN}", "Content-Type": "application/json"}

    @settings(QUICK, max_examples=30)
    @given(st.sampled_from(sorted(sample)), ODD, ODD)
    def send(name: str, odd: str, identifier: str) -> None:
        target = path.format(id=quote(identifier.encode("utf-8", "surrogatepass"), safe=""))
        content = json.dumps({**sample, name: odd}).encode()
        assert site.client.request(method, target, content=content, headers=headers).status_code < 500

    send()


@pytest.mark.parametrize(("path", "method"), operations())
@pytest.mark.parametrize("identifier", ["a%00b", "%ED%A0%80", "%25", "a" * 300])
def test_odd_addresses_are_no_server_error(site: Site, path: str, method: str, identifier: str) -> None:
    """NUL, half a character and the like in the address itself."""
    headers = {"Authorization": f"Bearer {API_TOKEN}", "Content-Type": "application/json"}
    target = path.format_map(_Anything(identifier))
    assert site.client.request(method, target, content=b"{}", headers=headers).status_code < 500


EVENT = st.fixed_dictionaries(
    {},
    optional={
        "event": st.sampled_from(["bounce", "dropped", "open", "unsubscribe", "processed"]) | st.text(),
        "timestamp": st.integers() | st.floats(allow_nan=False) | st.text(),
        "sg_event_id": st.text() | st.none() | st.integers(),
        "sg_message_id": st.text(),
        "type": st.text() | st.integers(),
        "reason": st.text() | st.just("\ud800"),
        "status": st.text(),
        "bounce_classification": st.text(),
        "sg_machine_open": st.booleans() | st.text(),
    },
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(QUICK, max_examples=20)
@given(events=st.lists(EVENT, max_size=4), body=JSON)
def test_signed_batches_are_no_server_error(site: Site, events: list[dict[str, Any]], body: Any) -> None:
    """Signed, about a message of ours, and odd in every field."""
    named = [{"afterglow_message": site.messages[Channel.EMAIL], **event} for event in events]
    client = site.client
    for data in (named, body):
        content = json.dumps(data).encode()
        headers = {k.replace("_", "-"): v for k, v in sendgrid_headers(content, clock.now()).items()}
        assert client.post("/webhooks/sendgrid", content=content, headers=headers).status_code < 500


FORM = st.dictionaries(
    st.sampled_from(["From", "Body", "OptOutType", "MessageSid", "MessageStatus", "ErrorCode"]) | st.text(),
    st.text() | st.sampled_from(["+12025550123", "STOP", "delivered", "undelivered", "30005"]),
)


@settings(QUICK, max_examples=20)
@given(form=FORM, path=st.sampled_from(["/webhooks/twilio/inbound", "/webhooks/twilio/status?message="]))
def test_signed_forms_are_no_server_error(site: Site, form: dict[str, str], path: str) -> None:
    """Signed, and odd in every field."""
    target = path + site.messages[Channel.SMS] if path.endswith("=") else path
    headers = {k.replace("_", "-"): v for k, v in twilio_headers(target, form).items()}
    content = urlencode(form).encode()
    assert site.client.post(target, content=content, headers=headers).status_code < 500
