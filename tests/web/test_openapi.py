"""What `/docs` and docs/contract.md say of the HTTP interface, against each other and against the answers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from pydantic import SecretStr

from settings import Settings
from storage.database import Database
from tests.facts import ROOT
from tests.shop import Shop, unique
from tests.web.conftest import TOKEN
from tests.workflows.orders import purchase
from web.api.loyalty import LOYALTY
from web.api.models import CONTACT, PURCHASE, OrderReport
from web.api.order_events import EVENT
from web.app import create_app
from web.problems import CODES, STATUS

CONTRACT = (ROOT / "docs" / "contract.md").read_text("utf-8")
DOCUMENT = create_app(Settings(), Database("sqlite://")).openapi()
METHODS = {
    f"{method.upper()} {path}": operation
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
    if set(operation["tags"]) & {"orders", "customers"}
}


def table(heading: str) -> dict[str, list[str]]:
    """Return a table's rows by their first cell's code."""
    lines = CONTRACT[CONTRACT.index(heading) :].split("\n\n")[0].splitlines()[2:]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0].strip("`"): row for row in rows}


def fields_of(schema: dict[str, Any]) -> set[str]:
    """Return the field names of a schema, and of what it holds."""
    if "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    names = set(schema.get("properties", ()))
    for part in (*schema.get("properties", {}).values(), *schema.get("anyOf", ())):
        names |= fields_of(part)
    return names | (fields_of(schema["items"]) if "items" in schema else set())


def test_the_contract_has_the_routes_and_their_statuses() -> None:
    """The same requests, and for each the same statuses, in the page and in OpenAPI."""
    rows = table("| Request | Body | Answers |")
    rows.pop("GET /healthz`, `GET /readyz")
    assert set(rows) == set(METHODS)
    for name, operation in METHODS.items():
        assert rows[name][-1].split(", ") == sorted(operation["responses"]), name


def test_the_contract_has_every_field_of_every_answer() -> None:
    """Each field of an answer in OpenAPI stands in the page's row for it, or in the query it refers to."""
    status = CONTRACT[CONTRACT.index("## Query: `status`") :].split("\n## ")[0]
    problem = fields_of({"$ref": "#/components/schemas/ProblemDetails"})
    for cell, row in table("| Answer | Fields |").items():
        name, _, of_a_list = cell.partition("`")
        codes = sorted(code for code in METHODS[name]["responses"] if code.startswith("2"))
        success = METHODS[name]["responses"][codes[0] if of_a_list else codes[-1]]
        named = set(re.findall(r"`(\w+)`", row[1]))
        if "`status`" in row[1] and "below" in row[1]:
            top = set(OrderReport.model_fields)
            assert named - {"status"} <= top
            assert top - named <= set(re.findall(r"[`\"](\w+)[`\"]", status)), name
        else:
            fields = fields_of(success["content"]["application/json"]["schema"])
            assert named == fields - (problem - named), name


@pytest.mark.parametrize(
    ("name", "example"),
    [
        ("POST /orders", PURCHASE),
        ("POST /orders/{order_id}/events", EVENT),
        ("PUT /customers/{customer_id}", CONTACT),
        ("PUT /customers/{customer_id}/loyalty", LOYALTY),
    ],
)
def test_bodies_have_fields_and_the_contracts_example(name: str, example: dict[str, Any]) -> None:
    """OpenAPI's example is the page's; it uses only fields that the schema has, and every required one."""
    content = METHODS[name]["requestBody"]["content"]["application/json"]["schema"]
    blocks = re.findall(r"```json\n(.*?)```|`(\{\"[^`]*: .*?\})`", CONTRACT, re.DOTALL)
    assert example in [json.loads(block or inline) for block, inline in blocks]
    assert content["examples"][0] == example
    (reference,) = [one["$ref"] for one in content.get("anyOf", [content]) if "$ref" in one]
    schema = DOCUMENT["components"]["schemas"][reference.rpartition("/")[2]]
    assert set(example) >= set(schema.get("required", ()))
    shown = {field for one in content["examples"] for field in one}
    assert set(schema["properties"]) - shown <= {"customer", "renewal", "discount_codes"}


def test_every_answer_has_an_example_that_fits_its_schema() -> None:
    """Each answer of each operation: as a client would meet it. Only redirects and 204 have no body."""
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            for status, answer in operation["responses"].items():
                name = f"{method.upper()} {path} {status}"
                assert answer.get("content") or status in {"204", "302", "303"}, name
                for content in answer.get("content", {}).values():
                    schema = {**content["schema"], "components": DOCUMENT["components"]}
                    assert "example" in content, name
                    errors = Draft202012Validator(schema).iter_errors(content["example"])
                    assert [f"{name}: {error.message}" for error in errors] == []


def test_every_error_has_an_example_of_its_own() -> None:
    """The example of each error answer has that answer's status and one of its codes."""
    rows = table("| Status | `error` | Meaning |")
    for name, operation in METHODS.items():
        for status, answer in operation["responses"].items():
            if status.startswith("2"):
                continue
            example = answer["content"]["application/problem+json"]["example"]
            assert (str(example["status"]), f"`{example['error']}`" in rows[status][1]) == (status, True), (
                name
            )


def test_every_field_is_described() -> None:
    """No body or answer has a field without a word on what it means."""
    for name, schema in DOCUMENT["components"]["schemas"].items():
        for field, details in schema.get("properties", {}).items():
            assert details.get("description"), f"{name}.{field}"


def test_the_contract_has_every_error_code() -> None:
    """Statuses and codes of the page are those that the app answers with."""
    rows = table("| Status | `error` | Meaning |")
    assert {int(status) for status in rows} == {500, *CODES, *STATUS.values()} - {403}
    for status, code in CODES.items():
        assert status == 403 or f"`{code}`" in rows[str(status)][1]


@pytest.mark.temporal
async def test_every_error_has_one_form(http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """401, 404, 405, 413, 422, 500 and 503: problem details with error and detail, and nothing else."""

    def broken(_: object) -> None:
        text = "ada@example.com"
        raise KeyError(text)

    stranger = {"Authorization": "Bearer wrong"}
    answers = [
        await http.get("/orders/x", headers=stranger),
        await http.get("/orders/nobody"),
        await http.get("/nowhere"),
        await http.delete("/orders"),
        await http.post("/orders", content=b"x" * 2_000_000),
        await http.post("/orders", json={}),
        await http.post("/webhooks/sendgrid", content=b"[]"),
    ]
    http._transport.raise_app_exceptions = False  # type: ignore[attr-defined]
    monkeypatch.setattr(Database, "reading", broken)
    answers.append(await http.get("/orders/x"))
    assert [answer.status_code for answer in answers] == [401, 404, 404, 405, 413, 422, 403, 500]
    for answer in answers:
        assert answer.headers["Content-Type"] == "application/problem+json"
        body = answer.json()
        assert set(body) - {"problems"} == {"type", "title", "status", "detail", "error"}
        assert body["status"] == answer.status_code
        assert ("problems" in body) == (answer.status_code == 422)
        assert "ada@" not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status", "header"),
    [
        ("GET", "/nowhere", 404, None),
        ("POST", "/orders/", 405, ("Allow", "GET")),
        ("PUT", "/customers/c-1/", 404, None),
        ("GET", "/healthz/", 404, None),
        ("DELETE", "/orders", 405, ("Allow", "POST")),
        ("OPTIONS", "/orders", 405, ("Allow", "POST")),
        ("HEAD", "/orders/1001", 405, ("Allow", "GET")),
        ("TRACE", "/healthz", 405, ("Allow", "GET")),
        ("POST", "/orders", 415, ("Accept", "application/json")),
    ],
)
async def test_odd_requests_have_the_one_form_too(
    database: Database, method: str, path: str, status: int, header: tuple[str, str] | None
) -> None:
    """Unknown routes, a slash too much, other methods, no type: no redirect, and what is allowed."""
    app = create_app(Settings(), database)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop") as client:
        answer = await client.request(method, path, content=b"{}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert header is None or answer.headers[header[0]] == header[1]
    if method != "HEAD":
        assert (answer.json()["status"], answer.json()["error"]) == (status, CODES[status])


@pytest.mark.parametrize(
    "kind", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
async def test_only_what_says_that_it_is_json_is_read(database: Database, kind: str | None) -> None:
    """A form of a stranger's page, which a browser sends unasked, changes nothing."""
    app = create_app(Settings(), database)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop") as client:
        for accepted in ("application/json", "Application/JSON; charset=utf-8", "application/vnd.shop+json"):
            sent = await client.put("/customers/c-1", content=b"{}", headers={"Content-Type": accepted})
            assert sent.status_code == 200, accepted
        headers = {"Content-Type": kind} if kind else {}
        assert (await client.put("/customers/c-1", content=b"{}", headers=headers)).status_code == 415


@pytest.mark.temporal
async def test_a_report_has_no_field_that_is_not_described(http: httpx.AsyncClient, shop: Shop) -> None:
    """What a running campaign answers is in the description, field by field."""
    shop.save()
    order = purchase(unique("o"))
    await http.post("/orders", json=order)
    await http.post(
        f"/orders/{order['order_id']}/events", json={"status": "cancelled", "at": order["placed_at"]}
    )
    await shop.forwarded()
    await shop.handle(order["order_id"]).result()
    report = OrderReport.model_validate((await http.get(f"/orders/{order['order_id']}")).json())
    assert report.model_extra == {}
    assert report.exit_reason == "cancelled"
    assert report.steps


async def test_docs_need_no_internet(database: Database) -> None:
    """The page names no address but its own, and each file that it needs is there."""
    app = create_app(Settings(), database)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop") as client:
        page = (await client.get("/docs")).text
        assert "//" not in re.sub(r"https?://shop", "", "".join(re.findall(r'(?:src|href)="(.*?)"', page)))
        named = set(re.findall(r'(?:src|href)="(.*?)"', page)) | {"openapi.json"}
        assert len(named) == 4
        for name in named:
            answer = await client.get(f"/{name}")
            assert (answer.status_code, len(answer.content) > 100) == (200, True), name


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/docs/swagger-ui.css"])
async def test_docs_follow_the_token(database: Database, path: str) -> None:
    """Where a token is set it is needed here too: as a bearer token or as a browser sends a password."""
    app = create_app(Settings(api_token=SecretStr(TOKEN)), database)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop") as client:
        for refused in ({}, {"auth": ("any", "wrong")}, {"headers": {"Authorization": "Bearer wrong"}}):
            answer = await client.get(path, **refused)
            assert (answer.status_code, answer.headers["WWW-Authenticate"][:5]) == (401, "Basic")
        for accepted in ({"auth": ("any", TOKEN)}, {"headers": {"Authorization": f"Bearer {TOKEN}"}}):
            assert (await client.get(path, **accepted)).status_code == 200


def test_no_file_of_swagger_ui_is_ours() -> None:
    """Third parties' assets come from the installed package."""
    assert not list(Path(ROOT / "web").rglob("*.js"))


def test_each_route_says_what_it_does() -> None:
    """The list of routes shows a sentence for each, not the name of a function."""
    summaries = [operation["summary"] for item in DOCUMENT["paths"].values() for operation in item.values()]
    assert "Accept a purchase, or a list of up to 500" in summaries
    assert all(summary.count(" ") >= 2 for summary in summaries)
