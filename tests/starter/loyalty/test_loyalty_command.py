"""``afterglow loyalty``: files of standings, and a programme that is read over HTTP from a real server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from campaign.errors import BadInput, Unavailable
from starter.__main__ import app
from starter.loyalty.http_programme import HttpProgramme
from storage.database import Database
from storage.queries.people.customers import ensure_customers
from storage.tables import LoyaltyStandingRow
from tests.starter.loyalty.programme_server import ProgrammeServer, programme_server

TOKEN = "a-token-of-a-programme"  # noqa: S105 - a test's
Run = Callable[..., Result]


@pytest.fixture
def server() -> Iterator[ProgrammeServer]:
    """A programme that has no page yet."""
    with programme_server() as served:
        yield served


@pytest.fixture
def run(database: Database, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line on a database with two customers."""
    with database.transaction() as session:
        ensure_customers(session, ["c-1", "c-2"])
    monkeypatch.setenv("AFTERGLOW_DATABASE_URL", database.url)
    monkeypatch.setenv("COLUMNS", "200")
    return lambda *arguments: CliRunner().invoke(app, ["loyalty", *arguments])


def kept(database: Database) -> dict[str, tuple[Any, ...]]:
    """What is kept, by customer."""
    with database.reading() as session:
        rows = [session.get(LoyaltyStandingRow, customer_id) for customer_id in ("c-1", "c-2")]
        return {row.customer_id: (row.tier, row.points, row.source) for row in rows if row}


CSV = """\
customer_id,tier,points,at
c-1,gold,120,2026-03-02T15:00:00Z
c-2,,7,
c-3,gold,,
"""
JSON_LINES = """\
{"customer_id": "c-1", "tier": "gold", "points": 120}
{"customer_id": "c-2", "points": 7}
{"customer_id": "c-3", "tier": "gold"}
"""
MISTAKES = """\
customer_id,tier,points,at
c-1,gold,120,
c-2,gold,many,
,gold,1,
c-1,x,1
c-2,,1,2099-01-01
"""


@pytest.mark.parametrize("text", [CSV, JSON_LINES], ids=["csv", "json-lines"])
def test_a_file_of_standings_is_saved(run: Run, database: Database, tmp_path: Path, text: str) -> None:
    """Of customers who are known; the command says what it left out."""
    file = tmp_path / "standings"
    file.write_text(text, "utf-8")
    result = run("import", str(file))
    assert result.output == "2 standings saved; 1 standing of nobody who is known here\n"
    assert kept(database) == {"c-1": ("gold", 120, "import"), "c-2": (None, 7, "import")}


@pytest.mark.parametrize(
    "expected",
    [
        "line 3: points: is not a whole number",
        "line 4: customer_id: is missing",
        "line 5: has 3 columns",
        "line 6: at: is not a time",
    ],
)
def test_a_file_with_mistakes_saves_nothing(
    run: Run, database: Database, tmp_path: Path, expected: str
) -> None:
    """Each is listed by its line, and no value is repeated."""
    file = tmp_path / "standings.csv"
    file.write_text(MISTAKES, "utf-8")
    result = run("import", str(file))
    assert (result.exit_code, expected in result.output, "many" in result.output) == (2, True, False)
    assert kept(database) == {}


def test_a_programme_is_read_page_by_page(
    run: Run, database: Database, server: ProgrammeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its token, until there is no next page."""
    server.pages = {
        "": {"standings": [{"customer_id": "c-1", "tier": "gold"}], "next": "2"},
        "2": {"standings": [{"customer_id": "c-2", "points": 7}], "next": None},
    }
    monkeypatch.setenv("AFTERGLOW_LOYALTY_URL", server.url)
    monkeypatch.setenv("AFTERGLOW_LOYALTY_TOKEN", TOKEN)
    assert run("pull").output == "2 standings saved\n"
    assert kept(database) == {"c-1": ("gold", None, "127.0.0.1"), "c-2": (None, 7, "127.0.0.1")}
    assert server.tokens == [f"Bearer {TOKEN}"] * 2


def test_without_a_programme_the_setting_is_named(run: Run) -> None:
    """What to set, and code 2."""
    result = run("pull")
    assert (result.exit_code, "AFTERGLOW_LOYALTY_URL" in result.output) == (2, True)


def read(server: ProgrammeServer) -> list[Any]:
    """All that the programme gives."""
    return list(HttpProgramme(server.url, TOKEN).standings())


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        ({"": b"<html>"}, "something else than standings"),
        ({"": {"rows": []}}, "something else than standings"),
        (
            {"": {"standings": [{"customer_id": "c-1", "points": "secret-value"}]}},
            r"\[0\]: points: is not a whole",
        ),
        (
            {"": {"standings": [], "next": "a"}, "a": {"standings": [], "next": "a"}},
            "one page again and again",
        ),
    ],
)
def test_an_answer_that_is_not_understood_is_bad_input(
    server: ProgrammeServer, pages: dict[str, Any], expected: str
) -> None:
    """Named by the host, without its values or the token; a circle of pages ends."""
    server.pages = pages
    with pytest.raises(BadInput, match=expected) as caught:
        read(server)
    assert TOKEN not in str(caught.value)
    assert "secret-value" not in str(caught.value)


def test_a_programme_that_refuses_or_is_away_is_unavailable(server: ProgrammeServer) -> None:
    """Another time it may be there: code 1, and no page is taken for an empty one."""
    server.pages, server.status = {"": {"standings": []}}, 503
    with pytest.raises(Unavailable, match="answers 503"):
        read(server)
    away = HttpProgramme("http://127.0.0.1:9/standings", TOKEN)
    with pytest.raises(Unavailable, match="cannot be reached"):
        list(away.standings())
