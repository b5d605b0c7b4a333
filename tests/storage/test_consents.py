"""The consent ledger: only ever added to, and read for audits."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import event
from sqlmodel import select
from typer.testing import CliRunner

from campaign.reasons import Channel
from starter.__main__ import app as command_line
from storage.database import Database
from storage.tables import ConsentRow
from tests.callbacks import PHONE, add_sending, open_campaign, providers, save_shop_customer
from tests.facts import PLACED, ROOT

TOKEN = "q8Zt3vN0bK7yW2xR5mLd"  # noqa: S105 - no secret
CONSENT = {"channel": "sms", "state": "granted", "source": "checkout", "at": PLACED.isoformat(),
           "wording": "Yes, text me offers", "confirmed": True}  # fmt: skip


async def test_nothing_changes_or_removes_an_entry(database: Database, tmp_path: Path) -> None:
    """Contact data, texts, bounces, complaints: every statement about the ledger is an INSERT or a SELECT."""
    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    calls = providers(database, tmp_path)
    save_shop_customer(database)
    open_campaign(database)
    identifier = add_sending(database, Channel.EMAIL)
    for number, text in enumerate(("STOP", "START", "stop it", "yes", "help")):
        await calls.sms(text, N=str(number))
    for number, name in enumerate(("delivered", "spamreport", "unsubscribe", "bounce")):
        report = {"event": name, "afterglow_message": identifier, "timestamp": 1_772_000_000 + number}
        await calls.sendgrid(report)
    save_shop_customer(database, phone=None, consents=[CONSENT])
    about = [statement for statement in statements if "consents" in statement.split("WHERE")[0]]
    assert len(about) > 10
    assert {statement.split()[0] for statement in about} == {"INSERT", "SELECT"}


def test_no_code_could() -> None:
    """Nowhere is a row of the ledger made but by the one function that adds, or changed but by an erasure."""
    makers, changers = [], set()
    for path in sorted(ROOT.glob("*/**/*.py")):
        if path.relative_to(ROOT).parts[0] in ("tests", ".venv", ".afterglow"):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            named = getattr(called, "id", getattr(called, "attr", ""))
            takes = [getattr(arg, "id", "") for arg in node.args] if isinstance(node, ast.Call) else []
            if named in ("update", "delete") and "ConsentRow" in takes:
                changers.add(path.relative_to(ROOT).as_posix())
            if named == "ConsentRow" or (named.startswith("insert") and "ConsentRow" in takes):
                makers.append(path.name)
    assert makers == ["consents.py"]
    assert changers == {"storage/queries/privacy/erasing.py"}


async def test_an_audit_reads_the_ledger(database: Database, tmp_path: Path) -> None:
    """Over HTTP, with a token only: words, source, time and address, in the order it was recorded."""
    calls = providers(database, tmp_path, api_token=SecretStr(TOKEN))
    save_shop_customer(database, consents=[CONSENT])
    await calls.sms("Stop.")
    transport = httpx.ASGITransport(app=calls.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
        assert (await client.get("/customers/c-1/consents")).status_code == 401
        client.headers["Authorization"] = f"Bearer {TOKEN}"
        assert (await client.get("/customers/c-404/consents")).status_code == 404
        answer = (await client.get("/customers/c-1/consents")).json()
    first, last = answer["consents"]
    assert (first["wording"], first["address"], first["confirmed"]) == ("Yes, text me offers", PHONE, True)
    assert (last["state"], last["source"], last["wording"], last["address"]) == (
        "revoked", "sms: STOP", "Stop.", PHONE,
    )  # fmt: skip


def test_the_command_line_reads_the_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For people as a table, for programs as JSON; an unknown customer is an error."""
    monkeypatch.setenv("AFTERGLOW_HOME", str(tmp_path))
    run = CliRunner()
    monkeypatch.setenv("COLUMNS", "200")
    people = [{"customer_id": "c-1", "phone": PHONE, "consents": [CONSENT]}]
    assert run.invoke(command_line, ["customer", "-"], input=json.dumps(people)).exit_code == 0
    shown = run.invoke(command_line, ["consents", "c-1"])
    assert shown.exit_code == 0
    (entry,) = json.loads(run.invoke(command_line, ["consents", "c-1", "--json"]).stdout)
    assert (entry["wording"], entry["address"]) == (CONSENT["wording"], PHONE)
    assert run.invoke(command_line, ["consents", "c-404"]).exit_code == 1


def test_the_same_entry_again_is_the_same(database: Database) -> None:
    """A shop may send what it knows again and again."""
    for _ in range(3):
        save_shop_customer(database, consents=[CONSENT])
    with database.transaction() as session:
        assert len(session.exec(select(ConsentRow)).all()) == 1
