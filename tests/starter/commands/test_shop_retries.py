"""`afterglow inbox retry` applies a shop's requests that were kept, once they can be understood."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from intake.shop.events import ShopRequest, keep_refused
from starter import clock
from starter.__main__ import app
from storage.database import Database
from storage.tables import OrderRow
from tests.shop_news import ShopSystem
from tests.shop_payloads import woocommerce_order


def test_what_can_be_read_now_is_applied_and_the_rest_stays(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What can be read now is applied; the rest stays listed, with its reason and nothing of its body."""
    monkeypatch.setenv("AFTERGLOW_HOME", str(tmp_path))
    monkeypatch.setenv("AFTERGLOW_DATABASE_URL", database.url)
    good = json.dumps(woocommerce_order(7, clock.now())).encode()
    with database.transaction() as session:
        for number, body in enumerate((b'{"id": 1, "billing": "Ada"}', good)):
            request = ShopRequest.of("woocommerce", "order.updated", f"e-{number}", body)
            keep_refused(session, request, clock.now())
    result = CliRunner().invoke(app, ["inbox", "retry", "--all"])
    assert result.exit_code == 1
    assert "1 request of a shop applied" in result.output
    assert "0 rows" not in result.output
    assert "still cannot be applied" in result.output
    assert "Ada" not in result.output
    shop = ShopSystem(database)
    assert [row.id for row in shop.rows(OrderRow)] == ["7"]
    assert shop.inbox() == ["order 7", "event 7"]
    assert shop.inbox("refused") == ["shop_event None"]
    assert shop.inbox("done") == ["shop_event None"]
