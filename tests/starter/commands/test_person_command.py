"""`afterglow person`: what is shown before an erasure, what an export writes, and requests of shops."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from intake.person.requests import receive_person_request
from shops.news import PersonRequest, PrivacyRequest
from starter.__main__ import app
from storage.database import Database
from storage.queries.people.customers import ensure_customers
from tests.persons import EMAIL, LATER, MARK, store_person

Run = Callable[..., Result]


@pytest.fixture
def run(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command beside a database with one person in it. ``answer`` is typed at the question."""
    with database.transaction() as session:
        store_person(session)
    monkeypatch.setenv("AFTERGLOW_DATABASE_URL", database.url)
    monkeypatch.setenv("AFTERGLOW_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "120")

    def invoke(*words: str, answer: str = "") -> Result:
        return CliRunner().invoke(app, ["person", *words], input=answer)

    return invoke


def test_the_question_is_put_with_all_that_would_go(run: Run, database: Database) -> None:
    """Ids, orders, open campaigns, waiting starts and counts; a no leaves everything."""
    shown = run("erase", "--email", EMAIL, answer="n\n")
    assert shown.exit_code == 1
    for line in (
        f"1 customer id: {MARK}", "1 order kept without the person: o-1",
        "to be ended: 1 open campaign, 1 start in the inbox", "messages 3", "suppressions 1",
    ):  # fmt: skip
        assert line in shown.output, shown.output
    assert json.loads(run("export", "--email", EMAIL).output)["customer_ids"] == [MARK]
    assert "erased: " in run("erase", "--email", EMAIL, "--yes").output
    assert run("export", "--email", EMAIL).exit_code == 1


def test_nobody_is_neither_exported_nor_erased(run: Run, tmp_path: Path) -> None:
    """Code 1, no file and no question. Of an unknown id only Temporal may know something: it says so."""
    file = tmp_path / "nobody.json"
    exported = run("export", "--email", "nobody@example.com", "--to", str(file))
    assert (exported.exit_code, file.exists()) == (1, False)
    assert "nothing is stored about this person" in exported.output
    erased = run("erase", "--email", "nobody@example.com")
    assert (erased.exit_code, "Erase?" in erased.output) == (1, False)
    unknown = run("erase", "--id", "nobody", "--yes")
    assert (unknown.exit_code, "only Temporal's histories" in unknown.output) == (0, True)
    assert "0 customer" not in unknown.output
    assert run("export").exit_code == 2


def test_an_export_is_a_file_of_its_owner(run: Run, tmp_path: Path) -> None:
    """All of the person's tables, readable by nobody else; a folder that is not there is bad input."""
    file = tmp_path / "ada.json"
    assert run("export", "--id", MARK, "--to", str(file)).exit_code == 0
    assert file.stat().st_mode & 0o777 == 0o600
    assert {"customers", "orders", "messages", "consents"} <= json.loads(file.read_text("utf-8"))[
        "data"
    ].keys()
    assert run("export", "--id", MARK, "--to", str(tmp_path / "none" / "a.json")).exit_code == 2


def test_requests_are_listed_exported_and_settled(run: Run, database: Database) -> None:
    """A shop's request is listed with who it is; exported it is done, discarded it is gone."""
    with database.transaction() as session:
        ensure_customers(session, ["c-2"])
        for who in (
            PersonRequest(PrivacyRequest.EXPORT, email=EMAIL),
            PersonRequest(PrivacyRequest.ERASE_SHOP),
        ):
            receive_person_request(session, who, LATER, "shopify")
    assert EMAIL in run("requests").output
    assert json.loads(run("export", "--request", "1").output)["customer_ids"] == [MARK]
    left = run("requests").output
    assert ("erase_shop" in left, "export " in left.split("person export")[0]) == (True, False)
    assert run("export", "--request", "1").exit_code == 1, "it is done"
    assert "no request waits" in run("requests", "--discard", "2").output
    assert run("requests", "--approve", "99").exit_code == 1
