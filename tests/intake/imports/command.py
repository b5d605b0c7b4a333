"""The command `import` on a database, and what is there afterwards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from starter.__main__ import app
from storage.database import Database

SAMPLES = Path(__file__).parent / "samples"
COUNTED = ("orders", "order_lines", "order_events", "refunds", "customers", "consents", "products", "inbox")
Run = Callable[..., Result]


@pytest.fixture
def run(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line on the database; samples are copied, since refused rows go beside them."""
    monkeypatch.setenv("AFTERGLOW_DATABASE_URL", database.url)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AFTERGLOW_CAMPAIGN", str(Path(__file__).parents[3] / "content/default/campaign.toml"))

    def invoke(*arguments: str, given: str | None = None) -> Result:
        copied = [copy(Path(part), tmp_path) if (SAMPLES / part).is_file() else part for part in arguments]
        return CliRunner().invoke(app, ["import", *copied], input=given)

    return invoke


def copy(sample: Path, folder: Path) -> str:
    """Copy a sample; return where it is."""
    (folder / sample).write_bytes((SAMPLES / sample).read_bytes())
    return str(folder / sample)


def rows(database: Database, query: str) -> list[tuple[object, ...]]:
    """What a query gives."""
    with database.reading() as session:
        return [tuple(row) for row in session.connection().execute(text(query))]


def counts(database: Database) -> dict[str, object]:
    """How many rows the tables have that an import may touch, and must not."""
    return {table: rows(database, f"SELECT count(*) FROM {table}")[0][0] for table in COUNTED}  # noqa: S608


def contents(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """What stands in the tables that an import of orders fills, in the order of their keys."""
    tables = {
        "orders": "id",
        "order_lines": "order_id, position",
        "customers": "id",
        "order_events": "order_id",
    }
    return {name: rows(database, f"SELECT * FROM {name} ORDER BY {key}") for name, key in tables.items()}  # noqa: S608
