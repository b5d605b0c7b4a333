"""Moderation by HTTP, behind the key, and by command: the same decisions about the same rows."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from typer.testing import CliRunner, Result

from campaign.reviews.states import Rejection
from settings import Settings
from starter.__main__ import app as command_line
from storage.database import Database
from storage.queries.reviews.reviews import save_review
from storage.tables import ReviewRow
from tests.facts import PLACED
from tests.web.conftest import TOKEN
from web.app import create_app

BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
async def api(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    """The app on a database with three reviews, of one to three stars."""
    with database.transaction() as session:
        for stars in (1, 2, 3):
            written = PLACED + timedelta(days=stars)
            text = f"[red]{stars} stars[/red] <b>"
            save_review(
                session,
                ReviewRow(sku=f"sku-{stars % 2}", source="page", rating=stars, text=text, state="pending",
                          written_at=written),
            )  # fmt: skip
    app = create_app(Settings(api_token=SecretStr(TOKEN)), database)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://shop", headers=BEARER
    ) as client:
        yield client


@pytest.fixture
def run(database: Database, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command line on the same database."""
    monkeypatch.setenv("AFTERGLOW_DATABASE_URL", database.url)
    monkeypatch.setenv("COLUMNS", "200")

    async def invoke(*arguments: str) -> Result:
        return await asyncio.to_thread(lambda: CliRunner().invoke(command_line, ["reviews", *arguments]))

    return invoke


async def listed(api: httpx.AsyncClient, **wanted: Any) -> list[int]:
    """The ids that a list has."""
    return [row["id"] for row in (await api.get("/reviews", params=wanted)).json()["reviews"]]


async def test_reviews_are_listed_by_state_and_product_page_by_page(api: httpx.AsyncClient) -> None:
    """The oldest first; `next` leads on until there is none."""
    await api.post("/reviews/2/publish", json={})
    assert (await listed(api), await listed(api, state="pending"), await listed(api, sku="sku-1")) == (
        [1, 2, 3], [1, 3], [1, 3],
    )  # fmt: skip
    first = (await api.get("/reviews", params={"limit": 2})).json()
    rest = (await api.get("/reviews", params={"limit": 2, "after": first["next"]})).json()
    assert (first["next"], [row["id"] for row in rest["reviews"]], rest["next"]) == (2, [3], None)
    assert (await api.get("/reviews", params={"state": "liked"})).status_code == 422


async def test_a_decision_moves_a_review_and_is_done_once(api: httpx.AsyncClient) -> None:
    """Publish, hide, reject: each again is the same answer; what is rejected cannot be hidden."""
    for path, body, state in (
        ("publish", {}, "published"),
        ("hide", {}, "pending"),
        ("reject", {"reason": "abusive"}, "rejected"),
    ):
        for _ in range(2):
            answer = await api.post(f"/reviews/1/{path}", json=body)
            assert (answer.status_code, answer.json()["state"]) == (200, state)
    assert answer.json()["why"] == Rejection.ABUSIVE.text
    assert (await api.post("/reviews/1/hide", json={})).status_code == 422
    assert (await api.post("/reviews/1/publish", json={})).json()["reason"] is None


@pytest.mark.parametrize("reason", ["negative", "one_star", "", None])
async def test_no_reason_is_about_the_sentiment(api: httpx.AsyncClient, reason: str | None) -> None:
    """A rejection without one of the closed set is refused, and nothing changes."""
    answer = await api.post("/reviews/1/reject", json={"reason": reason} if reason is not None else {})
    assert answer.status_code == 422
    assert await listed(api, state="pending") == [1, 2, 3]


async def test_a_version_that_was_changed_since_is_left(api: httpx.AsyncClient) -> None:
    """With the time of what was read, a newer version is not published unread."""
    seen = (await api.get("/reviews/1")).json()["written_at"]
    old = await api.post("/reviews/1/publish", json={"written_at": "2026-01-01T00:00:00Z"})
    assert (old.status_code, old.json()["problems"][0]["where"]) == (422, "written_at")
    assert (await api.post("/reviews/1/publish", json={"written_at": seen})).status_code == 200


async def test_who_has_no_key_reads_nothing(api: httpx.AsyncClient) -> None:
    """The routes are behind the keys; an unknown review is not found."""
    assert (await api.get("/reviews", headers={"Authorization": ""})).status_code == 401
    assert (await api.post("/reviews/1/publish", json={}, headers={"Authorization": ""})).status_code == 401
    assert (await api.get("/reviews/99")).status_code == 404
    assert (await api.post("/reviews/99/publish", json={})).status_code == 404


async def test_the_commands_decide_about_the_same_reviews(api: httpx.AsyncClient, run: Any) -> None:
    """List, show, publish several, reject with a reason, hide; markup in a review stays its words."""
    shown = (await run()).output
    assert "[red]1 stars[/red]" in shown
    assert shown.rstrip().endswith("3 of 3")
    assert "2 reviews published" in (await run("publish", "1", "2")).output
    assert "1 review rejected" in (await run("reject", "3", "fake")).output
    assert "1 review hidden" in (await run("hide", "2")).output
    assert [json.loads((await run("show", str(n))).output)["state"] for n in (1, 2, 3)] == [
        "published", "pending", "rejected",
    ]  # fmt: skip
    assert [row["id"] for row in json.loads((await run("--state", "published", "--json")).output)] == [1]


async def test_commands_refuse_what_is_wrong(api: httpx.AsyncClient, run: Any) -> None:
    """A reason that is none: code 2. Unknown reviews are all named: code 1, and none is published."""
    assert (await run("reject", "1", "negative")).exit_code == 2
    unknown = await run("publish", "99", "1", "98", "1")
    assert (unknown.exit_code, unknown.output) == (1, "no review 99, 98: nothing was done\n")
    assert await listed(api, state="pending") == [1, 2, 3]
    await run("reject", "2", "fake")
    stuck = await run("hide", "1", "2")
    assert (stuck.exit_code, "review 2: is rejected" in stuck.output) == (2, True)


async def test_a_command_decides_about_the_version_that_was_read(api: httpx.AsyncClient, run: Any) -> None:
    """Named by its time, as the interface can: a newer one, or several reviews at once, are left."""
    seen = json.loads((await run("show", "1")).output)["written_at"]
    old = await run("publish", "1", "--written-at", "2026-01-01T00:00:00Z")
    assert (old.exit_code, "written_at: the review has been changed since" in old.output) == (2, True)
    assert (await run("publish", "1", "2", "--written-at", seen)).exit_code == 2
    assert (await run("publish", "1", "--written-at", "yesterday")).exit_code == 2
    assert await listed(api, state="pending") == [1, 2, 3]
    assert (await run("publish", "1", "--written-at", seen)).exit_code == 0
