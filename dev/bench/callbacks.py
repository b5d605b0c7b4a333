"""``python -m dev.bench.callbacks``: how many callbacks a second one web process accepts.

The web process and the client are two processes on this machine. Every request is signed and about
messages that exist; what is counted is events that were answered with success, and so are committed.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import itertools
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import httpx
import uvicorn
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import make_url
from temporalio.client import Client
from twilio.request_validator import RequestValidator

from activities.enrol import enrol
from activities.interface import EnrolRequest
from campaign.definition.loading import parse_definition
from campaign.errors import Unavailable
from campaign.facts import MessageState
from campaign.reasons import Channel
from campaign.wire import Customer, Purchase
from dev.servers.ports import HOST, free_ports
from dev.servers.postgres import postgres_server
from settings import load_settings
from starter import clock
from storage.database import Database
from storage.migrate import upgrade
from storage.queries.messages.messages import message_id
from storage.queries.people.customers import save_customer
from storage.tables import MessageRow
from web.app import create_app

TARGET = 200
CUSTOMERS = 200
STEPS = 5
AT_ONCE = 8
START_SECONDS = 30.0
PUBLIC = "https://bench.example.com"
TOKEN = "a-token-of-the-bench"  # noqa: S105 - no secret
KEY = ec.generate_private_key(ec.SECP256R1())
STATUSES = ("queued", "sent", "delivered")
EVENTS = ("processed", "delivered", "open")

Request = tuple[str, bytes, dict[str, str]]
Maker = Callable[[list[str]], Iterator[Request]]


@dataclass(frozen=True)
class Result:
    """What was accepted in ``seconds``, and the web process's CPU seconds meanwhile."""

    events: int
    requests: int
    refused: int
    seconds: float
    cpu: float

    def line(self, name: str) -> str:
        """Return the result as a line."""
        rate, share = self.events / self.seconds, self.cpu / self.seconds
        served = self.requests / self.seconds
        verdict = "" if rate >= TARGET else f"  below {TARGET}"
        return f"  {name:<34}{rate:>9.0f}{served:>12.0f}{share:>10.0%}{self.refused:>9}{verdict}"


def main() -> None:
    """Measure on SQLite and, where it is installed, on PostgreSQL."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--serve", type=int, metavar="PORT", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(given.serve)
        return
    print(f"Callbacks accepted by one web process (target: {TARGET} events/s)")
    print(f"  {'':<34}{'events/s':>9}{'requests/s':>12}{'its CPU':>10}{'refused':>9}")
    with tempfile.TemporaryDirectory() as folder:
        measure("SQLite", f"sqlite:///{Path(folder) / 'bench.db'}", given.seconds)
    try:
        with postgres_server(secrets.token_hex(24)) as url:  # a public address wants a real password
            measure("PostgreSQL", new_database(url), given.seconds)
    except Unavailable as error:
        print(f"  PostgreSQL: {error}")


def serve(port: int) -> None:
    """Serve as `python -m web` does; Temporal is reached when a campaign has to be signalled, not before."""

    async def connected() -> Client:
        return await Client.connect("127.0.0.1:7233", lazy=True)

    settings = load_settings()
    app = create_app(settings, Database(settings.database_url), connected)
    uvicorn.run(app, host=HOST, port=port, access_log=False, log_level="warning")


def measure(name: str, url: str, seconds: float) -> None:
    """Fill a database, start the web process on it, and call it in the three ways of providers."""
    database = Database(url)
    upgrade(database)
    emails, texts = fill(database)
    database.close()
    with web_process(url) as (address, pid):
        ways: list[tuple[str, Maker, list[str], int]] = [
            ("SendGrid, 50 events a request", lambda ids: batches(ids, 50), emails, 50),
            ("SendGrid, 1 event a request", lambda ids: batches(ids, 1), emails, 1),
            ("Twilio status", statuses, texts, 1),
        ]
        for way, make, messages, size in ways:
            result = asyncio.run(drive(address, pid, make(messages), size, seconds))
            print(result.line(f"{name}: {way}"))


def fill(database: Database) -> tuple[list[str], list[str]]:
    """Add customers with an order each and messages on both channels; return the messages' ids."""
    definition = parse_definition(Path("content/default/campaign.toml").read_text("utf-8"))
    now = clock.now()
    for number in range(CUSTOMERS):
        customer = {"customer_id": f"c-{number}", "email": f"c{number}@example.com", "phone": "+12025550123"}
        line = {"sku": "mug", "quantity": 1, "unit_price": "20.00"}
        order = {"order_id": f"o-{number}", "customer_id": f"c-{number}", "placed_at": now, "currency": "USD",
                 "total": "20.00", "lines": [line]}  # fmt: skip
        with database.transaction() as session:
            save_customer(session, Customer.model_validate(customer))
        purchase = Purchase.model_validate(order)
        enrol(database, definition, EnrolRequest(purchase=purchase, run_id="bench", now=now))
    rows = [
        MessageRow(
            id=message_id(f"o-{number}", f"step-{step}", channel), order_id=f"o-{number}",
            customer_id=f"c-{number}", step=f"step-{step}", channel=channel.value, segment="new",
            state=MessageState.SENDING.value, latest_at=now, claimed_at=now, recipient="x",
            html="<p>Hello</p>" * 2_000, text="Hello",
        )
        for number in range(CUSTOMERS) for step in range(STEPS) for channel in Channel
    ]  # fmt: skip
    ids: dict[str, list[str]] = {channel.value: [] for channel in Channel}
    for row in rows:
        ids[row.channel].append(row.id)
    with database.transaction() as session:
        session.add_all(rows)
    return ids[Channel.EMAIL.value], ids[Channel.SMS.value]


@contextmanager
def web_process(url: str) -> Iterator[tuple[str, int]]:
    """Start the web process; gives its address and process id."""
    (port,) = free_ports(1)
    public = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    own = {
        "AFTERGLOW_DATABASE_URL": url,
        "AFTERGLOW_PUBLIC_URL": PUBLIC,
        "AFTERGLOW_API_TOKEN": TOKEN,
        "AFTERGLOW_SECRET_KEY": TOKEN,
        "AFTERGLOW_TWILIO_AUTH_TOKEN": TOKEN,
        "AFTERGLOW_SENDGRID_WEBHOOK_KEY": base64.b64encode(public).decode(),
    }
    command = [sys.executable, "-m", "dev.bench.callbacks", "--serve", str(port)]
    process = subprocess.Popen(command, env={**os.environ, **own})
    try:
        _wait(port, process)
        yield f"http://{HOST}:{port}", process.pid
    finally:
        process.terminate()
        process.wait()


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection((HOST, port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    msg = "the web process did not start"
    raise Unavailable(msg)


def batches(messages: list[str], size: int) -> Iterator[Request]:
    """Make signed SendGrid batches: each message is reported in turn, no event twice."""
    cycle = itertools.cycle(messages)
    for number in itertools.count():
        stamp = str(int(clock.now().timestamp()))
        events = [
            {"email": "x@example.com", "event": EVENTS[(number + n) % len(EVENTS)], "timestamp": int(stamp),
             "afterglow_message": next(cycle), "sg_event_id": f"{size}-{number}-{n}",
             "sg_message_id": f"{number}-{n}.filter", "smtp-id": "<x@y>", "ip": "192.0.2.1",
             "useragent": "Mozilla/5.0", "category": ["afterglow"]}
            for n in range(size)
        ]  # fmt: skip
        body = json.dumps(events).encode()
        signature = KEY.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))
        headers = {
            "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
            "X-Twilio-Email-Event-Webhook-Timestamp": stamp,
            "Content-Type": "application/json",
        }
        yield "/webhooks/sendgrid", body, headers


def statuses(messages: list[str]) -> Iterator[Request]:
    """Make signed Twilio status callbacks; each with a message id of Twilio's own."""
    cycle = itertools.cycle(messages)
    for number in itertools.count():
        path = f"/webhooks/twilio/status?message={next(cycle)}"
        params = {"MessageSid": f"SM{number:032}", "MessageStatus": STATUSES[number % 3],
                  "To": "+12025550123", "From": "+12025550100", "AccountSid": "AC" + "0" * 32}  # fmt: skip
        signature = RequestValidator(TOKEN).compute_signature(PUBLIC + path, params)
        headers = {"X-Twilio-Signature": signature, "Content-Type": "application/x-www-form-urlencoded"}
        yield path, urlencode(params).encode(), headers


async def drive(address: str, pid: int, requests: Iterator[Request], size: int, seconds: float) -> Result:
    """Keep some requests under way for some seconds; count what was accepted."""
    accepted = refused = 0
    begin, cpu = time.monotonic(), cpu_seconds(pid)
    async with httpx.AsyncClient(base_url=address, timeout=30) as client:

        async def work() -> None:
            nonlocal accepted, refused
            while time.monotonic() - begin < seconds:
                path, body, headers = next(requests)
                answer = await client.post(path, content=body, headers=headers)
                accepted += answer.is_success
                refused += not answer.is_success

        await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    took = time.monotonic() - begin
    return Result(accepted * size, accepted, refused, took, cpu_seconds(pid) - cpu)


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds of a process so far (Linux; 0 elsewhere)."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return 0.0
    fields = stat.read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def new_database(server: str) -> str:
    """Make an empty database on the server; return its URL."""
    admin = Database(server)
    with admin.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("CREATE DATABASE bench")
    admin.close()
    return make_url(server).set(database="bench").render_as_string(hide_password=False)


if __name__ == "__main__":
    main()
