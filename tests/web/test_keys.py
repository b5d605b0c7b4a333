"""Keys of the interface: what is accepted, for how long, at which cost, and what the logs say."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import event
from sqlmodel import select
from structlog.testing import capture_logs

from campaign.errors import Unavailable
from intake.api_keys import KEY_PREFIX, add_key, note_use, read_keys, revoke_key
from settings import Settings
from storage.database import Database
from storage.tables import ApiKeyRow
from tests.facts import PLACED
from web.access import keys as web_keys
from web.access.keys import LIFETIME_SECONDS, Admitted, Keyring, Refused
from web.app import create_app

LISTENING: dict[str, Any] = {"web_host": "0.0.0.0"}  # noqa: S104 - nothing listens here


class Seconds:
    """A clock that a test moves on."""

    def __init__(self) -> None:
        """Begin at zero."""
        self.now = 0.0

    def __call__(self) -> float:
        """Return the seconds."""
        return self.now


def added(database: Database, name: str) -> str:
    """Make a key, as the command does in a process of its own."""
    with database.transaction() as session:
        return add_key(session, name, PLACED)


def revoked(database: Database, name: str) -> None:
    """Revoke a key, as the command does."""
    with database.transaction() as session:
        revoke_key(session, name, PLACED)


@asynccontextmanager
async def client_of(database: Database, **changes: Any) -> AsyncIterator[httpx.AsyncClient]:
    """The app on a database; Temporal is never reached."""
    app = create_app(Settings(**changes), database)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop") as client:
        yield client


def bearer(key: str) -> dict[str, str]:
    """The header."""
    return {"Authorization": f"Bearer {key}"}


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """The statements that a block runs."""
    seen: list[str] = []

    def remember(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", remember)
    yield seen
    event.remove(database.engine, "before_cursor_execute", remember)


async def test_several_keys_are_accepted_at_once(database: Database) -> None:
    """Two keys and the environment's own open it; another, a digest, half a key and none do not."""
    one, two = added(database, "shop"), added(database, "erp")
    token = secrets.token_hex(16)
    with database.transaction() as session:
        digest = session.exec(select(ApiKeyRow.digest)).first() or ""
    async with client_of(database, api_token=SecretStr(token)) as client:
        for key in (one, two, token):
            assert (await client.get("/customers/c-1/consents", headers=bearer(key))).status_code != 401
        for wrong in ("x", digest, one[:-1], f"{one}x", f"{KEY_PREFIX}{'A' * 43}"):
            assert (await client.get("/customers/c-1/consents", headers=bearer(wrong))).status_code == 401
        answer = await client.get("/customers/c-1/consents")
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert "afterglow keys add" in answer.json()["detail"]


async def test_a_refusal_says_what_to_do(database: Database) -> None:
    """Nobody has a key, the only one is revoked, and an address that is none: each names the next step."""
    async with client_of(database, **LISTENING) as client:
        assert "nobody has a key yet" in (await client.get("/orders/o-1")).json()["detail"]
    added(database, "shop")
    revoked(database, "shop")
    async with client_of(database, **LISTENING) as client:
        assert "every key is revoked" in (await client.get("/orders/o-1")).json()["detail"]
        missing = await client.get("/order/o-1")
        assert (missing.status_code, "/docs lists" in missing.json()["detail"]) == (404, True)
        other = await client.delete("/healthz")
        assert (other.status_code, "/docs lists" in other.json()["detail"]) == (405, True)


def test_a_key_is_random_and_kept_as_a_digest_alone(database: Database) -> None:
    """256 bits behind a prefix that scanners find; no row of the table holds them."""
    keys = {added(database, f"shop-{number}") for number in range(20)}
    assert len(keys) == 20
    assert all(key.startswith("agk_") and len(key) == 4 + 43 for key in keys)
    with database.reading() as session:
        kept = str([row.model_dump() for row in session.exec(select(ApiKeyRow))])
    assert not any(key in kept or key[4:] in kept for key in keys)


async def test_a_revocation_reaches_every_process_in_time(database: Database) -> None:
    """Revoked elsewhere, a key is accepted for 3 seconds at most; a new one is known as soon."""
    key, seconds = added(database, "shop"), Seconds()
    keyring = Keyring(Settings(**LISTENING), database, seconds)
    assert LIFETIME_SECONDS < 5
    assert await keyring.check(key, PLACED) == Admitted("shop")
    revoked(database, "shop")
    new = added(database, "shop-2")
    seconds.now = LIFETIME_SECONDS - 0.1
    assert await keyring.check(key, PLACED) == Admitted("shop")
    seconds.now = LIFETIME_SECONDS
    assert isinstance(await keyring.check(key, PLACED), Refused)
    assert await keyring.check(new, PLACED) == Admitted("shop-2")


async def test_a_request_costs_no_statement(database: Database) -> None:
    """A thousand requests with right and wrong keys in one lifetime: the keys are read once."""
    key = added(database, "shop")
    with database.transaction() as session:
        note_use(session, read_keys(session).active[0].id or 0, PLACED)
    keyring = Keyring(Settings(**LISTENING), database, Seconds())
    with statements(database) as seen:
        for _ in range(500):
            assert await keyring.check(key, PLACED + timedelta(minutes=59)) == Admitted("shop")
            assert isinstance(await keyring.check("wrong", PLACED), Refused)
    assert len([one for one in seen if "api_keys" in one]) == 1


async def test_the_last_use_is_noted_once_an_hour(database: Database) -> None:
    """One update in an hour of requests, and one in the next; another process's note counts as well."""
    key = added(database, "shop")
    first, second = (Keyring(Settings(**LISTENING), database, Seconds()) for _ in range(2))
    with statements(database) as seen:
        for minute in (0, 1, 59, 60, 61):
            await first.check(key, PLACED + timedelta(minutes=minute))
        await second.check(key, PLACED + timedelta(minutes=62))
    assert len([one for one in seen if one.startswith("UPDATE")]) == 2
    with database.reading() as session:
        assert read_keys(session).active[0].last_used_at == PLACED + timedelta(minutes=60)


async def test_without_any_key_it_is_open_on_this_machine_only(database: Database) -> None:
    """Development on loopback is open; what others can reach answers 401 and says what to do."""
    async with client_of(database) as client:
        assert (await client.get("/openapi.json")).status_code == 200
    others: tuple[dict[str, Any], ...] = (LISTENING, {"environment": "production"}, {"email": "sendgrid"})
    for exposed in others:
        async with client_of(database, **exposed) as client:
            answer = await client.get("/openapi.json")
            assert (answer.status_code, "nobody has a key" in answer.json()["detail"]) == (401, True)


async def test_revoking_the_last_key_opens_nothing(database: Database) -> None:
    """Who made a key wanted it closed: it stays closed, on this machine too."""
    added(database, "shop")
    revoked(database, "shop")
    async with client_of(database) as client:
        assert (await client.get("/openapi.json")).status_code == 401


async def test_a_key_is_not_accepted_unseen(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the database away no key of it can be checked: unavailable. The environment's own is good."""
    token = secrets.token_hex(16)
    keyring = Keyring(Settings(api_token=SecretStr(token)), database)

    def away(_: object) -> None:
        text = "away"
        raise Unavailable(text)

    monkeypatch.setattr(web_keys, "read_keys", away)
    with pytest.raises(Unavailable):
        await keyring.check(f"{KEY_PREFIX}x", PLACED)
    assert await keyring.check(token, PLACED) == Admitted("environment")


async def test_the_log_has_the_keys_name_and_never_a_key(database: Database) -> None:
    """Each request of an order service is a line: method, pattern, status and the key's name."""
    key = added(database, "shop")
    with capture_logs() as lines:
        async with client_of(database, **LISTENING) as client:
            await client.get("/customers/c-4711/consents", headers=bearer(key))
            await client.get("/customers/c-4711/consents", headers=bearer("agk_wrong"))
            await client.get("/healthz")
    (line,) = [line for line in lines if line["event"] == "request"]
    assert line == {
        "event": "request",
        "log_level": "info",
        "method": "GET",
        "route": "/customers/{customer_id}/consents",
        "status": line["status"],
        "api_key": "shop",
    }
    assert not any(secret in str(lines) for secret in (key, "agk_", "c-4711"))
